"""`artforge check`: recipes in, every mistake out."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from artforge.cli.console import event, result, results_alone, tell_error, warn
from artforge.core.errors import RecipeError

RecipeFiles = Annotated[
    list[Path], typer.Argument(metavar="RECIPE...", help="Recipe files (YAML).", show_default=False)
]


def check_command(
    recipes: RecipeFiles,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per recipe on stdout.")] = False,
) -> None:
    """Check recipes without rendering: every mistake at once, with its line. Example: artforge check recipes/*.yaml"""
    with _without_collecting(), results_alone():
        faults = [fault for path in recipes if (fault := _check(path, as_json=as_json)) is not None]
    if faults:
        raise RecipeError("\n".join(faults))


def _check(path: Path, *, as_json: bool) -> str | None:
    """Tell of one recipe; its faults, or None."""
    from artforge.recipes.check import check_file
    from artforge.recipes.overrides import Overrides
    from artforge.recipes.variants import count_variants

    try:
        checked = check_file(path)
    except RecipeError as error:
        tell_error(str(error), as_json=as_json)
        return str(error)
    count = count_variants(checked.recipe, Overrides())
    outputs = list(checked.recipe.outputs)
    if as_json:
        found = {"variants": count, "outputs": outputs, "warnings": list(checked.warnings)}
        event({"event": "checked", "recipe": str(path), **found})
        return None
    result(f"{path}: good ({count:,} variant{'s' if count > 1 else ''}; outputs: {', '.join(outputs)})")
    for warning in checked.warnings:
        warn(warning)
    return None


@contextmanager
def _without_collecting() -> Iterator[None]:
    """No looking for garbage: a check leaves none, and all that it imports would be looked through several times."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
