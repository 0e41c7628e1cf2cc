"""How a gradient becomes a step. Frozen settings; `begin` gives a climber that remembers what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ChoiceError, check_choice
from artforge.engine.ascent.gradient_scale import GradientScale, scale_gradients

Array = NDArray[np.float32]

FIRST, SECOND = 0.9, 0.999
"""Adam's decay of the mean gradient and of its mean square (Kingma and Ba, 2015, https://arxiv.org/abs/1412.6980)."""
_EPSILON = 1e-7
_ADAM_EPSILON = 1e-8
_AT_ONCE = 1 << 22
"""Numbers that Adam moves at once: of a large print every copy is a lot."""


class Climber(Protocol):
    """An optimiser at work."""

    def update(self, parameters: Array, gradients: Array) -> Array:
        """The parameters one step further up; both (n, ...), pictures never mix."""

    def state(self) -> dict[str, Array]:
        """What it remembers, as arrays."""

    def restore(self, state: dict[str, Array]) -> None:
        """Go on from what `state` gave."""


class Optimiser(Protocol):
    """Settings of a climber."""

    def begin(self, parameters: Array) -> Climber:
        """A climber for parameters (n, ...)."""


@dataclass(frozen=True)
class PlainStep:
    """x + size · gradient, at a stated scale.

    Attributes:
        size: of a step, in units of the parameters.
        scale: what the gradient is brought to first.
    """

    size: float
    scale: GradientScale = "rms"

    def __post_init__(self) -> None:
        _check(self.size)
        check_choice("gradient scale", self.scale, get_args(GradientScale))

    def begin(self, parameters: Array) -> Climber:  # noqa: ARG002 - it has nothing to remember
        return _Plain(self)


@dataclass
class _Plain:
    settings: PlainStep

    def update(self, parameters: Array, gradients: Array) -> Array:
        return parameters + np.float32(self.settings.size) * scale_gradients(gradients, self.settings.scale)

    def state(self) -> dict[str, Array]:
        return {}

    def restore(self, state: dict[str, Array]) -> None:
        pass


@dataclass(frozen=True)
class Adam:
    """Steps of about `rate` for every number, whatever its gradient's size (Kingma and Ba, 2015).

    Each picture's gradients are first divided by the root mean square of its first one: epsilon then means the same
    for a large picture, whose every pixel has little to say, and for an objective of any weight.

    Attributes:
        rate: of a step, in units of the parameters.
        nesterov: whether the mean gradient looks one step ahead (Nadam: Dozat, 2016).
    """

    rate: float = 0.05
    nesterov: bool = False

    def __post_init__(self) -> None:
        _check(self.rate)

    def begin(self, parameters: Array) -> Climber:
        mean, square = (np.zeros(parameters.shape, np.float32) for _ in range(2))
        return _Adam(self, mean, square, np.zeros(len(parameters), np.float32))


@dataclass
class _Adam:
    settings: Adam
    mean: Array
    square: Array
    unit: Array
    num_steps: int = 0

    def update(self, parameters: Array, gradients: Array) -> Array:
        self.num_steps += 1
        moved = np.empty(parameters.shape, np.float32)
        for number, unit in enumerate(self._units(gradients)):
            arrays = (self.mean, self.square, parameters, gradients, moved)
            flat = [array[number].reshape(-1) for array in arrays]
            for start in range(0, flat[0].size, _AT_ONCE):
                mean, square, before, slopes, after = (array[start : start + _AT_ONCE] for array in flat)
                gradient = slopes / unit
                mean *= np.float32(FIRST)
                mean += np.float32(1 - FIRST) * gradient
                square *= np.float32(SECOND)
                square += np.float32(1 - SECOND) * np.square(gradient)
                np.add(before, np.float32(self.settings.rate) * self._direction(mean, gradient, square), out=after)
        return moved

    def _units(self, gradients: Array) -> Array:
        """What each picture's gradients are divided by: the size of the first that was not nothing."""
        for number in np.flatnonzero(self.unit == 0):
            slopes = gradients[number].reshape(-1)
            parts = (slopes[start : start + _AT_ONCE] for start in range(0, slopes.size, _AT_ONCE))
            self.unit[number] = np.sqrt(
                sum(float(np.sum(np.square(part, dtype=np.float64))) for part in parts) / slopes.size
            )
        return np.where(self.unit > 0, self.unit, np.float32(1))

    def _direction(self, mean: Array, gradient: Array, square: Array) -> Array:
        """Which way, at a length of about 1 for every number."""
        corrected = 1 - FIRST**self.num_steps
        ahead = mean / np.float32(corrected)
        if self.settings.nesterov:
            following = 1 - FIRST ** (self.num_steps + 1)
            ahead = mean * np.float32(FIRST / following) + gradient * np.float32((1 - FIRST) / corrected)
        size = np.sqrt(square / np.float32(1 - SECOND**self.num_steps)) + np.float32(_ADAM_EPSILON)
        return np.asarray(ahead / size, np.float32)

    def state(self) -> dict[str, Array]:
        num_steps = np.asarray(self.num_steps, np.float32)
        return {"mean": self.mean, "square": self.square, "unit": self.unit, "num_steps": num_steps}

    def restore(self, state: dict[str, Array]) -> None:
        self.mean, self.square, self.unit = (state[name].copy() for name in ("mean", "square", "unit"))
        self.num_steps = int(state["num_steps"])


@dataclass(frozen=True)
class RmsProp:
    """Steps of size `rate` · gradient / root of its mean square, the gradient at length 1 first.

    With `rate` 1 in units of [0, 255] this is the loop of keras-vis.

    Attributes:
        rate: of a step, in units of the parameters.
        decay: of the mean square.
    """

    rate: float
    decay: float = 0.95

    def __post_init__(self) -> None:
        _check(self.rate)
        if not 0 <= self.decay < 1:
            raise ChoiceError(f"the decay of a mean square lies in [0, 1), received {self.decay}")

    def begin(self, parameters: Array) -> Climber:
        return _RmsProp(self, np.zeros_like(parameters))


@dataclass
class _RmsProp:
    settings: RmsProp
    square: Array

    def update(self, parameters: Array, gradients: Array) -> Array:
        decay = self.settings.decay
        scaled = scale_gradients(gradients, "l2")
        self.square *= np.float32(decay)
        self.square += np.float32(1 - decay) * np.square(scaled)
        return np.asarray(
            parameters + np.float32(self.settings.rate) * scaled / np.sqrt(self.square + np.float32(_EPSILON)),
            np.float32,
        )

    def state(self) -> dict[str, Array]:
        return {"square": self.square}

    def restore(self, state: dict[str, Array]) -> None:
        self.square = state["square"].copy()


def _check(rate: float) -> None:
    if not (rate >= 0 and np.isfinite(rate)):
        raise ChoiceError(f"a step size must be at least 0 and finite, received {rate}")
