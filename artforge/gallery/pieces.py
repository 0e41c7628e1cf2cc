"""Works as the pages speak of them: named, put into sections and onto the pages of the wall."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import PurePosixPath

from artforge.core.provenance import Ingredient, Provenance, Reading
from artforge.gallery import words
from artforge.gallery.alt import describe
from artforge.gallery.media import HungWork, MediaFile
from artforge.gallery.names import slug, unique_names
from artforge.gallery.settings import GallerySettings, Mention, names_work
from artforge.gallery.state import digest_of
from artforge.gallery.works import KIND_ORDER, Work

WORKS_FOLDER = "works"
RECIPES_FOLDER = "recipes"
PAGE_SIZE = 60
"""Works on one page of the wall."""

_LARGE_HANG = 3
"""So few prints in a section hang as large as its films and sheets."""


@dataclass(frozen=True)
class Piece:
    """One work as the pages speak of it; addresses are relative to the site's root.

    Attributes:
        hung: the work and its files.
        address: of its page.
        recipe_address: of its recipe.
        wall_address: of the wall's page where it hangs, with its own anchor.
        name: what stands under it on the wall.
        settings: of the gallery.
    """

    hung: HungWork
    address: str
    recipe_address: str
    wall_address: str
    name: str
    settings: GallerySettings

    @cached_property
    def id(self) -> str:
        """Twelve hex digits that name the work."""
        return self.hung.work.id

    @property
    def record(self) -> Provenance:
        """What the work says of itself."""
        return self.hung.work.provenance

    @cached_property
    def title(self) -> str:
        """The gallery's title for it, the work's own, or its recipe's name."""
        own = self.settings.told(self.settings.titles, self.id)
        return own or self.record.title.strip() or words.humanize(self.record.recipe_name) or "Untitled"

    @cached_property
    def variant(self) -> str:
        """What was varied for it, in words; empty where nothing was."""
        return words.format_settings(self.record.variant)

    @property
    def name_in_series(self) -> str:
        """What sets it apart from those beside it."""
        return self.variant or self.output_words

    @property
    def output_words(self) -> str:
        """The recipe's name for this kind of picture, in words."""
        return words.humanize(self.record.output)

    @cached_property
    def caption(self) -> str:
        """The gallery's words beside it, or the work's own."""
        return self.settings.told(self.settings.captions, self.id) or self.record.description.strip()

    @cached_property
    def alt(self) -> str:
        """What can be seen, for those who cannot see it."""
        return self.settings.told(self.settings.alt, self.id) or describe(self.record) or self.title

    @property
    def creator(self) -> str:
        """Who made it."""
        return self.record.creator or self.settings.creator

    @property
    def rights(self) -> str:
        """Who owns what of it."""
        return self.record.rights or self.settings.rights

    @property
    def licence(self) -> str:
        """What others may do with it."""
        return self.record.licence or self.settings.licence

    @cached_property
    def models(self) -> list[str]:
        """Names of the networks that were asked."""
        return list(dict.fromkeys(one.name for one in self.ingredients("model")))

    @cached_property
    def classes(self) -> list[str]:
        """Names of the classes that the networks were asked about."""
        targets = [node.settings.get("target") for node in self.record.branch]
        return list(dict.fromkeys(target for target in targets if isinstance(target, str)))

    @property
    def readings(self) -> Sequence[Reading]:
        """What networks say of it."""
        return self.record.readings or self.hung.readings

    @property
    def probability(self) -> float | None:
        """How sure the first network is of the first class asked about, seeing the work; None where nobody asked."""
        for reading in self.readings:
            for name in self.classes or list(reading.after)[:1]:
                if name in reading.after:
                    return reading.after[name]
        return None

    def ingredients(self, *roles: str) -> list[Ingredient]:
        """What went into the work."""
        return [one for one in self.record.ingredients if one.role in roles]

    @property
    def ratio(self) -> float:
        """Width over height."""
        return self.hung.width / self.hung.height

    @property
    def duration(self) -> str:
        """How long a film runs; empty for a picture."""
        return words.format_seconds(self.hung.seconds) if self.hung.seconds else ""

    @property
    def film(self) -> MediaFile | None:
        """The file that a browser plays as a film with controls."""
        first = self.hung.files[0]
        return first if first.suffix in (".mp4", ".webm") else None

    @property
    def formats(self) -> list[str]:
        """Endings of its files without the dot."""
        return list(dict.fromkeys(file.suffix[1:] for file in self.hung.files))

    @cached_property
    def digest(self) -> str:
        """Stands for all that any page shows of it."""
        hung = self.hung
        told = [self.title, self.caption, self.alt, self.creator, self.rights, self.licence]
        facts = [hung.date, hung.seconds, *hung.picture.addresses, hung.picture.ground, hung.width, hung.height]
        media = [[file.address, file.original_name, file.num_bytes] for file in hung.files]
        places = [self.address, self.recipe_address, self.wall_address, self.name]
        read = [one.model_dump() for one in self.hung.readings]
        return digest_of(self.record.model_dump_json(), told, facts, media, places, read)


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
    """All works of one recipe.

    Attributes:
        anchor: its id on the pages of the wall.
        address: of the page where it begins, with its anchor.
    """

    anchor: str
    address: str
    recipe: str
    title: str
    description: str
    pieces: tuple[Piece, ...]

    @cached_property
    def counts(self) -> str:
        """`1 film, 1 contact sheet, 9 prints`."""
        kinds = Counter(piece.record.kind for piece in self.pieces)
        return ", ".join(words.count(kinds[kind], words.KIND_WORDS[kind].lower()) for kind in KIND_ORDER if kinds[kind])


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


def recipe_bytes(record: Provenance) -> bytes:
    """The recipe's file."""
    return record.recipe_text.encode("utf-8")


def recipe_file_name(piece: Piece) -> str:
    """The name under which the recipe is downloaded."""
    return PurePosixPath(piece.recipe_address).name


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
    varied = {(record.output, words.format_settings(record.variant)) for record in records if record.kind == "still"}
    needs_output = any(number > 1 for number in Counter(variant for _, variant in varied).values())
    names = []
    for record in records:
        kind, variant = words.KIND_WORDS[record.kind], words.format_settings(record.variant)
        if record.kind == "still" and variant:
            kind = words.humanize(record.output) if needs_output else ""
        elif same_kind[record.kind] > 1:
            kind = f"{kind}: {words.humanize(record.output).lower()}"
        names.append(", ".join(part for part in (kind, variant) if part))
    return names
