"""Drawings and pages known by how their files begin."""

from __future__ import annotations

SIGNATURE_BYTES = 512
"""So many bytes from the start are enough."""


def begins_svg(head: bytes) -> bool:
    """Whether a file that begins so is an SVG, or other XML."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<?xml", b"<svg", b"<!--"))


def begins_pdf(head: bytes) -> bool:
    """Whether a file that begins so is a PDF."""
    return head.startswith(b"%PDF-")
