from __future__ import annotations

import numpy as np
import pytest

from artforge.core.errors import ChoiceError, ModelError, ShapeError
from artforge.engine.attention.channels import Channels
from artforge.engine.attention.classical_filters import FILTER_NAMES, classical_filter, classical_kernel
from artforge.engine.attention.feature_map_choices import channel_across_layers, feature_map, strongest_per_layer
from artforge.engine.attention.feature_maps import feature_maps
from artforge.engine.attention.filter_kinship import filter_kinship, kin_channels
from artforge.engine.attention.upsample import upsample_heatmap
from artforge.engine.models.handle import wrap_model

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def step_edge(axis):
    """Dark then light, along one axis."""
    image = np.full((6, 8, 3), 0.2, np.float32)
    image[(slice(None), slice(4, None)) if axis == 1 else slice(3, None)] = 0.7
    return image


@pytest.mark.parametrize(("name", "axis"), [("sobel_x", 1), ("sobel_y", 0)])
def test_a_sobel_filter_answers_light_that_grows_its_way(name, axis):
    heatmap = classical_filter(step_edge(axis), filter=name)
    other = classical_filter(step_edge(1 - axis), filter=name)
    np.testing.assert_allclose(other, 0, atol=1e-6)
    beside = heatmap[:, 3:5] if axis == 1 else heatmap[2:4]
    np.testing.assert_allclose(beside, 4 * 0.5, rtol=1e-5)  # 1 + 2 + 1 times the step
    assert np.count_nonzero(np.abs(heatmap) > 1e-5) == beside.size
    np.testing.assert_allclose(classical_filter(1 - step_edge(axis), filter=name), -heatmap, atol=1e-6)


def test_the_laplacian_answers_a_dark_point_with_light():
    image = np.full((5, 5, 3), 0.5, np.float32)
    image[2, 2] = 0.25
    heatmap = classical_filter(image, filter="laplacian")
    np.testing.assert_allclose(heatmap[1:4, 1:4], [[0, -0.25, 0], [-0.25, 1, -0.25], [0, -0.25, 0]], atol=1e-6)


@pytest.mark.parametrize("size", [3, 5, 7])
@pytest.mark.parametrize("name", FILTER_NAMES)
def test_kernels_of_every_size_see_no_structure_in_flat_light(name, size):
    kernel = classical_kernel(name, size)
    assert kernel.shape == (size, size)
    assert kernel.sum() == pytest.approx(0, abs=1e-4)
    assert np.linalg.norm(kernel) > 0


def test_kernels_without_a_middle_are_refused():
    with pytest.raises(ShapeError, match="odd edge from 3 to 31, received 4"):
        classical_kernel("sobel_x", 4)
    with pytest.raises(ShapeError, match=r"odd edge from 3 to 31, received 3\.0"):
        classical_kernel("sobel_x", 3.0)


def test_another_filter_is_never_taken_for_the_one_named():
    with pytest.raises(ChoiceError, match=r"filter 'laplace' is not one of: .* did you mean 'laplacian'"):
        classical_filter(step_edge(0), filter="laplace")


@pytest.fixture(scope="module")
def kin(keras):
    """First layer: noise, 3 x Sobel x on red only, a constant kernel, minus the Laplacian on all colours."""
    picture = keras.Input((16, 16, 3))
    maps = keras.layers.Conv2D(4, 3, padding="same", name="first")(picture)
    maps = keras.layers.Conv2D(2, 1, name="second")(maps)
    network = keras.Model(picture, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(maps)))
    kernel = np.zeros((3, 3, 3, 4), np.float32)
    kernel[..., 0] = np.random.default_rng(0).normal(size=(3, 3, 3))
    kernel[:, :, 0, 1] = 3 * classical_kernel("sobel_x")
    kernel[..., 2] = 0.7
    kernel[..., 3] = -classical_kernel("laplacian")[..., None] + 0.1
    network.get_layer("first").kernel.assign(kernel)
    return wrap_model(network)


def test_the_learned_sobel_filter_is_found_whatever_its_size_and_colour(kin):
    found = filter_kinship(kin)
    assert len(found) == 12
    best = {kinship.filter: kinship for kinship in reversed(found)}
    assert (best["sobel_x"].channel, best["sobel_x"].correlation) == (1, pytest.approx(1))
    assert (best["laplacian"].channel, best["laplacian"].correlation) == (3, pytest.approx(-1))
    assert [abs(kinship.correlation) for kinship in found] == sorted(
        (abs(kinship.correlation) for kinship in found), reverse=True
    )
    assert all(kinship.correlation == 0 for kinship in found if kinship.channel == 2)
    noise = next(kinship for kinship in found if (kinship.filter, kinship.channel) == ("sobel_y", 0))
    light = kin.keras_model.get_layer("first").kernel.numpy()[..., 0].sum(axis=2)
    expected = np.corrcoef(light.ravel(), classical_kernel("sobel_y").ravel())[0, 1]
    assert noise.correlation == pytest.approx(expected, abs=1e-5)


def test_kin_channels_come_first(kin):
    image = np.random.default_rng(1).random((16, 16, 3), dtype=np.float32)
    maps = feature_maps(image, model=kin, layer="first")
    np.testing.assert_array_equal(kin_channels(image, model=kin, filter="sobel_x")[..., 0], maps[..., 1])
    np.testing.assert_array_equal(kin_channels(image, model=kin, filter="laplacian")[..., 0], maps[..., 3])


def test_layers_without_comparable_kernels_say_so(kin, keras):
    with pytest.raises(ModelError, match=r"expected a convolution with square kernels .* received 1x1"):
        filter_kinship(kin, layer="second")
    blind = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(2)])
    with pytest.raises(ModelError, match="no convolution whose filters"):
        filter_kinship(wrap_model(blind))


def test_each_kernel_of_a_depthwise_layer_sees_one_colour(keras):
    network = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            keras.layers.Rescaling(2.0, offset=-1.0),
            keras.layers.DepthwiseConv2D(3, depth_multiplier=3, padding="same", name="first"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2),
        ]
    )
    kernel = np.random.default_rng(0).normal(size=(3, 3, 3, 3)).astype(np.float32)
    kernel[:, :, 1, 2] = classical_kernel("sobel_y")
    network.get_layer("first").kernel.assign(kernel)
    model = wrap_model(network)
    found = filter_kinship(model)
    assert len(found) == 27
    best = next(kinship for kinship in found if kinship.filter == "sobel_y")
    assert (best.channel, best.correlation) == (1 * 3 + 2, pytest.approx(1))
    image = np.random.default_rng(1).random((16, 16, 3), dtype=np.float32)
    maps = kin_channels(image, model=model, filter="sobel_y")
    assert maps.shape == (16, 16, 9)
    np.testing.assert_array_equal(maps[..., 0], feature_maps(image, model=model, layer="first")[..., 5])


def test_only_kernels_that_see_the_picture_are_compared(keras):
    picture = keras.Input((16, 16, 3))
    maps = keras.layers.Conv2D(3, 3, name="first")(picture)
    later = keras.layers.Conv2D(3, 3, name="later")(maps)
    up = keras.layers.Conv2DTranspose(3, 3, name="up")(later)
    pooled = keras.layers.GlobalAveragePooling2D()(up)
    model = wrap_model(keras.Model(picture, keras.layers.Dense(2)(pooled)))
    with pytest.raises(ModelError, match=r"'later' does not read the picture .* such as 'first'"):
        filter_kinship(model, layer="later")
    with pytest.raises(ModelError, match=r"'up' is a Conv2DTranspose, .* expected one of Conv2D, DepthwiseConv2D"):
        filter_kinship(model, layer="up")


# choices of feature maps


def test_a_single_map_is_the_layers_own(residual, pictures):
    image = pictures[0]
    expected = upsample_heatmap(feature_maps(image, model=residual, layer="late")[..., 5], image.shape[:2])
    np.testing.assert_array_equal(feature_map(image, model=residual, layer="late", channel=5), expected)


def test_one_channel_goes_through_every_layer_that_has_it(residual, pictures):
    maps = channel_across_layers(pictures[0], model=residual, channel=2)
    names = [info.name for info in residual.layers if info.channels > 2]
    assert maps.shape == (*residual.working_size(pictures[0]), len(names))
    np.testing.assert_array_equal(
        maps[..., names.index("early")], feature_maps(pictures[0], model=residual, layer="early")[..., 2]
    )
    only_late = channel_across_layers(pictures[0], model=residual, channel=7)
    np.testing.assert_array_equal(only_late[..., 0], feature_maps(pictures[0], model=residual, layer="late")[..., 7])


@pytest.mark.parametrize("by", ["energy", "gradient"])
def test_the_strongest_channel_of_each_layer_is_the_first_of_its_ranking(residual, pictures, by):
    image = pictures[0]
    maps = strongest_per_layer(image, model=residual, layers=["late", "early"], by=by)
    assert maps.shape[-1] == 2
    for position, layer in enumerate(["early", "late"]):
        first = feature_maps(image, model=residual, layer=layer, channels=Channels(rank=by, count=1))
        expected = first[..., 0] if layer == "early" else upsample_heatmap(first[..., 0], maps.shape[:2])
        np.testing.assert_allclose(maps[..., position], expected, atol=1e-6)


def test_the_chosen_maps_come_in_the_order_of_the_choice(residual, pictures):
    whole = feature_maps(pictures[0], model=residual, layer="late")
    some = feature_maps(pictures[0], model=residual, layer="late", channels=Channels(index=(5, 2)))
    np.testing.assert_allclose(some, whole[..., [5, 2]], atol=1e-6)
    with pytest.raises(ChoiceError, match="nothing to show"):
        feature_maps(pictures[0], model=residual, channels=Channels(rank="energy", share=0))


def test_maps_of_several_shapes_are_stacked_without_losing_a_row_or_column(keras):
    picture = keras.Input((24, 24, 3))
    low = keras.layers.MaxPooling2D((4, 1))(keras.layers.Conv2D(2, 3, padding="same", name="wide")(picture))
    tall = keras.layers.Reshape((24, 6, 2), name="tall")(keras.layers.Conv2D(2, 1, name="low")(low))
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(2, 1, name="last")(tall))
    model = wrap_model(keras.Model(picture, keras.layers.Dense(2)(pooled)))
    image = np.random.default_rng(0).random((24, 24, 3), dtype=np.float32)
    assert feature_maps(image, model=model, layer="low").shape[:2] == (6, 24)
    assert feature_maps(image, model=model, layer="last").shape[:2] == (24, 6)
    stacked = channel_across_layers(image, model=model, channel=0, layers=["low", "last"])
    assert stacked.shape == (24, 24, 2)


def test_channels_out_of_range_are_named(residual, pictures):
    with pytest.raises(ChoiceError, match=r"layer 'late' has no channel 8; it has 8 \(numbers 0 to 7\)"):
        feature_map(pictures[0], model=residual, channel=8)
    with pytest.raises(ChoiceError, match="layer 'early' has no channel 6"):
        channel_across_layers(pictures[0], model=residual, channel=6, layers=["early", "late"])
    with pytest.raises(ChoiceError, match="no layer has a channel 99; the widest has 8"):
        channel_across_layers(pictures[0], model=residual, channel=99)
