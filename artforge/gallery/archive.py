"""A built gallery as one zip file, to send or to unpack on a web host."""

from __future__ import annotations

import zipfile
from pathlib import Path

from artforge.core.errors import UsageError
from artforge.core.files import atomic_path
from artforge.gallery.works import SITE_MARKER

_EPOCH = (1980, 1, 1, 0, 0, 0)
_PACKED = frozenset({".html", ".css", ".js", ".xml", ".yaml", ".svg", ".txt"})
"""What gets smaller; pictures and films are packed already."""


def zip_site(site: Path, target: Path) -> Path:
    """Pack a site under one folder of its name; the same site gives the same bytes.

    Args:
        site: a built gallery.
        target: the zip file, written whole or not at all.

    Raises:
        UsageError: `site` is not a built gallery, or `target` lies inside it.
        OutputError: the file cannot be written.
    """
    if not (site / SITE_MARKER).is_file():
        raise UsageError(f"{site}: no gallery here. Build one first: artforge gallery build --from out --to {site}")
    folder = site.resolve()
    if target.resolve().is_relative_to(folder):
        raise UsageError(f"{target} lies inside the gallery that it would hold. Name another place with --to.")
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    with atomic_path(target) as part, zipfile.ZipFile(part, "w") as archive:
        for path in paths:
            entry = zipfile.ZipInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}", _EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED if path.suffix in _PACKED else zipfile.ZIP_STORED
            entry.file_size = path.stat().st_size  # told before it is written: whether it needs 64 bits
            with path.open("rb") as content, archive.open(entry, "w") as packed:
                while block := content.read(1 << 20):
                    packed.write(block)
    return target
