"""`artforge diff`: two works side by side."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from artforge.cli.console import event, note, require_files, result, warn


def diff_command(
    one: Annotated[Path, typer.Argument(help="A work.", show_default=False)],
    other: Annotated[Path, typer.Argument(help="Another one.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="PNG", help="Write a picture of where they differ.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Compare two works: how they were made, and their pixels. Example: artforge diff a.png b.png --out where.png"""
    from artforge.core.errors import UsageError
    from artforge.core.pictures import write_png
    from artforge.recipes.comparison import compare_works

    if out is not None and out.suffix.lower() != ".png":
        raise UsageError(f"--out {out}: a picture of the difference is a PNG file, such as where.png")
    require_files(one, other)
    found = compare_works(one, other)
    shown = found.shown
    picture = None if out is None else shown.picture
    if out is not None and picture is not None:
        write_png(out, picture)
    elif out is not None:
        warn(f"{out} is not written: only of two pictures or films of one size is there a picture of where they differ")
    if as_json:
        pixels = {"largest": shown.largest, "mean": shown.mean, "sizes": shown.sizes}
        changes = [asdict(change) for change in found.changes]
        notes = [*found.notes, *(f"{shown.what}: {told}" for told in shown.told)]
        event({"event": "diff", "changes": changes, "recipe": found.recipe, "pixels": pixels, "notes": notes})
        return
    for told in found.notes:
        note(told)
    for change in found.changes:
        result(f"{change.what}: {change.before} -> {change.after}")
    for line in found.recipe:
        result(line)
    for told in shown.told or ("the same",):
        result(f"{shown.what}: {told}")
    if picture is not None:
        note(f"where they differ: {out}")
