"""Colours by name: what an artist writes, as the one form that everything else reads."""

from __future__ import annotations

import re

from artforge.core.errors import ChoiceError, did_you_mean

HEX_PATTERN = "^#[0-9a-fA-F]{6}$"


def hex_of(color: object) -> str:
    """A colour in its one form: `#F4F0E8` and `ivory` -> `#f4f0e8` and `#fffff0`.

    Args:
        color: `#rrggbb`, or a name of the CSS Color Module (`ivory`, `rebeccapurple`), in any case.

    Raises:
        ChoiceError: it is neither; the nearest name is told.
    """
    from PIL.ImageColor import colormap, getrgb  # noqa: PLC0415 - its names are CSS's own; values need no Pillow otherwise

    if isinstance(color, str):
        if re.fullmatch(HEX_PATTERN, color):
            return color.lower()
        if color.lower() in colormap:
            red, green, blue = getrgb(color.lower())[
                :3
            ]  # not the table itself: Pillow changes its entries as it is used
            return f"#{red:02x}{green:02x}{blue:02x}"
    hint = did_you_mean(color, sorted(colormap)) if isinstance(color, str) else ""
    raise ChoiceError(f"a colour is written as #rrggbb or a CSS name such as ivory, received {color!r}{hint}")


def canonical_color(color: str) -> str:
    """As `hex_of`, for pydantic.

    Raises:
        ValueError: it is no colour.
    """
    try:
        return hex_of(color)
    except ChoiceError as error:
        raise ValueError(str(error)) from error


def canonical_palette(palette: str | list[str]) -> str | list[str]:
    """A list of colours in their one form; a name stays as it is.

    Raises:
        ValueError: fewer than two colours, or one is none.
    """
    if isinstance(palette, str):
        return palette
    if len(palette) < 2:
        raise ValueError("a palette has at least two colours")
    return [canonical_color(color) for color in palette]
