"""MobileNet and MobileNetV2 under a new head."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.engine.backend import load_keras, no_warnings
from artforge.engine.models.architectures.architecture import CLASS_SCORES, IMAGENET, Architecture, PictureShape
from artforge.engine.models.architectures.heads import pooled_head


def mobilenet(
    num_classes: int,
    *,
    picture_shape: PictureShape,
    dropout: float,
    output_bias: NDArray[np.float32],
    name: str,
    kind: str,
    pretrained: bool = False,
) -> Any:
    """A MobileNet of width 1.0 under a new head: global average pooling, dropout, one dense layer.

    Args:
        num_classes: two classes share one logit and a sigmoid; more have one logit each and a softmax.
        picture_shape: of the training pictures; only their channels count.
        dropout: share of the pooled features dropped in training, in [0, 1).
        output_bias: float32 (1,) for two classes, else (num_classes,).
        name: of the network.
        kind: `MobileNet` or `MobileNetV2`, as keras.applications calls them.
        pretrained: with ImageNet weights below the head.

    Returns:
        functional Keras model, flat: (n, h, w, channels) in [-1, 1] -> (n, 1) or (n, num_classes) probabilities.

    Sources: Howard et al. (2017), https://arxiv.org/abs/1704.04861; Sandler et al. (2018),
        https://arxiv.org/abs/1801.04381
    """
    keras = load_keras()
    with no_warnings():  # that weights made at 224 px are used for pictures of any size is meant
        base = getattr(keras.applications, kind)(
            include_top=False,
            weights=IMAGENET if pretrained else None,
            input_shape=(None, None, picture_shape[-1]),
        )
    return keras.Model(base.input, pooled_head(base.output, num_classes, dropout, output_bias), name=name)


MOBILENET_TRANSFER = Architecture(
    name="mobilenet_transfer",
    title="MobileNet under a new head: its last convolution, global pooling and one dense layer",
    origin="Howard et al. (2017)",
    source="Howard et al. (2017), https://arxiv.org/abs/1704.04861; layers by keras.applications",
    build=partial(mobilenet, name="mobilenet_transfer", kind="MobileNet"),
    num_parameters=3_229_889,
    image_size=224,
    fixed_size=False,
    value_range=(-1.0, 1.0),
    pretrained=(IMAGENET,),
    head=("conv_pw_13", "conv_pw_13_bn", CLASS_SCORES),  # weights that end before its last convolution will do
)
MOBILENET_V2_TRANSFER = Architecture(
    name="mobilenet_v2_transfer",
    title="MobileNetV2 under a new head: global pooling and one dense layer",
    origin="Sandler et al. (2018)",
    source="Sandler et al. (2018), https://arxiv.org/abs/1801.04381; layers by keras.applications",
    build=partial(mobilenet, name="mobilenet_v2_transfer", kind="MobileNetV2"),
    num_parameters=2_259_265,
    image_size=224,
    fixed_size=False,
    value_range=(-1.0, 1.0),
    pretrained=(IMAGENET,),
)
