"""The ReLUs of a network, and other ways for a gradient to pass them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from artforge.engine.backend import load_keras
from artforge.engine.models.activations import activation_name, is_activation_alone
from artforge.engine.models.graph import Call, Runs, plainly, with_activation

Rectify = Callable[[Any], Any]
"""A function of one tensor in place of a ReLU."""

_LIMITS = {"relu": float("inf"), "relu6": 6.0}


def limit_of(operation: Any) -> float | None:
    """The height where an operation's ReLU stops (infinity for the ordinary one), or None where it has none.

    Args:
        operation: a layer or an operation; its activation may be given by name, as a function, or as a layer.
    """
    inner = getattr(operation, "activation", None)
    if callable(inner):
        return limit_of(inner)
    if isinstance(operation, load_keras().layers.ReLU):
        leaky = bool(operation.negative_slope) or bool(operation.threshold)
        return None if leaky else float("inf" if operation.max_value is None else operation.max_value)
    return _LIMITS.get(activation_name(operation) or "")


def under_rectifier(rectifier: Callable[[float], Rectify]) -> Runs:
    """How to carry out calls with every ReLU replaced.

    Args:
        rectifier: the height where the ReLU stops -> what stands in its place.
    """

    def run(call: Call, args: Any, kwargs: Any) -> Any:
        limit = limit_of(call.operation)
        if limit is None:
            return plainly(call, args, kwargs)
        rectify = rectifier(limit)
        if is_activation_alone(call.operation):
            return rectify(args[0] if args else next(iter(kwargs.values())))
        return with_activation(call.operation, rectify)(*args, **kwargs)

    return run


def guided(limit: float) -> Rectify:
    """A ReLU that passes only positive gradients, and only where it is open (Springenberg et al., 2015).

    Source: https://arxiv.org/abs/1412.6806
    """
    ops = load_keras().ops

    def backward(x: Any, gradient: Any) -> Any:
        is_open = ops.logical_and(x > 0, x < limit)
        return ops.where(ops.logical_and(is_open, gradient > 0), gradient, ops.zeros_like(gradient))

    return _rectifier(limit, backward)


def rescuing(limit: float) -> Rectify:
    """A ReLU that lets a gradient pass where, for a whole picture, none would.

    Of a picture whose every gradient is shut off here, those pass that would raise what is below zero, or lower what is
    above the limit: towards where the ReLU is open. On a map only the cells pass that have least far to go: if all
    cells pulled alike the picture would change as a whole, and what opens many filters is a pattern.

    Source: Olah et al., Feature Visualization (2017), https://doi.org/10.23915/distill.00007, where all cells pull.
    """
    ops = load_keras().ops

    def backward(x: Any, gradient: Any) -> Any:
        nothing = ops.zeros_like(gradient)
        is_open = ops.logical_and(x > 0, x < limit)
        passed = ops.where(is_open, gradient, nothing)
        rises, falls = _nearest_cells(x)
        leads_back = ops.where(
            x <= 0,
            ops.logical_and(rises, gradient > 0),
            ops.logical_and(falls, ops.logical_and(x >= limit, gradient < 0)),
        )
        helped = ops.where(leads_back, gradient, nothing)
        axes = tuple(range(1, len(x.shape)))
        is_dead = ops.all(ops.equal(passed, 0), axis=axes, keepdims=True)
        return ops.where(is_dead, helped, passed)

    return _rectifier(limit, backward)


def _nearest_cells(x: Any) -> tuple[Any, Any]:
    """Of each channel of each picture, the cells that are highest and those that are lowest: all, where it has one."""
    ops = load_keras().ops
    if len(x.shape) != 4:
        everywhere = ops.ones_like(x, dtype="bool")
        return everywhere, everywhere
    mean = ops.mean(x, axis=(1, 2), keepdims=True)
    highest, lowest = (end(x, axis=(1, 2), keepdims=True) for end in (ops.max, ops.min))
    return x >= (highest + mean) / 2, x <= (lowest + mean) / 2


def _rectifier(limit: float, gradient_through: Callable[[Any, Any], Any]) -> Rectify:
    ops = load_keras().ops

    @ops.custom_gradient  # type: ignore[untyped-decorator]
    def rectify(x: Any) -> tuple[Any, Callable[..., Any]]:
        def backward(*args: Any, upstream: Any = None) -> Any:
            # TensorFlow and JAX pass it by place, torch by name
            return gradient_through(x, args[-1] if upstream is None else upstream)

        return ops.clip(x, 0, limit), backward

    return rectify  # type: ignore[no-any-return]
