from __future__ import annotations

import numpy as np
import pytest
import zoo

from artforge.core.errors import ModelError
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
