"""Two streams: results go to stdout, everything said to the person goes to stderr."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import typer


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
    typer.echo(message)


def numbered(class_names: Iterable[str]) -> list[str]:
    """`0 cat`, `1 dog`: classes with their numbers; those that are called by their number say it once."""
    return [name if name == str(number) else f"{number} {name}" for number, name in enumerate(class_names)]


def event(values: Mapping[str, Any]) -> None:
    """One JSON object on one line of stdout."""
    typer.echo(json.dumps(values, ensure_ascii=False))


def tell_error(message: str, *, as_json: bool, **place: str) -> None:
    """An error among the events, with its `place`, for those who read them; people read it on stderr."""
    if as_json:
        event({"event": "error", "message": message, **place})


def _say(message: str, style: str | None = None) -> None:
    from artforge.cli.terminal import console  # a command that has nothing to say does not wait for it

    console.print(message, style=style, markup=False)
