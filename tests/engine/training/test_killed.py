"""Runs that are killed, or whose disk is full: nothing is lost but the epoch at work."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from artforge.core.errors import OutputError
from artforge.engine.training import checkpoint as checkpoints
from artforge.engine.training.train import resume_run, start_run
from tests.support.small_runs import Quiet, assert_same_weights, paint_folder, settings, weights_in

SUPPORT = Path(__file__).parents[2] / "support"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(SUPPORT)}
_DIES = """
import os, signal, sys
from pathlib import Path
import numpy as np
from artforge.engine.training.train import resume_run, start_run
from small_runs import Quiet, settings

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

class Dies(Quiet):
    def batch_done(self, epoch, batch, num_batches, loss):
        if (epoch, batch) == (2, 2):
            die()

def half_written(file, **arrays):
    file.write(b"PK half of it")
    file.flush()
    die()

folder, pictures, moment = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
if moment == "in a batch":
    start_run(settings(pictures), folder, Dies())
np.savez = half_written
resume_run(folder, {}, Quiet())
"""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    return paint_folder(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def undisturbed(pictures, tmp_path_factory):
    return start_run(settings(pictures), tmp_path_factory.mktemp("runs") / "run", Quiet())


def assert_same_run(one: Path, other: Path) -> None:
    first, second = (checkpoints.read_checkpoint(folder / "checkpoint.npz") for folder in (one, other))
    assert_same_weights(first.variables, second.variables)
    assert_same_weights(first.best_weights, second.best_weights)
    assert first.progress.batches == second.progress.batches
    assert_same_weights(weights_in(one), weights_in(other))


def test_a_run_killed_in_a_batch_and_again_in_its_checkpoint_ends_like_one_that_never_stopped(
    pictures, undisturbed, tmp_path
):
    folder = tmp_path / "run"
    for moment in ("in a batch", "in the checkpoint"):
        words = [sys.executable, "-c", _DIES, str(folder), str(pictures), moment]
        ended = subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True, timeout=300, check=False)
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        assert checkpoints.read_checkpoint(folder / "checkpoint.npz").progress.num_epochs == 1
    assert list(folder.glob(".part-*"))
    resume_run(folder, {}, Quiet())
    assert not list(folder.glob(".part-*"))
    assert_same_run(undisturbed.folder, folder)


class Fills(Quiet):
    """After the first epoch no file may grow beyond 1000 bytes: as when the disk is full."""

    def epoch_done(self, row, *, is_best):
        super().epoch_done(row, is_best=is_best)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, self.before[1]))

    before = resource.getrlimit(resource.RLIMIT_FSIZE)


def test_a_full_disk_keeps_the_checkpoint_before_and_tells_how_to_go_on(pictures, undisturbed, tmp_path):
    folder = tmp_path / "run"
    try:
        with pytest.raises(OutputError, match=rf"checkpoint.npz: cannot be written.*artforge train --resume {folder}"):
            start_run(settings(pictures), folder, Fills())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, Fills.before)
    assert checkpoints.read_checkpoint(folder / "checkpoint.npz").progress.num_epochs == 1
    assert not list(folder.glob(".part-*"))
    resume_run(folder, {}, Quiet())
    assert_same_run(undisturbed.folder, folder)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_same_run_is_made_on_other_backends(backend, pictures, tmp_path):
    pytest.importorskip(backend)
    words = [sys.executable, "-m", "artforge", "train", "--data", str(pictures), "--out", str(tmp_path / "run")]
    words += ["--epochs", "2", "--image-size", "32", "--batch-size", "8", "--frozen-epochs", "1"]
    environment = {**os.environ, "KERAS_BACKEND": backend}
    ended = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "device: CPU" in ended.stderr
    assert len(weights_in(tmp_path / "run")) > 4  # opened here, on another backend
