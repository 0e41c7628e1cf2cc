"""`artforge predict`: what a model says of many pictures."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from artforge.cli.console import event, report_error, result
from artforge.cli.terminal import console, progress_bars
from artforge.core.errors import UsageError
from artforge.core.files import check_writable, make_folder, write_text
from artforge.core.pictures import PICTURE_SUFFIXES, pictures_in

if TYPE_CHECKING:
    from artforge.engine.evaluation.predict import FilePrediction

ALL_FAILED, SOME_FAILED = 1, 3
NUM_CLASSES_SHOWN = 5
STDIN = STDOUT = "-"


def predict_command(
    model: Annotated[
        str, typer.Argument(help="A shipped model's name, a run folder, or a .keras or .h5 file.", show_default=False)
    ],
    pictures: Annotated[
        list[str],
        typer.Argument(
            metavar="PICTURES...", help="Picture files and folders; - reads their names from stdin.", show_default=False
        ),
    ],
    whole: Annotated[
        bool,
        typer.Option("--whole", help="Show the whole picture, as `look` does; else its centre square, as in training."),
    ] = False,
    csv_file: Annotated[
        Path | None,
        typer.Option(
            "--csv", metavar="FILE", help="Write a table: picture, class, probabilities; - writes it to stdout."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per picture on stdout.")] = False,
) -> None:
    """Ask a model what pictures are. Example: artforge predict hand_vs_algo drawings/ photo.jpg --csv seen.csv"""
    from artforge.engine.data.decoding import decode_file
    from artforge.engine.evaluation.predict import FilePrediction, predict_files
    from artforge.engine.models.card import has_card, read_card
    from artforge.engine.models.store import load_model, resolve_model

    path = resolve_model(model, base=Path())
    paths = list(files_of(pictures))
    if not paths:
        raise UsageError("no picture is named: give files or folders, or their names on stdin with -")
    to_stdout = str(csv_file) == STDOUT
    if to_stdout and as_json:
        raise UsageError("--csv - and --json both write to stdout. Give --csv a file, or one of them alone.")
    if csv_file is not None and not to_stdout:
        make_folder(csv_file.parent)
        check_writable(csv_file.parent)
    seen: list[FilePrediction] = []
    if not any(one.is_file() for one in paths):  # told before the model is opened, which takes seconds
        class_names = read_card(path).class_names if has_card(path) else ()
        seen = [FilePrediction(one, None, f"{one}: {decode_file(one, 1).reason}") for one in paths]
        for one in seen:
            _tell(one, class_names, as_json=as_json, in_words=not to_stdout)
        _end(seen, class_names, csv_file)
        return
    with console.status("opening the model ..."):
        loaded = load_model(path)
    with progress_bars(console) as bars:
        task = bars.add_task("pictures", total=len(paths))
        for one in predict_files(loaded, paths, whole=whole):
            seen.append(one)
            _tell(one, loaded.class_names, as_json=as_json, in_words=not to_stdout)
            bars.advance(task)
    _end(seen, loaded.class_names, csv_file)


def _end(seen: Sequence[FilePrediction], class_names: Sequence[str], csv_file: Path | None) -> None:
    if str(csv_file) == STDOUT:
        result(_table(seen, class_names).rstrip("\n"))
    elif csv_file is not None:
        write_text(csv_file, _table(seen, class_names))
    num_failed = sum(one.probabilities is None for one in seen)
    if num_failed:
        raise typer.Exit(ALL_FAILED if num_failed == len(seen) else SOME_FAILED)


def files_of(names: Sequence[str]) -> Iterator[Path]:
    """Each file as it is, each folder as the picture files in it and below, `-` as the names on stdin, one a line.

    A link in a folder that leads nowhere stands among its files, and a folder without pictures stands for itself, so
    that both are told as what cannot be read.
    """
    for name in names:
        if name == STDIN:
            lines = (line.rstrip("\r\n") for line in sys.stdin)
            yield from files_of([line for line in lines if line and line != STDIN])
            continue
        path = Path(name).expanduser()
        yield from (_in_folder(path) or [path]) if path.is_dir() else [path]


def _in_folder(folder: Path) -> list[Path]:
    dangling = [path for path in folder.rglob("*") if path.is_symlink() and not path.exists()]
    return sorted([*pictures_in(folder), *(path for path in dangling if path.suffix.lower() in PICTURE_SUFFIXES)])


def one_line(text: str) -> str:
    """Letters that would break a line, or that no terminal shows, as Python escapes them."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def _tell(one: FilePrediction, class_names: Sequence[str], *, as_json: bool, in_words: bool) -> None:
    if one.probabilities is None:
        reason = f"{one.path}: no pictures in this folder" if one.path.is_dir() else one.error
        report_error(one_line(reason))
        if as_json:
            event({"picture": str(one.path), "error": reason})
        return
    shares = dict(zip(class_names, one.probabilities.tolist(), strict=True))
    ranked = sorted(shares.items(), key=lambda pair: -pair[1])
    if as_json:
        predicted, probability = ranked[0]
        event({"picture": str(one.path), "class": predicted, "probability": probability, "probabilities": shares})
    elif in_words:
        result(
            f"{one_line(str(one.path))}: "
            + ", ".join(f"{name} {share:.1%}" for name, share in ranked[:NUM_CLASSES_SHOWN])
        )


def _table(seen: Sequence[FilePrediction], class_names: Sequence[str]) -> str:
    """One line a file; a file that could not be read has its reason in the last column and nothing else."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["picture", "class", "probability", *(f"p:{name}" for name in class_names), "error"])
    for one in seen:
        if one.probabilities is None:
            writer.writerow([one.path, "", "", *("" for _ in class_names), one.error])
            continue
        best = int(one.probabilities.argmax())
        shares = [f"{share:.9g}" for share in one.probabilities]
        writer.writerow([one.path, class_names[best], shares[best], *shares, ""])
    return stream.getvalue()
