"""What is said at the end of a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_runs import predictions_of

from artforge.cli.training_progress import tell_end
from artforge.engine.evaluation.bootstrap import intervals
from artforge.engine.evaluation.metrics import score_predictions
from artforge.engine.training.checkpoint import Progress
from artforge.engine.training.train import RunResult


def end_of(skill, *, kept=0.9, was_done=False, stopped_early=False):
    """A run of nine epochs whose seventh was the best, and that tells apart as well as it has skill."""
    predictions = predictions_of(skill)
    scores = score_predictions(predictions.labels, predictions.probabilities, predictions.class_names)
    scores["intervals"] = {name: one and [one.low, one.high] for name, one in intervals(predictions).items()}
    rows = [{"val_balanced_accuracy": kept if epoch == 7 else 0.5} for epoch in range(1, 10)]
    progress = Progress("", num_epochs=9, best_epoch=7, epochs=rows, stopped_early=stopped_early)
    return RunResult(Path("runs/mine"), progress, scores, interrupted=False, was_done=was_done)


@pytest.mark.parametrize(("skill", "kept"), [(0.0, 0.9), (3.0, 0.5)])
def test_a_model_that_cannot_be_told_from_guessing_is_told_with_what_to_do(capsys, skill, kept):
    tell_end(end_of(skill, kept=kept), seconds=3, as_json=False)
    said = capsys.readouterr().err
    assert "warning: this model cannot be told from guessing, which reaches 0.500" in said
    assert "More pictures help most" in said


def test_a_model_with_skill_is_not_doubted_and_the_class_of_its_measures_is_named(capsys):
    tell_end(end_of(3.0), seconds=3, as_json=False)
    said = capsys.readouterr().err
    assert "guessing" not in said
    assert "F1 of 'ai'" in said


@pytest.mark.parametrize(
    ("stopped_early", "message"),
    [
        (False, "all 9 epochs are done, and the test of epoch 7"),
        (True, "the run has ended after epoch 9, and the test"),
    ],
)
def test_a_run_that_was_done_is_told_in_a_line(capsys, stopped_early, message):
    tell_end(end_of(3.0, was_done=True, stopped_early=stopped_early), seconds=3, as_json=False)
    said = capsys.readouterr()
    assert message in said.err
    assert len(said.err.splitlines()) == 1
    assert said.out == "runs/mine\n"
