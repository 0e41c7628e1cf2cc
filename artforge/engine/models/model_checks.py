"""What no handle is made of: a model or a setting with which no picture can be looked at, told before any is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np

from artforge.core.errors import ModelError, listing
from artforge.engine.backend import load_keras
from artforge.engine.models.graph import Graph


def check_is_model(keras_model: Any) -> None:
    """Raise ModelError where it is no Keras model."""
    if isinstance(keras_model, str | Path):
        raise ModelError(
            f"wrap_model takes a Keras model, received the name {str(keras_model)!r}. Open a file with load_model"
        )
    if not isinstance(keras_model, load_keras().Model):
        raise ModelError(
            "wrap_model takes a Keras model (functional, Sequential, or a subclass of keras.Model), received "
            f"{keras_model!r:.60} ({type(keras_model).__name__})"
        )


def check_size_and_range(input_size: Any, value_range: Any) -> None:
    """Raise ModelError where they are not (height, width) or None, and (low, high)."""
    sides = _pair(input_size)
    if input_size is not None and not all(isinstance(side, Integral) and int(side) > 0 for side in sides or [0]):
        raise ModelError(f"input_size must be (height, width) in pixels, such as (224, 224), received {input_size!r}")
    ends = _pair(value_range)
    if not (ends and all(isinstance(end, Real) and math.isfinite(end) for end in ends) and ends[0] < ends[1]):
        raise ModelError(
            "value_range must be (low, high), two finite numbers of which the first is smaller, such as (0, 255) or "
            f"(-1, 1), received {value_range!r}"
        )


def check_temperature(temperature: Any) -> None:
    """Raise ModelError where it is no finite number above 0."""
    if not (isinstance(temperature, Real) and math.isfinite(temperature) and float(temperature) > 0):
        raise ModelError(f"temperature must be a finite number above 0, such as 1, received {temperature!r}")


def _pair(value: Any) -> tuple[Any, Any] | None:
    return tuple(value) if isinstance(value, tuple | list | np.ndarray) and len(value) == 2 else None


def check_names(names: Sequence[str], num_classes: int, model_name: str) -> None:
    """Raise ModelError where there is not one name of its own for each class."""
    if len(names) != num_classes:
        raise ModelError(
            f"the model {model_name!r} has {num_classes} classes, received {len(names)} names: {listing(names)}"
        )
    numbers: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        numbers.setdefault(name, []).append(number)
    doubles = {name: found for name, found in numbers.items() if len(found) > 1}
    if doubles:
        told = [f"{name!r} (numbers {listing(list(map(str, found)))})" for name, found in doubles.items()]
        first, [number, *_] = next(iter(doubles.items()))
        raise ModelError(
            f"the model {model_name!r} has two classes of one name: {listing(told)}. Give each a name of its own, such "
            f"as {f'{first} {number}'!r}"
        )


def picture_shape(graph: Graph, name: str) -> tuple[int | None, int | None]:
    """(height, width) of the pictures a network takes, None where a side is open; ModelError where it takes none."""
    shape = graph.shapes[graph.picture]
    if len(shape) != 4 or shape[-1] not in (1, 3):
        raise ModelError(
            f"the model {name!r} does not take pictures: its input is {shape}, expected (n, height, width, 3)"
        )
    return shape[1], shape[2]


def check_channels_last(graph: Graph) -> None:
    """Raise ModelError where a layer has the channels of its maps in front."""
    for call in graph.calls:
        reads_maps = any(len(graph.shapes[source]) == 4 for source in call.sources)
        is_flatten = type(call.operation).__name__ == "Flatten"  # gives no maps, so its order matters to nobody
        if getattr(call.operation, "data_format", None) == "channels_first" and reads_maps and not is_flatten:
            raise ModelError(
                f"the model {graph.name!r} keeps the channels of its maps first (data_format in {call.path!r}), "
                "expected (n, height, width, channels) throughout. Build it with data_format='channels_last'; the "
                "weights of its convolutions fit as they are"
            )


def check_weights(keras_model: Any, name: str) -> None:
    """Raise ModelError where a weight is NaN or infinite."""
    ops = load_keras().ops
    for variable in keras_model.variables:
        if not bool(ops.all(ops.isfinite(ops.cast(variable, "float32")))):
            raise ModelError(
                f"the model {name!r} has NaN or infinite numbers in {variable.path}: its training diverged "
                "or its file is damaged. Train it again, perhaps with a lower learning rate."
            )
