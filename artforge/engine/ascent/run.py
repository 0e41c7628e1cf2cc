"""An ascent on its way: its state, and how a step is taken."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from artforge.core.seeds import derive_seed, generator
from artforge.core.values import Image
from artforge.engine.ascent.budget import Budget, Until
from artforge.engine.ascent.checkpoint import Checkpoint
from artforge.engine.ascent.deprocess import Finish, finished
from artforge.engine.ascent.large_views import LargeView
from artforge.engine.ascent.optimisers import Climber
from artforge.engine.ascent.regularisers import penalties_of
from artforge.engine.ascent.settings import Ascent
from artforge.engine.ascent.slopes import Slopes
from artforge.engine.ascent.views import View
from artforge.engine.backend import to_array
from artforge.engine.models.handle import Model

Array = NDArray[np.float32]

RESCUE_STEPS = 32
"""Steps for which a filter that does not respond is helped: by then it does, or nothing moves it (Lucid takes 16)."""

LARGEST_GRADIENT = 1e18
"""Its square must still be a float32."""
BROKEN = f"its gradient is NaN or above {LARGEST_GRADIENT:g}: the last good picture is kept"


@dataclass
class Ascended:
    """A picture that has climbed.

    Attributes:
        raw: float32 (H, W, 3), as the network saw it; may leave [0, 1].
        picture: float32 (H, W, 3) in [0, 1], as it is shown.
        values: of the objective less the penalties, before each step.
        path: by number of steps taken, the raw pictures on the way that were to be kept.
        num_steps: how many steps were taken.
        stopped: why it ended before its last step, or empty.
        was_dead: whether the objective did not respond to the start at all.
        is_dead: whether it never did.
    """

    raw: Array
    picture: Image
    values: list[float] = field(default_factory=list)
    path: dict[int, Array] = field(default_factory=dict)
    num_steps: int = 0
    stopped: str = ""
    was_dead: bool = False
    is_dead: bool = False

    @property
    def is_untouched(self) -> bool:
        """Whether the network gave no gradient to climb by, so that the picture is what it was."""
        return self.stopped == BROKEN and self.num_steps == 0


class Run:
    """An ascent on its way."""

    def __init__(
        self,
        model: Model,
        ascent: Ascent,
        slopes: Slopes,
        parameters: Array,
        size: tuple[int, int],
        seed: int,
        budget: Budget | None,
        until: Until | None,
        start: Array | None,
    ) -> None:
        self.model, self.ascent, self.slopes, self.size, self.seed = model, ascent, slopes, size, seed
        self.budget, self.until = budget, until
        self.parameters = parameters
        self.climber: Climber = ascent.optimiser.begin(parameters)
        num = len(parameters)
        self.step = 0
        self.active = np.ones(num, bool)
        self.dead = np.zeros(num, bool)
        self.was_dead = np.zeros(num, bool)
        self.values: list[list[float]] = [[] for _ in range(num)]
        self.paths: list[dict[int, Array]] = [{} for _ in range(num)]
        self.steps_taken = np.zeros(num, np.int64)
        self.stopped = [""] * num
        self.first_values = np.full(num, np.nan, np.float32)
        self.tiles: tuple[int, Array, Array] | None = None
        needs_start = budget is not None or bool(ascent.regularisers)
        self.start = (self.pictures().copy() if start is None else start) if needs_start else None

    def pictures(self, which: NDArray[np.int64] | None = None) -> Array:
        """What the parameters show now."""
        parameters = self.parameters if which is None else self.parameters[which]
        return self.ascent.parameterisation.pictures(parameters, self.size)

    def find_dead(self) -> None:
        """Which objectives do not respond to the start at all: their gradient is exactly zero everywhere.

        Of large pictures the first step tells.
        """
        if self.step == 0 and not self.slopes.is_tiled:
            self._note_dead(self.slopes.climb(self.pictures(), self.slopes.still_view())[1])

    def _note_dead(self, gradients: Array) -> None:
        self.dead = np.asarray(~gradients.reshape(len(gradients), -1).any(axis=1), bool)
        self.was_dead = self.dead.copy()

    def take_step(self, keeper: Checkpoint | None) -> Array:
        """One step for all that still climb; the values before it."""
        which = np.flatnonzero(self.active)
        pictures = self.pictures() if len(which) == len(self.active) else self.pictures(which)
        rng = generator(derive_seed(self.seed, "step", self.step))
        values, gradients = self._slopes_of(pictures, which, rng, keeper)
        if self.step == 0 and self.slopes.is_tiled:
            self._note_dead(gradients)
        self._look_for_life(which, values)
        if self.ascent.regularisers and self.start is not None:
            penalties, [slopes], _ = penalties_of(self.ascent.regularisers)(pictures, self.start[which])
            values, gradients = values - to_array(penalties), gradients - to_array(slopes)
        largest = np.abs(gradients).reshape(len(gradients), -1).max(axis=1)
        fine = np.isfinite(values) & (largest < LARGEST_GRADIENT)  # NaN is less than nothing
        for position in map(int, which[~fine]):
            self._stop(position, BROKEN)
        gradients[~fine] = 0
        for position, value in zip(which[fine], values[fine], strict=True):
            self.values[position].append(float(value))
        self._move(which, gradients)
        self.step += 1
        return values

    def _slopes_of(
        self, pictures: Array, which: NDArray[np.int64], rng: np.random.Generator, keeper: Checkpoint | None
    ) -> tuple[Array, Array]:
        view = self.slopes.view(rng)
        helped = self.dead[which] & self.ascent.rescue
        if self.slopes.couples:
            return self._slopes_of_all(which, view, helped)
        if not helped.any():

            def save(number: int, values: Array, gradients: Array) -> None:
                if keeper is not None and keeper.is_due():
                    keeper.save(
                        self.state() | {"tile": np.asarray(number), "tile_values": values, "tile_slopes": gradients}
                    )

            done, self.tiles = self.tiles, None
            return self.slopes.climb(pictures, view, which=which, done=done, on_tile=save)
        values, gradients = np.empty(len(which), np.float32), np.empty_like(pictures)
        for part, rescue in ((helped, True), (~helped, False)):
            if part.any():
                found = self.slopes.climb(pictures[part], view, which=which[part], rescue=rescue)
                values[part], gradients[part] = found
        return values, gradients

    def _slopes_of_all(
        self, which: NDArray[np.int64], view: View | LargeView | None, helped: NDArray[np.bool_]
    ) -> tuple[Array, Array]:
        """Where pictures look at each other, those that climb no more are still looked at."""
        pictures = self.pictures()
        values, gradients = self.slopes.climb(pictures, view)
        values, gradients = values[which], gradients[which]
        if helped.any():
            rescued = self.slopes.climb(pictures, view, rescue=True)
            values[helped], gradients[helped] = (found[which][helped] for found in rescued)
        return values, gradients

    def _look_for_life(self, which: NDArray[np.int64], values: Array) -> None:
        """A filter that did not respond lives as soon as its own value is another; help ends after a while."""
        if self.step == 0:
            self.first_values[which] = values
        for position, value in zip(map(int, which), values, strict=True):
            if self.dead[position] and value != self.first_values[position]:
                self.dead[position] = False
            elif self.dead[position] and self.step >= RESCUE_STEPS:
                self._stop(position, "the filter does not respond to anything: it is dead")

    def _move(self, which: NDArray[np.int64], gradients: Array) -> None:
        parameterisation = self.ascent.parameterisation
        is_all = len(which) == len(self.parameters)
        slopes = parameterisation.pull_back(self.parameters if is_all else self.parameters[which], gradients)
        if not is_all:
            spread = np.zeros_like(self.parameters)
            spread[which] = slopes
            slopes = spread
        moved = self.climber.update(self.parameters, slopes)
        if not self.active.all():
            moved[~self.active] = self.parameters[~self.active]
        before, self.parameters = self.parameters, moved
        for position in map(int, np.flatnonzero(self.active)):
            self.steps_taken[position] += 1
        self._hold_to_limits(before)

    def _hold_to_limits(self, before: Array) -> None:
        """Pictures that went too far are taken back, and those that are far enough stop."""
        if self.budget is None and self.until is None:
            return
        pictures = self.pictures()
        for position in map(int, np.flatnonzero(self.active)):
            picture = np.clip(pictures[position], 0, 1)
            start = None if self.start is None else np.clip(self.start[position], 0, 1)
            if self.budget is not None and start is not None and not self.budget.allows(picture, start):
                self.parameters[position] = before[position]
                self.steps_taken[position] -= 1
                self._stop(position, f"the next step would leave the budget of {self.budget.told()}")
            elif self.until is not None and self.until.is_reached(picture, self.model):
                self._stop(position, f"the network is sure of {self.until.told()}")

    def _stop(self, position: int, why: str) -> None:
        self.active[position] = False
        self.stopped[position] = why

    def keep(self) -> None:
        """Keep the pictures as they are now."""
        pictures = self.pictures()
        for position, picture in enumerate(pictures):
            self.paths[position].setdefault(int(self.steps_taken[position]), picture.copy())

    def results(self) -> list[Ascended]:
        """The pictures that have climbed."""
        pictures = self.pictures()
        # what has been held to a budget is shown as it is: another contrast would be further away
        finish = self.ascent.finish if self.budget is None else Finish("clip")
        return [
            Ascended(
                raw=picture,
                picture=finished(picture, finish),
                values=self.values[position],
                path=self.paths[position],
                num_steps=int(self.steps_taken[position]),
                stopped=self.stopped[position],
                was_dead=bool(self.was_dead[position]),
                is_dead=bool(self.dead[position]),
            )
            for position, picture in enumerate(pictures)
        ]

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Everything that changes on the way, as arrays."""
        longest = max(map(len, self.values))
        values = np.full((len(self.values), longest), np.nan)
        for row, known in zip(values, self.values, strict=True):
            row[: len(known)] = known
        state: dict[str, NDArray[np.generic]] = {
            "step": np.asarray(self.step),
            "parameters": self.parameters,
            "active": self.active,
            "dead": self.dead,
            "was_dead": self.was_dead,
            "values": values,
            "first_values": self.first_values,
            "steps_taken": self.steps_taken,
            "stopped": np.asarray(self.stopped, dtype=np.str_),
        }
        state |= {f"climber/{name}": array for name, array in self.climber.state().items()}
        for position, path in enumerate(self.paths):
            state |= {f"path/{position}/{step}": picture for step, picture in path.items()}
        return state

    def restore(self, state: dict[str, NDArray[np.generic]] | None) -> None:
        """Go on from what `state` gave."""
        if state is None:
            return
        self.step = int(state["step"])
        self.parameters = np.asarray(state["parameters"], np.float32)
        self.active, self.dead = np.asarray(state["active"], bool), np.asarray(state["dead"], bool)
        self.was_dead = np.asarray(state["was_dead"], bool)
        self.steps_taken = np.asarray(state["steps_taken"], np.int64)
        self.first_values = np.asarray(state["first_values"], np.float32)
        self.stopped = [str(why) for why in state["stopped"]]
        self.values = [
            [float(value) for value in row if np.isfinite(value)] for row in np.asarray(state["values"], float)
        ]
        prefix = "climber/"
        self.climber.restore(
            {
                name.removeprefix(prefix): np.asarray(state[name], np.float32)
                for name in state
                if name.startswith(prefix)
            }
        )
        for name in state:
            if name.startswith("path/"):
                _, position, step = name.split("/")
                self.paths[int(position)][int(step)] = np.asarray(state[name], np.float32)
        if "tile" in state:
            tile, values, slopes = state["tile"], state["tile_values"], state["tile_slopes"]
            self.tiles = (int(tile), np.asarray(values, np.float32), np.asarray(slopes, np.float32))
