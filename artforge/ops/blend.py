"""One picture laid over another."""

from __future__ import annotations

import numpy as np

from artforge.core.bands import row_bands
from artforge.core.errors import ShapeError, check_choice
from artforge.core.light import Pixels
from artforge.core.steps import step
from artforge.core.values import Heatmap, Image, Unit, size_text
from artforge.engine.attention.settings import check_range
from artforge.ops.blend_modes import BLEND_MODES, BlendMode, ModeFunction, mode_function
from artforge.ops.color_spaces import REACHED, SPACES, Reached, Space


@step("blend", version=1)
def blend(
    base: Image,
    overlay: Image,
    mask: Heatmap | None = None,
    *,
    mode: BlendMode = "normal",
    opacity: Unit = 0.5,
    space: Space = "srgb",
) -> Image:
    """Lay `overlay` over `base`; opacity 0 shows only the base, 1 the full effect of the mode.

    `hue`, `saturation`, `color` and `luminosity` take that of the overlay and all else from the base; in `oklab` they
    do so as the eye sees it: a colour that is given another hue stays as light as it was.

    Args:
        base: float32 (H, W, 3), sRGB, [0, 1], the picture underneath.
        overlay: same size, the picture on top.
        mask: float32 (H, W), [0, 1]: where 0 the base stays as it is, where 1 the overlay has its full opacity.
        mode: how the two colours meet.
        opacity: [0, 1]; at 0 (and where the mask is 0) the base comes back bit for bit.
        space: what is reckoned with: `srgb` the stored numbers, as picture editors do; `linear` light; `oklab` what
            the eye's three kinds of cones make of it, so that the way from base to result looks even. A colour that
            no screen shows is made paler.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        ShapeError: the sizes differ.
        ChoiceError: no such mode or space, or an opacity beyond [0, 1].

    Source: W3C, Compositing and Blending Level 1, section 10, https://www.w3.org/TR/compositing-1/
    """
    check_choice("blend mode", mode, BLEND_MODES)
    check_choice("space", space, SPACES)
    check_range("opacity", opacity, "[0, 1]")
    if overlay.shape != base.shape:
        raise ShapeError(
            f"overlay {size_text(overlay)} must be as large as the base {size_text(base)}: fit it to the base first"
        )
    if mask is not None and mask.shape != base.shape[:2]:
        raise ShapeError(f"mask {size_text(mask)} must be as large as the base {size_text(base)}")
    if opacity == 0:
        return base.copy()
    function = mode_function(mode, space)
    blended = np.empty_like(base)
    for rows in row_bands(base):
        share = np.float32(opacity) if mask is None else mask[rows, :, None] * np.float32(opacity)
        if space == "srgb":
            blended[rows] = _mix(base[rows], function(base[rows], overlay[rows]), share)
        else:
            blended[rows] = _mix_elsewhere(base[rows], overlay[rows], function, share, REACHED[space])
    return blended


def _mix(base: Pixels, full: Pixels, share: Pixels | np.float32) -> Pixels:
    """From `base` at share 0 to `full` at share 1, exact at both ends."""
    if isinstance(share, np.float32) and share == 1:
        return full
    mixed = full - base
    mixed *= share
    mixed += base
    if isinstance(share, np.ndarray):
        np.copyto(mixed, full, where=share == 1)  # base + (full - base) may miss `full` by a rounding
    return mixed


def _mix_elsewhere(
    base: Pixels, overlay: Pixels, function: ModeFunction, share: Pixels | np.float32, reached: Reached
) -> Pixels:
    """The same in another space; where nothing is laid over, the base does not go there and back."""
    under = reached.enter(base)
    mixed = reached.leave(_mix(under, function(under, reached.enter(overlay)), share))
    if isinstance(share, np.ndarray):
        np.copyto(mixed, base, where=share == 0)
    return mixed
