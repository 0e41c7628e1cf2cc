"""How pictures climb: everything that an ascent is told, in one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import get_args

from artforge.core.errors import ChoiceError, check_choice
from artforge.engine.ascent.deprocess import Finish
from artforge.engine.ascent.fourier import Fourier
from artforge.engine.ascent.optimisers import Adam, Optimiser
from artforge.engine.ascent.parameterisation import Parameterisation
from artforge.engine.ascent.regularisers import Regulariser
from artforge.engine.ascent.transforms import Transform
from artforge.engine.ascent.views import Edges


@dataclass(frozen=True)
class Ascent:
    """How pictures climb: how they are written down, what they must survive, how a step is taken.

    Attributes:
        parameterisation: what the numbers are that the ascent changes.
        transforms: what the pictures go through before the network sees them, anew at every step.
        regularisers: what is taken off the objective.
        optimiser: how a gradient becomes a step.
        num_steps: how many.
        finish: how the climbed picture is shown.
        edges: what lies beyond the picture; with `wrap` it becomes a repeat, as for a cloth.
        rescue: whether filters that do not respond to the start are helped.
    """

    parameterisation: Parameterisation = field(default_factory=Fourier)
    transforms: tuple[Transform, ...] = ()
    regularisers: tuple[Regulariser, ...] = ()
    optimiser: Optimiser = field(default_factory=Adam)
    num_steps: int = 256
    finish: Finish = field(default_factory=Finish)
    edges: Edges = "reflect"
    rescue: bool = True

    def __post_init__(self) -> None:
        check_choice("edges", self.edges, get_args(Edges))
        for transform in self.transforms:
            if not isinstance(transform, Transform):
                raise ChoiceError(
                    f"a transform is made by Jitter(...), Scale(...) and their kin, received {transform!r}"
                )
        if self.num_steps < 1:
            raise ChoiceError(f"an ascent takes at least 1 step, received {self.num_steps}")
