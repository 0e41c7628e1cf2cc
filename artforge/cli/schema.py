"""`artforge schema`: what editors need to complete and check recipes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from artforge.cli.console import note, result


def schema_command(
    out: Annotated[Path | None, typer.Option("--out", help="File to write; left out, it goes to stdout.")] = None,
) -> None:
    """Write the JSON schema of recipes for editors. Example: artforge schema --out recipe.schema.json"""
    import json

    from artforge.core.files import write_text
    from artforge.core.steps import registered_steps
    from artforge.recipes.schema import recipe_schema
    from artforge.recipes.steps import load_steps
    from artforge.recipes.user_steps import packaged_steps

    load_steps()
    schema = recipe_schema({**packaged_steps().steps, **registered_steps()}.values())
    text = json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
    if out is None:
        result(text.rstrip())
        return
    write_text(out, text)
    result(str(out))
    note(f"in a recipe beside it, this line tells the editor: # yaml-language-server: $schema={out.name}")
