"""The last convolution cut down to the channels that are asked for: the others need not be computed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.engine.ascent.form import Form
from artforge.engine.ascent.objectives import Response
from artforge.engine.backend import load_keras
from artforge.engine.models.graph import Call, Runs, plainly


def call_to_narrow(form: Form, calls: list[Call], wanted: list[int]) -> Call | None:
    """The last convolution, where nothing but some channels of it is asked for; None where more is.

    Args:
        form: of the objectives.
        calls: of the network, down to the layers asked about.
        wanted: the values that are looked at.
    """
    keras = load_keras()
    [call, *_] = calls[::-1]
    operation = call.operation
    elementwise = (keras.activations.linear, keras.activations.relu, keras.activations.relu6, keras.activations.elu)
    is_only = len(form.slots) == 1 and form.slots[0].kind is Response and len(wanted) == 1
    is_plain = type(operation) is keras.layers.Conv2D and operation.groups == 1
    if not (is_only and is_plain and call.results == (wanted[0],)):
        return None
    if operation.data_format != "channels_last" or operation.activation not in elementwise:
        return None
    return call


def narrowed(narrow: Call, columns: Any) -> Runs:
    """A way to run calls: one of them for some channels only, the others plainly.

    Args:
        narrow: as `call_to_narrow` gives it.
        columns: int32 tensor, the channels.
    """
    ops = load_keras().ops

    def run(call: Call, args: Any, kwargs: Any) -> Any:
        if call is not narrow:
            return plainly(call, args, kwargs)
        layer = call.operation
        [maps] = args or [value for name, value in kwargs.items() if name != "training"]
        kernel = ops.take(ops.convert_to_tensor(layer.kernel), columns, axis=-1)
        found = ops.conv(
            maps, ops.cast(kernel, maps.dtype), layer.strides, layer.padding, layer.data_format, layer.dilation_rate
        )
        if layer.use_bias:
            found = found + ops.cast(ops.take(ops.convert_to_tensor(layer.bias), columns, axis=0), found.dtype)
        return layer.activation(found)

    return run


def used_columns(weights: NDArray[np.float32]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The channels that any picture asks for, filled up to a round number, and the weights of these alone.

    A round number, so that other filters are not another shape.

    Args:
        weights: float32 (n, channels).

    Returns:
        channels int32 (k,), and their weights float32 (n, k); those that only fill up count nothing.
    """
    used = np.flatnonzero(weights.any(axis=0)).astype(np.int32)
    wanted = 8
    while wanted < len(used):
        wanted *= 2
    columns = np.zeros(wanted, np.int32)
    columns[: len(used)] = used
    own = np.zeros((len(weights), wanted), np.float32)
    own[:, : len(used)] = weights[:, used]
    return columns, own
