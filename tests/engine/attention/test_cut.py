from __future__ import annotations

import numpy as np
import pytest

from artforge.core.errors import ChoiceError, ModelError
from artforge.engine.attention.cut import split_at
from artforge.engine.backend import to_array
from artforge.engine.models.graph import run_to_list

# Keras' own conversions call NumPy in an older style on some backends
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def whole_and_parts(network, layer, batch):
    trunk, head, crossing = split_at(network, layer)
    [whole] = run_to_list(network, batch)
    [joined] = run_to_list(head, run_to_list(trunk, batch))
    return to_array(whole), to_array(joined), crossing


@pytest.mark.parametrize(
    ("layer", "num_crossing"), [("early", 1), ("pool", 1), ("inner", 2), ("inner_2", 2), ("add", 1)]
)
def test_the_two_parts_are_the_network(residual, pictures, layer, num_crossing):
    whole, joined, crossing = whole_and_parts(residual.twin.network, layer, residual.prepare(pictures[0]))
    np.testing.assert_allclose(joined, whole, rtol=1e-6)
    assert len(crossing) == num_crossing


def test_a_sequential_model_is_cut_as_well(keras):
    network = keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, name="conv"), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    batch = np.random.default_rng(0).random((2, 8, 8, 3), dtype=np.float32)
    whole, joined, _ = whole_and_parts(network, "conv", batch)
    np.testing.assert_allclose(joined, whole, rtol=1e-6)


def test_the_input_itself_may_cross(keras):
    picture = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(3, 3, padding="same", name="conv")(picture)
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Concatenate()([maps, picture]))
    network = keras.Model(picture, keras.layers.Dense(2)(pooled))
    batch = np.random.default_rng(0).random((2, 8, 8, 3), dtype=np.float32)
    whole, joined, crossing = whole_and_parts(network, "conv", batch)
    np.testing.assert_allclose(joined, whole, rtol=1e-6)
    assert len(crossing) == 2


def test_cutting_leaves_the_network_as_it_was(residual, pictures):
    batch = residual.prepare(pictures[0])
    before = residual.keras_model.predict_on_batch(batch)
    split_at(residual.keras_model, "inner")
    np.testing.assert_array_equal(residual.keras_model.predict_on_batch(batch), before)


def test_an_unknown_layer_is_named(residual):
    with pytest.raises(ChoiceError, match="did you mean 'inner'"):
        split_at(residual.keras_model, "iner")


def test_a_model_with_two_outputs_is_refused(keras):
    picture = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(3, 3, name="conv")(picture)
    with pytest.raises(ModelError, match="1 inputs and 2 outputs"):
        split_at(keras.Model(picture, [maps, keras.layers.Flatten()(maps)]), "conv")
