"""artforge's own default: the chain of `artforge_small`, whose maps of three scales become words, then one score."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.engine.backend import load_keras
from artforge.engine.models.architectures.architecture import CLASS_SCORES, SHIPPED, Architecture, PictureShape
from artforge.engine.models.architectures.artforge_small import chain_of_maps, convolution
from artforge.engine.models.architectures.heads import pooled_head

NUM_WORDS = 192
WORDS = "words"


def artforge(num_classes: int, *, picture_shape: PictureShape, dropout: float, output_bias: NDArray[np.float32]) -> Any:
    """The seven convolutions of `artforge_small`, and one that reads the fine, the middle and the coarse maps together.

    The maps of 1/2 and 1/4 of the picture's edge are averaged down to 1/8 and laid beside those of 1/8; a convolution
    of 1x1 turns what they say of a place into words, and the class score is the mean over places of a weighted sum of
    words. So fine textures reach the score past the strides, pictures may have any size, and the signed Grad-CAM at
    `words_relu` is exact (the CAM of Zhou et al., https://arxiv.org/abs/1512.04150).

    Args:
        num_classes: two classes share one logit and a sigmoid; more have one logit each and a softmax.
        picture_shape: of the training pictures; only their channels count.
        dropout: share of the pooled words dropped in training, in [0, 1).
        output_bias: float32 (1,) for two classes, else (num_classes,).

    Returns:
        functional Keras model, (n, h, w, channels) in [0, 1] -> (n, 1) or (n, num_classes) probabilities.

    Source: features of several depths together: Hariharan et al. (2014), https://arxiv.org/abs/1411.5752
    """
    keras = load_keras()
    layers = keras.layers
    picture = keras.Input((None, None, picture_shape[-1]), name="picture")
    maps = chain_of_maps(picture)
    scales = [
        layers.AveragePooling2D(4, padding="same", name="fine")(maps["conv2"]),
        layers.AveragePooling2D(2, padding="same", name="middle")(maps["conv4"]),
        maps["conv6"],
        maps["conv7"],
    ]
    words = convolution(layers.Concatenate(name="scales")(scales), WORDS, NUM_WORDS, kernel=1, stride=1)
    return keras.Model(picture, pooled_head(words, num_classes, dropout, output_bias), name="artforge")


ARTFORGE = Architecture(
    name="artforge",
    title="the default: seven convolutions read at three scales, global pooling; any size, exact maps",
    origin="artforge",
    source="artforge; class activation maps after Zhou et al. (2016), https://arxiv.org/abs/1512.04150",
    build=artforge,
    num_parameters=359_665,
    image_size=128,
    fixed_size=False,
    pretrained=(SHIPPED,),
    pretrained_note="filters learned from drawn pictures; pictures of one's own in colour start from them unasked",
    head=(WORDS, f"{WORDS}_norm", CLASS_SCORES),
    start=SHIPPED,
)
