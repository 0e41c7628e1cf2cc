"""`artforge recipe`: what a work says of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from artforge.cli.console import result


def recipe_command(
    file: Annotated[Path, typer.Argument(help="A work of artforge, in any format.", show_default=False)],
    as_json: Annotated[
        bool, typer.Option("--json", help="The whole record: params, seeds, steps, ingredients, versions.")
    ] = False,
) -> None:
    """Print the recipe that a work carries. Example: artforge recipe out/tide/loop.mp4 > tide.yaml"""
    from artforge.core.provenance import read_provenance

    provenance = read_provenance(file)
    result(provenance.model_dump_json(indent=1) if as_json else provenance.recipe_text.rstrip("\n"))
