"""The methods that look at pixels, against numbers worked by hand on networks that are plain sums."""

from __future__ import annotations

import numpy as np
import pytest

from artforge.core.errors import ChoiceError, ModelError
from artforge.core.steps import find_step
from artforge.engine.attention.baselines import baseline_of
from artforge.engine.attention.guided_backprop import guided_backprop_batch
from artforge.engine.attention.integrated_gradients import completeness_gap, integrated_gradients_batch
from artforge.engine.attention.methods import METHODS
from artforge.engine.attention.occlusion import occlusion_batch
from artforge.engine.attention.rise import random_masks, rise_batch
from artforge.engine.attention.saliency import saliency_batch
from artforge.engine.attention.score_cam import score_cam_batch
from artforge.engine.attention.smooth_grad import smooth_grad_batch
from artforge.engine.models.handle import wrap_model

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
SIZE = (10, 15)


@pytest.fixture(scope="module")
def linear(keras):
    """score 0 = sum(kernel * pixels) + 3, pixels being in [-1, 1] inside the network; and its kernel."""
    kernel = np.random.default_rng(0).normal(size=(*SIZE, 3, 2)).astype(np.float32)
    network = keras.Sequential([keras.Input((*SIZE, 3)), keras.layers.Flatten(), keras.layers.Dense(2)])
    network.layers[-1].kernel.assign(kernel.reshape(-1, 2))
    network.layers[-1].bias.assign(np.asarray([3, -1], np.float32))
    return wrap_model(network, value_range=(-1, 1)), kernel[..., 0]


@pytest.fixture
def image():
    return np.random.default_rng(1).random((*SIZE, 3), dtype=np.float32)


# a linear network


def test_saliency_of_a_linear_network_is_its_kernel(linear, image):
    model, kernel = linear
    [strongest] = saliency_batch([image], model=model, targets=0)
    [summed] = saliency_batch([image], model=model, targets=0, colours="sum")
    np.testing.assert_allclose(strongest, 2 * np.abs(kernel).max(axis=-1), rtol=1e-5)  # pixels are spread over [-1, 1]
    np.testing.assert_allclose(summed, 2 * kernel.sum(axis=-1), atol=1e-4)


def test_noise_does_not_change_a_linear_network(linear, image):
    model, _ = linear
    [smooth] = smooth_grad_batch([image], model=model, targets=0, num_samples=5, noise=0.5)
    [plain] = saliency_batch([image], model=model, targets=0)
    np.testing.assert_allclose(smooth, plain, rtol=1e-5)


@pytest.mark.parametrize(("baseline", "level"), [("black", 0), ("grey", 0.5), ("white", 1)])
def test_integrated_gradients_of_a_linear_network_are_kernel_times_difference(linear, image, baseline, level):
    model, kernel = linear
    [heatmap] = integrated_gradients_batch([image], model=model, targets=0, num_steps=3, baseline=baseline)
    np.testing.assert_allclose(heatmap, (2 * kernel * (image - level)).sum(axis=-1), atol=1e-4)


def test_occlusion_of_a_linear_network_is_what_lay_under_the_cover(linear, image):
    model, kernel = linear
    [heatmap] = occlusion_batch([image], model=model, targets=0, patch=0.5, stride=1.0, fill="black")
    added = (2 * kernel * image).sum(axis=-1)
    np.testing.assert_allclose(heatmap[:5, :5], added[:5, :5].sum(), rtol=1e-3)
    np.testing.assert_allclose(heatmap[5:, 10:], added[5:, 10:].sum(), rtol=1e-3)


def test_rise_finds_the_one_place_that_counts(keras, image):
    kernel = np.zeros((*SIZE, 3, 2), np.float32)
    kernel[2, 12, :, 1] = 5
    network = keras.Sequential([keras.Input((*SIZE, 3)), keras.layers.Flatten(), keras.layers.Dense(2)])
    network.layers[-1].kernel.assign(kernel.reshape(-1, 2))
    [heatmap] = rise_batch([image], model=wrap_model(network), targets=1, num_masks=600, cells=5)
    row, column = np.unravel_index(heatmap.argmax(), SIZE)
    assert abs(row - 2) <= 1
    assert abs(column - 12) <= 1
    assert abs(heatmap.mean()) < 0.2 * heatmap.max()


def test_masks_are_open_as_often_as_asked():
    masks = random_masks(400, (30, 41), cells=6, visible=0.3, rng=np.random.default_rng(0))
    assert masks.shape == (400, 30, 41)
    assert 0 <= masks.min() < masks.max() <= 1
    np.testing.assert_allclose(masks.mean(axis=0), 0.3, atol=0.09)


@pytest.mark.parametrize("name", ["saliency", "guided_backprop", "integrated_gradients", "occlusion"])
def test_a_picture_of_the_networks_own_size_has_the_raw_map(one_sigmoid, name):
    image = np.random.default_rng(2).random((24, 24, 3), dtype=np.float32)
    [raw] = METHODS[name].batch([image], model=one_sigmoid, targets=1)
    np.testing.assert_array_equal(find_step(name).function(image, model=one_sigmoid, target="wild"), raw)


@pytest.mark.parametrize(
    ("make", "settings", "message"),
    [
        (occlusion_batch, {"stride": 1.5}, r"stride must be a number in \(0, 1\], received 1.5"),
        (occlusion_batch, {"patch": 0}, r"patch must be a number in \(0, 1\], received 0"),
        (occlusion_batch, {"patch": float("nan")}, "patch must be a number"),
        (occlusion_batch, {"fill": "purple"}, "fill 'purple' is not one of: black"),
        (rise_batch, {"num_masks": 0}, "num_masks must be a whole number of at least 2, received 0"),
        (rise_batch, {"num_masks": 8.0}, "num_masks must be a whole number"),
        (rise_batch, {"cells": 0}, "cells must be a whole number from 1 to 64"),
        (rise_batch, {"visible": 0}, r"visible must be a number in \(0, 1\), received 0"),
        (rise_batch, {"visible": 1.0}, "visible must be"),
        (smooth_grad_batch, {"num_samples": 0}, "num_samples must be a whole number of at least 1, received 0"),
        (smooth_grad_batch, {"noise": -0.1}, r"noise must be a number in \[0, 1\], received -0.1"),
        (smooth_grad_batch, {"colours": "all"}, "colours 'all' is not one of: strongest, sum"),
        (saliency_batch, {"colours": "all"}, "colours 'all' is not one of: strongest, sum"),
        (integrated_gradients_batch, {"num_steps": 0}, "num_steps must be a whole number of at least 1"),
        (integrated_gradients_batch, {"num_steps": True}, "num_steps must be a whole number"),
        (integrated_gradients_batch, {"baseline": "gray"}, "did you mean 'grey'"),
        (score_cam_batch, {"top": 0}, "top must be a whole number of at least 1, received 0"),
        (score_cam_batch, {"top": -1}, "top must be a whole number"),
    ],
)
def test_settings_that_cannot_be_are_named(residual, pictures, make, settings, message):
    with pytest.raises(ChoiceError, match=message):
        make(pictures[:1], model=residual, targets=0, **settings)


# any network


def shared_out(model, image, target, baseline):
    """The map, the sum of it, and what it should be: the picture's class score minus the baseline's."""
    settings = {"num_steps": 128, "baseline": baseline}
    [heatmap] = integrated_gradients_batch([image], model=model, targets=target, **settings)
    [picture] = model.prepare(image)
    pair = np.stack([picture, baseline_of(picture, baseline, model=model)])
    score, nothing = model.class_scores(pair)[:, model.class_names.index(target)].astype(np.float64)
    return heatmap, float(heatmap.sum(dtype=np.float64)), score - nothing


@pytest.mark.parametrize("baseline", ["black", "grey", "mean", "blurred"])
def test_integrated_gradients_are_complete(residual, pictures, baseline):
    """To a thousandth of all that is shared out, for and against: a ReLU that opens between two steps costs as much."""
    for target in residual.class_names:
        heatmap, total, difference = shared_out(residual, pictures[0], target, baseline)
        assert abs(total - difference) <= 1e-3 * np.abs(heatmap).sum(dtype=np.float64)
        gap = completeness_gap(pictures[0], heatmap, model=residual, target=target, baseline=baseline)
        assert gap == pytest.approx(abs(total - difference) / abs(difference), abs=1e-5)


@pytest.mark.parametrize("baseline", ["black", "grey", "mean", "blurred"])
def test_integrated_gradients_of_a_smooth_network_are_complete_to_the_score_difference(keras, pictures, baseline):
    picture = keras.Input((32, 32, 3))
    maps = keras.layers.Conv2D(6, 3, activation="gelu")(picture)
    maps = keras.layers.Conv2D(6, 3, activation="tanh")(maps)
    network = keras.Model(picture, keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(maps)))
    rng = np.random.default_rng(0)
    for variable in network.variables:
        variable.assign(rng.normal(0, 0.5, variable.shape).astype(np.float32))
    model = wrap_model(network)
    for target in model.class_names:
        _, total, difference = shared_out(model, pictures[0], target, baseline)
        assert abs(total - difference) <= 1e-4 * abs(difference)


def test_more_noise_less_grain(residual, pictures):
    grain = [
        np.abs(
            np.diff(smooth_grad_batch(pictures[:1], model=residual, targets=0, noise=noise, num_samples=48)[0])
        ).mean()
        for noise in (0.0, 0.3)
    ]
    assert grain[1] < grain[0]


def gate(keras, layer):
    """Two pixels x through x -> relu(x) -> -relu(x) and +relu(x): scores (-a + b), of a picture of 1x2 pixels."""
    picture = keras.Input((1, 2, 1))
    maps = layer(picture)
    network = keras.Model(picture, keras.layers.Dense(2, use_bias=False)(keras.layers.Flatten()(maps)))
    network.layers[-1].kernel.assign(np.asarray([[-1, 1], [1, 1]], np.float32))
    return wrap_model(network, value_range=(-1, 1))


@pytest.mark.parametrize("build", ["layer", "activation", "fused", "operation"])
def test_a_guided_gradient_passes_where_it_is_positive_and_the_gate_is_open(keras, build):
    layers = keras.layers
    fused = layers.Conv2D(1, 1, use_bias=False, activation="relu", kernel_initializer="ones")
    layer = {
        "layer": layers.ReLU(),
        "activation": layers.Activation("relu"),
        "fused": fused,
        "operation": keras.ops.relu,
    }[build]
    model = gate(keras, layer)
    open_and_shut = np.repeat(np.asarray([[[0.9], [0.2]]], np.float32), 3, axis=2)  # inside: 0.8 and -0.6
    both_open = np.repeat(np.asarray([[[0.9], [0.7]]], np.float32), 3, axis=2)

    def guided(image, target):
        return guided_backprop_batch([image], model=model, targets=target, colours="sum")[0][0].tolist()

    assert guided(both_open, 0) == [0, 2]  # the first pixel's gradient is -1: it does not pass
    assert guided(both_open, 1) == [2, 2]
    assert guided(open_and_shut, 1) == [2, 0]  # the second gate is shut
    [plain] = saliency_batch([both_open], model=model, targets=0, colours="sum")
    assert plain[0].tolist() == [-2, 2]


def test_guided_backprop_of_a_network_without_relus_says_so(linear, image):
    with pytest.raises(ModelError, match="has none; use saliency"):
        guided_backprop_batch([image], model=linear[0])


def test_a_baseline_keeps_the_value_range(residual, linear):
    batch = linear[0].prepare(np.random.default_rng(0).random((*SIZE, 3), dtype=np.float32))[0]
    assert [float(baseline_of(batch, name, model=linear[0])[0, 0, 0]) for name in ("black", "grey", "white")] == [
        -1,
        0,
        1,
    ]
    np.testing.assert_allclose(baseline_of(batch, "mean", model=linear[0])[3, 4], batch.mean(axis=(0, 1)), rtol=1e-5)
    blurred = baseline_of(batch, "blurred", model=linear[0])
    assert blurred.std() < 0.5 * batch.std()
