"""`artforge train` as a user meets it: words, codes, files."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from typer.testing import CliRunner

from artforge.cli.main import app
from artforge.cli.terminal import console
from artforge.cli.training_progress import TrainingProgress
from artforge.core.errors import DatasetError, ModelError, OutputError, UsageError
from artforge.engine.data.dataset import Dataset
from artforge.engine.data.splits import Split


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


def heard_of(parts, capsys):
    """What is said of six pictures of four groups that a set's own folders share out so."""
    dataset = Dataset(
        images=np.zeros((6, 8, 8, 3), np.uint8),
        labels=np.array([0, 1, 0, 0, 1, 1]),
        groups=("a", "b", "c", "a", "b", "d"),
        items=tuple(f"{number}.png" for number in range(6)),
        class_names=("dots", "stripes"),
        kind="folder",
        content_sha256="",
        root=Path("my pictures"),
        num_duplicates=2,
    )
    with TrainingProgress(console, as_json=False) as progress:
        progress.data_ready(dataset, Split(*(np.array(part, np.int64) for part in parts)), Path("run"))
    return capsys.readouterr().err


def test_copies_on_several_sides_of_a_sets_own_split_are_told_gravely(capsys):
    said = heard_of(([0, 1, 2], [3], [4, 5]), capsys)
    assert "groups: 4, 2 of them on several sides" in said
    assert "1 of the 2 pictures of the test are copies of training pictures" in said
    assert "artforge data check 'my pictures' names them" in said
    assert "1 of the 1 pictures of the validation" in said
    assert "one side" not in said


def test_copies_on_one_side_are_told_as_such(capsys):
    said = heard_of(([0, 3], [1, 4], [2, 5]), capsys)
    assert "groups: 4, each on one side only" in said
    assert "copies stay on one side" in said
    assert "says nothing" not in said


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
        (("--architecture", "artforge_smal"), UsageError, "artforge_small"),
        (("--learning-rate", "5"), UsageError, "--learning-rate: "),
        (("--resume", "nowhere"), UsageError, "no run to resume"),
        (("--resume", "nowhere", "--seed", "3"), UsageError, "--seed cannot be given"),
        (("none.yaml",), UsageError, "cannot read the config file"),
        (("recipes/mnist_cnn.yaml",), UsageError, "The settings of mnist_cnn are in recipes/digits.yaml"),
        (("mnist.npz",), UsageError, "Pictures are given by an option: --data mnist.npz"),
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


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        (("--data", "nowhere"), DatasetError, "no such folder"),
        (("--data", ""), UsageError, "empty name"),
        (("--data", "nowhere.npz"), DatasetError, "no such .npz file"),
        (("--out", "old"), UsageError, "already holds a run"),
        (("--weights", "none.npz"), UsageError, "no such file"),
        (("--architecture", "vit_b16"), ModelError, "pip install 'artforge[hub]'"),
        (("--dataset", "cifake"), DatasetError, "give it by --data"),
    ],
)
def test_a_wrong_name_is_told_before_keras_is_loaded(tmp_path, monkeypatch, words, error, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "config.yaml").touch()
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    monkeypatch.setattr("artforge.engine.training.train.open_devices", lambda *_: pytest.fail("Keras was loaded"))
    said = train(*words)
    assert isinstance(said.exception, error)
    assert message in str(said.exception)


@pytest.mark.parametrize(
    ("words", "expected"),
    [((), True), (("--weights", "random"), False), (("--architecture", "artforge", "--frozen-epochs", "2"), False)],
)
def test_a_transfer_of_random_filters_is_told_before_it_begins(monkeypatch, words, expected):
    monkeypatch.setattr("artforge.cli.worker.train_here", lambda request: None)
    said = train("--architecture", "mobilenet_v2_transfer", *words)
    assert said.exit_code == 0
    told = "mobilenet_v2_transfer starts from random filters; --weights imagenet or --weights FILE brings trained ones"
    assert (told in said.stderr) is expected


def test_a_wrong_key_in_the_config_is_told_with_its_line(tmp_path):
    (tmp_path / "train.yaml").write_text("seed: 1\nepoch: 3\n")
    said = train(tmp_path / "train.yaml")
    assert isinstance(said.exception, UsageError)
    assert "train.yaml:2:1: error: the setting 'epoch' is not one of: " in str(said.exception)
    assert " - did you mean 'epochs'?\n     2 | epoch: 3\n" in str(said.exception)
