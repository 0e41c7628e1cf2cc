"""Which class scores a map speaks for: one class, several, or a weighted mix; always logits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ChoiceError, ShapeError, listing
from artforge.core.values import ClassName
from artforge.engine.attention.inputs import check_model
from artforge.engine.models.handle import Model

_LARGEST_WEIGHT = float(np.finfo(np.float32).max)

Target = str | int | Sequence[str | int] | Mapping[str, float] | Mapping[int, float]
"""A class by name or number; several, whose scores are added; or a mix, each score times its weight."""

Targets = Target | None | Sequence[Target | None]
"""A list holds one target for each picture; anything else is meant for all. None is the predicted class."""

ClassTarget = ClassName | list[ClassName] | dict[ClassName, float]
"""A target as a recipe writes it: `hand_made`, `[hand_made, drawn]` or `{hand_made: 1, algorithmic: -0.5}`."""


def class_weights(targets: Targets, *, model: Model, num_images: int) -> NDArray[np.float32]:
    """Targets as one weight for each class score, so that any target's score is `class_scores @ weights`.

    Args:
        targets: one target for all pictures, a list of one for each, or None for the predicted class.
        model: whose classes they are.
        num_images: how many pictures there are.

    Returns:
        float32 (num_images, classes); a row of zeros stands for the class that the network predicts.

    Raises:
        ChoiceError: no such class, nothing that could be one, or a mix that asks about nothing.
        ShapeError: as many targets as pictures were expected.
    """
    check_model(model)
    listed: list[Any] = list(targets) if isinstance(targets, list) else [targets] * num_images
    if len(listed) != num_images:
        raise ShapeError(f"{len(listed)} targets for {num_images} pictures: expected one for each, or one for all")
    rows = [weights_of_target(target, model=model) for target in listed]
    return np.stack(rows) if rows else np.zeros((0, len(model.class_names)), np.float32)


def weights_of_target(target: Target | None, *, model: Model) -> NDArray[np.float32]:
    """One target as float32 (classes,): all zero for None, the predicted class.

    Raises:
        ChoiceError: no such class, nothing that could be one, a weight that is no finite number, or a mix that asks
            about nothing (empty, all zero, or both classes of a one-sigmoid network, which cancel).
    """
    check_model(model)
    weights = np.zeros(len(model.class_names), np.float32)
    if target is None:
        return weights
    for name, weight in _mix_of(target, model):
        weights[_index_of(name, model)] += _weight_of(name, weight)
    if model.twin.num_outputs == 1 and weights[0] == weights[1] != 0:
        both = " and ".join(model.class_names)
        raise ChoiceError(
            f"the target {target!r} asks about nothing: in a network with one sigmoid {both} are each other's "
            "opposite, and with equal weights they cancel. Ask about one of them"
        )
    if not weights.any():
        raise ChoiceError(
            f"the target {target!r} asks about nothing: at least one of {listing(model.class_names)} needs a weight "
            "that is not 0"
        )
    return weights


def _mix_of(target: Any, model: Model) -> Iterator[tuple[Any, Any]]:
    """The classes of a target, each with its weight, not checked yet."""
    if isinstance(target, Mapping):
        yield from target.items()
    elif isinstance(target, Sequence) and not isinstance(target, str | bytes | bytearray):
        yield from ((name, 1.0) for name in target)
    elif _names_a_class(target):
        yield target, 1.0
    else:
        raise ChoiceError(
            f"the target {target!r} is no class: expected a name, a number, a list of them, or a mapping to weights; "
            f"the classes are {listing(model.class_names)}"
        )


def _names_a_class(name: Any) -> bool:
    return isinstance(name, str | Integral) and not isinstance(name, bool)


def _index_of(name: Any, model: Model) -> int:
    index = model.class_index(name) if _names_a_class(name) else None
    if index is None:  # None, too, is no class here: as an index it would mean every class at once
        raise ChoiceError(
            f"{name!r} in a target is no class: expected a name or a number; the classes are "
            f"{listing(model.class_names)}"
        )
    return index


def _weight_of(name: Any, weight: Any) -> float:
    is_number = isinstance(weight, Real) and not isinstance(weight, bool)
    if not is_number or not abs(float(weight)) <= _LARGEST_WEIGHT:  # written so that NaN fails too
        raise ChoiceError(f"the weight of class {name!r} in a target must be a finite number, received {weight!r}")
    return float(weight)
