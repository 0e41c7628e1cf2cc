"""`artforge why`: what a render would take from the cache, and why not the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from artforge.cli.console import event, note, result

_WORDS = {
    "hit": "hit",
    "new": "miss: not rendered before",
    "unkept": "miss: nothing changed; it was quick to make and not kept, or has been dropped",
}


def why_command(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE", help="Recipe file (YAML).", show_default=False)],
    assignments: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="As for artforge render.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="As for artforge render.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="As for artforge render.")] = False,
    out: Annotated[Path, typer.Option("--out", help="As for artforge render.")] = Path("out"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per file and node on stdout.")] = False,
) -> None:
    """Say what is in the cache, and what changed for the rest. Example: artforge why tide.yaml --set intensity=0.8"""
    from artforge.recipes.cache import Cache, cache_folder, cache_limit
    from artforge.recipes.check import check_file
    from artforge.recipes.overrides import parse_overrides
    from artforge.recipes.plan import PREVIEW_SCALE, Planner
    from artforge.recipes.render import Renderer
    from artforge.recipes.why import explain

    overrides = parse_overrides(assignments or [], seed)
    checked = check_file(recipe, overrides)
    planner = Planner(checked, overrides, PREVIEW_SCALE if preview else 1.0)
    renderer = Renderer(planner, out / checked.recipe.name, Cache(cache_folder(), cache_limit()))
    num_files = 0
    for artifact in renderer.artifacts:
        cached = renderer.store.has_sound_file(renderer.file_key(artifact))
        num_files += cached
        if as_json:
            event({"event": "file", "file": artifact.file_name, "state": "hit" if cached else "miss"})
        else:
            result(f"{artifact.file_name}: {'hit' if cached else 'miss'}")
    for verdict in explain(renderer):
        place = verdict.place
        if as_json:
            told: dict[str, Any] = {"event": "node", "node": place.id, "variant": place.variant, "state": verdict.state}
            changes = [{"part": each.part, "before": each.before, "now": each.now} for each in verdict.changes]
            event({**told, "key": place.node.key, "changes": changes})
            continue
        variant = "".join(f" {name}={value}" for name, value in place.variant.items())
        changed = "; ".join(f"{one.part} {_shown(one.before)} -> {_shown(one.now)}" for one in verdict.changes)
        result(f"  {place.id}{variant}: {_WORDS.get(verdict.state) or f'miss: {changed}'}")
    if not as_json:
        note(f"{num_files} of {len(renderer.artifacts)} files lie finished in the cache; their steps need not run")


def _shown(value: Any) -> str:
    return "none" if value is None else str(value)
