"""VGG16: trained from scratch as it is, and as the eyes of a new head."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ShapeError
from artforge.engine.backend import load_keras
from artforge.engine.models.architectures.architecture import IMAGENET, Architecture, PictureShape
from artforge.engine.models.architectures.heads import copy_weights, pooled_head, probabilities

IMAGENET_MEAN = (123.68, 116.779, 103.939)
"""Mean red, green and blue of ImageNet's pictures in [0, 255], as VGG16 was trained with."""

PRETRAINED_EDGE = 224
"""Of the pictures that its pretrained dense layers have learned from, in pixels."""


def vgg16(
    num_classes: int,
    *,
    picture_shape: PictureShape,
    dropout: float,
    output_bias: NDArray[np.float32],
    pretrained: bool = False,
) -> Any:
    """All of VGG16: thirteen convolutions in five blocks, two dense layers of 4096, and one for the classes.

    Args:
        num_classes: two classes share one logit and a sigmoid; more have one logit each and a softmax.
        picture_shape: of the pictures, at least 32x32; (224, 224, 3) in the paper.
        dropout: share dropped in training behind each of the two dense layers; 0.5 in the paper.
        output_bias: float32 (1,) for two classes, else (num_classes,).
        pretrained: with ImageNet weights, also in the two dense layers; for (224, 224, 3) only.

    Returns:
        functional Keras model, flat, so that its layers are asked for as `block1_conv1` ... `block5_pool`:
        (n, *picture_shape) in [0, 255] -> (n, 1) or (n, num_classes) probabilities.

    Raises:
        ShapeError: pretrained weights for pictures of another size: the dense layers see every cell of the maps.

    Source: Simonyan and Zisserman (2014), https://arxiv.org/abs/1409.1556
    """
    height, width = picture_shape[:2]
    if pretrained and (height, width) != (PRETRAINED_EDGE, PRETRAINED_EDGE):
        raise ShapeError(
            f"the pretrained weights of 'vgg16' are made for {PRETRAINED_EDGE}x{PRETRAINED_EDGE} px, received "
            f"{height}x{width}: set image_size to {PRETRAINED_EDGE}, or take 'vgg16_transfer', which sees any size"
        )
    keras = load_keras()
    picture = keras.Input(picture_shape, name="picture")
    base = keras.applications.VGG16(include_top=False, weights=None, input_tensor=_as_trained(picture))
    features = keras.layers.Flatten(name="flatten")(base.output)
    for name in ("fc1", "fc2"):
        features = keras.layers.Dense(4096, activation="relu", name=name)(features)
        features = keras.layers.Dropout(dropout, name=f"{name}_dropout")(features)
    network = keras.Model(picture, probabilities(features, num_classes, output_bias), name="vgg16")
    if pretrained:
        copy_weights(keras.applications.VGG16(weights=IMAGENET), network)
    return network


def vgg16_transfer(
    num_classes: int,
    *,
    picture_shape: PictureShape,
    dropout: float,
    output_bias: NDArray[np.float32],
    pretrained: bool = False,
) -> Any:
    """The thirteen convolutions of VGG16 under a new head: global average pooling, dropout, one dense layer.

    Args:
        num_classes: two classes share one logit and a sigmoid; more have one logit each and a softmax.
        picture_shape: of the training pictures; only their channels count.
        dropout: share of the pooled features dropped in training, in [0, 1).
        output_bias: float32 (1,) for two classes, else (num_classes,).
        pretrained: with ImageNet weights below the head.

    Returns:
        functional Keras model, flat: (n, h, w, channels) in [0, 255] -> (n, 1) or (n, num_classes) probabilities.

    Source: Simonyan and Zisserman (2014), https://arxiv.org/abs/1409.1556
    """
    keras = load_keras()
    picture = keras.Input((None, None, picture_shape[-1]), name="picture")
    base = keras.applications.VGG16(
        include_top=False, weights=IMAGENET if pretrained else None, input_tensor=_as_trained(picture)
    )
    return keras.Model(picture, pooled_head(base.output, num_classes, dropout, output_bias), name="vgg16_transfer")


def _as_trained(picture: Any) -> Any:
    """Pictures in [0, 255] as the published weights want them: blue first, ImageNet's mean taken off."""
    keras = load_keras()
    if picture.shape[-1] == 1:
        return keras.layers.Rescaling(1.0, -float(np.mean(IMAGENET_MEAN)), name="centre")(picture)
    centred = keras.layers.Rescaling(1.0, [-mean for mean in IMAGENET_MEAN], name="centre")(picture)
    return keras.ops.flip(centred, axis=-1)


_PAPER = "Simonyan and Zisserman (2014), https://arxiv.org/abs/1409.1556"

VGG16 = Architecture(
    name="vgg16",
    title="VGG16 whole, thirteen convolutions and three dense layers, as Calvino trains it from scratch",
    origin="Simonyan & Zisserman (2014)",
    source=f"{_PAPER}; layers by keras.applications",
    build=vgg16,
    num_parameters=134_264_641,
    image_size=PRETRAINED_EDGE,
    value_range=(0.0, 255.0),
    pretrained=(IMAGENET,),
)
VGG16_TRANSFER = Architecture(
    name="vgg16_transfer",
    title="VGG16's convolutions under a new head: global pooling and one dense layer",
    origin="Simonyan & Zisserman (2014)",
    source=f"{_PAPER}; layers by keras.applications",
    build=vgg16_transfer,
    num_parameters=14_715_201,
    image_size=224,
    fixed_size=False,
    value_range=(0.0, 255.0),
    pretrained=(IMAGENET,),
)
