"""Whatever computes the class scores is read as Keras computes it, or refused by name."""

from __future__ import annotations

import numpy as np
import pytest
import zoo

from artforge.core.errors import ModelError
from artforge.engine.backend import load_keras, to_array
from artforge.engine.models.graph import read_graph
from artforge.engine.models.handle import wrap_model

# Keras' own conversions call NumPy in an older style on some backends
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

BATCH = np.random.default_rng(0).random((3, 12, 12, 3), dtype=np.float32)


def scores_of(keras, maps):
    return keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(maps))


def assert_same_scores(network, *, batch=BATCH, own=None):
    zoo.fill(network)
    own = network(batch, training=False) if own is None else own()
    scores = wrap_model(network, input_size=(12, 12)).class_scores(batch)
    assert np.ptp(scores) > 0.01
    np.testing.assert_allclose(scores, to_array(own), atol=1e-4)


# models with a call of their own


def halving(keras, kind):
    """A model of stored layers whose own `call` shows them half the light."""

    class Halving(kind):
        def call(self, picture, training=None):
            return super().call(picture * 0.5, training=training)

    if kind is keras.Sequential:
        layers = keras.layers
        return Halving([keras.Input((12, 12, 3)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(3)])
    picture = keras.Input((12, 12, 3))
    return Halving(picture, scores_of(keras, keras.ops.relu(keras.layers.Conv2D(4, 3, name="conv")(picture))))


@pytest.mark.parametrize("kind", ["Model", "Sequential"])
def test_a_call_of_its_own_counts_and_not_the_stored_layers(keras, kind):
    assert_same_scores(halving(keras, getattr(keras, kind)))


@pytest.mark.parametrize("kind", ["Model", "Sequential"])
def test_a_call_of_its_own_counts_inside_another_model(keras, kind):
    picture = keras.Input((12, 12, 3))
    inner = halving(keras, getattr(keras, kind))
    assert_same_scores(keras.Model(picture, keras.layers.Dense(3)(inner(picture))))


def test_a_stored_model_whose_own_call_cannot_be_followed_is_refused(keras):
    class Opaque(keras.Model):
        def call(self, picture):
            return super().call(np.asarray(picture))

    picture = keras.Input((12, 12, 3))
    with pytest.raises(ModelError, match="cannot be followed layer by layer"):
        read_graph(Opaque(picture, scores_of(keras, picture)))


@pytest.mark.parametrize("default", [True, False, None])
def test_a_subclassed_model_is_read_as_it_is_without_training(keras, default):
    layers = keras.layers

    class Louder(keras.Model):
        def __init__(self):
            super().__init__()
            self.conv, self.drop, self.scores = layers.Conv2D(4, 3), layers.Dropout(0.9), layers.Dense(3)

        def call(self, picture, training=default):
            maps = self.conv(picture)
            if training:
                maps = maps * 7
            return self.scores(keras.ops.mean(self.drop(maps, training=training), axis=(1, 2)))

    network = Louder()
    network(BATCH)
    assert_same_scores(network)


def test_a_called_model_that_cannot_be_followed_is_told_why(keras):
    class Choosing(keras.Model):
        def __init__(self):
            super().__init__()
            self.conv, self.scores = keras.layers.Conv2D(4, 3), keras.layers.Dense(3)

        def call(self, picture):
            maps = self.conv(picture)
            if np.asarray(maps).mean() > 0:
                maps = maps * 2
            return self.scores(keras.ops.mean(maps, axis=(1, 2)))

    network = Choosing()
    network(BATCH)
    with pytest.raises(ModelError, match=r"cannot be followed layer by layer: its call.* only works on real pictures"):
        read_graph(network)


def test_a_sequential_without_an_input_is_read_at_the_size_named(keras):
    layers = keras.layers
    network = keras.Sequential([layers.Conv2D(4, 3, name="conv"), layers.GlobalAveragePooling2D(), layers.Dense(3)])
    with pytest.raises(ModelError, match=r"never seen a picture\. .* name its input size"):
        wrap_model(network)
    model = wrap_model(network, input_size=(10, 12))
    assert (model.input_size, model.find_layer("conv").size) == ((10, 12), (8, 10))
    batch = BATCH[:, :10]
    np.testing.assert_allclose(model.class_scores(batch), to_array(network(batch)), atol=1e-5)


def nodes_of(network):
    operations = {*network._flatten_layers(), *getattr(network, "operations", ())}
    return {each.name: (len(each._inbound_nodes), len(each._outbound_nodes)) for each in operations}


def blocks_in_a_functional_model():
    keras = load_keras()

    class Block(keras.layers.Layer):
        def __init__(self):
            super().__init__(name="block")
            self.conv = keras.layers.Conv2D(3, 3, name="conv")

        def call(self, maps):
            return keras.ops.relu(self.conv(maps))

    picture = keras.Input((12, 12, 3))
    return keras.Model(picture, scores_of(keras, Block()(picture)))


@pytest.mark.parametrize(
    "build",
    [zoo.subclassed, blocks_in_a_functional_model, lambda: halving(load_keras(), load_keras().Model)],
    ids=["subclassed", "own block", "own call"],
)
def test_reading_a_model_that_is_followed_leaves_it_as_it_was(build):
    network = build()
    before = nodes_of(network)
    assert len(read_graph(network).calls) > 1
    assert nodes_of(network) == before


def test_reading_a_model_that_cannot_be_followed_leaves_it_as_it_was(keras):
    class Opaque(keras.Model):
        def __init__(self):
            super().__init__()
            self.conv = keras.layers.Conv2D(3, 3)

        def call(self, picture):
            return keras.ops.convert_to_tensor(np.asarray(self.conv(picture)).mean(axis=(1, 2)))

    network = Opaque()
    with pytest.raises(ModelError, match="cannot be followed"):
        read_graph(network, input_size=(12, 12))
    assert set(nodes_of(network).values()) == {(0, 0)}


# models in models


def test_layers_of_a_base_for_any_size_are_seen_in_a_model_of_one_size(keras):
    any_size = keras.Input((None, None, 3))
    base = keras.Model(any_size, keras.layers.Conv2D(4, 3, name="conv")(any_size), name="base")
    picture = keras.Input((12, 14, 3))
    model = wrap_model(keras.Model(picture, scores_of(keras, base(picture))))
    assert model.find_layer("last_conv").name == "base/conv"
    assert model.find_layer("base/conv").size == (10, 12)


@pytest.mark.parametrize("given", ["list", "names"])
def test_an_inner_model_gets_its_inputs_in_its_own_order(keras, given):
    layers = keras.layers
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="also_right")
    difference = keras.Model([left, right], layers.Subtract()([left, right]))
    picture = keras.Input((12, 12, 3))
    one, other = (layers.GlobalAveragePooling2D()(layers.Conv2D(4, size)(picture)) for size in (3, 5))
    pair = [one, other] if given == "list" else {"left": one, "also_right": other}
    assert_same_scores(keras.Model(picture, layers.Dense(3)(difference(pair))))


def test_a_layer_used_twice_is_two_calls(keras):
    conv = keras.layers.Conv2D(3, 3, padding="same", name="conv")
    picture = keras.Input((12, 12, 3))
    network = keras.Model(picture, scores_of(keras, conv(conv(picture))))
    assert wrap_model(network).layer_names == ("conv", "conv#2")
    assert_same_scores(network)


# what comes in and goes out


def test_preprocessing_inside_the_network_is_part_of_it(keras):
    layers = keras.layers
    picture = keras.Input((None, None, 3))
    seen = layers.RandomRotation(0.3)(layers.RandomFlip()(layers.Resizing(16, 16)(picture)))
    normed = layers.Normalization(mean=[0.4, 0.5, 0.6], variance=[0.1, 0.2, 0.3])(layers.Rescaling(2.0)(seen))
    maps = layers.Lambda(lambda maps: maps * 3)(layers.Conv2D(4, 3)(normed))
    assert_same_scores(keras.Model(picture, scores_of(keras, maps)))


def test_a_network_built_for_single_pictures_sees_several(keras):
    picture = keras.Input(batch_shape=(1, 12, 12, 3))
    network = keras.Model(picture, scores_of(keras, keras.layers.Conv2D(4, 3)(picture)))
    assert_same_scores(network, own=lambda: np.concatenate([to_array(network(BATCH[i : i + 1])) for i in range(3)]))


def test_a_network_of_whole_numbers_is_asked_in_floats(keras):
    picture = keras.Input((12, 12, 3), dtype="uint8")
    network = keras.Model(
        picture, scores_of(keras, keras.layers.Conv2D(4, 3)(keras.layers.Rescaling(1 / 255)(picture)))
    )
    assert_same_scores(network, batch=np.round(BATCH * 255))
    assert read_graph(network).tensor(0).dtype == "float32"


def test_one_output_with_a_name_is_one_output(keras):
    picture = keras.Input((12, 12, 3))
    network = keras.Model(picture, {"scores": scores_of(keras, keras.layers.Conv2D(4, 3)(picture))})
    assert_same_scores(network, own=lambda: network(BATCH)["scores"])


def test_several_inputs_or_outputs_are_refused_with_a_way_out(keras):
    picture, words = keras.Input((12, 12, 3)), keras.Input((4,))
    pooled = keras.layers.GlobalAveragePooling2D()(picture)
    one, other = keras.layers.Dense(3)(pooled), keras.layers.Dense(2)(pooled)
    with pytest.raises(ModelError, match=r"1 inputs and 2 outputs.*Make a model of one of each"):
        wrap_model(keras.Model(picture, {"one": one, "other": other}))
    joined = keras.layers.Concatenate()([pooled, words])
    with pytest.raises(ModelError, match="2 inputs and 1 outputs"):
        wrap_model(keras.Model([picture, words], keras.layers.Dense(3)(joined)))


def test_maps_with_their_channels_first_are_refused(keras):
    layers = keras.layers
    picture = keras.Input((12, 12, 3))
    maps = layers.Conv2D(4, 3, data_format="channels_first", name="first")(layers.Permute((3, 1, 2))(picture))
    with pytest.raises(ModelError, match=r"channels of its maps first .* in 'first'"):
        wrap_model(keras.Model(picture, layers.Dense(3)(layers.Flatten()(maps))))


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16"])
def test_half_precision_gives_the_same_scores_but_for_rounding(keras, dtype):
    layers = keras.layers
    picture = keras.Input((12, 12, 3))
    pooled = layers.GlobalAveragePooling2D(dtype=dtype)(layers.Conv2D(4, 3, dtype=dtype)(picture))
    logits = layers.Dense(3, dtype=dtype)(pooled)
    network = zoo.fill(keras.Model(picture, layers.Activation("softmax", dtype="float32")(logits)))
    model = wrap_model(network)
    shares = np.exp(model.class_scores(BATCH))
    own = to_array(network(BATCH))
    np.testing.assert_allclose(shares / shares.sum(axis=1, keepdims=True), own, atol=2e-3)


def test_the_precision_set_today_is_not_that_of_a_network_built_before(keras):
    network = zoo.fill(zoo.flat(activation=None))
    network = keras.Model(network.inputs[0], keras.ops.softmax(network.outputs[0]))
    batch = np.random.default_rng(1).random((2, zoo.EDGE, zoo.EDGE, 3), dtype=np.float32)
    own = to_array(network(batch))
    keras.config.set_dtype_policy("mixed_float16")
    try:
        shares = np.exp(wrap_model(network).class_scores(batch))
    finally:
        keras.config.set_dtype_policy("float32")
    np.testing.assert_allclose(shares / shares.sum(axis=1, keepdims=True), own, atol=1e-6)
