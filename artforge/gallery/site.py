"""Build a whole site beside the old one, then swap them by renaming: a build that fails leaves the old one whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from artforge.core.errors import OutputError, UsageError
from artforge.core.files import make_folder
from artforge.gallery.media import MEDIA_FOLDER, THUMBS_FOLDER, HungWork, hang_work
from artforge.gallery.pages import RECIPES_FOLDER, WORKS_FOLDER, arrange, render_pages
from artforge.gallery.works import SITE_MARKER, WORK_SUFFIXES, find_artifacts, group_works, recipe_sections

_MARKER_TEXT = "A gallery built by artforge. `artforge gallery build` may replace this whole folder.\n"


@dataclass(frozen=True)
class BuiltSite:
    """What a build has made, and what it had to leave out."""

    folder: Path
    num_works: int
    num_recipes: int
    num_bytes: int
    warnings: tuple[str, ...]

    @property
    def index(self) -> Path:
        """The page to open."""
        return self.folder / "index.html"


def build_site(source: Path, target: Path, *, title: str = "Gallery") -> BuiltSite:
    """Build a static site at `target` from the rendered works under `source`.

    The same works give the same bytes. Files that cannot be shown are left out with a warning each.

    Args:
        source: a folder of rendered files with their sidecars, nested as you like.
        target: the site's folder: new, empty, or a site built before, which is replaced as a whole.
        title: the heading of the wall.

    Raises:
        UsageError: `source` is no folder or holds no work that can be shown; `target` is `source` or around it,
            or holds something that is not a site of ours.
        OutputError: the site cannot be written; an older one stays as it was.
    """
    place = target.resolve()
    _check_places(source, target)
    artifacts, warnings = find_artifacts(source)
    works = group_works(artifacts)
    if not works:
        raise UsageError(_nothing_found(source, warnings))
    with _replacement_of(place) as site:
        for folder in (MEDIA_FOLDER, THUMBS_FOLDER, WORKS_FOLDER, RECIPES_FOLDER):
            (site / folder).mkdir()
        sections: list[list[HungWork]] = []
        for section in recipe_sections(works):
            hung_works = []
            for work in section:
                hung, faults = hang_work(work, site, source)
                warnings += faults
                hung_works += [hung] if hung else []
            sections += [hung_works] if hung_works else []
        if not sections:
            raise UsageError(_nothing_found(source, warnings))
        for address, content in render_pages(arrange(sections), title).items():
            (site / address).write_bytes(content)
        (site / SITE_MARKER).write_text(_MARKER_TEXT, encoding="utf-8")
        num_bytes = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    return BuiltSite(target, sum(map(len, sections)), len(sections), num_bytes, tuple(warnings))


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


@contextmanager
def _replacement_of(place: Path) -> Iterator[Path]:
    """An empty folder beside `place` that takes its place when the block ends well, and is removed when it does not."""
    make_folder(place.parent)
    try:
        fresh = Path(tempfile.mkdtemp(prefix=f".{place.name}.building-", dir=place.parent))
    except OSError as error:
        raise OutputError(
            f"cannot write into {place.parent}: {error.strerror}. Name another folder with --to."
        ) from error
    try:
        yield fresh
        reference = fresh / MEDIA_FOLDER
        fresh.chmod(reference.stat().st_mode & 0o777)  # mkdtemp gives 0700; a web server must be able to read the site
        _swap(fresh, place)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise OutputError(
            f"cannot build the gallery at {place}: {error.strerror or error}. The old one is untouched."
        ) from error
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _swap(fresh: Path, place: Path) -> None:
    """Rename `fresh` to `place`; what stood there is put back where that fails, and removed where it succeeds."""
    if not place.exists():
        fresh.rename(place)
        return
    old = place.with_name(f".{place.name}.old-{os.getpid()}")
    place.rename(old)
    try:
        fresh.rename(place)
    except BaseException:
        old.rename(place)
        raise
    shutil.rmtree(old, ignore_errors=True)
