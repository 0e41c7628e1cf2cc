"""`artforge data`: which sets are known, what a folder holds, and whether it can be trusted."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from artforge.cli.console import event, note, numbered, result
from artforge.cli.paths import named_path
from artforge.cli.terminal import console, progress_bars

if TYPE_CHECKING:
    from artforge.engine.data.dataset import Dataset
    from artforge.engine.data.findings import Finding
    from artforge.engine.data.kinds import DatasetKind, Progress
    from artforge.engine.data.report import CopyPair, DataReport, Summary

data_app = typer.Typer(
    help="Look at sets of pictures before training on them. Example: artforge data check pictures/",
    rich_markup_mode=None,
    no_args_is_help=True,
)

GRAVE = 1
NUM_SHOWN = 8
MANY = 5000
"""Pictures, from which a stage takes so long that its begin is told in a log."""
SUMMARY_SIZE, CHECK_SIZE = 32, 64

PathArgument = Annotated[
    Path,
    typer.Argument(
        metavar="DIR",
        help="Folder of class folders, a published set, or an .npz.",
        show_default=False,
        parser=named_path,
    ),
]
DatasetOption = Annotated[
    str | None, typer.Option("--dataset", metavar="NAME", help="Read it as this kind (artforge data list).")
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Of the split, where the set has none of its own.")]


@data_app.command("list")
def list_command(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per kind on stdout.")] = False,
) -> None:
    """List the kinds of sets that can be read, and how to get each. Example: artforge data list"""
    from artforge.engine.data.catalogue import DATASETS

    for number, kind in enumerate(DATASETS.values()):
        if as_json:
            event(kind_as_json(kind))
        else:
            result(("\n" if number else "") + describe_kind(kind))


@data_app.command("summary")
def summary_command(
    path: PathArgument,
    dataset: DatasetOption = None,
    seed: SeedOption = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """See what a set holds: labels, split, formats, sizes. Example: artforge data summary pictures/"""
    from artforge.engine.data.report import summarise

    with _stages() as stages:
        opened = _open(path, dataset, SUMMARY_SIZE, seed, stages)
        summary = summarise(opened, seed=seed, stages=stages)
    if as_json:
        event({"path": str(path), **summary.as_json()})
    else:
        result("\n".join(describe_summary(path, summary)))


@data_app.command("check")
def check_command(
    path: PathArgument,
    dataset: DatasetOption = None,
    seed: SeedOption = 0,
    image_size: Annotated[
        int, typer.Option("--image-size", min=32, max=1024, help="Edge in pixels at which pictures are looked at.")
    ] = CHECK_SIZE,
    turned: Annotated[
        bool, typer.Option("--turned/--not-turned", help="Look for mirrored and rotated copies too.")
    ] = True,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", metavar="PNG", help="Draw the pairs of copies side by side.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Find copies, wrong labels, and what gives a class away. Example: artforge data check pictures/ --sheet copies.png

    Ends with 0 where nothing is grave. Ends with 1 where something is: copies on two sides of the split or with two
    labels, a set that cannot be split, or folders that are not those of the set.
    """
    from artforge.engine.data.findings import find_all
    from artforge.engine.data.report import inspect

    if sheet is not None:
        _check_sheet(sheet)
    with _stages() as stages:
        opened = _open(path, dataset, image_size, seed, stages)
        report = inspect(opened, seed=seed, turned=turned, stages=stages)
    findings = find_all(report)
    if as_json:
        event({"path": str(path), **report.as_json(), "findings": [vars(one) for one in findings]})
    else:
        result("\n".join([*describe_summary(path, report.summary), "", *describe_findings(report, findings)]))
    if sheet is not None:
        _write_sheet(sheet, opened, report, as_json=as_json)
    if any(one.gravity == "grave" for one in findings):
        raise typer.Exit(GRAVE)


@contextmanager
def _stages() -> Iterator[Mapping[str, Progress]]:
    """A bar for each stage, shown while it lasts; of a large set a line for each, where no bar can be shown."""
    told: set[str] = set()
    names = {"read": "reading", "files": "files", "pictures": "colours", "copies": "copies"}
    with progress_bars(console) as bars:
        tasks = {stage: bars.add_task(told, total=None, visible=False) for stage, told in names.items()}

        def teller(stage: str) -> Progress:
            def tell(done: int, total: int) -> None:
                bars.update(tasks[stage], completed=done, total=total, visible=done < total)
                if not console.is_terminal and total >= MANY and stage not in told:
                    told.add(stage)
                    note(f"{names[stage]}: {total:,} to go through")

            return tell

        yield {stage: teller(stage) for stage in names}


def _open(path: Path, kind: str | None, image_size: int, seed: int, stages: Mapping[str, Progress]) -> Dataset:
    from artforge.core.errors import DatasetError
    from artforge.engine.data.catalogue import open_dataset

    try:
        return open_dataset(
            path,
            image_size=image_size,
            seed=seed,
            kind=kind,
            num_threads=os.cpu_count() or 1,
            progress=stages["read"],
        )
    except OSError as error:
        raise DatasetError(f"{error.filename or path}: cannot be opened ({error.strerror or error}).") from error


def kind_as_json(kind: DatasetKind) -> dict[str, Any]:
    """A kind of set as plain values."""
    return {
        "name": kind.name,
        "title": kind.title,
        "layout": kind.layout,
        "labels": kind.labels,
        "class_names": list(kind.class_names),
        "counts": dict(kind.counts),
        "image_size": kind.image_size,
        "citation": kind.citation,
        "licence": kind.licence,
        "download": kind.download,
    }


def describe_kind(kind: DatasetKind) -> str:
    """A kind of set in words."""
    counts = ", ".join(f"{name} {count:,}" for name, count in kind.counts.items())
    rows = {
        "layout": kind.layout,
        "labels": kind.labels,
        "classes": counts or ", ".join(kind.class_names),
        "size": f"networks are trained on it at {kind.image_size}x{kind.image_size}" if kind.image_size else "",
        "cite": kind.citation,
        "licence": kind.licence,
        "download": kind.download,
    }
    return "\n".join([f"{kind.name}: {kind.title}", *(f"  {name:<9} {told}" for name, told in rows.items() if told)])


def describe_summary(path: Path, summary: Summary) -> list[str]:
    """What a set holds, a line each."""
    from artforge.engine.data.catalogue import DATASETS
    from artforge.engine.data.findings import counted

    kind = DATASETS[summary.kind]
    called = numbered(summary.class_counts)
    classes = [f"{name}: {count:,}" for name, count in zip(called, summary.class_counts.values(), strict=True)]
    lines = [
        f"{path}: {summary.num_pictures:,} pictures, read as {kind.name} ({kind.title})",
        f"  layout   {kind.layout}",
        f"  labels   {kind.labels}",
        f"  classes  {'; '.join(classes)}",
    ]
    for name in summary.class_counts:
        folders = [folder for folder, own in summary.class_of_folder.items() if own == name]
        if folders and folders != [name]:
            lines.append(f"  {name} is made of {len(folders)} folders: {', '.join(folders)}")
    parts = [
        f"{part} {sum(counts.values()):,} ({', '.join(f'{name} {count:,}' for name, count in counts.items())})"
        for part, counts in summary.part_counts.items()
    ]
    lines.append(
        f"  split    {'; '.join(parts)}; {summary.split_origin}" if parts else f"  split    none: {summary.no_split}"
    )
    sides = f"{summary.num_torn:,} of them on several sides" if summary.num_torn else "each on one side only"
    lines.append(f"  groups   {summary.num_groups:,}, {sides}")
    lines += [
        f"  copies   {met:,} of the {sum(summary.part_counts[part].values()):,} pictures of the {part} are copies of "
        f"training pictures: its score says nothing of new pictures (artforge data check {shlex.quote(str(path))})"
        for part, met in summary.num_met.items()
        if met
    ]
    for word, table in (("formats", summary.formats), ("sizes", summary.sizes)):
        for number, (name, counts) in enumerate(table.items()):
            lines.append(f"  {word if number == 0 else '':<8} {name}: {_histogram(counts)}")
    if summary.num_bytes:
        lines.append(f"  on disk  {_file_size(summary.num_bytes)}")
    for one in summary.left_out:
        lines += [f"  left out {one.found}", f"           {one.to_do}"]
    if summary.skipped:
        lines.append(f"  skipped  {counted(len(summary.skipped), 'file')} that cannot be read:")
        lines += [f"           {file.path}: {file.reason}" for file in summary.skipped[:NUM_SHOWN]]
        lines += _rest(len(summary.skipped), "           ")
    return lines


def _file_size(num_bytes: int) -> str:
    return f"{num_bytes / 1e6:,.1f} MB" if num_bytes >= 1e6 else f"{num_bytes / 1e3:,.1f} kB"


def _histogram(counts: Mapping[str, int], *, most: int = 5) -> str:
    shown = ", ".join(f"{value} {count:,}" for value, count in list(counts.items())[:most])
    others = list(counts.values())[most:]
    return f"{shown}, {len(others):,} others {sum(others):,}" if others else shown


def _rest(number: int, indent: str) -> list[str]:
    return [f"{indent}and {number - NUM_SHOWN:,} more, see --json"] if number > NUM_SHOWN else []


def describe_findings(report: DataReport, findings: tuple[Finding, ...]) -> list[str]:
    """What was found, a few lines each, and the first pairs of copies."""
    lines = []
    for one in findings:
        lines += [f"{one.gravity.upper():<7}  {one.found}", f"         {one.means}", f"         -> {one.to_do}"]
    if report.copies:
        lines += ["", "copies:", *map(_describe_copy, report.copies[:NUM_SHOWN]), *_rest(len(report.copies), "  ")]
    grave = sum(one.gravity == "grave" for one in findings)
    lines += ["", f"{grave} grave, see above" if grave else "nothing grave"]
    return lines


def _describe_copy(copy: CopyPair) -> str:
    how = (
        "same file" if copy.pair.kind == "exact" else f"{copy.pair.likeness:.3f}{' turned' if copy.pair.turned else ''}"
    )
    sides = [f"{one.item} ({one.class_name}{', ' + one.part if one.part else ''})" for one in (copy.first, copy.second)]
    return f"  {how:<13}  {sides[0]}  =  {sides[1]}"


def _check_sheet(sheet: Path) -> None:
    """Before minutes of reading."""
    from artforge.core.errors import UsageError
    from artforge.core.files import check_writable, make_folder

    if sheet.suffix.lower() != ".png" or sheet.is_dir():
        raise UsageError(f"--sheet {sheet}: a PNG file is drawn; give it a name that ends with .png")
    make_folder(sheet.parent)
    check_writable(sheet.parent)


def _write_sheet(sheet: Path, dataset: Dataset, report: DataReport, *, as_json: bool) -> None:
    from artforge.cli.copies_sheet import NUM_PAIRS, copies_sheet
    from artforge.core.pictures import write_png

    if not report.copies:
        note("there are no copies, so there is no sheet")
        return
    write_png(sheet, copies_sheet(dataset, report.copies))
    (note if as_json else result)(str(sheet))
    if len(report.copies) > NUM_PAIRS:
        note(f"the sheet shows the first {NUM_PAIRS} of {len(report.copies):,} pairs")
