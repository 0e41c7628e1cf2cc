"""`artforge render` and `artforge check`: recipes in, works out."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from artforge.cli.console import console, event, note, result, warn
from artforge.core.errors import ArtforgeError, RecipeError, UsageError

RecipeFiles = Annotated[
    list[Path], typer.Argument(metavar="RECIPE...", help="Recipe files (YAML).", show_default=False)
]


def check_command(
    recipes: RecipeFiles,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per recipe on stdout.")] = False,
) -> None:
    """Check recipes without rendering: every mistake at once, with its line. Example: artforge check recipes/*.yaml"""
    from artforge.recipes.check import check_file
    from artforge.recipes.overrides import Overrides
    from artforge.recipes.variants import count_variants

    faults = []
    for path in recipes:
        try:
            checked = check_file(path)
        except RecipeError as error:
            faults.append(str(error))
            tell_error(str(error), as_json=as_json)
            continue
        count = count_variants(checked.recipe, Overrides())
        outputs = list(checked.recipe.outputs)
        if as_json:
            found = {"variants": count, "outputs": outputs, "warnings": list(checked.warnings)}
            event({"event": "checked", "recipe": str(path), **found})
        else:
            result(f"{path}: good ({count:,} variant{'s' if count > 1 else ''}; outputs: {', '.join(outputs)})")
            for warning in checked.warnings:
                warn(warning)
    if faults:
        raise RecipeError("\n".join(faults))


def render_command(
    recipes: RecipeFiles,
    out: Annotated[
        Path, typer.Option("--out", help="Folder for the works; each recipe gets a folder of its own.")
    ] = Path("out"),
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Turn a param (--set intensity=0.8) or set any place of the recipe (--set outputs.still.size=2400px).",
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Another seed: other chance, same recipe.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="A look at a quarter of the size.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per event on stdout.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Say what would be made; write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Render a sweep of more than 1000 variants too.")] = False,
) -> None:
    """Render recipes into prints, contact sheets and films. Example: artforge render recipes/heatmap_sweep.yaml"""
    from artforge.recipes.cache import Cache, cache_folder, cache_limit
    from artforge.recipes.check import check_file
    from artforge.recipes.overrides import parse_overrides
    from artforge.recipes.plan import PREVIEW_SCALE, Planner
    from artforge.recipes.render import Renderer, render_plan

    started = time.perf_counter()
    overrides = parse_overrides(assignments or [], seed)
    store = Cache(cache_folder(), cache_limit())
    checked = _check_all(recipes, overrides, check_file, as_json=as_json)
    small = [each for each in checked if _is_small(each, overrides, dry_run=dry_run, yes=yes, as_json=as_json)]
    renderers = [
        Renderer(Planner(each, overrides, PREVIEW_SCALE if preview else 1.0), out / each.recipe.name, store)
        for each in small
    ]
    if dry_run:
        for renderer in renderers:
            for planned in render_plan(renderer):
                _show_planned(planned, as_json=as_json)
        return
    rendered = []
    for renderer in renderers:
        try:
            with _reporter(renderer, as_json=as_json) as reporter:
                rendered += renderer.render(reporter)
        except ArtforgeError as error:
            tell_error(str(error), as_json=as_json)
            raise
        except KeyboardInterrupt:
            note("stopped by Ctrl-C; what is finished stays, and the same command goes on from there")
            raise  # the exit code is 130
    for fault in store.faults:
        warn(fault)
    seconds = time.perf_counter() - started
    num_cached = sum(done.cached for done in rendered)
    if as_json:
        event({"event": "done", "files": len(rendered), "cached": num_cached, "seconds": round(seconds, 3)})
    else:
        works = "1 work" if len(rendered) == 1 else f"{len(rendered)} works"
        note(f"{works} in {seconds:.1f} s ({num_cached} from the cache)")


def tell_error(message: str, *, as_json: bool) -> None:
    """An error among the events, for those who read them; people read it on stderr."""
    if as_json:
        event({"event": "error", "message": message})


def _check_all(recipes: list[Path], overrides: Any, check_file: Any, *, as_json: bool) -> list[Any]:
    """Every recipe is checked before the first one is rendered."""
    checked, faults = [], []
    for path in recipes:
        try:
            checked.append(check_file(path, overrides))
        except RecipeError as error:
            faults.append(str(error))
            tell_error(str(error), as_json=as_json)
    if faults:
        raise RecipeError("\n".join(faults))
    for each in checked:
        for warning in each.warnings:
            warn(warning)
    return checked


def _is_small(checked: Any, overrides: Any, *, dry_run: bool, yes: bool, as_json: bool) -> bool:
    """Whether a recipe's files can be listed one by one; of a very large sweep a dry run tells the numbers only.

    Raises:
        UsageError: a render of such a sweep that nobody has confirmed.
    """
    from artforge.recipes.variants import MANY_VARIANTS, count_variants

    count = count_variants(checked.recipe, overrides)
    if count <= MANY_VARIANTS or (yes and not dry_run):
        return True
    if not dry_run:
        raise UsageError(
            f"{checked.recipe.source}: {count:,} variants, more than {MANY_VARIANTS:,}. Look with --dry-run, "
            "sweep less (--set sweep.NAME.count=...), or say --yes"
        )
    for output in checked.recipe.outputs.values():
        files = count * len(output.formats) if output.per == "variant" else len(output.formats)
        if as_json:
            event({"event": "plan", "output": output.name, "files": files, "variants": count})
        else:
            result(f"{output.name}: {files:,} files of {count:,} variants; a render asks for --yes")
    return False


def _show_planned(planned: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        event({"event": "plan", **planned})
        return
    work = "in the cache" if planned["cached"] else f"{planned['pictures']} pictures to draw"
    result(f"{planned['file']}  ({planned['kind']}, {work})")


def _reporter(renderer: Any, *, as_json: bool) -> Any:
    from artforge.cli.progress import RenderProgress

    return RenderProgress(renderer.planner.checked.recipe.name, renderer.artifacts, console, as_json=as_json)
