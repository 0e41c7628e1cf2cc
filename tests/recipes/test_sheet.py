"""A contact sheet stands in the order its grid asks for."""

from __future__ import annotations

import itertools

import pytest

from artforge.recipes.recipe import Grid
from artforge.recipes.sheet import arrange_sheet

BY_A_AND_B = [{"a": a, "b": b} for a, b in itertools.product([1, 2], ["x", "y", "z"])]


@pytest.mark.parametrize(
    ("grid", "rows"),
    [
        (Grid(), ["1x 1y 1z", "2x 2y 2z"]),
        (Grid(columns=2), ["1x 1y", "1z 2x", "2y 2z"]),
        (Grid(x="b"), ["1x 1y 1z", "2x 2y 2z"]),
        (Grid(x="a"), ["1x 2x", "1y 2y", "1z 2z"]),
        (Grid(y="b"), ["1x 2x", "1y 2y", "1z 2z"]),
        (Grid(x="a", y="b"), ["1x 2x", "1y 2y", "1z 2z"]),
        (Grid(x="b", y="a"), ["1x 1y 1z", "2x 2y 2z"]),
    ],
)
def test_rows_and_columns_are_those_of_the_axes(grid, rows):
    order, columns = arrange_sheet(grid, BY_A_AND_B)
    named = [f"{BY_A_AND_B[index]['a']}{BY_A_AND_B[index]['b']}" for index in order]
    assert [" ".join(named[start : start + columns]) for start in range(0, 6, columns)] == rows


def test_nine_values_along_x_stand_in_one_row():
    order, columns = arrange_sheet(Grid(x="t"), [{"t": value / 8} for value in range(9)])
    assert (order, columns) == (list(range(9)), 9)


def test_axis_that_the_command_line_has_set_is_passed_over():
    assert arrange_sheet(Grid(x="a", y="b"), [{"b": 1}, {"b": 2}]) == ([0, 1], 1)
    assert arrange_sheet(Grid(x="a"), [{}]) == ([0], 1)
