"""A render that is killed at any moment, or that another runs beside, leaves nothing that harms the next."""

from __future__ import annotations

import subprocess
import sys

import pytest

BODY = """\
timeline: {duration: 3f, fps: 3}
steps:
  art:
    - load: {path: $image}
  other:
    - load: {path: two.png}
  tide:
    - $other
    - blend: {base: $art, opacity: {keys: {0%: 0, 50%: 1}}}
sweep:
  intensity: [0, 1]
outputs:
  still: {from: $art, formats: [png, jpeg], per: recipe}
  sheet: {from: $art, per: sweep, cell: 32px}
  loop: {from: $tide, per: recipe, formats: [gif, mp4, webm]}
"""

SCRIPT = """\
import os, signal, sys
from pathlib import Path
from artforge.recipes import run
from artforge.recipes.cache import Cache
from artforge.recipes.check import check_file
from artforge.recipes.plan import Planner
from artforge.recipes.render import Renderer
from artforge.recipes.reporting import Reporter

recipe, out, store, fatal = sys.argv[1:]
run._READ_SECONDS = -1e9  # every result is kept, however quick it was to make
replace, seen = Path.replace, 0

def replace_or_die(self, target):
    global seen
    seen += 1
    if seen == int(fatal):
        os.kill(os.getpid(), signal.SIGKILL)  # all that is written is still a temporary file
    return replace(self, target)

class Quiet(Reporter):
    pass

Path.replace = replace_or_die
for done in Renderer(Planner(check_file(Path(recipe))), Path(out), Cache(Path(store))).render(Quiet()):
    print(done.path.name, done.cached)
print(seen)
"""


def start(recipe, out, store, fatal=0):
    words = [sys.executable, "-c", SCRIPT, *map(str, (recipe, out, store, fatal))]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def finished(out):
    return {path.name: path.read_bytes() for path in out.iterdir() if not path.name.startswith(".")}


def test_killed_at_any_file_the_next_run_ends_with_the_same_bytes(write_recipe, tmp_path):
    recipe = write_recipe(BODY)
    told, _ = start(recipe, tmp_path / "calm", tmp_path / "calm-store").communicate(timeout=120)
    num_writes = int(told.split()[-1])
    expected = finished(tmp_path / "calm")
    assert len(expected) == 12  # six works with their records
    moments = sorted({1, num_writes // 3, num_writes // 2, num_writes - 1})
    killed = [start(recipe, tmp_path / f"out{moment}", tmp_path / f"store{moment}", moment) for moment in moments]
    for process, moment in zip(killed, moments, strict=True):
        process.communicate(timeout=120)
        assert process.returncode == -9
        out, store = tmp_path / f"out{moment}", tmp_path / f"store{moment}"
        before = finished(out) if out.exists() else {}
        assert before.items() <= expected.items()  # what stands there is whole
        told, _ = start(recipe, out, store).communicate(timeout=120)
        assert finished(out) == expected
        made_before = {name for name in before if not name.endswith(".json")}
        assert told.count("True") >= max(0, len(made_before) - 1)  # it goes on where it was stopped


@pytest.mark.parametrize("num_renders", [3])
def test_renders_at_once_share_store_and_folder(write_recipe, tmp_path, num_renders):
    recipe = write_recipe(BODY)
    processes = [start(recipe, tmp_path / "out", tmp_path / "store") for _ in range(num_renders)]
    for process in processes:
        process.communicate(timeout=120)
        assert process.returncode == 0
    told, _ = start(recipe, tmp_path / "again", tmp_path / "store").communicate(timeout=120)
    assert told.count("True") == 6
    assert finished(tmp_path / "again") == finished(tmp_path / "out")
    assert not list(tmp_path.glob("*/.part-*"))
