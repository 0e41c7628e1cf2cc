from __future__ import annotations

import numpy as np
import pytest
import zoo

from artforge.core.errors import ChoiceError, ModelError, ShapeError
from artforge.engine.attention.self_attention_rollout import (
    rollout,
    self_attention_rollout,
    self_attention_rollout_batch,
)
from artforge.engine.models.handle import wrap_model

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def attention(seed, heads=2, tokens=4):
    weights = np.random.default_rng(seed).random((heads, tokens, tokens)).astype(np.float32)
    return weights / weights.sum(axis=-1, keepdims=True)


def test_one_layer_is_half_itself_and_half_what_it_gathers():
    weights = attention(0)
    np.testing.assert_allclose(rollout([weights]), 0.5 * weights.mean(axis=0) + 0.5 * np.eye(4), rtol=1e-6)


def test_layers_are_multiplied_the_last_one_first():
    first, second = attention(1), attention(2)
    expected = rollout([second]) @ rollout([first])
    np.testing.assert_allclose(rollout([first, second]), expected, rtol=1e-6)
    np.testing.assert_allclose(expected.sum(axis=1), 1, rtol=1e-6)


def test_weak_weights_can_be_dropped():
    weights = np.asarray([[[0.9, 0.1], [0.2, 0.8]]], np.float32)
    np.testing.assert_allclose(rollout([weights], discard=0.5), np.eye(2), atol=1e-6)


@pytest.mark.parametrize("class_token", [True, False])
def test_the_map_has_a_cell_a_patch(pictures, class_token):
    model = wrap_model(zoo.transformer(class_token))
    together = self_attention_rollout_batch(pictures, model=model)
    for image, heatmap in zip(pictures, together, strict=True):
        assert heatmap.shape == (4, 6)
        assert 0 < heatmap.sum() <= 1 + 1e-5
        np.testing.assert_allclose(heatmap, self_attention_rollout_batch([image], model=model)[0], atol=1e-6)
    assert self_attention_rollout(pictures[0], model=model).shape == pictures[0].shape[:2]


def test_the_weights_are_the_layers_own(keras, pictures):
    model = wrap_model(zoo.transformer(blocks=1))
    network = model.keras_model
    normed = keras.Model(network.inputs[0], network.get_layer("norm0").output)(model.prepare(pictures[0]))
    _, scores = network.get_layer("attention0")(normed, normed, return_attention_scores=True)
    expected = rollout([np.asarray(keras.ops.convert_to_numpy(scores))[0]])[0, 1:].reshape(4, 6)
    np.testing.assert_allclose(self_attention_rollout_batch(pictures[:1], model=model)[0], expected, rtol=1e-5)


def test_a_convolutional_network_has_nothing_to_roll_out(residual, pictures):
    with pytest.raises(ModelError, match="no self-attention over patches"):
        self_attention_rollout(pictures[0], model=residual)


@pytest.mark.parametrize("discard", [1.0, -0.1, float("nan")])
def test_something_of_each_layer_must_be_left(pictures, discard):
    with pytest.raises(ChoiceError, match=r"discard must be a number in \[0, 1\), received"):
        rollout([attention(0)], discard=discard)
    with pytest.raises(ChoiceError, match="discard must be"):
        self_attention_rollout(pictures[0], model=wrap_model(zoo.transformer()), discard=discard)


def test_heads_become_one_in_a_known_way():
    with pytest.raises(ChoiceError, match="heads 'average' is not one of: mean, max, min"):
        rollout([attention(0)], heads="average")


@pytest.mark.parametrize(
    "layers", [[], [attention(0), attention(1, tokens=5)], [attention(0)[0]], [np.ones((2, 4, 3))]]
)
def test_only_layers_over_the_same_tokens_can_be_multiplied(layers):
    with pytest.raises(ShapeError, match="over the same tokens, received"):
        rollout(layers)


def test_self_attention_over_two_sizes_of_map_cannot_be_rolled_out(keras, pictures):
    layers = keras.layers
    picture = keras.Input((16, 16, 3))
    rows = layers.Reshape((64, 6))(layers.Conv2D(6, 2, strides=2)(picture))
    rows = layers.MultiHeadAttention(2, 3, name="fine")(rows, rows)
    maps = layers.Conv2D(6, 2, strides=2)(layers.Reshape((8, 8, 6))(rows))
    rows = layers.Reshape((16, 6))(maps)
    rows = layers.MultiHeadAttention(2, 3, name="coarse")(rows, rows)
    network = keras.Model(picture, layers.Dense(2)(layers.GlobalAveragePooling1D()(rows)))
    with pytest.raises(
        ModelError, match=r"cannot be rolled out: .* received \(2, 64, 64\), \(2, 16, 16\); use grad_cam"
    ):
        self_attention_rollout(pictures[0], model=wrap_model(network))


def test_a_transformer_inside_another_model_gives_the_same_map(keras, pictures):
    inner = zoo.transformer()
    picture = keras.Input((16, 24, 3))
    [here], [there] = (
        self_attention_rollout_batch(pictures[:1], model=wrap_model(network))
        for network in (keras.Model(picture, inner(picture)), inner)
    )
    np.testing.assert_allclose(here, there, rtol=1e-6)
