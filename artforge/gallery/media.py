"""A work's files on their way into a site: checked, then copied, or taken over from before."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge import __version__
from artforge.core.errors import PictureError
from artforge.core.pictures import to_bytes
from artforge.core.provenance import Reading
from artforge.core.values import Image
from artforge.gallery.pictures import THUMB_BOXES, VIEW_BOX, Picture, decode, make_picture, picture_of
from artforge.gallery.words import seconds_of
from artforge.gallery.works import Artifact, Work

MEDIA_FOLDER = "media"
THUMBS_FOLDER = "thumbs"


LIGHT_BYTES = 1_000_000
"""A file up to this size is shown as it is."""


NAME_DIGITS = 16
SHOWN_SUFFIXES = frozenset({".png", ".jpg", ".webp", ".avif", ".gif", ".apng", ".svg"})
"""What a browser shows as a picture."""

_FILM_SUFFIXES = frozenset({".mp4", ".webm", ".gif", ".apng"})


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
        picture: what it looks like; of a film its middle.
        seconds: how long a film runs, None for a picture.
        date: the day it was written or first hung, whichever came first: ISO 8601 with the time, UTC.
        fresh: whether its thumbnails were made by this build.
        readings: what its networks say of it, where somebody asked them.
    """

    work: Work
    files: tuple[MediaFile, ...]
    picture: Picture
    seconds: float | None
    date: str
    fresh: bool
    readings: tuple[Reading, ...] = ()

    @property
    def width(self) -> int:
        """Of the file shown, pixels, as it really is."""
        return self.picture.width

    @property
    def height(self) -> int:
        """Of the file shown, pixels, as it really is."""
        return self.picture.height


class Workshop:
    """Makes the pictures of one site, or takes them over from the site that it replaces.

    Args:
        site: folder under which `media/` and `thumbs/` are filled.
        old: the site before, or None.
        known: what the build before found of each file, by its content.
    """

    def __init__(self, site: Path, old: Path | None = None, known: Mapping[str, Any] | None = None) -> None:
        self._site = site
        self._old = old
        self._known = known or {}
        self.found: dict[str, Any] = {}
        """What is to be known to the next build."""

    def look(self, path: Path, digest: str, *, is_film: bool = False) -> tuple[Picture, bool]:
        """The picture of a file with its thumbnails in the site, and whether they were made anew.

        Raises:
            PictureError: it cannot be decoded.
        """
        key = _key(path, digest, is_film=is_film)
        picture = self._recall(key)
        if picture is not None:
            return picture, False
        pixels = decode(path, is_film=is_film)  # a fault is not remembered: a later version may read the file
        heavy = is_film or path.suffix.lower() not in SHOWN_SUFFIXES or path.stat().st_size > LIGHT_BYTES
        return self._make(key, pixels, digest, heavy=heavy), True

    def knows(self, artifact: Artifact) -> bool:
        """Whether the build before has made a file's picture."""
        return _key(artifact.path, artifact.sha256, is_film=_is_film(artifact)) in self._known

    def draw(self, name: str, draw: Callable[[str], Image]) -> Picture:
        """A picture that is no file, drawn by its name.

        Raises:
            ArtforgeError: as `draw` does.
        """
        digest = hashlib.sha256(f"{__version__} {name}".encode("utf-8", "replace")).hexdigest()
        key = f"{digest[:NAME_DIGITS]}.drawn"
        return self._recall(key) or self._make(key, to_bytes(draw(name)), digest, heavy=False)

    def _recall(self, key: str) -> Picture | None:
        """What the build before made, taken over; None where it made none or that is gone."""
        known = self._known.get(key)
        picture = picture_of(known)
        if picture is None or not self._take_over(picture.addresses):
            return None
        self.found[key] = known
        return picture

    def _make(self, key: str, pixels: NDArray[np.uint8], digest: str, *, heavy: bool) -> Picture:
        boxes = (*THUMB_BOXES, VIEW_BOX) if heavy else THUMB_BOXES
        picture = make_picture(pixels, boxes, f"{THUMBS_FOLDER}/{digest[:NAME_DIGITS]}", self._site)
        self.found[key] = asdict(picture)
        return picture

    def copy(self, artifact: Artifact) -> MediaFile:
        """The file itself in the site, under the name of its content."""
        address = f"{MEDIA_FOLDER}/{artifact.sha256[:NAME_DIGITS]}{artifact.suffix}"
        place, num_bytes = self._site / address, artifact.path.stat().st_size
        if not (self._take_over([address]) and place.stat().st_size == num_bytes):
            place.unlink(missing_ok=True)
            shutil.copyfile(artifact.path, place)
        return MediaFile(address, artifact.path.name, artifact.suffix, num_bytes)

    def _take_over(self, addresses: Iterable[str]) -> bool:
        # joined as text: of a large site thousands of files are taken over, and paths are slow to make
        return self._old is not None and all(
            link_or_copy(f"{self._old}/{one}", f"{self._site}/{one}") for one in addresses
        )


def _key(path: Path, digest: str, *, is_film: bool) -> str:
    return f"{digest[:NAME_DIGITS]}{path.suffix.lower()}{'~' if is_film else ''}"


def link_or_copy(old: str, new: str) -> bool:
    """Make `new` the file that `old` is, without a copy where the disk can; False where there is no such file."""
    try:
        os.link(old, new)
    except FileExistsError:
        return True  # another work of the same content was there first
    except OSError:
        if not os.path.isfile(old):  # noqa: PTH113 - text: paths are slow to make
            return False
        shutil.copyfile(old, new)
    return True


def hang_work(
    work: Work, workshop: Workshop, source: Path, dates: Mapping[str, str]
) -> tuple[HungWork | None, list[str]]:
    """Put what can be shown of `work` into a site.

    Args:
        work: its files.
        workshop: of the site.
        source: the folder that file names in warnings are relative to.
        dates: of works that hung before, by their id.

    Returns:
        The work as it hangs, or None where none of its files can be decoded; and a warning for each of those.
    """
    warnings = []
    hung: list[Artifact] = []
    looks: list[tuple[Picture, bool]] = []
    for artifact in work.artifacts:
        if artifact.suffix == ".pdf":
            hung.append(artifact)  # to be taken home, not to be looked at
            continue
        try:
            looks.append(workshop.look(artifact.path, artifact.sha256, is_film=_is_film(artifact)))
        except PictureError as error:
            name = artifact.path.relative_to(source).as_posix()
            warnings.append(f"skipped {name!r}: {str(error).removeprefix(f'{artifact.path}: ')}")
            continue
        hung.append(artifact)
    if not looks:
        warnings += [
            f"skipped {one.path.relative_to(source).as_posix()!r}: no browser shows a PDF as a picture; "
            "add png to the formats of its output"
            for one in hung
        ]
        return None, warnings
    shown = Work(tuple(hung))
    picture, fresh = looks[0]
    written = _iso_time(min(artifact.written for artifact in hung))
    date = min(written, dates.get(shown.id, written))
    files = tuple(workshop.copy(artifact) for artifact in hung)
    return HungWork(shown, files, picture, seconds_of(shown.provenance), date, fresh), warnings


def _iso_time(seconds: int) -> str:
    from datetime import UTC, datetime  # noqa: PLC0415

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_film(artifact: Artifact) -> bool:
    return artifact.suffix in _FILM_SUFFIXES or (artifact.suffix == ".webp" and artifact.provenance.kind == "film")
