"""A recipe as read: what each part says and where it stands. Nothing here is resolved or computed yet."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from functools import cached_property
from typing import Any, Literal

from artforge.core.colors import canonical_color, canonical_palette
from artforge.core.errors import did_you_mean
from artforge.core.formats.known import FilmFormat, StillFormat
from artforge.core.print_sizes import PrintSize
from artforge.core.problems import Position
from artforge.core.values import Kind
from artforge.core.wording import as_written
from artforge.core.yaml_tree import Tree
from artforge.recipes.timeline import Timeline

ParamType = Literal[
    "int",
    "float",
    "bool",
    "text",
    "choice",
    "image",
    "folder",
    "model",
    "layer",
    "class",
    "colormap",
    "palette",
    "colour",
]
Per = Literal["variant", "sweep", "recipe"]
Format = Literal[StillFormat, FilmFormat]

NUMERIC_TYPES = frozenset({"int", "float"})
PATH_KINDS = {"image": Kind.PICTURE_SOURCE, "folder": Kind.PICTURE_FOLDER, "model": Kind.MODEL}
"""Types whose values name a file or a folder, and the kind of thing that it is."""
NAMED_KINDS = {**PATH_KINDS, "colormap": Kind.COLORMAP, "palette": Kind.PALETTE}
"""Types whose values name a thing that can be looked up by itself; a layer or a class needs its model."""
READ_TYPES = NUMERIC_TYPES | {"bool"}
"""What a param of these types is given on the command line is read like YAML; for all others it is text."""


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
            return (
                None
                if isinstance(value, bool)
                else f"param {self.name!r} wants true or false, received {as_written(value)}"
            )
        if self.type == "class" and value is None:
            return None  # the class that the model itself predicts
        if self.type == "palette" and isinstance(value, list) and all(isinstance(color, str) for color in value):
            return self._color_fault(lambda: canonical_palette(value))
        if not isinstance(value, str):
            wanted = "a name or a list of colours" if self.type == "palette" else f"text ({self.type})"
            return f"param {self.name!r} wants {wanted}, received {as_written(value)}"
        if self.type == "choice" and value not in self.choices:
            hint = did_you_mean(value, self.choices)
            return f"param {self.name!r}: {value!r} is not one of: {', '.join(self.choices)}{hint}"
        return self._color_fault(lambda: canonical_color(value)) if self.type == "colour" else None

    def _color_fault(self, read: Callable[[], object]) -> str | None:
        try:
            read()
        except ValueError as error:
            return f"param {self.name!r}: {error}"
        return None

    def _number_fault(self, value: Any) -> str | None:
        wanted = "a whole number" if self.type == "int" else "a number"
        if isinstance(value, bool) or not isinstance(value, int if self.type == "int" else int | float):
            return f"param {self.name!r} wants {wanted}, received {as_written(value)}"
        low, high = self.minimum, self.maximum
        if (low is not None and value < low) or (high is not None and value > high):
            shown = f"[{'-inf' if low is None else f'{low:g}'}, {'inf' if high is None else f'{high:g}'}]"
            return f"param {self.name!r}: {value!r} is outside {shown}"
        return None


@dataclass(frozen=True)
class Reference:
    """A name and its place: `$name` the value of another pipe, or a file's path."""

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
    """One swept param (or `seed`) and its values; `places` tells where each stands, for those that are listed."""

    name: str
    values: Sequence[Any]
    position: Position
    places: tuple[Position, ...] = ()

    def place_of(self, value: Any) -> Position | None:
        """Where a value stands, or None where it is not swept."""
        if value not in self.values:
            return None
        return self.places[self.values.index(value)] if self.places else self.position


@dataclass(frozen=True)
class SweepBlock:
    """Axes that are varied together: every combination (`grid`) or side by side (`zip`)."""

    axes: tuple[Axis, ...]
    mode: Literal["grid", "zip"]

    @property
    def num_variants(self) -> int:
        """How many variants it spreads out into."""
        counts = [len(axis.values) for axis in self.axes]
        return math.prod(counts) if self.mode == "grid" else min(counts, default=0)


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
class Target:
    """How large an output is and in which colours, on a screen or on paper.

    Attributes:
        long_edge: its longer edge in pixels; None keeps the size of the pipe's picture.
        print_size: the sheet that it is printed on; None where its size is in pixels.
        dpi: pixels in an inch, where that is said or follows from the sheet.
        ground: the colour of the sheet where the picture does not reach.
        icc: the file of the profile whose colours are written; None for sRGB.
    """

    long_edge: int | None = None
    print_size: PrintSize | None = None
    dpi: float | None = None
    ground: str = "#ffffff"
    icc: Reference | None = None

    @property
    def identity(self) -> dict[str, Any]:
        """All that the pixels depend on, plain; what is not said is left out."""
        said: dict[str, Any] = {"long_edge": self.long_edge}
        if self.dpi is not None:
            said["dpi"] = self.dpi
        if self.print_size is not None:
            said["sheet"] = [*astuple(self.print_size), self.ground]
        return said


@dataclass(frozen=True)
class Output:
    """One deliverable.

    Attributes:
        name: its key in the recipe.
        source: the pipe that it shows.
        per: whether it is made for every variant, once for a whole sweep, or once for the recipe.
        formats: what its files are.
        quality: from 1 to 100, how finely the formats that lose something are packed; None for each one's own.
        target: how large it is, and in which colours.
        moment: which share of the timeline a still shows.
        grid, cell: how a contact sheet is laid out, and the longer edge of its cells in pixels.
        labels: whether a contact sheet has captions.
        caption: what a caption says, a text with `{names}`; empty for the swept values.
        file_name: a text with `{names}` in place of the output's name and the swept values.
        texts: where caption and file name stand.
    """

    name: str
    source: Reference
    per: Per
    formats: tuple[Format, ...]
    quality: int | None
    target: Target
    moment: float
    grid: Grid
    cell: int
    labels: bool
    caption: str
    file_name: str
    texts: dict[str, Position]
    position: Position

    @property
    def is_sheet(self) -> bool:
        """Whether it lays all variants of the sweep out on one page."""
        return self.per == "sweep"


@dataclass(frozen=True)
class Recipe:
    """Everything one file says.

    Attributes:
        text: what is recorded with every work: the file's own text, or the whole of it where it extends another.
        ops: the Python files whose steps it uses.
        creator, rights, licence: what the works carry of their maker; empty where nothing is said.
    """

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
    ops: tuple[Reference, ...] = ()
    creator: str = ""
    rights: str = ""
    licence: str = ""

    @cached_property
    def path_params(self) -> frozenset[str]:
        """The params that name a file or a folder."""
        return frozenset(name for name, param in self.params.items() if param.type in PATH_KINDS)
