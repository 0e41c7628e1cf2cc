"""`artforge compare`: several runs in one table, read or trained for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from artforge.cli.console import event, note, report_error, result, warn
from artforge.cli.terminal import console
from artforge.core.errors import UsageError

if TYPE_CHECKING:
    from rich.table import Table

    from artforge.engine.evaluation.compare import Row, Score
    from artforge.engine.evaluation.runs import Run

ALL_FAILED, SOME_FAILED, INTERRUPTED = 1, 3, 130
TABLE_FILE, CHART_FILE = "comparison.csv", "comparison.png"
_WIDTH_OF_A_FILE = 140
_LONGEST_REASON = 120


def compare_command(
    runs: Annotated[list[Path] | None, typer.Argument(metavar="[RUN...]", help="Folders of finished runs.")] = None,
    suite: Annotated[
        str | None, typer.Option("--suite", help="Train these networks instead, and compare them: small, baselines.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="What a suite is trained on, as for `train`. Default: the embedded set."),
    ] = None,
    dataset: Annotated[
        str | None, typer.Option("--dataset", help="Which layout the pictures have; it is recognised otherwise.")
    ] = None,
    seeds: Annotated[
        str, typer.Option("--seeds", metavar="N,N,...", help="Train each network of a suite once for each seed.")
    ] = "0",
    minutes: Annotated[
        float | None, typer.Option("--minutes", min=0.01, help="Train each network of a suite for the same time.")
    ] = None,
    image_size: Annotated[
        int | None,
        typer.Option("--image-size", min=16, max=1024, help="Edge of a suite's pictures. Default: each network's own."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Folder for table, chart and a suite's runs. Default: comparison, or runs/DATA-SUITE."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The table as one JSON object on stdout.")] = False,
) -> None:
    """Lay runs side by side. Example: artforge compare runs/* | artforge compare --suite small --data pictures/"""
    from artforge.core.files import write_text
    from artforge.engine.evaluation.chart_style import write_chart
    from artforge.engine.evaluation.compare import as_csv, compare_runs
    from artforge.engine.evaluation.comparison_chart import comparison_chart
    from artforge.engine.evaluation.runs import read_run

    failed: dict[str, str] = {}
    interrupted = False
    if suite is None:
        for_suites = {"--data": data, "--dataset": dataset, "--minutes": minutes, "--image-size": image_size}
        _check_words(runs, for_suites)
        found = [read_run(folder) for folder in runs or ()]
        folder, title = out or Path("comparison"), "comparison"
    elif runs:
        raise UsageError("name either runs to read or a --suite to train, not both")
    else:
        name = "embedded" if data is None else data.resolve().stem
        folder, title = out or Path("runs") / f"{name}-{suite}", f"{name}: {suite}"
        settings = {"data": str(data) if data is not None else None, "dataset": dataset, "image_size": image_size}
        found, failed, interrupted = _train_suite(suite, folder, _numbers(seeds), minutes, settings)
    if found:
        rows = compare_runs(found)
        files = [folder / TABLE_FILE, folder / CHART_FILE]
        write_text(files[0], as_csv(rows))
        write_chart(files[1], comparison_chart(rows, title=title, failed=failed))
        _tell(rows, files, failed, class_names=found[0].class_names, as_json=as_json)
    if interrupted:
        warn("stopped by Ctrl-C; the same command goes on where it stopped")
        raise typer.Exit(INTERRUPTED)
    if failed:
        raise typer.Exit(SOME_FAILED if found else ALL_FAILED)


def _check_words(runs: Sequence[Path] | None, for_suites: dict[str, Any]) -> None:
    if not runs:
        raise UsageError("nothing to compare: name the folders of finished runs, or a --suite to train")
    for option in (name for name, value in for_suites.items() if value is not None):
        raise UsageError(f"{option} is for a --suite; runs that are finished are read as they are")


def _numbers(text: str) -> list[int]:
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and len(word) < 19 for word in words):
        raise UsageError(f"--seeds takes whole numbers with commas between them, such as 0,1,2; received {text!r}")
    return [int(word) for word in words]


def _train_suite(
    suite: str, out: Path, seeds: Sequence[int], minutes: float | None, settings: dict[str, Any]
) -> tuple[list[Run], dict[str, str], bool]:
    """The runs that came to their end, what kept others from it by their name, and whether Ctrl-C stopped it."""
    from artforge.cli.training_progress import TrainingProgress
    from artforge.engine.training.suites import plan_suite, run_suite

    given = {name: value for name, value in settings.items() if value is not None}
    planned = plan_suite(suite, out, seeds=seeds, minutes=minutes, settings=given)
    runs: list[Run] = []
    failed: dict[str, str] = {}
    with TrainingProgress(console, as_json=False) as watcher:
        for number, ended in enumerate(run_suite(planned, lambda _: watcher), start=1):
            name = ended.planned.folder.name
            if ended.interrupted:
                return runs, failed, True
            if ended.run is None:
                failed[name] = ended.error
                report_error(f"{name}: {ended.error}")
                continue
            runs.append(ended.run)
            if ended.diverged:
                warn(f"{name}: {ended.diverged}")
            done = "was there" if ended.was_there else "trained"
            accuracy = ended.run.scores.get("balanced_accuracy", math.nan)
            note(f"[{number}/{len(planned)}] {name}: {done}, balanced accuracy {accuracy:.3f}")
    return runs, failed, False


def _tell(
    rows: Sequence[Row],
    files: Sequence[Path],
    failed: dict[str, str],
    *,
    class_names: Sequence[str],
    as_json: bool,
) -> None:
    letters = sorted({row.test_set for row in rows})
    if len(letters) > 1:
        warn(
            f"these runs were tested on different pictures (test sets {', '.join(letters)}): compare only rows of the "
            "same letter. Runs of one set and seed have the same test"
        )
    if as_json:
        event({"rows": [row.as_json() for row in rows], "failed": failed, "files": [str(file) for file in files]})
        return
    from rich.console import Console

    from artforge.engine.evaluation.chart_style import shorten

    shown = Console(highlight=False)
    if not shown.is_terminal:
        shown = Console(highlight=False, width=_WIDTH_OF_A_FILE)
    shown.print(_table(rows, marked=len(letters) > 1))
    result(f"F1 of {class_names[1]!r}" if len(class_names) == 2 else "F1 and ROC AUC: means over the classes")
    for name, reason in failed.items():
        result(f"{name} failed: {shorten(reason, _LONGEST_REASON)}")
    result("\n".join(map(str, files)))


def _table(rows: Sequence[Row], *, marked: bool) -> Table:
    """Two lines a row: the means and their spread over the seeds, and under them the 95% intervals."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from artforge.engine.evaluation.compare import MEASURES
    from artforge.engine.evaluation.names import measure_name

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("network", overflow="fold")
    for measure in MEASURES:
        table.add_column(measure_name(measure), justify="right")
    for heading in ("parameters", "images/s", "seconds"):
        table.add_column(heading, justify="right")
    for row in rows:
        seeds = f"{len(row.seeds)} seeds" if len(row.seeds) > 1 else f"seed {row.seeds[0]}"
        name = Text(f"{row.name}\n").append(f"{seeds}, test set {row.test_set}" if marked else seeds, style="dim")
        cells = [_cell(row.scores[measure]) for measure in MEASURES]
        speed = _whole(row.images_per_second), _whole(row.seconds)
        table.add_row(name, *cells, f"{row.num_parameters:,}" if row.num_parameters else "?", *speed)
    return table


def _cell(score: Score) -> Any:
    from rich.text import Text

    if not math.isfinite(score.mean):
        return Text("?")
    cell = Text(f"{score.mean:.3f}")
    if score.spread is not None:
        cell.append(f" ±{score.spread:.3f}", style="dim")
    if score.interval:
        cell.append(f"\n{score.interval.low:.3f}-{score.interval.high:.3f}", style="dim")
    return cell


def _whole(value: float) -> str:
    return f"{value:,.0f}" if math.isfinite(value) else "?"
