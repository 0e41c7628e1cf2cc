"""What a person should doubt in the scores of a test: those that guessing would reach, and those of labels reversed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def chance_of(scores: Mapping[str, Any]) -> float:
    """The balanced accuracy of guessing: one part in as many as there are classes in the test."""
    return 1 / sum(any(row) for row in scores["confusion_matrix"])


def is_like_guessing(scores: Mapping[str, Any]) -> bool:
    """Whether guessing could have reached the balanced accuracy: its interval holds that of guessing, or lies below.

    Args:
        scores: of `score_predictions`, and `intervals` by name: (low, high), or None where nothing is known of chance;
            then the balanced accuracy itself has to be above that of guessing.
    """
    interval = scores["intervals"]["balanced_accuracy"]
    chance = chance_of(scores)
    return chance < 1 and bool((interval[0] if interval else scores["balanced_accuracy"]) <= chance)


def looks_reversed(scores: Mapping[str, Any]) -> bool:
    """Whether a model of two classes ranks them the wrong way round: the whole interval of its AUC is below 0.5."""
    interval = scores["intervals"]["roc_auc"]
    return len(scores["class_names"]) == 2 and interval is not None and bool(interval[1] < 0.5)
