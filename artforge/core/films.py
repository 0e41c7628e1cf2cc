"""Film files at the edge: Frames go out as MP4 or GIF, and come in again frame by frame."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from itertools import chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from artforge.core.errors import OutputError, PictureError, ShapeError
from artforge.core.files import atomic_path
from artforge.core.pictures import MAX_PIXELS, to_bytes, to_float
from artforge.core.values import Frames, Image

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

Pixels = NDArray[np.uint8]

_BT709 = 1  # the code of ITU-R BT.709 for primaries, transfer curve and matrix alike
_TV_RANGE, _FULL_RANGE = 1, 2
_ENCODER_THREADS = 4  # fixed: x264's result depends on the number of threads, and the machine's must not decide it
_SAME_EVERYWHERE = "asm=MMX2,SSE2Fast,SSSE3,SSE4.2"
"""With what comes after AVX2, x264 gave several versions of one and the same film (measured at 96x64 and 260x250, in
one run of four; it seems to read memory that nobody wrote). These routines cost no measurable time."""
_CONTAINER_TAGS = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder"})
_MAGIC_BYTES = 12
_STILL_BRANDS = frozenset({b"avif", b"heic", b"heix", b"mif1"})  # stills in the same boxes as MP4

_NUM_COLORS = 255  # of a GIF's 256; the last one says "as in the frame before"
_UNCHANGED = 255
_PALETTE_FRAMES = 12
_PALETTE_PIXELS = 160 * 160
_LOOKUP_BITS = 6
_SHORTEST_DELAY = 2  # centiseconds; browsers play anything shorter at 10 frames a second


class FilmInfo(NamedTuple):
    """What a film file holds: its size in pixels, its frames and their rate."""

    width: int
    height: int
    num_frames: int
    fps: float


def write_mp4(
    path: Path, frames: Frames, *, texts: Mapping[str, str] | None = None, on_frame: Callable[[int], None] | None = None
) -> FilmInfo:
    """Write an H.264 film that plays in browsers, whole or not at all.

    High profile, crf 17, yuv420p, converted to and tagged as BT.709, the index in front (faststart). An odd edge is
    made even by repeating its last row or column, never by stretching. The same frames and texts always give the same
    bytes with the same encoder version.

    Args:
        path: ends in `.mp4`.
        frames: drawn one by one, in order; at least one.
        texts: metadata by key, of any length; `film_texts` reads them back.
        on_frame: called with the index of each frame once it is in.

    Returns:
        what was written; an odd edge is one longer than that of the frames.

    Raises:
        ShapeError: a frame has another size than the first.
        OutputError: no frames, or the folder or file cannot be written.
    """
    import av  # noqa: PLC0415 - a fifth of a second that only films pay

    _check_frames(path, frames)
    options = {"movflags": "+faststart+use_metadata_tags", "fflags": "+bitexact"}
    with atomic_path(path) as part:
        try:
            with av.open(str(part), "w", format="mp4", options=options) as container:
                container.metadata.update(texts or {})
                width, height = _encode(container, frames, on_frame)
        except av.error.FFmpegError as error:
            raise OutputError(f"{path}: the film cannot be written ({error})") from error
    return FilmInfo(width, height, len(frames), float(_rate(frames.fps)))


def _encode(container: OutputContainer, frames: Frames, on_frame: Callable[[int], None] | None) -> tuple[int, int]:
    """Fill the container; gives the (width, height) as encoded."""
    rate = _rate(frames.fps)
    pictures = _even_frames(frames)
    first = next(pictures)
    height, width = first.shape[:2]
    stream = _open_stream(container, rate, width, height)
    for index, pixels in enumerate(chain([first], pictures)):
        picture = _to_bt709(pixels)
        picture.pts = index
        picture.time_base = 1 / rate
        container.mux(stream.encode(picture))
        if on_frame is not None:
            on_frame(index)
    container.mux(stream.encode(None))
    return width, height


def _open_stream(container: OutputContainer, rate: Fraction, width: int, height: int) -> VideoStream:
    keyframe_every = str(max(1, round(2 * rate)))  # a viewer can jump to any place within two seconds
    options = {"crf": "17", "preset": "medium", "profile": "high", "g": keyframe_every}
    if platform.machine().lower() in ("x86_64", "amd64"):
        options["x264-params"] = _SAME_EVERYWHERE
    stream = container.add_stream("libx264", rate=rate, options=options)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    context = stream.codec_context
    context.time_base = 1 / rate
    context.thread_count = _ENCODER_THREADS
    context.color_range = _TV_RANGE
    context.color_primaries = context.color_trc = context.colorspace = _BT709
    return stream


def _to_bt709(pixels: Pixels) -> VideoFrame:
    from av.video.frame import VideoFrame  # noqa: PLC0415
    from av.video.reformatter import Interpolation  # noqa: PLC0415

    # exact rounding, the colour of every pixel and not of every other one, and the same bytes on every processor
    flags = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INP | Interpolation.BITEXACT
    return VideoFrame.from_ndarray(pixels, format="rgb24").reformat(
        format="yuv420p",
        dst_colorspace=_BT709,
        src_color_range=_FULL_RANGE,
        dst_color_range=_TV_RANGE,
        dst_color_trc=_BT709,
        dst_color_primaries=_BT709,
        interpolation=flags,
    )


def _even_frames(frames: Frames) -> Iterator[Pixels]:
    for pixels in _byte_frames(frames):
        height, width = pixels.shape[:2]
        yield np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _byte_frames(frames: Frames, every: int = 1) -> Iterator[Pixels]:
    size: tuple[int, ...] | None = None
    for index in range(0, len(frames), every):
        pixels = to_bytes(frames.draw(index))
        size = size or pixels.shape
        if pixels.shape != size:
            raise ShapeError(
                f"frame {index} is {pixels.shape[1]}x{pixels.shape[0]}, "
                f"but the film began with {size[1]}x{size[0]}: all frames must have one size"
            )
        yield pixels


def _check_frames(path: Path, frames: Frames) -> None:
    if len(frames) < 1:
        raise OutputError(f"{path}: a film needs at least one frame")
    if not 0 < frames.fps <= 1000:
        raise OutputError(f"{path}: a film needs between 0 and 1000 frames per second, received {frames.fps:g}")


def _rate(fps: float) -> Fraction:
    return Fraction(fps).limit_denominator(1001)


def write_gif(
    path: Path, frames: Frames, *, texts: Mapping[str, str] | None = None, on_frame: Callable[[int], None] | None = None
) -> FilmInfo:
    """Write a GIF that loops for ever, whole or not at all, with one palette for the whole film.

    One palette and a dither that stays in its place keep the picture from flickering. A GIF tells time in
    centiseconds: 25 fps gives 4 each and is exact; 30 fps gives 3, 4, 3, 3, 4, 3 ..., so that the film keeps its
    length; above 50 fps frames are left out (60 fps: every other), because browsers slow delays of 1 down to 10.
    Frames that equal the one before are not stored again: it stands longer. The same frames and texts always give the
    same bytes with the same Pillow.

    Args:
        path: ends in `.gif`.
        frames: drawn one by one, a few of them twice; at least one.
        texts: metadata by key, of any length, kept as JSON in the GIF's comment; `film_texts` reads them back.
        on_frame: called with the index of each frame once it is in.

    Returns:
        what was written: `num_frames` counts those of the timeline that were not left out, and `fps` is their rate.

    Raises:
        ShapeError: a frame has another size than the first.
        OutputError: no frames, or the folder or file cannot be written.
    """
    _check_frames(path, frames)
    every = max(1, int(np.ceil(frames.fps * _SHORTEST_DELAY / 100)))
    indices = range(0, len(frames), every)
    palette = _shared_palette(frames, indices)
    pictures = _palette_pictures(frames, every, palette, on_frame)
    comment = {"comment": json.dumps(dict(texts), ensure_ascii=False).encode()} if texts else {}
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
            **comment,
        )
    return FilmInfo(first.width, first.height, len(indices), frames.fps / every)


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
    for number, pixels in enumerate(_byte_frames(frames, every)):
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


def read_frame(path: Path, index: int = 0) -> Image:
    """One frame of a film file.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        PictureError: no such file, no film, damaged, or it has no frame `index`.
    """
    with _opened(path) as (container, _):
        num_frames = 0
        for number, frame in enumerate(container.decode(video=0)):
            if number == index:
                return to_float(_to_rgb(frame))
            num_frames = number + 1
    raise PictureError(f"{path}: no frame {index}; it has {num_frames} frames, counted from 0")


def _to_rgb(frame: VideoFrame) -> Pixels:
    from av.video.reformatter import Interpolation  # noqa: PLC0415

    # without exact rounding everything comes back about one level too dark
    flags = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
    return np.asarray(frame.reformat(format="rgb24", interpolation=flags).to_ndarray(), np.uint8)


def film_texts(path: Path) -> dict[str, str]:
    """The metadata that `write_mp4` or `write_gif` put into a film, without the container's own tags.

    Raises:
        PictureError: no such file, or no film.
    """
    with _opened(path) as (container, _):
        if container.format.name == "gif":
            return _texts_of_comment(container.metadata.get("comment", ""))
        return {key: text for key, text in container.metadata.items() if key not in _CONTAINER_TAGS}


def _texts_of_comment(comment: str) -> dict[str, str]:
    try:
        texts = json.loads(comment)
    except (ValueError, RecursionError):
        return {}  # other programs write plain words there
    return {key: str(text) for key, text in texts.items()} if isinstance(texts, dict) else {}


def film_info(path: Path) -> FilmInfo:
    """Size, number of frames and rate of a film file.

    Raises:
        PictureError: no such file, no film, or damaged.
    """
    with _opened(path) as (container, stream):
        num_frames = stream.frames or sum(packet.size > 0 for packet in container.demux(stream))
        return FilmInfo(stream.width, stream.height, num_frames, float(stream.average_rate or 0))


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    import av  # noqa: PLC0415

    if not path.is_file():
        raise PictureError(f"{path}: no such film file")
    try:
        with path.open("rb") as file:
            format_name = _film_format(file.read(_MAGIC_BYTES))
            if format_name is None:
                raise PictureError(f"{path}: not a film, expected an MP4, MOV, WebM, Matroska or GIF file")
            file.seek(0)
            # an open file and a named format: FFmpeg, left to find out for itself, follows playlists to other files
            with av.open(file, "r", format=format_name, metadata_errors="replace") as container:
                if not container.streams.video:
                    raise PictureError(f"{path}: not a film (it has no pictures)")
                stream = container.streams.video[0]
                if stream.width * stream.height > MAX_PIXELS:
                    raise PictureError(
                        f"{path}: {stream.width}x{stream.height} pixels; "
                        f"at most {MAX_PIXELS // 10**6} million are read. Shrink it."
                    )
                yield container, stream
    except (av.error.FFmpegError, OSError) as error:
        raise PictureError(f"{path}: not a film that can be read ({error})") from error


def _film_format(magic: bytes) -> str | None:
    """FFmpeg's name of the format that a file's first bytes tell, or None where it is no film."""
    if magic[4:8] == b"ftyp":
        return None if magic[8:12] in _STILL_BRANDS else "mp4"
    if magic[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    return "matroska" if magic[:4] == b"\x1aE\xdf\xa3" else None
