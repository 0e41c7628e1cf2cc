"""The formulas of the sixteen blend modes: the full result from a base and an overlay.

The names follow the W3C's: b is the base (Cb, the backdrop), s the overlay (Cs, the source). Each formula is written
so that float32 rounding cannot leave [0, 1].

Source: W3C, Compositing and Blending Level 1, section 10, https://www.w3.org/TR/compositing-1/
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np

from artforge.core.light import Pixels
from artforge.core.oklab import cones_to_lab, lab_to_cones
from artforge.ops.color_spaces import Space

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
    "hue",
    "saturation",
    "color",
    "luminosity",
]

BLEND_MODES: tuple[BlendMode, ...] = get_args(BlendMode)

ModeFunction = Callable[[Pixels, Pixels], Pixels]


def mode_function(mode: BlendMode, space: Space) -> ModeFunction:
    """The full result of a mode from base and overlay, both (..., 3) in [0, 1] in the numbers of a space.

    Args:
        mode: its name.
        space: `srgb` numbers, `linear` light, or for `oklab` what its three kinds of cones take up.
    """
    if mode in _SEPARABLE:
        return _SEPARABLE[mode]
    if space == "oklab":
        return _by_lab(_OF_LAB[mode])
    weights = _LUMA if space == "srgb" else _LUMINANCE
    of_color = _OF_COLOR[mode]
    return lambda b, s: of_color(b, s, weights)


# -- each channel by itself ------------------------------------------------------------------------------------------


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


_SEPARABLE: dict[BlendMode, ModeFunction] = {
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


# -- the colour as a whole, from red, green and blue -----------------------------------------------------------------

_LUMA = np.asarray([0.3, 0.59, 0.11], np.float32)
"""How much each sRGB number adds to the luminosity, as the W3C has it."""
_LUMINANCE = np.asarray([0.2126, 0.7152, 0.0722], np.float32)
"""How much each light adds to the luminance (ITU-R BT.709)."""


def _hue(b: Pixels, s: Pixels, weights: Pixels) -> Pixels:
    return _with_luminosity(_with_saturation(s, _saturation_of(b)), b, weights)


def _saturation(b: Pixels, s: Pixels, weights: Pixels) -> Pixels:
    return _with_luminosity(_with_saturation(b, _saturation_of(s)), b, weights)


def _color(b: Pixels, s: Pixels, weights: Pixels) -> Pixels:
    return _with_luminosity(s, b, weights)


def _luminosity(b: Pixels, s: Pixels, weights: Pixels) -> Pixels:
    return _with_luminosity(b, s, weights)


_OF_COLOR: dict[BlendMode, Callable[[Pixels, Pixels, Pixels], Pixels]] = {
    "hue": _hue,
    "saturation": _saturation,
    "color": _color,
    "luminosity": _luminosity,
}


def _saturation_of(color: Pixels) -> Pixels:
    saturation: Pixels = _largest(color) - _smallest(color)
    return saturation


def _with_saturation(color: Pixels, saturation: Pixels) -> Pixels:
    """The W3C's SetSat: the smallest number becomes 0, the largest the saturation, the middle one keeps its share."""
    risen = color - _smallest(color)
    span = _largest(risen)
    return np.asarray(risen * np.divide(saturation, span, out=np.zeros_like(span), where=span > 1e-30))


def _with_luminosity(color: Pixels, like: Pixels, weights: Pixels) -> Pixels:
    """The W3C's SetLum and ClipColor: lighter or darker until it is as light as another, paler where that cannot be."""
    luminosity = (like @ weights)[..., None]
    offset = color - (color @ weights)[..., None]  # from a grey of the same luminosity
    lowest, highest = -_smallest(offset), _largest(offset)
    pale = np.ones_like(luminosity)
    np.divide(luminosity, lowest, out=pale, where=lowest > luminosity)
    room = 1 - luminosity
    np.minimum(pale, np.divide(room, highest, out=np.ones_like(room), where=highest > room), out=pale)
    return np.asarray(np.clip(luminosity + offset * pale, 0, 1), np.float32)


def _largest(color: Pixels) -> Pixels:
    """Of three numbers, (..., 1); NumPy's own maximum along so short an axis is far slower."""
    return np.maximum(np.maximum(color[..., :1], color[..., 1:2]), color[..., 2:])


def _smallest(color: Pixels) -> Pixels:
    return np.minimum(np.minimum(color[..., :1], color[..., 1:2]), color[..., 2:])


# -- the colour as a whole, from lightness, chroma and hue -----------------------------------------------------------


def _by_lab(function: ModeFunction) -> ModeFunction:
    return lambda b, s: lab_to_cones(function(cones_to_lab(b), cones_to_lab(s)))


def _hue_of_lab(b: Pixels, s: Pixels) -> Pixels:
    return _colored(b, s, _chroma(b), _chroma(s))


def _saturation_of_lab(b: Pixels, s: Pixels) -> Pixels:
    return _colored(b, b, _chroma(s), _chroma(b))


def _color_of_lab(b: Pixels, s: Pixels) -> Pixels:
    return np.concatenate([b[..., :1], s[..., 1:]], axis=-1)


def _luminosity_of_lab(b: Pixels, s: Pixels) -> Pixels:
    return _color_of_lab(s, b)


_OF_LAB: dict[BlendMode, ModeFunction] = {
    "hue": _hue_of_lab,
    "saturation": _saturation_of_lab,
    "color": _color_of_lab,
    "luminosity": _luminosity_of_lab,
}

_GREY = 1e-4
"""Chroma below which a colour has no hue: what rounding leaves of a grey."""


def _chroma(lab: Pixels) -> Pixels:
    return np.hypot(lab[..., 1:2], lab[..., 2:])


def _colored(lightness_of: Pixels, hue_of: Pixels, chroma: Pixels, own_chroma: Pixels) -> Pixels:
    """A lightness, a hue and a chroma put together; a grey has no hue to give and stays grey."""
    stretch = np.divide(chroma, own_chroma, out=np.zeros_like(chroma), where=own_chroma > _GREY)
    return np.concatenate([lightness_of[..., :1], hue_of[..., 1:] * stretch], axis=-1)
