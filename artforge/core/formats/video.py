"""MP4 and WebM: films of any length, encoded while they are drawn."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from artforge.core.errors import OutputError
from artforge.core.files import atomic_path
from artforge.core.films import FilmInfo
from artforge.core.formats.containers import put_into_mp4
from artforge.core.formats.frames import Pixels, byte_frames, check_frames, exact_rate
from artforge.core.formats.xmp import Label, to_packet
from artforge.core.values import Frames

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

WEBM_XMP_TAG = "XMP"
"""WebM has no place of its own for XMP: it stands among the tags."""

_BT709 = 1  # the code of ITU-R BT.709 for primaries, transfer curve and matrix alike
_TV_RANGE, _FULL_RANGE = 1, 2
_ENCODER_THREADS = 4  # fixed: the result depends on the number of threads, and the machine's must not decide it
_SAME_EVERYWHERE = "asm=MMX2,SSE2Fast,SSSE3,SSE4.2"
"""With what comes after AVX2, x264 gave several versions of one and the same film (measured at 96x64 and 260x250, in
one run of four; it seems to read memory that nobody wrote). These routines cost no measurable time."""


def write_mp4(
    path: Path, frames: Frames, *, label: Label | None = None, on_frame: Callable[[int], None] | None = None
) -> FilmInfo:
    """Write an H.264 film that plays everywhere, whole or not at all.

    High profile, crf 17, yuv420p, converted to and tagged as BT.709, the index in front (faststart). An odd edge is
    made even by repeating its last row or column, never by stretching. The same frames and words always give the same
    bytes with the same encoder version.

    Args:
        path: ends in `.mp4`.
        frames: drawn one by one, in order; at least one.
        label: what it says of itself; nothing where None.
        on_frame: called with the index of each frame once it is in.

    Returns:
        what was written; an odd edge is one longer than that of the frames.

    Raises:
        ShapeError: a frame has another size than the first.
        OutputError: no frames, or the folder or file cannot be written.
    """
    check_frames(path, frames)
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    tags = _tags(label, {"title": "title", "creator": "artist", "rights": "copyright", "alt": "description"})
    with atomic_path(path) as part:
        with _container(path, part, "mp4", options, tags) as container:
            width, height = _encode(container, frames, _open_h264, on_frame)
        if label is not None:
            put_into_mp4(part, to_packet(label))
    return FilmInfo(width, height, len(frames), float(exact_rate(frames.fps)))


def write_webm(
    path: Path, frames: Frames, *, label: Label | None = None, on_frame: Callable[[int], None] | None = None
) -> FilmInfo:
    """Write a VP9 film, smaller than MP4 and as widely played in browsers; else as `write_mp4`.

    Constant quality (crf 24), a keyframe every two seconds, BT.709.
    """
    check_frames(path, frames)
    tags = _tags(label, {"title": "title", "creator": "artist", "rights": "copyright", "alt": "description"})
    if label is not None:
        tags[WEBM_XMP_TAG] = to_packet(label).decode()
    with atomic_path(path) as part, _container(path, part, "webm", {"fflags": "+bitexact"}, tags) as container:
        width, height = _encode(container, frames, _open_vp9, on_frame)
    return FilmInfo(width, height, len(frames), float(exact_rate(frames.fps)))


def _tags(label: Label | None, names: dict[str, str]) -> dict[str, str]:
    """The words that players show, under the container's own names for them."""
    if label is None:
        return {}
    return {tag: text for field, tag in names.items() if (text := getattr(label, field))}


@contextmanager
def _container(
    path: Path, part: Path, format_name: str, options: dict[str, str], tags: dict[str, str]
) -> Iterator[OutputContainer]:
    import av  # noqa: PLC0415 - a fifth of a second that only films pay

    try:
        with av.open(str(part), "w", format=format_name, options=options) as container:
            container.metadata.update(tags)
            yield container
    except av.error.FFmpegError as error:
        raise OutputError(f"{path}: the film cannot be written ({error})") from error


def _encode(
    container: OutputContainer,
    frames: Frames,
    open_stream: Callable[[OutputContainer, Fraction], VideoStream],
    on_frame: Callable[[int], None] | None,
) -> tuple[int, int]:
    """Fill the container; gives the (width, height) as encoded."""
    rate = exact_rate(frames.fps)
    pictures = _even_frames(frames)
    first = next(pictures)
    height, width = first.shape[:2]
    stream = open_stream(container, rate)
    _describe(stream, rate, width, height)
    for index, pixels in enumerate(chain([first], pictures)):
        picture = _to_bt709(pixels)
        picture.pts = index
        picture.time_base = 1 / rate
        container.mux(stream.encode(picture))
        if on_frame is not None:
            on_frame(index)
    container.mux(stream.encode(None))
    return width, height


def _open_h264(container: OutputContainer, rate: Fraction) -> VideoStream:
    options = {"crf": "17", "preset": "medium", "profile": "high", "g": _keyframe_every(rate)}
    if platform.machine().lower() in ("x86_64", "amd64"):
        options["x264-params"] = _SAME_EVERYWHERE
    return container.add_stream("libx264", rate=rate, options=options)


def _open_vp9(container: OutputContainer, rate: Fraction) -> VideoStream:
    options = {"crf": "24", "b": "0", "deadline": "good", "cpu-used": "3", "g": _keyframe_every(rate)}
    return container.add_stream("libvpx-vp9", rate=rate, options=options)


def _keyframe_every(rate: Fraction) -> str:
    return str(max(1, round(2 * rate)))  # a viewer can jump to any place within two seconds


def _describe(stream: VideoStream, rate: Fraction, width: int, height: int) -> None:
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    context = stream.codec_context
    context.time_base = 1 / rate
    context.thread_count = _ENCODER_THREADS
    context.color_range = _TV_RANGE
    context.color_primaries = context.color_trc = context.colorspace = _BT709


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
    for pixels in byte_frames(frames):
        height, width = pixels.shape[:2]
        yield np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
