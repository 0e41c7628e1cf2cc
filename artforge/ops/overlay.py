"""Heat over the picture that it was found in."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from artforge.core.bands import row_bands
from artforge.core.errors import check_choice
from artforge.core.oklab import to_oklab, to_screen
from artforge.core.steps import step
from artforge.core.values import Heatmap, Image, Palette
from artforge.engine.attention.settings import check_range
from artforge.ops.colorize import look_up
from artforge.ops.colormaps import notice_uneven, palette_table
from artforge.ops.heat_fields import check_heat

OverlayMode = Literal["tidy", "seed"]

_OWN_LIGHT = np.float32(0.35)
"""In `tidy` the share of the picture's own lightness that stays under the strongest heat."""


@step("overlay", version=1)
def overlay(
    base: Image,
    heatmap: Heatmap,
    *,
    mode: OverlayMode = "tidy",
    factor: Annotated[float, Field(ge=0, le=2)] | None = None,
    map: Palette = "inferno",  # noqa: A002
) -> Image:
    """Lay a normalised heatmap over the picture that it was found in.

    `tidy` tints the picture, the more the hotter, and keeps its light and shade, so that one still sees what is hot;
    where there is no heat the picture is as it was. `seed` is the well-known sum heatmap * factor + image: it tints
    the picture also where it is cold, and what becomes brighter than white is cut off (the original stretched all of
    it back into range, which changes the picture even at factor 0). With `map: jet` it is the picture that everybody
    knows.

    Args:
        base: float32 (H, W, 3), sRGB, [0, 1], the picture.
        heatmap: float32 (H, W), [0, 1].
        mode: `tidy` or `seed`.
        factor: [0, 2], how strong the heat is; at 0 the picture comes back bit for bit. Left out, it is 0.4 for `seed`
            and 0.9 for `tidy`, which has its full strength at 1.
        map: a colormap of the `cmap` catalogue, or a list of colours.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        ShapeError: the sizes differ.
        StepError: the heatmap leaves [0, 1].
        ChoiceError: no such mode or colormap, or a factor beyond [0, 2].

    Source: Chollet, Grad-CAM class activation visualization (2020), https://keras.io/examples/vision/grad_cam/
    """
    check_choice("overlay mode", mode, get_args(OverlayMode))
    strength = _FACTORS[mode] if factor is None else factor
    check_range("factor", strength, "[0, 2]")
    check_heat(heatmap, base)
    table = palette_table(map)
    if mode == "tidy":
        notice_uneven(map)
    if strength == 0:
        return base.copy()
    laid = np.empty_like(base)
    for rows in row_bands(base):
        lay = _added if mode == "seed" else _tinted
        laid[rows] = lay(base[rows], heatmap[rows], table, np.float32(strength))
    return laid


_FACTORS: dict[OverlayMode, float] = {"tidy": 0.9, "seed": 0.4}


def _added(base: Image, heatmap: Heatmap, table: NDArray[np.float32], factor: np.float32) -> Image:
    return np.asarray(np.minimum(look_up(heatmap, table) * factor + base, 1), np.float32)


def _tinted(base: Image, heatmap: Heatmap, table: NDArray[np.float32], factor: np.float32) -> Image:
    share = np.minimum(heatmap * factor, 1)[..., None]
    under = to_oklab(base)
    tint = look_up(heatmap, to_oklab(table))
    tint[..., 0] += _OWN_LIGHT * (under[..., 0] - tint[..., 0])
    return np.where(share > 0, to_screen(under + share * (tint - under)), base)
