from __future__ import annotations

import numpy as np
import pytest
import zoo

from artforge.core.errors import ModelError
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
    ops = keras.ops
    return {
        "fused softmax": ([*body, layers.Dense(3, activation="softmax")], "softmax"),
        "fused sigmoid": ([*body, layers.Dense(1, activation="sigmoid")], "sigmoid"),
        "softmax layer": ([*body, layers.Dense(3), layers.Softmax()], "softmax"),
        "activation layer": ([*body, layers.Dense(1), layers.Activation("sigmoid")], "sigmoid"),
        "reshaped behind": ([*body, layers.Dense(3, activation="softmax"), layers.Reshape((3,))], "softmax"),
        "bare": ([*body, layers.Dense(3)], "linear"),
        "nested": ([*body, base], "softmax"),
        "softmax as a layer": ([*body, layers.Dense(3, activation=layers.Softmax())], "softmax"),
        "softmax as a function": ([*body, layers.Dense(3, activation=ops.softmax)], "softmax"),
        "sigmoid as a function": ([*body, layers.Dense(1, activation=ops.nn.sigmoid)], "sigmoid"),
        "layer in a layer": ([*body, layers.Activation(layers.Softmax())], "softmax"),
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
    [
        *("fused softmax", "fused sigmoid", "softmax layer", "activation layer", "reshaped behind", "bare", "nested"),
        *("softmax as a layer", "softmax as a function", "sigmoid as a function", "layer in a layer"),
    ],
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


# how a head may end


def ending(keras, end):
    """A network of maps (n, 6, 6, 4) that ends as `end(layers, maps, pooled)` says."""
    picture = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(4, 3)(picture)
    return zoo.fill(keras.Model(picture, end(keras.layers, maps, keras.layers.GlobalAveragePooling2D()(maps))))


def logits_of(network):
    graph = logits_twin(read_graph(network)).graph
    [logits] = run_calls(graph.calls, {graph.picture: BATCH}, [graph.output])
    return to_array(logits)


@pytest.mark.parametrize("activation", ["log_softmax", "log_sigmoid"])
def test_logarithms_of_probabilities_come_off_like_probabilities(keras, activation):
    network = ending(keras, lambda layers, _, pooled: layers.Dense(3, activation=activation)(pooled))
    twin = logits_twin(read_graph(network))
    assert f"log_{twin.activation}" == activation
    expected = getattr(keras.ops, activation)(logits_of(network))
    np.testing.assert_allclose(network.predict_on_batch(BATCH), to_array(expected), atol=1e-5)
    assert not np.allclose(logits_of(network), to_array(expected))


@pytest.mark.parametrize("activation", [None, "tanh", "relu"])
def test_what_makes_no_probabilities_is_the_class_score_itself(keras, activation):
    network = ending(keras, lambda layers, _, pooled: layers.Dense(3, activation=activation)(pooled))
    assert logits_twin(read_graph(network)).activation == "linear"
    np.testing.assert_allclose(logits_of(network), network.predict_on_batch(BATCH), atol=1e-6)


KEPT_BEHIND = {
    "cast": lambda keras, layers, maps, pooled: keras.ops.cast(
        layers.Dense(3, activation="softmax")(pooled), "float32"
    ),
    "squeeze": lambda keras, layers, maps, _: keras.ops.squeeze(
        layers.Conv2D(3, 6, activation="softmax")(maps), (1, 2)
    ),
    "first cell": lambda keras, layers, maps, _: layers.Conv2D(3, 6, activation="softmax")(maps)[:, 0, 0],
    "part of sigmoids": lambda keras, layers, _, pooled: layers.Dense(4, activation="sigmoid")(pooled)[:, 1:],
}


@pytest.mark.parametrize("kept", KEPT_BEHIND)
def test_what_only_moves_numbers_may_stand_behind_the_activation(keras, kept):
    network = ending(keras, lambda *parts: KEPT_BEHIND[kept](keras, *parts))
    activation = logits_twin(read_graph(network)).activation
    logits = logits_of(network)
    if activation == "softmax":
        logits = logits - logits.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(logits, undo(network.predict_on_batch(BATCH), activation), atol=1e-5)
    assert activation == ("sigmoid" if "sigmoid" in kept else "softmax")


def own_softmax(x):
    return load_keras().ops.softmax(x)


HIDDEN = {
    "own function": lambda layers, maps, pooled: layers.Dense(3, activation=own_softmax)(pooled),
    "own function alone": lambda layers, maps, pooled: layers.Activation(own_softmax)(layers.Dense(3)(pooled)),
    "lambda": lambda layers, maps, pooled: layers.Lambda(own_softmax)(layers.Dense(3)(pooled)),
    "sparsemax": lambda layers, maps, pooled: layers.Dense(3, activation="sparsemax")(pooled),
    "hard sigmoid": lambda layers, maps, pooled: layers.Dense(1, activation="hard_sigmoid")(pooled),
}


@pytest.mark.parametrize("hidden", HIDDEN)
def test_an_activation_that_shows_no_logits_is_refused_with_a_way_out(keras, hidden):
    with pytest.raises(ModelError, match=r"the last layer .*Expected softmax, sigmoid or no activation: set"):
        logits_twin(read_graph(ending(keras, HIDDEN[hidden])))


@pytest.mark.parametrize("has_weights", [True, False])
def test_a_layer_of_ones_own_that_hides_its_softmax_is_refused(keras, has_weights):
    class Head(keras.layers.Layer):
        def build(self, shape):
            self.kernel = self.add_weight(shape=(shape[-1], 3)) if has_weights else np.ones((4, 3), np.float32)

        def call(self, features):
            return keras.ops.softmax(keras.ops.matmul(features, self.kernel))

    with pytest.raises(ModelError, match="hides its softmax" if has_weights else "Python code of its own"):
        logits_twin(read_graph(ending(keras, lambda layers, _, pooled: Head()(pooled))))


def test_a_layer_of_ones_own_may_make_the_logits(keras):
    class Head(keras.layers.Layer):
        def build(self, shape):
            self.kernel = self.add_weight(shape=(shape[-1], 3))

        def call(self, features):
            return keras.ops.matmul(features, self.kernel)

    assert logits_twin(read_graph(ending(keras, lambda layers, _, pooled: Head()(pooled)))).activation == "linear"


def test_a_wrapped_layer_that_hides_its_softmax_is_refused(keras):
    with pytest.raises(ModelError, match="hides its softmax"):
        logits_twin(
            read_graph(
                ending(
                    keras,
                    lambda layers, _, pooled: layers.SpectralNormalization(layers.Dense(3, activation="softmax"))(
                        pooled
                    ),
                )
            )
        )


OF_PROBABILITIES = {
    "mean of two": lambda layers, maps, pooled: layers.Average()(
        [layers.Dense(3, activation="softmax")(pooled) for _ in range(2)]
    ),
    "one of three": lambda layers, maps, pooled: layers.Dense(3, activation="softmax")(pooled)[:, 1:2],
    "mean over places": lambda layers, maps, pooled: layers.GlobalAveragePooling2D()(
        layers.Conv2D(3, 1, activation="softmax")(maps)
    ),
}


@pytest.mark.parametrize("made", OF_PROBABILITIES)
def test_scores_made_of_probabilities_are_refused(keras, made):
    with pytest.raises(ModelError, match="of probabilities, so no class has a logit"):
        logits_twin(read_graph(ending(keras, OF_PROBABILITIES[made])))


def test_scores_that_a_gate_weighs_are_logits(keras):
    def gated(layers, maps, pooled):
        gate = layers.Conv2D(3, 1, activation="sigmoid")(maps)
        return layers.GlobalAveragePooling2D()(layers.Multiply()([layers.Conv2D(3, 1)(maps), gate]))

    assert logits_twin(read_graph(ending(keras, gated))).activation == "linear"


def test_one_cell_of_classes_is_refused_with_a_way_out(keras):
    with pytest.raises(ModelError, match=r"\(None, 1, 1, 3\), expected \(pictures, classes\). Put a Flatten"):
        logits_twin(read_graph(ending(keras, lambda layers, maps, _: layers.Conv2D(3, 6)(maps))))
