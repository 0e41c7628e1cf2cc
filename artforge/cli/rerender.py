"""`artforge rerender`: a work made again from what it says of itself."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from artforge.cli.console import event, note, require_files, result, results_alone, warn


def rerender_command(
    file: Annotated[Path, typer.Argument(help="A work of artforge, in any format.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="Folder for the new file.")] = Path("rerendered"),
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Make it with another value; as for artforge render."),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Make it with another seed.")] = None,
    ingredients: Annotated[
        list[Path] | None,
        typer.Option(
            "--ingredients", metavar="DIR", help="Look here too for the pictures and models that went into it."
        ),
    ] = None,
    trust_ops: Annotated[
        bool, typer.Option("--trust-ops", help="Run the Python files that the recipe inside names.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Take nothing from the cache.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Make a work again from the file alone, or say what differs. Example: artforge rerender out/tide/still.png"""
    from artforge.recipes.cache import Cache, cache_folder, cache_limit
    from artforge.recipes.overrides import parse_overrides
    from artforge.recipes.rerender import Request, rerender

    require_files(file)
    overrides = parse_overrides(assignments or [], seed)
    request = Request(file, out, overrides, tuple(ingredients or ()), trust_ops)
    with TemporaryDirectory(prefix="artforge-cache-") as empty, results_alone():
        again = rerender(request, Cache(Path(empty) if fresh else cache_folder(), cache_limit()), warn)
    seen = () if again.shown is None else again.shown.told
    changed = bool(overrides.params or overrides.places or seed is not None)
    if as_json:
        told = {"event": "rerendered", "file": str(again.path), "identical": again.identical}
        differences = [] if changed else [*again.differences, *seen]
        event({**told, "same_pixels": again.same_pixels, "differences": differences})
        return
    result(str(again.path))
    if changed:
        return
    if again.identical:
        note("the same file, byte for byte")
        return
    what = "bytes" if again.shown is None else again.shown.what
    note(f"{f'the same {what} in other bytes' if again.same_pixels else f'not the same {what}'}; what differs:")
    for difference in (*seen, *again.differences):
        note(f"  {difference}")
