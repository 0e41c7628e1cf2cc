"""What recipes are made of can be read from the command line, without TensorFlow."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from artforge.cli.main import app
from artforge.core.errors import ChoiceError
from artforge.core.steps import registered_steps
from artforge.recipes.steps import load_steps

run = CliRunner().invoke


def test_every_step_is_listed_with_what_it_does():
    load_steps()
    done = run(app, ["steps"])
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    shipped = [name for name, step in registered_steps().items() if step.function.__module__.startswith("artforge.")]
    assert set(shipped) <= {line.split()[0] for line in lines}
    assert all(len(line.split(maxsplit=1)[1]) > 15 for line in lines)


def test_one_step_is_told_whole():
    done = run(app, ["steps", "blend", "--no-picture"])
    assert done.exit_code == 0, done.output
    for part in (
        "base: image",
        "overlay: image",
        "mode: normal",
        "opacity: 0.5  (number in [0, 1], moves)",
        "flows out",
        "Lay",
    ):
        assert part in done.stdout


def test_steps_are_data_too():
    facts = [json.loads(line) for line in run(app, ["steps", "--json"]).stdout.splitlines()]
    by_name = {fact["step"]: fact for fact in facts}
    assert {one["name"] for one in by_name["load"]["settings"] if one["required"]} == {"path"}
    assert by_name["grad_cam"]["inputs"] == [{"name": "image", "kind": "image", "optional": False}]


def test_an_unknown_step_names_the_nearest():
    done = run(app, ["steps", "blendd"])
    assert isinstance(done.exception, ChoiceError)
    assert "did you mean 'blend'" in str(done.exception)


def test_it_needs_no_tensorflow():
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom artforge.cli.main import app\n"
        "assert CliRunner().invoke(app, ['steps', 'ascend', '--no-picture']).exit_code == 0\n"
        "print([name for name in ('keras', 'tensorflow') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_a_step_comes_with_an_example_and_its_picture(monkeypatch, tmp_path):
    monkeypatch.setenv("ARTFORGE_CACHE", str(tmp_path))
    done = run(app, ["steps", "mat"])
    assert done.exit_code == 0, done.output
    assert "- mat: {margin: 0.16, bottom: 1.25, line: 0.004}" in done.stdout
    path = done.stdout.rpartition("example picture: ")[2].strip()
    assert path.startswith(str(tmp_path))
    assert path.endswith(".png")


OPS = """\
from artforge.core.steps import step
from artforge.core.values import Image

@step("ripple", version=1)
def ripple(image: Image, *, height: float = 0.25) -> Image:
    \"\"\"Let a picture ripple.\"\"\"
    return image
"""


def test_own_steps_are_listed_with_the_others(tmp_path):
    (tmp_path / "ops.py").write_text(OPS)
    done = run(app, ["steps", "ripple", "--ops", str(tmp_path / "ops.py")])
    assert "height: 0.25  (number, moves)" in done.stdout
    assert "ripple" in run(app, ["steps", "--ops", str(tmp_path / "ops.py")]).stdout


def test_broken_own_steps_are_told_and_take_nothing_down(tmp_path):
    (tmp_path / "ops.py").write_text("import lost_module\n")
    done = run(app, ["steps", "blend", "--no-picture", "--ops", str(tmp_path / "ops.py")])
    assert done.exit_code == 0
    assert "No module named 'lost_module'" in done.stderr
    assert "flows in" in done.stdout


def test_reference_is_the_page_of_the_recipes():
    page = Path(__file__).parents[2] / "recipes" / "REFERENCE.md"
    assert run(app, ["steps", "--reference"]).stdout == page.read_text(encoding="utf-8")
