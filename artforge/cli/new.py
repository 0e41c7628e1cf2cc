"""`artforge new`: a recipe to begin from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from artforge.cli.console import note, result
from artforge.core.errors import UsageError


def new_command(
    name: Annotated[str, typer.Argument(help="What the recipe is to be called.", show_default=False)],
    template: Annotated[str, typer.Option("--template", help="The kind of work: sweep, film or ascent.")] = "sweep",
    out: Annotated[Path, typer.Option("--out", help="Folder for the recipe.")] = Path("recipes"),
) -> None:
    """Write a recipe to begin from; it renders as it is. Example: artforge new "evening tide" --template film"""
    from artforge.core.files import write_text
    from artforge.recipes.starters import starter_recipe

    file_name, text = starter_recipe(name, template)
    path = out / file_name
    if path.exists():
        raise UsageError(f"{path} stands there already and is left as it is; choose another name or --out folder")
    write_text(path, text)
    result(str(path))
    note(f"look at it with: artforge render {path} --preview")
