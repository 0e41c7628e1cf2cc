"""The network for digits on which activation maximisation is usually shown."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.engine.backend import load_keras
from artforge.engine.models.architectures.architecture import Architecture, PictureShape
from artforge.engine.models.architectures.heads import probabilities


def mnist_cnn(
    num_classes: int, *, picture_shape: PictureShape, dropout: float, output_bias: NDArray[np.float32]
) -> Any:
    """The small network for digits of the Keras examples, on which keras-vis shows its activation maximisation.

    Two convolutions, one pooling, one dense layer of 128; for pictures of one size.

    Args:
        num_classes: two classes share one logit and a sigmoid; more have one logit each and a softmax.
        picture_shape: of the pictures; (28, 28, 1) there.
        dropout: share of the dense features dropped in training; half as many of the pooled maps are. 0.5 there.
        output_bias: float32 (1,) for two classes, else (num_classes,).

    Returns:
        functional Keras model, (n, *picture_shape) in [0, 1] -> (n, 1) or (n, num_classes) probabilities.

    Source: Kotikalapudi and contributors, keras-vis (2017), https://raghakot.github.io/keras-vis/
    """
    keras = load_keras()
    layers = keras.layers
    picture = keras.Input(picture_shape, name="picture")
    maps = layers.Conv2D(32, 3, activation="relu", name="conv1")(picture)
    maps = layers.Conv2D(64, 3, activation="relu", name="conv2")(maps)
    maps = layers.MaxPooling2D(2, name="pool")(maps)
    features = layers.Flatten(name="flatten")(layers.Dropout(dropout / 2, name="pool_dropout")(maps))
    features = layers.Dense(128, activation="relu", name="dense")(features)
    features = layers.Dropout(dropout, name="dropout")(features)
    return keras.Model(picture, probabilities(features, num_classes, output_bias), name="mnist_cnn")


MNIST_CNN = Architecture(
    name="mnist_cnn",
    title="two convolutions and a dense layer of 128, for digits",
    origin="keras-vis (2017)",
    source="Kotikalapudi and contributors, keras-vis (2017), https://raghakot.github.io/keras-vis/",
    build=mnist_cnn,
    num_parameters=1_198_721,
    image_size=28,
    channels=1,
    recipe="digits",
)
