"""GIF: one palette for a whole film, a dither that stays in its place, honest times."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from artforge.core.files import atomic_path
from artforge.core.films import FilmInfo
from artforge.core.formats.containers import put_into_gif
from artforge.core.formats.frames import Pixels, byte_frames, check_frames
from artforge.core.formats.xmp import Label, to_packet
from artforge.core.pictures import to_bytes
from artforge.core.values import Frames

_NUM_COLORS = 255  # of a GIF's 256; the last one says "as in the frame before"
_UNCHANGED = 255
_PALETTE_FRAMES = 12
_PALETTE_PIXELS = 160 * 160
_LOOKUP_BITS = 6
_SHORTEST_DELAY = 2  # centiseconds; browsers play anything shorter at 10 frames a second


def write_gif(
    path: Path, frames: Frames, *, label: Label | None = None, on_frame: Callable[[int], None] | None = None
) -> FilmInfo:
    """Write a GIF that loops for ever, whole or not at all, with one palette for the whole film.

    One palette and a dither that stays in its place keep the picture from flickering. A GIF tells time in
    centiseconds: 25 fps gives 4 each and is exact; 30 fps gives 3, 4, 3, 3, 4, 3 ..., so that the film keeps its
    length; above 50 fps frames are left out (60 fps: every other), because browsers slow delays of 1 down to 10.
    Frames that equal the one before are not stored again: it stands longer. The same frames and words always give the
    same bytes with the same Pillow.

    Args:
        path: ends in `.gif`.
        frames: drawn one by one, a few of them twice; at least one.
        label: what it says of itself; nothing where None.
        on_frame: called with the index of each frame once it is in.

    Returns:
        what was written: `num_frames` counts those of the timeline that were not left out, and `fps` is their rate.

    Raises:
        ShapeError: a frame has another size than the first.
        OutputError: no frames, or the folder or file cannot be written.
    """
    check_frames(path, frames)
    every = gif_every(frames.fps)
    indices = range(0, len(frames), every)
    palette = _shared_palette(frames, indices)
    pictures = _palette_pictures(frames, every, palette, on_frame)
    with atomic_path(path) as part:
        first = next(pictures)
        first.save(
            part,
            format="GIF",
            save_all=True,
            append_images=pictures,
            duration=[10 * delay for delay in gif_delays(len(frames), frames.fps, every)],
            loop=0,
            transparency=_UNCHANGED,
            disposal=1,
            optimize=False,
        )
        if label is not None:
            put_into_gif(part, to_packet(label))
    return FilmInfo(first.width, first.height, len(indices), frames.fps / every)


def gif_every(fps: float) -> int:
    """Which frames a GIF keeps: all of them (1), every other (2), every third ..., so that no browser slows it down."""
    return max(1, math.ceil(fps * _SHORTEST_DELAY / 100))


def gif_delays(num_frames: int, fps: float, every: int = 1) -> list[int]:
    """How long each stored frame stands, in centiseconds; they add up to the film's length as nearly as can be."""
    starts = [*range(0, num_frames, every), num_frames]
    times = [int(np.floor(100 * start / fps + 0.5)) for start in starts]
    return [max(_SHORTEST_DELAY, until - since) for since, until in pairwise(times)]


def _shared_palette(frames: Frames, indices: range) -> Pixels:
    """uint8 (255, 3): the colours that serve a sample of frames, from the first to the last, best."""
    chosen = np.unique(np.linspace(0, len(indices) - 1, min(_PALETTE_FRAMES, len(indices))).round().astype(int))
    samples = [_thinned(to_bytes(frames.draw(indices[at]))) for at in chosen]
    sample = PillowImage.fromarray(_levelled(np.concatenate(samples))[None])
    quantized = sample.quantize(_NUM_COLORS, method=PillowImage.Quantize.MEDIANCUT, kmeans=2)
    colors = np.array(quantized.getpalette(), np.uint8).reshape(-1, 3)[:_NUM_COLORS]
    return np.pad(colors, ((0, _NUM_COLORS - len(colors)), (0, 0)), mode="edge")


def _thinned(pixels: Pixels) -> Pixels:
    """An even sample of a frame's pixels, uint8 (n, 3)."""
    flat = pixels.reshape(-1, 3)
    return flat[:: max(1, len(flat) // _PALETTE_PIXELS)]


def _levelled(pixels: Pixels) -> Pixels:
    """Make common colours rarer: a large meadow must not leave a small glow without colours of its own."""
    colors, counts = np.unique(pixels & 0xFC, axis=0, return_counts=True)
    return np.repeat(colors | 0x02, np.ceil(np.sqrt(counts)).astype(int), axis=0)


def _palette_pictures(
    frames: Frames, every: int, palette: Pixels, on_frame: Callable[[int], None] | None
) -> Iterator[PillowImage.Image]:
    """Each frame as palette indices; where a pixel is as before it says so, which packs far better."""
    nearest, spacing = _nearest_color_table(palette), _spacing(palette)
    table = [*palette.reshape(-1).tolist(), 0, 0, 0]
    dither: NDArray[np.float32] | None = None
    before: Pixels | None = None
    for number, pixels in enumerate(byte_frames(frames, every)):
        if dither is None:
            dither = _dither_pattern(*pixels.shape[:2])
        indices = _to_indices(pixels, dither, nearest, spacing)
        stored = indices if before is None else np.where(indices == before, np.uint8(_UNCHANGED), indices)
        picture = PillowImage.fromarray(stored, mode="P")
        picture.putpalette(table)
        before = indices
        yield picture
        if on_frame is not None:
            on_frame(number * every)


def _dither_pattern(height: int, width: int) -> NDArray[np.float32]:
    """float32 (height, width) in [-0.5, 0.5): interleaved gradient noise, the same in every frame.

    Source: Jimenez, Next Generation Post Processing in Call of Duty: Advanced Warfare (2014).
    """
    x, y = np.arange(width)[None, :], np.arange(height)[:, None]
    return (52.9829189 * ((0.06711056 * x + 0.00583715 * y) % 1.0) % 1.0 - 0.5).astype(np.float32)


def _spacing(palette: Pixels) -> NDArray[np.float32]:
    """float32 (255,): from each colour of the palette to its neighbours, in levels of one channel."""
    colors = palette.astype(np.float32)
    distances = np.linalg.norm(colors[:, None] - colors[None], axis=-1)
    distances[distances == 0] = np.inf  # itself and its doubles
    nearest = np.sort(distances, axis=1)[:, :3]
    known = np.isfinite(nearest)
    mean = np.where(known, nearest, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    spacing: NDArray[np.float32] = (mean / np.sqrt(3)).astype(np.float32)
    return spacing


def _nearest_color_table(palette: Pixels) -> NDArray[np.uint8]:
    """uint8 (2^18,): the palette's nearest colour for every colour of 6 bits a channel, red in the highest bits."""
    step = 256 >> _LOOKUP_BITS
    levels = np.arange(1 << _LOOKUP_BITS, dtype=np.float32) * step + (step - 1) / 2
    red, green, blue = np.meshgrid(levels, levels, levels, indexing="ij")
    colors = np.stack([red.ravel(), green.ravel(), blue.ravel()], axis=1)
    candidates = palette.astype(np.float32)
    table = np.empty(len(colors), np.uint8)
    for start in range(0, len(colors), 1 << 14):
        # |color - candidate|^2 without |color|^2, which is the same for all candidates
        chunk = colors[start : start + (1 << 14)]
        table[start : start + len(chunk)] = (np.square(candidates).sum(axis=1) - 2 * chunk @ candidates.T).argmin(
            axis=1
        )
    return table


def _to_indices(
    pixels: Pixels, dither: NDArray[np.float32], nearest: NDArray[np.uint8], spacing: NDArray[np.float32]
) -> Pixels:
    """Palette indices of a frame, dithered where the palette is sparse and hardly at all where it is dense."""
    strength = spacing.take(nearest.take(_color_codes(pixels)))
    dithered = np.clip(pixels + (dither * strength)[..., None], 0, 255).astype(np.uint8)
    indices: Pixels = nearest.take(_color_codes(dithered))
    return indices


def _color_codes(pixels: Pixels) -> NDArray[np.int32]:
    """Where each colour stands in the table of nearest colours."""
    red, green, blue = ((pixels[..., channel] >> (8 - _LOOKUP_BITS)).astype(np.int32) for channel in range(3))
    return (red << 2 * _LOOKUP_BITS) | (green << _LOOKUP_BITS) | blue
