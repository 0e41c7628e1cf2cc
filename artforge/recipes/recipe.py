"""A recipe as read: what each part says and where it stands. Nothing here is resolved or computed yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from artforge.recipes.document import Tree
from artforge.recipes.problems import Position
from artforge.recipes.timeline import Timeline

ParamType = Literal["int", "float", "bool", "text", "choice", "image", "model", "layer", "class", "colormap"]
Per = Literal["variant", "sweep", "recipe"]
Format = Literal["png", "mp4", "gif"]

NUMERIC_TYPES = frozenset({"int", "float"})
READ_TYPES = NUMERIC_TYPES | {"bool"}
"""What a param of these types is given on the command line is read like YAML; for all others it is text."""
STILL_FORMATS = frozenset({"png"})
FILM_FORMATS = frozenset({"mp4", "gif"})


@dataclass(frozen=True)
class Param:
    """A dial of the recipe: the artist turns it by `--set name=value` or in `sweep:`."""

    name: str
    type: ParamType
    default: Any
    minimum: float | None
    maximum: float | None
    choices: tuple[str, ...]
    position: Position

    def fault(self, value: Any) -> str | None:
        """What is wrong with `value` for this param, or None."""
        if self.type in NUMERIC_TYPES:
            return self._number_fault(value)
        if self.type == "bool":
            return None if isinstance(value, bool) else f"param {self.name!r} wants true or false, received {value!r}"
        if self.type == "class" and value is None:
            return None  # the class that the model itself predicts
        if not isinstance(value, str):
            return f"param {self.name!r} wants text ({self.type}), received {value!r}"
        if self.type == "choice" and value not in self.choices:
            return f"param {self.name!r}: {value!r} is not one of: {', '.join(self.choices)}"
        return None

    def _number_fault(self, value: Any) -> str | None:
        wanted = "a whole number" if self.type == "int" else "a number"
        if isinstance(value, bool) or not isinstance(value, int if self.type == "int" else int | float):
            return f"param {self.name!r} wants {wanted}, received {value!r}"
        low, high = self.minimum, self.maximum
        if (low is not None and value < low) or (high is not None and value > high):
            shown = f"[{'-inf' if low is None else f'{low:g}'}, {'inf' if high is None else f'{high:g}'}]"
            return f"param {self.name!r}: {value!r} is outside {shown}"
        return None


@dataclass(frozen=True)
class Reference:
    """`$name`: the value of another pipe."""

    name: str
    position: Position


@dataclass(frozen=True)
class Call:
    """`- step: {settings}`."""

    step: str
    settings: dict[str, Tree]
    key_positions: dict[str, Position]
    position: Position


@dataclass(frozen=True)
class Pipe:
    """A named list of calls; the value flows down, perhaps starting from a reference."""

    name: str
    start: Reference | None
    calls: tuple[Call, ...]
    position: Position


@dataclass(frozen=True)
class Axis:
    """One swept param (or `seed`) and its values."""

    name: str
    values: tuple[Any, ...]
    position: Position


@dataclass(frozen=True)
class SweepBlock:
    """Axes that are varied together: every combination (`grid`) or side by side (`zip`)."""

    axes: tuple[Axis, ...]
    mode: Literal["grid", "zip"]


@dataclass(frozen=True)
class Grid:
    """How a contact sheet is laid out: by the values of swept axes, or in a number of columns, or near square."""

    x: str | None = None
    y: str | None = None
    columns: int | None = None

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes it names."""
        return tuple(axis for axis in (self.x, self.y) if axis is not None)


@dataclass(frozen=True)
class Output:
    """One deliverable."""

    name: str
    source: Reference
    per: Per
    formats: tuple[Format, ...]
    long_edge: int | None
    moment: float
    grid: Grid
    cell: int
    labels: bool
    position: Position

    @property
    def is_sheet(self) -> bool:
        """Whether it lays all variants of the sweep out on one page."""
        return self.per == "sweep"


@dataclass(frozen=True)
class Recipe:
    """Everything one file says."""

    name: str
    source: str
    text: str
    title: str
    description: str
    params: dict[str, Param]
    seed: int
    timeline: Timeline | None
    pipes: dict[str, Pipe]
    sweep: tuple[SweepBlock, ...]
    outputs: dict[str, Output]
    text_positions: dict[str, Position]
