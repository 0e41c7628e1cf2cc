"""`artforge train` as a user meets it: words, codes, files."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image as PillowImage
from typer.testing import CliRunner

from artforge.cli.main import app
from artforge.core.errors import ChoiceError, DatasetError, OutputError, UsageError


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Two classes of ten pictures, and one file that is none."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for name, width in (("dots", 2), ("stripes", 5)):
        (folder / name).mkdir()
        for number in range(10):
            bars = (np.arange(32) // width % 2)[:, None, None] * rng.integers(90, 160, 3)
            pixels = bars + rng.integers(0, 60, (32, 32, 3))
            PillowImage.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{number}.png")
    (folder / "dots" / "broken.png").write_bytes(b"not a picture")
    return folder


def train(*words: object):
    return CliRunner().invoke(app, ["train", *map(str, words)])


SMALL = ("--image-size", 32, "--batch-size", 4)


@pytest.fixture(scope="module")
def run(pictures, tmp_path_factory):
    """A run of one epoch: (folder, what was said)."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    return folder, train("--data", pictures, "--out", folder, "--epochs", 1, *SMALL)


def test_a_run_ends_well_and_prints_its_folder(run):
    folder, said = run
    assert said.exit_code == 0
    assert said.stdout.strip() == str(folder)
    assert (folder / "model.keras").stat().st_size > 0


def test_it_tells_the_classes_the_skipped_files_and_every_epoch(run):
    said = run[1].stderr
    assert "classes: dots 10, stripes 10" in said
    assert "1 files could not be read" in said
    assert "dots/broken.png" in said
    assert "epoch 1/1" in said
    assert "balanced accuracy" in said


def test_a_run_can_be_taken_up_again(run):
    said = train("--resume", run[0], "--epochs", 2, "--json")
    assert said.exit_code == 0
    events = [json.loads(line) for line in said.stdout.splitlines()]
    assert [event["event"] for event in events] == ["epoch", "test"]
    assert events[0]["epoch"] == 2


def test_options_win_over_the_config_file(pictures, tmp_path):
    (tmp_path / "train.yaml").write_text(f"data: {pictures}\nimage_size: 32\nbatch_size: 4\nepochs: 7\nname: mine\n")
    said = train(tmp_path / "train.yaml", "--epochs", 1, "--out", tmp_path / "run")
    assert said.exit_code == 0
    written = (tmp_path / "run" / "config.yaml").read_text()
    assert "epochs: 1\n" in written
    assert "name: mine\n" in written


def test_ctrl_c_ends_with_130_and_says_how_to_go_on(pictures, tmp_path, monkeypatch):
    from artforge.cli.training_progress import TrainingProgress

    def press(self, epoch, batch, num_batches, loss):
        if (epoch, batch) == (2, 1):
            raise KeyboardInterrupt

    monkeypatch.setattr(TrainingProgress, "batch_done", press)
    said = train("--data", pictures, "--out", tmp_path / "run", "--epochs", 3, *SMALL)
    assert said.exit_code == 130
    assert f"artforge train --resume {tmp_path / 'run'}" in said.stderr
    assert (tmp_path / "run" / "model.keras").is_file()


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        (("--data", "nowhere"), DatasetError, "no such folder"),
        (("--architecture", "artforge_smal"), ChoiceError, "artforge_small"),
        (("--learning-rate", "5"), UsageError, "--learning-rate: "),
        (("--resume", "nowhere"), UsageError, "no run to resume"),
        (("--resume", "nowhere", "--seed", "3"), UsageError, "--seed cannot be given"),
        (("none.yaml",), UsageError, "cannot read the config file"),
        (("--out", "file/run"), OutputError, "cannot make the folder"),
    ],
)
def test_a_mistake_is_told_and_leaves_nothing_behind(tmp_path, monkeypatch, words, error, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("in the way")
    said = train(*words)
    assert isinstance(said.exception, error)
    assert message in str(said.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_wrong_key_in_the_config_is_told_with_its_line(tmp_path):
    (tmp_path / "train.yaml").write_text("seed: 1\nepoch: 3\n")
    said = train(tmp_path / "train.yaml")
    assert isinstance(said.exception, UsageError)
    assert "train.yaml:2:1: error: unknown setting 'epoch' - did you mean 'epochs'?" in str(said.exception)
