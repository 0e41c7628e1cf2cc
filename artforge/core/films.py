"""Film files come in: what a file holds, and one frame of it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from artforge.core.errors import PictureError
from artforge.core.pictures import MAX_PIXELS, to_float
from artforge.core.values import Image

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream
    from PIL.GifImagePlugin import GifImageFile
    from PIL.PngImagePlugin import PngImageFile
    from PIL.WebPImagePlugin import WebPImageFile

_MAGIC_BYTES = 16
_STILL_BRANDS = frozenset({b"avif", b"heic", b"heix", b"mif1"})  # stills in the same boxes as MP4


class FilmInfo(NamedTuple):
    """What a film file holds: its size in pixels, its frames and their rate."""

    width: int
    height: int
    num_frames: int
    fps: float


def read_frame(path: Path, index: int = 0) -> Image:
    """One frame of a film file.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        PictureError: no such file, no film, damaged, or it has no frame `index`.
    """
    if index >= 0 and _is_animation(path):
        return _read_animation(path, index)
    with _opened(path) as (container, _):
        num_frames = 0
        for number, frame in enumerate(container.decode(video=0)):
            if number == index:
                return to_float(_to_rgb(frame))
            num_frames = number + 1
    raise PictureError(f"{path}: no frame {index}; it has {num_frames} frames, counted from 0")


def film_frames(path: Path) -> Iterator[NDArray[np.uint8]]:
    """All frames of a film file in order, each decoded when it is asked for: a film of hours needs no more memory.

    Yields:
        uint8 (H, W, 3), sRGB.

    Raises:
        PictureError: no such file, no film, or damaged; frames before the damage have been given by then.
    """
    if _is_animation(path):
        with _opened_animation(path) as film:
            for index in range(getattr(film, "n_frames", 1)):
                film.seek(index)
                yield np.asarray(film.convert("RGB"))
        return
    with _opened(path) as (container, _):
        yield from map(_to_rgb, container.decode(video=0))


def is_film(path: Path) -> bool:
    """Whether a file holds a film: an animation of a single frame is a still.

    Raises:
        PictureError: it begins like an animation and is damaged.
    """
    if not _is_animation(path):
        return _film_format(_magic_of(path)) is not None
    with _opened_animation(path) as film:
        return getattr(film, "n_frames", 1) > 1


def _to_rgb(frame: VideoFrame) -> NDArray[np.uint8]:
    from av.video.reformatter import Interpolation  # noqa: PLC0415

    # without exact rounding everything comes back about one level too dark
    flags = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
    return np.asarray(frame.reformat(format="rgb24", interpolation=flags).to_ndarray(), np.uint8)


def film_info(path: Path) -> FilmInfo:
    """Size, number of frames and rate of a film file.

    Raises:
        PictureError: no such file, no film, or damaged.
    """
    if _is_animation(path) or _magic_of(path).startswith(b"GIF8"):  # of whose times FFmpeg tells a guess
        delays = frame_delays(path)
        with _opened_animation(path) as film:
            return FilmInfo(film.width, film.height, len(delays), 1000 * len(delays) / (sum(delays) or 1))
    with _opened(path) as (container, stream):
        num_frames = stream.frames or sum(packet.size > 0 for packet in container.demux(stream))
        return FilmInfo(stream.width, stream.height, num_frames, float(stream.average_rate or 0))


def frame_delays(path: Path) -> list[float]:
    """How long each stored frame of a GIF, APNG or animated WebP stands, in milliseconds.

    Raises:
        PictureError: it is none of them, or damaged.
    """
    with _opened_animation(path) as film:
        delays = []
        for index in range(getattr(film, "n_frames", 1)):
            film.seek(index)
            film.load()  # WebP tells the time of a frame when it is decoded
            delays.append(float(film.info.get("duration", 0)))
        return delays


def _magic_of(path: Path) -> bytes:
    """The first bytes of a file; none where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(_MAGIC_BYTES)
    except OSError:
        return b""


def _is_animation(path: Path) -> bool:
    """Whether it is an APNG or a WebP, which FFmpeg reads in part; of one frame, they are stills as well."""
    magic = _magic_of(path)
    if magic[:4] != b"\x89PNG" and magic[8:12] != b"WEBP":
        return False
    if magic[8:12] == b"WEBP" or path.suffix == ".apng":
        return True
    with _opened_animation(path) as film:
        return bool(film.is_animated)


def _read_animation(path: Path, index: int) -> Image:
    with _opened_animation(path) as film:
        num_frames = getattr(film, "n_frames", 1)
        if index >= num_frames:
            raise PictureError(f"{path}: no frame {index}; it has {num_frames} frames, counted from 0")
        film.seek(index)
        return to_float(np.asarray(film.convert("RGB")))


@contextmanager
def _opened_animation(path: Path) -> Iterator[GifImageFile | PngImageFile | WebPImageFile]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes, which are checked here
            with PillowImage.open(path, formats=["GIF", "PNG", "WEBP"]) as film:
                if film.width * film.height > MAX_PIXELS:
                    raise PictureError(f"{path}: {film.width}x{film.height} pixels; {_too_large()}")
                yield film  # type: ignore[misc]  # one of the three that it is opened as
    except PictureError:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, PillowImage.DecompressionBombError) as error:
        raise PictureError(f"{path}: not a film that can be read ({error})") from error


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    import av  # noqa: PLC0415

    if not path.is_file():
        raise PictureError(f"{path}: no such film file")
    try:
        with path.open("rb") as file:
            format_name = _film_format(file.read(_MAGIC_BYTES))
            if format_name is None:
                raise PictureError(
                    f"{path}: not a film, expected an MP4, MOV, WebM, Matroska, GIF, APNG or animated WebP file"
                )
            file.seek(0)
            # an open file and a named format: FFmpeg, left to find out for itself, follows playlists to other files
            with av.open(file, "r", format=format_name, metadata_errors="replace") as container:
                if not container.streams.video:
                    raise PictureError(f"{path}: not a film (it has no pictures)")
                stream = container.streams.video[0]
                if stream.width * stream.height > MAX_PIXELS:
                    raise PictureError(f"{path}: {stream.width}x{stream.height} pixels; {_too_large()}")
                yield container, stream
    except (av.error.FFmpegError, OSError) as error:
        raise PictureError(f"{path}: not a film that can be read ({error})") from error


def _too_large() -> str:
    return f"at most {MAX_PIXELS // 10**6} million are read. Shrink it."


def _film_format(magic: bytes) -> str | None:
    """FFmpeg's name of the format that a file's first bytes tell, or None where it is no film."""
    if magic[4:8] == b"ftyp":
        return None if magic[8:12] in _STILL_BRANDS else "mp4"
    if magic[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    return "matroska" if magic[:4] == b"\x1aE\xdf\xa3" else None
