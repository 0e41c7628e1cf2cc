"""The charts: they draw what the numbers say, at any size of set, and the same bytes for the same data."""

from __future__ import annotations

import numpy as np
import pytest

from artforge.engine.evaluation.chart_style import png_bytes, shorten, spread
from artforge.engine.evaluation.confusion_chart import confusion_chart
from artforge.engine.evaluation.mistakes import mistakes_sheet, worst_mistakes
from artforge.engine.evaluation.predictions import Predictions
from artforge.engine.evaluation.reliability_chart import reliability_chart
from artforge.engine.evaluation.rolling import batch_places
from artforge.engine.evaluation.threshold_charts import pr_chart, roc_chart
from artforge.engine.evaluation.training_chart import training_chart

PNG = b"\x89PNG\r\n\x1a\n"


def rows(losses):
    keys = ("loss", "val_loss", "val_accuracy", "val_balanced_accuracy")
    return [{key: value + 0.05 * place for place, key in enumerate(keys)} for value in losses]


def batches(num_epochs, per_epoch=5):
    return [
        {"epoch": epoch, "batch": batch, "loss": 1 / (epoch + batch / per_epoch)}
        for epoch in range(1, num_epochs + 1)
        for batch in range(1, per_epoch + 1)
    ]


def guesses(num_classes, num=60, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, num_classes, num)
    logits = rng.normal(size=(num, num_classes)) + 1.5 * np.eye(num_classes)[labels]
    shares = np.exp(logits)
    return labels, (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)


def names(count):
    return tuple(f"class {number}" for number in range(count))


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_a_line_stands_at_the_values_of_the_history():
    left, right = training_chart(rows([0.8, 0.6, 0.3]), [], title="run", best_epoch=3).axes
    np.testing.assert_allclose(left.lines[0].get_ydata(), [0.8, 0.6, 0.3])
    np.testing.assert_allclose(left.lines[1].get_ydata(), [0.85, 0.65, 0.35])
    np.testing.assert_allclose(right.lines[0].get_ydata(), [0.9, 0.7, 0.4])
    assert texts(left) == ["training", "validation"]


def test_the_kept_epoch_is_marked_where_it_ends():
    left, _ = training_chart(rows([0.8, 0.6, 0.3]), batches(3), title="run", best_epoch=2).axes
    assert left.get_title(loc="right") == "kept: epoch 2"
    assert left.lines[-1].get_xdata()[0] == 2


def test_the_last_batch_of_an_epoch_stands_at_its_end():
    places = batch_places(np.repeat([1.0, 2.0], [4, 2]), np.array([1.0, 2, 3, 4, 1, 2]))
    np.testing.assert_allclose(places, [0.25, 0.5, 0.75, 1, 1.5, 2])


@pytest.mark.parametrize("count", [1, 2, 40])
@pytest.mark.parametrize("with_batches", [False, True])
def test_any_number_of_epochs_can_be_drawn(count, with_batches):
    steps = batches(count) if with_batches else []
    chart = training_chart(rows(np.linspace(0.7, 0.4, count)), steps, title="run", best_epoch=1)
    assert png_bytes(chart).startswith(PNG)


def test_a_run_that_is_right_from_the_start_can_be_drawn():
    perfect = [{"epoch": 1, "loss": 0.0, "val_loss": 0.0, "val_accuracy": 1.0, "val_balanced_accuracy": 1.0}]
    assert png_bytes(training_chart(perfect, [], title="perfect", best_epoch=1)).startswith(PNG)


@pytest.mark.parametrize("count", [2, 10, 35])
def test_a_cell_is_tinted_by_its_share_of_the_row(count):
    confusion = np.ones((count, count), np.int64) + 50 * np.eye(count, dtype=np.int64)
    [axes] = confusion_chart(confusion, names(count), title="run").axes
    shares = axes.images[0].get_array()
    assert shares[0, 0] == pytest.approx(51 / (50 + count))
    assert shares[0, 1] == pytest.approx(1 / (50 + count))
    assert ("51" in texts(axes)) == (count <= 30)


def test_a_class_without_pictures_leaves_an_empty_row():
    [axes] = confusion_chart(np.array([[3, 1], [0, 0]]), ["a", "b"], title="run").axes
    np.testing.assert_array_equal(axes.images[0].get_array(), [[0.75, 0.25], [0, 0]])


@pytest.mark.parametrize(("draw", "area"), [(roc_chart, "0.750"), (pr_chart, "0.833")])
def test_a_curve_is_named_with_its_class_and_its_area(draw, area):
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3]], np.float32)
    [axes] = draw(np.array([0, 0, 1, 1]), probabilities, ("human", "ai"), title="test").axes
    assert f"ai  {area}" in texts(axes)


def test_of_many_classes_only_the_worst_are_named():
    labels, probabilities = guesses(12, num=200)
    [axes] = roc_chart(labels, probabilities, names(12), title="test").axes
    assert "area, the worst 3 of 12" in texts(axes)
    assert len(axes.lines) == 1 + 12


@pytest.mark.parametrize("draw", [roc_chart, pr_chart])
def test_a_test_of_one_class_has_no_curve_and_says_so(draw):
    [axes] = draw(np.ones(4, np.int64), np.full((4, 2), 0.5, np.float32), ("a", "b"), title="test").axes
    assert any("one class only" in text for text in texts(axes))


def test_the_reliability_diagram_shows_the_bins_by_their_pictures():
    probabilities = np.array([[0.1, 0.9]] * 4 + [[0.45, 0.55]], np.float32)
    above, below = reliability_chart(np.array([1, 1, 1, 0, 0]), probabilities, title="test").axes
    np.testing.assert_allclose(above.collections[0].get_offsets(), [[0.55, 0.0], [0.9, 0.75]], atol=1e-6)
    assert [bar.get_height() for bar in below.patches if bar.get_height()] == [1, 4]
    assert f"{(4 * 0.15 + 0.55) / 5:.3f}" in texts(above)


def five_pictures():
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.95, 0.05], [0.3, 0.7]], np.float32)
    items = tuple(f"b/{number}.png" for number in range(5))
    return Predictions(items, items, np.array([1, 1, 0, 1, 0]), probabilities, ("a", "b"))


def test_the_surest_mistake_comes_first_and_what_is_right_never():
    assert worst_mistakes(five_pictures()).tolist() == [3, 0, 4, 2]
    assert worst_mistakes(five_pictures(), most=2).tolist() == [3, 0]


def test_a_tile_tells_truth_guess_and_probability():
    pictures = np.random.default_rng(0).integers(0, 255, (2, 16, 16, 1), np.uint8)
    figure = mistakes_sheet(pictures, [3, 0], five_pictures(), title="sheet")
    assert texts(figure.axes[0]) == ["is b", "95.0% a", "3.png"]
    assert texts(figure.axes[1])[1] == "90.0% a"


def test_a_sheet_without_mistakes_says_so():
    figure = mistakes_sheet(np.empty((0, 8, 8, 3), np.uint8), [], five_pictures(), title="sheet")
    assert any("no mistakes" in text.get_text() for text in figure.texts)
    assert png_bytes(figure).startswith(PNG)


@pytest.mark.parametrize("name", ["curve", "confusion", "roc", "reliability", "sheet"])
def test_the_same_data_gives_the_same_bytes(name):
    labels, probabilities = guesses(3)

    def draw():
        return {
            "curve": lambda: training_chart(rows([0.8, 0.5]), batches(2), title="run $x$", best_epoch=1),
            "confusion": lambda: confusion_chart(np.array([[3, 1], [2, 4]]), ["a", "b"], title="run"),
            "roc": lambda: roc_chart(labels, probabilities, names(3), title="run"),
            "reliability": lambda: reliability_chart(labels, probabilities, title="run"),
            "sheet": lambda: mistakes_sheet(np.zeros((1, 8, 8, 3), np.uint8), [3], five_pictures(), title="run"),
        }[name]()

    first = png_bytes(draw())
    assert first == png_bytes(draw())
    assert b"Matplotlib" not in first


def test_what_a_user_has_set_in_matplotlib_neither_shows_nor_is_lost():
    import matplotlib as mpl

    with mpl.rc_context({"axes.facecolor": "red", "font.size": 30, "xtick.major.pad": 40}):
        loud = png_bytes(confusion_chart(np.eye(2, dtype=int), ["a", "b"], title="run"))
        assert mpl.rcParams["font.size"] == 30
    assert loud == png_bytes(confusion_chart(np.eye(2, dtype=int), ["a", "b"], title="run"))


def test_a_name_in_letters_that_the_typeface_lacks_can_be_drawn():
    chart = confusion_chart(np.eye(2, dtype=int), ["手描き", "a_very_long_name_" * 5], title="\n\tclasses")
    assert png_bytes(chart).startswith(PNG)


def test_labels_that_would_overlap_move_apart_and_keep_their_order():
    np.testing.assert_allclose(spread([0.5, 0.5, 0.9], 0.1), [0.45, 0.55, 0.9])
    np.testing.assert_allclose(spread([0.9, 0.1, 0.12], 0.1), [0.9, 0.06, 0.16])
    assert spread([0.2, 0.6], 0.1) == pytest.approx([0.2, 0.6])


def test_a_text_that_is_too_long_ends_in_an_ellipsis():
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("a\nb", 4) == "a b"
