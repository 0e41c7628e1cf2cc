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


def measure_name(key: str) -> str:
    """The name of a measure by its key, which may be of a mean over classes or of any column of a history."""
    plain = key.removeprefix("macro_")
    return MEASURE_NAMES.get(plain, plain.replace("_", " "))
