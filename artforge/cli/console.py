"""Two streams: results go to stdout, everything said to the person goes to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, TextIO

import typer

from artforge.core.errors import UsageError

_kept: list[TextIO] = []
"""Where results go while stdout stands for stderr; not a context variable, since threads tell of results too."""


@contextmanager
def results_alone() -> Iterator[None]:
    """Within the block only results go to stdout: what a step of the artist's own prints goes to stderr."""
    _kept.append(sys.stdout)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _kept.pop()


def report_error(message: str) -> None:
    """One error in red; a message that already speaks of errors (a recipe's list) stands as it is."""
    lead = "" if ": error: " in message else "error: "
    _say(f"{lead}{message}", style="red")


def note(message: str) -> None:
    """A line for the person."""
    _say(message)


def warn(message: str) -> None:
    """Something that went on, but not as hoped; a message that already says so stands as it is."""
    lead = "" if ": warning: " in message else "warning: "
    _say(f"{lead}{message}", style="yellow")


def result(message: str) -> None:
    """A result, such as a path, on stdout."""
    one_terminal = sys.stdout.isatty() and all(stream.isatty() for stream in _kept)
    # a terminal that shows both streams is written to through the progress bars, which move out of the way
    typer.echo(message, file=_kept[0] if _kept and not one_terminal else None)


def numbered(class_names: Iterable[str]) -> list[str]:
    """`0 cat`, `1 dog`: classes with their numbers; those that are called by their number say it once."""
    return [name if name == str(number) else f"{number} {name}" for number, name in enumerate(class_names)]


def event(values: Mapping[str, Any]) -> None:
    """One JSON object on one line of stdout."""
    result(json.dumps(values, ensure_ascii=False))


def require_files(*paths: Path) -> None:
    """Raise unless every path is a file.

    Raises:
        UsageError: one is not.
    """
    for path in paths:
        if not path.is_file():
            raise UsageError(f"{path}: {'a folder, not a file' if path.is_dir() else 'no such file'}")


def tell_error(message: str, *, as_json: bool, **place: str) -> None:
    """An error among the events, with its `place`, for those who read them; people read it on stderr."""
    if as_json:
        event({"event": "error", "message": message, **place})


def _say(message: str, style: str | None = None) -> None:
    from artforge.cli.terminal import console  # a command that has nothing to say does not wait for it

    console.print(message, style=style, markup=False)
