"""The registry: a step is a plain function, and its signature is the only declaration.

Positional arguments are what flows in, keyword-only arguments are what the artist sets, `rng` is chance, and the
return type is what flows out. Checking, help and the law tests all read it from here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import BeforeValidator, ConfigDict, TypeAdapter

from artforge.core.errors import check_choice, did_you_mean
from artforge.core.values import FLOWING_KINDS, ITEM_OF, Kind, Moments

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Input:
    """A value that flows into a step.

    Attributes:
        reach: for one that is wanted of several moments of a film: the setting that says how many frames before and
            as many behind are read.
    """

    name: str
    kind: Kind
    optional: bool
    reach: str | None = None

    @property
    def given(self) -> Kind:
        """What a recipe gives: of what is wanted at several moments, the one value."""
        return ITEM_OF[self.kind] if self.reach else self.kind


@dataclass(frozen=True)
class Setting:
    """What the artist sets: a name, a type and perhaps a default.

    Attributes:
        hint: the type, as the signature says it.
        kind: what a name given here stands for, alone or in a list or mapping.
        numeric: whether it takes a number, and so may move along the timeline.
        mapping: whether it takes a mapping.
        fields: the keys of that mapping, where they are fixed.
    """

    name: str
    kind: Kind | None
    hint: Any
    default: Any
    required: bool
    numeric: bool
    mapping: bool = False
    fields: tuple[str, ...] = ()

    @cached_property
    def adapter(self) -> TypeAdapter[Any] | None:
        """What checks a value against the type; made when it is asked for: a recipe uses a few of some hundred.

        None for a model, which arrives by name in the recipe and as a handle in the function.
        """
        if self.kind is Kind.MODEL:
            return None
        if isinstance(self.hint, type) and hasattr(self.hint, "model_validate"):
            return TypeAdapter(self.hint)  # a pydantic model carries its own config
        hint: Any = Annotated[self.hint, BeforeValidator(_tuples)] if _holds_tuple(self.hint) else self.hint
        return TypeAdapter(hint, config=ConfigDict(strict=True))


@dataclass(frozen=True)
class Rule:
    """What must hold between the settings of a step, where each by itself is one that its type takes.

    Attributes:
        check: called with what it names; raises one of our errors where they do not go together.
        names: settings of the step, which come as the step's function gets them, and inputs, which come as the number
            of pipes that flow in: 0 where one is left out.
    """

    check: Callable[..., None]
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """The function's own."""
        return str(getattr(self.check, "__name__", self.check))


@dataclass(frozen=True)
class Step:
    """One registered function, read from its signature.

    Attributes:
        rules: what must hold between its settings, beyond their types.
        source: SHA-256 of the file that it stands in, for a step of the artist's own; such a file is edited without
            a thought of versions, so it enters every key.
    """

    name: str
    version: int
    function: Callable[..., Any]
    inputs: tuple[Input, ...]
    settings: dict[str, Setting]
    output: Kind
    uses_rng: bool
    rules: tuple[Rule, ...] = ()
    source: str = ""

    @property
    def is_ours(self) -> bool:
        """Whether it comes with artforge."""
        return self.function.__module__.startswith("artforge.")


_STEPS: dict[str, Step] = {}
_COLLECTED: ContextVar[dict[str, Step] | None] = ContextVar("collected steps", default=None)


def step(name: str, *, version: int, rules: Sequence[Callable[..., None]] = ()) -> Callable[[Function], Function]:
    """Register a function as the recipe step `name`; the function itself is returned unchanged.

    A rule tells, before anything is computed, of settings that are each possible and impossible together:

        def rising(*, low: float, high: float) -> None:
            if low > high:
                raise ChoiceError(f"low must not lie above high, received {low:g} and {high:g}")

        @step("bands", version=1, rules=[rising])
        def bands(image: Image, *, low: float = 0.2, high: float = 0.8) -> Image:
            rising(low=low, high=high)  # for whoever calls the function from Python
            ...

    Args:
        name: by which recipes call it.
        version: bumped only when the step's pixels change: it enters every cache key and every provenance.
        rules: functions of some of its settings and inputs, by name, see `Rule`; `**inputs` stands for all inputs.
    """

    if not (isinstance(rules, list | tuple) and all(map(callable, rules))):
        raise TypeError(f"step {name!r}: rules is a list of functions, received {rules!r}")

    def register(function: Function) -> Function:
        collected = _COLLECTED.get()
        if collected is not None:
            collected[name] = _read_signature(name, version, function, rules)
            return function
        if name in _STEPS and _STEPS[name].function.__qualname__ != function.__qualname__:
            raise TypeError(f"two functions are registered as the step {name!r}")
        _STEPS[name] = _read_signature(name, version, function, rules)
        return function

    return register


@contextmanager
def collecting_steps() -> Iterator[dict[str, Step]]:
    """Steps that are registered inside the block go into the dictionary that it gives, and nowhere else."""
    collected: dict[str, Step] = {}
    token = _COLLECTED.set(collected)
    try:
        yield collected
    finally:
        _COLLECTED.reset(token)


def registered_steps() -> dict[str, Step]:
    """Every step imported so far, by name."""
    return dict(_STEPS)


def find_step(name: str) -> Step:
    """The step called `name`.

    Raises:
        ChoiceError: there is none; the nearest is named.
    """
    check_choice("step", name, sorted(_STEPS))
    return _STEPS[name]


def _read_signature(
    name: str, version: int, function: Callable[..., Any], rules: Sequence[Callable[..., None]]
) -> Step:
    hints = get_type_hints(function, include_extras=True)
    inputs: list[Input] = []
    settings: dict[str, Setting] = {}
    parameters = inspect.signature(function).parameters
    for parameter in parameters.values():
        if parameter.name == "rng":
            continue
        if parameter.name not in hints:
            raise TypeError(f"step {name!r}: {parameter.name} has no type; write it like {parameter.name}: Image")
        hint = hints[parameter.name]
        if parameter.kind is parameter.KEYWORD_ONLY:
            settings[parameter.name] = _setting(parameter, hint)
        else:
            kind = _kind_of(hint)
            if kind not in FLOWING_KINDS:
                told = f"step {name!r}: what flows in must be an array kind, {parameter.name} is {hint}"
                raise TypeError(f"{told}; settings stand behind a star: (image: Image, *, {parameter.name}: float)")
            inputs.append(Input(parameter.name, kind, parameter.default is not parameter.empty, _reach_of(hint)))
    output = _kind_of(hints.get("return"))
    if output not in FLOWING_KINDS:
        raise TypeError(f"step {name!r}: what flows out must be an array kind; write it like -> Image, or -> Drawing")
    read = tuple(_read_rule(name, rule, inputs, settings) for rule in rules)
    return Step(name, version, function, tuple(inputs), settings, output, uses_rng="rng" in parameters, rules=read)


def _read_rule(name: str, rule: Callable[..., None], inputs: Sequence[Input], settings: dict[str, Setting]) -> Rule:
    names: list[str] = []
    flowing = [wanted.name for wanted in inputs]
    # a model is opened when the step runs, and none is when a recipe is checked
    known = [*flowing, *(setting.name for setting in settings.values() if setting.kind is not Kind.MODEL)]
    for parameter in inspect.signature(rule).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            names += [each for each in flowing if each not in names]
        elif parameter.name in known and parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL):
            names.append(parameter.name)
        else:
            told = f"step {name!r}: a rule takes settings and inputs of its step by name, not {str(parameter)!r}"
            raise TypeError(f"{told}{did_you_mean(parameter.name, known)}")
    return Rule(rule, tuple(names))


def _setting(parameter: inspect.Parameter, hint: Any) -> Setting:
    required = parameter.default is parameter.empty
    return Setting(
        parameter.name,
        _kind_of(hint),
        hint,
        None if required else parameter.default,
        required,
        numeric=_is_numeric(hint),
        mapping=any(get_origin(member) is dict or hasattr(member, "model_fields") for member in _members(hint)),
        fields=tuple(field for member in _members(hint) for field in getattr(member, "model_fields", ())),
    )


def _members(hint: Any) -> tuple[Any, ...]:
    """The alternatives of a union, without None; a lone type is its own only member."""
    if get_origin(hint) in (Union, UnionType):
        return tuple(member for member in get_args(hint) if member is not NoneType)
    return (hint,)


def _kind_of(hint: Any) -> Kind | None:
    for member in _members(hint):
        if get_origin(member) is Annotated:
            for mark in get_args(member)[1:]:
                if isinstance(mark, Kind):
                    return mark
        if get_origin(member) in (list, dict):  # of names, or by name
            kind = _kind_of(get_args(member)[0])
            if kind is not None:
                return kind
        kind = getattr(member, "KIND", None)  # a class that is a kind by itself, such as the Model handle
        if isinstance(kind, Kind):
            return kind
    return None


def _reach_of(hint: Any) -> str | None:
    marks = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return next((mark.setting for mark in marks if isinstance(mark, Moments)), None)


def _holds_tuple(hint: Any) -> bool:
    return get_origin(hint) is tuple or any(_holds_tuple(part) for part in get_args(hint))


def _tuples(value: Any) -> Any:
    """Lists as tuples: YAML knows lists only, and strict checking takes no list for a tuple."""
    return tuple(_tuples(part) for part in value) if isinstance(value, list) else value


def _is_numeric(hint: Any) -> bool:
    plain = {get_args(member)[0] if get_origin(member) is Annotated else member for member in _members(hint)}
    return bool(plain & {int, float})
