"""Colormaps by name and palettes by their colours, as lookup tables; light enough to check a recipe with."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ChoiceError, choice_message
from artforge.core.oklab import from_oklab, to_oklab
from artforge.core.values import Palette
from artforge.core.work import current_work
from artforge.ops.layout import color_to_rgb

NUM_ENTRIES = 4096
"""Sixteen entries for each level of an 8-bit print: taking the nearest one shows no bands."""

_UNEVEN = frozenset(
    {"jet", "rainbow", "gist_rainbow", "hsv", "spectral", "nipy_spectral", "ncar", "gist_ncar", "prism", "flag"}
)
"""Colormaps that are asked for out of habit and show what is not there."""


@cache
def colormap_names() -> tuple[str, ...]:
    """Every name of the `cmap` catalogue, sorted: in full (`crameri:lajolla`) and, where clear, short (`lajolla`)."""
    import cmap  # noqa: PLC0415 - a tenth of a second that only recipes with colormaps pay

    return tuple(sorted(cmap.Catalog()))


def check_colormap(name: str) -> None:
    """Raise unless `name` is a colormap.

    Raises:
        ChoiceError: it is not; the nearest names are given, the nearest first.
    """
    if name in colormap_names():
        return
    forward = str(name).removesuffix("_r")
    if forward in colormap_names():
        raise ChoiceError(
            f"colormap {name!r}: write 'map: {forward}' and 'reverse: true' for the same colours backwards"
        )
    raise ChoiceError(choice_message("colormap", name, colormap_names(), most=8))


@cache
def colormap_table(name: str) -> NDArray[np.float32]:
    """The colours of a colormap, from no heat to the most.

    Returns:
        float32 (`NUM_ENTRIES`, 3), sRGB, [0, 1], read-only.

    Raises:
        ChoiceError: no such colormap; the nearest names are given, the nearest first.
    """
    check_colormap(name)
    import cmap  # noqa: PLC0415

    colors = np.asarray(cmap.Colormap(name).lut(NUM_ENTRIES), np.float32)[:, :3]
    # a map of a few plain colours comes as just those: each then takes an equal part of the table
    table = np.clip(colors, 0, 1)[np.arange(NUM_ENTRIES) * len(colors) // NUM_ENTRIES]
    table.setflags(write=False)
    return table


def notice_uneven(palette: Palette) -> None:
    """Tell whoever runs the step of a colormap that misleads; it is taken all the same.

    Source: Crameri, Shephard and Heron, The misuse of colour in science communication (2020),
    https://doi.org/10.1038/s41467-020-19160-7
    """
    if isinstance(palette, str) and palette.rpartition(":")[2] in _UNEVEN:
        current_work().noticed(
            f"colormap {palette!r} shows edges where the heat has none, and the colour-blind cannot read it; "
            "crameri:batlow, crameri:lajolla and viridis are even and safe"
        )


def palette_table(palette: Palette) -> NDArray[np.float32]:
    """The colours of a palette, from no heat to the most.

    A list of colours stands at even distances; between two of them the way is straight in OKLab, so that it looks
    even and passes no grey that neither has.

    Returns:
        float32 (`NUM_ENTRIES`, 3), sRGB, [0, 1], read-only.

    Raises:
        ChoiceError: no such colormap or colour, or fewer than two colours.
    """
    return colormap_table(palette) if isinstance(palette, str) else _blended(_colors(palette))


def _colors(palette: object) -> tuple[str, ...]:
    if not isinstance(palette, list | tuple) or len(palette) < 2:
        raise ChoiceError(f"a palette is a colormap's name or a list of at least two colours, received {palette!r}")
    return tuple(palette)


@cache
def _blended(colors: tuple[str, ...]) -> NDArray[np.float32]:
    stops = to_oklab(np.stack([color_to_rgb(color) for color in colors]))
    table = table_through(stops, range(len(colors)))
    table.setflags(write=False)
    return table


def table_through(stops: NDArray[np.float32], places: Sequence[float]) -> NDArray[np.float32]:
    """A lookup table by way of some colours, straight in OKLab from one to the next.

    Args:
        stops: float32 (k, 3), OKLab.
        places: (k,), rising: where on the table each of them stands; the first at its beginning, the last at its end.

    Returns:
        float32 (`NUM_ENTRIES`, 3), sRGB, [0, 1].
    """
    at = np.asarray(places, np.float64)
    wanted = np.linspace(at[0], at[-1], NUM_ENTRIES)
    lab = np.stack([np.interp(wanted, at, channel) for channel in stops.T], axis=-1)
    return np.clip(from_oklab(lab.astype(np.float32)), 0, 1)
