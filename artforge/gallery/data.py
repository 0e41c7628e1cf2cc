"""The works as data: what the script on top of the site searches and sorts, in one file of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from artforge.gallery.pictures import THUMB_FORMATS
from artforge.gallery.pieces import Section

DATA_NAME = "works.js"
VERSION = 1


def works_script(sections: Sequence[Section]) -> bytes:
    """A script that sets `artforgeWorks`: it works over file://, where nothing can be fetched."""
    works = [_facts(section, index) for section in sections for index in range(len(section.pieces))]
    content = {"version": VERSION, "thumbFormats": THUMB_FORMATS, "works": works}
    return f"window.artforgeWorks = {json.dumps(content, ensure_ascii=False, separators=(',', ':'))};\n".encode(
        "utf-8", "replace"
    )


def _facts(section: Section, index: int) -> dict[str, Any]:
    piece = section.pieces[index]
    picture = piece.hung.picture
    return {
        "id": piece.id,
        "page": piece.address,
        "title": piece.title,
        "name": piece.name,
        "alt": piece.alt,
        "recipe": piece.record.recipe_name,
        "section": section.title,
        "output": piece.record.output,
        "kind": piece.record.kind,
        "models": piece.models,
        "classes": piece.classes,
        "colour": picture.color,
        "tone": picture.ground,
        "formats": piece.formats,
        "date": piece.hung.date[:10],
        "probability": piece.probability,
        "width": piece.hung.width,
        "height": piece.hung.height,
        "seconds": piece.hung.seconds,
        "film": piece.film.address if piece.film else None,
        "thumbs": {"stem": picture.stem, "sizes": picture.sizes},
    }
