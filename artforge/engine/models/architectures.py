"""The networks that `artforge train` can build, by name: chains of convolutions whose maps are worth looking at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import check_choice
from artforge.engine.backend import load_keras

BATCH_NORM_MOMENTUM = 0.95
"""Batches of so unlike pictures make running means over fewer of them jump, and the validation loss with them."""

_ARTFORGE_SMALL = ((16, 3, 1), (32, 3, 2), (48, 3, 2), (64, 3, 1), (96, 3, 2), (96, 3, 1), (128, 3, 1))
"""Channels, kernel edge and stride of each convolution."""


PictureShape = tuple[int, int, int]
"""(height, width, channels) of the training pictures; 1 channel for greys."""


def artforge_small(
    num_classes: int, *, picture_shape: PictureShape, dropout: float, output_bias: NDArray[np.float32]
) -> Any:
    """Seven convolutions, three of them with stride 2, then global average pooling and one dense layer.

    Its maps are 1/8 of the picture's edge, so 16x16 at 128 px, and it takes pictures of any size. What it knows of a
    place comes from the 57 px around it; the class score is the mean of what the places say, so that its
    signed Grad-CAM at `conv7_relu` is exact (the CAM of Zhou et al., https://arxiv.org/abs/1512.04150).

    Args:
        num_classes: two classes share one logit and a sigmoid; more have one logit each and a softmax.
        picture_shape: of the training pictures; only their channels count.
        dropout: share of the pooled features dropped in training, in [0, 1).
        output_bias: float32 (1,) for two classes, else (num_classes,).

    Returns:
        functional Keras model, (n, h, w, channels) in [0, 1] -> (n, 1) or (n, num_classes) probabilities.
    """
    keras = load_keras()
    layers = keras.layers
    picture = keras.Input((None, None, picture_shape[-1]), name="picture")
    maps = layers.Rescaling(2.0, -1.0, name="centre")(picture)  # so that the zeros of the padding mean mid-grey
    for number, (channels, kernel, stride) in enumerate(_ARTFORGE_SMALL, start=1):
        maps = _convolution(maps, f"conv{number}", channels, kernel, stride)
    features = layers.GlobalAveragePooling2D(name="pool")(maps)
    features = layers.Dropout(dropout, name="dropout")(features)
    return keras.Model(picture, _probabilities(features, num_classes, output_bias), name="artforge_small")


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
    return keras.Model(picture, _probabilities(features, num_classes, output_bias), name="mnist_cnn")


def _probabilities(features: Any, num_classes: int, output_bias: NDArray[np.float32]) -> Any:
    keras = load_keras()
    bias = keras.initializers.Constant(output_bias)
    logits = keras.layers.Dense(len(output_bias), bias_initializer=bias, name="class_scores")(features)
    activation = "sigmoid" if num_classes == 2 else "softmax"
    return keras.layers.Activation(activation, name="probabilities")(logits)


def _convolution(maps: Any, name: str, channels: int, kernel: int, stride: int) -> Any:
    layers = load_keras().layers
    maps = layers.Conv2D(
        channels, kernel, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal", name=name
    )(maps)
    maps = layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM, name=f"{name}_norm")(maps)
    return layers.ReLU(name=f"{name}_relu")(maps)


ARCHITECTURES: dict[str, Callable[..., Any]] = {"artforge_small": artforge_small, "mnist_cnn": mnist_cnn}


def build_architecture(
    name: str, num_classes: int, *, picture_shape: PictureShape, dropout: float, output_bias: NDArray[np.float32]
) -> Any:
    """A new network of one of `ARCHITECTURES`, with weights drawn from Keras' global seed.

    Raises:
        ChoiceError: no such architecture.
    """
    check_choice("architecture", name, list(ARCHITECTURES))
    build = ARCHITECTURES[name]
    return build(num_classes, picture_shape=picture_shape, dropout=dropout, output_bias=output_bias)


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
