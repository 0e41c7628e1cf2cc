"""A recipe whose every word is known: steps found, inputs wired, settings bound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from artforge.core.problems import Position
from artforge.core.steps import Step
from artforge.core.values import STACK_OF, Kind
from artforge.recipes.bindings import Binding
from artforge.recipes.recipe import Call, Recipe

Source = str | tuple[str, ...] | None


@dataclass(frozen=True)
class CheckedCall:
    """One call of a pipe.

    Attributes:
        call: as written.
        step: the registered step.
        id: `pipe.step`, or `pipe.step#2` where it stands in the pipe again.
        wiring: input name -> the pipe it reads, or those that are put together for it; None is the value that flows
            down.
        settings: setting name -> how it gets its value; a setting that is not written keeps its default.
        mapped: the inputs that bring several values where the step takes one: it is done for each of them.
    """

    call: Call
    step: Step
    id: str
    wiring: dict[str, Source]
    settings: dict[str, Binding]
    mapped: tuple[str, ...] = ()

    @property
    def sources(self) -> Iterator[str]:
        """The pipes that it reads."""
        for source in self.wiring.values():
            yield from source if isinstance(source, tuple) else [source] if source else []

    @property
    def output(self) -> Kind:
        """What flows out."""
        return STACK_OF[self.step.output] if self.mapped else self.step.output

    def position_of(self, setting: str) -> Position:
        """Where a setting's value stands, or the call where it is not written."""
        tree = self.call.settings.get(setting)
        return tree.position if tree else self.call.position


@dataclass(frozen=True)
class CheckedPipe:
    """A pipe with its calls; `start` is the pipe whose value flows in first, if any."""

    name: str
    start: str | None
    calls: tuple[CheckedCall, ...]
    kind: Kind | None

    @property
    def sources(self) -> frozenset[str]:
        """The pipes that it reads, at its start or in any call."""
        read = {source for call in self.calls for source in call.sources}
        return frozenset(read | {self.start} if self.start else read)


@dataclass(frozen=True)
class CheckedRecipe:
    """A recipe without faults, ready to be planned; pipes stand in an order in which each one's sources come first.

    Attributes:
        warnings: what is odd about it, each with its place.
    """

    recipe: Recipe
    pipes: dict[str, CheckedPipe]
    warnings: tuple[str, ...] = ()
