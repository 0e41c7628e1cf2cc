from __future__ import annotations

import numpy as np
import pytest

from artforge.core.errors import ChoiceError, ModelError
from artforge.engine.attention.cut import split_at
from artforge.engine.backend import to_array
from artforge.engine.models.graph import read_graph, run_calls

# Keras' own conversions call NumPy in an older style on some backends
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def whole_and_parts(keras, graph, layers, batch):
    """The network's output at once and in two parts, and the cut."""
    cut = split_at(graph, layers)
    start = {graph.picture: keras.ops.convert_to_tensor(batch)}
    [whole] = run_calls(graph.calls, start, [graph.output])
    carried = (*cut.roots, *cut.crossing)
    values = dict(zip(carried, run_calls(cut.trunk, start, carried), strict=True))
    [joined] = run_calls(cut.head, values, [graph.output])
    return to_array(whole), to_array(joined), cut


@pytest.mark.parametrize(
    ("layers", "num_roots", "num_crossing"),
    [
        (["early"], 1, 0),
        (["pool"], 1, 0),
        (["inner"], 1, 1),
        (["inner_2"], 1, 1),
        (["add"], 1, 0),
        (["late", "early", "inner"], 1, 0),
    ],
)
def test_the_two_parts_are_the_network(keras, residual, pictures, layers, num_roots, num_crossing):
    whole, joined, cut = whole_and_parts(keras, residual.graph, layers, residual.prepare(pictures[0]))
    np.testing.assert_allclose(joined, whole, rtol=1e-6)
    assert (len(cut.roots), len(cut.crossing)) == (num_roots, num_crossing)
    assert len(cut.roots) + len(cut.inner) == len(layers)


def test_layers_side_by_side_are_both_roots(keras):
    picture = keras.Input((8, 8, 3))
    left, right = (keras.layers.Conv2D(3, 3, name=name)(picture) for name in ("left", "right"))
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Add()([left, right]))
    graph = read_graph(keras.Model(picture, keras.layers.Dense(2)(pooled)))
    cut = split_at(graph, ["right", "left"])
    assert set(cut.roots) == {graph.value_of["left"], graph.value_of["right"]}
    assert not cut.inner


def test_the_input_itself_may_cross(keras):
    picture = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(3, 3, padding="same", name="conv")(picture)
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Concatenate()([maps, picture]))
    graph = read_graph(keras.Model(picture, keras.layers.Dense(2)(pooled)))
    batch = np.random.default_rng(0).random((2, 8, 8, 3), dtype=np.float32)
    whole, joined, cut = whole_and_parts(keras, graph, ["conv"], batch)
    np.testing.assert_allclose(joined, whole, rtol=1e-6)
    assert cut.crossing == (graph.picture,)


def test_reading_and_cutting_leave_the_network_as_it_was(residual, pictures):
    batch = residual.prepare(pictures[0])
    layer = residual.keras_model.get_layer("inner")
    before, nodes = residual.keras_model.predict_on_batch(batch), len(layer._inbound_nodes)
    split_at(read_graph(residual.keras_model), ["inner"])
    np.testing.assert_array_equal(residual.keras_model.predict_on_batch(batch), before)
    assert len(layer._inbound_nodes) == nodes


def test_an_unknown_layer_is_named(residual):
    with pytest.raises(ChoiceError, match="did you mean 'inner'"):
        split_at(residual.graph, ["iner"])


def test_a_model_with_two_outputs_is_refused(keras):
    picture = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(3, 3, name="conv")(picture)
    with pytest.raises(ModelError, match="1 inputs and 2 outputs"):
        read_graph(keras.Model(picture, [maps, keras.layers.Flatten()(maps)]))
