"""Where each variant stands on a contact sheet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from artforge.recipes.recipe import Grid


def arrange_sheet(grid: Grid, swept: Sequence[Mapping[str, Any]]) -> tuple[list[int], int]:
    """The variants in reading order, and how many stand in a row.

    Along x stand the values of one axis, along y those of another; an axis that is not swept any more, because the
    command line set it, is passed over. Without axes the variants follow in their order, in a near square.

    Args:
        grid: as the recipe has it.
        swept: each variant's place in the sweep.

    Returns:
        (indices into `swept`, columns).
    """
    order = list(range(len(swept)))
    x, y = (axis if axis is not None and all(axis in each for each in swept) else None for axis in (grid.x, grid.y))
    if x is None and y is None:
        return order, grid.columns or math.ceil(math.sqrt(len(swept)))
    across = _values(swept, x) if x else []
    down = _values(swept, y) if y else []
    others = _values([{"": [value for axis, value in each.items() if axis not in (x, y)]} for each in swept], "")

    def place(index: int) -> tuple[int, int, int]:
        own = swept[index]
        rest = others.index([value for axis, value in own.items() if axis not in (x, y)])
        return (down.index(own[y]) if y else 0, rest, across.index(own[x]) if x else 0)

    return sorted(order, key=place), len(across) if x else math.ceil(len(swept) / len(down))


def _values(swept: Sequence[Mapping[str, Any]], axis: str) -> list[Any]:
    values: list[Any] = []
    for each in swept:
        if each[axis] not in values:
            values.append(each[axis])
    return values
