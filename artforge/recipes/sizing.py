"""From a pipe's value to the picture that a file shows: resized, inked or laid on its sheet of paper."""

from __future__ import annotations

import math

from artforge.core.banded_images import BandedImage, as_banded, laid_on, resized
from artforge.core.drawings import Drawing, Value
from artforge.core.formats.medium import Medium
from artforge.core.inking import SCREEN_DPI, ink
from artforge.core.memory import check_memory
from artforge.core.papers import MM_PER_INCH
from artforge.core.pictures import resize
from artforge.core.values import Image
from artforge.ops.layout import color_to_rgb, fit_within
from artforge.recipes.recipe import Format, Output, Target

SMALLEST_EDGE = 16
_FLOAT_PIXEL = 12
"""Bytes of a pixel of an Image."""


def scaled(pixels: float, scale: float) -> int:
    """A length in pixels at the scale of a preview."""
    return max(SMALLEST_EDGE, round(pixels * scale))


def sized(output: Output, work_format: Format, value: Value, scale: float) -> BandedImage:
    """The picture of a still, made band by band where it is larger than what the pipe gives.

    Args:
        output: says how large it is.
        work_format: what it is written as.
        value: of the pipe: an Image, or a drawing, which is inked in its final size, so that its lines stay sharp.
        scale: 1, or less for a preview.

    Raises:
        OutputError: the machine has not the memory for it.
    """
    target = output.target
    if target.print_size is None:
        image = _inked(target, value, scale) if isinstance(value, Drawing) else value
        if target.long_edge is None:
            return as_banded(image)
        size = fit_within(image, scaled(target.long_edge, scale))
        check_memory(output.name, work_format, size, image.nbytes)
        return resized(image, size)
    height, width = (value.height, value.width) if isinstance(value, Drawing) else value.shape[:2]
    sheet = target.print_size.sheet(height, width, scale)
    inked = _FLOAT_PIXEL * math.prod(sheet.picture)
    held = inked if isinstance(value, Drawing) else value.nbytes
    check_memory(output.name, work_format, (sheet.height, sheet.width), held)
    image = ink(value, max(sheet.picture)) if isinstance(value, Drawing) else value
    return laid_on(image, sheet, color_to_rgb(target.ground))


def print_pixels(output: Output, scale: float) -> tuple[int, int] | None:
    """(longer, shorter) edge in pixels of an output on a sheet of a given shape; None of any other.

    Args:
        output: says its sheet.
        scale: 1, or less for a preview.
    """
    sheet = output.target.print_size
    return None if sheet is None or sheet.shorter is None else most_pixels(output, scale)


def most_pixels(output: Output, scale: float) -> tuple[int, int]:
    """(longer, shorter) edge in pixels that an output has at most; none where it takes the size of what it shows.

    Args:
        output: says how large it is.
        scale: 1, or less for a preview.
    """
    sheet, long_edge = output.target.print_size, output.target.long_edge or 0
    longer, shorter = (long_edge, long_edge) if sheet is None else sheet.pixels()
    return round(longer * scale), round(shorter * scale)


def sized_frame(output: Output, value: Value, scale: float) -> Image:
    """The picture of a film's frame; its size is in pixels."""
    image = _inked(output.target, value, scale) if isinstance(value, Drawing) else value
    if output.target.long_edge is None:
        return image
    return resize(image, fit_within(image, scaled(output.target.long_edge, scale)))


def _inked(target: Target, drawing: Drawing, scale: float) -> Image:
    """A drawing without a size of paper: as long as is asked for, or by its own millimetres."""
    own = max(drawing.height, drawing.width) / MM_PER_INCH * (target.dpi or SCREEN_DPI)
    return ink(drawing, scaled(target.long_edge or own, scale))


def medium_of(output: Output, size: tuple[int, int], scale: float, profile: bytes) -> Medium:
    """What a still is made for.

    Args:
        output: says its paper and dpi.
        size: its (height, width) in pixels.
        scale: 1, or less for a preview, whose pixels are as much larger on paper.
        profile: of the output's colours.
    """
    target = output.target
    if target.print_size is None:
        return Medium(None if target.dpi is None else target.dpi * scale, profile)
    return Medium(target.print_size.dpi * scale, profile, target.print_size.page(*size))
