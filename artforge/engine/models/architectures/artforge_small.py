"""A small chain of convolutions whose maps are worth looking at."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.engine.backend import load_keras
from artforge.engine.models.architectures.architecture import Architecture, PictureShape
from artforge.engine.models.architectures.heads import pooled_head

BATCH_NORM_MOMENTUM = 0.95
"""Batches of so unlike pictures make running means over fewer of them jump, and the validation loss with them."""

_ARTFORGE_SMALL = ((16, 3, 1), (32, 3, 2), (48, 3, 2), (64, 3, 1), (96, 3, 2), (96, 3, 1), (128, 3, 1))
"""Channels, kernel edge and stride of each convolution."""


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
    picture = keras.Input((None, None, picture_shape[-1]), name="picture")
    maps = chain_of_maps(picture)
    return keras.Model(picture, pooled_head(maps["conv7"], num_classes, dropout, output_bias), name="artforge_small")


def chain_of_maps(picture: Any) -> dict[str, Any]:
    """The rectified maps of all seven convolutions, `conv1` to `conv7`, of pictures (n, h, w, channels) in [0, 1]."""
    maps = load_keras().layers.Rescaling(2.0, -1.0, name="centre")(picture)  # zeros of the padding mean mid-grey
    found = {}
    for number, (channels, kernel, stride) in enumerate(_ARTFORGE_SMALL, start=1):
        name = f"conv{number}"
        maps = found[name] = convolution(maps, name, channels, kernel=kernel, stride=stride)
    return found


def convolution(maps: Any, name: str, channels: int, *, kernel: int, stride: int) -> Any:
    """A convolution without bias, normalised over batches and rectified."""
    layers = load_keras().layers
    maps = layers.Conv2D(
        channels, kernel, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal", name=name
    )(maps)
    maps = layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM, name=f"{name}_norm")(maps)
    return layers.ReLU(name=f"{name}_relu")(maps)


ARTFORGE_SMALL = Architecture(
    name="artforge_small",
    title="seven convolutions, global pooling; sees pictures of any size and shows exactly where",
    origin="artforge",
    source="artforge; class activation maps after Zhou et al. (2016), https://arxiv.org/abs/1512.04150",
    build=artforge_small,
    num_parameters=297_393,
    image_size=128,
    fixed_size=False,
)
