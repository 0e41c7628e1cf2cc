"""Paths as they are typed."""

from __future__ import annotations

from pathlib import Path

from artforge.core.errors import UsageError


def named_path(text: str | Path) -> Path:
    """The path that was typed; nothing at all, as an unset variable of a shell gives it, is not the current folder.

    Raises:
        UsageError: the text is blank.
    """
    if not str(text).strip():
        raise UsageError("an empty name was given for a path; the current folder is called .")
    return Path(text)
