"""Whole runs on tiny pictures: learning, stopping, resuming, and every file of the run folder."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from artforge.core.errors import ChoiceError, ModelError, OutputError, UsageError
from artforge.core.files import locked
from artforge.engine.backend import load_keras
from artforge.engine.evaluation.metrics import accuracy_by_folder
from artforge.engine.models.architectures import build_architecture, find_architecture, output_bias
from artforge.engine.models.store import load_model
from artforge.engine.training import checkpoint as checkpoints
from artforge.engine.training import finish, run_folder
from artforge.engine.training.augment import Augmentation, augment
from artforge.engine.training.batch_scores import weighted_loss
from artforge.engine.training.batches import Batch, as_targets, balancing_weights
from artforge.engine.training.config import TrainConfig
from artforge.engine.training.fitting import fitted_to_network
from artforge.engine.training.networks import keep_up
from artforge.engine.training.parallel import Devices
from artforge.engine.training.precision import computing_in, half_policy
from artforge.engine.training.step import LocalStep, StepOutcome, compile_network
from artforge.engine.training.train import resume_run, start_run
from tests.support.small_runs import Quiet, assert_same_weights, paint_folder, settings, weights_in

WRITTEN = {
    *("model.keras", "model.json", "config.yaml", "history_batches.csv", "history_epochs.csv", "test_metrics.json"),
    *("curves.png", "confusion_matrix.png", "roc.png", "precision_recall.png", "reliability.png"),
    *("split.csv", "skipped.csv", "checkpoint.npz", "test_predictions.csv"),
}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    return paint_folder(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(autouse=True)
def quick_charts(monkeypatch):
    """Empty files in their places: what is drawn is tested with the charts. The run that all share draws its own."""

    def touch(folder: Path, predictions, *, title: str) -> None:
        for name in ("confusion_matrix.png", "roc.png", "precision_recall.png", "reliability.png"):
            (folder / name).touch()

    monkeypatch.setattr(run_folder, "write_chart", lambda path, figure: path.touch())
    monkeypatch.setattr(run_folder, "training_chart", lambda *given, **named: None)
    monkeypatch.setattr(run_folder, "write_test_charts", touch)


@pytest.fixture(scope="module")
def run(pictures, tmp_path_factory):
    """One whole run of three epochs: (result, watcher). It takes a temperature as if it had pictures enough for one."""
    watcher = Quiet()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finish, "fit_temperature", lambda *_, **__: 1.7)
        return start_run(settings(pictures), tmp_path_factory.mktemp("runs") / "run", watcher), watcher


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_folder_holds_every_file(run):
    result, _ = run
    assert {path.name for path in result.folder.iterdir()} == WRITTEN


def test_the_model_knows_its_classes_and_its_size(run):
    model = load_model(run[0].folder / "model.keras")
    assert model.class_names == ("dots", "stripes")
    assert model.input_size == (32, 32)


def test_the_scores_are_those_of_the_saved_model_on_the_test_pictures(run):
    result, watcher = run
    model = load_model(result.folder / "model.keras")
    test = watcher.split.test
    batch = watcher.dataset.images[test].astype(np.float32) / 255
    predicted = model.keras_model.predict_on_batch(batch)[:, 0] > 0.5
    scores = json.loads((result.folder / "test_metrics.json").read_text())
    assert scores["accuracy"] == pytest.approx((predicted == watcher.dataset.labels[test]).mean())
    assert scores["num_pictures"] == 8


def test_the_loss_of_the_test_batches_is_that_of_the_network_without_its_temperature(run):
    result, watcher = run
    card = json.loads((result.folder / "model.json").read_text())
    shares = np.array(
        [[float(row["p:dots"]), float(row["p:stripes"])] for row in read_csv(result.folder / "test_predictions.csv")]
    )
    untempered = shares ** card["temperature"]
    untempered /= untempered.sum(axis=1, keepdims=True)
    weights = balancing_weights(np.bincount(watcher.dataset.labels[watcher.split.training]))
    expected = weighted_loss(watcher.dataset.labels[watcher.split.test], untempered, weights)
    assert card["temperature"] == 1.7
    assert result.progress.batches_of("test")[0]["loss"] == pytest.approx(expected, rel=1e-4)


def test_the_kept_epoch_is_the_one_with_the_lowest_validation_loss(run):
    losses = [float(row["val_loss"]) for row in read_csv(run[0].folder / "history_epochs.csv")]
    assert len(losses) == 3
    assert run[0].progress.best_epoch == 1 + int(np.argmin(losses))
    best = checkpoints.read_checkpoint(run[0].folder / "checkpoint.npz").best_weights
    for weight in weights_in(run[0].folder):
        assert any(np.array_equal(weight, kept) for kept in best)


def test_the_history_has_a_row_for_each_batch_of_training_validation_and_test(run):
    rows = read_csv(run[0].folder / "history_batches.csv")
    places = [(row["phase"], int(row["epoch"]), int(row["batch"])) for row in rows]
    assert places == [
        *[(phase, e, b) for e in (1, 2, 3) for phase, b in [*(("training", b) for b in (1, 2, 3)), ("validation", 1)]],
        ("test", run[0].progress.best_epoch, 1),
    ]
    for row in rows:
        counted = sum(int(row[name]) for name in ("true_positives", "false_positives", "true_negatives"))
        assert counted + int(row["false_negatives"]) == 8
        assert 0 <= float(row["roc_auc"]) <= 1


def test_the_loss_of_the_validation_batches_is_that_of_the_epoch(run):
    for row in run[0].progress.epochs:
        own = [one for one in run[0].progress.batches_of("validation") if one["epoch"] == row["epoch"]]
        assert own[0]["loss"] == pytest.approx(row["val_loss"])


def test_the_split_file_names_every_picture_once(run):
    rows = read_csv(run[0].folder / "split.csv")
    assert len({row["item"] for row in rows}) == 40
    assert [row["split"] for row in rows].count("test") == 8


def test_the_same_seed_gives_the_same_weights_and_another_differs(run, pictures, tmp_path):
    again = start_run(settings(pictures), tmp_path / "again", Quiet())
    assert_same_weights(weights_in(run[0].folder), weights_in(again.folder))
    other = start_run(settings(pictures, seed=1, epochs=1), tmp_path / "other", Quiet())
    assert any((a != b).any() for a, b in zip(weights_in(again.folder), weights_in(other.folder), strict=True))


def test_a_run_stopped_and_resumed_ends_like_one_that_never_stopped(run, pictures, tmp_path):
    stopped = start_run(settings(pictures), tmp_path / "run", Quiet(ctrl_c_at=(3, 2)))
    assert stopped.interrupted
    assert stopped.progress.num_epochs == 2
    watcher = Quiet()
    resumed = resume_run(tmp_path / "run", {}, watcher)
    assert watcher.first_epoch == 3
    assert not resumed.interrupted
    whole = checkpoints.read_checkpoint(run[0].folder / "checkpoint.npz")
    pieced = checkpoints.read_checkpoint(tmp_path / "run" / "checkpoint.npz")
    assert_same_weights(whole.variables, pieced.variables)
    assert whole.progress.batches == pieced.progress.batches
    assert_same_weights(weights_in(run[0].folder), weights_in(resumed.folder))


def test_ctrl_c_leaves_a_whole_run_of_the_best_epoch(pictures, tmp_path):
    stopped = start_run(settings(pictures), tmp_path / "run", Quiet(ctrl_c_at=(2, 1)))
    assert stopped.interrupted
    assert stopped.scores is not None
    assert {path.name for path in stopped.folder.iterdir()} == WRITTEN


def test_ctrl_c_before_the_first_epoch_leaves_a_run_that_can_begin_again(pictures, tmp_path):
    stopped = start_run(settings(pictures, epochs=1), tmp_path / "run", Quiet(ctrl_c_at=(1, 2)))
    assert stopped.interrupted
    assert stopped.scores is None
    assert not (tmp_path / "run" / "model.keras").exists()
    assert resume_run(tmp_path / "run", {}, Quiet()).progress.num_epochs == 1


def test_a_run_that_is_over_and_tested_is_left_as_it_is(run):
    folder = run[0].folder
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    watcher = Quiet()
    again = resume_run(folder, {}, watcher)
    assert again.was_done
    assert again.scores == json.loads((folder / "test_metrics.json").read_text())
    assert not hasattr(watcher, "dataset")  # no picture was read
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_scores_of_fewer_epochs_are_no_scores_of_the_run(run, tmp_path):
    folder = run[0].folder
    assert run_folder.read_scores(folder, 3) == run[0].scores
    assert run_folder.read_scores(folder, 2) is None
    assert run_folder.read_scores(tmp_path, 3) is None


def test_a_disk_that_is_full_in_the_first_epoch_leaves_nothing_to_go_on_from_and_says_so(
    pictures, tmp_path, monkeypatch
):
    def refuse(path, checkpoint):
        raise OutputError(f"{path}: cannot be written (No space left on device).")

    monkeypatch.setattr("artforge.engine.training.train.write_checkpoint", refuse)
    with pytest.raises(OutputError, match=r"No epoch is on the disk yet: when there is room, begin again with: art"):
        start_run(settings(pictures, epochs=1), tmp_path / "run", Quiet())


def test_more_epochs_can_be_asked_for(pictures, tmp_path):
    start_run(settings(pictures, epochs=1), tmp_path / "run", Quiet())
    resumed = resume_run(tmp_path / "run", {"epochs": 2}, Quiet())
    assert resumed.progress.num_epochs == 2
    assert "epochs: 2" in (tmp_path / "run" / "config.yaml").read_text()


def test_patience_ends_a_run_that_does_not_get_better(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(
        Devices, "predictor", lambda self, network: lambda of, chosen: np.full((len(chosen), 2), 0.5, np.float32)
    )
    ended = start_run(settings(pictures, epochs=9, patience=2), tmp_path / "run", Quiet())
    assert ended.progress.stopped_early
    assert (ended.progress.best_epoch, ended.progress.num_epochs) == (1, 3)


def test_a_run_does_not_go_on_with_other_pictures(tmp_path):
    folder = paint_folder(tmp_path / "pictures")
    start_run(settings(folder, epochs=1), tmp_path / "run", Quiet())
    (folder / "dots" / "3.png").unlink()
    with pytest.raises(UsageError, match="the pictures are not those"):
        resume_run(tmp_path / "run", {"epochs": 2}, Quiet())


def test_a_run_does_not_go_on_with_other_classes(run, tmp_path):
    others = paint_folder(tmp_path / "others", ("dots", "waves"))
    message = r"tells apart dots, stripes, in this order; the pictures are of dots, waves"
    with pytest.raises(UsageError, match=message):
        resume_run(run[0].folder, {"data": str(others), "epochs": 4}, Quiet())


def test_a_run_ends_when_its_minutes_are_over_and_goes_on_when_it_is_given_more(pictures, tmp_path):
    ended = start_run(settings(pictures, epochs=0, minutes=1e-4), tmp_path / "run", Quiet())
    assert ended.progress.num_epochs == 1
    assert len(ended.progress.batches_of("training")) == 1
    assert ended.scores is not None
    assert resume_run(tmp_path / "run", {}, Quiet()).progress.num_epochs == 1
    more = {"minutes": ended.progress.seconds / 60 + 1e-4}
    assert resume_run(tmp_path / "run", more, Quiet()).progress.num_epochs == 2


def test_only_the_head_learns_while_frozen_and_resuming_between_the_phases_changes_nothing(pictures, tmp_path):
    config = settings(pictures, architecture="mnist_cnn", frozen_epochs=1, epochs=2, learning_rate=1e-2)
    config = config.model_copy(update={"fine_tune_rate": 1e-4})
    whole = start_run(config, tmp_path / "whole", Quiet())
    assert [row["learning_rate"] < 2e-4 for row in whole.progress.epochs] == [False, True]
    start_run(config, tmp_path / "run", Quiet(ctrl_c_at=(2, 1)))
    after_head = checkpoints.read_checkpoint(tmp_path / "run" / "checkpoint.npz")
    resume_run(tmp_path / "run", {}, Quiet())
    pieced = checkpoints.read_checkpoint(tmp_path / "run" / "checkpoint.npz")
    undisturbed = checkpoints.read_checkpoint(tmp_path / "whole" / "checkpoint.npz")
    assert_same_weights(undisturbed.variables, pieced.variables)
    load_keras().utils.set_random_seed(0)
    bias = output_bias(np.ones(2))
    fresh = build_architecture("mnist_cnn", 2, picture_shape=(32, 32, 3), dropout=0.2, output_bias=bias).weights
    changed = {
        weight.path.split("/")[0]
        for weight, learned in zip(fresh, after_head.best_weights, strict=True)
        if (weight.numpy() != learned).any()
    }
    assert changed == {"class_scores"}


def test_a_baseline_is_fitted_tested_and_written_like_any_network(pictures, tmp_path):
    ended = start_run(settings(pictures, architecture="pca_2"), tmp_path / "run", Quiet())
    assert {path.name for path in ended.folder.iterdir()} == WRITTEN - {"checkpoint.npz"}
    assert ended.progress.num_epochs == 1
    assert ended.scores["num_pictures"] == 8


def test_the_network_decides_what_is_not_set(pictures):
    own = fitted_to_network(TrainConfig(), find_architecture("artforge_small"))
    assert (own.image_size, own.window, own.views) == (128, 64, 4)
    whole = fitted_to_network(TrainConfig(), find_architecture("el_kholy_example"))
    assert (whole.image_size, whole.window, whole.views) == (256, 0, 1)
    with pytest.raises(UsageError, match="pictures of one size only"):
        fitted_to_network(TrainConfig(window=64), find_architecture("el_kholy_example"))


def test_weights_that_are_not_there_are_told_before_the_pictures_are_read(tmp_path):
    with pytest.raises(UsageError, match=r"none.h5: no such file"):
        start_run(settings(tmp_path / "no pictures", weights="none.h5"), tmp_path / "run", Quiet())


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop", "adamw"])
def test_every_optimizer_lowers_the_loss(optimizer):
    task = np.random.default_rng(0).random((8, 32, 32, 3), np.float32)
    labels = np.arange(8) % 2
    batch = Batch(task, labels, as_targets(labels, 2), np.ones(8, np.float32))
    config = TrainConfig(optimizer=optimizer, gradient_accumulation=2, dropout=0.0)
    keras = load_keras()
    keras.utils.set_random_seed(0)
    network = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")])
    compile_network(network, config, batch_size=8, fused=False)
    step = LocalStep(network)
    losses = [step(batch, 1e-4).loss for _ in range(6)]
    assert losses[0] == losses[1]  # two batches make one step
    assert losses[5] < losses[0]


def test_mixed_precision_keeps_the_head_and_all_weights_in_full():
    with computing_in("mixed_bfloat16"):
        network = build_architecture(
            "artforge_small", 2, picture_shape=(32, 32, 3), dropout=0.0, output_bias=output_bias(np.ones(2))
        )
    assert {str(weight.dtype) for weight in network.weights} == {"float32"}
    assert network.get_layer("class_scores").compute_dtype == "float32"
    assert "bfloat16" in {layer.compute_dtype for layer in network.layers}
    assert half_policy("off") is None
    assert half_policy("on") is not None


def test_a_damaged_checkpoint_is_told(pictures, tmp_path):
    start_run(settings(pictures, epochs=1), tmp_path / "run", Quiet())
    path = tmp_path / "run" / "checkpoint.npz"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ModelError, match="not a checkpoint that can be read"):
        resume_run(tmp_path / "run", {}, Quiet())


def test_three_classes_train_with_a_softmax(tmp_path):
    folder = paint_folder(tmp_path / "pictures", ("a", "b", "c"), count=10)
    ended = start_run(settings(folder, epochs=1), tmp_path / "run", Quiet())
    assert np.shape(ended.scores["confusion_matrix"]) == (3, 3)
    outputs = load_model(tmp_path / "run" / "model.keras").keras_model.predict_on_batch(np.ones((2, 32, 32, 3)) / 3)
    np.testing.assert_allclose(outputs.sum(axis=1), 1, rtol=1e-5)


def test_a_folder_that_holds_a_run_is_not_written_over(run, pictures):
    with pytest.raises(UsageError, match=r"already holds a run.*--resume"):
        start_run(settings(pictures), run[0].folder, Quiet())


def test_a_folder_in_which_another_process_is_at_work_is_left_alone(run, pictures, tmp_path):
    with locked(tmp_path), pytest.raises(UsageError, match="another process is at work"):
        start_run(settings(pictures), tmp_path, Quiet())
    assert list(tmp_path.iterdir()) == []
    before = {path: path.stat().st_mtime_ns for path in run[0].folder.iterdir()}
    with locked(run[0].folder), pytest.raises(UsageError, match="another process is at work"):
        resume_run(run[0].folder, {"epochs": 9}, Quiet())
    assert {path: path.stat().st_mtime_ns for path in run[0].folder.iterdir()} == before


def test_a_run_keeps_its_folder_to_itself_until_its_end(pictures, tmp_path):
    class Second(Quiet):
        def epoch_done(self, row, *, is_best):
            with pytest.raises(UsageError, match="another process is at work"):
                resume_run(tmp_path / "run", {}, Quiet())
            super().epoch_done(row, is_best=is_best)

    watcher = Second()
    start_run(settings(pictures, architecture="pca_2"), tmp_path / "run", watcher)
    assert len(watcher.rows) == 1


def test_a_place_that_cannot_be_written_to_is_told_before_the_pictures_are_read(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot make the folder"):
        start_run(settings(tmp_path / "no pictures"), tmp_path / "file" / "run", Quiet())


def test_a_run_that_cannot_start_leaves_no_folder(tmp_path):
    from artforge.core.errors import DatasetError

    with pytest.raises(DatasetError):
        start_run(settings(tmp_path / "no pictures"), tmp_path / "runs" / "run", Quiet())
    assert list(tmp_path.iterdir()) == []


def test_more_batches_to_a_step_than_an_epoch_has_are_refused(pictures, tmp_path):
    with pytest.raises(UsageError, match="an epoch has 3 batches"):
        start_run(settings(pictures, gradient_accumulation=4), tmp_path / "runs" / "run", Quiet())
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_architecture_is_told_with_the_known_ones(pictures, tmp_path):
    with pytest.raises(ChoiceError, match="artforge_small"):
        start_run(settings(pictures, architecture="artforge_smal"), tmp_path / "run", Quiet())


def no_number_at(monkeypatch, call: int) -> None:
    """The loss of this step and of all after it is NaN."""
    counted, step = iter(range(1, 10**6)), LocalStep.__call__

    def broken(self, batch, learning_rate):
        outcome = step(self, batch, learning_rate)
        return StepOutcome(float("nan"), outcome.probabilities) if next(counted) >= call else outcome

    monkeypatch.setattr(LocalStep, "__call__", broken)


def test_training_that_diverges_in_its_first_epoch_is_told(pictures, tmp_path, monkeypatch):
    no_number_at(monkeypatch, call=2)
    with pytest.raises(ModelError, match=r"loss became nan in epoch 1, batch 2: training diverged.*--learning-rate"):
        start_run(settings(pictures), tmp_path / "run", Quiet())


def test_training_that_diverges_later_leaves_the_best_epoch(run, pictures, tmp_path, monkeypatch):
    no_number_at(monkeypatch, call=5)
    ended = start_run(settings(pictures), tmp_path / "run", Quiet())
    assert "epoch 2, batch 2" in ended.diverged
    assert ended.progress.best_epoch == 1
    assert {path.name for path in ended.folder.iterdir()} == WRITTEN
    assert all(np.isfinite(weight).all() for weight in weights_in(ended.folder))


def test_an_epoch_renews_at_least_half_of_the_moving_averages_however_few_its_batches():
    keras = load_keras()
    slow, quick = (keras.layers.BatchNormalization(momentum=momentum) for momentum in (0.99, 0.3))
    inner = keras.Sequential([keras.Input((2,)), slow])
    network = keras.Sequential([keras.Input((2,)), inner, quick])
    keep_up(network, batches_per_epoch=3)
    assert quick.momentum == 0.3
    for _ in range(3):
        network(np.array([[1.0, 8.0], [3.0, 8.0]], np.float32), training=True)
    np.testing.assert_allclose(np.asarray(slow.moving_mean), [1.0, 4.0], rtol=1e-5)
    keep_up(network, batches_per_epoch=1000)
    assert slow.momentum == pytest.approx(0.5 ** (1 / 3))


def test_the_bias_of_two_classes_is_their_log_odds():
    np.testing.assert_allclose(output_bias(np.array([250, 750])), [np.log(3)], rtol=1e-6)


@pytest.mark.parametrize(("architecture", "channels"), [("artforge_small", 3), ("artforge_small", 1), ("mnist_cnn", 1)])
@pytest.mark.parametrize("counts", [[30, 70], [10, 20, 70]])
def test_an_untrained_network_gives_each_class_its_share_on_a_blank_picture(architecture, channels, counts):
    shares = np.array(counts) / np.sum(counts)
    shape, bias = (32, 32, channels), output_bias(np.array(counts))
    network = build_architecture(architecture, len(counts), picture_shape=shape, dropout=0.2, output_bias=bias)
    dense = network.get_layer("class_scores")
    dense.set_weights([np.zeros_like(dense.get_weights()[0]), dense.get_weights()[1]])
    seen = network.predict_on_batch(np.random.default_rng(0).random((1, *shape)))[0]
    np.testing.assert_allclose(seen, shares[1:] if len(counts) == 2 else shares, rtol=1e-5)


def test_accuracy_is_counted_by_folder():
    items = ["a/x/1.png", "a/x/2.png", "embedded:algorithmic/moire/77"]
    counted = accuracy_by_folder(items, np.array([True, False, True]))
    assert counted["a/x"] == {"accuracy": 0.5, "num_pictures": 2}
    assert counted["algorithmic/moire"] == {"accuracy": 1.0, "num_pictures": 1}


def test_a_network_is_trained_from_a_file_of_arrays_and_sees_grey(tmp_path):
    rng = np.random.default_rng(0)
    given = {}
    for side, count in (("train", 240), ("test", 60)):
        labels = np.arange(count) % 3
        pictures = rng.integers(0, 60, (count, 16, 16), np.uint8)
        for picture, label in zip(pictures, labels, strict=True):
            picture[4 * label : 4 * label + 5] += 180  # a bar whose height is the class
        given |= {f"x_{side}": pictures, f"y_{side}": labels}
    np.savez(tmp_path / "bars.npz", **given)
    config = TrainConfig(
        data=str(tmp_path / "bars.npz"),
        architecture="mnist_cnn",
        image_size=16,
        epochs=6,
        batch_size=16,
        learning_rate=3e-3,
        schedule="constant",
        weight_decay=0.0,
        views=1,
        rescale=False,
        flip=False,
        window=0,
        jitter=0.0,
        jpeg=0.0,
    )
    ended = start_run(config, tmp_path / "run", Quiet())
    assert ended.scores["accuracy"] > 0.9
    assert ended.scores["num_pictures"] == 60
    model = load_model(tmp_path / "run" / "model.keras")
    assert model.class_names == ("0", "1", "2")
    assert model.graph.shapes[model.graph.picture][-1] == 1


def test_grey_pictures_are_augmented_too(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (24, 24, 1), np.uint8)
    everything = Augmentation(window=16, jpeg=1.0, jitter=0.3)
    found = augment(pixels, everything, np.random.default_rng(1))
    assert found.shape == (16, 16, 1)
    assert found.dtype == np.float32
