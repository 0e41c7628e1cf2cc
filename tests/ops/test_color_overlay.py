"""Heat over its picture, and heat in the palette of pictures."""

import numpy as np
import pytest

from artforge.core.errors import ChoiceError, DatasetError, ShapeError, StepError
from artforge.core.oklab import to_oklab
from artforge.core.pictures import write_png
from artforge.core.work import Work, working
from artforge.ops.colorize import colorize
from artforge.ops.colorize_like import colorize_like
from artforge.ops.colormaps import NUM_ENTRIES, colormap_table
from artforge.ops.overlay import overlay
from artforge.ops.palettes import colors_of, even_table


@pytest.fixture
def base():
    return np.random.default_rng(1).random((25, 33, 3), dtype=np.float32)


@pytest.fixture
def heatmap():
    heatmap = np.random.default_rng(2).random((25, 33), dtype=np.float32)
    heatmap[:4], heatmap[-4:] = 0, 1
    return heatmap


# -- overlay ---------------------------------------------------------------------------------------------------------


def test_seed_is_the_sum_worked_by_hand_with_its_ends_cut_off():
    base = np.array([[[0.5, 0.5, 0.5], [0.9, 0.2, 0.0]]], np.float32)
    heat = np.array([[1, 0]], np.float32)
    first, last = colormap_table("jet")[[0, -1]]  # half blue, half red
    np.testing.assert_allclose(first, [0, 0, 0.5], atol=0.01)
    np.testing.assert_allclose(last, [0.5, 0, 0], atol=0.01)
    laid = overlay(base, heat, mode="seed", map="jet", factor=0.4)
    np.testing.assert_allclose(laid, [[[0.7, 0.5, 0.5], [0.9, 0.2, 0.2]]], atol=0.005)
    np.testing.assert_allclose(overlay(base, heat, mode="seed", map="jet", factor=2)[0, 0], [1, 0.5, 0.5], atol=0.02)


def test_seed_takes_chollets_factor_where_none_is_given(base, heatmap):
    np.testing.assert_array_equal(overlay(base, heatmap, mode="seed"), overlay(base, heatmap, mode="seed", factor=0.4))
    expected = np.minimum(base + np.float32(0.4) * colorize(heatmap, map="inferno"), 1)
    np.testing.assert_allclose(overlay(base, heatmap, mode="seed"), expected, atol=1e-6)


@pytest.mark.parametrize("mode", ["tidy", "seed"])
def test_factor_0_gives_the_picture_bit_for_bit(base, heatmap, mode):
    np.testing.assert_array_equal(overlay(base, heatmap, mode=mode, factor=0), base)


@pytest.mark.parametrize("mode", ["tidy", "seed"])
def test_more_factor_is_never_nearer_to_the_picture(base, heatmap, mode):
    distances = [
        np.abs(to_oklab(overlay(base, heatmap, mode=mode, factor=factor / 8)) - to_oklab(base)).mean()
        for factor in range(17)
    ]
    assert (np.diff(distances) >= -1e-7).all()
    assert distances[8] > 0.02


def test_tidy_leaves_what_is_cold_bit_for_bit(base, heatmap):
    laid = overlay(base, heatmap)
    np.testing.assert_array_equal(laid[:4], base[:4])
    assert (np.abs(laid[4:] - base[4:]).max(axis=-1) > 0).mean() > 0.99


def test_tidy_keeps_light_and_shade_under_the_strongest_heat(base):
    hot = overlay(base, np.ones(base.shape[:2], np.float32), factor=1)
    found, own = to_oklab(hot)[..., 0].ravel(), to_oklab(base)[..., 0].ravel()
    assert np.corrcoef(found, own)[0, 1] > 0.99
    assert np.ptp(found) > 0.2
    tint, top = to_oklab(hot).mean(axis=(0, 1))[1:], to_oklab(colormap_table("inferno")[-1:])[0, 1:]
    assert tint @ top / np.linalg.norm(tint) / np.linalg.norm(top) > 0.99  # the hue of the map's last colour


def test_heat_of_another_size_or_scale_is_told_with_the_way_out(base, heatmap):
    with pytest.raises(ShapeError, match=r"heatmap 33x24.*picture 33x25.*upsample"):
        overlay(base, heatmap[:-1])
    with pytest.raises(StepError, match="normalize"):
        overlay(base, heatmap * 3)
    with pytest.raises(ChoiceError, match=r"'sed'.*'seed'"):
        overlay(base, heatmap, mode="sed")


def test_jet_is_told_of_where_it_is_no_homage(base, heatmap):
    told = []
    with working(Work(noticed=told.append)):
        overlay(base, heatmap, mode="seed", map="jet")
        assert told == []
        overlay(base, heatmap, map="jet")
    assert len(told) == 1


# -- palettes --------------------------------------------------------------------------------------------------------

INKS = np.array([[0.1, 0.1, 0.3], [0.8, 0.2, 0.1], [0.3, 0.6, 0.7], [0.95, 0.9, 0.8]], np.float32)
"""From dark to light."""


def patches(seed, shares=(0.5, 0.02, 0.18, 0.3)):
    """A picture of four inks with a little noise; the second covers a fiftieth of it."""
    generator = np.random.default_rng(seed)
    places = generator.permutation(np.repeat(np.arange(4), [round(share * 1600) for share in shares]))
    noisy = INKS[places].reshape(40, 40, 3) + generator.normal(0, 0.01, (40, 40, 3))
    return np.clip(noisy, 0, 1).astype(np.float32)


def test_the_palette_of_four_inks_is_those_four_from_dark_to_light_however_little_there_is_of_one():
    np.testing.assert_allclose(colors_of(patches(3).reshape(-1, 3), 4), INKS, atol=0.02)


def test_a_picture_of_fewer_colours_gives_those_it_has():
    flat = INKS[[0, 2]].repeat(50, axis=0)
    np.testing.assert_allclose(colors_of(flat, 6), INKS[[0, 2]], atol=1e-3)
    heat = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
    one = colorize_like(heat, np.full((5, 6, 3), 0.4, np.float32))
    np.testing.assert_allclose(one, 0.4, atol=1e-3)


@pytest.mark.parametrize("num_inks", [1, 2])
@pytest.mark.parametrize("from_folder", [False, True])
def test_a_palette_that_cannot_tell_hot_from_cold_is_told(tmp_path, num_inks, from_folder):
    grained = INKS[:num_inks].repeat(60, axis=0)[None].repeat(4, axis=0)
    grained = grained + np.float32(0.004) * np.random.default_rng(3).random(grained.shape, dtype=np.float32)
    write_png(tmp_path / "like.png", grained)
    told = []
    with working(Work(noticed=told.append)):
        colorize_like(np.array([[0, 1]], np.float32), **like_of(grained, tmp_path, from_folder))
    assert len(told) == (num_inks == 1)
    assert all("hot and cold cannot be told apart; take those of another picture" in each for each in told)


def like_of(picture, folder, from_folder):
    return {"folder": str(folder)} if from_folder else {"like": picture}


def test_a_table_passes_through_its_colours_at_one_speed():
    table = even_table(INKS)
    assert table.shape == (NUM_ENTRIES, 3)
    np.testing.assert_allclose(table[[0, -1]], INKS[[0, -1]], atol=1e-4)
    for ink in INKS:
        assert np.abs(table - ink).max(axis=-1).min() < 2e-3
    steps = np.linalg.norm(np.diff(to_oklab(table[::16]), axis=0), axis=-1)
    assert steps.max() < 1.01 * np.median(steps)
    assert np.sort(steps)[2] > 0.99 * np.median(steps)  # all but the two that cut a corner


def test_no_heat_is_the_darkest_colour_and_most_heat_the_lightest():
    ends = colorize_like(np.array([[0, 1]], np.float32), patches(4), num_colors=4)[0]
    np.testing.assert_allclose(ends, INKS[[0, -1]], atol=0.02)
    backwards = colorize_like(np.array([[0, 1]], np.float32), patches(4), num_colors=4, reverse=True)[0]
    np.testing.assert_array_equal(backwards, ends[::-1])


def test_the_palette_of_a_folder_is_that_of_all_its_pictures(tmp_path):
    (tmp_path / "below").mkdir()
    for number, ink in enumerate(INKS):
        write_png(tmp_path / ("below" if number % 2 else "") / f"{number}.png", np.tile(ink, (20 + number, 30, 1)))
    heat = np.random.default_rng(5).random((8, 9), dtype=np.float32)
    from_folder = colorize_like(heat, folder=str(tmp_path), num_colors=4)
    from_picture = colorize_like(heat, np.repeat(INKS, 9, axis=0)[None], num_colors=4)
    np.testing.assert_allclose(from_folder, from_picture, atol=0.01)


def test_a_picture_of_a_folder_that_changed_is_read_again(tmp_path):
    heat = np.linspace(0, 1, 5, dtype=np.float32)[None]
    write_png(tmp_path / "a.png", patches(6))
    before = colorize_like(heat, folder=str(tmp_path))
    write_png(tmp_path / "a.png", patches(6)[..., ::-1].copy())
    assert np.abs(colorize_like(heat, folder=str(tmp_path)) - before).max() > 0.1


def test_a_folder_with_a_broken_picture_tells_of_it_and_one_without_any_is_refused(tmp_path):
    heat = np.linspace(0, 1, 5, dtype=np.float32)[None]
    with pytest.raises(DatasetError, match="no such folder"):
        colorize_like(heat, folder=str(tmp_path / "nowhere"))
    with pytest.raises(DatasetError, match="no pictures in it"):
        colorize_like(heat, folder=str(tmp_path))
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=r"none of its 1 pictures can be read.*broken\.png"):
        colorize_like(heat, folder=str(tmp_path))
    write_png(tmp_path / "good.png", patches(7))
    told = []
    with working(Work(noticed=told.append)):
        colorize_like(heat, folder=str(tmp_path))
    assert len(told) == 1
    assert "1 of the 2 pictures" in told[0]


def test_whose_colours_must_be_said_once():
    heat = np.zeros((3, 4), np.float32)
    with pytest.raises(StepError, match=r"like: \$art.*folder:"):
        colorize_like(heat)
    with pytest.raises(StepError, match="leave one of them out"):
        colorize_like(heat, patches(8), folder="somewhere")


def test_a_small_bright_accent_is_among_the_colours_of_a_grey_picture():
    greys = np.linspace(0.05, 0.95, 2000, dtype=np.float32)[:, None].repeat(3, axis=-1)
    accent = np.array([0.85, 0.15, 0.1], np.float32)
    found = colors_of(np.concatenate([greys, np.tile(accent, (15, 1))]), 4)
    assert np.abs(found - accent).max(axis=-1).min() < 0.05
    assert np.ptp(found.mean(axis=-1)) > 0.3  # and greys beside it
