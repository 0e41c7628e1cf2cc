"""`artforge why`, `cache`, `rerender`, `recipe` and `diff` as a person types them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from artforge.cli.main import app
from artforge.core.errors import PictureError, UsageError
from artforge.core.pictures import read_picture, write_png
from artforge.recipes.check import check_file

run = CliRunner().invoke

RECIPE = """\
artforge: 1
title: Two into one
creator: Jane
params:
  share: {type: float, min: 0, max: 1, default: 0.5}
steps:
  art: [{load: {path: one.png}}]
  mix:
    - load: {path: two.png}
    - blend: {base: $art, opacity: $share}
outputs:
  still: {from: $mix, formats: [png, avif]}
"""


@pytest.fixture
def rendered(tmp_path, paint, monkeypatch):
    """The folder `out/two` of a recipe that has been rendered with a store of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARTFORGE_CACHE", str(tmp_path / "cache"))
    write_png(tmp_path / "one.png", paint(1))
    write_png(tmp_path / "two.png", paint(2))
    (tmp_path / "two.yaml").write_text(RECIPE)
    assert run(app, ["render", "two.yaml"]).exit_code == 0
    return tmp_path / "out" / "two"


def the(folder, ending):
    (path,) = folder.glob(f"still*{ending}")
    return str(path)


def events(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_why_tells_of_files_and_nodes_and_which_part_changed(rendered):
    told = run(app, ["why", "two.yaml"])
    assert told.stdout.count(": hit") >= 2
    assert "2 of 2 files lie finished in the cache" in told.stderr
    told = run(app, ["why", "two.yaml", "--set", "share=0.75"])
    assert "mix.blend: miss: setting opacity 0.5 -> 0.75\n" in told.stdout
    *files, blend = (each for each in events(run(app, ["why", "two.yaml", "--set", "share=0.75", "--json"])))
    assert [each["state"] for each in files if each["event"] == "file"] == ["miss", "miss"]
    assert blend["node"] == "mix.blend"
    assert blend["changes"] == [{"part": "setting opacity", "before": 0.5, "now": 0.75}]


def test_cache_tells_what_it_holds_and_is_emptied(rendered):
    (told,) = events(run(app, ["cache", "info", "--json"]))
    assert told["kinds"]["finished files"]["entries"] == 2
    assert told["bytes"] == sum(kind["bytes"] for kind in told["kinds"].values())
    assert "finished files: 2, " in run(app, ["cache", "info"]).stdout
    assert events(run(app, ["cache", "clean", "--older-than", "1h", "--json"]))[0]["files"] == 0
    assert events(run(app, ["cache", "clean", "--json"]))[0]["bytes"] == told["bytes"]
    assert events(run(app, ["cache", "info", "--json"]))[0]["bytes"] == 0
    assert run(app, ["render", "two.yaml"]).exit_code == 0


@pytest.mark.parametrize("words", [["--older-than", "soon"], ["--older-than", "5MB"], ["--to-size", "3d"]])
def test_amounts_that_are_none_are_refused_with_an_example(rendered, words):
    with pytest.raises(UsageError, match="write it like"):
        run(app, ["cache", "clean", *words], catch_exceptions=False)


def test_rerender_gives_the_same_file_or_says_what_differs(rendered, tmp_path, paint):
    shutil.move(tmp_path / "one.png", rendered / "one.png")  # ingredients may lie beside the work
    done = run(app, ["rerender", the(rendered, ".avif"), "--fresh", "--ingredients", "."])
    assert done.exit_code == 0, done.output
    assert "the same file, byte for byte" in done.stderr
    again = tmp_path / done.stdout.strip()
    assert again.read_bytes() == (rendered / again.name).read_bytes()
    write_png(tmp_path / "two.png", paint(5))
    (told,) = events(run(app, ["rerender", the(rendered, ".png"), "--ingredients", ".", "--json"]))
    assert not told["identical"]
    assert told["same_pixels"] is False
    assert "picture two.png has another content" in told["differences"][0]


def test_rerender_says_by_how_much_the_pixels_differ_and_then_why(rendered, tmp_path, paint):
    write_png(tmp_path / "two.png", paint(5))
    lines = run(app, ["rerender", the(rendered, ".png"), "--ingredients", "."]).stderr.splitlines()
    told = lines[lines.index("not the same pixels; what differs:") + 1 :]
    assert told[0].startswith("  differ by ")
    assert told[1].startswith("  picture two.png has another content")


@pytest.mark.parametrize("words", [["rerender", "gone.png"], ["diff", "gone.png", "one.png"], ["rerender", "out"]])
def test_a_file_that_is_not_there_is_a_fault_of_the_command(rendered, words):
    done = run(app, words)
    assert isinstance(done.exception, UsageError)
    assert str(done.exception) in ("gone.png: no such file", "out: a folder, not a file")


def test_diff_says_that_it_has_no_picture_of_the_difference(rendered, tmp_path, paint):
    write_png(tmp_path / "small.png", paint(1)[:20, :20])
    done = run(app, ["diff", "one.png", "small.png", "--out", "where.png"])
    assert done.exit_code == 0
    assert "where.png is not written" in done.stderr
    assert not (tmp_path / "where.png").exists()


def test_rerender_without_its_ingredients_says_where_to_name_them(rendered):
    with pytest.raises(PictureError, match=r"not found: one\.png .*two\.png .*--ingredients"):
        run(app, ["rerender", the(rendered, ".png")], catch_exceptions=False)


def test_recipe_that_a_work_carries_is_the_one_it_was_made_from(rendered, tmp_path):
    (tmp_path / "again.yaml").write_text(run(app, ["recipe", the(rendered, ".avif")]).stdout)
    assert (tmp_path / "again.yaml").read_text() == RECIPE
    check_file(tmp_path / "again.yaml")
    record = json.loads(run(app, ["recipe", the(rendered, ".avif"), "--json"]).stdout)
    assert (record["creator"], record["format"], record["params"]) == ("Jane", "avif", {"share": 0.5})


def test_diff_says_what_was_set_otherwise_and_paints_where(rendered, tmp_path):
    run(app, ["render", "two.yaml", "--set", "share=1", "--out", "loud"])
    pair = [the(rendered, ".png"), the(tmp_path / "loud" / "two", ".png")]
    done = run(app, ["diff", *pair, "--out", "where.png"])
    assert "param share: 0.5 -> 1\n" in done.stdout
    assert "pixels: differ by " in done.stdout
    assert read_picture(tmp_path / "where.png").max() == 1
    assert "pixels: the same\n" in run(app, ["diff", pair[0], pair[0]]).stdout
    (told,) = events(run(app, ["diff", *pair, "--json"]))
    assert {"what": "param share", "before": "0.5", "after": "1"} in told["changes"]
    with pytest.raises(UsageError, match=r"where\.jpg"):
        run(app, ["diff", *pair, "--out", "where.jpg"], catch_exceptions=False)


def test_no_metadata_leaves_no_record_anywhere(rendered, tmp_path):
    assert run(app, ["render", "two.yaml", "--no-metadata", "--out", "bare"]).exit_code == 0
    files = sorted((tmp_path / "bare" / "two").iterdir())
    assert [path.suffix for path in files] == [".avif", ".png"]
    with pytest.raises(PictureError, match="carries no record"):
        run(app, ["recipe", str(files[0])], catch_exceptions=False)


def test_what_lies_in_the_cache_is_told_and_rendered_without_heavy_libraries(rendered):
    code = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from artforge.cli.main import app\n"
        "for words in (['render', 'two.yaml'], ['why', 'two.yaml'], ['cache', 'info'], ['recipe', sys.argv[1]]):\n"
        "    assert CliRunner().invoke(app, words).exit_code == 0\n"
        "print([name for name in ('tensorflow', 'keras', 'sklearn', 'matplotlib', 'av') if name in sys.modules])"
    )
    words = [sys.executable, "-c", code, the(rendered, ".avif")]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
