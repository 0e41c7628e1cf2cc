"""A sheet to draw on, in unit coordinates: the short side is 1 long, (0, 0) is top left, x runs right and y down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from artforge.engine.data.procedural.palettes import Colours

Points = NDArray[np.float64]
"""float64 (..., 2), x and y in units of the short side."""
Mask = NDArray[np.uint8]
"""uint8 (H, W), how much of each pixel a mark covers, 0 to 255."""
Field = NDArray[np.float32]
"""float32 (H, W), one number a pixel."""

SUBPIXEL_BITS = 4  # OpenCV draws at 1/16 pixel when coordinates carry this many fraction bits
NUM_TONES = 12  # line strengths are rounded to this many steps, so that lines of one strength are drawn in one call
LOWEST_DRAWING_SIDE = 192  # small pictures are drawn at least this large and averaged down
LONGEST_SUPERSAMPLED_SIDE = 2560


@dataclass
class Canvas:
    """The sheet and what the artist decided before the first mark: the same decisions for both classes.

    Attributes:
        pixels: uint8 (H, W, 3), RGB, at drawing resolution.
        scale: drawing pixels per unit.
        height, width: extent in units; the shorter one is 1.
        colours: the ground and the inks.
        coverage: share of the sheet that the marks should cover, about [0.15, 0.55].
        margin: free border in units.
        tooth: float32 (H, W), [0, 1], height of the paper's surface: dry pigment catches where it is high.
    """

    pixels: NDArray[np.uint8]
    scale: float
    height: float
    width: float
    colours: Colours
    coverage: float
    margin: float
    tooth: Field

    @property
    def inks(self) -> NDArray[np.float32]:
        """float32 (num_inks, 3), sRGB, [0, 1]."""
        return self.colours.inks

    def ink(self, index: int) -> NDArray[np.float32]:
        """An ink by number; numbers past the last start over."""
        return np.asarray(self.inks[index % len(self.inks)])

    @property
    def centre(self) -> Points:
        """The middle of the sheet."""
        return np.array([self.width / 2, self.height / 2])

    @property
    def inner_size(self) -> Points:
        """(width, height) inside the margin."""
        return np.array([self.width - 2 * self.margin, self.height - 2 * self.margin])

    def blank_mask(self) -> Mask:
        """A mask of the sheet's size with nothing on it."""
        return np.zeros(self.pixels.shape[:2], np.uint8)

    def grid(self) -> tuple[Field, Field]:
        """Unit x and y at every pixel centre, each float32 and broadcastable: (1, W) and (H, 1)."""
        height, width = self.pixels.shape[:2]
        x = (np.arange(width, dtype=np.float32) + 0.5) / self.scale
        y = (np.arange(height, dtype=np.float32) + 0.5) / self.scale
        return x[None, :], y[:, None]

    def to_subpixels(self, points: Points) -> NDArray[np.int32]:
        """Unit points as OpenCV's fixed-point pixels, whose integers are pixel centres."""
        pixels = (np.asarray(points) * self.scale - 0.5) * (1 << SUBPIXEL_BITS)
        return np.clip(np.round(pixels), -(1 << 20), 1 << 20).astype(np.int32)

    def line(self, mask: Mask, path: Points, width: float, *, closed: bool = False, strength: float = 1.0) -> None:
        """One line of one width through `path` (n, 2); a hairline under a pixel grows fainter instead of thicker."""
        self.lines(mask, [path], width, closed=closed, strength=strength)

    def lines(
        self, mask: Mask, paths: Sequence[Points] | Points, width: float, *, closed: bool = False, strength: float = 1.0
    ) -> None:
        """Many lines of one width."""
        thickness, share = whole_thickness(width * self.scale)
        tone = max(1, round(255 * share * strength))
        subpixels = [self.to_subpixels(path) for path in paths]
        cv2.polylines(mask, subpixels, closed, tone, thickness, cv2.LINE_AA, SUBPIXEL_BITS)

    def strokes(self, mask: Mask, paths: Points, widths: NDArray[np.float64], strengths: NDArray[np.float64]) -> None:
        """Lines whose width and strength change on the way.

        Args:
            mask: drawn into; where strokes meet, the stronger tone stays on top.
            paths: (num_strokes, n, 2).
            widths: units, broadcastable to (num_strokes, n).
            strengths: [0, 1], broadcastable to (num_strokes, n); 0 leaves no mark.
        """
        pieces = np.stack([paths[:, :-1], paths[:, 1:]], axis=2).reshape(-1, 2, 2)
        shape = paths.shape[:2]
        widths, strengths = np.broadcast_to(widths, shape), np.broadcast_to(strengths, shape)
        thickness, share = whole_thickness_each((widths[:, :-1] + widths[:, 1:]).ravel() / 2 * self.scale)
        tones = np.round((strengths[:, :-1] + strengths[:, 1:]).ravel() / 2 * share * NUM_TONES).astype(np.int64)
        subpixels = self.to_subpixels(pieces)
        keys = np.clip(tones, 0, NUM_TONES) * (1 << 16) + thickness
        order = np.argsort(keys, kind="stable")
        bounds = np.flatnonzero(np.diff(keys[order])) + 1
        for group in np.split(order, bounds):
            tone, width = divmod(int(keys[group[0]]), 1 << 16)
            if tone > 0:
                value = round(255 * tone / NUM_TONES)
                cv2.polylines(mask, list(subpixels[group]), False, value, width, cv2.LINE_AA, SUBPIXEL_BITS)

    def polygon(self, target: NDArray[np.uint8], outline: Points, value: float | NDArray[np.float32]) -> None:
        """Fill an outline (n, 2): on a mask `value` is a strength in [0, 1], on `pixels` an sRGB colour."""
        cv2.fillPoly(target, [self.to_subpixels(outline)], to_8_bit(value), cv2.LINE_AA, SUBPIXEL_BITS)

    def disc(
        self,
        target: NDArray[np.uint8],
        centre: Points,
        radius: float,
        value: float | NDArray[np.float32],
        width: float = 0,
    ) -> None:
        """A filled disc, or a ring of line `width`; `value` as for `polygon`."""
        x, y = self.to_subpixels(centre).tolist()
        thickness = -1 if width == 0 else whole_thickness(width * self.scale)[0]
        size = max(1, round(radius * self.scale * (1 << SUBPIXEL_BITS)))
        cv2.circle(target, (x, y), size, to_8_bit(value), thickness, cv2.LINE_AA, SUBPIXEL_BITS)

    def lay(self, mask: Mask | Field, colour: NDArray[np.float32], opacity: float = 1.0) -> None:
        """Cover the sheet with `colour` where the mask (uint8, or float in [0, 1]) is set."""
        self._mix(mask, np.broadcast_to(colour * 255, (1, 1, 3)), opacity)

    def stain(self, mask: Mask | Field, colour: NDArray[np.float32], opacity: float = 1.0) -> None:
        """Let a transparent ink sink in: it darkens what is below; on a dark ground it covers, as chalk does."""
        if self.colours.dark_ground:
            self.lay(mask, colour, opacity)
            return
        # What the ground lacks is divided out, so that one layer on bare ground shows the ink as it is in the palette.
        filtered = np.minimum(colour / np.maximum(self.colours.ground, 0.05), 1)
        rows, columns = marked_box(mask)
        below = self.pixels[rows, columns].astype(np.float32)
        self._mix(mask, below * (0.25 + 0.75 * filtered) * 0.6 + 0.4 * 255 * colour, opacity)

    def _mix(self, mask: Mask | Field, colour: NDArray[np.float32], opacity: float) -> None:
        rows, columns = marked_box(mask)
        part = mask[rows, columns]
        if part.size == 0:
            return
        share = part * np.float32(opacity / 255 if mask.dtype == np.uint8 else opacity)
        below = self.pixels[rows, columns].astype(np.float32)
        below += (colour - below) * share[..., None]
        self.pixels[rows, columns] = np.clip(below + 0.5, 0, 255).astype(np.uint8)


def to_8_bit(value: float | NDArray[np.float32]) -> tuple[int, ...]:
    """A strength or a colour in [0, 1] as OpenCV's scalar."""
    return tuple(int(part) for part in np.clip(np.round(np.atleast_1d(value) * 255), 0, 255))


def whole_thickness(thickness: float) -> tuple[int, float]:
    """The nearest whole width, as OpenCV draws, and the strength that keeps a hairline's amount of ink; pixels."""
    return max(1, round(thickness)), min(1.0, thickness)


def whole_thickness_each(thickness: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """`whole_thickness` for an array."""
    return np.maximum(1, np.round(thickness)).astype(np.int64), np.minimum(1.0, thickness)


def marked_box(mask: Mask | Field) -> tuple[slice, slice]:
    """The rows and columns in which a mask has anything: the rest of the sheet need not be touched."""
    marked = mask if mask.dtype == np.uint8 else (mask > 1 / 512).astype(np.uint8)
    left, top, width, height = cv2.boundingRect(marked)
    return slice(top, top + height), slice(left, left + width)
