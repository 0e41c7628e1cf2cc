"""`artforge render --watch`: a preview after every save, whatever was saved, until Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from artforge.cli import rendering, watching
from artforge.cli.main import app
from artforge.core.errors import UsageError
from artforge.core.pictures import write_png

STEP = """\
import time

import numpy as np

from artforge.core.steps import step
from artforge.core.values import Image


@step("ponder", version=1)
def ponder(image: Image) -> Image:
    '''Think for long.'''
    time.sleep(1.5)
    return image * np.float32(0.9)
"""
RECIPE = """\
artforge: 1
title: "Watched"
ops: ./ponder.py
params: {share: {type: float, min: 0, max: 1, default: 0.5}}
steps:
  art: [{load: {path: one.png}}, ponder]
  mix: [{load: {path: two.png}}, {blend: {base: $art, opacity: $share}}]
outputs:
  still: {from: $mix}
"""


MOST_SECONDS = 120


class Watch:
    """A watch that runs, and what it says."""

    def __init__(self, folder):
        self.folder = folder
        command = [sys.executable, "-m", "artforge", "render", "watched.yaml", "--watch", "--json"]
        environment = {**os.environ, "ARTFORGE_CACHE": str(folder / "cache")}
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self.patience = threading.Timer(MOST_SECONDS, self.process.kill)  # a change that is missed is no endless wait
        self.patience.start()

    def save(self, name: str, text: str) -> tuple[list[dict], str]:
        """Save a file; gives the events and the rest of what is said until the watch waits again."""
        (self.folder / name).write_text(text)
        return self.said()

    def said(self) -> tuple[list[dict], str]:
        events, rest = [], ""
        for line in self.process.stdout:
            if line.startswith("{"):
                events.append(json.loads(line))
            elif line.startswith("watching"):
                break
            else:
                rest += line
        return events, rest


@pytest.fixture
def watch(tmp_path, paint):
    write_png(tmp_path / "one.png", paint(1))
    write_png(tmp_path / "two.png", paint(2))
    (tmp_path / "ponder.py").write_text(STEP)
    (tmp_path / "watched.yaml").write_text(RECIPE)
    watch = Watch(tmp_path)
    yield watch
    watch.patience.cancel()
    watch.process.kill()
    watch.process.communicate()


def steps(events):
    return [event["step"] for event in events if event["event"] == "node"]


def files(events):
    return [event["path"] for event in events if event["event"] == "file"]


def test_pictures_that_come_and_change_in_a_folder_are_previewed(watch, tmp_path, paint):
    watch.said()
    sources = tmp_path / "sources" / "below"
    sources.mkdir(parents=True)
    write_png(sources / "a.png", paint(4))
    recipe = RECIPE.replace("params: {", "params: {image: {type: image, default: sources}, ").replace(
        "path: two.png", "path: $image"
    )
    watch.save("watched.yaml", recipe)

    write_png(sources / "b.png", paint(5))
    added, _ = watch.said()
    assert [Path(file).name[:7] for file in files(added)] == ["still-a", "still-b"]

    write_png(tmp_path / "c.png", paint(6))
    (sources / "b.png").write_bytes((tmp_path / "c.png").read_bytes())  # into the file itself: the folder is as it was
    changed, _ = watch.said()
    assert steps(changed) == ["load", "blend"]

    (sources / "a.png").unlink()
    left, _ = watch.said()
    assert [Path(file).name[:7] for file in files(left)] == ["still-b"]


def test_every_save_is_previewed_and_a_broken_one_told_until_ctrl_c(watch, tmp_path, paint):
    first, _ = watch.said()
    assert "ponder" in steps(first)
    assert json.loads((tmp_path / f"{files(first)[0]}.json").read_text())["preview"]

    saved = time.monotonic()
    second, _ = watch.save("watched.yaml", RECIPE.replace("default: 0.5", "default: 0.75"))
    assert time.monotonic() - saved < 2
    assert steps(second) == ["blend"]  # all else is at hand
    assert files(second) != files(first)

    broken, said = watch.save("watched.yaml", RECIPE.replace("$share", "$shr"))
    assert [event["event"] for event in broken] == ["error"]
    assert "did you mean 'share'" in said
    assert "Traceback" not in said

    mended, _ = watch.save("watched.yaml", RECIPE)
    assert files(mended) == files(first)

    write_png(tmp_path / "two.png", paint(3))
    repainted, _ = watch.said()
    assert steps(repainted) == ["load", "blend"]

    edited, _ = watch.save("ponder.py", STEP.replace("0.9", "0.8").replace("1.5", "0"))
    assert steps(edited) == ["ponder", "blend"]

    watch.process.send_signal(signal.SIGINT)
    last, _ = watch.process.communicate(timeout=20)
    assert watch.process.returncode == 130
    assert last == ""


def test_a_watch_heeds_yes_and_is_no_dry_run(tmp_path, paint, monkeypatch):
    write_png(tmp_path / "one.png", paint(1))
    (tmp_path / "many.yaml").write_text(
        "artforge: 1\nsteps: {art: [{load: {path: one.png}}]}\nsweep: {seed: [1, 2]}\noutputs: {still: {from: $art}}\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(rendering, "MANY_VARIANTS", 1)
    monkeypatch.setattr(watching, "time", SimpleNamespace(sleep=interrupted, perf_counter=time.perf_counter))
    asked = CliRunner().invoke(app, ["render", "many.yaml", "--watch"])
    assert asked.exit_code == 130
    assert "2 variants, more than 1" in asked.stderr
    assert not (tmp_path / "out").exists()
    assert CliRunner().invoke(app, ["render", "many.yaml", "--watch", "--yes"]).exit_code == 130
    assert len(list((tmp_path / "out" / "many").glob("*.png"))) == 2
    refused = CliRunner().invoke(app, ["render", "many.yaml", "--watch", "--dry-run"])
    assert isinstance(refused.exception, UsageError)


def interrupted(seconds):
    raise KeyboardInterrupt
