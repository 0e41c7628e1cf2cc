"""Contact sheets: pictures side by side with quiet captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from artforge.core.errors import ShapeError
from artforge.core.pictures import resize, to_float
from artforge.core.values import Color, Image
from artforge.ops.layout import Tiling, blank, color_to_rgb, fit_within

_ELLIPSIS = "…"
_CAPTION_STRENGTH = 0.68  # captions stand back behind the pictures and the title


@dataclass(frozen=True)
class _Type:
    """The sheet's measures, all in pixels and all from the size of a cell, so that it looks the same at any size."""

    margin: int
    gutter: int
    caption: int
    title: int

    @classmethod
    def for_cell(cls, cell_size: int) -> _Type:
        return cls(
            margin=max(16, round(cell_size * 0.20)),
            gutter=max(6, round(cell_size * 0.075)),
            caption=max(10, round(cell_size * 0.042)),
            title=max(14, round(cell_size * 0.088)),
        )

    @property
    def caption_space(self) -> int:
        """From the picture's lower edge to the end of its caption."""
        return round(self.caption * 2.0)


def contact_sheet(
    cells: Sequence[Image],
    labels: Sequence[str] | None,
    *,
    columns: int,
    cell_size: int = 360,
    title: str = "",
    background: Color = "#f4f0e8",
    ink: Color = "#26221d",
) -> Image:
    """Lay pictures out in rows, each with a caption under it and all under one title.

    Cells of differing shapes stand centred in equal places on the background; nothing is cropped or stretched.

    Args:
        cells: float32 (H, W, 3) each, sRGB, [0, 1], of any sizes; at least one.
        labels: one caption a cell, shortened with an ellipsis where it is too long; None for no captions.
        columns: cells in a row, at least 1.
        cell_size: longer edge of a cell in pixels; margins and type follow from it.
        title: a line above the pictures; empty for none.
        background: sRGB, as `#rrggbb` or a CSS name.
        ink: colour of the type, as `#rrggbb` or a CSS name.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        ShapeError: no cells, no columns, or another number of labels than of cells.
    """
    if not cells or columns < 1:
        raise ShapeError(f"a contact sheet needs cells and columns, received {len(cells)} cells and {columns} columns")
    if labels is not None and len(labels) != len(cells):
        raise ShapeError(
            f"a contact sheet needs one label a cell, received {len(labels)} labels for {len(cells)} cells"
        )
    measures = _Type.for_cell(cell_size)
    sizes = [fit_within(cell, cell_size) for cell in cells]
    captioned = labels is not None and any(label.strip() for label in labels)
    tiling = Tiling(
        num_tiles=len(cells),
        columns=min(columns, len(cells)),
        tile_height=max(height for height, _ in sizes),
        tile_width=max(width for _, width in sizes),
        gutter=(measures.gutter + (measures.caption_space if captioned else 0), measures.gutter),
        margin=(
            measures.margin + (round(measures.title * 2.2) if title else 0),
            measures.margin + (measures.caption_space if captioned else 0),
            measures.margin,
        ),
    )
    sheet = blank(tiling.height, tiling.width, background)
    for index, (top, left) in enumerate(tiling.corners()):
        height, width = sizes[index]
        y, x = top + (tiling.tile_height - height) // 2, left + (tiling.tile_width - width) // 2
        sheet[y : y + height, x : x + width] = resize(cells[index], (height, width))
        if labels is not None:
            baseline = top + tiling.tile_height + round(measures.caption * 1.5)
            room = left + tiling.tile_width - x
            line = _Line(labels[index], baseline, x, room, measures.caption, _CAPTION_STRENGTH)
            _write(sheet, line, ink)
    if title:
        baseline = measures.margin + round(measures.title * 0.75)  # capitals then start at the margin
        room = tiling.width - 2 * measures.margin
        _write(sheet, _Line(title, baseline, measures.margin, room, measures.title, strength=1.0), ink)
    return sheet


@dataclass(frozen=True)
class _Line:
    """One line of type: where it stands, the pixels it may take to the right, its size and how dark it is."""

    text: str
    baseline: int
    left: int
    room: int
    size: int
    strength: float


def _write(sheet: Image, line: _Line, ink: Color) -> None:
    """Set a line on `sheet`, in place."""
    font = ImageFont.load_default(line.size)
    text = shorten(line.text, font, line.room)
    if not text:
        return
    top, bottom = max(0, line.baseline - 2 * line.size), min(sheet.shape[0], line.baseline + line.size)
    right = min(sheet.shape[1], line.left + line.room + line.size)
    strip = PillowImage.new("L", (right - line.left, bottom - top), 0)
    ImageDraw.Draw(strip).text((0, line.baseline - top), text, fill=255, font=font, anchor="ls")
    coverage = to_float(np.asarray(strip))[..., None] * np.float32(line.strength)
    ground = sheet[top:bottom, line.left : right]
    sheet[top:bottom, line.left : right] = ground + (color_to_rgb(ink) - ground) * coverage


def shorten(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: float) -> str:
    """One printable line that fits into `room` pixels, with an ellipsis where something had to go."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    if font.getlength(line) <= room:
        return line
    fitting, too_long = 0, len(line)
    while too_long - fitting > 1:
        middle = (fitting + too_long) // 2
        if font.getlength(line[:middle].rstrip() + _ELLIPSIS) <= room:
            fitting = middle
        else:
            too_long = middle
    return line[:fitting].rstrip() + _ELLIPSIS
