"""How pages look: the style sheet with the artist's colours, each page's own few rules, and what a page may load."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from importlib.resources import files

from artforge.gallery.pictures import Picture
from artforge.gallery.settings import GallerySettings


def ground_rules(pictures: Iterable[tuple[str, Picture]]) -> str:
    """Shapes and grounds of the works on one page: known before any picture is loaded, so that nothing moves then."""
    rules = [
        f".w-{name}{{--ratio:{picture.width / picture.height:.4g};--tone:{picture.ground};--natural:{picture.width}px}}"
        for name, picture in pictures
    ]
    return "\n".join(rules)


def policy(style: str) -> str:
    """The content policy of a page with one style element: own files only, no inline script, no requests.

    `file:` stands beside 'self', because some browsers take no file for the page's own origin.
    """
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    own = "'self' file:"
    return (
        f"default-src 'none'; script-src {own}; style-src {own} 'sha256-{digest}'; img-src {own}; media-src {own}; "
        f"font-src {own}; base-uri 'none'; form-action 'none'"
    )


def style_sheet(settings: GallerySettings) -> bytes:
    """The style sheet, the script's part of it, and the colours of the theme."""
    names = sorted({*settings.light, *settings.dark})
    colors = "".join(f"\n  --{name}: {_both(settings, name)};" for name in names)
    theme = f"\n:root {{{colors}\n}}\n" if colors else ""
    return package_file("templates", "style.css") + package_file("templates", "tools.css") + theme.encode()


def _both(settings: GallerySettings, name: str) -> str:
    light, dark = settings.light.get(name), settings.dark.get(name)
    return f"light-dark({light or f'var(--day-{name})'}, {dark or f'var(--night-{name})'})"


def package_file(folder: str, name: str) -> bytes:
    return files("artforge.gallery").joinpath(folder, name).read_bytes()
