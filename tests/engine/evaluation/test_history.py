"""Histories: rolling averages that are right from the first batch, and files that are read without being run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from artforge.core.errors import UsageError
from artforge.engine.evaluation.chart_style import png_bytes
from artforge.engine.evaluation.history import (
    TEXT_MEASURES,
    Batches,
    History,
    parse_text_history,
    read_history,
    summary,
)
from artforge.engine.evaluation.history_chart import history_chart
from artforge.engine.evaluation.names import in_figures
from artforge.engine.evaluation.rolling import fitting_window, rolling_mean

PUBLISHED = Path(__file__).parents[4] / "shared" / "data" / "example_history.txt"


def test_the_average_is_of_as_many_batches_as_there_are_so_far():
    np.testing.assert_allclose(rolling_mean(np.array([4.0, 2, 6, 0, 10]), 3), [4, 3, 4, 8 / 3, 16 / 3])


@pytest.mark.parametrize("window", [1, 2, 5, 50])
def test_every_average_is_that_of_its_own_window(window):
    values = np.random.default_rng(window).normal(size=40)
    expected = [values[max(0, end - window) : end].mean() for end in range(1, 41)]
    np.testing.assert_allclose(rolling_mean(values, window), expected)


def test_a_batch_that_was_not_measured_counts_for_nothing():
    np.testing.assert_allclose(rolling_mean(np.array([np.nan, 3, np.nan, 5, np.nan]), 2), [np.nan, 3, 3, 5, 5])


@pytest.mark.parametrize("num", [1, 4, 30, 20_400])
def test_a_fitting_window_is_part_of_the_history(num):
    assert 1 <= fitting_window(num) <= max(1, num // 5)


def text_of(lists):
    return "(" + ", ".join(str(list(values)) for values in lists) + ")"


SIX = [[number + 0.5, 1e-7 * (number + 1), -2] for number in range(6)]


def test_the_six_lists_have_their_names_in_order():
    measures = parse_text_history(text_of(SIX), "file")
    assert tuple(measures) == TEXT_MEASURES
    np.testing.assert_allclose([values[0] for values in measures.values()], [0.5, 1.5, 2.5, 3.5, 4.5, 5.5])
    np.testing.assert_allclose(measures["loss"], [0.5, 1e-7, -2])


def test_a_batch_written_as_nan_is_one_that_was_not_measured():
    assert np.isnan(parse_text_history(text_of([[1.0, float("nan")]] * 6), "file")["recall"][1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a history"),
        ("[1, 2]", "not a history"),
        ("__import__('os').system('true')", "not a history"),
        (text_of(SIX[:5]), "received 5 of 3, 3, 3, 3, 3 numbers"),
        (text_of([*SIX, SIX[0]]), "after 6 lists comes"),
        (text_of([*SIX[:5], [1.0]]), "lists of the same length"),
        ("([1.0], [f()], [1.0], [1.0], [1.0], [1.0])", r"list 2 \(mean squared error\): number 1 is none: 'f\(\)'"),
        ("([1.0, 1e999], [1], [1], [1], [1], [1])", r"list 1 \(loss\): number 2 is none"),
        ("([" + "9" * 5000 + "], [1], [1], [1], [1], [1])", "number 1 is none"),
        ("([1,,2], [1], [1], [1], [1], [1])", "number 2 is none: ''"),
        ("([[1]], [1], [1], [1], [1], [1])", "after 0 lists comes"),
        ("([], [], [], [], [], [])", r"list 1 \(loss\): is empty"),
        ("(" * 100_000 + ")", "after 0 lists comes"),
    ],
)
def test_any_other_text_is_refused_with_its_place(text, message):
    with pytest.raises(UsageError, match=message):
        parse_text_history(text, "file")


def run_folder(tmp_path):
    (tmp_path / "history_batches.csv").write_text(
        "phase,epoch,batch,loss,accuracy,roc_auc\n"
        "training,1,1,4,,\ntraining,1,2,2,0.5,\nvalidation,1,1,3,0.25,\nvalidation,1,2,5,0.5,\n"
        "training,2,1,1,0.75,\ntraining,2,2,1,1,\nvalidation,2,1,2,1,\nvalidation,2,2,1,0.5,\ntest,2,1,6,1,\n"
    )
    return tmp_path


def test_each_phase_of_a_run_has_its_own_batches(tmp_path):
    history = read_history(run_folder(tmp_path))
    assert list(history.phases) == ["training", "validation", "test"]
    np.testing.assert_allclose(history.phases["training"].places, [0.5, 1, 1.5, 2])
    np.testing.assert_allclose(history.phases["training"].measures["accuracy"], [np.nan, 0.5, 0.75, 1])
    np.testing.assert_allclose(history.phases["validation"].measures["loss"], [3, 5, 2, 1])


def test_what_was_never_measured_is_left_out(tmp_path):
    assert read_history(run_folder(tmp_path)).measures == ["loss", "accuracy"]


def test_an_average_of_a_validation_never_mixes_epochs(tmp_path):
    history = read_history(run_folder(tmp_path), window=3)
    assert {phase: one.window for phase, one in history.phases.items()} == {"training": 3, "validation": 2, "test": 1}


def test_the_summary_has_the_averages_of_each_phase(tmp_path):
    first, second, *_ = summary(read_history(run_folder(tmp_path), window=2))
    assert first == {"measure": "loss", "phase": "training", "first": 4, "lowest": 1, "highest": 4, "last": 1}
    assert second == {"measure": "loss", "phase": "validation", "first": 3, "lowest": 1.5, "highest": 4, "last": 1.5}


def test_a_run_is_drawn_a_panel_a_measure_and_a_line_a_phase(tmp_path):
    figure = history_chart(read_history(run_folder(tmp_path), window=2))
    left, right = figure.axes[:2]
    assert (left.get_title(loc="left"), right.get_title(loc="left")) == ("cross-entropy", "accuracy")
    np.testing.assert_allclose(left.lines[1].get_ydata(), [4, 3, 1.5, 1])
    np.testing.assert_allclose(left.lines[3].get_ydata(), [3, 4, 3.5, 1.5])
    assert [text.get_text() for text in left.texts] == ["training 1.000", "validation 1.500", "test 6.000"]
    assert png_bytes(figure).startswith(b"\x89PNG")


def test_counts_are_told_and_drawn_as_whole_numbers_or_averages_of_such():
    assert [in_figures("true_positives", value, 3) for value in (8.0, 22.8, 0.04)] == ["8", "22.8", "0"]
    assert in_figures("recall", 1, 3) == "1.000"
    places = np.arange(1.0, 5)
    batches = Batches(places, {"true_positives": np.array([0.0, 1, 1, 3])}, window=2)
    figure = history_chart(History("run", {"training": batches}, "batch"))
    [axes] = figure.axes[:1]
    assert [text.get_text() for text in axes.texts] == ["2"]
    assert all(float(tick).is_integer() for tick in axes.get_yticks())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("history_batches.csv", "", "no batch in it"),
        ("history_batches.csv", "epoch,batch,loss\n", "no batch in it"),
        ("history_batches.csv", "epoch,loss\n1,2\n", "expected the columns epoch, batch"),
        ("history_batches.csv", "epoch,batch,loss\n1,1,0.5\n1,2,low\n", r"csv:3: .*'low'"),
        ("history_batches.csv", "epoch,batch,loss\n1,1\n", r"csv:2: 2 fields, expected 3"),
        ("history_batches.csv", "epoch,batch,loss\n0,1,3\n", "counted from 1"),
        ("history_batches.csv", "phase,epoch,batch,loss\ntraining,1,1,inf\n", "training: nothing was measured"),
        ("history.txt", text_of([[float("nan")]] * 6), "nothing was measured"),
        ("history.txt", b"\xff\xfe\x00", "not a text file"),
    ],
)
def test_a_damaged_file_is_told_with_its_line(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UsageError, match=message):
        read_history(path)


def test_a_missing_file_and_a_folder_without_a_run_are_told(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        read_history(tmp_path / "none.txt")
    with pytest.raises(UsageError, match=r"no history_batches\.csv in this folder"):
        read_history(tmp_path)


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    path = tmp_path / "history.txt"
    path.write_text(text_of(SIX))
    monkeypatch.setattr("artforge.engine.evaluation.history.MOST_BYTES", 10)
    with pytest.raises(UsageError, match="more than"):
        read_history(path)


@pytest.mark.skipif(not PUBLISHED.is_file(), reason="the published history does not lie beside the checkout")
def test_the_published_history_can_be_read():
    history = read_history(PUBLISHED)
    measures = history.phases["training"].measures
    assert {len(values) for values in measures.values()} == {20_400}
    assert measures["loss"][0] == 0.643665075302124
    assert measures["precision"][-1] == 0.959228515625
