"""Numbers that are NaN or infinite are refused by name: they would spread over the whole map in silence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ModelError
from artforge.core.values import Heatmap
from artforge.engine.models.handle import Model

_LARGEST = float(np.finfo(np.float32).max)


def check_finite(what: str, values: NDArray[np.floating], *, model: Model) -> None:
    """Raise unless every number is finite.

    Args:
        what: what the numbers are, in the plural: `class scores`.
        values: of any shape.
        model: the network that gave them.

    Raises:
        ModelError: names the network, what is not finite and how many.
    """
    num_bad = values.size - int(np.isfinite(values).sum())
    if num_bad:
        raise ModelError(
            f"the model {model.name!r} gives {what} that are not finite: {num_bad} of {values.size} are NaN or "
            f"infinite, expected numbers up to {_LARGEST:.0e}. Its weights are too large, or its value_range "
            f"{model.value_range} is not what it was trained on; train it again, perhaps with a lower learning rate "
            "(a network in half precision: in float32)"
        )


def as_heatmap(values: NDArray[np.floating]) -> Heatmap:
    """A map worked out in double precision as float32, of the same shape.

    Raises:
        ModelError: it holds NaN, or numbers beyond those of float32.
    """
    largest = float(np.abs(values).max(initial=0))
    if not largest <= _LARGEST:  # written so that NaN fails too
        raise ModelError(
            f"a heatmap must be finite and within float32 (up to {_LARGEST:.0e}), received {largest:.3g}: the "
            "network's activations or gradients are too large; train it again, perhaps with a lower learning rate"
        )
    return np.asarray(values, np.float32)
