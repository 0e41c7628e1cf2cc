"""The lines of a render's progress."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from artforge.cli.progress import RenderProgress


@pytest.fixture
def progress():
    return RenderProgress("recipe", [], Console(file=io.StringIO(), force_terminal=True), as_json=False)


def is_step_shown(progress):
    return progress._progress.tasks[1].visible


def test_the_line_of_a_step_is_there_until_it_is_done(progress):
    progress.working("ascend", 0.4, "step 4/10")
    assert is_step_shown(progress)
    progress.working("ascend", 1.0, "done")
    assert not is_step_shown(progress)


def test_the_line_of_a_step_that_never_said_it_was_done_goes_with_its_picture(progress):
    progress.working("own_step", 0.4, "somewhere")
    progress.advanced(None)
    assert not is_step_shown(progress)
