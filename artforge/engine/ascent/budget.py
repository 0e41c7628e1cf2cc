"""Where to stop: after so much change, or when the network is sure enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ChoiceError, check_choice
from artforge.core.oklab import mean_difference
from artforge.core.values import Image
from artforge.engine.models.handle import Model

Distance = Literal["rms", "oklab"]


@dataclass(frozen=True)
class Budget:
    """How far a picture may go. The last picture within the budget is the result, so it is never exceeded.

    Attributes:
        distance: the most that it may differ from its start.
        measure: `rms` of all pixel values in [0, 1], or `oklab`, the mean colour difference dE.
    """

    distance: float
    measure: Distance = "rms"

    def __post_init__(self) -> None:
        check_choice("measure", self.measure, get_args(Distance))
        if not self.distance > 0:
            raise ChoiceError(f"a budget must be greater than 0, received {self.distance}")

    def told(self) -> str:
        """In words."""
        return f"{self.distance:g} ({self.measure})"

    def allows(self, picture: Image, start: Image) -> bool:
        """Whether a picture is still within the budget."""
        return distance_between(picture, start, self.measure) <= self.distance


@dataclass(frozen=True)
class Until:
    """Stop with the first picture of which the network is so sure.

    Attributes:
        target: the class.
        probability: in (0, 1).
    """

    target: str | int
    probability: float

    def __post_init__(self) -> None:
        if not 0 < self.probability < 1:
            raise ChoiceError(f"a probability to stop at lies between 0 and 1, received {self.probability}")

    def told(self) -> str:
        """In words."""
        return f"{self.target} by {100 * self.probability:g}%"

    def is_reached(self, picture: Image, model: Model) -> bool:
        """Whether the network gives a picture in [0, 1] so much."""
        return float(model.probabilities(picture)[0, model.class_index(self.target)]) >= self.probability


def distance_between(picture: Image, start: Image, measure: Distance) -> float:
    """How far two pictures lie apart: root mean square of the pixel values, or mean dE in OKLab (Ottosson 2020)."""
    if measure == "oklab":
        return float(mean_difference(picture, start))
    difference: NDArray[np.float64] = np.subtract(picture, start, dtype=np.float64)
    return float(np.sqrt(np.mean(difference**2)))
