"""The networks that `artforge train` can build, by name; one family a file."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import check_choice
from artforge.engine.models.architectures.architecture import Architecture, PictureShape
from artforge.engine.models.architectures.artforge_small import ARTFORGE_SMALL
from artforge.engine.models.architectures.heads import output_bias
from artforge.engine.models.architectures.mnist_cnn import MNIST_CNN

__all__ = ["ARCHITECTURES", "Architecture", "PictureShape", "build_architecture", "find_architecture", "output_bias"]

ARCHITECTURES: dict[str, Architecture] = {one.name: one for one in (ARTFORGE_SMALL, MNIST_CNN)}


def find_architecture(name: str) -> Architecture:
    """The architecture of this name.

    Raises:
        ChoiceError: there is none; the nearest is named.
    """
    check_choice("architecture", name, list(ARCHITECTURES))
    return ARCHITECTURES[name]


def build_architecture(
    name: str,
    num_classes: int,
    *,
    picture_shape: PictureShape,
    dropout: float,
    output_bias: NDArray[np.float32],
) -> Any:
    """A new network of one of `ARCHITECTURES`, with weights drawn from Keras' global seed.

    Args:
        name: of the architecture.
        num_classes: two classes share one logit and a sigmoid; more have one logit each and a softmax.
        picture_shape: of the training pictures.
        dropout: share of the features before the last layer dropped in training, in [0, 1).
        output_bias: float32 (1,) for two classes, else (num_classes,).

    Raises:
        ChoiceError: no such architecture.
    """
    architecture = find_architecture(name)
    return architecture.build(num_classes, picture_shape=picture_shape, dropout=dropout, output_bias=output_bias)
