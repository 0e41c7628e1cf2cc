"""`artforge gallery`: build a static site from rendered works, and look at it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from artforge.cli.console import note, result, warn
from artforge.core.errors import UsageError

gallery_app = typer.Typer(
    help="Build a static site from rendered works. Example: artforge gallery --from out --to gallery",
    rich_markup_mode=None,
)

_DEFAULT_SOURCE = Path("out")
_DEFAULT_TARGET = Path("gallery")

SourceOption = Annotated[
    Path | None,
    typer.Option("--from", metavar="DIR", help="Folder of rendered works, nested as you like. [default: out]"),
]
TargetOption = Annotated[
    Path | None,
    typer.Option("--to", metavar="DIR", help="The site: new, empty, or a gallery to replace. [default: gallery]"),
]
TitleOption = Annotated[str | None, typer.Option("--title", help="Heading of the wall. [default: Gallery]")]


@gallery_app.callback(invoke_without_command=True)
def gallery_command(
    context: typer.Context, source: SourceOption = None, target: TargetOption = None, title: TitleOption = None
) -> None:
    """Build a gallery (the same as `gallery build`). Example: artforge gallery --from out --to gallery"""
    if context.invoked_subcommand is None:
        _build(source, target, title)
    elif (source, target, title) != (None, None, None):
        verb = context.invoked_subcommand
        raise UsageError(
            f"options go behind the verb: artforge gallery {verb} ... (see artforge gallery {verb} --help)"
        )


@gallery_app.command("build")
def build_command(source: SourceOption = None, target: TargetOption = None, title: TitleOption = None) -> None:
    """Build a static site: no server, no script needed. Example: artforge gallery build --from out --to gallery"""
    _build(source, target, title)


def _build(source: Path | None, target: Path | None, title: str | None) -> None:
    from artforge.gallery.site import build_site
    from artforge.gallery.words import count, format_bytes

    site = build_site(source or _DEFAULT_SOURCE, target or _DEFAULT_TARGET, title=title or "Gallery")
    for warning in site.warnings:
        warn(warning)
    works, recipes = count(site.num_works, "work"), count(site.num_recipes, "recipe")
    note(f"{works} from {recipes}, {format_bytes(site.num_bytes)}; open it in a browser, or: artforge gallery serve")
    result(str(site.index))


@gallery_app.command("serve")
def serve_command(
    folder: Annotated[Path, typer.Option("--dir", metavar="DIR", help="The gallery to show.")] = _DEFAULT_TARGET,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 8000,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open it in the default browser.")] = False,
) -> None:
    """Show a gallery to this machine only, until Ctrl-C. Example: artforge gallery serve --dir gallery --port 8000"""
    from artforge.gallery.server import LOOPBACK, open_server

    with open_server(folder, port) as server:
        url = f"http://{LOOPBACK}:{server.server_address[1]}/"
        note(f"showing {folder} to this machine only; Ctrl-C ends it")
        result(url)
        if open_browser:
            typer.launch(url)
        try:
            server.serve_forever(poll_interval=0.1)
        except KeyboardInterrupt:
            note("closed")
