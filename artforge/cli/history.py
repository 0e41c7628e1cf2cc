"""`artforge history`: how a training run went, batch by batch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from artforge.cli.console import event, note, result

CHART_FILE = "history.png"


def history_command(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|RUN",
            help="A run folder, its history_batches.csv, or a text file of six lists.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="PNG", help="Where the chart goes. Default: history.png in RUN, or FILE's name."),
    ] = None,
    window: Annotated[
        int | None, typer.Option("--window", min=1, help="Batches of the rolling average. Default: fits the length.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """See how a training run went, by rolling averages. Example: artforge history runs/hand_vs_algo-1"""
    from artforge.engine.evaluation.chart_style import write_chart
    from artforge.engine.evaluation.history import read_history, summary
    from artforge.engine.evaluation.history_chart import history_chart
    from artforge.engine.evaluation.rolling import fitting_window

    history = read_history(run)
    num_batches = len(history.places)
    window = fitting_window(num_batches) if window is None else window
    path = out or (run / CHART_FILE if run.is_dir() else Path(f"{run.stem}.png"))
    write_chart(path, history_chart(history, window))
    rows = summary(history, window)
    if as_json:
        event(
            {"name": history.name, "num_batches": num_batches, "window": window, "measures": rows, "chart": str(path)}
        )
        return
    note(f"{history.name}: {num_batches:,} batches, rolling average of {window}")
    widest = max(len(str(row["measure"])) for row in rows)
    headings = ("first", "lowest", "highest", "last")
    result(f"{'measure':<{widest}}" + "".join(f"{heading:>10}" for heading in headings))
    for row in rows:
        result(f"{row['measure']:<{widest}}" + "".join(f"{row[heading]:>10.4f}" for heading in headings))
    result(str(path))
