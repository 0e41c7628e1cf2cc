"""APNG and animated WebP: films that a browser shows like a picture, encoded while they are drawn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from artforge.core.errors import OutputError
from artforge.core.files import atomic_path
from artforge.core.films import FilmInfo
from artforge.core.formats.containers import put_into_png, put_into_webp
from artforge.core.formats.frames import byte_frames, check_frames, exact_rate
from artforge.core.formats.known import FORMATS
from artforge.core.formats.stills import write_still
from artforge.core.formats.xmp import Label, to_packet
from artforge.core.values import Frames

if TYPE_CHECKING:
    from av.video.stream import VideoStream


def write_apng(
    path: Path, frames: Frames, *, label: Label | None = None, on_frame: Callable[[int], None] | None = None
) -> FilmInfo:
    """Write a film that keeps every pixel as it is, loops for ever and is large; whole or not at all.

    Args:
        path: ends in `.apng`.
        frames: drawn one by one, in order; at least one.
        label: what it says of itself; nothing where None.
        on_frame: called with the index of each frame once it is in.

    Raises:
        ShapeError: a frame has another size than the first.
        OutputError: no frames, or the folder or file cannot be written.
    """
    with atomic_path(path) as part:
        info = _write(path, part, frames, "apng", "rgb24", {"pred": "mixed"}, {"plays": "0"}, on_frame)
        if label is not None:
            put_into_png(part, to_packet(label))
    return info


def write_animated_webp(
    path: Path,
    frames: Frames,
    *,
    label: Label | None = None,
    quality: int | None = None,
    on_frame: Callable[[int], None] | None = None,
) -> FilmInfo:
    """Write an animated WebP: far smaller than a GIF, with all colours; frames stand for whole milliseconds.

    Args:
        path: ends in `.webp`.
        frames: drawn one by one, in order; at least one.
        label: what it says of itself; nothing where None.
        quality: from 1 to 100; None takes the format's own.
        on_frame: called with the index of each frame once it is in.

    Raises:
        ShapeError: a frame has another size than the first.
        OutputError: no frames, or the folder or file cannot be written.
    """
    if len(frames) == 1:
        return _write_one(path, frames, label, quality, on_frame)
    settings = {"quality": str(quality or FORMATS["animated_webp"].quality), "compression_level": "4"}
    with atomic_path(path) as part:
        info = _write(path, part, frames, "webp", "bgra", settings, {"loop": "0"}, on_frame)
        if label is not None:
            put_into_webp(part, to_packet(label))
    return info


def _write_one(
    path: Path, frames: Frames, label: Label | None, quality: int | None, on_frame: Callable[[int], None] | None
) -> FilmInfo:
    """An animation of one frame is a still."""
    check_frames(path, frames)
    image = frames.draw(0)
    write_still(path, image, "webp", label, quality or FORMATS["animated_webp"].quality)
    if on_frame is not None:
        on_frame(0)
    return FilmInfo(image.shape[1], image.shape[0], 1, float(exact_rate(frames.fps)))


def _write(
    path: Path,
    part: Path,
    frames: Frames,
    format_name: str,
    pixel_format: str,
    settings: dict[str, str],
    options: dict[str, str],
    on_frame: Callable[[int], None] | None,
) -> FilmInfo:
    import av  # noqa: PLC0415 - a fifth of a second that only films pay
    from av.video.frame import VideoFrame  # noqa: PLC0415

    check_frames(path, frames)
    rate = exact_rate(frames.fps)
    codec = {"apng": "apng", "webp": "libwebp_anim"}[format_name]
    width = height = 0
    try:
        with av.open(str(part), "w", format=format_name, options={"fflags": "+bitexact", **options}) as container:
            stream = cast("VideoStream", container.add_stream(codec, rate=rate, options=settings))
            stream.codec_context.time_base = 1 / rate
            stream.codec_context.thread_count = 1  # the bytes must not hang on the machine's cores
            for index, pixels in enumerate(byte_frames(frames)):
                if index == 0:
                    height, width = pixels.shape[:2]
                    stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
                picture = VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=pixel_format)
                picture.pts, picture.time_base = index, 1 / rate
                container.mux(stream.encode(picture))
                if on_frame is not None:
                    on_frame(index)
            container.mux(stream.encode(None))
    except av.error.FFmpegError as error:
        raise OutputError(f"{path}: the film cannot be written ({error})") from error
    return FilmInfo(width, height, len(frames), float(rate))
