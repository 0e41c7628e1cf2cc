"""Two streams: results go to stdout, everything said to the person goes to stderr."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

console = Console(stderr=True, soft_wrap=True, highlight=False)
"""Progress, notes and warnings; colour only on a terminal, and never under NO_COLOR."""


def progress_bars(to: Console) -> Progress:
    """Bars with counts and the time left, gone when done; shown on a terminal only."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=to,
        transient=True,
        disable=not to.is_terminal,
    )


def report_error(message: str) -> None:
    """One error in red; a message that already speaks of errors (a recipe's list) stands as it is."""
    lead = "" if ": error: " in message else "error: "
    console.print(f"{lead}{message}", style="red", markup=False)


def note(message: str) -> None:
    """A line for the person."""
    console.print(message, markup=False)


def warn(message: str) -> None:
    """Something that went on, but not as hoped; a message that already says so stands as it is."""
    lead = "" if ": warning: " in message else "warning: "
    console.print(f"{lead}{message}", style="yellow", markup=False)


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
