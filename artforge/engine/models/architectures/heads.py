"""How every network ends: one logit for two classes and a sigmoid, else one for each and a softmax."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.engine.backend import load_keras
from artforge.engine.models.architectures.architecture import CLASS_SCORES


def probabilities(features: Any, num_classes: int, output_bias: NDArray[np.float32]) -> Any:
    """Features (n, features) -> probabilities (n, 1) for two classes, else (n, num_classes).

    They are float32 also where the layers before compute in half precision: near 0 and 1 it has no room for them.
    """
    keras = load_keras()
    bias = keras.initializers.Constant(output_bias)
    logits = keras.layers.Dense(len(output_bias), bias_initializer=bias, dtype="float32", name=CLASS_SCORES)(features)
    activation = "sigmoid" if num_classes == 2 else "softmax"
    return keras.layers.Activation(activation, dtype="float32", name="probabilities")(logits)


def pooled_head(maps: Any, num_classes: int, dropout: float, output_bias: NDArray[np.float32]) -> Any:
    """Maps (n, h, w, channels) -> probabilities, by way of each channel's mean, of which a share is dropped."""
    layers = load_keras().layers
    features = layers.GlobalAveragePooling2D(name="pool")(maps)
    features = layers.Dropout(dropout, name="dropout")(features)
    return probabilities(features, num_classes, output_bias)


def copy_weights(source: Any, network: Any) -> None:
    """Give the layers of a network the weights of those of the same names in another."""
    for layer in source.layers:
        if layer.weights and any(own.name == layer.name for own in network.layers):
            network.get_layer(layer.name).set_weights(layer.get_weights())


def output_bias(class_counts: NDArray[Any]) -> NDArray[np.float32]:
    """The bias with which an untrained network already gives each class its share.

    Args:
        class_counts: (classes,) training pictures, or their weights, each > 0.

    Returns:
        float32 (1,): the log odds of the second of two classes; else (classes,): the log of each class's share.
    """
    shares = np.asarray(class_counts, np.float64) / np.sum(class_counts)
    if len(shares) == 2:
        return np.asarray([np.log(shares[1] / shares[0])], np.float32)
    return np.asarray(np.log(shares), np.float32)
