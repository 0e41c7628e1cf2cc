"""What is said on the terminal: coloured lines, and bars of progress."""

from __future__ import annotations

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
