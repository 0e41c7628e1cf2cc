"""Small networks with weights from a seed, and pictures that differ from each other."""

from __future__ import annotations

import numpy as np
import pytest

from artforge.engine.backend import load_keras
from artforge.engine.models.handle import wrap_model

CLASSES = ("red", "green", "blue")


def fill(network, seed=0, scale=0.3):
    """Weights from a seed: the same on every backend and in every run."""
    rng = np.random.default_rng(seed)
    for variable in network.trainable_variables:
        variable.assign(rng.normal(0, scale, variable.shape).astype(np.float32))
    return network


def trunk_layers(keras, picture):
    layers = keras.layers
    maps = layers.Conv2D(6, 3, padding="same", activation="relu", name="early")(picture)
    maps = layers.MaxPooling2D(name="pool")(maps)
    shortcut = maps
    maps = layers.Conv2D(6, 3, padding="same", activation="relu", name="inner")(maps)
    maps = layers.Conv2D(6, 3, padding="same", name="inner_2")(maps)
    maps = layers.Add(name="add")([maps, shortcut])
    return layers.Conv2D(8, 3, padding="same", activation="relu", name="late")(maps)


@pytest.fixture(scope="session")
def keras():
    return load_keras()


@pytest.fixture(scope="session")
def residual(keras):
    """Any picture size, three classes, a shortcut around `inner`."""
    picture = keras.Input((None, None, 3))
    maps = keras.layers.GlobalAveragePooling2D()(trunk_layers(keras, picture))
    scores = keras.layers.Dense(3, activation="softmax", name="probabilities")(maps)
    network = fill(keras.Model(picture, scores))
    return wrap_model(network, class_names=CLASSES, input_size=(32, 32), name="residual")


@pytest.fixture(scope="session")
def one_sigmoid(keras):
    """24x24 pictures, two classes, one sigmoid."""
    picture = keras.Input((24, 24, 3))
    maps = keras.layers.Flatten()(trunk_layers(keras, picture))
    network = fill(keras.Model(picture, keras.layers.Dense(1, activation="sigmoid")(maps)), seed=1)
    return wrap_model(network, class_names=("calm", "wild"), name="one_sigmoid")


@pytest.fixture(scope="session")
def golden(keras):
    """A network worked through by hand: see `test_golden_net`."""
    layers = keras.layers
    picture = keras.Input((4, 4, 1))
    maps = layers.Conv2D(2, 3, activation="relu", name="conv")(picture)
    score = layers.Dense(1, name="score")(layers.Flatten()(layers.Permute((3, 1, 2))(maps)))
    network = keras.Model(picture, score)
    for variable, value in zip(
        network.variables,
        [np.ones((3, 3, 1, 2)), [-50, -75], np.asarray([[1], [1], [1], [1], [1], [-1], [-1], [-1]]), [0]],
        strict=True,
    ):
        variable.assign(np.asarray(value, np.float32))
    return wrap_model(network, class_names=("against", "for"), value_range=(0, 15), name="golden")


@pytest.fixture(scope="session")
def pictures():
    rng = np.random.default_rng(7)
    return [rng.random(shape, dtype=np.float32) for shape in [(40, 64, 3), (40, 64, 3), (64, 40, 3), (33, 33, 3)]]
