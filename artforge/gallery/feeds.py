"""The site for machines: an Atom feed, a map of its pages, and each work in the words of schema.org."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

from artforge.gallery import words
from artforge.gallery.pieces import Piece
from artforge.gallery.settings import GallerySettings

FEED_NAME = "feed.xml"
SITEMAP_NAME = "sitemap.xml"
FEED_LENGTH = 50

_PIXEL = "E37"
"""UN/CEFACT's code for the unit."""

_ATOM = "http://www.w3.org/2005/Atom"
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_IN_SCRIPT = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}


def feed(pieces: Sequence[Piece], settings: GallerySettings, title: str) -> bytes:
    """An Atom feed of the latest works.

    Without a base URL its links are relative to wherever it lies, and its works are named by their hash.

    Source: RFC 4287, https://www.rfc-editor.org/rfc/rfc4287
    """
    latest = sorted(pieces, key=lambda piece: piece.hung.date, reverse=True)[:FEED_LENGTH]
    first = min(pieces, key=lambda piece: piece.hung.date)  # new works must not make it another feed
    root = ElementTree.Element("feed", {"xmlns": _ATOM, "xml:lang": settings.language})
    _add(root, "title", title)
    _add(root, "id", settings.base_url or f"urn:artforge:gallery:{first.id}")
    _add(root, "updated", latest[0].hung.date)
    _add(root, "link", rel="alternate", type="text/html", href=settings.base_url or "index.html")
    _add(root, "link", rel="self", type="application/atom+xml", href=f"{settings.base_url}{FEED_NAME}")
    _add(_add(root, "author"), "name", settings.creator or title)
    for piece in latest:
        entry = _add(root, "entry")
        _add(entry, "title", ", ".join(filter(None, [piece.title, piece.variant])))
        _add(entry, "id", f"urn:sha256:{piece.hung.work.sha256}")
        _add(entry, "updated", piece.hung.date)
        _add(entry, "link", rel="alternate", type="text/html", href=settings.base_url + piece.address)
        if piece.creator:
            _add(_add(entry, "author"), "name", piece.creator)
        _add(entry, "summary", piece.caption or piece.alt)
        width = piece.hung.picture.sizes[-1][0]
        thumb = settings.base_url + piece.hung.picture.address(width, "jpg")
        shown = ElementTree.Element("img", src=thumb, alt=_clean(piece.alt))
        _add(entry, "content", ElementTree.tostring(shown, "unicode", method="html"), type="html")
    return _document(root)


def sitemap(addresses: Sequence[str], settings: GallerySettings) -> bytes:
    """The pages of a site whose base URL is known.

    Source: https://www.sitemaps.org/protocol.html
    """
    root = ElementTree.Element("urlset", xmlns=_SITEMAP)
    for address in addresses:
        _add(_add(root, "url"), "loc", settings.base_url + ("" if address == "index.html" else address))
    return _document(root)


def schema_of_gallery(pieces: Sequence[Piece], settings: GallerySettings, title: str) -> str:
    """JSON-LD of the wall, safe inside a script element."""
    return _json_ld(
        {
            "@type": "ImageGallery",
            "name": title,
            "description": settings.statement,
            "inLanguage": settings.language,
            "url": settings.base_url,
            "creator": _person(settings.creator),
            "numberOfItems": len(pieces),
        }
    )


def schema_of_work(piece: Piece, settings: GallerySettings) -> str:
    """JSON-LD of one work, safe inside a script element.

    Source: https://schema.org/VisualArtwork
    """
    record = piece.record
    root = settings.base_url or "../"
    kind = "VideoObject" if record.kind == "film" and piece.film else "ImageObject"
    size = {"width": piece.hung.width, "height": piece.hung.height}
    return _json_ld(
        {
            "@type": "VisualArtwork",
            "@id": f"urn:sha256:{piece.hung.work.sha256}",
            "name": ", ".join(filter(None, [piece.title, piece.variant])),
            "description": piece.caption or piece.alt,
            "url": settings.base_url and settings.base_url + piece.address,
            "creator": _person(piece.creator),
            "copyrightNotice": piece.rights,
            "license": piece.licence,
            "dateCreated": piece.hung.date,
            "artform": words.KIND_WORDS[record.kind],
            "artMedium": "artforge, the activations of a neural network",
            **{
                name: {"@type": "QuantitativeValue", "value": value, "unitCode": _PIXEL} for name, value in size.items()
            },
            "associatedMedia": {
                "@type": kind,
                "contentUrl": root + piece.hung.files[0].address,
                "thumbnailUrl": root + piece.hung.picture.address(piece.hung.picture.sizes[0][0], "jpg"),
                "uploadDate": piece.hung.date,
                "name": piece.title,
                **size,
            },
        }
    )


def _person(name: str) -> dict[str, str] | None:
    return {"@type": "Person", "name": name} if name else None


def _json_ld(content: dict[str, Any]) -> str:
    told = {"@context": "https://schema.org"} | {name: value for name, value in content.items() if value}
    return json.dumps(told, ensure_ascii=False).translate(_NOT_IN_SCRIPT)


def _add(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> ElementTree.Element:
    cleaned = {key: _clean(value) for key, value in attributes.items()}
    child = ElementTree.SubElement(parent, name, cleaned)
    child.text = _clean(text) or None
    return child


def _clean(text: str) -> str:
    """Without what no XML may hold."""
    return _NOT_XML.sub("", text)


def _document(root: ElementTree.Element) -> bytes:
    ElementTree.indent(root, " ")
    text = ElementTree.tostring(root, "unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()
