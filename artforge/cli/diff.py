"""`artforge diff`: two works side by side."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from artforge.cli.console import event, note, result


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
    found = compare_works(one, other)
    if out is not None and found.picture is not None:
        write_png(out, found.picture)
    if as_json:
        pixels = {"largest": found.largest, "mean": found.mean, "sizes": found.sizes}
        changes = [asdict(change) for change in found.changes]
        event({"event": "diff", "changes": changes, "recipe": found.recipe, "pixels": pixels, "notes": found.notes})
        return
    for told in found.notes:
        note(told)
    for change in found.changes:
        result(f"{change.what}: {change.before} -> {change.after}")
    for line in found.recipe:
        result(line)
    if found.largest is None or found.mean is None:
        (height, width), (other_height, other_width) = found.sizes
        result(f"pixels: not compared, {width}x{height} and {other_width}x{other_height} or another number of frames")
    elif found.largest == 0:
        result("pixels: the same")
    else:
        result(f"pixels: differ by {found.mean:.2f} levels of 255 on average, {found.largest:.0f} at most")
    if out is not None and found.picture is not None:
        note(f"where they differ: {out}")
