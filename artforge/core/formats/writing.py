"""One way to write a film of any format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from artforge.core.films import FilmInfo
from artforge.core.formats.animations import write_animated_webp, write_apng
from artforge.core.formats.gif import write_gif
from artforge.core.formats.known import FilmFormat
from artforge.core.formats.video import write_mp4, write_webm
from artforge.core.formats.xmp import Label
from artforge.core.values import Frames


def write_film(
    path: Path,
    frames: Frames,
    film_format: FilmFormat,
    *,
    label: Label | None = None,
    quality: int | None = None,
    on_frame: Callable[[int], None] | None = None,
) -> FilmInfo:
    """Write frames as a film of a format, whole or not at all.

    Args:
        path: where it goes.
        frames: at least one.
        film_format: a name of `FORMATS`.
        label: what it says of itself; nothing where None.
        quality: from 1 to 100, of a format that takes one; None takes the format's own.
        on_frame: called with the index of each frame once it is in.

    Raises:
        ShapeError: a frame has another size than the first.
        OutputError: no frames, or the folder or file cannot be written.
    """
    if film_format == "animated_webp":
        return write_animated_webp(path, frames, label=label, quality=quality, on_frame=on_frame)
    write = {"mp4": write_mp4, "webm": write_webm, "gif": write_gif, "apng": write_apng}[film_format]
    return write(path, frames, label=label, on_frame=on_frame)
