"""What a request asks for: the file of a site, the part of it, and whether a page of ours may have sent it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/xml; charset=utf-8",
    ".woff2": "font/woff2",
    ".yaml": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".jpg": "image/jpeg",
    ".avif": "image/avif",
    ".apng": "image/apng",
    ".tif": "image/tiff",
    ".pdf": "application/pdf",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
}


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """The one byte range a `Range` header asks for, as (start, stop) with stop excluded.

    Args:
        header: such as `bytes=0-99`, `bytes=100-` or `bytes=-100`.
        size: bytes in the file.

    Returns:
        None where the header is to be ignored: several ranges, another unit, or not well formed.

    Raises:
        ValueError: well formed, but no byte of the file lies in it.

    Source: RFC 9110, section 14, https://www.rfc-editor.org/rfc/rfc9110#section-14
    """
    match = re.fullmatch(r"bytes=([0-9]{0,18})-([0-9]{0,18})", header.strip())
    if match is None or match[0].endswith("=-"):
        return None
    first, last = match[1], match[2]
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= stop:
        raise ValueError(f"{header} lies outside {size} bytes")
    return start, stop


def resolve_path(site: Path, target: str) -> Path | None:
    """The file of `site` that a request target names, or None: outside of it, hidden, or not there.

    Args:
        site: the resolved folder.
        target: the request's target, percent-encoded, perhaps with a query.
    """
    parts = [part for part in unquote(urlsplit(target).path).split("/") if part]
    if any(part.startswith(".") or "\\" in part or "\0" in part for part in parts):
        return None
    if parts == ["favicon.ico"]:  # asked for where a picture is opened by itself: no page names the icon then
        parts = ["icon.svg"]
    path = site.joinpath(*parts)
    if path.is_dir():
        path /= "index.html"
    resolved = path.resolve()
    return resolved if resolved.is_relative_to(site) and resolved.is_file() else None


def allowed_hosts(port: int) -> frozenset[str]:
    """The values of a `Host` header that mean this machine by its own name.

    A name that an outsider points at 127.0.0.1 is none of them, so it opens nothing to that outsider's pages.
    """
    names = ("localhost", "127.0.0.1")
    bare = names if port == 80 else ()
    return frozenset({*(f"{name}:{port}" for name in names), *bare})


def is_same_origin(host: str, origins: Sequence[str], fetch_sites: Sequence[str]) -> bool:
    """Whether a request comes from a page of this server, or from no page at all.

    Args:
        host: the `Host` header, already known to be ours.
        origins: all `Origin` headers.
        fetch_sites: all `Sec-Fetch-Site` headers.
    """
    return all(origin == f"http://{host}" for origin in origins) and all(site == "same-origin" for site in fetch_sites)


def parse_wish(body: bytes) -> tuple[str, bool] | None:
    """The work and whether it is liked, from `{"work": "<12 hex digits>", "liked": true}`; None for anything else."""
    try:
        wish = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(wish, dict) or wish.keys() != {"work", "liked"}:
        return None
    work, liked = wish["work"], wish["liked"]
    if not isinstance(work, str) or re.fullmatch(r"[0-9a-f]{12}", work) is None or not isinstance(liked, bool):
        return None
    return work, liked
