"""Comparisons: what makes one row, what may not be compared, and that nothing is invented."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import astuple, replace

import numpy as np
import pytest
from made_runs import predictions_of

from artforge.core.errors import DatasetError, ModelError, UsageError
from artforge.engine.evaluation.chart_style import BLUE, ORANGE, png_bytes
from artforge.engine.evaluation.compare import Score, as_csv, compare_runs
from artforge.engine.evaluation.comparison_chart import comparison_chart, duration
from artforge.engine.evaluation.predictions import Predictions, read_predictions, write_predictions
from artforge.engine.evaluation.runs import read_parts, read_run, read_settings


def test_the_better_network_stands_first_with_what_is_known_of_it(made_run):
    weak, strong = made_run("weak", 0.3, architecture="pca_2"), made_run("strong", 3.0)
    first, second = compare_runs([read_run(weak), read_run(strong)])
    assert (first.name, second.name) == ("artforge_small", "pca_2")
    assert first.scores["balanced_accuracy"].mean == pytest.approx(
        read_run(strong).scores["balanced_accuracy"], rel=1e-12
    )
    assert (first.num_parameters, first.seconds, first.images_per_second) == (1234, 22, 100)
    assert first.test_set == second.test_set == "A"


def test_every_score_lies_in_its_interval(made_run):
    [row] = compare_runs([read_run(made_run("run", 1.2))])
    for name in ("accuracy", "balanced_accuracy", "f1", "roc_auc"):
        score = row.scores[name]
        assert score.interval.low < score.mean < score.interval.high
        assert score.spread is None


def test_runs_that_differ_by_their_seed_make_one_row(made_run):
    runs = [read_run(made_run(f"run-{seed}", 1.0, seed=seed)) for seed in range(3)]
    [row] = compare_runs(runs)
    accuracies = [run.scores["accuracy"] for run in runs]
    assert row.seeds == (0, 1, 2)
    assert row.scores["accuracy"].mean == pytest.approx(np.mean(accuracies))
    assert row.scores["accuracy"].spread == pytest.approx(np.std(accuracies, ddof=1))


def test_seeds_that_say_the_same_of_the_same_pictures_have_the_interval_of_one(made_run):
    folders = [made_run(f"run-{seed}", 1.0, seed=seed) for seed in range(3)]
    for folder in folders[1:]:
        (folder / "test_predictions.csv").write_bytes((folders[0] / "test_predictions.csv").read_bytes())
    [alone], [together] = (compare_runs([read_run(one) for one in some]) for some in (folders[:1], folders))
    for name in ("accuracy", "roc_auc"):
        assert astuple(together.scores[name].interval) == pytest.approx(astuple(alone.scores[name].interval))


def test_the_interval_of_four_seeds_with_tests_of_their_own_is_half_as_wide_as_theirs(made_run):
    def width(runs):
        interval = compare_runs(runs)[0].scores["accuracy"].interval
        return interval.high - interval.low

    runs = [read_run(made_run(f"run-{seed}", 1.0, seed=seed, test_seed=seed)) for seed in range(4)]
    tests = [
        replace(run.predictions, groups=tuple(f"{run.seed} {one}" for one in run.predictions.groups)) for run in runs
    ]
    apart = [replace(run, predictions=test) for run, test in zip(runs, tests, strict=True)]
    alone = np.sqrt(np.mean([width([run]) ** 2 for run in apart]))
    assert width(apart) == pytest.approx(alone / 2, rel=0.12)


def test_runs_that_differ_by_more_make_rows_with_names_of_their_own(made_run):
    runs = [read_run(made_run("short", 1.0, epochs=1)), read_run(made_run("long", 2.0, epochs=9))]
    assert {row.name for row in compare_runs(runs)} == {"artforge_small (short)", "artforge_small (long)"}


def test_another_test_set_has_another_letter(made_run):
    runs = [read_run(made_run(str(seed), 1.0, test_seed=seed, architecture=f"net {seed}")) for seed in (0, 0, 5)[1:]]
    assert {row.test_set for row in compare_runs(runs)} == {"A", "B"}


def test_runs_of_other_classes_are_refused_with_both_lists(made_run):
    ours, theirs = made_run("ours"), made_run("theirs", class_names=("cat", "dog"))
    with pytest.raises(UsageError, match=r"ours knows human, ai; .*theirs knows cat, dog"):
        compare_runs([read_run(ours), read_run(theirs)])


def test_classes_in_another_order_change_no_score(made_run):
    run = read_run(made_run("run", 1.0))
    own = run.predictions
    turned = Predictions(own.items, own.groups, 1 - own.labels, own.probabilities[:, ::-1], ("ai", "human"))
    other = made_run("other", 1.0, architecture="turned")
    write_predictions(other / "test_predictions.csv", turned)
    first, second = compare_runs([run, read_run(other)])
    assert {name: score.mean for name, score in first.scores.items()} == pytest.approx(
        {name: score.mean for name, score in second.scores.items()}
    )
    assert first.test_set == second.test_set


def test_a_run_that_kept_no_predictions_has_its_scores_but_no_interval(made_run):
    folder = made_run("old")
    (folder / "test_predictions.csv").unlink()
    [row] = compare_runs([read_run(folder)])
    assert math.isfinite(row.scores["accuracy"].mean)
    assert row.scores["accuracy"].interval is None


def test_the_same_run_twice_is_refused(made_run):
    run = read_run(made_run("run"))
    with pytest.raises(UsageError, match="twice"):
        compare_runs([run, run])


def test_the_table_says_nothing_where_nothing_is_known(made_run):
    folder = made_run("old")
    (folder / "history_epochs.csv").unlink()
    [line] = csv.DictReader(io.StringIO(as_csv(compare_runs([read_run(folder)]))))
    assert line["seconds"] == line["accuracy_spread"] == ""
    assert float(line["accuracy_low"]) < float(line["accuracy"])
    assert (line["parameters"], line["seeds"]) == ("1234", "0")


@pytest.mark.parametrize("count", [1, 6])
def test_a_comparison_can_be_drawn(made_run, count):
    rows = compare_runs([read_run(made_run(f"r{n}", n / 3, architecture=f"net_{n}" * (n + 1))) for n in range(count)])
    figure = comparison_chart(rows, title="comparison")
    shown = [text.get_text() for text in figure.axes[0].texts]
    assert shown == [f"{row.scores['balanced_accuracy'].mean:.3f}" for row in rows]
    assert png_bytes(figure).startswith(b"\x89PNG")


def test_all_that_are_equally_good_are_marked_and_those_that_failed_are_named(made_run):
    rows = compare_runs(
        [read_run(made_run(f"r{n}", skill, architecture=f"net_{n}")) for n, skill in enumerate((9, 9, 0))]
    )
    rows[1].scores["balanced_accuracy"] = Score(0.9998, None, None)  # written as 1.000 too
    figure = comparison_chart(rows, title="comparison", failed={"net_7": "its poolings leave nothing"})
    colours = [text.get_color() for text in figure.axes[0].texts]
    assert colours == [ORANGE, ORANGE, BLUE]
    assert figure.get_supxlabel().startswith("net_7 failed: its poolings leave nothing\n")


def test_the_time_has_a_scale(made_run):
    figure = comparison_chart(compare_runs([read_run(made_run("run"))]), title="comparison")
    axes = figure.axes[-1]
    low, high = axes.get_xlim()
    assert low < 22 < high
    assert [label.get_text() for label in axes.get_xticklabels()] == ["20 s", "30 s"]
    assert axes.get_xticks().tolist() == [20, 30]


def test_a_time_is_told_in_a_fitting_unit():
    assert [duration(seconds) for seconds in (45, 720, 11_520)] == ["45 s", "12 min", "3.2 h"]


def test_predictions_come_back_as_they_were_written(tmp_path):
    written = predictions_of(0.7, seed=4)
    write_predictions(tmp_path / "table.csv", written)
    read = read_predictions(tmp_path / "table.csv")
    np.testing.assert_array_equal(read.probabilities, written.probabilities)
    np.testing.assert_array_equal(read.labels, written.labels)
    assert (read.items, read.groups, read.class_names) == (written.items, written.groups, written.class_names)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "test_predictions.csv:1: not a table of predictions"),
        ("item,label\na,b\n", ":1: not a table of predictions"),
        ("item,group,label,predicted,p:a,p:b\n", "no picture in it"),
        ("item,group,label,predicted,p:a,p:b\n1,1,a,a,0.5,high\n", r":2: damaged line"),
        ("item,group,label,predicted,p:a,p:b\n1,1,a,a,0.5,1.5\n", r":2: damaged line .*\[0, 1\]"),
        ("item,group,label,predicted,p:a,p:b\n1,1,c,a,0.5,0.5\n", r":2: damaged line \('c'\)"),
        ("item,group,label,predicted,p:a,p:b\n1,1,a\n", r":2: damaged line"),
    ],
)
def test_a_damaged_table_is_told_with_its_line(made_run, text, message):
    folder = made_run("run")
    (folder / "test_predictions.csv").write_text(text)
    with pytest.raises(DatasetError, match=message):
        read_run(folder)


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("config.yaml", None, UsageError, "not a run folder"),
        ("config.yaml", "a: [", UsageError, "config.yaml: damaged"),
        ("config.yaml", "- 1\n", UsageError, "config.yaml: damaged"),
        ("config.yaml", "seed: abc\n", UsageError, "config.yaml: damaged: seed must be int, received 'abc'"),
        ("config.yaml", "data: [1]\n", UsageError, "damaged: data must be str or none, received .1."),
        ("model.keras", None, UsageError, "no tested model yet .* artforge train --resume"),
        ("model.json", "{", ModelError, "not a model card"),
        ("test_metrics.json", "{", UsageError, "test_metrics.json: damaged"),
        ("test_metrics.json", "[]", UsageError, "test_metrics.json: damaged"),
        ("history_epochs.csv", "epoch,loss\n1,low\n", UsageError, "history_epochs.csv:2"),
    ],
)
def test_a_run_that_is_damaged_is_told_by_its_file(made_run, name, content, error, message):
    folder = made_run("run")
    (folder / name).unlink() if content is None else (folder / name).write_text(content)
    with pytest.raises(error, match=message):
        read_run(folder)


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UsageError, match="no such run folder"):
        read_run(tmp_path / "none")


def test_settings_are_data_and_never_code(tmp_path):
    (tmp_path / "config.yaml").write_text("seed: !!python/object/apply:os.system [true]\n")
    with pytest.raises(UsageError, match="damaged"):
        read_settings(tmp_path)


def test_a_split_is_read_by_item(tmp_path):
    (tmp_path / "split.csv").write_text("item,label,group,split\nai/1.png,ai,x,test\nhuman/2.png,human,y,training\n")
    assert read_parts(tmp_path) == {"ai/1.png": ("ai", "test"), "human/2.png": ("human", "training")}
    (tmp_path / "split.csv").write_text("item\n")
    with pytest.raises(UsageError, match="expected the columns item, label, split"):
        read_parts(tmp_path)
    (tmp_path / "split.csv").write_text("item,label,group,split\nai/1.png,ai,x,test\nhuman/2.p")
    with pytest.raises(UsageError, match="cut off"):
        read_parts(tmp_path)
