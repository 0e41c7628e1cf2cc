"""A model put to the test on a set: which pictures, which class is which, every score and how far it may be off."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import DatasetError, ModelError, UsageError, listing
from artforge.engine.evaluation.bootstrap import Interval, intervals
from artforge.engine.evaluation.calibration import expected_calibration_error
from artforge.engine.evaluation.metrics import accuracy_by_folder, cross_entropy, score_predictions
from artforge.engine.evaluation.predictions import Predictions, class_scores_of
from artforge.engine.models.head import probabilities_from

if TYPE_CHECKING:
    from artforge.engine.data.dataset import Dataset
    from artforge.engine.models.handle import Model

Part = Literal["test", "all"]


@dataclass(frozen=True)
class Evaluation:
    """What came out.

    Attributes:
        predictions: picture by picture.
        scores: as of `score_predictions`, and `ece_untempered` and `loss_untempered` where the model has a temperature.
        intervals: of the scores that have one, by name; None where nothing is known of chance.
        by_folder: accuracy and number of pictures of each folder.
        images_per_second: through the network, pictures opened on the way.
    """

    predictions: Predictions
    scores: dict[str, Any]
    intervals: dict[str, Interval | None]
    by_folder: dict[str, dict[str, float]]
    images_per_second: float

    def as_json(self) -> dict[str, Any]:
        """Everything but the predictions, ready for JSON."""
        return {
            **self.scores,
            "num_groups": len(set(self.predictions.groups)),
            "intervals": {name: one and [one.low, one.high] for name, one in self.intervals.items()},
            "by_folder": self.by_folder,
            "images_per_second": round(self.images_per_second, 1),
        }


@dataclass(frozen=True)
class Chosen:
    """The pictures to test on.

    Attributes:
        indices: int64 (k,), into the set.
        told: which these are, in words.
        are_known: whether the model was trained on some of them, which makes every score too good.
    """

    indices: NDArray[np.int64]
    told: str
    are_known: bool = False


def evaluate_model(
    model: Model,
    dataset: Dataset,
    indices: NDArray[np.int64],
    *,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Show pictures to a model and score what it says; classes are matched by name.

    Args:
        model: the classifier.
        dataset: the set, at the model's input size.
        indices: int64 (k,), which of its pictures.
        seed: of the intervals.
        progress: called with (done, total).

    Raises:
        ModelError: the model was trained on other classes.
        DatasetError: no pictures.
    """
    number_of = match_classes(model.class_names, dataset.class_names, model_name=model.name)
    if not len(indices):
        raise DatasetError("there is no picture to test on. Add some, or ask for all of them with --split all.")
    begun = time.perf_counter()
    class_scores = class_scores_of(model, dataset.images, indices, progress=progress)
    seconds = time.perf_counter() - begun
    labels = number_of[dataset.labels[indices]]
    predictions = Predictions(
        items=tuple(dataset.items[index] for index in indices),
        groups=tuple(dataset.groups[index] for index in indices),
        labels=labels,
        probabilities=model.probabilities_of(class_scores),
        class_names=model.class_names,
    )
    scores = score_predictions(labels, predictions.probabilities, model.class_names)
    if model.temperature != 1:
        plain = probabilities_from(class_scores, twin=model.twin)
        scores["ece_untempered"] = expected_calibration_error(labels, plain)
        scores["loss_untempered"] = cross_entropy(labels, plain)
    return Evaluation(
        predictions,
        scores,
        intervals(predictions, seed=seed),
        accuracy_by_folder(predictions.items, predictions.right),
        len(indices) / seconds,
    )


def match_classes(trained: Sequence[str], given: Sequence[str], *, model_name: str) -> NDArray[np.int64]:
    """The model's number of each class of a set, by name, int64 (classes,): the two orders may differ.

    Raises:
        ModelError: the names are not the same ones; says which are missing, which are extra, and both lists.
    """
    missing = [name for name in trained if name not in given]
    extra = [name for name in given if name not in trained]
    if missing or extra:
        lacks = f"; missing in the set: {listing(missing)}" if missing else ""
        adds = f"; unknown to the model: {listing(extra)}" if extra else ""
        raise ModelError(
            f"the model {model_name!r} was trained on other classes than the set has{lacks}{adds}. "
            f"The model: {listing(trained)}. The set: {listing(given)}. "
            "Name the class folders as the model names its classes, or evaluate it on the set that it was made for."
        )
    return np.asarray([list(trained).index(name) for name in given], np.int64)


def choose_pictures(dataset: Dataset, *, run_parts: dict[str, tuple[str, str]] | None, part: Part | None) -> Chosen:
    """Which pictures of a set a model is tested on.

    Args:
        dataset: the set.
        run_parts: of the run that made the model, item -> (label, part); None for a model without one.
        part: `test`, `all`, or None: the test where the run or the set says which that is, else all.

    Raises:
        UsageError: the test is asked for, and nothing says which pictures that is.
    """
    everything = np.arange(len(dataset), dtype=np.int64)
    own = run_parts is not None and _same_pictures(dataset, run_parts)
    if part == "all":
        seen = ", among them those that the run was trained on" if own else ""
        return Chosen(everything, f"all {len(dataset)} pictures{seen}", are_known=own)
    if own and run_parts is not None:
        parts = np.asarray([run_parts[item][1] for item in dataset.items])
        indices = np.flatnonzero(parts == "test").astype(np.int64)
        return Chosen(indices, f"the test of the run, {len(indices)} of {len(dataset)} pictures")
    if dataset.split is not None:
        return Chosen(dataset.split.test, f"the test of the set, {len(dataset.split.test)} of {len(dataset)} pictures")
    if part == "test":
        raise UsageError(
            "--split test: nothing says which pictures are the test. The model comes from no run on these pictures, "
            "and the set has no test folder of its own. Leave --split out to test on all of them."
        )
    known = sum(item in run_parts for item in dataset.items) if run_parts is not None else 0
    hint = f"; {known} of them have names that the run was trained on" if known else ""
    return Chosen(everything, f"all {len(dataset)} pictures{hint}", are_known=known > 0)


def _same_pictures(dataset: Dataset, run_parts: dict[str, tuple[str, str]]) -> bool:
    names = dataset.class_names
    given = {item: names[label] for item, label in zip(dataset.items, dataset.labels.tolist(), strict=True)}
    return given == {item: label for item, (label, _) in run_parts.items()}
