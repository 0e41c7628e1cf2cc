"""What the head of a JPEG file says, read without decoding it."""

from __future__ import annotations

from PIL import Image as PillowImage

STARTS_JPEG = b"\xff\xd8\xff"

_END = b"\xff\xd9"
_TAIL = 64
"""Some cameras write a few bytes after the end of the picture."""
_UPRIGHT = 1
_ORIENTATION = 0x0112
_FRAME = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended, progressive
_OTHER_FRAMES = frozenset(range(0xC3, 0xD0)) - {0xC4, 0xC8, 0xCC}  # lossless, arithmetic; not the tables
_SCAN = 0xDA
_EXIF_SEGMENT, _PROFILE_SEGMENT = 0xE1, 0xE2


def ordinary_jpeg_size(content: bytes) -> tuple[int, int] | None:
    """(height, width) of a JPEG that any decoder shows as it should be seen, else None.

    Ordinary is: grey or three colours of 8 bits, upright, without a colour profile or a second picture, and not cut
    short.

    Args:
        content: the whole file.
    """
    if _END not in content[-_TAIL:]:
        return None
    size = None
    position = 2
    while position + 4 <= len(content):
        if content[position] != 0xFF:
            return None
        marker = content[position + 1]
        if marker == 0xFF:  # a byte that only fills
            position += 1
            continue
        if marker == _SCAN:
            return size
        length = int.from_bytes(content[position + 2 : position + 4], "big")
        segment = content[position + 4 : position + 2 + length]
        if marker in _OTHER_FRAMES or _must_be_converted(marker, segment):
            return None
        if marker in _FRAME:
            size = _frame_size(segment)
            if size is None:
                return None
        position += 2 + length
    return None


def _must_be_converted(marker: int, segment: bytes) -> bool:
    if marker == _PROFILE_SEGMENT:
        return segment.startswith((b"ICC_PROFILE\0", b"MPF\0"))
    return marker == _EXIF_SEGMENT and segment.startswith(b"Exif\0\0") and not _is_upright(segment)


def _is_upright(segment: bytes) -> bool:
    exif = PillowImage.Exif()
    try:
        exif.load(segment)
        return bool(exif.get(_ORIENTATION, _UPRIGHT) == _UPRIGHT)
    except (OSError, SyntaxError, ValueError, IndexError, KeyError, TypeError, EOFError):
        return False  # whoever reads it in full decides


def _frame_size(segment: bytes) -> tuple[int, int] | None:
    if len(segment) < 6:
        return None
    bits, channels = segment[0], segment[5]
    height, width = int.from_bytes(segment[1:3], "big"), int.from_bytes(segment[3:5], "big")
    is_ordinary = bits == 8 and channels in (1, 3) and height > 0 and width > 0
    return (height, width) if is_ordinary else None
