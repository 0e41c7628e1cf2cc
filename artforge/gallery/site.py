"""Build a whole site beside the old one, then swap them by renaming: a build that fails leaves the old one whole."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from artforge.core.errors import ArtforgeError, OutputError, PictureError, UsageError
from artforge.core.provenance import Provenance, Reading
from artforge.core.values import Image
from artforge.gallery.hanging import arrange, in_order, is_hidden
from artforge.gallery.known import Digests
from artforge.gallery.media import MEDIA_FOLDER, THUMBS_FOLDER, HungWork, Workshop, hang_work, link_or_copy
from artforge.gallery.pages import FONTS_FOLDER, Site, TextFile, text_files
from artforge.gallery.pictures import Picture
from artforge.gallery.pieces import RECIPES_FOLDER, WORKS_FOLDER
from artforge.gallery.replacing import replacement_of
from artforge.gallery.settings import SETTINGS_NAME, GallerySettings, unknown_names
from artforge.gallery.settings_file import checked_url, read_settings
from artforge.gallery.stages import embedded_sources
from artforge.gallery.state import SiteState, read_state
from artforge.gallery.works import SITE_MARKER, WORK_SUFFIXES, Work, find_artifacts, group_works

DEFAULT_TITLE = "Gallery"
INPUT_FOLDERS = ("inputs", "recipes")
"""Beside the folder of works: where the pictures that went into them are looked for."""

Judge = Callable[[Path, Provenance], Sequence[Reading]]
"""Asks networks about a file and its record."""

_FOLDERS = (MEDIA_FOLDER, THUMBS_FOLDER, WORKS_FOLDER, RECIPES_FOLDER, FONTS_FOLDER)


@dataclass(frozen=True)
class BuiltSite:
    """What a build has made, and what it had to leave out.

    Attributes:
        num_made: works whose thumbnails this build has made; those of the others were taken over.
    """

    folder: Path
    num_works: int
    num_recipes: int
    num_bytes: int
    num_made: int
    warnings: tuple[str, ...]

    @property
    def index(self) -> Path:
        """The page to open."""
        return self.folder / "index.html"


def build_site(
    source: Path,
    target: Path,
    *,
    title: str | None = None,
    settings: Path | None = None,
    base_url: str | None = None,
    draw: Callable[[str], Image] | None = None,
    judge: Judge | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> BuiltSite:
    """Build a static site at `target` from the rendered works under `source`.

    The same works and settings give the same bytes; what an older site at `target` has in common with the new one is
    taken over. Files that cannot be shown are left out with a warning each.

    Args:
        source: a folder of rendered files with their sidecars, nested as you like.
        target: the site's folder: new, empty, or a site built before, which is replaced as a whole.
        title: the heading of the wall, before what the settings say; a later build without one keeps it.
        settings: a `gallery.yaml`; None takes the one in `source`, if there is one.
        base_url: where the site will stand, likewise.
        draw: draws the pictures that recipes name `embedded:...`, which are no files; None leaves them unseen.
        judge: asks networks about a file and its record; None asks none, and keeps what they said before.
        on_progress: is told (works done, all works), from one thread.

    Raises:
        UsageError: `source` is no folder or holds no work that can be shown; `target` is `source` or around it,
            or holds something that is not a site of ours; the settings or the base URL are faulty.
        OutputError: the site cannot be written; an older one stays as it was.
    """
    place = target.resolve()
    _check_places(source, target)
    old = read_state(place)
    told = {name: text for name, text in (("title", title), ("base_url", base_url)) if text}
    said = _settings(source, settings, told, old.told)
    digests = Digests.of_folder(source)
    artifacts, warnings = find_artifacts(source, digests)
    works = group_works(artifacts)
    if not works:
        raise UsageError(_nothing_found(source, warnings))
    visible = [work for work in works if not is_hidden(work, said)]
    if not visible:
        raise UsageError(f"every work in {source} is hidden by {SETTINGS_NAME}: take some out of its 'hidden'")
    warnings += unknown_names(said, [work.id for work in works], [work.provenance.recipe_name for work in works])
    with replacement_of(place) as fresh:
        for folder in _FOLDERS:
            (fresh / folder).mkdir()
        workshop = Workshop(fresh, place, old.pictures)
        hung, faults = _hang(visible, workshop, source, old.dates, on_progress)
        warnings += faults
        if not hung:
            raise UsageError(_nothing_found(source, warnings))
        hung = [_read(one, old.readings, judge) for one in hung]
        sections = in_order(hung, said)
        sources = _sources(hung, workshop, source, digests, draw) if said.ingredients else {}
        files = text_files(Site(arrange(sections, said), said, sources))
        pages = {file.address: _put(file, fresh, place, old) for file in files}
        dates = {one.work.id: one.date for one in hung}
        readings = {one.work.id: [each.model_dump() for each in one.readings] for one in hung if one.readings}
        SiteState(workshop.found, pages, dates, {**old.told, **told}, readings).write(fresh)
        num_bytes = sum(file.stat().st_size for folder in ("", *_FOLDERS) for file in os.scandir(fresh / folder))
    digests.save()
    num_made = sum(one.fresh for one in hung)
    return BuiltSite(target, len(hung), len(sections), num_bytes, num_made, tuple(warnings))


def _settings(
    source: Path, path: Path | None, told: Mapping[str, str], told_before: Mapping[str, str]
) -> GallerySettings:
    """What this build was told counts most, then what the settings say, then what a build before was told."""
    own = source / SETTINGS_NAME
    said = read_settings(path) if path else read_settings(own) if own.is_file() else GallerySettings()
    title = told.get("title") or said.title or told_before.get("title") or DEFAULT_TITLE
    url = told.get("base_url") or said.base_url or told_before.get("base_url")
    return replace(said, title=title, base_url=checked_url(url) if url else "")


def _hang(
    works: Sequence[Work],
    workshop: Workshop,
    source: Path,
    dates: Mapping[str, str],
    on_progress: Callable[[int, int], None] | None,
) -> tuple[list[HungWork], list[str]]:
    """The works that can be shown, in their order, and the warnings; new ones are made on as many cores as there are.

    Decoding, resizing and encoding leave Python alone, so threads do; what is known already is sooner linked than
    handed over to one.
    """

    def hang(work: Work) -> tuple[HungWork | None, list[str]]:
        return hang_work(work, workshop, source, dates)

    hung: list[HungWork] = []
    warnings: list[str] = []
    pool = ThreadPoolExecutor(os.cpu_count() or 1)
    try:
        being_made = {
            work.id: pool.submit(hang, work) for work in works if not all(map(workshop.knows, work.artifacts))
        }
        for done, work in enumerate(works, 1):
            made = being_made.get(work.id)
            one, faults = made.result() if made else hang(work)
            hung += [one] if one else []
            warnings += faults
            if on_progress:
                on_progress(done, len(works))
    finally:
        pool.shutdown(cancel_futures=True)
    return hung, warnings


def _read(hung: HungWork, known: Mapping[str, Any], judge: Judge | None) -> HungWork:
    """The work with what networks say of it; they are asked once for each."""
    record = hung.work.provenance
    with suppress(ValidationError, TypeError):
        readings = tuple(Reading.model_validate(one) for one in known.get(hung.work.id, []))
        if readings or record.readings or judge is None:
            return replace(hung, readings=readings)
    return replace(hung, readings=tuple(judge(hung.work.artifacts[0].path, record))) if judge else hung


def _sources(
    hung: Sequence[HungWork],
    workshop: Workshop,
    source: Path,
    digests: Digests,
    draw: Callable[[str], Image] | None,
) -> dict[str, Picture]:
    """Pictures that works were made from: works that hang themselves, files beside the works, and what `draw` draws.

    Returns:
        By their SHA-256, or by the name of one that is no file.
    """
    found = {file.sha256: one.picture for one in hung for file in one.work.artifacts}
    records = [one.work.provenance for one in hung]
    wanted = {one.sha256: one.name for record in records for one in record.ingredients if one.role == "picture"}
    places = [source, source.parent, *(source.parent / folder for folder in INPUT_FOLDERS)]
    for sha256, name in wanted.items():
        if sha256 in found or Path(name).name != name or "\0" in name:
            continue
        for path in (place / name for place in places):
            with suppress(OSError, PictureError):
                if path.is_file() and digests.sha256_of(path) == sha256:
                    found[sha256] = workshop.look(path, sha256)[0]
                    break
    for name in dict.fromkeys(name for record in records for name in embedded_sources(record)):
        if draw:
            with suppress(ArtforgeError):
                found[name] = workshop.draw(name, draw)
    return found


def _put(file: TextFile, fresh: Path, old_site: Path, old: SiteState) -> list[str]:
    """Write a text file, or take it over where it shows nothing new: what it shows and its bytes, as digests."""
    place = fresh / file.address
    known = old.pages.get(file.address, [])
    if known[:1] == [file.key] and link_or_copy(f"{old_site}/{file.address}", str(place)):
        if hashlib.sha256(place.read_bytes()).hexdigest() == known[-1]:
            return known
        place.unlink()  # somebody has edited it
    content = file.content()
    place.write_bytes(content)
    return [file.key, hashlib.sha256(content).hexdigest()]


def _check_places(source: Path, target: Path) -> None:
    if not source.is_dir():
        fault = "it is no folder" if source.exists() else "there is no such folder"
        raise UsageError(
            f"cannot read works from {source}: {fault}. Render some first, or name another folder with --from."
        )
    if source.resolve().is_relative_to(target.resolve()):
        raise UsageError(
            f"the gallery at {target} would replace its own sources in {source}. Name another folder with --to."
        )
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is a file, not a folder. Name another place with --to.")
    try:
        foreign = target.is_dir() and any(target.iterdir()) and not (target / SITE_MARKER).is_file()
    except OSError as error:
        raise OutputError(f"cannot look into {target}: {error.strerror}. Name another folder with --to.") from error
    if foreign:
        raise UsageError(
            f"{target} is not empty and not a gallery built by artforge (no {SITE_MARKER} in it): it is left as it is. "
            "Name a new or empty folder with --to."
        )


def _nothing_found(source: Path, warnings: list[str]) -> str:
    kinds = ", ".join(suffix.removeprefix(".") for suffix in sorted(WORK_SUFFIXES))
    lines = [
        f"no works in {source}: a gallery is made of {kinds} files with .json sidecars, as artforge render writes them."
    ]
    return "\n".join([*lines, *(f"  {warning}" for warning in warnings)])
