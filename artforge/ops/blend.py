"""Blend modes: one picture laid over another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ShapeError, check_choice
from artforge.core.steps import step
from artforge.core.values import Heatmap, Image, Unit
from artforge.engine.attention.settings import check_range

BlendMode = Literal[
    "normal",
    "multiply",
    "screen",
    "overlay",
    "darken",
    "lighten",
    "color_dodge",
    "color_burn",
    "hard_light",
    "soft_light",
    "difference",
    "exclusion",
]

Space = Literal["srgb", "linear"]

BLEND_MODES: tuple[BlendMode, ...] = get_args(BlendMode)

Pixels = NDArray[np.float32]
ModeFunction = Callable[[Pixels, Pixels], Pixels]

_BAND_VALUES = 1 << 16
"""Pictures are worked through in bands of this many numbers: a formula's in-between results then stay in the
processor's cache, and a print of 12000x12000 needs no more memory than the result itself."""


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

    Args:
        base: float32 (H, W, 3), sRGB, [0, 1], the picture underneath.
        overlay: same size, the picture on top.
        mask: float32 (H, W), [0, 1]: where 0 the base stays as it is, where 1 the overlay has its full opacity.
        mode: how the two colours meet.
        opacity: [0, 1]; at 0 (and where the mask is 0) the base comes back bit for bit.
        space: `srgb` mixes the stored numbers as picture editors do, `linear` mixes light.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        ShapeError: the sizes differ.
        ChoiceError: no such mode or space, or an opacity beyond [0, 1].

    Source: W3C, Compositing and Blending Level 1, section 9.1, https://www.w3.org/TR/compositing-1/
    """
    check_choice("blend mode", mode, BLEND_MODES)
    check_choice("space", space, get_args(Space))
    check_range("opacity", opacity, "[0, 1]")
    if overlay.shape != base.shape:
        raise ShapeError(f"overlay {_size(overlay)} must be as large as the base {_size(base)}")
    if mask is not None and mask.shape != base.shape[:2]:
        raise ShapeError(f"mask {_size(mask)} must be as large as the base {_size(base)}")
    if opacity == 0:
        return base.copy()
    function = MODES[mode] if space == "srgb" else _in_light(MODES[mode])
    blended = np.empty_like(base)
    rows_per_band = max(1, _BAND_VALUES // (base.shape[1] * 3))
    for top in range(0, base.shape[0], rows_per_band):
        rows = slice(top, top + rows_per_band)
        share = np.float32(opacity) if mask is None else mask[rows, :, None] * np.float32(opacity)
        mix = _mix if space == "srgb" else _mix_light
        blended[rows] = mix(base[rows], function(base[rows], overlay[rows]), share)
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


def _mix_light(base: Pixels, full: Pixels, share: Pixels | np.float32) -> Pixels:
    """The same for `full` given as light; where nothing is laid over, the base does not go through light and back."""
    mixed = to_srgb(_mix(to_light(base), full, share))
    if isinstance(share, np.ndarray):
        np.copyto(mixed, base, where=share == 0)
    return mixed


def _in_light(function: ModeFunction) -> ModeFunction:
    return lambda base, overlay: function(to_light(base), to_light(overlay))


def to_light(encoded: Pixels) -> Pixels:
    """sRGB numbers -> linear light, both [0, 1] (IEC 61966-2-1)."""
    curve = ((encoded + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    return np.where(encoded <= 0.04045, encoded / np.float32(12.92), curve)


def to_srgb(light: Pixels) -> Pixels:
    """Linear light -> sRGB numbers, both [0, 1] (IEC 61966-2-1)."""
    curve = np.float32(1.055) * light ** np.float32(1 / 2.4) - np.float32(0.055)
    return np.clip(np.where(light <= 0.0031308, light * np.float32(12.92), curve), 0, 1)


def _size(array: NDArray[np.float32]) -> str:
    return f"{array.shape[1]}x{array.shape[0]}"


# The formulas below follow the W3C's names: b is the base (Cb, the backdrop), s the overlay (Cs, the source).
# Each is written so that float32 rounding cannot leave [0, 1].


def _normal(b: Pixels, s: Pixels) -> Pixels:  # noqa: ARG001 - a mode takes both
    return s


def _multiply(b: Pixels, s: Pixels) -> Pixels:
    return b * s


def _screen(b: Pixels, s: Pixels) -> Pixels:
    return 1 - (1 - b) * (1 - s)


def _hard_light(b: Pixels, s: Pixels) -> Pixels:
    twice = s + s
    return np.where(s <= 0.5, b * twice, 1 - (1 - b) * (2 - twice))


def _overlay(b: Pixels, s: Pixels) -> Pixels:
    return _hard_light(s, b)


def _color_dodge(b: Pixels, s: Pixels) -> Pixels:
    room = 1 - s
    dodged = np.divide(b, room, out=np.ones_like(b), where=room > b)  # elsewhere the quotient is 1 or more
    dodged[b == 0] = 0
    return dodged


def _color_burn(b: Pixels, s: Pixels) -> Pixels:
    lack = 1 - b
    burnt = 1 - np.divide(lack, s, out=np.ones_like(b), where=s > lack)
    burnt[b == 1] = 1
    return burnt


def _soft_light(b: Pixels, s: Pixels) -> Pixels:
    twice = s + s
    darker = b - (1 - twice) * b * (1 - b)
    softened = np.where(b <= 0.25, ((16 * b - 12) * b + 4) * b, np.sqrt(b))
    lighter = b + (twice - 1) * (softened - b)
    return np.clip(np.where(s <= 0.5, darker, lighter), 0, 1)


def _difference(b: Pixels, s: Pixels) -> Pixels:
    distance: Pixels = np.abs(b - s)
    return distance


def _exclusion(b: Pixels, s: Pixels) -> Pixels:
    return np.minimum(b * (1 - s) + s * (1 - b), 1)  # = b + s - 2bs


MODES: dict[BlendMode, ModeFunction] = {
    "normal": _normal,
    "multiply": _multiply,
    "screen": _screen,
    "overlay": _overlay,
    "darken": np.minimum,
    "lighten": np.maximum,
    "color_dodge": _color_dodge,
    "color_burn": _color_burn,
    "hard_light": _hard_light,
    "soft_light": _soft_light,
    "difference": _difference,
    "exclusion": _exclusion,
}
"""The full result of each mode from base and overlay, both [0, 1]."""
