"""Every command is known by name and imported when it is called."""

from __future__ import annotations

import ast
import gc
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import artforge.cli
from artforge.cli.commands import COMMANDS
from artforge.cli.main import app

ROOT = Path(__file__).parents[2]


def test_every_command_of_the_command_line_has_a_name():
    found = set()
    for path in Path(artforge.cli.__path__[0]).glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [node.name] if isinstance(node, ast.FunctionDef) else []
            if isinstance(node, ast.Assign):
                names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            found |= {f"{path.stem}:{name}" for name in names if name.endswith(("_command", "_app"))}
    groups = {f"{module}:{module}_app" for module in ("models", "data", "gallery", "cache")}
    inside = {name for name in found if name.partition(":")[0] in {group.partition(":")[0] for group in groups}}
    assert set(COMMANDS.values()) == (found - inside) | groups


@pytest.mark.parametrize("name", COMMANDS)
def test_every_name_is_a_command_with_help_and_an_example(name):
    command = typer.main.get_command(app).commands[name]
    assert command.name == name
    assert command.get_short_help_str(200)
    assert CliRunner().invoke(app, [name, "--help"]).exit_code == 0


def test_the_nearest_name_is_told_of_one_that_is_none():
    assert "Did you mean 'check'" in CliRunner().invoke(app, ["chek"]).output


def test_one_command_imports_no_other_and_nothing_that_draws_on_a_terminal():
    code = (
        "import atexit, sys; sys.argv = ['artforge', 'check', 'recipes/heatmap_sweep.yaml']\n"
        "atexit.register(lambda: print(*(name for name in sys.modules if name.startswith('artforge.cli.'))))\n"
        "atexit.register(lambda: print(*{'rich', 'ruamel.yaml'} & sys.modules.keys()))\n"
        "from artforge.cli.main import main; main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    *_, drawing, imported = done.stdout.splitlines()
    assert drawing == ""
    assert set(imported.split()) == {f"artforge.cli.{name}" for name in ("main", "commands", "console", "check")}


def test_a_check_within_a_program_leaves_its_collector_on():
    assert CliRunner().invoke(app, ["check", str(ROOT / "recipes" / "heatmap_sweep.yaml")]).exit_code == 0
    assert CliRunner().invoke(app, ["check", "nowhere.yaml"]).exit_code != 0
    assert gc.isenabled()
