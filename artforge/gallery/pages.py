"""The site's text files: the wall, a page for each work, the recipes and the one style sheet."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from artforge.core.provenance import Provenance
from artforge.gallery import words
from artforge.gallery.media import HungWork
from artforge.gallery.names import slug, unique_names
from artforge.gallery.works import KIND_ORDER

WORKS_FOLDER = "works"
RECIPES_FOLDER = "recipes"
_LARGE_HANG = 3
"""So few prints in a section hang as large as its films and sheets."""

_STRIP = 24
"""The most thumbnails in one strip of a work's page."""


@dataclass(frozen=True)
class Piece:
    """One work as the pages speak of it; addresses are relative to the site's root."""

    hung: HungWork
    address: str
    recipe_address: str
    section_address: str
    name: str

    @property
    def record(self) -> Provenance:
        """What the work says of itself."""
        return self.hung.work.provenance

    @property
    def title(self) -> str:
        """The work's own title, or its recipe's name."""
        return self.record.title.strip() or words.humanize(self.record.recipe_name)

    @property
    def variant(self) -> str:
        """What was varied for it, in words; empty where nothing was."""
        return words.format_settings(self.record.variant)

    @property
    def alt(self) -> str:
        """What can be seen, for those who cannot see it."""
        return self.record.alt.strip() or self.title

    @property
    def ratio(self) -> float:
        """Width over height."""
        return self.hung.width / self.hung.height

    @property
    def ratio_class(self) -> str:
        """The style sheet's name for the shape: inline styles are what the content policy forbids."""
        return f"r{round(self.ratio * 1000)}"

    @property
    def width_class(self) -> str:
        """The style sheet's name for the width in pixels."""
        return f"w{self.hung.width}"

    @property
    def duration(self) -> str:
        """How long a film runs; empty for a picture."""
        return words.format_seconds(self.hung.seconds) if self.hung.seconds else ""


@dataclass(frozen=True)
class Hanging:
    """Works side by side: in columns where all have one shape, else in rows of one height."""

    pieces: tuple[Piece, ...]
    large: bool

    @property
    def in_columns(self) -> bool:
        """True where every work has the same shape to within a percent."""
        ratios = [piece.ratio for piece in self.pieces]
        return max(ratios) <= 1.01 * min(ratios)


@dataclass(frozen=True)
class Section:
    """All works of one recipe."""

    address: str
    title: str
    description: str
    pieces: tuple[Piece, ...]

    @cached_property
    def counts(self) -> str:
        """`1 film, 1 contact sheet, 9 prints`."""
        kinds = Counter(piece.record.kind for piece in self.pieces)
        return ", ".join(words.count(kinds[kind], words.KIND_WORDS[kind].lower()) for kind in KIND_ORDER if kinds[kind])

    @cached_property
    def hangings(self) -> list[Hanging]:
        """Films and sheets large, then the prints."""
        leads = tuple(piece for piece in self.pieces if piece.record.kind != "still")
        prints = tuple(piece for piece in self.pieces if piece.record.kind == "still")
        hangings = [Hanging(leads, large=True), Hanging(prints, large=len(prints) <= _LARGE_HANG)]
        return [hanging for hanging in hangings if hanging.pieces]


def arrange(sections: Sequence[Sequence[HungWork]]) -> list[Section]:
    """Name every page and file of the site.

    Args:
        sections: the works of each recipe, in the order they hang.
    """
    works = [hung for section in sections for hung in section]
    texts = [_recipe_bytes(hung) for hung in works]
    recipe_digests = [hashlib.sha256(text).hexdigest() for text in texts]
    recipe_names = unique_names([hung.work.provenance.recipe_name for hung in works], recipe_digests, fallback="recipe")
    page_names = unique_names(
        [_page_title(hung) for hung in works], [hung.work.sha256 for hung in works], fallback="work"
    )
    addresses = iter(zip(page_names, recipe_names, strict=True))
    arranged: list[Section] = []
    taken: Counter[str] = Counter()
    for section in sections:
        records = [hung.work.provenance for hung in section]
        stem = slug(records[0].recipe_name, fallback="recipe")
        taken[stem] += 1
        anchor = stem if taken[stem] == 1 else f"{stem}--{taken[stem]}"
        pieces = []
        for hung, name in zip(section, _card_names(records), strict=True):
            page, recipe = next(addresses)
            pieces.append(
                Piece(
                    hung, f"{WORKS_FOLDER}/{page}.html", f"{RECIPES_FOLDER}/{recipe}.yaml", f"index.html#{anchor}", name
                )
            )
        title = _shared([piece.title for piece in pieces]) or words.humanize(records[0].recipe_name) or "Untitled"
        description = _shared([record.description.strip() for record in records]) or ""
        arranged.append(Section(anchor, title, description, tuple(pieces)))
    return arranged


def _recipe_bytes(hung: HungWork) -> bytes:
    return hung.work.provenance.recipe_text.encode("utf-8")


def _page_title(hung: HungWork) -> str:
    record = hung.work.provenance
    return " ".join([record.title, words.format_settings(record.variant)])


def _shared(texts: Sequence[str]) -> str | None:
    return texts[0] if len(set(texts)) == 1 else None


def _card_names(records: Sequence[Provenance]) -> list[str]:
    """What stands under each work of a recipe: its title where titles differ, else what sets it apart."""
    if len({record.title for record in records}) > 1:
        return [record.title.strip() or words.humanize(record.recipe_name) for record in records]
    outputs = {(record.kind, record.output) for record in records}
    same_kind = Counter(kind for kind, _ in outputs)
    names = []
    for record in records:
        kind = words.KIND_WORDS[record.kind]
        if record.kind == "still" and record.variant:
            kind = ""
        elif same_kind[record.kind] > 1:
            kind = f"{kind}: {words.humanize(record.output).lower()}"
        parts = [kind, words.format_settings(record.variant)]
        names.append(", ".join(part for part in parts if part))
    return names


def render_pages(sections: Sequence[Section], title: str) -> dict[str, bytes]:
    """Every text file of the site, by its address."""
    environment = Environment(
        loader=PackageLoader("artforge.gallery"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"words": words, "site_title": title}
    pieces = [piece for section in sections for piece in section.pieces]
    wall = environment.get_template("wall.html").render(root="", sections=sections, num_works=len(pieces))
    pages = {
        "index.html": wall.encode("utf-8"),
        "style.css": _style_sheet(pieces),
        "icon.svg": _package_file("icon.svg"),
    }
    work_page = environment.get_template("work.html")
    neighbours = zip([None, *pieces], pieces, [*pieces[1:], None], strict=False)
    section_of = (section for section in sections for _ in section.pieces)
    for section, (previous, piece, following) in zip(section_of, neighbours, strict=True):
        series = [other for other in section.pieces if other.record.output == piece.record.output]
        others = [other for other in section.pieces if other.record.output != piece.record.output]
        page = work_page.render(
            root="../",
            piece=piece,
            section=section,
            previous=previous,
            following=following,
            series=_around(series, next(place for place, other in enumerate(series) if other is piece)),
            num_series=len(series),
            others=_around(others, 0),
        )
        pages[piece.address] = page.encode("utf-8")
        pages[piece.recipe_address] = _recipe_bytes(piece.hung)
    return pages


def _around(pieces: Sequence[Piece], place: int) -> Sequence[Piece]:
    """At most `_STRIP` works around one place: a page must stay light where a series is long."""
    start = max(0, min(place - _STRIP // 2, len(pieces) - _STRIP))
    return pieces[start : start + _STRIP]


def _style_sheet(pieces: Sequence[Piece]) -> bytes:
    """The style sheet, and after it the shapes and widths of these works."""
    rules = {f".{piece.ratio_class} {{ --ratio: {round(piece.ratio * 1000) / 1000:g} }}" for piece in pieces}
    rules |= {f".{piece.width_class} {{ --natural: {piece.hung.width}px }}" for piece in pieces}
    return _package_file("style.css") + "\n".join(["", *sorted(rules), ""]).encode()


def _package_file(name: str) -> bytes:
    return files("artforge.gallery").joinpath("templates", name).read_bytes()
