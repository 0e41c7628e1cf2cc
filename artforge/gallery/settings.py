"""What an artist says of a gallery, and which works it is said of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from artforge.core.errors import did_you_mean

SETTINGS_NAME = "gallery.yaml"
THEME_COLORS = ("ground", "ink", "quiet", "line", "panel", "accent")

_LEAST_DIGITS = 6
_HEX = re.compile(r"[0-9a-f]+")


@dataclass(frozen=True)
class Mention:
    """A recipe or a work as it was named, and where: `gallery.yaml:4:5`."""

    text: str
    place: str


@dataclass(frozen=True)
class GallerySettings:
    """What stands in `gallery.yaml`; everything may be missing.

    Attributes:
        title, statement: the wall's heading and the words below it, paragraphs by empty lines.
        creator, rights, licence: of works that say none themselves.
        language: of the artist's words, as a BCP 47 tag.
        base_url: where the site will stand, with a slash at its end; empty where nobody knows.
        ingredients: whether the pictures that went into a work are shown beside it.
        order: recipes and works that hang first, in this order.
        hidden: recipes and works that do not hang.
        titles, captions, alt: a work's id or the first digits of it -> words.
        light, dark: colours of the theme by name, `#rrggbb`.
        places: where each work was named that `titles`, `captions` or `alt` tells of.
    """

    title: str = ""
    statement: str = ""
    creator: str = ""
    rights: str = ""
    licence: str = ""
    language: str = "en"
    base_url: str = ""
    ingredients: bool = True
    order: tuple[Mention, ...] = ()
    hidden: tuple[Mention, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    captions: Mapping[str, str] = field(default_factory=dict)
    alt: Mapping[str, str] = field(default_factory=dict)
    light: Mapping[str, str] = field(default_factory=dict)
    dark: Mapping[str, str] = field(default_factory=dict)
    places: tuple[Mention, ...] = ()

    def told(self, words: Mapping[str, str], work_id: str) -> str:
        """What `titles`, `captions` or `alt` says of a work; empty where nothing."""
        return next((text for name, text in words.items() if names_work(name, work_id)), "")


def names_work(name: str, work_id: str) -> bool:
    """Whether a name in the settings means the work: its id, or at least six digits that begin it."""
    return len(name) >= _LEAST_DIGITS and work_id.startswith(name[: len(work_id)]) and bool(_HEX.fullmatch(name))


def unknown_names(settings: GallerySettings, work_ids: Sequence[str], recipes: Sequence[str]) -> list[str]:
    """A warning for each name in the settings that means nothing here: the work may have been rendered anew.

    Args:
        settings: what to look through.
        work_ids: of all works, hidden ones too.
        recipes: names of all recipes.
    """
    warnings = []
    for mention in (*settings.order, *settings.hidden, *settings.places):
        allowed = work_ids if mention in settings.places else [*recipes, *work_ids]
        if mention.text in allowed or any(names_work(mention.text, one) for one in work_ids):
            continue
        kind = "work" if mention in settings.places else "recipe or work"
        warnings.append(f"{mention.place}: no {kind} {mention.text!r} here{did_you_mean(mention.text, allowed)}")
    return warnings
