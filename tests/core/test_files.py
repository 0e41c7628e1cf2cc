"""Files come whole or not at all, and whatever hinders them is told as an error of ours."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time

import pytest

from artforge.core.errors import OutputError, ShapeError, UsageError
from artforge.core.files import atomic_path, drop_abandoned, locked, write_text


def test_a_folder_in_the_place_of_the_file_is_told_and_the_part_removed(tmp_path):
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(OutputError, match=r"a\.txt: cannot be written \(Is a directory\)\. .*choose another folder"):
        write_text(tmp_path / "a.txt", "words")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "No space left on device"),
        (OSError("encoder error -2"), "encoder error -2"),
    ],
)
def test_a_fault_of_the_disk_while_writing_is_told_with_the_path(tmp_path, fault, reason):
    with (
        pytest.raises(OutputError, match=rf"a\.txt: cannot be written \({reason}\)") as told,
        atomic_path(tmp_path / "a.txt"),
    ):
        raise fault
    assert told.value.__cause__ is fault
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), OutputError("as it is"), ShapeError("as it is"), ValueError()])
def test_what_is_no_fault_of_the_disk_passes_as_it_is(tmp_path, fault):
    with pytest.raises(type(fault)) as told, atomic_path(tmp_path / "a.txt"):
        raise fault
    assert told.value is fault
    assert list(tmp_path.iterdir()) == []


def test_a_file_can_be_read_by_whom_the_process_lets_and_writing_leaves_its_mask_alone(tmp_path, monkeypatch):
    (tmp_path / "plain").touch()
    monkeypatch.setattr(os, "umask", None)  # it belongs to all threads of the process
    write_text(tmp_path / "a.txt", "words")
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_what_a_killed_process_left_half_written_goes_and_what_is_written_now_stays(tmp_path):
    old, new, whole = tmp_path / ".part-old.png", tmp_path / ".part-new.png", tmp_path / "whole.png"
    for path in (old, new, whole):
        path.write_bytes(b"x")
        os.utime(path, (time.time() - 7200, time.time() - 7200))
    os.utime(new)
    drop_abandoned(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".part-new.png", "whole.png"]


def test_a_folder_is_kept_to_one_process_until_that_has_ended_however_it_did(tmp_path):
    keep = """
import pathlib, sys, time
from artforge.core.files import locked
with locked(pathlib.Path(sys.argv[1])):
    print("kept", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", keep, tmp_path], stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        try:
            with pytest.raises(UsageError, match="another process is at work in it"), locked(tmp_path):
                pass
        finally:
            other.kill()
    with locked(tmp_path):
        pass
    with locked(tmp_path):
        assert list(tmp_path.iterdir()) == []


def test_a_file_system_without_locks_stops_nothing(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", refuse)
    with locked(tmp_path):
        assert tmp_path.is_dir()
