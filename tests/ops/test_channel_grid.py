"""Activation grids: channel k stands in cell k, upright, on a stated scale."""

import numpy as np
import pytest

from artforge.core.errors import ChoiceError
from artforge.core.values import Kind, array_fault
from artforge.ops.channel_grid import channel_grid, on_one_scale, standardize
from artforge.ops.colormaps import colormap_table
from artforge.ops.layout import Tiling, color_to_rgb, landscape_columns

BACKGROUND = "#204060"


def cells(grid, num_channels, columns, tile_size, gutter):
    """Cut a grid into its tiles again."""
    height, width = tile_size
    for index in range(num_channels):
        row, column = divmod(index, columns)
        top, left = gutter + row * (height + gutter), gutter + column * (width + gutter)
        yield grid[top : top + height, left : left + width]


def light(picture):
    return picture.mean(axis=-1)


@pytest.mark.parametrize("interpolation", ["smooth", "nearest"])
@pytest.mark.parametrize("scale", ["each", "all"])
def test_channel_k_stands_in_cell_k(interpolation, scale):
    # channel k is bright at its own place only, and no two places are alike
    maps = np.zeros((4, 6, 24), np.float32)
    for channel in range(24):
        maps[channel // 6, channel % 6, channel] = 5
    grid = channel_grid(
        maps, columns=5, tile=48, gutter=3, map="gray", scale=scale, interpolation=interpolation, background=BACKGROUND
    )
    assert grid.shape == (5 * (32 + 3) + 3, 5 * (48 + 3) + 3, 3)
    for channel, tile in enumerate(cells(grid, 24, 5, (32, 48), 3)):
        row, column = np.unravel_index(light(tile).argmax(), (32, 48))
        assert (row // 8, column // 8) == divmod(channel, 6)


def test_gutters_and_empty_places_show_the_background():
    maps = np.random.default_rng(0).random((4, 4, 7), dtype=np.float32)
    grid = channel_grid(maps, columns=3, tile=16, gutter=2, background=BACKGROUND)
    ground = color_to_rgb(BACKGROUND)
    np.testing.assert_array_equal(grid[:2], np.broadcast_to(ground, grid[:2].shape))
    np.testing.assert_array_equal(grid[:, 18:20], np.broadcast_to(ground, grid[:, 18:20].shape))
    np.testing.assert_array_equal(grid[38:, 20:], np.broadcast_to(ground, grid[38:, 20:].shape))


@pytest.mark.parametrize(
    ("height", "width", "expected"), [(4, 8, (32, 64)), (8, 4, (64, 32)), (5, 5, (64, 64)), (1, 64, (1, 64))]
)
def test_rectangular_maps_keep_their_shape(height, width, expected):
    maps = np.random.default_rng(1).random((height, width, 1), dtype=np.float32)
    assert channel_grid(maps, tile=64, gutter=0).shape == (*expected, 3)


def test_a_bright_corner_stays_in_its_corner():
    maps = np.zeros((6, 10, 1), np.float32)
    maps[0, 9, 0] = 1
    grid = light(channel_grid(maps, tile=100, gutter=0, map="gray"))
    row, column = np.unravel_index(grid.argmax(), grid.shape)
    assert row < 10
    assert column >= 90


def test_standardized_values_are_worked_by_hand():
    # mean 2, standard deviation 2: -> 0.5 + 64/255 * (-1, 1)
    maps = np.array([[[0.0], [4.0]]], np.float32)
    np.testing.assert_allclose(standardize(maps)[0, :, 0], [0.5 - 64 / 255, 0.5 + 64 / 255], atol=1e-6)


def test_each_channel_by_itself_looks_the_same_at_any_strength():
    channel = np.random.default_rng(2).random((5, 5), dtype=np.float32)
    maps = np.stack([channel, channel * 1000 + 7], axis=-1)
    first, second = cells(channel_grid(maps, columns=2, tile=20, gutter=2), 2, 2, (20, 20), 2)
    np.testing.assert_allclose(first, second, atol=0.01)


def test_one_scale_for_all_tells_strong_from_weak():
    channel = np.random.default_rng(2).random((5, 5), dtype=np.float32)
    grid = channel_grid(
        np.stack([channel, channel * 10], axis=-1), columns=2, tile=20, gutter=2, map="gray", scale="all"
    )
    weak, strong = cells(grid, 2, 2, (20, 20), 2)
    assert light(weak).max() < 0.15
    assert light(strong).max() > 0.8


def test_one_scale_leaves_dead_channels_out_of_the_reckoning():
    maps = np.stack([np.zeros((2, 2)), np.array([[2, 3], [4, 6]])], axis=-1).astype(np.float32)
    scaled = on_one_scale(maps, np.array([False, True]))
    assert scaled[0, 0, 1] == 0  # the lowest living activation, not the dead channel's 0
    assert scaled[1, 1, 1] == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("scale", ["each", "all"])
@pytest.mark.parametrize("background", ["#000000", "#f4f0e8"])
def test_a_dead_channel_is_an_empty_framed_tile(scale, background):
    maps = np.random.default_rng(3).random((4, 4, 3), dtype=np.float32)
    maps[..., 1] = 0
    grid = channel_grid(maps, columns=3, tile=64, gutter=2, scale=scale, background=background)
    _, dead, _ = cells(grid, 3, 3, (64, 64), 2)
    ground = color_to_rgb(background)
    differs = (np.abs(dead - ground).max(axis=-1) > 1e-6).sum()
    assert 4 * 63 < differs < 4 * 63 + 20  # the frame and a short dash, nothing else
    assert np.abs(dead - ground).max() < 0.25  # quiet


@pytest.mark.parametrize("value", [0.1, 1 / 3, -7.7, 1e-20])
def test_a_channel_that_is_the_same_everywhere_is_an_even_tile_and_no_noise(value):
    maps = np.full((13, 11, 1), value, np.float32)
    grid = channel_grid(maps, tile=26, gutter=0, map="magma")
    assert np.ptp(grid, axis=(0, 1)).max() == 0
    np.testing.assert_allclose(grid[0, 0], colormap_table("magma")[2048], atol=0.01)


def test_differences_of_rounding_are_not_blown_up():
    maps = np.full((12, 12, 1), 0.1, np.float32)
    maps[::2] = np.nextafter(np.float32(0.1), np.float32(1))
    assert np.ptp(channel_grid(maps, tile=24, gutter=0, map="gray")) == 0


@pytest.mark.parametrize("scale", ["each", "all"])
def test_a_layer_that_is_dead_altogether_still_gives_a_picture(scale):
    assert array_fault(channel_grid(np.zeros((3, 3, 5), np.float32), scale=scale), Kind.IMAGE) is None


def test_nearest_shows_one_square_for_one_activation():
    maps = np.random.default_rng(4).random((3, 4, 1), dtype=np.float32)
    grid = channel_grid(maps, tile=40, gutter=0, interpolation="nearest")
    squares = grid.reshape(3, 10, 4, 10, 3)
    np.testing.assert_array_equal(squares, np.broadcast_to(squares[:, :1, :, :1], squares.shape))


def test_maps_larger_than_a_tile_are_averaged_down():
    maps = (np.indices((64, 64)).sum(axis=0) % 2).astype(np.float32)[..., None]  # a fine check is an even grey
    assert np.ptp(channel_grid(maps, tile=16, gutter=0, map="gray")) < 0.02


@pytest.mark.parametrize(
    ("num_tiles", "columns"), [(1, 1), (4, 2), (16, 4), (32, 8), (64, 8), (128, 16), (512, 32), (12, 4)]
)
def test_usual_numbers_of_channels_make_full_square_or_landscape_grids(num_tiles, columns):
    assert landscape_columns(num_tiles) == columns


@pytest.mark.parametrize("aspect", [0.5, 1.0, 1.5])
@pytest.mark.parametrize("num_tiles", range(1, 70))
def test_any_number_of_tiles_makes_a_sane_sheet(num_tiles, aspect):
    columns = landscape_columns(num_tiles, aspect)
    rows = -(-num_tiles // columns)
    assert rows * columns - num_tiles <= max(3, num_tiles // 5)
    if num_tiles > 6:
        assert 0.5 <= columns * aspect / rows <= 4


def test_more_columns_than_channels_leave_no_empty_places():
    maps = np.random.default_rng(5).random((4, 4, 3), dtype=np.float32)
    assert channel_grid(maps, columns=50, tile=16, gutter=2).shape == (20, 56, 3)


def test_tiles_never_overlap_nor_leave_the_sheet():
    tiling = Tiling(num_tiles=7, columns=3, tile_height=5, tile_width=8, gutter=(2, 1), margin=(3, 4, 6))
    taken = np.zeros((tiling.height, tiling.width), int)
    for top, left in tiling.corners():
        taken[top : top + 5, left : left + 8] += 1
    assert taken.max() == 1
    assert taken.sum() == 7 * 40
    assert not taken[:3].any()
    assert not taken[-4:].any()
    assert not taken[:, :6].any()
    assert not taken[:, -6:].any()


def test_an_unknown_colormap_is_refused_with_the_nearest():
    with pytest.raises(ChoiceError, match="'magma'"):
        channel_grid(np.ones((2, 2, 1), np.float32), map="magmaa")
