"""A work as the pages speak of it, and all works of one recipe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from artforge.core.provenance import Ingredient, Provenance, Reading
from artforge.gallery import words
from artforge.gallery.alt import describe
from artforge.gallery.media import HungWork, MediaFile
from artforge.gallery.settings import GallerySettings
from artforge.gallery.state import digest_of
from artforge.gallery.works import KIND_ORDER

WORKS_FOLDER = "works"
RECIPES_FOLDER = "recipes"


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


def recipe_bytes(record: Provenance) -> bytes:
    """The recipe's file."""
    return record.recipe_text.encode("utf-8")


def recipe_file_name(piece: Piece) -> str:
    """The name under which the recipe is downloaded."""
    return PurePosixPath(piece.recipe_address).name
