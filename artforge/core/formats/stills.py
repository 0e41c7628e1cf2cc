"""Stills at the edge: a picture goes out in any format, with the words and the numbers that belong to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PillowImage
from PIL import PngImagePlugin

from artforge.core.banded_images import BandedImage, as_banded
from artforge.core.errors import OutputError
from artforge.core.files import atomic_path
from artforge.core.formats.containers import PNG_KEYWORD, jpeg_guid, jpeg_segments
from artforge.core.formats.known import FORMATS, StillFormat, edge_fault
from artforge.core.formats.medium import Medium
from artforge.core.formats.png import write_deep_png
from artforge.core.formats.profiles import convert, convert_image
from artforge.core.formats.xmp import Label, to_packet
from artforge.core.pictures import to_bytes, to_deep
from artforge.core.values import Image

_JPEG_MOST = 65_000
"""Bytes of XMP that a JPEG's first segment holds; the record goes into further ones where it is longer."""
_TIFF_XMP, _TIFF_PREDICTOR = 700, 317
_EXIF_RESOLUTIONS, _EXIF_UNIT, _INCH = (282, 283), 296, 2
_ENCODER_THREADS = 4  # fixed: the bytes must not hang on the machine's cores
_STRIP_ROWS = 64
_CLASSIC_TIFF_MOST = 2**32 - 2**25
"""Bytes of pixels that the offsets of a classic TIFF reach over, however badly they pack; above it is a BigTIFF."""


@dataclass(frozen=True)
class _Still:
    """What goes into a file."""

    picture: BandedImage
    label: Label | None
    quality: int
    medium: Medium

    def packet(self) -> bytes:
        """Its words; empty where it has none."""
        return b"" if self.label is None else to_packet(self.label)

    def resolution(self) -> dict[str, Any]:
        """What Pillow is told where the format has a place for it."""
        return {} if self.medium.dpi is None else {"dpi": (self.medium.dpi, self.medium.dpi)}

    def exif(self) -> dict[str, Any]:
        """The same where only EXIF has a place for it."""
        if self.medium.dpi is None:
            return {}
        tags = PillowImage.Exif()
        tags.update(dict.fromkeys(_EXIF_RESOLUTIONS, self.medium.dpi))
        tags[_EXIF_UNIT] = _INCH
        return {"exif": tags}

    def pixels(self) -> PillowImage.Image:
        """8 bits a colour, in the numbers of the profile; the floats behind them are let go."""
        pixels = PillowImage.new("RGB", (self.picture.width, self.picture.height))
        for top, band in self.picture.bands():
            pixels.paste(PillowImage.fromarray(convert(to_bytes(band), self.medium.profile)), (0, top))
        self.picture.let_go()
        return pixels


def write_still(
    path: Path,
    image: Image | BandedImage,
    still_format: StillFormat,
    label: Label | None = None,
    quality: int | None = None,
    medium: Medium | None = None,
) -> None:
    """Write a picture, whole or not at all, without an alpha channel.

    The same pixels, words, quality and medium always give the same bytes with the same libraries.

    Args:
        path: where it goes.
        image: float32 (H, W, 3), sRGB, [0, 1]; perhaps made band by band, and then let go.
        still_format: a name of `FORMATS`.
        label: what it says of itself; nothing where None.
        quality: from 1 to 100, of a format that loses something; None takes the format's own.
        medium: resolution, colour profile and page; None is sRGB for a screen, of no size in millimetres.

    Raises:
        OutputError: the folder cannot be written to, or the format holds no picture of this size.
    """
    fault = edge_fault(still_format, max(image.shape[:2]))
    if fault is not None:
        raise OutputError(f"{path}: {fault}")
    quality = quality or FORMATS[still_format].quality or 0
    still = _Still(as_banded(image), label, quality, medium or Medium())
    with atomic_path(path) as part:
        _WRITERS[still_format](part, still)


def _png(part: Path, still: _Still) -> None:
    chunks = PngImagePlugin.PngInfo()
    if still.label is not None:
        chunks.add_itxt(PNG_KEYWORD, still.packet().decode())
    profile = still.medium.profile
    still.pixels().save(part, format="PNG", pnginfo=chunks, compress_level=6, icc_profile=profile, **still.resolution())


def _png16(part: Path, still: _Still) -> None:
    write_deep_png(part, still.picture, still.packet(), still.medium)


def _jpeg(part: Path, still: _Still) -> None:
    words: dict[str, bytes] = {}
    if still.label is not None:
        packet = still.packet()
        if len(packet) > _JPEG_MOST:
            extension = packet
            packet = to_packet(still.label, extension=jpeg_guid(extension))
            words["extra"] = jpeg_segments(extension)
        words["xmp"] = packet
    # a chroma sample for every pixel: heat is drawn in thin bright lines of colour
    still.pixels().save(
        part,
        format="JPEG",
        quality=still.quality,
        subsampling=0,
        optimize=True,
        icc_profile=still.medium.profile,
        **still.resolution(),
        **words,
    )


def _webp(part: Path, still: _Still) -> None:
    still.pixels().save(
        part,
        format="WEBP",
        quality=still.quality,
        method=4,
        icc_profile=still.medium.profile,
        xmp=still.packet(),
        **still.exif(),
    )


def _avif(part: Path, still: _Still) -> None:
    still.pixels().save(
        part,
        format="AVIF",
        quality=still.quality,
        subsampling="4:4:4",
        speed=6,
        max_threads=_ENCODER_THREADS,
        autotiling=False,
        icc_profile=still.medium.profile,
        xmp=still.packet(),
        **still.exif(),
    )


def _tiff(part: Path, still: _Still) -> None:
    tags: dict[int, int | bytes] = {_TIFF_PREDICTOR: 2}  # differences of neighbours pack better
    if still.label is not None:
        tags[_TIFF_XMP] = still.packet()
    still.pixels().save(
        part,
        format="TIFF",
        compression="tiff_adobe_deflate",
        tiffinfo=tags,
        icc_profile=still.medium.profile,
        **still.resolution(),
    )


def _tiff16(part: Path, still: _Still) -> None:
    import tifffile  # noqa: PLC0415 - a sixth of a second that only this format pays

    pixels = np.empty(still.picture.shape, np.uint16)
    for top, band in still.picture.bands():
        pixels[top : top + len(band)] = to_deep(convert_image(band, still.medium.profile))
    still.picture.let_go()
    packet = still.packet()
    dpi = still.medium.dpi
    tifffile.imwrite(
        part,
        pixels,
        byteorder="<",
        bigtiff=pixels.nbytes > _CLASSIC_TIFF_MOST,
        photometric="rgb",
        compression="adobe_deflate",
        predictor=True,
        rowsperstrip=_STRIP_ROWS,
        maxworkers=1,
        metadata=None,
        software=False,
        iccprofile=still.medium.profile,
        extratags=[(_TIFF_XMP, 1, len(packet), packet, True)] if packet else [],
        resolution=None if dpi is None else (dpi, dpi),
        resolutionunit=None if dpi is None else "INCH",
    )


def _pdf(part: Path, still: _Still) -> None:
    from artforge.core.formats.pdf import write_picture_pdf  # noqa: PLC0415 - loads a library that only this one needs

    write_picture_pdf(part, still.picture, still.label, still.medium)


_WRITERS: dict[StillFormat, Callable[[Path, _Still], None]] = {
    "png": _png,
    "png16": _png16,
    "jpeg": _jpeg,
    "webp": _webp,
    "avif": _avif,
    "tiff": _tiff,
    "tiff16": _tiff16,
    "pdf": _pdf,
}
