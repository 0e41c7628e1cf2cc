"""The charts of one test, written into a folder."""

from __future__ import annotations

from pathlib import Path

from artforge.engine.evaluation.chart_style import write_chart
from artforge.engine.evaluation.confusion_chart import confusion_chart
from artforge.engine.evaluation.metrics import confusion_matrix
from artforge.engine.evaluation.predictions import Predictions
from artforge.engine.evaluation.reliability_chart import reliability_chart
from artforge.engine.evaluation.threshold_charts import pr_chart, roc_chart

CONFUSION_FILE = "confusion_matrix.png"
ROC_FILE = "roc.png"
PR_FILE = "precision_recall.png"
RELIABILITY_FILE = "reliability.png"


def write_test_charts(folder: Path, predictions: Predictions, *, title: str) -> list[Path]:
    """The confusion matrix, both threshold-free curves and the reliability diagram.

    Args:
        folder: where they go.
        predictions: of the test.
        title: above each.

    Returns:
        the files.

    Raises:
        OutputError: the folder cannot be written to.
    """
    labels, probabilities, names = predictions.labels, predictions.probabilities, predictions.class_names
    confusion = confusion_matrix(labels, predictions.predicted, len(names))
    charts = {
        CONFUSION_FILE: confusion_chart(confusion, names, title=title),
        ROC_FILE: roc_chart(labels, probabilities, names, title=title),
        PR_FILE: pr_chart(labels, probabilities, names, title=title),
        RELIABILITY_FILE: reliability_chart(labels, probabilities, title=title),
    }
    for name, chart in charts.items():
        write_chart(folder / name, chart)
    return [folder / name for name in charts]
