"""What a built site knows of itself, so that the next build makes only what has changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from artforge import __version__
from artforge.gallery.pictures import MAKER
from artforge.gallery.works import SITE_MARKER

_SAYS = "A gallery built by artforge. `artforge gallery build` may replace this whole folder."


@dataclass(frozen=True)
class SiteState:
    """Written into a site; holds no path and no time of the machine that built it.

    Attributes:
        pictures: what was made of each file, by its content.
        pages: a digest of all that a text file shows, and of its bytes, by its address.
        dates: when each work was hung, by its id.
        readings: what networks said of each work, by its id.
        told: the title and the base URL that a build was told, which count until the settings or a build say others.
    """

    pictures: Mapping[str, Any] = field(default_factory=dict)
    pages: Mapping[str, list[str]] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)
    readings: Mapping[str, Any] = field(default_factory=dict)

    def write(self, site: Path) -> None:
        """Mark `site` as one of ours."""
        content = {"says": _SAYS, "maker": MAKER} | vars(self)
        (site / SITE_MARKER).write_text(json.dumps(content, sort_keys=True) + "\n", encoding="utf-8")


def read_state(site: Path) -> SiteState:
    """The state of a site; an empty one where it has none that can be used: everything is then made anew."""
    try:
        content = json.loads((site / SITE_MARKER).read_bytes())
        if content["maker"] != MAKER:
            return SiteState(dates=_strings(content["dates"]), told=_strings(content["told"]))
        pages = {address: [str(part) for part in parts] for address, parts in content["pages"].items()}
        return SiteState(
            dict(content["pictures"]),
            pages,
            _strings(content["dates"]),
            _strings(content["told"]),
            dict(content["readings"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return SiteState()


def _strings(entries: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(entry) for name, entry in entries.items()}


@cache
def code_digest() -> str:
    """Stands for this version of the gallery: another one makes its pages anew."""
    digest = hashlib.sha256(__version__.encode())
    folder = files("artforge.gallery")
    own = [folder, folder / "templates", folder / "fonts"]
    for file in sorted((file for part in own for file in part.iterdir() if file.is_file()), key=lambda file: file.name):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def digest_of(*parts: object) -> str:
    """One short digest for anything that JSON holds."""
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
