"""The charts: they draw what the numbers say."""

from __future__ import annotations

import numpy as np
import pytest

from artforge.engine.evaluation.training_chart import confusion_chart, curves_chart


def rows(losses: list[float]) -> list[dict[str, float]]:
    keys = ("loss", "val_loss", "val_accuracy", "val_balanced_accuracy")
    return [{key: value + 0.05 * place for place, key in enumerate(keys)} for value in losses]


def blue_heights(chart: np.ndarray) -> list[float]:
    """Mean row of the training curve's blue at the left and the right end of the loss panel."""
    blue = np.abs(chart - np.array([31, 92, 153]) / 255).max(axis=2) < 0.12
    blue[:92] = False
    return [float(np.nonzero(blue[:, start : start + 30])[0].mean()) for start in (75, 440)]


def test_a_falling_loss_falls_from_left_to_right():
    left, right = blue_heights(curves_chart(rows([0.8, 0.6, 0.3, 0.1]), title="run", best_epoch=4))
    assert right > left + 50


@pytest.mark.parametrize("count", [1, 2, 40])
def test_any_number_of_epochs_can_be_drawn(count):
    chart = curves_chart(rows(np.linspace(0.7, 0.4, count).tolist()), title="run", best_epoch=1)
    assert chart.shape == (420, 1000, 3)
    assert 0 <= chart.min() < chart.max() <= 1


@pytest.mark.parametrize("count", [2, 3, 12])
def test_a_right_guess_is_darker_than_a_wrong_one(count):
    confusion = np.ones((count, count), np.int64) + 50 * np.eye(count, dtype=np.int64)
    chart = confusion_chart(confusion, [f"class {number}" for number in range(count)], title="run")
    cell = max(46, min(150, 900 // count))
    right = chart[110 + 5 : 110 + 12, -40 - count * cell + 5 : -40 - count * cell + 12]
    wrong = chart[110 + 5 : 110 + 12, -40 - count * cell + cell + 5 : -40 - count * cell + cell + 12]
    assert wrong.mean() > right.mean() + 0.2


def test_a_class_without_pictures_leaves_an_empty_row():
    chart = confusion_chart(np.array([[3, 1], [0, 0]]), ["a", "b"], title="run")
    assert np.isfinite(chart).all()


def test_a_run_that_is_right_from_the_start_can_be_drawn():
    perfect = [{"epoch": 1, "loss": 0.1, "val_loss": 0.1, "val_accuracy": 1.0, "val_balanced_accuracy": 1.0}]
    assert np.isfinite(curves_chart(perfect, title="perfect", best_epoch=1)).all()
