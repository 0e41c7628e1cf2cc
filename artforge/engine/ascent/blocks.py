"""A map cut into blocks of cells, each with the region of the picture that is enough to compute it exactly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from artforge.engine.ascent.receptive_field import Field, Span


class Stretch(NamedTuple):
    """Along one axis: pixels from `start` on, and the cells [first, last) that they are enough for.

    Cell i of the whole picture is cell i - start // stride of the region.
    """

    start: int
    first: int
    last: int


class Block(NamedTuple):
    """Cells, and the region that is enough for them."""

    down: Stretch
    across: Stretch


def region_size(field: Field, size: tuple[int, int], cells: tuple[int, int], most_pixels: float) -> tuple[int, int]:
    """(height, width) of the regions that a picture is cut into.

    All are of one size, so that nothing is compiled twice; as few as may be, so that little is computed twice; and no
    larger than so many need to be, or they would overlap for nothing. Each edge is that of the picture less a multiple
    of the stride: then paddings fall as they do in the picture.

    Args:
        field: the layer's receptive field.
        size: (height, width) of the picture.
        cells: (height, width) of the map.
        most_pixels: how many a region may have; a larger one is taken where a single cell needs it.
    """
    edge = most_pixels**0.5
    height = _edge(field.down, size[0], edge)
    width = _edge(field.across, size[1], max(edge, most_pixels / height))
    height = _edge(field.down, size[0], max(edge, most_pixels / width))
    return _evened(field.down, size[0], cells[0], height), _evened(field.across, size[1], cells[1], width)


def _edge(span: Span, length: int, most: float) -> int:
    least = min(span.size + 2 * span.stride, length)
    dropped = int((length - max(most, least)) // span.stride)
    return length - max(dropped, 0) * span.stride


def _evened(span: Span, length: int, num_cells: int, edge: int) -> int:
    """The smallest edge with which there are as few regions along an axis as with this one."""

    def count(of: int) -> int:
        return sum(1 for _ in _stretches(span, length, num_cells, of))

    least = min(span.size + 2 * span.stride, length)
    fewest = count(edge)
    while edge - span.stride >= least and count(edge - span.stride) == fewest:
        edge -= span.stride
    return edge


def blocks_of(field: Field, size: tuple[int, int], cells: tuple[int, int], region: tuple[int, int]) -> list[Block]:
    """The blocks of a map; together they have every cell once.

    Args:
        field: the layer's receptive field.
        size: (height, width) of the picture.
        cells: (height, width) of the map.
        region: (height, width) of the regions, as `region_size` gives it.
    """
    down = list(_stretches(field.down, size[0], cells[0], region[0]))
    across = list(_stretches(field.across, size[1], cells[1], region[1]))
    return [Block(row, column) for row in down for column in across]


def _stretches(span: Span, length: int, num_cells: int, region: int) -> Iterator[Stretch]:
    done = 0
    while done < num_cells:
        start = max((done * span.stride + span.first) // span.stride * span.stride, 0)
        start = min(start, length - region)
        reaches_end = start + region >= length
        last = num_cells if reaches_end else (start + region - 1 - span.last) // span.stride + 1
        yield Stretch(start, done, last)
        done = last
