"""A heatmap on a page: where it lies in millimetres, and how the steps that draw it look at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from artforge.core.drawings import Drawing, Layer
from artforge.core.errors import ChoiceError, ShapeError
from artforge.core.papers import canonical_paper, paper_size
from artforge.core.values import Heatmap
from artforge.engine.attention.settings import check_range
from artforge.ops.heat_fields import check_heat

Page = Annotated[str, AfterValidator(canonical_paper)]
"""A sheet by name (`A4`), turned to the picture's format; or `300x200mm`, as it is written."""
Margin = Annotated[float, Field(ge=0, le=1000)]
"""Of paper at each side at least, in mm."""
PenWidth = Annotated[float, Field(gt=0, le=20)]
"""Of a line, in mm."""

PAPER, INK = "#fcfaf4", "#1b1b1f"
"""A warm white and a soft black."""


@dataclass(frozen=True)
class Place:
    """Where a heatmap lies on its page; all lengths in mm.

    Attributes:
        page_width, page_height: of the page.
        left, top, width, height: of the heatmap, in the middle of the page.
    """

    page_width: float
    page_height: float
    left: float
    top: float
    width: float
    height: float

    def drawing(self, layers: list[Layer], paper: str) -> Drawing:
        """The page with layers on it."""
        return Drawing(self.page_width, self.page_height, tuple(layers), paper)

    def grid_shape(self, pitch: float) -> tuple[int, int]:
        """(rows, columns) of cells of about `pitch` mm that fill the heatmap's place."""
        return max(1, round(self.height / pitch)), max(1, round(self.width / pitch))

    def to_page(self, points: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
        """(n, 2) x and y on a grid of `shape`, whose cell (0, 0) begins at (0, 0), as mm on the page."""
        cell = np.array([self.width / shape[1], self.height / shape[0]])
        placed: NDArray[np.float64] = points * cell + np.array([self.left, self.top])
        return placed


def margins_leave_room(*, page: str, margin: float) -> None:
    """Raise unless something of a sheet is left between its margins, whichever way it is turned.

    Args:
        page: as `Page`.
        margin: at each side at least, in mm.

    Raises:
        ChoiceError: no such page, or the margins take all of it.
    """
    width, height = paper_size(page)
    if min(width, height) - 2 * margin < 1:
        raise ChoiceError(f"margins of {margin:g} mm leave no room on {width:g} x {height:g} mm")


def place_on_page(heatmap: Heatmap, page: str, margin: float) -> Place:
    """The largest place in the middle of a page, in the heatmap's own format.

    Args:
        heatmap: float32 (H, W).
        page: as `Page`.
        margin: paper left free at each side at least, in mm.

    Raises:
        ChoiceError: no such page or margin, or the margins leave no room.
    """
    check_range("margin", margin, "[0, 1000]")
    margins_leave_room(page=page, margin=margin)
    page_width, page_height = paper_size(page)
    rows, columns = heatmap.shape
    if columns > rows and not page.endswith("mm"):  # a paper by name is turned, a size is what it says
        page_width, page_height = page_height, page_width
    room = page_width - 2 * margin, page_height - 2 * margin
    scale = min(room[0] / columns, room[1] / rows)
    width, height = columns * scale, rows * scale
    return Place(page_width, page_height, (page_width - width) / 2, (page_height - height) / 2, width, height)


def ink_map(heatmap: Heatmap, where: Heatmap | None, elsewhere: float) -> Heatmap:
    """How much ink is wanted: the heat, and of it only a share where a second heatmap is cold.

    Args:
        heatmap: float32 (H, W), [0, 1].
        where: float32 of any size and the same format, [0, 1]; None for everywhere.
        elsewhere: the share of the ink that is left where `where` is 0.

    Raises:
        StepError: a heatmap leaves [0, 1].
        ShapeError: the two have other formats.
        ChoiceError: no such share.
    """
    check_range("elsewhere", elsewhere, "[0, 1]")
    check_heat(heatmap)
    if where is None:
        return heatmap
    check_heat(where)
    (rows, columns), (other_rows, other_columns) = heatmap.shape, where.shape
    if abs(columns / rows - other_columns / other_rows) > 0.02 * columns / rows + 1 / other_rows + 1 / rows:
        raise ShapeError(f"'where' {other_columns}x{other_rows} must have the format of the heatmap {columns}x{rows}")
    share = np.float32(elsewhere) + np.float32(1 - elsewhere) * on_grid(where, heatmap.shape)
    return np.asarray(heatmap * share, np.float32)


def on_grid(heatmap: Heatmap, shape: tuple[int, ...], *, smooth: float = 0.0) -> Heatmap:
    """A heatmap at another size: by area where it shrinks, by cubic curves where it grows.

    Args:
        heatmap: float32 (H, W), [0, 1].
        shape: (rows, columns).
        smooth: it is smoothed by a Gaussian of this many cells then.

    Returns:
        float32 (rows, columns), [0, 1].
    """
    rows, columns = shape
    shrinks = rows * columns < heatmap.size
    way = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    sized = cv2.resize(np.ascontiguousarray(heatmap), (columns, rows), interpolation=way)
    if smooth > 0:
        sized = cv2.GaussianBlur(sized, (0, 0), smooth, borderType=cv2.BORDER_REFLECT)
    return np.clip(sized, 0, 1)


def check_pen(pen: float) -> None:
    """Raise unless it is the width of a pen in mm.

    Raises:
        ChoiceError: it is not.
    """
    check_range("pen", pen, "(0, 20]")
