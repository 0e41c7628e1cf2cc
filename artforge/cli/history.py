"""`artforge history`: how a training run went, batch by batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    history = read_history(run, window)
    path = out or (run / CHART_FILE if run.is_dir() else Path(f"{run.stem}.png"))
    write_chart(path, history_chart(history))
    rows = summary(history)
    sizes = {phase: {"num_batches": len(one.places), "window": one.window} for phase, one in history.phases.items()}
    if as_json:
        event({"name": history.name, "phases": sizes, "measures": rows, "chart": str(path)})
        return
    for phase, one in sizes.items():
        note(f"{history.name}, {phase}: {one['num_batches']:,} batches, rolling average of {one['window']}")
    _tell(rows, list(sizes))
    result(str(path))


def _tell(rows: Sequence[Mapping[str, float | str]], phases: Sequence[str]) -> None:
    """One line a measure: how it went in the only phase, or where it ended in each of several."""
    from artforge.engine.evaluation.names import in_figures, measure_name

    keys = ["first", "lowest", "highest", "last"] if len(phases) == 1 else [f"last {phase}" for phase in phases]
    table: dict[str, dict[str, str]] = {}
    for row in rows:
        key = str(row["measure"])
        shown = {name: in_figures(key, value, 4) for name, value in row.items() if not isinstance(value, str)}
        line = table.setdefault(measure_name(key), {})
        line |= shown if len(phases) == 1 else {f"last {row['phase']}": shown["last"]}
    widest = max(map(len, table))
    result(" " * widest + "".join(f"{key:>17}" for key in keys))
    for name, line in table.items():
        result(f"{name:<{widest}}" + "".join(f"{line.get(key, ''):>17}" for key in keys))
