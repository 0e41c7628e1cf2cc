from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from artforge.core.errors import ShapeError
from artforge.engine.attention.upsample import upsample, upsample_heatmap

HEATMAPS = hnp.arrays(
    np.float32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.floats(-100, 100, width=32)
)
SIZES = st.tuples(st.integers(1, 60), st.integers(1, 60))


@given(HEATMAPS, SIZES)
def test_it_never_overshoots(heatmap, size):
    resized = upsample_heatmap(heatmap, size)
    assert resized.shape == size
    assert resized.dtype == np.float32
    assert heatmap.min() - 1e-4 <= resized.min()
    assert resized.max() <= heatmap.max() + 1e-4


@given(HEATMAPS, SIZES)
def test_resizing_a_sum_is_summing_the_resized(heatmap, size):
    other = np.flip(heatmap) * 0.5 + 3
    together = upsample_heatmap(heatmap + other, size)
    np.testing.assert_allclose(together, upsample_heatmap(heatmap, size) + upsample_heatmap(other, size), atol=1e-4)


@given(HEATMAPS)
def test_a_heatmap_of_the_right_size_stays_as_it_is(heatmap):
    resized = upsample_heatmap(heatmap, heatmap.shape)
    np.testing.assert_array_equal(resized, heatmap)
    assert resized is not heatmap


def test_a_side_of_the_right_length_is_not_blurred():
    heatmap = np.random.default_rng(0).random((6, 5), dtype=np.float32)
    np.testing.assert_allclose(upsample_heatmap(heatmap, (6, 50))[2], upsample_heatmap(heatmap[2:3], (1, 50))[0])


@given(HEATMAPS, SIZES)
def test_turning_the_heatmap_turns_the_result(heatmap, size):
    turned = upsample_heatmap(np.ascontiguousarray(heatmap[::-1].T), size)
    np.testing.assert_allclose(turned, upsample_heatmap(heatmap, size[::-1])[::-1].T, atol=1e-4)


def test_a_lone_cell_becomes_a_bell_around_its_own_middle():
    heatmap = np.zeros((5, 5), np.float32)
    heatmap[1, 3] = 1
    resized = upsample_heatmap(heatmap, (105, 105))
    assert np.unravel_index(resized.argmax(), resized.shape) == (31, 73)  # cell 1 is centred at 1.5 of 5, cell 3 at 3.5
    assert resized.max() == pytest.approx((2 / 3) ** 2, abs=1e-4)
    assert not resized[74:].any()  # nothing is left two cells away


def test_no_cell_edges_show_in_a_print():
    heatmap = np.random.default_rng(0).random((4, 4), dtype=np.float32)
    row = upsample_heatmap(heatmap, (600, 600))[300].astype(np.float64)
    jumps_in_slope = np.abs(np.diff(row, 2))
    assert jumps_in_slope.max() < 2 * (4 / 600) ** 2  # of the order of a smooth curve, not of a kink (4 / 600)


def test_each_cell_counts_where_the_picture_is_smaller():
    heatmap = np.zeros((16, 16), np.float32)
    heatmap[5, 9] = 1
    assert upsample_heatmap(heatmap, (2, 2)).min() > 0


def test_a_heatmap_takes_the_size_of_the_picture_beside_it():
    assert upsample(np.ones((2, 3), np.float32), np.zeros((48, 80, 3), np.float32)).shape == (48, 80)


@pytest.mark.parametrize(("shape", "size"), [((2, 2, 1), (4, 4)), ((2, 2), (0, 4)), ((0, 2), (4, 4))])
def test_what_is_no_heatmap_or_no_size_is_refused(shape, size):
    with pytest.raises(ShapeError, match="received"):
        upsample_heatmap(np.ones(shape, np.float32), size)
