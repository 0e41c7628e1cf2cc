"""One name for each activation, however it was given to a layer: by its name, as a function, or as a layer."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from artforge.engine.backend import load_keras


def activation_name(operation: Any) -> str | None:
    """What the numbers of a layer, an operation or a function go through last.

    Args:
        operation: a Keras layer or operation, or what was given to one as `activation`.

    Returns:
        in small letters, without underscores: `softmax` alike for `Dense(3, activation="softmax")`, for
        `keras.ops.softmax` and for a `Softmax` layer. A Keras operation without an activation gives its own name,
        such as `add`; code of someone's own gives None.
    """
    inner = getattr(operation, "activation", None)
    if callable(inner):
        return activation_name(inner)
    named = operation if isinstance(operation, FunctionType) else type(operation)
    return named.__name__.replace("_", "").lower() if named.__module__.startswith("keras.") else None


def is_activation_alone(operation: Any) -> bool:
    """Whether it does nothing but apply its activation: `Activation("relu")`, `ReLU()`, `keras.ops.relu`."""
    is_fused = callable(getattr(operation, "activation", None))
    return not is_fused or isinstance(operation, load_keras().layers.Activation)
