"""The tree of a render's progress."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace

import pytest
from rich.console import Console

from artforge.cli.progress import RenderProgress
from artforge.cli.progress_events import ProgressEvents
from artforge.core.errors import StepError
from artforge.recipes.reporting import Rendered

FILM = SimpleNamespace(file_name="loop.mp4", kind="film", variants=(0,), frames=tuple(range(10)))
STILL = SimpleNamespace(file_name="still.png", kind="still", variants=(0,), frames=(0,))


def new_progress(**options):
    console = Console(file=io.StringIO(), force_terminal=True)
    return RenderProgress("recipe", [FILM, STILL], console, **{"as_json": False, **options})


@pytest.fixture
def progress():
    progress = new_progress()
    progress.started(FILM)
    return progress


def lines(progress):
    """What is shown, from top to bottom: description, and how much of it is done."""
    return [(task.description, task.completed, task.total) for task in progress._progress.tasks if task.visible]


def test_the_tree_is_the_recipe_its_files_and_the_step_at_work(progress):
    progress.advanced(FILM)
    progress.started(STILL)
    progress.working("ascend", 0.4, "step 4/10")
    assert lines(progress) == [
        ("recipe", 1, 11),
        ("  └ loop.mp4", 1, 10),
        ("  └ still.png", 0, 1),
        ("    └ ascend: step 4/10", 40, 100),
    ]


def test_the_line_of_a_step_is_there_until_it_is_done(progress):
    progress.working("ascend", 0.4, "step 4/10")
    assert len(lines(progress)) == 3
    progress.working("ascend", 1.0, "done")
    assert len(lines(progress)) == 2


def test_the_line_of_a_step_that_never_said_it_was_done_goes_with_its_picture(progress):
    progress.working("own_step", 0.4, "somewhere")
    progress.advanced(FILM)
    assert len(lines(progress)) == 2


def test_a_file_that_is_done_leaves_the_tree_with_all_its_pictures_counted(progress, tmp_path):
    progress.advanced(FILM)  # the rest of it was in the store
    progress.finished(FILM, Rendered(tmp_path / "loop.mp4", cached=False, seconds=1))
    assert lines(progress) == [("recipe", 10, 11)]


def test_a_file_that_failed_leaves_the_tree_and_is_counted(progress):
    progress.failed(FILM, StepError("no"))
    assert lines(progress) == [("recipe", 10, 11)]
    assert progress.num_failed == 1


def test_an_error_is_an_event_with_its_recipe_and_file(capsys):
    progress = new_progress(as_json=True)
    progress.started(FILM)
    progress.failed(FILM, StepError("no"))
    told = {"event": "error", "message": "no", "recipe": "recipe", "file": "loop.mp4"}
    assert json.loads(capsys.readouterr().out) == told


def test_how_far_a_step_is_becomes_an_event(capsys):
    progress = new_progress(as_json=True)
    progress.working("ascend", 0.4, "step 4/10")
    told = {"event": "progress", "recipe": "recipe", "step": "ascend", "share": 0.4, "told": "step 4/10"}
    assert json.loads(capsys.readouterr().out) == told


def test_a_step_is_told_of_every_half_second_whatever_others_do(capsys):
    now = iter([0.0, 0.1, 0.3, 0.49, 0.5, 0.9, 0.95])
    events = ProgressEvents(lambda: next(now), recipe="r")
    for step, share in (("a", 0.1), ("b", 0.2), ("a", 0.3), ("a", 0.4), ("a", 0.5), ("b", 0.6), ("a", 1.0)):
        events.tell(step, share, "")
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["step"], each["share"]) for each in told] == [("a", 0.1), ("b", 0.2), ("a", 0.5), ("b", 0.6)]


def test_a_person_is_told_by_the_bar_alone(progress, capsys):
    progress.working("ascend", 0.4, "step 4/10")
    assert capsys.readouterr().out == ""
