"""File names of a site: plain ASCII, so that no title, however odd, needs quoting in an address or leaves a folder."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_SHORTEST = 8
_MOST = 48


def slug(text: str, *, fallback: str) -> str:
    """Lower-case ASCII letters, digits and single hyphens, at most 48 characters; `fallback` where nothing is left."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")[:_MOST].rstrip("-") or fallback


def unique_names(texts: Sequence[str], digests: Sequence[str], *, fallback: str) -> list[str]:
    """`<slug>-<hash8>` for each text and its digest; longer hashes only where eight digits would not tell two apart.

    Args:
        texts: what the names are made from.
        digests: 64 hex digits each, different for different things; one thing listed twice gets one name twice.
        fallback: stands for a text without a Latin letter or digit.
    """
    for length in (_SHORTEST, 2 * _SHORTEST, 64):
        names = [
            f"{slug(text, fallback=fallback)}-{digest[:length]}" for text, digest in zip(texts, digests, strict=True)
        ]
        if len(set(names)) == len(set(zip(names, digests, strict=True))):
            break
    return names
