"""The site's text files: the wall, a page for each work, the recipes, the feeds and the one style sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from artforge.gallery import feeds, words
from artforge.gallery.data import DATA_NAME, works_script
from artforge.gallery.hanging import WallPage, wall_pages
from artforge.gallery.highlight import highlight
from artforge.gallery.media import LIGHT_BYTES, SHOWN_SUFFIXES
from artforge.gallery.pictures import THUMB_FORMATS, Picture
from artforge.gallery.pieces import Piece, Section, recipe_bytes, recipe_file_name
from artforge.gallery.series import around, first_of, varying_setting
from artforge.gallery.settings import GallerySettings
from artforge.gallery.stages import embedded_sources, stages_of
from artforge.gallery.state import code_digest, digest_of
from artforge.gallery.style import ground_rules, package_file, policy, style_sheet

FONTS_FOLDER = "fonts"

_FONTS = ("EBGaramond-Regular.woff2", "EBGaramond-Italic.woff2", "OFL.txt")
_MANY_SECTIONS = 24


class TextFile(NamedTuple):
    """One file of the site: its address, a digest of all that it shows, and how it is written."""

    address: str
    key: str
    content: Callable[[], bytes]


@dataclass(frozen=True)
class Site:
    """What all pages are made from.

    Attributes:
        sections: the works.
        settings: the artist's words, `title` among them.
        sources: pictures of ingredients by their SHA-256, or by the name of one that is no file.
    """

    sections: Sequence[Section]
    settings: GallerySettings
    sources: Mapping[str, Picture]

    @property
    def pieces(self) -> list[Piece]:
        """All works in the order they hang."""
        return [piece for section in self.sections for piece in section.pieces]


def text_files(site: Site) -> Iterator[TextFile]:
    """Every text file of the site; none is written before it is asked for."""
    writer = _Writer(site)
    yield from writer.static_files()
    walls = list(wall_pages(site.sections))
    for number in range(len(walls)):
        yield writer.wall(walls, number)
    yield from writer.work_pages()
    pieces = site.pieces
    for address, piece in {piece.recipe_address: piece for piece in pieces}.items():
        yield TextFile(address, address, lambda piece=piece: recipe_bytes(piece.record))  # type: ignore[misc]
    every = [piece.digest for piece in pieces]
    settings = site.settings
    yield TextFile(DATA_NAME, writer.key("data", every), lambda: works_script(site.sections))
    yield TextFile(feeds.FEED_NAME, writer.key("feed", every), lambda: feeds.feed(pieces, settings, settings.title))
    if settings.base_url:
        addresses = [*(wall.address for wall in walls), *(piece.address for piece in pieces)]
        yield TextFile(feeds.SITEMAP_NAME, writer.key("map", addresses), lambda: feeds.sitemap(addresses, settings))


class _Writer:
    """Fills the templates of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._pieces = site.pieces
        self._key = digest_of(code_digest(), repr(_without_words(site.settings)))
        self._stages = stages_of(self._pieces, site.sources)
        self._page_of = {file.sha256: piece for piece in self._pieces for file in piece.hung.work.artifacts}
        self._strips: dict[str, str] = {}

    def key(self, *parts: object) -> str:
        """Stands for a file that shows `parts`, with these settings and this version of the gallery."""
        return digest_of(self._key, *parts)

    def static_files(self) -> Iterator[TextFile]:
        """What is the same in every gallery, but for the colours of the theme."""
        style = style_sheet(self._site.settings)
        yield TextFile("style.css", digest_of(style.decode()), lambda: style)
        for address in ("gallery.js", "icon.svg"):
            yield TextFile(address, code_digest(), lambda address=address: package_file("templates", address))  # type: ignore[misc]
        for name in _FONTS:
            yield TextFile(f"{FONTS_FOLDER}/{name}", code_digest(), lambda name=name: package_file("fonts", name))  # type: ignore[misc]

    def wall(self, walls: Sequence[WallPage], number: int) -> TextFile:
        """One page of the wall."""
        wall = walls[number]
        first_page_only = [[section.title, section.address, len(section.pieces)] for section in self._site.sections]
        contents = [] if number else first_page_only
        shown = [[part.section.description, part.section.counts, part.is_first] for part in wall.parts]
        digests = [piece.digest for piece in wall.pieces]

        def content() -> bytes:
            return self._fill(
                "wall.html",
                root="",
                wall=wall,
                number=number,
                walls=walls,
                sections=self._site.sections,
                many_sections=len(self._site.sections) > _MANY_SECTIONS,
                num_works=len(self._pieces),
                style=ground_rules((piece.id, piece.hung.picture) for piece in wall.pieces),
                schema=feeds.schema_of_gallery(wall.pieces, self._site.settings, self._site.settings.title),
            )

        return TextFile(wall.address, self.key("wall", number, len(walls), contents, shown, digests), content)

    def work_pages(self) -> Iterator[TextFile]:
        """A page for each work."""
        neighbours = iter(zip([None, *self._pieces], self._pieces, [*self._pieces[1:], None], strict=False))
        for section in self._site.sections:
            series_of: dict[str, list[Piece]] = {}
            for piece in section.pieces:
                series_of.setdefault(piece.record.output, []).append(piece)
            places = {one.id: place for series in series_of.values() for place, one in enumerate(series)}
            for _ in section.pieces:
                previous, piece, following = next(neighbours)
                series = series_of[piece.record.output]
                others = [one for output, each in series_of.items() if output != piece.record.output for one in each]
                yield self._work_page(
                    piece,
                    section,
                    (previous, following),
                    around(series, places[piece.id]),
                    len(series),
                    first_of(others),
                )

    def _work_page(
        self,
        piece: Piece,
        section: Section,
        neighbours: tuple[Piece | None, Piece | None],
        series: Sequence[Piece],
        num_series: int,
        others: Sequence[Piece],
    ) -> TextFile:
        stages = self._stages.get(piece.id, [])
        ingredients = [self._ingredient(one.name, one.sha256, piece) for one in piece.ingredients("picture")]
        ingredients += [
            _Ingredient(words.embedded_words(name), "", self._site.sources.get(name), "")
            for name in embedded_sources(piece.record)
        ]
        key = self.key(
            piece.digest,
            section.title,
            section.address,
            [each.address if each else None for each in neighbours],
            [each.digest for each in series],
            num_series,
            [each.digest for each in others],
            [[stage.kind, stage.label, stage.alt, stage.picture.addresses, stage.page] for stage in stages],
            [[each.page, each.picture.addresses if each.picture else None] for each in ingredients],
        )

        def content() -> bytes:
            grounds = {each.id: each.hung.picture for each in (piece, *series, *others)}
            setting = varying_setting(series)
            return self._fill(
                "work.html",
                root="../",
                piece=piece,
                section=section,
                previous=neighbours[0],
                following=neighbours[1],
                series=series,
                num_series=num_series,
                setting=setting,
                others=others,
                stages=stages,
                ingredients=ingredients,
                is_light=_is_light(piece),
                recipe=highlight(piece.record.recipe_text),
                recipe_name=recipe_file_name(piece),
                style=ground_rules(grounds.items()),
                schema=feeds.schema_of_work(piece, self._site.settings),
            )

        return TextFile(piece.address, key, content)

    def _ingredient(self, name: str, sha256: str, piece: Piece) -> _Ingredient:
        hung = self._page_of.get(sha256)
        if hung is not None and hung is not piece:
            return _Ingredient(name, sha256, hung.hung.picture, hung.address)
        return _Ingredient(name, sha256, self._site.sources.get(sha256), "")

    def _in_strip(self, piece: Piece) -> str:
        """The work in a strip, the same on every page."""
        if piece.id not in self._strips:
            pieces: Any = environment().get_template("pieces.html").module
            self._strips[piece.id] = pieces.in_strip(piece)
        return self._strips[piece.id]

    def _fill(self, template: str, *, style: str, **values: object) -> bytes:
        settings = self._site.settings
        text = (
            environment()
            .get_template(template)
            .render(
                settings=settings,
                site_title=settings.title,
                style=style,
                policy=policy(style),
                in_strip_once=self._in_strip,
                **values,
            )
        )
        return text.encode("utf-8", "replace")  # half a pair of characters is no text


@cache
def environment() -> Environment:
    """The templates, read and compiled once."""
    templates = Environment(
        loader=PackageLoader("artforge.gallery"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals |= {"words": words, "thumb_formats": THUMB_FORMATS}
    return templates


class _Ingredient(NamedTuple):
    """A picture that went into a work: what it looks like where that is known, and its page where it hangs itself."""

    name: str
    sha256: str
    picture: Picture | None
    page: str


def _without_words(settings: GallerySettings) -> GallerySettings:
    """The settings less what single works tell by their own digests."""
    return replace(settings, titles={}, captions={}, alt={}, places=(), order=(), hidden=())


def _is_light(piece: Piece) -> bool:
    """Whether the file itself stands on the page of its work, not a smaller picture of it."""
    first = piece.hung.files[0]
    moves = piece.record.kind == "film"
    return first.suffix in SHOWN_SUFFIXES and (moves or first.num_bytes <= LIGHT_BYTES)
