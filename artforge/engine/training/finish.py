"""The end of a run: the network of the best epoch is calibrated, tested and written, with all that is known of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from artforge.engine.data.dataset import Dataset
from artforge.engine.evaluation.bootstrap import intervals
from artforge.engine.evaluation.calibration import fit_temperature
from artforge.engine.evaluation.metrics import accuracy_by_folder, score_predictions
from artforge.engine.evaluation.predictions import Predictions, class_scores_of
from artforge.engine.models.handle import wrap_model
from artforge.engine.models.head import probabilities_from
from artforge.engine.models.store import save_model
from artforge.engine.training import run_folder
from artforge.engine.training.batch_scores import evaluation_rows
from artforge.engine.training.checkpoint import Progress
from artforge.engine.training.epoch import Task

_SCORES_ON_CARD = ("accuracy", "balanced_accuracy", "roc_auc", "macro_roc_auc", "num_pictures")


def finish_run(folder: Path, network: Any, task: Task, progress: Progress) -> dict[str, Any]:
    """Test a trained network and write the model and every result into the run folder.

    The temperature that is stored in the model is fitted on the validation pictures, never on the test.

    Args:
        folder: the run folder.
        network: with the weights of the best epoch, neither compiled nor spread over devices.
        task: what was learned.
        progress: the history; the test's rows are added.

    Returns:
        the scores of the test, with `intervals`, and `num_epochs`, the epochs that were done before it.

    Raises:
        OutputError: the folder cannot be written to.
    """
    dataset, split, config = task.dataset, task.split, task.config
    model = wrap_model(
        network, class_names=dataset.class_names, input_size=_edges(dataset), value_range=task.value_range
    )
    validation = class_scores_of(model, dataset.images, split.validation)
    temperature = fit_temperature(validation, dataset.labels[split.validation], twin=model.twin)
    tested = class_scores_of(model, dataset.images, split.test)
    predictions = _predictions(
        dataset, split.test, probabilities_from(tested, twin=model.twin, temperature=temperature)
    )
    scores = score_predictions(predictions.labels, predictions.probabilities, dataset.class_names)
    scores |= {
        "intervals": {name: one and [one.low, one.high] for name, one in intervals(predictions).items()},
        "temperature": temperature,
        "by_folder": accuracy_by_folder(predictions.items, predictions.right),
        "num_epochs": progress.num_epochs,
    }
    progress.batches = [row for row in progress.batches if row["phase"] != "test"]  # of the end before resuming
    progress.batches += evaluation_rows(  # without the temperature, so that its loss is that of the validation rows
        "test",
        progress.best_epoch,
        predictions.labels,
        probabilities_from(tested, twin=model.twin),
        task.class_weights,
        batch_size=config.batch_size,
        seed=config.seed,
    )
    save_model(
        network,
        folder,
        name=config.model_name,
        scores={name: scores[name] for name in _SCORES_ON_CARD if name in scores},
        class_names=dataset.class_names,
        input_size=_edges(dataset),
        value_range=task.value_range,
        temperature=temperature,
    )
    run_folder.write_history(folder, progress)
    run_folder.write_results(folder, progress, predictions, scores, config.model_name)
    return scores


def _edges(dataset: Dataset) -> tuple[int, int]:
    _, height, width, _ = dataset.images.shape
    return height, width


def _predictions(dataset: Dataset, chosen: Any, probabilities: Any) -> Predictions:
    return Predictions(
        tuple(dataset.items[index] for index in chosen),
        tuple(dataset.groups[index] for index in chosen),
        dataset.labels[chosen],
        probabilities,
        tuple(dataset.class_names),
    )
