"""Heat to colour."""

import cmap
import numpy as np
import pytest

from artforge.core.errors import ChoiceError, StepError
from artforge.ops.colorize import colorize
from artforge.ops.colormaps import NUM_ENTRIES, check_colormap, colormap_names, colormap_table


@pytest.mark.parametrize("name", ["crameri:lajolla", "magma", "cmocean:deep", "crameri:romaO"])
def test_a_heat_takes_the_colour_that_the_catalogue_gives_it(name):
    heat = np.linspace(0, 1, 333, dtype=np.float32).reshape(9, 37)
    stops = cmap.Colormap(name).color_stops
    colors = np.array([tuple(color)[:3] for color in stops.colors])
    expected = np.stack([np.interp(heat, stops.stops, colors[:, channel]) for channel in range(3)], axis=-1)
    np.testing.assert_allclose(colorize(heat, map=name), expected, atol=1 / 255)


def test_a_map_of_three_plain_colours_gives_each_a_third():
    heat = np.array([[0, 0.32, 0.34, 0.65, 0.68, 1]], np.float32)
    first, second, third = cmap.Colormap("colorbrewer:YlOrRd_3").lut()[:, :3]
    np.testing.assert_allclose(
        colorize(heat, map="colorbrewer:YlOrRd_3")[0], [first, first, second, second, third, third], atol=1e-6
    )


def test_zero_takes_the_first_colour_and_one_the_last():
    ends = colorize(np.array([[0, 1]], np.float32), map="magma")
    np.testing.assert_array_equal(ends[0], colormap_table("magma")[[0, -1]])


def test_reverse_runs_the_colours_backwards():
    heat = np.random.default_rng(0).random((6, 7), dtype=np.float32)
    np.testing.assert_allclose(colorize(heat, reverse=True), colorize(1 - heat), atol=0.01)
    assert (colorize(heat, reverse=True) != colorize(heat)).any()


def test_a_fine_ramp_shows_no_bands_in_eight_bits():
    ramp = np.linspace(0, 1, 20_000, dtype=np.float32).reshape(1, -1)
    levels = np.rint(colorize(ramp, map="viridis") * 255)
    assert np.abs(np.diff(levels, axis=1)).max() <= 1


def test_rectangles_are_not_turned():
    heat = np.zeros((4, 9), np.float32)
    heat[0, -1] = 1
    colored = colorize(heat, map="colorcet:gray")
    assert colored.shape == (4, 9, 3)
    assert np.unravel_index(colored[..., 0].argmax(), (4, 9)) == (0, 8)


@pytest.mark.parametrize("values", [(-0.01, 1), (0, 1.01), (-5, 40)])
def test_heat_outside_the_range_is_sent_to_normalize(values):
    with pytest.raises(StepError, match="normalize"):
        colorize(np.array([values], np.float32))


def test_heat_a_rounding_above_1_is_told_with_all_its_digits():
    with pytest.raises(StepError, match=r"received \[0, 1\.0000\d+\]"):
        colorize(np.array([[0, 1.00001]], np.float32))


@pytest.mark.parametrize(
    ("name", "near"), [("crameri:lajola", "crameri:lajolla"), ("infernoo", "inferno"), ("Magma", "magma")]
)
def test_an_unknown_colormap_is_refused_with_the_nearest(name, near):
    for ask in (check_colormap, colormap_table):
        with pytest.raises(ChoiceError, match=f"did you mean '{near}'") as caught:
            ask(name)
        assert len(str(caught.value)) < 400  # the nearest few, not all fifteen hundred


def test_a_reversed_name_is_answered_with_the_way_out():
    with pytest.raises(ChoiceError, match="reverse: true"):
        check_colormap("magma_r")


@pytest.mark.parametrize("name", colormap_names()[::40])
def test_every_colormap_is_a_full_table_of_colours(name):
    table = colormap_table(name)
    assert table.shape == (NUM_ENTRIES, 3)
    assert table.dtype == np.float32
    assert np.isfinite(table).all()
    assert table.min() >= 0
    assert table.max() <= 1
    assert not table.flags.writeable


def test_the_names_are_many_and_hold_the_ones_that_recipes_use():
    assert {"crameri:lajolla", "lajolla", "magma", "cmocean:deep", "viridis"} <= set(colormap_names())
    assert len(colormap_names()) > 1000
