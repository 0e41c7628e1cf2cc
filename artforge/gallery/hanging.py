"""Where works hang: in which order, under which names and addresses, and on which page of the wall."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from artforge.core.provenance import Provenance
from artforge.gallery import words
from artforge.gallery.media import HungWork
from artforge.gallery.names import slug, unique_names
from artforge.gallery.pieces import RECIPES_FOLDER, WORKS_FOLDER, Piece, Section, recipe_bytes
from artforge.gallery.settings import GallerySettings, Mention, names_work
from artforge.gallery.works import Work

PAGE_SIZE = 60
"""Works on one page of the wall."""

_LARGE_HANG = 3
"""So few prints in a section hang as large as its films and sheets."""


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
class Part:
    """The works of a section that hang on one page of the wall."""

    section: Section
    pieces: tuple[Piece, ...]

    @property
    def is_first(self) -> bool:
        """Whether the section begins here."""
        return self.pieces[0] is self.section.pieces[0]

    @property
    def hangings(self) -> list[Hanging]:
        """Films and sheets large, then the prints."""
        leads = tuple(piece for piece in self.pieces if piece.record.kind != "still")
        prints = tuple(piece for piece in self.pieces if piece.record.kind == "still")
        hangings = [Hanging(leads, large=True), Hanging(prints, large=len(prints) <= _LARGE_HANG)]
        return [hanging for hanging in hangings if hanging.pieces]


@dataclass(frozen=True)
class WallPage:
    """One page of the wall."""

    address: str
    parts: tuple[Part, ...]

    @property
    def pieces(self) -> list[Piece]:
        """All works on it."""
        return [piece for part in self.parts for piece in part.pieces]


def is_hidden(work: Work, settings: GallerySettings) -> bool:
    """Whether the settings say that a work does not hang, whichever of its files leads it."""
    ids = [Work(work.artifacts[index:]).id for index in range(len(work.artifacts))]
    recipe = work.provenance.recipe_name
    return any(one.text == recipe or any(names_work(one.text, each) for each in ids) for one in settings.hidden)


def in_order(works: Sequence[HungWork], settings: GallerySettings) -> list[list[HungWork]]:
    """The works of each recipe, those that the settings name first; recipes by the first that they name of each.

    Args:
        works: in natural order.
        settings: whose `order` counts.
    """
    last = len(settings.order)

    def place(hung: HungWork) -> int:
        return next((index for index, one in enumerate(settings.order) if _means(one, hung)), last)

    groups = groupby(works, key=lambda hung: hung.work.provenance.recipe_name)
    sections = [sorted(group, key=place) for _, group in groups]
    return sorted(sections, key=lambda section: place(section[0]))


def _means(mention: Mention, hung: HungWork) -> bool:
    return mention.text == hung.work.provenance.recipe_name or names_work(mention.text, hung.work.id)


def wall_address(page: int) -> str:
    """Of a page of the wall, counted from 0."""
    return "index.html" if page == 0 else f"page-{page + 1}.html"


def arrange(sections: Sequence[Sequence[HungWork]], settings: GallerySettings) -> list[Section]:
    """Name every page and file of the site.

    Args:
        sections: the works of each recipe, in the order they hang.
        settings: the artist's words.
    """
    works = [hung for section in sections for hung in section]
    recipe_digests = [hashlib.sha256(recipe_bytes(hung.work.provenance)).hexdigest() for hung in works]
    recipe_names = unique_names([hung.work.provenance.recipe_name for hung in works], recipe_digests, fallback="recipe")
    page_names = unique_names(
        [_page_title(hung) for hung in works], [hung.work.sha256 for hung in works], fallback="work"
    )
    named = iter(zip(page_names, recipe_names, range(len(works)), strict=True))
    arranged: list[Section] = []
    taken: Counter[str] = Counter()
    for section in sections:
        records = [hung.work.provenance for hung in section]
        stem = slug(records[0].recipe_name, fallback="recipe")
        taken[stem] += 1
        anchor = stem if taken[stem] == 1 else f"{stem}--{taken[stem]}"
        pieces = []
        for hung, name in zip(section, _card_names(records), strict=True):
            page, recipe, place = next(named)
            wall = f"{wall_address(place // PAGE_SIZE)}#w-{hung.work.id}"
            addresses = f"{WORKS_FOLDER}/{page}.html", f"{RECIPES_FOLDER}/{recipe}.yaml", wall
            told = settings.told(settings.titles, hung.work.id)
            pieces.append(Piece(hung, *addresses, told or name, settings))
        own = _shared([record.title.strip() for record in records])
        title = own or words.humanize(records[0].recipe_name) or "Untitled"
        description = _shared([record.description.strip() for record in records]) or ""
        address = f"{pieces[0].wall_address.partition('#')[0]}#{anchor}"
        arranged.append(Section(anchor, address, records[0].recipe_name, title, description, tuple(pieces)))
    return arranged


def wall_pages(sections: Sequence[Section]) -> Iterator[WallPage]:
    """The wall, `PAGE_SIZE` works a page; a section goes on over as many pages as it needs."""
    placed = [(section, piece) for section in sections for piece in section.pieces]
    for start in range(0, len(placed), PAGE_SIZE):
        parts: dict[str, tuple[Section, list[Piece]]] = {}
        for section, piece in placed[start : start + PAGE_SIZE]:
            parts.setdefault(section.anchor, (section, []))[1].append(piece)
        hung = tuple(Part(section, tuple(pieces)) for section, pieces in parts.values())
        yield WallPage(wall_address(start // PAGE_SIZE), hung)


def _page_title(hung: HungWork) -> str:
    record = hung.work.provenance
    return " ".join([record.title, words.format_settings(record.variant)])


def _shared(texts: Sequence[str]) -> str | None:
    return texts[0] if len(set(texts)) == 1 else None


def _card_names(records: Sequence[Provenance]) -> list[str]:
    """What stands under each work of a recipe: its title where titles differ, else what sets it apart."""
    if len({record.title for record in records}) > 1:
        return [record.title.strip() or words.humanize(record.recipe_name) for record in records]
    same_kind = Counter(kind for kind, _ in {(record.kind, record.output) for record in records})
    varied = [record for record in records if record.kind == "still" and record.variant]
    outputs = {(record.output, words.format_settings(record.variant)) for record in varied}
    needs_output = len({variant for _, variant in outputs}) < len(outputs)
    names = []
    for record in records:
        kind, variant = words.KIND_WORDS[record.kind], words.format_settings(record.variant)
        if record.kind == "still" and variant:
            kind = words.humanize(record.output) if needs_output else ""
        elif same_kind[record.kind] > 1:
            kind = f"{kind}: {words.humanize(record.output).lower()}"
        names.append(", ".join(part for part in (kind, variant) if part))
    return names
