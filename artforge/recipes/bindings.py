"""How a setting gets its value: written down, from a param, computed, or moving along the timeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from artforge.recipes.expressions import Expression, exact
from artforge.recipes.keyframes import Keyframes
from artforge.recipes.templates import fill_template, template_names
from artforge.recipes.timeline import Timeline


@dataclass(frozen=True)
class Scope:
    """What a setting can read at one moment of one variant.

    Attributes:
        params: every param's value.
        index, count: which variant this is, and of how many.
        seed: the recipe's seed.
        timeline: the film, or None.
        frame: the frame's index.
        path_params: the params that name a file, whose name texts may read in parts.
    """

    params: Mapping[str, Any]
    index: int
    count: int
    seed: int
    timeline: Timeline | None = None
    frame: int = 0
    path_params: frozenset[str] = frozenset()

    @property
    def share(self) -> float:
        """The share of the film at this frame."""
        return self.timeline.moment(self.frame) if self.timeline else 0.0

    @property
    def numbers(self) -> dict[str, float]:
        """The names that expressions may read."""
        numeric = {name: value for name, value in self.params.items() if is_number(value)}
        moment = {"t": self.share, "frame": self.frame, "frames": self.timeline.num_frames} if self.timeline else {}
        return {**numeric, "i": self.index, "n": self.count, "seed": self.seed, **moment}

    @property
    def texts(self) -> dict[str, Any]:
        """The names that text templates may read."""
        parts = parts_of_paths(self.params, self.path_params)
        return {**self.params, **parts, "i": self.index, "n": self.count, "seed": self.seed}


@dataclass(frozen=True)
class Constant:
    """A value as it is written."""

    value: Any

    moves = False
    reads = frozenset[str]()

    def resolve(self, scope: Scope) -> Any:  # noqa: ARG002 - every binding resolves in a scope
        """The value itself."""
        return self.value


@dataclass(frozen=True)
class FromParam:
    """`$name`."""

    name: str

    moves = False

    @property
    def reads(self) -> frozenset[str]:
        """The names whose values it depends on, apart from the time."""
        return frozenset({self.name})

    def resolve(self, scope: Scope) -> Any:
        """The param's value."""
        return scope.params[self.name]


@dataclass(frozen=True)
class Computed:
    """`=expression`; rounded where the setting is a whole number."""

    expression: Expression

    @property
    def moves(self) -> bool:
        """Whether it changes from frame to frame."""
        return self.expression.moves

    @property
    def reads(self) -> frozenset[str]:
        """The names whose values it depends on, apart from the time."""
        return self.expression.names

    def resolve(self, scope: Scope) -> float:
        """The number at this moment."""
        return self.expression.evaluate(scope.numbers)


@dataclass(frozen=True)
class Keyed:
    """`{keys: {0%: 0, 50%: {value: $intensity, ease: bounce_out}}, ease: sine_in_out}`."""

    shares: tuple[float, ...]
    values: tuple[Binding, ...]
    eases: tuple[str, ...]

    moves = True

    @property
    def reads(self) -> frozenset[str]:
        """The names whose values it depends on, apart from the time."""
        return _all_reads(self.values)

    def resolve(self, scope: Scope) -> float:
        """The number at this moment."""
        loop = scope.timeline is not None and scope.timeline.loop
        return exact(self.keyframes(scope).value_at(scope.share, loop=loop))

    def keyframes(self, scope: Scope) -> Keyframes:
        """The keys with their values in one variant."""
        values: list[Any] = [value.resolve(scope) for value in self.values]
        return Keyframes(self.shares, tuple(map(float, values)), self.eases)


@dataclass(frozen=True)
class Template:
    """A text with `{names}`."""

    text: str

    moves = False

    @property
    def reads(self) -> frozenset[str]:
        """The names whose values it depends on, apart from the time."""
        return frozenset(name.partition(".")[0] for name in template_names(self.text))

    def resolve(self, scope: Scope) -> str:
        """The text, filled in."""
        return fill_template(self.text, scope.texts)


@dataclass(frozen=True)
class Listed:
    """A list whose items are bound one by one."""

    items: tuple[Binding, ...]

    @property
    def moves(self) -> bool:
        """Whether any item changes from frame to frame."""
        return any(item.moves for item in self.items)

    @property
    def reads(self) -> frozenset[str]:
        """The names whose values it depends on, apart from the time."""
        return _all_reads(self.items)

    def resolve(self, scope: Scope) -> list[Any]:
        """The items at this moment."""
        return [item.resolve(scope) for item in self.items]


@dataclass(frozen=True)
class Mapped:
    """A mapping whose values are bound one by one: `{hand_made: 1, algorithmic: "=-t"}`."""

    entries: tuple[tuple[str, Binding], ...]

    @property
    def moves(self) -> bool:
        """Whether any value changes from frame to frame."""
        return any(value.moves for _, value in self.entries)

    @property
    def reads(self) -> frozenset[str]:
        """The names whose values it depends on, apart from the time."""
        return _all_reads(value for _, value in self.entries)

    def resolve(self, scope: Scope) -> dict[str, Any]:
        """The values at this moment; a computed number that is whole is an integer."""
        resolved = {name: value.resolve(scope) for name, value in self.entries}
        return {
            name: int(value) if isinstance(value, float) and value.is_integer() else value
            for name, value in resolved.items()
        }


Binding = Constant | FromParam | Computed | Keyed | Template | Listed | Mapped


def parts_of_paths(params: Mapping[str, Any], path_params: Iterable[str]) -> dict[str, str]:
    """`{"image.stem": "lisa", "image.name": "lisa.jpg"}` for every param that names a file."""
    parts: dict[str, str] = {}
    for name in path_params:
        value = str(params[name]).replace("\\", "/")
        path = PurePosixPath(value.removeprefix("embedded:"))
        drawn = value.startswith("embedded:")  # of CLASS/FAMILY/SEED the class says little, and the seed alone nothing
        whole = "-".join(path.parts[-2:]) if drawn else path.name
        stem = whole if drawn else path.parent.name if path.name == "model.keras" and path.parent.name else path.stem
        parts |= {f"{name}.stem": stem, f"{name}.name": whole}
    return parts


def is_number(value: object) -> bool:
    """Whether a value is a number, which a truth is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _all_reads(bindings: Iterable[Binding]) -> frozenset[str]:
    return frozenset().union(*(binding.reads for binding in bindings))
