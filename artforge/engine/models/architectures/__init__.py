"""The networks that `artforge train` can build, by name; one family a file."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ArtforgeError, ChoiceError, ModelError, ShapeError, check_choice
from artforge.engine.models.architectures.architecture import IMAGENET, Architecture, PictureShape
from artforge.engine.models.architectures.artforge import ARTFORGE
from artforge.engine.models.architectures.artforge_small import ARTFORGE_SMALL
from artforge.engine.models.architectures.baseline import BASELINES
from artforge.engine.models.architectures.el_kholy import EL_KHOLY
from artforge.engine.models.architectures.heads import output_bias
from artforge.engine.models.architectures.mnist_cnn import MNIST_CNN
from artforge.engine.models.architectures.mobilenet import MOBILENET_TRANSFER, MOBILENET_V2_TRANSFER
from artforge.engine.models.architectures.resnet import RESNETS
from artforge.engine.models.architectures.vgg16 import VGG16, VGG16_TRANSFER
from artforge.engine.models.architectures.vit import VIT_B16
from artforge.engine.models.architectures.weights import fill_from_file
from artforge.engine.models.store import resolve_model

__all__ = ["ARCHITECTURES", "Architecture", "PictureShape", "build_architecture", "find_architecture", "output_bias"]

ARCHITECTURES: dict[str, Architecture] = {
    one.name: one
    for one in (
        ARTFORGE,
        ARTFORGE_SMALL,
        MNIST_CNN,
        *EL_KHOLY,
        VGG16,
        VGG16_TRANSFER,
        MOBILENET_TRANSFER,
        MOBILENET_V2_TRANSFER,
        *RESNETS,
        VIT_B16,
        *BASELINES,
    )
}


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
    weights: str | Path | None = None,
    told: Callable[[str], None] | None = None,
) -> Any:
    """A new network of one of `ARCHITECTURES`, with weights drawn from Keras' global seed.

    Args:
        name: of the architecture.
        num_classes: two classes share one logit and a sigmoid; more have one logit each and a softmax.
        picture_shape: of the training pictures.
        dropout: share of the features before the last layer dropped in training, in [0, 1).
        output_bias: float32 (1,) for two classes, else (num_classes,).
        weights: to start from instead: one of the architecture's `pretrained` by name ("imagenet" as its library
            fetches them, or a model that comes with artforge), or a file (see `weights.fill_from_file`).
        told: hears which layers a file filled, and which it did not.

    Returns:
        functional Keras model: (n, h, w, channels) in the architecture's `value_range` -> (n, 1) or (n, num_classes).

    Raises:
        ChoiceError: no such architecture, or no such weights of it.
        ModelError: the weights do not fit or cannot be fetched, or an extra that it needs is not installed.
        ShapeError: it cannot see pictures of this shape.
    """
    architecture = find_architecture(name)
    settings = {"picture_shape": picture_shape, "dropout": dropout, "output_bias": output_bias}
    if isinstance(weights, str) and weights not in architecture.pretrained:
        raise ChoiceError(_no_such_weights(architecture, weights))
    if weights == IMAGENET:
        return _pretrained(architecture, num_classes, settings)
    try:
        network = architecture.build(num_classes, **settings)
    except ValueError as error:  # Keras: no cells are left of the maps
        height, width = picture_shape[:2]
        smallest = _smallest_edge(architecture, num_classes, min(height, width), settings)
        raise ShapeError(
            f"{name!r} cannot see pictures of {height}x{width} px: nothing is left of them behind its layers. Set "
            f"image_size to {smallest} or more; it was made for {architecture.image_size}x{architecture.image_size}"
        ) from error
    if weights is not None:
        path = resolve_model(weights, base=Path()) if isinstance(weights, str) else weights
        filled = fill_from_file(network, path, head=architecture.head)
        if told is not None:
            told(f"weights of {weights}: {filled}")
    return network


def _smallest_edge(architecture: Architecture, num_classes: int, too_small: int, settings: dict[str, Any]) -> int:
    """The edge of the smallest squares that a network can see, by halving what lies between this one and its own."""
    channels = settings["picture_shape"][-1]
    enough = architecture.image_size
    while enough - too_small > 1:
        edge = (too_small + enough) // 2
        try:
            architecture.build(num_classes, **{**settings, "picture_shape": (edge, edge, channels)})
        except ValueError:
            too_small = edge
        else:
            enough = edge
    return enough


def _no_such_weights(architecture: Architecture, weights: str) -> str:
    those = [one.name for one in ARCHITECTURES.values() if weights in one.pretrained]
    note = (
        not architecture.pretrained and architecture.pretrained_note
    ) or f"there are such weights of: {', '.join(those)}"
    return f"no {weights} weights of {architecture.name!r} can be fetched: {note}"


def _pretrained(architecture: Architecture, num_classes: int, settings: dict[str, Any]) -> Any:
    if settings["picture_shape"][-1] != 3:
        raise ChoiceError(f"the {IMAGENET} weights of {architecture.name!r} see colour, the training pictures are grey")
    try:
        return architecture.build(num_classes, **settings, pretrained=True)
    except ArtforgeError:
        raise
    except Exception as error:
        raise ModelError(
            f"the {IMAGENET} weights of {architecture.name!r} cannot be fetched ({_cause(error)}). Is this machine "
            "offline? Fetch them elsewhere and name the file, --weights FILE, or begin with --weights random"
        ) from error


def _cause(error: Exception) -> str:
    """What a library says went wrong, in short: the last part of the first line, as `Name or service not known`."""
    said = str(error).strip().partition("\n")[0]
    last = re.split(r": (?:None -- )?|\[Errno -?\d+\] ", said)[-1].strip(" .<>")
    return textwrap.shorten(last or type(error).__name__, 80, placeholder=" ...")
