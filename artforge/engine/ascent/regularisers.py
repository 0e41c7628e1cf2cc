"""What is taken off the objective, so that a picture stays a picture: roughness, extremes, distance, fine grain.

Every penalty is of the pictures themselves, differentiated by the backend; none of them touches a picture by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from artforge.core.errors import ChoiceError
from artforge.engine.backend import load_keras
from artforge.engine.gradients import Compiled, compile_gradient

_TINY = 1e-12


@dataclass(frozen=True)
class TotalVariation:
    """Roughness: Σ (Δdown² + Δacross²)^(beta/2) / (H·W·3) (Mahendran and Vedaldi, 2015, eq. 3).

    Attributes:
        weight: how much it counts.
        beta: 1 keeps edges and flattens the rest; 2 is smooth all over.

    Source: https://arxiv.org/abs/1412.0035
    """

    weight: float
    beta: float = 2.0

    def __post_init__(self) -> None:
        _check("total variation", self.weight)
        if not self.beta > 0:
            raise ChoiceError(f"the beta of a total variation must be greater than 0, received {self.beta}")

    def penalty(self, pictures: Any, start: Any) -> Any:  # noqa: ARG002
        """(n,) of pictures (n, H, W, 3)."""
        ops = load_keras().ops
        down = ops.pad(pictures[:, 1:] - pictures[:, :-1], ((0, 0), (0, 1), (0, 0), (0, 0)))
        across = ops.pad(pictures[:, :, 1:] - pictures[:, :, :-1], ((0, 0), (0, 0), (0, 1), (0, 0)))
        steepness = ops.square(down) + ops.square(across)
        if self.beta == 2:
            return ops.mean(steepness, axis=(1, 2, 3))
        # a power below 2 has no slope where all is flat: it is taken as 0 there
        flat = steepness < _TINY
        rough = ops.where(flat, 0.0, ops.power(ops.where(flat, 1.0, steepness), self.beta / 2))
        return ops.mean(rough, axis=(1, 2, 3))


@dataclass(frozen=True)
class LpNorm:
    """Extremes: (Σ |x - middle|^p)^(1/p) / (H·W·3); the higher p, the more the largest values count.

    Attributes:
        weight: how much it counts.
        p: the power, at least 1.
        middle: the value that costs nothing.
    """

    weight: float
    p: float = 6.0
    middle: float = 0.5

    def __post_init__(self) -> None:
        _check("an Lp norm", self.weight)
        if not self.p >= 1:
            raise ChoiceError(f"the power of an Lp norm must be at least 1, received {self.p}")

    def penalty(self, pictures: Any, start: Any) -> Any:  # noqa: ARG002
        """(n,) of pictures (n, H, W, 3)."""
        ops = load_keras().ops
        away = ops.abs(pictures - self.middle)
        # as shares of the largest, so that no power overflows; a root has no slope at 0, where there is nothing to pull
        largest = ops.stop_gradient(ops.max(away, axis=(1, 2, 3), keepdims=True))
        shares = ops.sum(ops.power(away / ops.where(largest > 0, largest, 1.0), self.p), axis=(1, 2, 3))
        root = ops.where(shares > 0, ops.power(ops.where(shares > 0, shares, 1.0), 1 / self.p), 0.0)
        count = ops.cast(ops.prod(ops.convert_to_tensor(ops.shape(pictures)[1:])), "float32")
        return root * largest[:, 0, 0, 0] / count


@dataclass(frozen=True)
class ToStart:
    """Distance: the mean square difference from the picture that the ascent began with."""

    weight: float

    def __post_init__(self) -> None:
        _check("the distance to the start", self.weight)

    def penalty(self, pictures: Any, start: Any) -> Any:
        """(n,) of pictures (n, H, W, 3) and their starts."""
        ops = load_keras().ops
        return ops.mean(ops.square(pictures - start), axis=(1, 2, 3))


@dataclass(frozen=True)
class Blur:
    """Fine grain: the mean square difference from the blurred picture (binomial 3x3)."""

    weight: float

    def __post_init__(self) -> None:
        _check("blur", self.weight)

    def penalty(self, pictures: Any, start: Any) -> Any:  # noqa: ARG002
        """(n,) of pictures (n, H, W, 3)."""
        ops = load_keras().ops
        # the outermost pixels are repeated
        down = ops.concatenate([pictures[:, :1], pictures, pictures[:, -1:]], axis=1)
        down = (down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]) / 4
        both = ops.concatenate([down[:, :, :1], down, down[:, :, -1:]], axis=2)
        blurred = (both[:, :, :-2] + 2 * both[:, :, 1:-1] + both[:, :, 2:]) / 4
        return ops.mean(ops.square(pictures - blurred), axis=(1, 2, 3))


Regulariser = TotalVariation | LpNorm | ToStart | Blur


def penalties_of(regularisers: Sequence[Regulariser]) -> Callable[[Any, Any], Any]:
    """The weighted sum of penalties as a program: (pictures, starts) -> (penalties (n,), [gradient], []).

    Other weights are no other program.
    """
    compiled = compiled_penalties(tuple(replace(one, weight=1.0) for one in regularisers))
    weights = np.asarray([one.weight for one in regularisers], np.float32)
    return lambda pictures, start: compiled(pictures, start, weights)


@lru_cache(maxsize=16)
def compiled_penalties(regularisers: tuple[Regulariser, ...]) -> Compiled:
    """(pictures, starts, weights) -> (penalties (n,), [gradient], []), for penalties of these kinds."""

    def penalty(pictures: Any, start: Any, weights: Any) -> tuple[Any, list[Any]]:
        total = load_keras().ops.zeros_like(pictures[:, 0, 0, 0])
        for number, regulariser in enumerate(regularisers):
            total = total + weights[number] * regulariser.penalty(pictures, start)
        return total, []

    tensor = load_keras().KerasTensor
    pictures = tensor((None, None, None, 3), dtype="float32")
    return compile_gradient(penalty, [], [pictures, pictures, tensor((None,), dtype="float32")])


def _check(what: str, weight: float) -> None:
    if not weight >= 0:
        raise ChoiceError(f"the weight of {what} must be at least 0, received {weight}")
