"""`artforge gallery`: build a static site from rendered works, look at it, pack it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from artforge.cli.console import note, report_error, result, warn
from artforge.core.errors import ArtforgeError, UsageError

if TYPE_CHECKING:
    from artforge.core.provenance import Provenance
    from artforge.core.values import Image
    from artforge.gallery.likes import Freeze
    from artforge.gallery.session import Session
    from artforge.gallery.site import BuiltSite, Judge
    from artforge.gallery.watching import Watch

gallery_app = typer.Typer(
    help="A site from rendered works, whole without a server. Example: artforge gallery --from out --to gallery",
    rich_markup_mode=None,
)

_DEFAULT_SOURCE = Path("out")
_DEFAULT_TARGET = Path("gallery")
_DEFAULT_LIKED = Path("recipes/liked")
_SOURCE_EDGE = 1080

SourceOption = Annotated[
    Path | None,
    typer.Option("--from", metavar="DIR", help="Folder of rendered works, nested as you like. [default: out]"),
]
TargetOption = Annotated[
    Path | None,
    typer.Option("--to", metavar="DIR", help="The site: new, empty, or a gallery to replace. [default: gallery]"),
]
TitleOption = Annotated[str | None, typer.Option("--title", help="Heading of the wall. [default: Gallery]")]
SettingsOption = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        metavar="FILE",
        help="Statement, order, captions, colours. [default: gallery.yaml among the works]",
    ),
]
BaseUrlOption = Annotated[
    str | None,
    typer.Option("--base-url", metavar="URL", help="Where the site will stand on the web: for its feed and previews."),
]

ProbabilitiesOption = Annotated[
    bool,
    typer.Option(
        "--probabilities", help="Ask the networks how sure they are of each new still, and of what it was made from."
    ),
]


@dataclass(frozen=True)
class _Order:
    """What is built, where to, and how."""

    source: Path | None
    target: Path | None
    title: str | None
    settings: Path | None
    base_url: str | None
    probabilities: bool = False

    def build(self) -> BuiltSite:
        from artforge.gallery.site import build_site

        return build_site(
            self.source or _DEFAULT_SOURCE,
            self.target or _DEFAULT_TARGET,
            title=self.title,
            settings=self.settings,
            base_url=self.base_url,
            draw=_draw_source,
            judge=self._judge if self.probabilities else None,
        )

    @cached_property
    def _judge(self) -> Judge:
        from artforge.recipes.judging import Judge

        source = self.source or _DEFAULT_SOURCE
        return Judge([source.parent])


def _draw_source(name: str) -> Image:
    """A picture of the embedded set, as it stands on a page."""
    from artforge.ops.load import load

    return load(path=name, long_edge=_SOURCE_EDGE)


@gallery_app.callback(invoke_without_command=True)
def gallery_command(
    context: typer.Context,
    source: SourceOption = None,
    target: TargetOption = None,
    title: TitleOption = None,
    settings: SettingsOption = None,
    base_url: BaseUrlOption = None,
    probabilities: ProbabilitiesOption = False,
) -> None:
    """Build a gallery (the same as `gallery build`). Example: artforge gallery --from out --to gallery"""
    order = _Order(source, target, title, settings, base_url, probabilities)
    if context.invoked_subcommand is None:
        _build(order)
    elif order != _Order(None, None, None, None, None):
        verb = context.invoked_subcommand
        raise UsageError(
            f"options go behind the verb: artforge gallery {verb} ... (see artforge gallery {verb} --help)"
        )


@gallery_app.command("build")
def build_command(
    source: SourceOption = None,
    target: TargetOption = None,
    title: TitleOption = None,
    settings: SettingsOption = None,
    base_url: BaseUrlOption = None,
    probabilities: ProbabilitiesOption = False,
) -> None:
    """Build a static site: no server, no script needed. Example: artforge gallery build --from out --to gallery"""
    _build(_Order(source, target, title, settings, base_url, probabilities))


def _build(order: _Order) -> None:
    site = order.build()
    _tell(site)
    note("open it in a browser, or: artforge gallery serve")
    result(str(site.index))


def _tell(site: BuiltSite) -> None:
    from artforge.gallery.words import count, format_bytes

    for warning in site.warnings:
        warn(warning)
    works, recipes = count(site.num_works, "work"), count(site.num_recipes, "recipe")
    note(f"{works} from {recipes}, {format_bytes(site.num_bytes)}")


@gallery_app.command("serve")
def serve_command(
    folder: Annotated[Path, typer.Option("--dir", metavar="DIR", help="The gallery to show.")] = _DEFAULT_TARGET,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open it in the default browser.")] = False,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="DIR",
            help="Build it from these works first, and again whenever one is new. [default: out, if it is there]",
        ),
    ] = None,
    title: TitleOption = None,
    settings: SettingsOption = None,
    liked: Annotated[
        Path, typer.Option("--liked", metavar="DIR", help="Where the recipes of works that you like are kept.")
    ] = _DEFAULT_LIKED,
    ingredients: Annotated[
        list[Path] | None,
        typer.Option("--ingredients", metavar="DIR", help="Look here too for the pictures and models of liked works."),
    ] = None,
) -> None:
    """Show a gallery to this machine only, until Ctrl-C. Example: artforge gallery serve --from out --open

    New works appear as they are rendered. A work that you like keeps its recipe, every dial as it stood, in
    recipes/liked.
    """
    from artforge.gallery.likes import Likes
    from artforge.gallery.server import LOOPBACK, open_server
    from artforge.gallery.session import Session

    works = source or (_DEFAULT_SOURCE if _DEFAULT_SOURCE.is_dir() else None)
    if works is None and (title or settings):
        raise UsageError("--title and --settings are for building: name the rendered works too, with --from")
    with ExitStack() as stack:
        session: Session | None = None
        if works is not None:
            watch = stack.enter_context(_watch(_Order(works, folder, title, settings, None), must=source is not None))
            likes = Likes(liked, works, _freezer(liked, ingredients or []))
            session = Session(likes, lambda: watch.number)
        server = stack.enter_context(open_server(folder, port, session))
        url = f"http://{LOOPBACK}:{server.server_address[1]}/"
        watched = f"; new works in {works} appear by themselves" if works else ""
        note(f"showing {folder} to this machine only{watched}; Ctrl-C ends it")
        result(url)
        if open_browser:
            typer.launch(url)
        try:
            server.serve_forever(poll_interval=0.1)
        except KeyboardInterrupt:
            note("closed")


def _watch(order: _Order, *, must: bool) -> Watch:
    """Build the site, and watch over its works from the moment before; unless it `must`, the old site will do."""
    from artforge.gallery.watching import Watch

    def build() -> bool:
        try:
            _tell(order.build())
        except ArtforgeError as error:
            report_error(str(error))
            return False
        return True

    watch = Watch(order.source or _DEFAULT_SOURCE, [order.settings] if order.settings else [], build)
    if must:
        _tell(order.build())
    else:
        build()
    return watch


def _freezer(liked: Path, ingredients: list[Path]) -> Freeze:
    """Writes recipes for the folder `liked`; their pictures and models are looked for beside it, too."""
    places = [*ingredients, liked.parent, liked.parent.parent]

    def freeze_work(record: Provenance, beside: Path) -> tuple[str, tuple[str, ...]]:
        from artforge.recipes.freeze import freeze

        frozen = freeze(record, liked, beside, places)
        return frozen.text, frozen.doubts

    return freeze_work


@gallery_app.command("zip")
def zip_command(
    folder: Annotated[Path, typer.Option("--dir", metavar="DIR", help="The gallery to pack.")] = _DEFAULT_TARGET,
    file: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="The file. [default: the folder's name with .zip]")
    ] = None,
) -> None:
    """Pack a gallery into one file, to be sent or carried. Example: artforge gallery zip --to prints.zip"""
    from artforge.gallery.archive import zip_site

    result(str(zip_site(folder, file or folder.with_name(f"{folder.resolve().name}.zip"))))
