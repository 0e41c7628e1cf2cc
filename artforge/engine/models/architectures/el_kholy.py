"""The four networks of A. El Kholy's notebook on how networks tell art by AI from art by people."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.engine.backend import load_keras
from artforge.engine.models.architectures.architecture import Architecture, PictureShape
from artforge.engine.models.architectures.heads import probabilities

NUM_FILTERS = 32
_SOURCE = (
    "A. El Kholy, Model Attention in CNNs for Image Classification of AI-Generated and Human-Made Artwork, "
    "University of Bath (2024), https://github.com/adamelkholyy/ai-artwork-attention"
)


def el_kholy(
    num_classes: int,
    *,
    picture_shape: PictureShape,
    dropout: float,
    output_bias: NDArray[np.float32],
    name: str,
    convolutions: tuple[int, ...],
    drops_maps: bool = False,
) -> Any:
    """Unpadded 3x3 convolutions of 32 filters with a pooling behind each group, then a dense layer of 128.

    Every cell of the flattened maps has its own weights in the dense layer, so that nearly all of the network's
    weights lie there, and it sees pictures of one size.

    Args:
        num_classes: two classes share one logit and a sigmoid; more have one logit each and a softmax.
        picture_shape: of the pictures; (256, 256, 3) there.
        dropout: share dropped in training: of the maps behind each pooling where `drops_maps`, else of the 128
            features. 0.5 of the maps in one network there, 0 in the others.
        output_bias: float32 (1,) for two classes, else (num_classes,); the log odds of the training pictures there.
        name: of the network.
        convolutions: how many in each group.
        drops_maps: where the dropout stands.

    Returns:
        functional Keras model, (n, *picture_shape) in [0, 255] -> (n, 1) or (n, num_classes) probabilities.
    """
    keras = load_keras()
    layers = keras.layers
    picture = keras.Input(picture_shape, name="picture")
    maps = layers.Rescaling(1 / 255, name="rescale")(picture)
    number = 0
    for group, count in enumerate(convolutions, start=1):
        for _ in range(count):
            number += 1
            maps = layers.Conv2D(NUM_FILTERS, 3, activation="relu", name=f"conv{number}")(maps)
        maps = layers.MaxPooling2D(2, name=f"pool{group}")(maps)
        if drops_maps:
            maps = layers.Dropout(dropout, name=f"dropout{group}")(maps)
    features = layers.Dense(128, activation="relu", name="dense")(layers.Flatten(name="flatten")(maps))
    if dropout and not drops_maps:
        features = layers.Dropout(dropout, name="dropout")(features)
    return keras.Model(picture, probabilities(features, num_classes, output_bias), name=name)


def _declared(
    name: str, title: str, convolutions: tuple[int, ...], num_parameters: int, *, drops_maps: bool = False
) -> Architecture:
    return Architecture(
        name=name,
        title=title,
        origin="El Kholy (2024)",
        source=_SOURCE,
        build=partial(el_kholy, name=name, convolutions=convolutions, drops_maps=drops_maps),
        num_parameters=num_parameters,
        image_size=256,
        value_range=(0.0, 255.0),
    )


EL_KHOLY = (
    _declared("el_kholy_example", "six convolutions, two poolings: the notebook's example", (3, 3), 14_305_569),
    _declared("el_kholy_4_conv_2_pool", "four convolutions, two poolings", (2, 2), 15_270_113),
    _declared("el_kholy_6_conv_6_pool", "six convolutions, each with a pooling", (1,) * 6, 63_777),
    _declared(
        "el_kholy_dropout_50_6_conv_2_pool",
        "six convolutions, two poolings, half of their maps dropped in training",
        (3, 3),
        14_305_569,
        drops_maps=True,
    ),
)
