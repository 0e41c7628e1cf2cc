"""What the measures are called where a person reads them."""

from __future__ import annotations

MEASURE_NAMES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "f1": "F1",
    "roc_auc": "ROC AUC",
    "pr_auc": "PR AUC",
    "precision": "precision",
    "recall": "recall",
    "loss": "cross-entropy",
    "mse": "mean squared error",
    "ece": "calibration error",
}

COUNTS = {"true_positives", "false_positives", "true_negatives", "false_negatives"}
"""Measures that are numbers of pictures."""


def measure_name(key: str) -> str:
    """The name of a measure by its key, which may be of a mean over classes or of any column of a history."""
    plain = key.removeprefix("macro_")
    return MEASURE_NAMES.get(plain, plain.replace("_", " "))


def in_figures(key: str, value: float, digits: int) -> str:
    """A measure with so many digits behind the point; a count, or an average of counts, with one where it needs it."""
    return f"{value:.1f}".removesuffix(".0") if key in COUNTS else f"{value:.{digits}f}"
