"""Polyptychs: pictures of any shapes side by side, or in rows of one width, with labels under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from artforge.core.errors import ChoiceError, ShapeError
from artforge.core.pictures import resize
from artforge.core.steps import step
from artforge.core.values import Color, Image
from artforge.engine.attention.settings import check_count, check_range
from artforge.ops.layout import blank, color_to_rgb
from artforge.ops.texts import check_labels
from artforge.ops.type_metrics import Type
from artforge.ops.typography import LABEL_SPACE, write_under


def rows_hold_all(*, rows: list[int] | None, **pictures: int) -> None:
    """Raise unless the rows have a place for each picture.

    Args:
        rows: as `polyptych`.
        pictures: for each place, whether there is one.

    Raises:
        ChoiceError: rows that are no numbers.
        ShapeError: they have more places, or fewer.
    """
    _check_rows(rows, sum(map(bool, pictures.values())))


def labels_name_all(*, labels: list[str] | None, **pictures: int) -> None:
    """Raise unless there is a label for each picture, or none at all.

    Args:
        labels: as `polyptych`.
        pictures: for each place, whether there is one.

    Raises:
        ChoiceError: labels that are no texts.
        ShapeError: there are more labels, or fewer.
    """
    check_labels(labels, sum(map(bool, pictures.values())))


@step("polyptych", version=1, rules=[rows_hold_all, labels_name_all])
def polyptych(
    one: Image,
    two: Image | None = None,
    three: Image | None = None,
    four: Image | None = None,
    five: Image | None = None,
    six: Image | None = None,
    seven: Image | None = None,
    eight: Image | None = None,
    *,
    rows: list[Annotated[int, Field(ge=1, le=8)]] | None = None,
    labels: list[str] | None = None,
    gap: Annotated[float, Field(ge=0, le=1)] = 0.04,
    margin: Annotated[float, Field(ge=0, le=2)] = 0.1,
    type_size: Annotated[float, Field(gt=0, le=0.2)] = 0.036,
    background: Color = "#f4f0e8",
    ink: Color = "#26221d",
) -> Image:
    """Hang pictures side by side, or in rows: all of a row equally tall, all rows equally wide.

    Nothing is cropped or stretched; the first picture keeps its size and the others are scaled to it, so that pictures
    of different shapes come out of different widths. All lengths are shares of the first picture's short edge.

    Args:
        one: float32 (H, W, 3), sRGB, [0, 1].
        two, three, four, five, six, seven, eight: more pictures, of any sizes.
        rows: how many pictures stand in each row, such as [1, 3]; left out, all stand in one.
        labels: one text a picture, under it; '' for none. What is longer than its picture ends in an ellipsis.
        gap: between the pictures, [0, 1].
        margin: round them, [0, 2].
        type_size: of the labels' type (its em), (0, 0.2].
        background: colour of the wall, as `#rrggbb` or a CSS name.
        ink: colour of the type, as `#rrggbb` or a CSS name.

    Returns:
        float32 (H', W', 3), sRGB, [0, 1].

    Raises:
        ChoiceError: a length out of range, rows that are no numbers, labels that are no texts, or no such colour.
        ShapeError: rows or labels for another number of pictures than there are.
    """
    given = (one, two, three, four, five, six, seven, eight)
    panels = [panel for panel in given if panel is not None]
    _check_rows(rows, len(panels))
    check_labels(labels, len(panels))
    check_range("gap", gap, "[0, 1]")
    check_range("margin", margin, "[0, 2]")
    check_range("type_size", type_size, "(0, 0.2]")
    color_to_rgb(ink)
    short_edge = min(one.shape[:2])
    style = Type(type_size * short_edge, "small")
    captioned = labels is not None and any(label.strip() for label in labels)
    places, (height, width) = hang(
        [(panel.shape[0], panel.shape[1]) for panel in panels],
        rows or [len(panels)],
        gap=gap * short_edge,
        margin=margin * short_edge,
        below=LABEL_SPACE * style.size if captioned else 0.0,
    )
    page = blank(height, width, background)
    for index, (panel, place) in enumerate(zip(panels, places, strict=True)):
        shown = resize(panel, (place.height, place.width))
        page[place.top : place.top + place.height, place.left : place.left + place.width] = shown
        if labels is not None:
            corner = (place.top + place.height, place.left)
            write_under(page, labels[index], style, corner, place.width, ink=ink)
    return page


@dataclass(frozen=True)
class Place:
    """Where a picture hangs, in pixels."""

    top: int
    left: int
    height: int
    width: int


def hang(
    sizes: Sequence[tuple[int, int]], rows: Sequence[int], *, gap: float, margin: float, below: float
) -> tuple[list[Place], tuple[int, int]]:
    """Places in rows of one width, and the (height, width) of the wall.

    Args:
        sizes: (height, width) of each picture; the first row is as tall as the first picture.
        rows: how many stand in each row; together as many as there are sizes.
        gap, margin: between and round the pictures, in pixels.
        below: room under each row, in pixels.
    """
    aspects = [width / height for height, width in sizes]
    full_width = sizes[0][0] * sum(aspects[: rows[0]]) + gap * (rows[0] - 1)
    places: list[Place] = []
    top = margin
    for count in rows:
        row = aspects[len(places) : len(places) + count]
        row_height = max(1.0, (full_width - gap * (count - 1)) / sum(row))
        left = margin
        for aspect in row:
            width = row_height * aspect
            places.append(_rounded(top, left, row_height, width))
            left += width + gap
        top += row_height + below + gap
    return places, (round(top - gap + margin), round(full_width + 2 * margin))


def _rounded(top: float, left: float, height: float, width: float) -> Place:
    """Edges on whole pixels, each where it is nearest, so that all rows end in one line."""
    return Place(
        round(top),
        round(left),
        max(1, round(top + height) - round(top)),
        max(1, round(left + width) - round(left)),
    )


def _check_rows(rows: object, count: int) -> None:
    if rows is None:
        return
    if not isinstance(rows, list) or not rows:
        raise ChoiceError(f"rows must be a list such as [1, 3], received {rows!r}")
    for each in rows:
        check_count("each of rows", each, most=8)
    if sum(rows) != count:
        raise ShapeError(f"rows {rows} have places for {sum(rows)} pictures, received {count}")
