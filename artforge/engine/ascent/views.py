"""How the network sees a picture at one step: all its moves in one resampling, so that nothing is blurred twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from artforge.engine.ascent.transforms import Crop, Jitter, Move, Noise, Pad, Transform, draw_move
from artforge.engine.backend import load_keras

Edges = Literal["grey", "reflect", "wrap"]
"""What lies beyond the picture: a plain grey, its mirror image, or the picture again as on a printed cloth."""

GREY = 0.5
_MOST_SAMPLES = 4  # along an edge: a view that shrinks more than fourfold is a little rough, and that is enough
_WHOLE = 1e-6


@dataclass(frozen=True, eq=False)
class View:
    """A resampling as numbers: pixel (y, x) of the canvas is Σ_k shares[v, k, y, x] · picture[taps[v, k, y, x]].

    Attributes:
        taps: int32 (views, k, h, w), places in the flattened picture.
        shares: float32 (views, k, h, w); they add up to 1, or to less where the canvas shows what is beyond it.
        fill: float32 (views, h, w), what is added there.
        noise: float32 (views or 1, h or 1, w or 1, 3), what is added to all pictures.
    """

    taps: NDArray[np.int32]
    shares: NDArray[np.float32]
    fill: NDArray[np.float32]
    noise: NDArray[np.float32]


def canvas_size(transforms: Sequence[Transform], size: tuple[int, int]) -> tuple[int, int]:
    """(height, width) of what the network sees of a picture of one size: with the paddings, without what jitters off.

    Every jitter is a crop: pixels that may lie beyond the padded picture are not shown.
    """
    grown = 0
    for transform in transforms:
        if isinstance(transform, Pad):
            grown += 2 * transform.pixels
        elif isinstance(transform, Jitter):
            grown -= min(2 * transform.pixels, max(grown, 0))
    return size[0] + grown, size[1] + grown


def sample_view(
    transforms: Sequence[Transform],
    size: tuple[int, int],
    canvas: tuple[int, int],
    rng: np.random.Generator,
    *,
    edges: Edges = "reflect",
    fit: bool = False,
) -> View:
    """Draw one step's view.

    Args:
        transforms: what happens, in this order.
        size: (height, width) of the picture.
        canvas: (height, width) of what the network sees.
        rng: chance; the same generator gives the same view, whatever the pictures.
        edges: what lies beyond the picture.
        fit: whether the whole picture is brought to the canvas first, for a network of one input size.
    """
    num_views = max([transform.views for transform in transforms if isinstance(transform, Crop)], default=1)
    parts = [_part(transforms, size, canvas, rng, edges, fit) for _ in range(num_views)]
    most = max(len(taps) for taps, _, _ in parts)
    spread = max([transform.spread for transform in transforms if isinstance(transform, Noise)], default=0.0)
    noise = np.zeros((1, 1, 1, 3), np.float32)
    if spread:
        noise = rng.normal(0, spread, (num_views, *canvas, 3)).astype(np.float32)
    return View(
        np.stack([_filled_up(taps, most) for taps, _, _ in parts]),
        np.stack([_filled_up(shares, most) for _, shares, _ in parts]),
        np.stack([fill for _, _, fill in parts]),
        noise,
    )


def plain_view(size: tuple[int, int], canvas: tuple[int, int], *, edges: Edges = "reflect", fit: bool = False) -> View:
    """The view without any chance: the picture in the middle of the canvas, or brought to it."""
    return sample_view((), size, canvas, np.random.default_rng(0), edges=edges, fit=fit)


def look(pictures: Any, taps: Any, shares: Any, fill: Any, noise: Any) -> Any:
    """What the network sees of pictures, as Keras operations; the arguments after the first are those of a `View`.

    Args:
        pictures: tensor (n, H, W, 3).

    Returns:
        tensor (views · n, h, w, 3), all pictures of the first view first.
    """
    ops = load_keras().ops
    num, height, width, channels = ops.shape(pictures)
    num_views, num_taps, rows, columns = ops.shape(taps)
    # one long row for each pixel place, all pictures side by side: a gather of long rows is a copy of memory
    by_place = ops.reshape(ops.transpose(pictures, (1, 2, 0, 3)), (height * width, num * channels))
    found = ops.take(by_place, ops.reshape(taps, (-1,)), axis=0)
    found = ops.reshape(found, (num_views, num_taps, rows, columns, num * channels))
    seen = ops.sum(found * ops.expand_dims(shares, -1), axis=1) + ops.expand_dims(fill, -1)
    seen = ops.reshape(seen, (num_views, rows, columns, num, channels))
    seen = ops.transpose(seen, (0, 3, 1, 2, 4)) + ops.expand_dims(noise, 1)
    return ops.reshape(seen, (-1, rows, columns, channels))


def _part(
    transforms: Sequence[Transform],
    size: tuple[int, int],
    canvas: tuple[int, int],
    rng: np.random.Generator,
    edges: Edges,
    fit: bool,
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
    """Taps, shares and fill of one view."""
    return resampling(whole_move(transforms, size, canvas, rng, fit), size, canvas, edges, range(canvas[0]))


def resampling(
    move: Move, size: tuple[int, int], canvas: tuple[int, int], edges: Edges, rows: range
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
    """A move as numbers, for some rows of the canvas.

    Args:
        move: from the canvas to the picture.
        size: (height, width) of the picture.
        canvas: (height, width) of what the network sees.
        edges: what lies beyond the picture.
        rows: of the canvas.

    Returns:
        taps int32 and shares float32 (k, rows, w), and fill float32 (rows, w), as in a `View`.
    """
    samples = _num_samples(move)
    taps: list[NDArray[np.int32]] = []
    shares: list[NDArray[np.float32]] = []
    for offset in _offsets(samples):
        down, across = _places(move, canvas, size, offset, rows)
        for place, share in _neighbours(down, across, size, edges):
            if not taps or share.any():
                taps.append(place)
                shares.append((share / samples**2).astype(np.float32))
    stacked = np.stack(shares)
    fill = np.zeros(stacked.shape[1:], np.float32)
    if edges == "grey":
        fill = (GREY * (1 - stacked.sum(axis=0))).astype(np.float32)
    return np.stack(taps), stacked, fill


def whole_move(
    transforms: Sequence[Transform],
    size: tuple[int, int],
    canvas: tuple[int, int],
    rng: np.random.Generator,
    fit: bool,
) -> Move:
    """One draw of all transforms as one move from the canvas to the picture; see `sample_view`."""
    move = np.eye(3)
    for transform in transforms:
        move = move @ draw_move(transform, size, canvas, rng)
    if fit and not any(isinstance(transform, Crop) for transform in transforms):
        move = move @ np.diag([size[0] / canvas[0], size[1] / canvas[1], 1])
    return move


def _num_samples(move: Move) -> int:
    """How many samples along an edge a pixel of the canvas needs, so that shrinking does not alias."""
    shrinks = float(np.linalg.norm(move[:2, :2], axis=0).max())
    return min(max(1, round(shrinks)), _MOST_SAMPLES)


def _offsets(samples: int) -> list[tuple[float, float]]:
    steps = [(index + 0.5) / samples - 0.5 for index in range(samples)]
    return [(down, across) for down in steps for across in steps]


def _places(
    move: Move, canvas: tuple[int, int], size: tuple[int, int], offset: tuple[float, float], rows: range
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where in the picture each pixel of some rows of the canvas looks, in pixels from the first one."""
    down = np.arange(rows.start, rows.stop)[:, None] - (canvas[0] - 1) / 2 + offset[0]
    across = np.arange(canvas[1])[None, :] - (canvas[1] - 1) / 2 + offset[1]
    places = [move[row, 0] * down + move[row, 1] * across + move[row, 2] + (size[row] - 1) / 2 for row in (0, 1)]
    if np.array_equal(move[:2, :2], np.eye(2)):
        # an odd picture on an even canvas has its middle between two pixels: whole pixels stay whole all the same
        places = [np.floor(along + _WHOLE) for along in places]
    return places[0], places[1]


def _neighbours(
    down: NDArray[np.float64], across: NDArray[np.float64], size: tuple[int, int], edges: Edges
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.float64]]]:
    """The up to four pixels around each place, with the share of each."""
    columns = _either_side(across, size[1], edges)
    for row, row_share in _either_side(down, size[0], edges):
        for column, column_share in columns:
            yield row * np.int32(size[1]) + column, row_share * column_share


def _either_side(
    along: NDArray[np.float64], length: int, edges: Edges
) -> list[tuple[NDArray[np.int32], NDArray[np.float64]]]:
    """Of places along one axis: the pixels before and after each, with the share of each."""
    before = np.floor(along + _WHOLE)
    beyond = np.abs(along - before)
    index = before.astype(np.int32)
    return [
        (_folded(place, length, edges), _seen_share(share, place, length, edges))
        for place, share in ((index, 1 - beyond), (index + np.int32(1), beyond))
    ]


def _folded(index: NDArray[np.int32], length: int, edges: Edges) -> NDArray[np.int32]:
    """Places beyond an edge brought back inside."""
    if edges == "grey":
        return np.clip(index, 0, length - 1)
    period = np.int32(length if edges == "wrap" else 2 * length)
    inside = index - index // period * period  # index % period, which is many times slower
    return inside if edges == "wrap" else np.minimum(inside, period - 1 - inside)


def _seen_share(share: NDArray[np.float64], index: NDArray[np.int32], length: int, edges: Edges) -> NDArray[np.float64]:
    """Shares without what is next to nothing, and where nothing lies beyond the edges without what is there."""
    counts = share >= _WHOLE
    if edges == "grey":
        counts &= (index >= 0) & (index < length)
    return np.asarray(share * counts, np.float64)


def _filled_up(taps: NDArray[Any], most: int) -> NDArray[Any]:
    """With taps that count for nothing, so that all views have as many."""
    if len(taps) == most:
        return taps
    return np.concatenate([taps, np.zeros((most - len(taps), *taps.shape[1:]), taps.dtype)])
