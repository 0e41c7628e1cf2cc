"""Maps finer than the network's own view: tiles, scales, and heat that follows the edges of the picture."""

from __future__ import annotations

import numpy as np
import pytest

from artforge.core.errors import ChoiceError, ShapeError
from artforge.engine.attention.channels import Channels, choose_channels
from artforge.engine.attention.eigen_cam import eigen_cam_map, first_component
from artforge.engine.attention.evidence import gather_evidence
from artforge.engine.attention.feature_maps import feature_maps, feature_maps_of_layers
from artforge.engine.attention.grad_cam import grad_cam
from artforge.engine.attention.guided_filter import follow_edges, guided_filter
from artforge.engine.attention.tiles import fine_cam, fuse_scales, tile_starts, tiled_heatmap
from artforge.engine.attention.upsample import upsample_heatmap
from artforge.engine.backend import to_array
from artforge.engine.models.handle import wrap_model

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture
def image(paint):
    return paint(4, 60, 90)


# tiles


@pytest.mark.parametrize(("length", "edge", "overlap"), [(100, 30, 0.5), (31, 30, 0.0), (97, 13, 0.3), (20, 30, 0.5)])
def test_tiles_cover_a_side_evenly_and_overlap_enough(length, edge, overlap):
    starts = tile_starts(length, edge, overlap)
    assert starts[0] == 0
    assert starts[-1] + edge >= length
    hops = np.diff(starts)
    assert all(hop <= edge * (1 - overlap) + 1 for hop in hops)
    assert len(hops) == 0 or hops.max() - hops.min() <= 1


def test_what_is_the_same_in_every_tile_stays_flat(image):
    heatmap = tiled_heatmap(image, lambda crops: [np.full((3, 4), 2.5, np.float32)] * len(crops), tile=(25, 25))
    np.testing.assert_allclose(heatmap, 2.5, rtol=1e-6)
    assert heatmap.shape == (60, 90)


def test_a_tile_of_the_whole_picture_is_the_map_of_the_whole_picture(residual, image):
    whole = grad_cam(image, model=residual, target="red")
    peak = np.abs(whole).max()
    np.testing.assert_allclose(fine_cam(image, model=residual, target="red", scales=[1]), whole / peak, atol=1e-5)


def test_tiles_put_what_they_see_where_it_is(image):
    image = np.zeros((60, 90, 3), np.float32)
    image[41, 70] = 1

    def brightness(crops):
        return [crop.mean(axis=-1) for crop in crops]

    heatmap = tiled_heatmap(image, brightness, tile=(20, 24), overlap=0.5)
    row, column = np.unravel_index(heatmap.argmax(), heatmap.shape)
    assert max(abs(row - 41), abs(column - 70)) <= 1


@pytest.fixture(scope="module")
def small(keras):
    """A network of one 3x3 convolution, pictures of any size: its layer's map depends on one pixel around each."""
    picture = keras.Input((None, None, 3))
    maps = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")(picture)
    network = keras.Model(picture, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(maps)))
    rng = np.random.default_rng(0)
    for variable in network.variables:
        variable.assign(rng.normal(size=variable.shape).astype(np.float32))
    return network


SURE = [*range(8), 11, 12, 19, 20, *range(24, 32)]
"""Rows and columns that lie at least 3 pixels inside every tile at 0, 8 and 16, or at the picture's own border."""


def test_tiles_away_from_their_border_see_what_the_whole_picture_sees(small):
    near, far = (wrap_model(small, input_size=size) for size in ((16, 16), (32, 32)))
    image = np.random.default_rng(1).random((32, 32, 3), dtype=np.float32)
    kernel = to_array(small.variables[2])[:, 1]

    def cam(crops):
        return [found["conv"] @ kernel for found in feature_maps_of_layers(near, crops, ["conv"])]

    tiled = tiled_heatmap(image, cam, tile=(16, 16), overlap=0.5)
    whole = feature_maps(image, model=far, layer="conv") @ kernel
    scale = np.abs(whole).max()
    np.testing.assert_allclose(tiled[np.ix_(SURE, SURE)], whole[np.ix_(SURE, SURE)], rtol=0, atol=1e-6 * scale)
    assert np.abs(tiled - whole).max() < 0.02 * scale


def test_a_closer_look_is_the_whole_map_seen_in_tiles(small):
    """Both up to a factor: every scale is divided by its own peak, and a tile's mean gradient is four times larger."""
    near, far = (wrap_model(small, input_size=size) for size in ((16, 16), (32, 32)))
    image = np.random.default_rng(1).random((32, 32, 3), dtype=np.float32)
    closer = fine_cam(image, model=near, target=1, scales=[2])[np.ix_(SURE, SURE)].astype(np.float64)
    whole = grad_cam(image, model=far, target="class_1")[np.ix_(SURE, SURE)].astype(np.float64)
    factor = (closer * whole).sum() / (whole * whole).sum()
    np.testing.assert_allclose(closer, factor * whole, rtol=0, atol=1e-6)


@pytest.mark.parametrize("choice", [{"rank": "energy", "count": 3}, {"rank": "gradient", "share": 0.4}, {"cluster": 0}])
def test_every_tile_asks_the_channels_chosen_on_the_whole_picture(residual, image, choice):
    channels = Channels.model_validate(choice)
    [whole] = gather_evidence([image], model=residual, targets="red")
    numbers = choose_channels(channels, feature_maps=whole.feature_maps, gradients=whole.gradients)
    fixed = Channels(index=tuple(numbers.tolist()))
    settings = {"model": residual, "target": "red", "scales": [1, 3]}
    np.testing.assert_array_equal(
        fine_cam(image, channels=channels, **settings), fine_cam(image, channels=fixed, **settings)
    )


def test_every_tile_looks_for_the_pattern_of_the_whole_picture(small):
    near, far = (wrap_model(small, input_size=size) for size in ((16, 16), (32, 32)))
    image = np.random.default_rng(1).random((32, 32, 3), dtype=np.float32)
    image[:16] *= 0.2  # tiles of two kinds, whose own patterns differ
    pattern = first_component(feature_maps(image, model=near, layer="conv"))
    expected = eigen_cam_map(feature_maps(image, model=far, layer="conv"), pattern)
    found = fine_cam(image, model=near, method="eigen_cam", scales=[2])
    closer, whole = (one[np.ix_(SURE, SURE)].astype(np.float64) for one in (found, expected))
    factor = (closer * whole).sum() / (whole * whole).sum()
    assert factor > 0
    np.testing.assert_allclose(closer, factor * whole, rtol=0, atol=1e-5)


def test_parts_of_the_channels_do_not_add_up_in_a_fine_map(residual, image):
    def fine(*numbers):
        channels = Channels(index=numbers)
        return fine_cam(image, model=residual, target="red", channels=channels, scales=[2])

    whole, parts = fine(*range(8)), fine(0, 1, 2) + fine(3, 4, 5, 6, 7)
    assert np.abs(whole).max() == np.abs(fine(0, 1, 2)).max() == pytest.approx(1)
    assert np.abs(parts - whole).max() > 0.1


def test_the_class_is_settled_on_the_whole_picture(residual, image):
    predicted = residual.class_names[int(residual.probabilities(image)[0].argmax())]
    np.testing.assert_array_equal(
        fine_cam(image, model=residual, scales=[3]), fine_cam(image, model=residual, target=predicted, scales=[3])
    )


@pytest.mark.parametrize("fuse", ["mean", "max"])
def test_scales_are_fused_with_their_signs(fuse):
    maps = [np.asarray([[1, -0.2]], np.float32), np.asarray([[-0.5, -0.6]], np.float32)]
    expected = {"mean": [[0.25, -0.4]], "max": [[1, -0.6]]}[fuse]
    np.testing.assert_allclose(fuse_scales(maps, fuse), expected, rtol=1e-6)


def test_no_scales_and_unknown_methods_are_refused(residual, image):
    with pytest.raises(ShapeError, match=r"^scales must be a list of some, such as \[1, 2, 4\], received \[\]"):
        fine_cam(image, model=residual, scales=[])
    with pytest.raises(ChoiceError, match="a scale must be a whole number from 1 to 16, received 0"):
        fine_cam(image, model=residual, scales=[1, 0])
    with pytest.raises(ChoiceError, match="did you mean 'grad_cam'"):
        fine_cam(image, model=residual, method="gradcam")
    with pytest.raises(ChoiceError, match=r"overlap must be a number in \[0, 1\), received 1"):
        tiled_heatmap(image, lambda crops: [], tile=(4, 4), overlap=1.0)
    with pytest.raises(ChoiceError, match="fuse 'sum' is not one of: mean, max"):
        fuse_scales([np.zeros((2, 2), np.float32)], "sum")
    with pytest.raises(ShapeError, match="received no maps"):
        fuse_scales([], "mean")
    with pytest.raises(ShapeError, match=r"received \[\(2, 2\), \(2, 3\)\]"):
        fuse_scales([np.zeros((2, 2), np.float32), np.zeros((2, 3), np.float32)], "max")
    with pytest.raises(ShapeError, match="at least one pixel"):
        tiled_heatmap(image, lambda crops: [], tile=(0, 4))


# edges


def oracle(heatmap, guide, radius, eps):
    """The paper's equations, window by window, on a picture that goes on as its own mirror image."""

    def mirrored(values):
        padding = [(2 * radius, 2 * radius)] * 2 + [(0, 0)] * (values.ndim - 2)
        return np.pad(values.astype(np.float64), padding, mode="symmetric")

    heat, colours = mirrored(heatmap), mirrored(guide)
    fits = {}
    height, width = heatmap.shape
    for row in range(-radius, height + radius):
        for column in range(-radius, width + radius):
            window = np.s_[row + radius : row + 3 * radius + 1, column + radius : column + 3 * radius + 1]
            inside, values = colours[window].reshape(-1, 3), heat[window].ravel()
            spread = np.cov(inside.T, bias=True) + eps * np.eye(3)
            slope = np.linalg.solve(
                spread, (inside * values[:, None]).mean(axis=0) - inside.mean(axis=0) * values.mean()
            )
            fits[row, column] = (slope, values.mean() - slope @ inside.mean(axis=0))
    found = np.empty_like(heatmap)
    for row in range(height):
        for column in range(width):
            near = [
                fits[r, c]
                for r in range(row - radius, row + radius + 1)
                for c in range(column - radius, column + radius + 1)
            ]
            found[row, column] = np.mean([slope @ guide[row, column] + offset for slope, offset in near])
    return found


def test_the_guided_filter_is_the_papers(paint):
    heatmap = np.random.default_rng(0).normal(size=(14, 17)).astype(np.float32)
    guide = paint(2, 14, 17)
    slopes, offsets = guided_filter(heatmap, guide, radius=2, softness=0.3)
    found = (slopes * guide).sum(axis=-1) + offsets
    inner = np.s_[4:-4, 4:-4]  # at the border the paper leaves the windows open
    np.testing.assert_allclose(found[inner], oracle(heatmap, guide, 2, 0.09)[inner], atol=1e-5)


def test_flat_heat_stays_flat_and_nothing_overshoots(paint):
    guide = paint(7, 50, 70)
    np.testing.assert_allclose(follow_edges(np.full((4, 5), -1.5, np.float32), guide), -1.5, atol=1e-5)
    heatmap = np.random.default_rng(1).normal(size=(5, 7)).astype(np.float32)
    fitted = follow_edges(heatmap, guide, softness=0.01)
    assert fitted.shape == (50, 70)
    assert heatmap.min() - 1e-6 <= fitted.min()
    assert fitted.max() <= heatmap.max() + 1e-6


def test_heat_stops_at_an_edge_of_the_picture():
    guide = np.full((60, 80, 3), 0.2, np.float32)
    guide[:, 42:] = [0.9, 0.8, 0.1]
    heatmap = np.zeros((6, 8), np.float32)
    heatmap[:, 4:] = 1  # its edge lies at column 40, and is soft
    soft = upsample_heatmap(heatmap, (60, 80))[30]
    fitted = follow_edges(heatmap, guide, radius=0.2, softness=0.02)[30]
    assert np.abs(np.diff(fitted)).argmax() == 41
    assert np.abs(np.diff(fitted)).max() > 4 * np.abs(np.diff(soft)).max()


def test_turning_picture_and_heat_turns_the_result(paint):
    guide, heatmap = paint(3, 40, 56), np.random.default_rng(2).random((5, 7), dtype=np.float32)
    turned = follow_edges(np.ascontiguousarray(heatmap[::-1].T), np.ascontiguousarray(guide[::-1].transpose(1, 0, 2)))
    np.testing.assert_allclose(turned, follow_edges(heatmap, guide)[::-1].T, atol=1e-4)


def test_a_large_picture_is_fitted_as_a_small_one(paint):
    heatmap = np.random.default_rng(3).random((4, 6), dtype=np.float32)
    small = paint(5, 400, 600)
    large = np.repeat(np.repeat(small, 4, axis=0), 4, axis=1)
    difference = follow_edges(heatmap, large)[2::4, 2::4] - follow_edges(heatmap, small)
    assert np.abs(difference).mean() < 0.02


def test_a_guide_of_another_size_is_refused():
    with pytest.raises(ShapeError, match="cannot lead"):
        guided_filter(np.zeros((4, 4), np.float32), np.zeros((5, 4, 3), np.float32), radius=1, softness=0.1)


# very large


def test_a_picture_far_beyond_the_networks_input_has_a_map(residual):
    """20,000x20,000 goes the same way, and would take five gigabytes for the picture alone."""
    huge = np.broadcast_to(np.asarray([0.2, 0.5, 0.7], np.float32), (3000, 9000, 3))
    heatmap = grad_cam(huge, model=residual, target="red")
    assert heatmap.shape == (3000, 9000)
    assert np.isfinite(heatmap[::100, ::100]).all()
