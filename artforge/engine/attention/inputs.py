"""Check what a method is given besides its settings: the network, and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from artforge.core.errors import ModelError, ShapeError
from artforge.core.values import Heatmap, Image
from artforge.engine.models.handle import Model


def check_inputs(images: Sequence[Image], *, model: Model) -> None:
    """Raise unless `images` are pictures in a row and `model` is one to look through.

    Raises:
        ShapeError: names what was received in place of pictures.
        ModelError: names what was received in place of a model.
    """
    check_model(model)
    if not isinstance(images, Sequence | np.ndarray) or isinstance(images, str):
        raise ShapeError(f"pictures must be a list of them, received {described(images)}")
    if isinstance(images, np.ndarray) and images.ndim == 3:
        raise ShapeError(f"pictures must be a list of them, received one of shape {images.shape}: write [picture]")
    for image in images:
        check_picture(image)


def check_picture(image: Any) -> None:
    """Raise unless `image` is an array; what an array must be like, the model itself says.

    Raises:
        ShapeError: names what was received.
    """
    if not isinstance(image, np.ndarray):
        raise ShapeError(
            f"a picture must be a float32 array (height, width, 3) in [0, 1], received {described(image)}: "
            "artforge.core.pictures.read_picture(Path(...)) reads a file"
        )


def check_model(model: Any) -> None:
    """Raise unless `model` is a model's handle.

    Raises:
        ModelError: names what was received.
    """
    if not isinstance(model, Model):
        is_file = isinstance(model, str | Path)
        way_out = "artforge.engine.models.store.load_model(Path(...))" if is_file else "wrap_model(keras_model)"
        raise ModelError(f"a model to look through is wanted, received {described(model)}: {way_out} makes one")


def described(value: object) -> str:
    """What a value is, in a few words."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    return f"{' '.join(repr(value).split())[:60]} ({type(value).__name__})"


def maps_wanted(images: Sequence[Image], *, model: Model) -> list[Heatmap]:
    """A place for the map of each picture, still empty; the pictures and the model are checked first.

    Raises:
        ShapeError: names what was received in place of pictures.
        ModelError: names what was received in place of a model.
    """
    check_inputs(images, model=model)
    return [np.empty(0, np.float32)] * len(images)
