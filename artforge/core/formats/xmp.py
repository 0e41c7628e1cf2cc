"""XMP: the words that a picture or a film carries, as a packet that editors, agencies and search engines read.

Source: ISO 16684-1 (XMP); IPTC Photo Metadata Standard, https://iptc.org/std/photometadata/specification/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from xml.etree import ElementTree

from artforge.core.errors import PictureError

MAX_PACKET = 16_000_000
"""Bytes of XMP that are read at most: hundreds of times what the largest recipe needs."""

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "xmpNote": "http://ns.adobe.com/xmp/note/",
    "artforge": "urn:artforge:1.0:",
}
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_BEGIN = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
_END = '<?xpacket end="r"?>'
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""What no XML can hold, even escaped."""


@dataclass(frozen=True)
class Label:
    """The words that a file carries.

    Attributes:
        title, description, creator, rights: of the work; empty where nothing is known.
        licence: a web address, or the terms in words.
        alt: what is to be seen, for those who cannot see it.
        source_type: how it came to be, an address of IPTC's vocabulary of digital source types.
        tool: the program that made it.
        record: how exactly it was made, as JSON; empty in files of others.
    """

    title: str = ""
    description: str = ""
    alt: str = ""
    creator: str = ""
    rights: str = ""
    licence: str = ""
    source_type: str = ""
    tool: str = ""
    record: str = ""


def to_packet(label: Label, *, extension: str = "") -> bytes:
    """The label as an XMP packet, in UTF-8.

    Args:
        label: the words.
        extension: the name of a second packet, which has the record; the first then goes without.
    """
    inner = "".join(f"\n   {each}" for each in _properties(label, extension))
    spaces = "".join(f'\n    xmlns:{prefix}="{uri}"' for prefix, uri in _NAMESPACES.items())
    text = (
        f'{_BEGIN}\n<x:xmpmeta xmlns:x="adobe:ns:meta/">\n <rdf:RDF xmlns:rdf="{_RDF}">\n'
        f'  <rdf:Description rdf:about=""{spaces}>{inner}\n  </rdf:Description>\n </rdf:RDF>\n</x:xmpmeta>\n{_END}'
    )
    return text.encode()


def _properties(label: Label, extension: str) -> Iterator[str]:
    is_address = label.licence.startswith(("http://", "https://"))
    yield from _element("dc:title", _in_language(label.title))
    yield from _element("dc:description", _in_language(label.description))
    yield from _element("dc:creator", f"<rdf:Seq><rdf:li>{_escaped(label.creator)}</rdf:li></rdf:Seq>", label.creator)
    yield from _element("dc:rights", _in_language(label.rights))
    yield from _element("xmp:CreatorTool", _escaped(label.tool))
    yield from _element("xmpRights:Marked", "True", label.rights or label.licence)
    yield from _element("xmpRights:WebStatement", _escaped(label.licence), is_address)
    yield from _element("xmpRights:UsageTerms", _in_language(label.licence), not is_address)
    yield from _element("photoshop:Headline", _escaped(label.title))
    yield from _element("photoshop:Credit", _escaped(label.creator))
    yield from _element("Iptc4xmpCore:AltTextAccessibility", _in_language(label.alt))
    yield from _element("Iptc4xmpExt:DigitalSourceType", _escaped(label.source_type))
    yield from _element("xmpNote:HasExtendedXMP", extension)
    yield from _element("artforge:record", _escaped(_ILLEGAL.sub(_json_escape, label.record)), not extension)


def _element(name: str, content: str, wanted: object = True) -> Iterator[str]:
    if content and wanted:
        yield f"<{name}>{content}</{name}>"


def _in_language(text: str) -> str:
    return f'<rdf:Alt><rdf:li xml:lang="x-default">{_escaped(text)}</rdf:li></rdf:Alt>' if text else ""


def _escaped(text: str) -> str:
    # a carriage return that is not escaped comes back as a line feed
    return escape(_ILLEGAL.sub("", text), quote=False).replace("\r", "&#13;")


def _json_escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def from_packet(packet: bytes) -> Label:
    """Read a packet, of ours or of another program.

    Raises:
        PictureError: it is no XMP, larger than `MAX_PACKET`, or declares entities.
    """
    if len(packet) > MAX_PACKET:
        raise PictureError(f"{len(packet):,} bytes of XMP, more than the {MAX_PACKET:,} that are read")
    try:
        text = packet.decode("utf-8").strip("\x00 \t\r\n\ufeff")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise PictureError("its XMP declares entities, which no XMP does")
        root = ElementTree.fromstring(text)  # noqa: S314 - without a DOCTYPE nothing in it can expand
    except (UnicodeDecodeError, ElementTree.ParseError, ValueError) as error:
        raise PictureError(f"its XMP cannot be read ({error})") from error
    found = {name: _found(root, name) for name in _READ}
    licence = found["xmpRights:WebStatement"] or found["xmpRights:UsageTerms"]
    return Label(licence=licence, **{field: found[name] for name, field in _READ.items() if field})


_READ = {
    "dc:title": "title",
    "dc:description": "description",
    "dc:creator": "creator",
    "dc:rights": "rights",
    "Iptc4xmpCore:AltTextAccessibility": "alt",
    "Iptc4xmpExt:DigitalSourceType": "source_type",
    "xmp:CreatorTool": "tool",
    "artforge:record": "record",
    "xmpRights:WebStatement": "",
    "xmpRights:UsageTerms": "",
}


def _found(root: ElementTree.Element, name: str) -> str:
    """A property's text: of the element, of its items, or of the attribute that other programs make of it."""
    prefix, _, local = name.partition(":")
    tag = f"{{{_NAMESPACES[prefix]}}}{local}"
    for description in root.iter(f"{{{_RDF}}}Description"):
        if tag in description.attrib:
            return description.attrib[tag]
        element = description.find(tag)
        if element is not None:
            items = list(element.iter(f"{{{_RDF}}}li"))
            preferred = [item for item in items if item.get(_LANGUAGE) == "x-default"][:1] or items
            return ", ".join(item.text or "" for item in preferred) if items else element.text or ""
    return ""
