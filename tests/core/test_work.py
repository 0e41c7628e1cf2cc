"""What surrounds a step reaches it, and only it."""

from __future__ import annotations

import pytest

from artforge.core.work import Work, current_work, working


def test_outside_of_a_render_nobody_is_told(tmp_path):
    assert current_work().state_file is None
    current_work().advanced(0.5, "half")
    current_work().noticed("something")


def test_within_the_block_it_is_there_and_behind_it_no_longer(tmp_path):
    told = []
    with working(Work(tmp_path / "state", noticed=told.append)):
        current_work().noticed("here")
        with working(Work()):
            current_work().noticed("not here")
        assert current_work().state_file == tmp_path / "state"
    with pytest.raises(KeyError), working(Work(noticed=told.append)):
        raise KeyError
    current_work().noticed("nor here")
    assert told == ["here"]
