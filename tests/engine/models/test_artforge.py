"""The default network: what its places say adds up to its score, at any size, and it begins with what is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from artforge.core.errors import ChoiceError, ModelError
from artforge.engine.ascent.ascend import ascend
from artforge.engine.ascent.objectives import channel
from artforge.engine.ascent.settings import Ascent
from artforge.engine.attention.feature_maps import feature_maps
from artforge.engine.attention.methods import METHODS
from artforge.engine.backend import load_keras
from artforge.engine.models.architectures import build_architecture
from artforge.engine.models.handle import wrap_model
from artforge.engine.models.store import load_model, resolve_model, save_model

BIAS = 0.3
SIZES = [(64, 64), (90, 64), (64, 141)]


def built(weights=None, channels=3, name="artforge"):
    load_keras().utils.set_random_seed(7)
    bias = np.array([BIAS], np.float32)
    return build_architecture(name, 2, picture_shape=(64, 64, channels), dropout=0.2, output_bias=bias, weights=weights)


@pytest.fixture(scope="module")
def model():
    """Begun with the shipped filters."""
    return wrap_model(built("hand_vs_algo"), class_names=("calm", "wild"), input_size=(64, 64))


def picture(size, seed=1):
    return np.random.default_rng(seed).random((*size, 3), dtype=np.float32)


def weights_of(network):
    """Layer -> its weights."""
    return {layer.name: layer.get_weights() for layer in network.layers if layer.weights}


@pytest.mark.parametrize("size", SIZES)
def test_what_the_places_say_adds_up_to_the_score_at_any_size(model, size):
    shown = picture(size)
    kernel = model.keras_model.get_layer("class_scores").get_weights()[0]
    maps = feature_maps(shown, model=model, layer="last_conv")
    [grad_cam] = METHODS["grad_cam"].batch([shown], model=model, targets="wild")
    [hires_cam] = METHODS["hires_cam"].batch([shown], model=model, targets="wild")
    cam = maps @ kernel[:, 0]
    assert cam.shape == tuple(-(-edge // 8) for edge in size)  # an eighth, rounded up
    tolerance = 1e-5 * np.abs(cam).max()
    np.testing.assert_allclose(grad_cam * cam.size, cam, atol=tolerance)
    np.testing.assert_allclose(hires_cam * cam.size, cam, atol=tolerance)
    score = model.class_scores(model.prepare(shown))[0, -1]
    assert score == pytest.approx(cam.mean() + BIAS, abs=1e-4)


@pytest.mark.parametrize(("scale", "layer"), [("fine", "conv2_relu"), ("middle", "conv4_relu")])
def test_each_scale_is_the_mean_of_the_maps_under_a_cell(model, scale, layer):
    shown = picture((64, 96), seed=3)
    whole = feature_maps(shown, model=model, layer=layer)
    edge = whole.shape[0] // 8
    under = whole.reshape(8, edge, 12, edge, -1).mean(axis=(1, 3))
    read = load_keras().Model(model.keras_model.input, model.keras_model.get_layer(scale).output)
    np.testing.assert_allclose(np.asarray(read(shown[None]))[0], under, atol=1e-5)


def test_fine_texture_reaches_the_score_without_the_later_convolutions():
    network = built()
    [kernel] = network.get_layer("words").get_weights()
    kernel[:, :, 32:] = 0  # of the maps of conv4, conv6 and conv7
    network.get_layer("words").set_weights([kernel])
    smooth = np.full((1, 64, 64, 3), 0.5, np.float32)
    checked = smooth + 0.3 * (np.indices((64, 64)).sum(axis=0) % 2 * 2 - 1)[None, :, :, None].astype(np.float32)
    scores = [float(np.asarray(network(one))[0, 0]) for one in (smooth, checked)]
    assert abs(scores[0] - scores[1]) > 1e-3


def test_it_begins_with_the_filters_of_the_shipped_model_under_new_words():
    begun, new = weights_of(built("hand_vs_algo")), weights_of(built())
    shipped = weights_of(load_model(resolve_model("hand_vs_algo", base=Path())).keras_model)
    known = set(shipped) - {"class_scores"}
    assert set(begun) - known == {"words", "words_norm", "class_scores"}
    for name, weights in begun.items():
        for own, expected in zip(weights, (shipped if name in known else new)[name], strict=True):
            np.testing.assert_array_equal(own, expected, err_msg=name)
    assert np.abs(begun["conv1"][0] - new["conv1"][0]).max() > 0.01


def test_filters_for_colour_are_refused_for_greys():
    with pytest.raises(ModelError, match="conv1"):
        built("hand_vs_algo", channels=1)


def test_a_network_of_other_layers_has_no_such_start():
    with pytest.raises(ChoiceError, match="there are such weights of: artforge"):
        built("hand_vs_algo", name="el_kholy_6_conv_6_pool")


def test_its_file_is_small_and_opens_again(model, tmp_path):
    save_model(model.keras_model, tmp_path, name="own", class_names=("calm", "wild"), input_size=(64, 64))
    assert (tmp_path / "model.keras").stat().st_size < 3_000_000
    again = load_model(tmp_path / "model.keras")
    shown = picture((75, 50))
    np.testing.assert_allclose(again.probabilities(shown), model.probabilities(shown), atol=1e-6)


@pytest.mark.parametrize("layer", ["conv2_relu", "words_relu"])
def test_one_can_look_into_it_and_climb_in_it(model, layer):
    [raw] = METHODS["layer_cam"].batch([picture((64, 64))], model=model, targets="wild", layer=layer)
    assert np.ptp(raw) > 0
    alive = int(feature_maps(picture((64, 64)), model=model, layer=layer).max(axis=(0, 1)).argmax())
    [climbed] = ascend([channel(layer, alive)], model=model, ascent=Ascent(num_steps=6), size=(48, 40))
    assert climbed.values[-1] > climbed.values[0]
