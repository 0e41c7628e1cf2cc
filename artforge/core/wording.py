"""What is wrong with a setting's value, in words of YAML: pydantic checks it and speaks of Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from artforge.core.errors import did_you_mean

_WANTED = {
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "a mapping",
    "string_type": "a text",
    "tuple_type": "a list",
}
"""By the type of pydantic's fault."""
_PATTERNS = {r"^\d+$": "a whole number"}
_BOUNDS = {
    "greater_than": ("gt", "greater than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}
_LENGTHS = {"missing", "too_short", "too_long"}


def as_written(value: Any) -> str:
    """A value as it stands in YAML, for messages: `null`, `true`, `'a text'`, `[1, 2]`."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple):
        return f"[{', '.join(as_written(part) for part in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {as_written(part)}' for key, part in value.items())}}}"
    return repr(value)


def worded(error: ValidationError, value: Any) -> str:
    """What is wrong, in one sentence that ends with what was received.

    Args:
        error: of the setting's type.
        value: as it is written.
    """
    return worded_faults(error.errors(include_url=False), value)


def worded_faults(faults: Sequence[Any], value: Any) -> str:
    """The same of some of an error's faults: those of one setting among several."""
    choice = next((fault for fault in faults if fault["type"] == "literal_error"), None)
    if choice is not None:
        expected = str(choice["ctx"]["expected"])
        allowed = [word.strip(" '") for word in expected.replace(" or ", ",").split(",")]
        received = choice["input"]
        return f"{as_written(received)} is not one of: {', '.join(allowed)}{did_you_mean(str(received), allowed)}"
    # of a type that takes several forms, the one of which only a part is wrong is what was meant
    inside = [fault for fault in faults if fault["input"] is not value] or faults
    return _told(inside, inside[0]["input"])


def _told(faults: Sequence[Any], received: Any) -> str:
    first = faults[0]
    if first["type"] in _BOUNDS:
        key, relation = _BOUNDS[first["type"]]
        return f"{as_written(received)} is out of range: it must be {relation} {first['ctx'][key]:.15g}"
    if first["type"] in _LENGTHS and isinstance(received, list | tuple):
        return f"a list of {_length_wanted(faults, received)} is wanted, received {as_written(received)}"
    if first["type"] == "string_pattern_mismatch":
        pattern = first["ctx"]["pattern"]
        form = _PATTERNS.get(pattern, f"a text that matches {pattern}")
        return f"{form} is wanted, received {as_written(received)}"
    if first["type"] == "extra_forbidden":
        return f"it has no {str(first['loc'][-1])!r}"
    kinds = dict.fromkeys(_WANTED.get(fault["type"], "") for fault in faults if fault["input"] is received)
    if "a number" in kinds:
        kinds.pop("a whole number", None)
    if all(kinds):
        *others, last = kinds
        told = f"{', '.join(others)} or {last}" if others else last
        return f"{told} is wanted, received {as_written(received)}"
    message = first["msg"].removeprefix("Value error, ")  # by a type's own check, which speaks for itself
    told = f"{message[:1].lower()}{message[1:]}"
    return told if ", received " in told else f"{told}, received {as_written(received)}"


def _length_wanted(faults: Sequence[Any], received: Sequence[Any]) -> str:
    """How many entries a list must have."""
    first = faults[0]
    if first["type"] == "missing":  # a fault for each entry that a list of a fixed length lacks
        return str(len(received) + sum(fault["type"] == "missing" for fault in faults))
    bounds = first["ctx"]
    return f"at least {bounds['min_length']}" if first["type"] == "too_short" else f"at most {bounds['max_length']}"
