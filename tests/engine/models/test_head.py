from __future__ import annotations

import numpy as np
import pytest

from artforge.engine.backend import load_keras, to_array
from artforge.engine.models.graph import read_graph, run_calls
from artforge.engine.models.head import logits_twin

# Keras itself calls NumPy in an older style when it saves and loads; artforge's own calls hide that
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

BATCH = np.random.default_rng(0).random((3, 8, 8, 3), dtype=np.float32)


@pytest.fixture(scope="module")
def keras():
    return load_keras()


def _heads(keras):
    layers = keras.layers
    body = [keras.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.GlobalAveragePooling2D()]
    base = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="softmax")], name="nested_head")
    return {
        "fused softmax": ([*body, layers.Dense(3, activation="softmax")], "softmax"),
        "fused sigmoid": ([*body, layers.Dense(1, activation="sigmoid")], "sigmoid"),
        "softmax layer": ([*body, layers.Dense(3), layers.Softmax()], "softmax"),
        "activation layer": ([*body, layers.Dense(1), layers.Activation("sigmoid")], "sigmoid"),
        "reshaped behind": ([*body, layers.Dense(3, activation="softmax"), layers.Reshape((3,))], "softmax"),
        "bare": ([*body, layers.Dense(3)], "linear"),
        "nested": ([*body, base], "softmax"),
    }


def undo(probabilities, activation):
    if activation == "sigmoid":
        return np.log(probabilities / (1 - probabilities))
    if activation == "softmax":
        logs = np.log(probabilities)
        return logs - logs.mean(axis=1, keepdims=True)
    return probabilities


@pytest.mark.parametrize(
    "head",
    ["fused softmax", "fused sigmoid", "softmax layer", "activation layer", "reshaped behind", "bare", "nested"],
)
@pytest.mark.parametrize("kind", ["sequential", "functional", "reloaded"])
def test_the_twin_ends_in_logits_and_the_original_is_left_alone(keras, head, kind, tmp_path):
    layers, activation = _heads(keras)[head]
    network = keras.Sequential(layers)
    if kind == "functional":
        network = keras.Model(network.inputs[0], network.outputs[0])
    if kind == "reloaded":
        network.save(tmp_path / "m.keras")
        network = keras.saving.load_model(tmp_path / "m.keras")
    before = network.predict_on_batch(BATCH)
    twin = logits_twin(read_graph(network))
    assert twin.activation == activation
    graph = twin.graph
    [logits] = map(to_array, run_calls(graph.calls, {graph.picture: BATCH}, [graph.output]))
    if activation == "softmax":
        logits = logits - logits.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(logits, undo(before, activation), atol=1e-5)
    np.testing.assert_array_equal(network.predict_on_batch(BATCH), before)
