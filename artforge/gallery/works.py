"""From a folder of rendered files to works in hanging order: which files belong together, and which come first."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from artforge.core.errors import PictureError
from artforge.core.provenance import Provenance, read_provenance, read_sidecar, sidecar_path
from artforge.gallery.known import Digests
from artforge.gallery.settings import SETTINGS_NAME

SITE_MARKER = ".artforge-gallery"
"""A file of this name in a folder says: a site of ours, which may be replaced and holds no sources."""

WORK_SUFFIXES = (".mp4", ".webm", ".png", ".jpg", ".webp", ".avif", ".apng", ".gif", ".tif", ".svg", ".pdf")
"""What hangs in a gallery; where a work has several files, the first of these is the one shown."""

ID_DIGITS = 12
"""Of a work's digest: what names it in a page and in the settings."""

_MOST_TOLD = 5

KIND_ORDER: tuple[Literal["film", "sheet", "still"], ...] = ("film", "sheet", "still")


@dataclass(frozen=True)
class Artifact:
    """One rendered file, its content's SHA-256, the record beside it and when it was written.

    Attributes:
        written: seconds since 1970.
    """

    path: Path
    sha256: str
    provenance: Provenance
    written: int = 0

    @property
    def suffix(self) -> str:
        """The file's ending in lower case, with its dot."""
        return self.path.suffix.lower()

    @property
    def rank(self) -> tuple[int, bool]:
        """Its place among the files of a work: by ending, 8 bits before 16."""
        return WORK_SUFFIXES.index(self.suffix), self.provenance.format.endswith("16")


@dataclass(frozen=True)
class Work:
    """One output of one recipe for one variant, in one or more files; the first file is the one shown."""

    artifacts: tuple[Artifact, ...]

    @property
    def provenance(self) -> Provenance:
        """The record of the file that is shown."""
        return self.artifacts[0].provenance

    @cached_property
    def sha256(self) -> str:
        """A digest of what the work is and of the file shown: 64 hex digits, different for any two works."""
        record = self.provenance
        parts = [record.recipe_name, record.output, record.key, self.artifacts[0].sha256]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    @property
    def id(self) -> str:
        """The digest's first digits, by which pages and settings name the work."""
        return self.sha256[:ID_DIGITS]


def find_artifacts(source: Path, digests: Digests | None = None) -> tuple[list[Artifact], list[str]]:
    """Every rendered file under `source` that has a record, in natural order of its path.

    Hidden files and folders and sites of ours are left out. Links to folders are not followed.

    Args:
        source: the folder.
        digests: what is known of its files' content; None to read them all.

    Returns:
        The artifacts, and one warning for each file without a record that can be read, and for all that are no works.
    """
    artifacts, warnings = [], []
    digests = digests or Digests()
    names = {path: path.relative_to(source).as_posix() for path in files_under(source)}
    rendered = [path for path in names if path.suffix.lower() in WORK_SUFFIXES]
    for path in sorted(rendered, key=lambda path: natural_key(names[path])):
        name = names[path]
        try:
            record, fault = _record_of(path)
            artifacts.append(Artifact(path, digests.sha256_of(path), record, int(path.stat().st_mtime)))
            warnings += [f"{name!r}: {fault}; the record inside the work stands in for it"] if fault else []
        except PictureError as error:
            warnings.append(f"skipped {name!r}: {error}")
        except OSError as error:
            warnings.append(f"skipped {name!r}: it cannot be read ({error.strerror})")
    expected = {*rendered, *map(sidecar_path, rendered), source / SETTINGS_NAME}
    return artifacts, warnings + _of_others([name for path, name in names.items() if path not in expected])


def _of_others(names: Sequence[str]) -> list[str]:
    """One warning for all files that nothing is known of."""
    if not names:
        return []
    told = ", ".join(map(repr, sorted(names, key=natural_key)[:_MOST_TOLD]))
    more = f" and {len(names) - _MOST_TOLD} more" if len(names) > _MOST_TOLD else ""
    return [f"skipped {told}{more}: neither a work nor a sidecar of one"]


def _record_of(path: Path) -> tuple[Provenance, str]:
    """The record beside a file, or else the one inside it; and what is wrong with the one beside it, if it is there."""
    fault = ""
    if sidecar_path(path).is_file():
        try:
            return read_sidecar(path), ""
        except PictureError as error:
            fault = str(error)
    try:
        return read_provenance(path), fault
    except PictureError as error:
        lost = f"{sidecar_path(path).name}: no sidecar beside the work, and no record inside it"
        raise PictureError(fault or lost) from error


def files_under(source: Path) -> Iterator[Path]:
    """Every file in a folder of rendered works; hidden ones, and sites of ours, are left out."""
    for folder, folder_names, file_names in os.walk(source):
        if SITE_MARKER in file_names:
            folder_names.clear()
            continue
        folder_names[:] = [name for name in folder_names if not name.startswith(".")]
        yield from (Path(folder, name) for name in file_names if not name.startswith("."))


def group_works(artifacts: Iterable[Artifact]) -> list[Work]:
    """Put the files of one work together, and the works in hanging order.

    Files with one recipe, output and key are one work. Of two with the same ending, an exact copy is dropped and
    another content becomes a work of its own. The order: by recipe, films before sheets before stills, then by
    output and by variant, numbers by size.
    """
    works: list[_Files] = []
    by_identity: dict[tuple[str, str, str], list[_Files]] = {}
    for artifact in artifacts:
        record = artifact.provenance
        candidates = by_identity.setdefault((record.recipe_name, record.output, record.key), [])
        rivals = [files[artifact.rank] for files in candidates if artifact.rank in files]
        if any(rival.sha256 == artifact.sha256 for rival in rivals):
            continue
        home = next((files for files in candidates if artifact.rank not in files), None)
        if home is None:
            home = {}
            candidates.append(home)
            works.append(home)
        home[artifact.rank] = artifact
    return sorted((Work(tuple(files[rank] for rank in sorted(files))) for files in works), key=_hanging_key)


_Files = dict[tuple[int, bool], Artifact]
"""The files of one work by their rank."""


def _hanging_key(work: Work) -> tuple[Any, ...]:
    record = work.provenance
    return (
        natural_key(record.recipe_name),
        record.recipe_name,
        KIND_ORDER.index(record.kind),
        natural_key(record.output),
        [(name, _variant_key(value)) for name, value in sorted(record.variant.items())],
        natural_key(record.title),
        work.sha256,
    )


def _variant_key(value: Any) -> tuple[Any, ...]:
    """Numbers first and by size, everything else by its text."""
    if isinstance(value, (int, float)):
        return (0, value)
    return (1, natural_key(value if isinstance(value, str) else json.dumps(value, sort_keys=True)))


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """A sort key by which `still-9` stands before `still-10`."""
    parts = [part for part in re.split(r"([0-9]{1,18})", text.casefold()) if part]
    return [(0, int(part), "") if part.isascii() and part.isdigit() else (1, 0, part) for part in parts]
