"""`artforge render`: recipes in, works out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from artforge.cli.check import RecipeFiles
from artforge.cli.console import note, results_alone
from artforge.cli.stopping import finishing_first
from artforge.core.errors import UsageError

if TYPE_CHECKING:
    from artforge.cli.rendering import Session

MOST_JOBS = 4
"""Threads that are taken unasked: each holds pictures of its own."""


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
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="One JSON object per event on stdout: started, progress, node, notice, remark, file, error, finished.",
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Say what would be made; write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Render a sweep of more than 1000 variants too.")] = False,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", "-k", help="Where a file or recipe fails, still make the others.")
    ] = False,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            "-j",
            min=1,
            max=64,
            help="Files and frames computed at once; 1 needs the least memory.",
            show_default="the number of cores, at most 4",
        ),
    ] = min(MOST_JOBS, os.cpu_count() or 1),
    metadata: Annotated[
        bool,
        typer.Option(
            "--metadata/--no-metadata", help="Write how it was made into each file and beside it, or neither."
        ),
    ] = True,
    watch: Annotated[
        bool, typer.Option("--watch", help="Preview again whenever a recipe, or a file it reads, is saved.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", min=1, max=256, help="Render with so many processes of this machine.", show_default=False
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler",
            metavar="tcp://HOST:PORT",
            help="Render with the workers of a Dask scheduler; all machines see the same folders and cache.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Render recipes into prints, contact sheets and films. Example: artforge render recipes/heatmap_sweep.yaml"""
    from artforge.cli.rendering import Session
    from artforge.recipes.cache import Cache, cache_folder, cache_limit
    from artforge.recipes.overrides import parse_overrides
    from artforge.recipes.plan import PREVIEW_SCALE

    session = Session(
        out,
        parse_overrides(assignments or [], seed),
        Cache(cache_folder(), cache_limit()),
        PREVIEW_SCALE if preview or watch else 1.0,
        jobs=jobs,
        metadata=metadata,
        keep_going=keep_going or watch,
        as_json=as_json,
        many=yes,
    )
    if watch and dry_run:
        raise UsageError("--watch and --dry-run: take one; a watch renders what it says")
    with results_alone():
        _run(session, recipes, dry_run=dry_run, watch=watch, workers=workers, scheduler=scheduler)


def _run(
    session: Session, recipes: list[Path], *, dry_run: bool, watch: bool, workers: int | None, scheduler: str | None
) -> None:
    """Do with the recipes what the command was told.

    Raises:
        typer.Exit: with the code of a render.
    """
    if watch:
        from artforge.cli.watching import watch as watch_recipes

        with _workers(session, workers, scheduler):
            watch_recipes(session, recipes)
    checked = session.check(recipes)
    if dry_run:
        for each in checked:
            session.show_plan(each)
        return
    for each in checked:
        session.refuse_many(each)
    try:
        with _workers(session, workers, scheduler), finishing_first(_tell_stopping) as is_stopped:
            for each in checked:
                if is_stopped():
                    raise KeyboardInterrupt
                session.render(each, is_stopped)
    except KeyboardInterrupt:
        session.tell_end(stopped=True)
        raise  # the exit code is 130
    session.tell_end()
    raise typer.Exit(session.exit_code)


def _tell_stopping() -> None:
    note("Ctrl-C: what is begun is finished first; once more stops at once")


@contextmanager
def _workers(session: Session, num_workers: int | None, address: str | None) -> Iterator[None]:
    """Within the block the session's work is done by workers, where any are wanted."""
    if num_workers is None and address is None:
        yield
        return
    if num_workers is not None and address is not None:
        raise UsageError("--workers and --scheduler: take one; a scheduler has workers of its own")
    try:
        from artforge.recipes.cluster import local_farm, remote_farm
    except ImportError as error:
        raise UsageError(
            f"--workers and --scheduler need dask.distributed ({error}): pip install 'artforge[cluster]'"
        ) from error
    farm = local_farm(session.store, num_workers) if num_workers else remote_farm(session.store, str(address))
    with farm as ready:
        session.prepared = ready.prepare
        yield
