"""Contact sheets: pictures side by side with quiet captions, and a legend at the foot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from artforge.core.errors import ShapeError
from artforge.core.pictures import resize
from artforge.core.values import Color, Image
from artforge.ops.layout import Tiling, blank, fit_within
from artforge.ops.legend import Legend, legend_lines, write_legend
from artforge.ops.line_breaks import shorten
from artforge.ops.type_metrics import CAPITAL_HEIGHT, Type
from artforge.ops.typography import LABEL_SPACE, write, write_under

_LEAST_CAPTION, _LEAST_TITLE = 12, 17  # below them nothing can be read, and a sheet is read on a screen too


@dataclass(frozen=True)
class _Measures:
    """The sheet's measures, all in pixels and all from the size of a cell, so that it looks the same at any size."""

    margin: int
    gutter: int
    caption: Type
    title: Type

    @classmethod
    def for_cell(cls, cell_size: int) -> _Measures:
        return cls(
            margin=max(20, round(cell_size * 0.20)),
            gutter=max(6, round(cell_size * 0.075)),
            caption=Type(max(_LEAST_CAPTION, cell_size * 0.048), "small"),
            title=Type(max(_LEAST_TITLE, cell_size * 0.105)),
        )

    @property
    def caption_space(self) -> int:
        """From the picture's lower edge to the end of its caption."""
        return round(LABEL_SPACE * self.caption.size)

    @property
    def title_space(self) -> int:
        """From the tops of the title's capitals to the first picture."""
        return round(self.title.size * 1.75)


def contact_sheet(
    cells: Sequence[Image],
    labels: Sequence[str] | None,
    *,
    columns: int,
    cell_size: int = 360,
    title: str = "",
    legend: Legend = (),
    background: Color = "#f4f0e8",
    ink: Color = "#26221d",
) -> Image:
    """Lay pictures out in rows, each with a caption under it, all under one title and over one legend.

    Cells of differing shapes stand centred in equal places on the background; nothing is cropped or stretched.

    Args:
        cells: float32 (H, W, 3) each, sRGB, [0, 1], of any sizes; at least one.
        labels: one caption a cell, shortened with an ellipsis where it is too long; None for no captions.
        columns: cells in a row, at least 1.
        cell_size: longer edge of a cell in pixels; margins and type follow from it.
        title: a line above the pictures; empty for none.
        legend: (name, value) of what holds for all cells, set below them; empty for none.
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
    measures = _Measures.for_cell(cell_size)
    sizes = [fit_within(cell, cell_size) for cell in cells]
    captioned = labels is not None and any(label.strip() for label in labels)
    caption_space = measures.caption_space if captioned else 0
    tiling = Tiling(
        num_tiles=len(cells),
        columns=min(columns, len(cells)),
        tile_height=max(height for height, _ in sizes),
        tile_width=max(width for _, width in sizes),
        gutter=(measures.gutter + caption_space, measures.gutter),
        margin=(
            measures.margin + (measures.title_space if title else 0),
            measures.margin + caption_space,
            measures.margin,
        ),
    )
    room = tiling.width - 2 * measures.margin
    lines = legend_lines(legend, measures.caption, room)
    foot = round(measures.gutter + len(lines) * measures.caption.leading) if lines else 0
    sheet = blank(tiling.height + foot, tiling.width, background)
    for index, (top, left) in enumerate(tiling.corners()):
        height, width = sizes[index]
        y, x = top + (tiling.tile_height - height) // 2, left + (tiling.tile_width - width) // 2
        sheet[y : y + height, x : x + width] = resize(cells[index], (height, width))
        if labels is not None:
            corner = (top + tiling.tile_height, x)
            write_under(sheet, labels[index], measures.caption, corner, left + tiling.tile_width - x, ink=ink)
    if title:
        baseline = measures.margin + CAPITAL_HEIGHT * measures.title.size  # its capitals then start at the margin
        write(sheet, shorten(title, measures.title, room), measures.title, (baseline, measures.margin), ink=ink)
    last_line = sheet.shape[0] - measures.margin
    first_line = last_line - (len(lines) - 1) * measures.caption.leading
    write_legend(sheet, lines, measures.caption, (first_line, measures.margin), ink=ink)
    return sheet
