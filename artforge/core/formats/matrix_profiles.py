"""Profiles of three curves and a matrix, reckoned in floats: what 16 bits a colour are converted with.

The colour engine of Pillow converts 8 bits a colour. Most RGB profiles of screens and of work (Display P3, Adobe RGB,
ProPhoto) are no more than a matrix between three curves, and need none.

Source: ICC.1:2010 (Profile version 4.3), 10.5 curveType, 10.15 parametricCurveType, 10.27 XYZType, F.3 three-component
matrix-based profiles, https://www.color.org/specification/ICC1v43_2010-12.pdf
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

_Array = NDArray[np.float64]

_TAGS_AT, _TAG_BYTES = 128, 12
_COLUMNS, _CURVES = ("rXYZ", "gXYZ", "bXYZ"), ("rTRC", "gTRC", "bTRC")
_TABLES = frozenset(["A2B0", "A2B1", "A2B2", "B2A0", "B2A1", "B2A2"])
_FIXED = 65536.0
_SAMPLES = 4096
"""Of a curve, between which it is straight: far finer than a level of 16 bits where it bends."""
_NOTHING = 1e-3
"""Of light: what a curve may lack at its ends."""
_PARAMETERS = (1, 3, 4, 5, 7)
"""Of the parametric curves, by their type."""


@dataclass(frozen=True, eq=False)
class MatrixProfile:
    """Colours as light through a matrix.

    Attributes:
        to_xyz: float64 (3, 3): light of red, green and blue to XYZ of D50.
        curves: for each colour float64 (n,), rising, light in [0, 1] at even steps of the stored number.
    """

    to_xyz: _Array
    curves: tuple[_Array, _Array, _Array]

    def light(self, colors: NDArray[np.float32]) -> _Array:
        """(n, 3) light of stored numbers (n, 3), both in [0, 1]."""
        return np.stack(
            [np.interp(colors[:, at], np.linspace(0, 1, len(curve)), curve) for at, curve in enumerate(self.curves)],
            axis=-1,
        )

    def stored(self, light: _Array) -> _Array:
        """(n, 3) stored numbers of light (n, 3); what lies beyond [0, 1] is the nearest of it."""
        return np.stack([_inverse(light[:, at], curve) for at, curve in enumerate(self.curves)], axis=-1)


def _inverse(light: _Array, curve: _Array) -> _Array:
    """Where a curve gives a light: the first place where it is level, so that black stays black; white at its end."""
    levels, firsts = np.unique(curve, return_index=True)
    places = firsts / (len(curve) - 1)
    places[-1] = 1
    return np.interp(light, levels, places)


def convert_floats(colors: NDArray[np.float32], source: MatrixProfile, target: MatrixProfile) -> NDArray[np.float32]:
    """Numbers of one profile as those of another (relative colorimetric), without any rounding.

    Args:
        colors: float32 (h, w, 3), [0, 1].
        source: whose numbers they are.
        target: whose numbers are wanted; colours that it has not are cut off at its edge, colour by colour.
    """
    between = np.linalg.solve(target.to_xyz, source.to_xyz)
    flat = target.stored(source.light(colors.reshape(-1, 3)) @ between.T)
    return flat.reshape(colors.shape).astype(np.float32)


@cache
def matrix_profile(content: bytes) -> MatrixProfile | None:
    """A profile's matrix and curves; None where it has tables, or a curve that does not rise from black to
    full light.

    Args:
        content: of the profile, as `profiles.read_profile` gives it.
    """
    try:
        tags = _tags(content)
        if _TABLES & tags.keys():
            return None
        to_xyz = np.stack([np.asarray(struct.unpack(">3i", tags[name][8:20])) / _FIXED for name in _COLUMNS], axis=-1)
        red, green, blue = (_curve(tags[name]) for name in _CURVES)
    except (KeyError, struct.error, ValueError, IndexError):
        return None
    curves = (red, green, blue)
    if not all(map(_turns_round, curves)) or abs(np.linalg.det(to_xyz)) < 1e-6:
        return None
    return MatrixProfile(to_xyz, curves)


def _tags(content: bytes) -> dict[str, bytes]:
    (count,) = struct.unpack_from(">I", content, _TAGS_AT)
    tags = {}
    for number in range(min(count, 1000)):
        name, offset, size = struct.unpack_from(">4sII", content, _TAGS_AT + 4 + _TAG_BYTES * number)
        tags[name.decode("ascii", "replace")] = content[offset : offset + size]
    return tags


def _curve(tag: bytes) -> _Array:
    """Light at even steps of the stored number."""
    places = np.linspace(0, 1, _SAMPLES + 1)
    if tag[:4] == b"para":
        kind, _ = struct.unpack_from(">HH", tag, 8)
        given = np.asarray(struct.unpack_from(f">{_PARAMETERS[kind]}i", tag, 12)) / _FIXED
        with np.errstate(all="ignore"):  # what no display has is found by the numbers that come of it
            return np.clip(_parametric(kind, given, places), 0, 1)
    if tag[:4] != b"curv":
        raise ValueError("no curve")
    (count,) = struct.unpack_from(">I", tag, 8)
    if count == 0:
        return places
    levels = np.frombuffer(tag, ">u2", count, 12)
    return places ** (levels[0] / 256) if count == 1 else levels / 65535.0


def _turns_round(curve: _Array) -> bool:
    """Whether a curve rises from black to full light; a lighter black would have to be compensated for."""
    rises = bool(np.isfinite(curve).all() and (np.diff(curve) >= 0).all())
    return rises and curve[0] < _NOTHING and curve[-1] > 1 - _NOTHING


def _parametric(kind: int, given: _Array, x: _Array) -> _Array:
    """The curves of table 65, all as the last: (a x + b)^g + e from d on, below it c x + f."""
    g, a, b, c, d, e, f = 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
    if kind == 0:
        (g,) = given
    elif kind in (1, 2):
        g, a, b = given[:3]
        d = -b / a
        e = f = given[3] if kind == 2 else 0.0
    elif kind == 3:
        g, a, b, c, d = given
    else:
        g, a, b, c, d, e, f = given
    return np.where(x >= d, np.maximum(a * x + b, 0) ** g + e, c * x + f)
