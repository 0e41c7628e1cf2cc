"""How the network sees a picture that is too large for one piece: the same views, some rows of the canvas at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from artforge.engine.ascent.transforms import Crop, Jitter, Move, Noise, Transform
from artforge.engine.ascent.views import Edges, resampling, whole_move

Array = NDArray[np.float32]

PIXELS_AT_ONCE = 1 << 20
"""Of the canvas: their taps and shares take some 100 MB."""


class LargeView(Protocol):
    """What is seen of a picture, and the exact transpose of it."""

    def look(self, picture: Array) -> Array:
        """Picture (H, W, 3) -> what the network sees (h, w, 3)."""

    def pull_back(self, gradient: Array) -> Array:
        """Gradient for what is seen (h, w, 3) -> gradient for the picture (H, W, 3)."""


@dataclass(frozen=True)
class Shift:
    """The picture shifted around its edges, by pixels (down, across)."""

    down: int
    across: int

    def look(self, picture: Array) -> Array:
        """The picture, shifted."""
        return np.roll(picture, (self.down, self.across), axis=(0, 1)) if self.down or self.across else picture

    def pull_back(self, gradient: Array) -> Array:
        """The gradient, shifted back."""
        return np.roll(gradient, (-self.down, -self.across), axis=(0, 1)) if self.down or self.across else gradient


@dataclass(frozen=True, eq=False)
class Resampled:
    """The picture moved, as by a `View`.

    Attributes:
        move: from the canvas to the picture.
        size: (height, width) of the picture.
        canvas: (height, width) of what is seen.
        edges: what lies beyond the picture.
        noise: its standard deviation.
        noise_seed: of the noise.
    """

    move: Move
    size: tuple[int, int]
    canvas: tuple[int, int]
    edges: Edges
    noise: float = 0.0
    noise_seed: int = 0

    def look(self, picture: Array) -> Array:
        """What the network sees."""
        by_place = picture.reshape(-1, 3)
        seen = np.empty((*self.canvas, 3), np.float32)
        for rows, taps, shares, fill in self._strips():
            strip = np.repeat(fill[..., None], 3, axis=-1)
            for tap, share in zip(taps, shares, strict=True):
                strip += by_place[tap] * share[..., None]
            seen[rows.start : rows.stop] = strip
        if self.noise:
            rng = np.random.default_rng(self.noise_seed)
            seen += np.float32(self.noise) * rng.standard_normal(seen.shape, np.float32)
        return seen

    def pull_back(self, gradient: Array) -> Array:
        """The transpose of `look`."""
        height, width = self.size
        slopes = np.zeros((height * width, 3), np.float32)
        for rows, taps, shares, _ in self._strips():
            strip = gradient[rows.start : rows.stop]
            first, last = int(taps.min()), int(taps.max())
            places = taps.ravel() - first
            for colour in range(3):
                weights = (shares * strip[..., colour]).ravel()
                slopes[first : last + 1, colour] += np.bincount(places, weights, last - first + 1).astype(np.float32)
        return slopes.reshape(height, width, 3)

    def _strips(self) -> Iterator[tuple[range, NDArray[np.int32], Array, Array]]:
        height, width = self.canvas
        step = max(1, PIXELS_AT_ONCE // width)
        for start in range(0, height, step):
            rows = range(start, min(start + step, height))
            yield rows, *resampling(self.move, self.size, self.canvas, self.edges, rows)


def sample_large_view(
    transforms: Sequence[Transform],
    size: tuple[int, int],
    canvas: tuple[int, int],
    rng: np.random.Generator,
    *,
    edges: Edges = "reflect",
) -> LargeView:
    """Draw one step's view of a large picture; what `sample_view` draws from the same chance, but for the noise.

    Args:
        transforms: what happens, in this order; crops are not for large pictures.
        size: (height, width) of the picture.
        canvas: (height, width) of what the network sees.
        rng: chance.
        edges: what lies beyond the picture.
    """
    if size == canvas and (not transforms or (edges == "wrap" and all(isinstance(one, Jitter) for one in transforms))):
        moves = [rng.integers(-one.pixels, one.pixels + 1, 2) for one in transforms if isinstance(one, Jitter)]
        # the canvas looks at places further on, so the picture goes back
        return Shift(*(-int(pixels) for pixels in np.sum(moves, axis=0))) if moves else Shift(0, 0)
    spread = max([transform.spread for transform in transforms if isinstance(transform, Noise)], default=0.0)
    move = whole_move(transforms, size, canvas, rng, fit=False)
    return Resampled(move, size, canvas, edges, spread, int(rng.integers(2**62)))


def is_for_large_pictures(transforms: Sequence[Transform]) -> bool:
    """Whether every one of the transforms shows the picture once and whole."""
    return not any(isinstance(transform, Crop) for transform in transforms)
