"""From what was drawn to a file of the format that the recipe asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

from artforge.core.banded_images import BandedImage
from artforge.core.drawings import Drawing
from artforge.core.formats.drawn import write_drawing
from artforge.core.formats.known import FilmFormat, StillFormat
from artforge.core.formats.medium import Medium
from artforge.core.formats.stills import write_still
from artforge.core.formats.writing import write_film
from artforge.core.formats.xmp import Label
from artforge.core.values import Frames
from artforge.recipes.artifacts import Artifact

_EVEN_FORMATS = frozenset({"mp4", "webm"})


def write_work(
    path: Path,
    artifact: Artifact,
    work: BandedImage | Drawing | Frames,
    label: Label | None,
    *,
    medium: Medium | None = None,
    on_frame: Callable[[int], None] | None = None,
) -> None:
    """Write a picture, a drawing or a film, whole or not at all.

    Args:
        path: where it goes.
        artifact: the file.
        work: what it shows.
        label: what it says of itself; nothing where None.
        medium: what a picture is made for; a screen where None.
        on_frame: called with the index of each frame of a film once it is in.

    Raises:
        ShapeError: a frame has another size than the first.
        OutputError: the folder cannot be written to.
    """
    quality = artifact.output.quality
    if isinstance(work, Frames):
        write_film(path, work, cast(FilmFormat, artifact.format), label=label, quality=quality, on_frame=on_frame)
    elif isinstance(work, Drawing):
        write_drawing(path, work, artifact.format, label)
    else:
        write_still(path, work, cast(StillFormat, artifact.format), label, quality, medium)


def size_in_file(artifact: Artifact, size: tuple[int, int]) -> tuple[int, int]:
    """The (height, width) that a work of `size` has in its file: some films have even edges only."""
    height, width = size
    return (height + height % 2, width + width % 2) if artifact.format in _EVEN_FORMATS else size
