"""A work's files on their way into a site: checked, copied under the name of their content, made small for the wall."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from PIL import Image as PillowImage

from artforge.core.errors import PictureError
from artforge.core.films import film_info, read_frame
from artforge.core.pictures import read_picture, resize, to_bytes
from artforge.core.values import Image
from artforge.gallery.words import seconds_of
from artforge.gallery.works import Artifact, Work

MEDIA_FOLDER = "media"
THUMBS_FOLDER = "thumbs"
THUMB_BOXES = ((450, 600), (1050, 1400))
"""(height, width) in pixels that the small and the large thumbnail fit into."""

_NAME_DIGITS = 16
_WEBP_QUALITY = 84
_FILM_SUFFIXES = frozenset({".mp4", ".webm", ".gif", ".apng"})


@dataclass(frozen=True)
class Thumb:
    """A small picture of a work: its address inside the site, and its size in pixels."""

    address: str
    width: int
    height: int


@dataclass(frozen=True)
class MediaFile:
    """A copied artifact: its address inside the site, the name it came with, its kind of file and its bytes."""

    address: str
    original_name: str
    suffix: str
    num_bytes: int


@dataclass(frozen=True)
class HungWork:
    """A work whose files stand in the site; the first file is the one shown.

    Attributes:
        work: what hangs.
        files: at least one.
        thumbs: small to large; one where the work itself is small.
        width, height: of the file shown, pixels, as it really is.
        seconds: how long a film runs, None for a picture.
    """

    work: Work
    files: tuple[MediaFile, ...]
    thumbs: tuple[Thumb, ...]
    width: int
    height: int
    seconds: float | None


def hang_work(work: Work, site: Path, source: Path) -> tuple[HungWork | None, list[str]]:
    """Copy what can be shown of `work` into `site` and make its thumbnails.

    Args:
        work: its files.
        site: folder under which `media/` and `thumbs/` are filled.
        source: the folder that file names in warnings are relative to.

    Returns:
        The work as it hangs, or None where none of its files can be decoded; and a warning for each of those.
    """
    warnings = []
    hung: list[Artifact] = []
    poster: Image | None = None
    for artifact in work.artifacts:
        try:
            view = _representative_view(artifact)
        except PictureError as error:
            name = artifact.path.relative_to(source).as_posix()
            warnings.append(f"skipped {name!r}: {str(error).removeprefix(f'{artifact.path}: ')}")
            continue
        poster = view if poster is None else poster
        hung.append(artifact)
    if poster is None:
        return None, warnings
    shown = Work(tuple(hung))
    height, width = poster.shape[:2]
    files = tuple(_copy(artifact, site) for artifact in hung)
    thumbs = _make_thumbs(poster, hung[0].sha256[:_NAME_DIGITS], site)
    return HungWork(shown, files, thumbs, width, height, seconds_of(shown.provenance)), warnings


def _representative_view(artifact: Artifact) -> Image:
    """A picture itself; of a film the frame half way, where a loop that starts from nothing has come furthest."""
    if not _is_film(artifact):
        return read_picture(artifact.path)
    num_frames = film_info(artifact.path).num_frames
    read_frame(artifact.path, num_frames - 1)  # a film that was cut short still opens: only its end tells
    return read_frame(artifact.path, num_frames // 2)


def _is_film(artifact: Artifact) -> bool:
    return artifact.suffix in _FILM_SUFFIXES or (artifact.suffix == ".webp" and artifact.provenance.kind == "film")


def _copy(artifact: Artifact, site: Path) -> MediaFile:
    address = f"{MEDIA_FOLDER}/{artifact.sha256[:_NAME_DIGITS]}{artifact.suffix}"
    copy = site / address
    shutil.copyfile(artifact.path, copy)
    return MediaFile(address, artifact.path.name, artifact.suffix, copy.stat().st_size)


def _make_thumbs(poster: Image, name: str, site: Path) -> tuple[Thumb, ...]:
    height, width = poster.shape[:2]
    sizes = list(dict.fromkeys(fit_box((height, width), box) for box in THUMB_BOXES))
    thumbs = []
    for thumb_height, thumb_width in sizes:
        thumb = Thumb(f"{THUMBS_FOLDER}/{name}-{thumb_width}x{thumb_height}.webp", thumb_width, thumb_height)
        pixels = to_bytes(resize(poster, (thumb_height, thumb_width)))
        PillowImage.fromarray(pixels).save(site / thumb.address, format="WEBP", quality=_WEBP_QUALITY, method=4)
        thumbs.append(thumb)
    return tuple(thumbs)


def fit_box(size: tuple[int, int], box: tuple[int, int]) -> tuple[int, int]:
    """`size` shrunk to fit into `box`, both (height, width) in pixels; never enlarged, never below one pixel."""
    height, width = size
    scale = min(1.0, box[0] / height, box[1] / width)
    return max(1, round(height * scale)), max(1, round(width * scale))
