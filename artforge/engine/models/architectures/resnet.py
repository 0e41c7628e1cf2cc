"""ResNet-18, ResNet-34 and the variant D of ResNet-34 under a new head, on KerasHub's backbones."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.engine.backend import load_keras
from artforge.engine.models.architectures.architecture import IMAGENET, PictureShape
from artforge.engine.models.architectures.heads import copy_weights, pooled_head
from artforge.engine.models.architectures.hub import declare, load_hub

IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of red, green and blue in [0, 1], as the published ResNets were trained with."""

_RESNET = MappingProxyType(
    {
        "input_conv_filters": [64],
        "input_conv_kernel_sizes": [7],
        "stackwise_num_filters": [64, 128, 256, 512],
        "stackwise_num_strides": [1, 2, 2, 2],
        "block_type": "basic_block",
    }
)
_RESNET_VD = MappingProxyType(
    {
        **_RESNET,
        "input_conv_filters": [32, 32, 64],
        "input_conv_kernel_sizes": [3, 3, 3],
        "block_type": "basic_block_vd",
    }
)
_PAPER = ("He et al. (2015)", "https://arxiv.org/abs/1512.03385")


def resnet(
    num_classes: int,
    *,
    picture_shape: PictureShape,
    dropout: float,
    output_bias: NDArray[np.float32],
    name: str,
    config: Mapping[str, Any],
    preset: str = "",
    pretrained: bool = False,
) -> Any:
    """A residual network under a new head: global average pooling, dropout, one dense layer.

    Args:
        num_classes: two classes share one logit and a sigmoid; more have one logit each and a softmax.
        picture_shape: of the training pictures; only their channels count.
        dropout: share of the pooled features dropped in training, in [0, 1).
        output_bias: float32 (1,) for two classes, else (num_classes,).
        name: of the network.
        config: of KerasHub's ResNetBackbone.
        preset: KerasHub's name of the pretrained weights.
        pretrained: whether to fetch them.

    Returns:
        functional Keras model, flat: (n, h, w, channels) in [0, 1] -> (n, 1) or (n, num_classes) probabilities.

    Raises:
        ModelError: KerasHub is not installed.

    Source: He et al. (2015), https://arxiv.org/abs/1512.03385
    """
    keras, kind = load_keras(), load_hub().models.ResNetBackbone
    channels = picture_shape[-1]
    backbone = kind.from_preset(preset) if pretrained else kind(**config, image_shape=(None, None, channels))
    means, deviations = (np.asarray(one) if channels == 3 else np.mean([one], axis=1)
                         for one in (IMAGENET_MEAN, IMAGENET_DEVIATION))  # fmt: skip
    normalise = keras.layers.Rescaling((1 / deviations).tolist(), (-means / deviations).tolist(), name="normalise")
    first = backbone.layers[1].name

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        return layer(normalise(*args), **kwargs) if layer.name == first else layer(*args, **kwargs)

    # its layers are made anew in a model of their own: in the backbone there is no place for one before the first
    trunk = keras.models.clone_model(
        backbone,
        input_tensors=keras.Input((None, None, channels), name="picture"),
        clone_function=lambda layer: type(layer).from_config(layer.get_config()),
        call_function=call,
    )
    if pretrained:
        copy_weights(backbone, trunk)
    return keras.Model(trunk.input, pooled_head(trunk.output, num_classes, dropout, output_bias), name=name)


NO_PLAIN_34 = (
    "KerasHub has no weights of the plain ResNet-34, only of its variant resnet_vd_34 (three small convolutions at "
    "the start, averaged shortcuts): ask for that one, or give a file of weights"
)

RESNETS = (
    declare(
        "resnet_18",
        "ResNet-18 under a new head: global pooling and one dense layer",
        11_186_625,
        partial(resnet, config={**_RESNET, "stackwise_num_blocks": [2, 2, 2, 2]}, preset="resnet_18_imagenet"),
        fixed_size=False,
        pretrained=(IMAGENET,),
        paper=_PAPER,
    ),
    declare(
        "resnet_34",
        "ResNet-34 under a new head: global pooling and one dense layer",
        21_302_209,
        partial(resnet, config={**_RESNET, "stackwise_num_blocks": [3, 4, 6, 3]}),
        fixed_size=False,
        pretrained_note=NO_PLAIN_34,
        paper=_PAPER,
    ),
    declare(
        "resnet_vd_34",
        "the variant D of ResNet-34, for which there are weights, under a new head",
        21_325_921,
        partial(resnet, config={**_RESNET_VD, "stackwise_num_blocks": [3, 4, 6, 3]}, preset="resnet_vd_34_imagenet"),
        fixed_size=False,
        pretrained=(IMAGENET,),
        paper=_PAPER,
    ),
)
