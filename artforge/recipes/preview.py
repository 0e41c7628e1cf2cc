"""What a preview shows: the print, seen from afar.

Lengths in pixels are a quarter of the print's. A picture file is read at a quarter of its size; a picture of the
embedded set is drawn as for the print and then scaled down, since one that is drawn anew in small is another one in
its detail. Where the print is so large that drawing it would take long, it is drawn in small after all.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from PIL import Image as PillowImage
from pydantic import Field

from artforge.core.pictures import resize
from artforge.core.steps import Setting, Step, collecting_steps, step
from artforge.core.values import Image, Kind
from artforge.ops.embedded import PREFIX
from artforge.ops.layout import fit_within
from artforge.ops.load import EMBEDDED_EDGE

LARGEST_DRAWN = 1440
"""Longer edge up to which an embedded picture is drawn as for the print: a second or a few."""

with collecting_steps() as _own:

    @step("from afar", version=1)
    def from_afar(image: Image, *, long_edge: Annotated[int, Field(ge=1)]) -> Image:
        """Scale a picture down."""
        return resize(image, fit_within(image, long_edge))


FROM_AFAR: Step = _own["from afar"]
"""Follows a step that made a picture for the print; no recipe can name it."""


def is_drawn_for_print(source: str, long_edge: int | None) -> bool:
    """Whether a preview scales down the picture that is drawn for the print.

    Args:
        source: a picture file, or a picture of the embedded set.
        long_edge: its longer edge on the print, in pixels.
    """
    return source.startswith(PREFIX) and long_edge is not None and long_edge <= LARGEST_DRAWN


def with_own_size(settings: Mapping[str, Setting], values: dict[str, Any], source: str, base: Path) -> dict[str, Any]:
    """The settings of a step that loads a picture, its own size written out where none is asked for.

    Args:
        settings: of the step, by name.
        values: what they are on the print.
        source: the picture.
        base: the folder in which a file's path starts.
    """
    unsaid = [name for name, setting in settings.items() if setting.kind is Kind.PIXELS and values[name] is None]
    if not unsaid:
        return values
    edge = EMBEDDED_EDGE if source.startswith(PREFIX) else _edge_of(base / source)
    return {**values, **dict.fromkeys(unsaid, edge)}


def _edge_of(path: Path) -> int | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is odd about a file is told where it is read
            with PillowImage.open(path) as opened:
                return max(opened.size)
    except (OSError, ValueError, SyntaxError, PillowImage.DecompressionBombError):
        return None
