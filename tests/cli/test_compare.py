"""`artforge compare` as a user meets it: runs that are there, suites that are trained, and what goes wrong."""

from __future__ import annotations

import csv
import json

import pytest
from made_runs import predictions_of, write_run
from typer.testing import CliRunner

from artforge.cli.main import app
from artforge.core.errors import ChoiceError, ModelError, UsageError
from artforge.engine.training import suites


def compare(*words: object):
    return CliRunner().invoke(app, ["compare", *map(str, words)])


@pytest.fixture
def two_runs(tmp_path):
    weak = write_run(tmp_path / "weak", predictions_of(0.4), architecture="pca_2")
    return weak, write_run(tmp_path / "strong", predictions_of(3.0))


def test_runs_are_laid_side_by_side_as_table_csv_and_chart(two_runs, tmp_path):
    out = tmp_path / "out"
    said = compare(*two_runs, "--out", out)
    assert said.exit_code == 0, said.exception
    lines = said.stdout.splitlines()
    for heading in ("balanced accuracy", "F1", "ROC AUC", "calibration error", "parameters", "images/s", "seconds"):
        assert heading in lines[1]
    assert lines[3].split()[0] == "artforge_small"
    assert lines[5].split()[0] == "pca_2"
    assert said.stdout.endswith(f"F1 of 'ai'\n{out / 'comparison.csv'}\n{out / 'comparison.png'}\n")
    rows = list(csv.DictReader((out / "comparison.csv").read_text().splitlines()))
    assert [row["name"] for row in rows] == ["artforge_small", "pca_2"]
    assert (out / "comparison.png").read_bytes().startswith(b"\x89PNG")
    assert not said.stderr


def test_runs_on_different_pictures_are_marked(two_runs, tmp_path):
    other = write_run(tmp_path / "other", predictions_of(2.0, test_seed=9), architecture="pca_5")
    said = compare(*two_runs, other, "--out", tmp_path / "out", "--json")
    assert said.exit_code == 0
    assert "tested on different pictures" in said.stderr
    assert {row["name"]: row["test_set"] for row in json.loads(said.stdout)["rows"]}["pca_5"] == "B"


class Trainer:
    """Stands for training: leaves a run folder, or fails, or is stopped."""

    def __init__(self, monkeypatch):
        self.trained: list[str] = []
        self.failing: dict[str, BaseException] = {}
        self.stopping: set[str] = set()
        self.diverging: dict[str, str] = {}
        monkeypatch.setattr(suites, "start_run", self.start)
        monkeypatch.setattr(suites, "resume_run", self.resume)

    def start(self, config, out, watcher):
        return self.train(out, config)

    def resume(self, folder, changes, watcher):
        for file in list(folder.iterdir()):
            file.unlink()
        folder.rmdir()
        [config] = [
            one.config for one in suites.plan_suite("baselines", folder.parent, seeds=[0]) if one.folder == folder
        ]
        return self.train(folder, config)

    def train(self, folder, config):
        self.trained.append(folder.name)
        if folder.name in self.failing:
            raise self.failing[folder.name]
        if folder.name in self.stopping:
            folder.mkdir(parents=True)
            (folder / "config.yaml").write_text(f"architecture: {config.architecture}\nseed: {config.seed}\n")
        else:
            skill = int(config.architecture.removeprefix("pca_")) / 20
            settings = config.model_dump(exclude={"architecture", "seed"})
            predictions = predictions_of(skill, seed=config.seed, test_seed=config.seed)
            write_run(folder, predictions, architecture=config.architecture, seed=config.seed, **settings)

        class Result:
            interrupted = folder.name in self.stopping
            diverged = self.diverging.get(folder.name)

        return Result


@pytest.fixture
def trainer(monkeypatch):
    return Trainer(monkeypatch)


def test_a_suite_is_trained_with_every_seed_and_read_the_next_time(trainer, tmp_path):
    words = ["--suite", "baselines", "--data", "pictures", "--seeds", "0,1", "--out", tmp_path, "--json"]
    said = compare(*words)
    assert said.exit_code == 0, said.exception
    assert trainer.trained == [f"pca_{count}-seed{seed}" for seed in (0, 1) for count in (2, 10, 50)]
    rows = json.loads(said.stdout)["rows"]
    assert [(row["name"], row["seeds"]) for row in rows] == [("pca_50", [0, 1]), ("pca_10", [0, 1]), ("pca_2", [0, 1])]
    assert {row["test_set"] for row in rows} == {"A"}
    again = compare(*words)
    assert again.stdout == said.stdout
    assert len(trainer.trained) == 6
    assert "pca_2-seed0: was there" in again.stderr


@pytest.mark.parametrize("error", [ModelError("the loss became nan"), ValueError("Shapes do not fit\nat all")])
def test_a_run_that_fails_is_named_and_the_others_go_on(trainer, tmp_path, error):
    trainer.failing["pca_10-seed0"] = error
    said = compare("--suite", "baselines", "--out", tmp_path, "--json")
    assert said.exit_code == 3
    assert f"pca_10-seed0: {'' if isinstance(error, ModelError) else 'ValueError: '}" in said.stderr
    told = json.loads(said.stdout)
    assert [row["name"] for row in told["rows"]] == ["pca_50", "pca_2"]
    assert list(told["failed"]) == ["pca_10-seed0"]


def test_a_network_that_failed_is_named_with_its_reason_below_the_table(trainer, tmp_path):
    trainer.failing["pca_10-seed0"] = ModelError("the pictures are too small")
    said = compare("--suite", "baselines", "--image-size", 48, "--out", tmp_path)
    assert said.exit_code == 3
    assert "pca_10-seed0 failed: the pictures are too small\n" in said.stdout
    assert "image_size: 48\n" in (tmp_path / "pca_2-seed0" / "config.yaml").read_text()


def test_a_run_that_diverged_is_compared_by_its_best_epoch_and_told(trainer, tmp_path):
    trainer.diverging["pca_10-seed0"] = "the loss became nan in epoch 3"
    said = compare("--suite", "baselines", "--out", tmp_path, "--json")
    assert said.exit_code == 0
    assert "pca_10-seed0: the loss became nan in epoch 3" in said.stderr
    assert len(json.loads(said.stdout)["rows"]) == 3


def test_a_suite_of_which_nothing_is_left_ends_with_1(trainer, tmp_path):
    trainer.failing = {f"pca_{count}-seed0": ModelError("no") for count in (2, 10, 50)}
    said = compare("--suite", "baselines", "--out", tmp_path)
    assert said.exit_code == 1
    assert not list(tmp_path.iterdir())


def test_ctrl_c_before_training_begins_ends_a_suite_too(trainer, tmp_path):
    trainer.failing["pca_10-seed0"] = KeyboardInterrupt()
    said = compare("--suite", "baselines", "--out", tmp_path)
    assert said.exit_code == 130
    assert "pca_2" in said.stdout
    assert trainer.trained == ["pca_2-seed0", "pca_10-seed0"]


def test_ctrl_c_ends_a_suite_and_the_same_command_goes_on(trainer, tmp_path):
    trainer.stopping = {"pca_10-seed0"}
    said = compare("--suite", "baselines", "--out", tmp_path)
    assert said.exit_code == 130
    assert "goes on where it stopped" in said.stderr
    assert trainer.trained == ["pca_2-seed0", "pca_10-seed0"]
    trainer.stopping = set()
    assert compare("--suite", "baselines", "--out", tmp_path).exit_code == 0
    assert trainer.trained[2:] == ["pca_10-seed0", "pca_50-seed0"]


def test_a_suite_told_otherwise_does_not_take_the_runs_that_are_there(trainer, tmp_path):
    compare("--suite", "baselines", "--data", "pictures", "--out", tmp_path)
    said = compare("--suite", "baselines", "--data", "others", "--out", tmp_path)
    assert isinstance(said.exception, UsageError)
    assert "pca_2-seed0: holds a run with data 'pictures', asked for is 'others'" in str(said.exception)


def test_the_same_minutes_for_all_leave_no_other_end(tmp_path):
    configs = [one.config for one in suites.plan_suite("small", tmp_path, seeds=[4], minutes=2.5)]
    assert {config.minutes for config in configs} == {2.5}
    assert min(config.epochs for config in configs) == min(config.patience for config in configs) == 10_000
    assert {config.seed for config in configs} == {4}
    assert "artforge_small" in {config.architecture for config in configs}


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        ([], UsageError, "nothing to compare"),
        (["nowhere"], UsageError, "no such run folder"),
        (["empty"], UsageError, "not a run folder"),
        (["nowhere", "--minutes", "2"], UsageError, "--minutes is for a --suite"),
        (["nowhere", "--suite", "small"], UsageError, "not both"),
        (["--suite", "smal"], ChoiceError, "did you mean 'small'?"),
        (["--suite", "small", "--seeds", "0,x"], UsageError, "--seeds takes whole numbers"),
        (["--suite", "small", "--seeds", "1,1"], UsageError, "seeds that differ"),
    ],
)
def test_a_mistake_is_told_and_leaves_nothing_behind(tmp_path, monkeypatch, words, error, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    said = compare(*words)
    assert isinstance(said.exception, error)
    assert message in str(said.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]
