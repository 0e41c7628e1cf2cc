"""`artforge atlas`: a small picture of every filter of a network, on one sheet."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from artforge.cli.console import event, note, result, warn
from artforge.cli.progress_events import ProgressEvents
from artforge.cli.terminal import console, progress_bars

if TYPE_CHECKING:
    from artforge.engine.ascent.atlas import AtlasEntry
    from artforge.engine.models.handle import Model

LEAST_EDGE, LARGEST_EDGE = 32, 512
SHEET, DATA, STATE = "atlas.png", "atlas.json", ".atlas.state"


AtlasOrder = Literal["layer", "colour", "frequency", "orientation"]


def atlas_command(
    model: Annotated[str, typer.Argument(help="A shipped model's name, a run folder, or a .keras or .h5 file.")],
    layer: Annotated[
        list[str] | None,
        typer.Option(
            "--layer", help="Only this layer; may be given again. Else every convolution.", show_default=False
        ),
    ] = None,
    sort: Annotated[AtlasOrder, typer.Option("--sort", help="By layer, or by how the filters look.")] = "layer",
    edge: Annotated[
        int, typer.Option("--edge", min=LEAST_EDGE, max=LARGEST_EDGE, help="Edge of a picture in pixels.")
    ] = 96,
    seed: Annotated[int, typer.Option("--seed", help="Of the noise that all filters begin with.")] = 0,
    out: Annotated[Path, typer.Option("--out", help="Folder for the sheet and its data.")] = Path("atlas"),
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object per event on stdout: progress, and at the end atlas.")
    ] = False,
) -> None:
    """See what every filter of a network looks for. Example: artforge atlas hand_vs_algo --layer conv5 --sort colour

    One that was stopped goes on where it was when it is asked for again.
    """
    from artforge.core.files import make_folder, write_text
    from artforge.core.pictures import write_png
    from artforge.engine.ascent.atlas import atlas
    from artforge.engine.ascent.checkpoint import StateFile
    from artforge.engine.models.store import load_model, resolve_model
    from artforge.ops.contact_sheet import contact_sheet
    from artforge.ops.layout import landscape_columns

    path = resolve_model(model, base=Path())
    with console.status("opening the model ..."):
        loaded = load_model(path)
    for name in layer or []:
        loaded.find_layer(name)
    make_folder(out)
    check_place(out)
    state_file = StateFile(out / STATE, spare=True)
    with progress_bars(console) as bars:
        task = bars.add_task("filters", total=None)
        events = ProgressEvents(model=loaded.name)

        def on_filter(done: int, total: int) -> None:
            bars.update(task, completed=done, total=total)
            if as_json:
                events.tell("atlas", done / total, f"{done} of {total} filters")

        entries = atlas(
            loaded,
            layers=layer,
            edge=edge,
            seed=seed,
            on_filter=on_filter,
            state_file=state_file,
        )
    entries = in_order(entries, sort)
    columns = landscape_columns(len(entries), 1.0)
    sheet = contact_sheet(
        [entry.picture for entry in entries],
        [f"{entry.index}{' dead' if entry.is_dead else ''}  {entry.layer}" for entry in entries],
        columns=columns,
        cell_size=edge,
        title=f"{loaded.name}: {len(entries)} filters",
    )
    write_png(out / SHEET, sheet)
    write_text(out / DATA, json.dumps(told(entries, loaded, columns=columns, sort=sort, seed=seed), indent=1) + "\n")
    state_file.remove()
    if as_json:
        event({"event": "atlas", "sheet": str(out / SHEET), "data": str(out / DATA), "filters": len(entries)})
    else:
        result(str(out / SHEET))
        result(str(out / DATA))
    dead = [f"{entry.layer} {entry.index}" for entry in entries if entry.is_dead]
    if dead:
        warn(f"{len(dead)} of {len(entries)} filters do not respond to anything: {', '.join(dead)}")
    broken = [f"{entry.layer} {entry.index}" for entry in entries if entry.is_broken]
    if broken:
        warn(f"for {len(broken)} of {len(entries)} filters the network's gradient is not a number: {', '.join(broken)}")
    which = "" if model == "hand_vs_algo" else f"--set model={shlex.quote(model)} "
    note(f"grow one of them: artforge render recipes/filter_pattern.yaml {which}--set layer=LAYER --set filter=NUMBER")


def check_place(folder: Path) -> None:
    """Hours of growing must not end at a folder that takes no files.

    Raises:
        OutputError: it takes none, or something stands where one should go.
    """
    from artforge.core.errors import OutputError
    from artforge.core.files import check_writable

    for name in (SHEET, DATA):
        if (folder / name).is_dir():
            raise OutputError(f"{folder / name}: a folder stands where the file should go. Choose another --out.")
    check_writable(folder)


def in_order(entries: list[AtlasEntry], sort: AtlasOrder) -> list[AtlasEntry]:
    """The entries in the order asked for."""
    from artforge.engine.ascent.look import order_by_look

    looks = [entry.look for entry in entries]
    return entries if sort == "layer" else [entries[position] for position in order_by_look(looks, sort)]


def told(entries: list[AtlasEntry], model: Model, *, columns: int, sort: AtlasOrder, seed: int) -> dict[str, Any]:
    """The sheet as data: where each filter stands on it, and how it looks."""
    return {
        "model": model.name,
        "sha256": model.sha256,
        "sort": sort,
        "seed": seed,
        "columns": columns,
        "filters": [
            {
                "layer": entry.layer,
                "filter": entry.index,
                "row": number // columns,
                "column": number % columns,
                "value": round(entry.value, 6),
                "dead": entry.is_dead,
                "broken": entry.is_broken,
                **entry.look.as_dict(),
            }
            for number, entry in enumerate(entries)
        ],
    }
