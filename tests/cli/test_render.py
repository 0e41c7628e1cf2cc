"""`artforge render` and `artforge check` as a person types them: streams, codes, dry runs, bad input."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from artforge.core.pictures import write_png

RECIPE = """\
artforge: 1
title: "Two into one"
params:
  image: {type: image, default: one.png}
  share: {type: float, min: 0, max: 1, default: 0.5}
timeline: {duration: 4f, fps: 4, loop: true}
steps:
  art: [{load: {path: $image}}]
  other: [{load: {path: two.png}}]
  mix:
    - $other
    - blend: {base: $art, opacity: $share}
  turn:
    - $other
    - blend: {base: $art, opacity: "=0.5+0.5*sin(tau*t)"}
sweep: {share: [0, 1]}
outputs:
  still: {from: $mix}
  loop: {from: $turn, per: recipe, formats: [mp4]}
"""


@pytest.fixture
def studio(tmp_path, paint):
    write_png(tmp_path / "one.png", paint(1))
    write_png(tmp_path / "two.png", paint(2))
    (tmp_path / "two_into_one.yaml").write_text(RECIPE)
    return tmp_path


def artforge(*words: object, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "artforge", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def test_render_prints_the_paths_of_its_works_and_nothing_else_on_stdout(studio):
    done = artforge("render", "two_into_one.yaml", folder=studio)
    assert done.returncode == 0, done.stderr
    paths = [studio / line for line in done.stdout.splitlines()]
    assert len(paths) == 3
    assert all(path.is_file() and path.parent == studio / "out" / "two_into_one" for path in paths)
    assert "3 works" in done.stderr


OPS = """\
from artforge.core.steps import step
from artforge.core.values import Image


def loud(*, share: float) -> None:
    print("a rule speaks")


@step("same", version=1, rules=[loud])
def same(image: Image, *, share: float = 0.5) -> Image:
    print("a step speaks")
    return image
"""


def test_what_a_step_of_ones_own_prints_is_no_result(studio):
    (studio / "ops.py").write_text(OPS)
    own = RECIPE.replace("steps:", "ops: ./ops.py\nsteps:").replace("$other\n", "$other\n    - same: {share: $share}\n")
    (studio / "own.yaml").write_text(own)
    done = artforge("render", "own.yaml", "--json", folder=studio)
    assert done.returncode == 0, done.stderr
    assert {json.loads(line)["event"] for line in done.stdout.splitlines()} >= {"started", "file", "finished"}
    assert "a rule speaks" in done.stderr
    assert "a step speaks" in done.stderr
    checked = artforge("check", "own.yaml", "--json", folder=studio)
    assert [json.loads(line)["event"] for line in checked.stdout.splitlines()] == ["checked"]


def test_paths_go_to_stdout_though_bars_are_shown_on_a_terminal(studio):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "artforge", "render", "two_into_one.yaml"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, cwd=studio, text=True) as running:
        os.close(theirs)
        shown = b"".join(iter(lambda: _read_terminal(ours), b"")).decode()
        paths = running.stdout.read().splitlines()
    os.close(ours)
    assert len(paths) == 3
    assert all((studio / path).is_file() for path in paths)
    assert paths[0] not in shown
    assert "3 works" in shown


def _read_terminal(end: int) -> bytes:
    """What comes next; nothing once nobody holds its other end any more, which Linux tells by an error."""
    try:
        return os.read(end, 65536)
    except OSError:
        return b""


def test_json_is_one_object_a_line(studio, monkeypatch):
    monkeypatch.setenv("ARTFORGE_CACHE", str(studio / "cache"))  # where nothing is known yet
    done = artforge("render", "two_into_one.yaml", "--json", "--out", "here", folder=studio)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[0] == {"event": "started", "recipe": "two_into_one", "files": 3, "pictures": 6}
    files = [event for event in events if event["event"] == "file"]
    assert all((studio / event["path"]).is_file() and event["seconds"] > 0 for event in files)
    assert [event["kind"] for event in files] == ["still", "still", "film"]
    nodes = [event["node"] for event in events if event["event"] == "node"]
    assert sorted(set(nodes)) == ["art.load", "mix.blend", "other.load", "turn.blend"]
    assert len(nodes) == 2 + 2 + 1  # two pictures, two mixes, and of the loop what is neither of these
    last = events[-1]
    assert (last["event"], last["files"], last["cached"], last["failed"]) == ("finished", 3, 0, 0)


def test_dry_run_says_what_it_would_do_and_writes_nothing(studio):
    done = artforge("render", "two_into_one.yaml", "--dry-run", "--json", folder=studio)
    planned = [json.loads(line) for line in done.stdout.splitlines()]
    assert [plan["kind"] for plan in planned] == ["still", "still", "film"]
    assert planned[-1]["pictures"] == 3  # four frames, two of which show the same
    assert not (studio / "out").exists()


def test_what_is_in_the_cache_comes_back_without_any_network_library(studio):
    first = artforge("render", "two_into_one.yaml", folder=studio)
    command = [sys.executable, "-X", "importtime", "-m", "artforge", "render", "two_into_one.yaml", "--out", "again"]
    again = subprocess.run(command, capture_output=True, text=True, check=True, cwd=studio)
    assert "3 works" in again.stderr
    assert "(3 from the cache)" in again.stderr
    imported = {line.rsplit("|", 1)[1].strip() for line in again.stderr.splitlines() if line.startswith("import time")}
    assert "artforge.recipes.render" in imported
    assert not imported & {"tensorflow", "keras", "torch", "jax", "sklearn", "matplotlib", "av", "distributed"}
    for one, other in zip(first.stdout.split(), again.stdout.split(), strict=True):
        assert (studio / one).read_bytes() == (studio / other).read_bytes()


def test_set_and_seed_reach_the_recipe(studio):
    done = artforge(
        "render", "two_into_one.yaml", "--set", "share=0.25", "--set", "image=two.png", "--seed", 5, folder=studio
    )
    assert done.returncode == 0, done.stderr
    (still,) = [line for line in done.stdout.splitlines() if line.endswith(".png")]
    record = json.loads((studio / f"{still}.json").read_text())
    assert record["params"] == {"image": "two.png", "share": 0.25}
    assert record["seed"] == 5


def test_every_place_of_the_recipe_can_be_set(studio):
    words = ["--set", "timeline.duration=2f", "--set", "outputs.still.size=32px", "--set", "sweep.share=[0.5]"]
    done = artforge("render", "two_into_one.yaml", *words, folder=studio)
    assert done.returncode == 0, done.stderr
    still, film = done.stdout.splitlines()
    assert "share0.5" in still
    assert json.loads((studio / f"{film}.json").read_text())["num_frames"] == 2
    assert json.loads((studio / f"{still}.json").read_text())["width"] == 32


def test_seam_of_a_loop_is_told_and_one_that_does_not_close_is_warned_of(studio):
    good = artforge("render", "two_into_one.yaml", folder=studio)
    assert "the seam is 1.00 x the median step" in good.stderr
    assert "warning" not in good.stderr
    (studio / "open.yaml").write_text(
        RECIPE.replace("duration: 4f", "duration: 12f").replace("0.5+0.5*sin(tau*t)", "t")
    )
    rough = artforge("render", "open.yaml", "--json", folder=studio)
    assert "open.yaml:15:36: warning: turn.blend.opacity does not close the loop" in rough.stderr
    film = next(event for event in map(json.loads, rough.stdout.splitlines()) if event.get("kind") == "film")
    assert film["seam"] == pytest.approx(11, abs=0.1)
    checked = artforge("check", "open.yaml", folder=studio)
    assert checked.returncode == 0
    assert "does not close the loop" in checked.stderr


def test_a_million_variants_are_told_by_a_dry_run_and_not_rendered_unasked(studio):
    sweep = "sweep: {share: {from: 0, to: 1, count: 1000}, seed: {from: 1, to: 1000}}"
    (studio / "many.yaml").write_text(RECIPE.replace("sweep: {share: [0, 1]}", sweep))
    dry = artforge("render", "many.yaml", "--dry-run", folder=studio)
    assert dry.returncode == 0
    assert "still: 1,000,000 files of 1,000,000 variants; a render asks for --yes" in dry.stdout
    refused = artforge("render", "many.yaml", folder=studio)
    assert refused.returncode == 2
    assert "many.yaml: 1,000,000 variants, more than 1,000" in refused.stderr
    assert not (studio / "out").exists()


def test_a_large_sweep_is_rendered_where_it_is_confirmed(studio, monkeypatch):
    from typer.testing import CliRunner

    from artforge.cli import rendering
    from artforge.cli.main import app

    monkeypatch.setattr(rendering, "MANY_VARIANTS", 1)
    monkeypatch.chdir(studio)
    assert CliRunner().invoke(app, ["render", "two_into_one.yaml"]).exit_code != 0
    assert CliRunner().invoke(app, ["render", "two_into_one.yaml", "--yes"]).exit_code == 0


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["render", "lost.yaml"], 2, "no such recipe file"),
        (["render"], 2, "Missing argument"),
        (["render", "two_into_one.yaml", "--set", "share"], 2, "--set name=value"),
        (["render", "two_into_one.yaml", "--set", "shr=1"], 2, "did you mean 'share'"),
        (["render", "two_into_one.yaml", "--set", "outputs.stil.size=1"], 2, "did you mean 'still'"),
        (["render", "two_into_one.yaml", "--set", "timeline.fps=0"], 2, "--set timeline.fps:1:1: error: fps is a"),
        (["render", "two_into_one.yaml", "--set", "share=2"], 2, "outside [0, 1]"),
        (["render", "two_into_one.yaml", "--set", "image=lost.png"], 2, "there is no picture 'lost.png'"),
        (["render", "two_into_one.yaml", "--seed", "-1"], 2, "--seed"),
        (["render", "two_into_one.yaml", "--out", "one.png"], 1, "one.png"),
        (["check", "lost.yaml"], 2, "no such recipe file"),
    ],
)
def test_mistake_ends_in_one_message_and_a_code(studio, words, code, told):
    done = artforge(*words, folder=studio)
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_every_recipe_is_checked_before_the_first_is_rendered(studio):
    (studio / "bad.yaml").write_text(
        RECIPE.replace("blend", "blnd").replace("load: {path: $image", "load: {pth: $image")
    )
    done = artforge("render", "two_into_one.yaml", "bad.yaml", folder=studio)
    assert done.returncode == 2
    assert done.stderr.count("bad.yaml:") >= 3
    assert not (studio / "out").exists()


def test_check_names_what_is_good_and_what_is_not(studio):
    good = artforge("check", "two_into_one.yaml", folder=studio)
    assert (good.returncode, good.stdout) == (0, "two_into_one.yaml: good (2 variants; outputs: still, loop)\n")
    (studio / "bad.yaml").write_text(RECIPE.replace("$turn", "$trun"))
    bad = artforge("check", "two_into_one.yaml", "bad.yaml", folder=studio)
    assert bad.returncode == 2
    assert "did you mean 'turn'" in bad.stderr


def test_corrupt_picture_fails_the_render_at_its_line(studio):
    (studio / "two.png").write_bytes((studio / "two.png").read_bytes()[:300])
    done = artforge("render", "two_into_one.yaml", folder=studio)
    assert done.returncode == 1
    assert "two_into_one.yaml:9:12: error: load: two.png" in done.stderr


def test_debug_shows_the_traceback(studio):
    assert "Traceback" in artforge("--debug", "render", "lost.yaml", folder=studio).stderr


def test_what_one_failure_leaves_is_made_where_the_others_are_to_go_on(studio):
    (studio / "small.png").write_bytes(b"no picture")
    outputs = "sweep: {image: [one.png, small.png, two.png]}\noutputs:\n  still: {from: $mix}\n"
    (studio / "some.yaml").write_text(RECIPE[: RECIPE.index("sweep:")] + outputs)
    stopped = artforge("render", "some.yaml", "two_into_one.yaml", "--jobs", 1, "--json", folder=studio)
    assert stopped.returncode == 1
    assert [event["event"] for event in map(json.loads, stopped.stdout.splitlines())].count("file") == 1
    done = artforge("render", "some.yaml", "two_into_one.yaml", "--keep-going", "--json", folder=studio)
    assert done.returncode == 3
    events = [json.loads(line) for line in done.stdout.splitlines()]
    (error,) = [event for event in events if event["event"] == "error"]
    assert "small.png" in error["message"]
    assert error["recipe"] == "some"
    assert "small" in error["file"]
    assert [event["recipe"] for event in events if event["event"] == "file"] == ["some"] * 2 + ["two_into_one"] * 3
    assert (events[-1]["files"], events[-1]["failed"]) == (5, 1)
    assert done.stderr.count("small.png") == 1


def test_a_recipe_that_cannot_be_read_leaves_the_others_be_where_they_are_to_go_on(studio):
    (studio / "bad.yaml").write_text(RECIPE.replace("blend", "blnd"))
    done = artforge("render", "bad.yaml", "two_into_one.yaml", "-k", folder=studio)
    assert done.returncode == 3
    assert "bad.yaml:" in done.stderr
    assert len(done.stdout.splitlines()) == 3
    assert artforge("render", "bad.yaml", "-k", folder=studio).returncode == 2


def test_where_all_fails_the_code_is_that_of_a_failure(studio):
    for name in ("one.png", "two.png"):
        (studio / name).write_bytes(b"no picture")
    done = artforge("render", "two_into_one.yaml", "-k", folder=studio)
    assert done.returncode == 1
    assert "3 failed" in done.stderr
    assert not (studio / "out" / "two_into_one").exists()


def test_any_number_of_jobs_gives_the_same_files(studio):
    one, three = (
        artforge("render", "two_into_one.yaml", "--out", f"by{jobs}", "--jobs", jobs, folder=studio).stdout.split()
        for jobs in (1, 3)
    )
    assert [Path(path).name for path in one] == [Path(path).name for path in three]
    again = {Path(path).name: (studio / path).read_bytes() for path in one}
    assert again == {Path(path).name: (studio / path).read_bytes() for path in three}


def films(studio, first: int, second: int) -> subprocess.Popen:
    """Two films of so many frames are begun; gives the process once it writes the first."""
    body = RECIPE[: RECIPE.index("sweep:")].replace("duration: 4f", f"duration: {first}f")
    (studio / "long.yaml").write_text(body + "outputs: {loop: {from: $turn, formats: [mp4]}}\n")
    (studio / "next.yaml").write_text(
        body.replace(f"{first}f", f"{second}f") + "outputs: {loop: {from: $turn, formats: [mp4]}}\n"
    )
    command = [sys.executable, "-m", "artforge", "render", "long.yaml", "next.yaml"]
    running = subprocess.Popen(command, cwd=studio, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list((studio / "out" / "long").glob(".part-*.mp4")) and time.monotonic() < deadline:
        time.sleep(0.02)
    return running


def test_ctrl_c_finishes_the_file_at_hand_and_says_how_to_go_on(studio):
    running = films(studio, 1500, 1501)
    running.send_signal(signal.SIGINT)
    printed, said = running.communicate(timeout=60)
    assert running.returncode == 130, said
    (film,) = printed.splitlines()
    assert json.loads((studio / f"{film}.json").read_text())["num_frames"] == 1500
    assert "stopped by Ctrl-C: 1 work finished; the same command goes on from there" in said
    assert "Traceback" not in said
    assert not (studio / "out" / "next").exists()


def test_second_ctrl_c_stops_at_once_and_leaves_no_half_file(studio):
    running = films(studio, 90000, 2)
    folder = studio / "out" / "long"
    running.send_signal(signal.SIGINT)
    assert "once more stops at once" in running.stderr.readline()
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "goes on from there" in said
    assert "Traceback" not in said
    assert not folder.exists()
