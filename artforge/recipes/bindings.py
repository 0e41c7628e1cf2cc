"""How a setting gets its value: written down, from a param, computed, or moving along the timeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from artforge.core.errors import did_you_mean
from artforge.recipes.document import Tree
from artforge.recipes.easing import EASINGS
from artforge.recipes.expressions import TIME_NAMES, VARIANT_NAMES, Expression, ExpressionError, parse_expression
from artforge.recipes.problems import Position, Problems
from artforge.recipes.recipe import NUMERIC_TYPES, Param
from artforge.recipes.templates import fill_template, template_fault
from artforge.recipes.timeline import Keyframes, Timeline


@dataclass(frozen=True)
class Scope:
    """What a setting can read at one moment of one variant.

    Attributes:
        params: every param's value.
        index, count: which variant this is, and of how many.
        seed: the recipe's seed.
        timeline: the film, or None.
        frame: the frame's index.
    """

    params: Mapping[str, Any]
    index: int
    count: int
    seed: int
    timeline: Timeline | None = None
    frame: int = 0

    @property
    def share(self) -> float:
        """The share of the film at this frame."""
        return self.timeline.moment(self.frame) if self.timeline else 0.0

    @property
    def numbers(self) -> dict[str, float]:
        """The names that expressions may read."""
        numeric = {name: value for name, value in self.params.items() if _is_number(value)}
        moment = {"t": self.share, "frame": self.frame, "frames": self.timeline.num_frames} if self.timeline else {}
        return {**numeric, "i": self.index, "n": self.count, "seed": self.seed, **moment}

    @property
    def texts(self) -> dict[str, Any]:
        """The names that text templates may read."""
        return {**self.params, "i": self.index, "n": self.count, "seed": self.seed}


@dataclass(frozen=True)
class Constant:
    """A value as it is written."""

    value: Any

    moves = False

    def resolve(self, scope: Scope) -> Any:  # noqa: ARG002 - every binding resolves in a scope
        """The value itself."""
        return self.value


@dataclass(frozen=True)
class FromParam:
    """`$name`."""

    name: str

    moves = False

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

    def resolve(self, scope: Scope) -> float:
        """The number at this moment."""
        return self.expression.evaluate(scope.numbers)


@dataclass(frozen=True)
class Keyed:
    """`{keys: {0%: 0, 50%: $intensity}, ease: sine_in_out}`."""

    shares: tuple[float, ...]
    values: tuple[Binding, ...]
    ease: str

    moves = True

    def resolve(self, scope: Scope) -> float:
        """The number at this moment."""
        values = tuple(_as_number(value.resolve(scope)) for value in self.values)
        loop = scope.timeline is not None and scope.timeline.loop
        return Keyframes(self.shares, values, self.ease).value_at(scope.share, loop=loop)


@dataclass(frozen=True)
class Template:
    """A text with `{names}`."""

    text: str

    moves = False

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

    def resolve(self, scope: Scope) -> dict[str, Any]:
        """The values at this moment; a computed number that is whole is an integer."""
        resolved = {name: value.resolve(scope) for name, value in self.entries}
        return {
            name: int(value) if isinstance(value, float) and value.is_integer() else value
            for name, value in resolved.items()
        }


Binding = Constant | FromParam | Computed | Keyed | Template | Listed | Mapped


def sample_texts(params: Mapping[str, Param]) -> dict[str, Any]:
    """A value of the right type for every name that texts may read."""
    return {**{name: param.default for name, param in params.items()}, **dict.fromkeys(VARIANT_NAMES, 0)}


def bind(
    tree: Tree,
    params: Mapping[str, Param],
    timeline: Timeline | None,
    problems: Problems,
    *,
    mapping: bool = False,
) -> Binding | None:
    """Read one setting; faults go to `problems`. A mapping moves along the timeline, unless the setting takes one.

    Returns:
        The binding, or None where it cannot be read.
    """
    value = tree.value
    if isinstance(value, str) and value.startswith("$"):
        return _from_param(tree, value[1:], params, problems)
    if isinstance(value, str) and value.startswith("="):
        return _computed(tree, value[1:], params, timeline, problems)
    if isinstance(value, str) and "{" in value:
        return _template(tree, value, params, problems)
    if isinstance(value, list):
        items = [bind(item, params, timeline, problems) for item in value]
        return Listed(tuple(item for item in items if item is not None)) if None not in items else None
    if isinstance(value, dict) and mapping and not {"keys", "ease"} & value.keys():
        entries = [(name, bind(entry, params, timeline, problems)) for name, entry in value.items()]
        sound = tuple((name, entry) for name, entry in entries if entry is not None)
        return Mapped(sound) if len(sound) == len(entries) else None
    if isinstance(value, dict):
        return _keyed(tree, params, timeline, problems)
    return Constant(value)


def _from_param(tree: Tree, name: str, params: Mapping[str, Param], problems: Problems) -> Binding | None:
    if name in params:
        return FromParam(name)
    problems.add(tree.position, f"unknown param '${name}'{did_you_mean(name, list(params))}")
    return None


def _computed(
    tree: Tree, text: str, params: Mapping[str, Param], timeline: Timeline | None, problems: Problems
) -> Binding | None:
    numeric = {name for name, param in params.items() if param.type in NUMERIC_TYPES}
    allowed = frozenset(numeric | set(VARIANT_NAMES) | (set(TIME_NAMES) if timeline else set()))
    try:
        return Computed(parse_expression(text, allowed))
    except ExpressionError as error:
        hint = "" if timeline or not any(f"{name!r}" in str(error) for name in TIME_NAMES) else " (it needs a timeline)"
        problems.add(tree.position.shifted(1 + tree.quoted + error.column, error.length), f"{error}{hint}")
        return None


def _template(tree: Tree, text: str, params: Mapping[str, Param], problems: Problems) -> Binding | None:
    fault = template_fault(text, sample_texts(params))
    if fault is None:
        return Template(text)
    problems.add(tree.position, fault)
    return None


def _keyed(tree: Tree, params: Mapping[str, Param], timeline: Timeline | None, problems: Problems) -> Binding | None:
    before = len(problems.found)
    for key, place in tree.key_positions.items():
        if key not in ("keys", "ease"):
            message = f"a moving setting has keys and ease, not {key!r}{did_you_mean(key, ('keys', 'ease'))}"
            problems.add(place, message)
    if timeline is None:
        problems.add(tree.position, "a setting with keys moves along the timeline, but the recipe has none")
        return None
    ease = tree.mapping.get("ease")
    if ease is not None and str(ease.plain()) not in EASINGS:
        problems.add(ease.position, f"unknown ease {ease.plain()!r}{did_you_mean(str(ease.plain()), list(EASINGS))}")
    keys = tree.mapping.get("keys")
    if keys is None or not keys.mapping:
        problems.add(tree.position, "a moving setting needs keys, such as {keys: {0%: 0, 50%: 1}}")
        return None
    moments = {
        moment: (_share(moment, keys.key_positions[moment], timeline, problems), _key_value(entry, params, problems))
        for moment, entry in keys.mapping.items()
    }
    if len(problems.found) > before:
        return None
    sound = [(share, value) for share, value in moments.values() if share is not None and value is not None]
    sound.sort(key=lambda key: key[0])
    shares = tuple(share for share, _ in sound)
    if len(set(shares)) < len(shares):
        problems.add(keys.position, "two keys stand at the same moment")
        return None
    return Keyed(shares, tuple(value for _, value in sound), str(ease.value) if ease else "linear")


def _share(moment: str, place: Position, timeline: Timeline, problems: Problems) -> float | None:
    try:
        share = timeline.share(moment)
    except ValueError as error:
        problems.add(place, str(error))
        return None
    if not 0 <= share <= 1:
        problems.add(place, f"{moment} lies outside the timeline ({timeline.duration:g}s)")
    return share


def _key_value(entry: Tree, params: Mapping[str, Param], problems: Problems) -> Binding | None:
    if isinstance(entry.value, str) and entry.value.startswith("="):
        problems.add(entry.position, "a key's value cannot be computed: write a number or a numeric param")
        return None
    value = bind(entry, params, None, problems) if not isinstance(entry.value, dict | list) else None
    if value is None or (isinstance(value, Constant) and not _is_number(value.value)):
        problems.add(entry.position, f"a key's value is a number or a numeric param, received {entry.plain()!r}")
        return None
    if isinstance(value, FromParam) and params[value.name].type not in NUMERIC_TYPES:
        problems.add(entry.position, f"${value.name} is {params[value.name].type}, a key's value must be a number")
        return None
    return value


def _as_number(value: Any) -> float:
    return float(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
