"""A call's settings at one moment: resolved from their bindings, fitted to their types, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from artforge.core.errors import did_you_mean
from artforge.core.steps import Setting, Step
from artforge.recipes.bindings import Scope
from artforge.recipes.checked import CheckedCall
from artforge.recipes.document import as_written

_LENGTH_FAULTS = {"missing", "too_short", "too_long"}


def resolve_settings(checked: CheckedCall, scope: Scope) -> dict[str, Any]:
    """Every setting of a call at one moment: what is written, else the step's default."""
    return {
        name: rounded(setting, checked.settings[name].resolve(scope)) if name in checked.settings else setting.default
        for name, setting in checked.step.settings.items()
    }


def rounded(setting: Setting, value: Any) -> Any:
    """A computed number that is whole, for a setting that takes whole numbers only."""
    whole = isinstance(value, float) and value.is_integer() and setting.numeric
    return int(value) if whole and not is_accepted(setting, value) else value


def is_accepted(setting: Setting, value: Any) -> bool:
    """Whether the setting's type takes `value` as it is."""
    if setting.adapter is None:
        return isinstance(value, str)
    try:
        setting.adapter.validate_python(value)
    except ValidationError:
        return False
    return True


def setting_fault(step: Step, setting: Setting, value: Any) -> str | None:
    """What is wrong with `value` for this setting, or None."""
    where = f"{step.name}.{setting.name}"
    if setting.adapter is None:
        return (
            None if isinstance(value, str) else f"{where} is the name of a {setting.kind}, received {as_written(value)}"
        )
    try:
        setting.adapter.validate_python(rounded(setting, value))
    except ValidationError as error:
        return f"{where}: {_worded(error, value)}"
    fault = _emptiness(setting, value)
    return fault and f"{where} asks for nothing: {fault}, received {as_written(value)}"


def _emptiness(setting: Setting, value: Any) -> str | None:
    """What an empty list or mapping lacks, or names of which each weighs 0; a mapping of fixed keys may be empty."""
    if setting.fields or not isinstance(value, list | dict) or value == setting.default:
        return None
    if not value:
        return "name at least one"
    weightless = isinstance(value, dict) and setting.kind is not None and not any(value.values())
    return "at least one weight must not be 0" if weightless else None


def _worded(error: ValidationError, value: Any) -> str:
    faults = error.errors(include_url=False)
    first = next((fault for fault in faults if fault["type"] == "literal_error"), faults[0])
    received = first.get("input", value)
    if first["type"] == "literal_error":
        expected = str(first["ctx"]["expected"])
        allowed = [word.strip(" '") for word in expected.replace(" or ", ",").split(",")]
        return f"{as_written(received)} is not one of: {', '.join(allowed)}{did_you_mean(str(received), allowed)}"
    bounds = {"greater_than_equal": "ge", "less_than_equal": "le", "greater_than": "gt", "less_than": "lt"}
    if first["type"] in bounds:
        return f"{as_written(received)} is out of range: it {first['msg'].removeprefix('Input ')}"
    if first["type"] in _LENGTH_FAULTS and isinstance(received, list | tuple):
        return f"a list of {_length_wanted(faults, received)} is wanted, received {as_written(received)}"
    message = first["msg"].removeprefix("Value error, ").replace("a valid tuple", "a list")
    told = f"{message[:1].lower()}{message[1:]}"
    return told if ", received " in told else f"{told}, received {as_written(received)}"


def _length_wanted(faults: Sequence[Any], received: Sequence[Any]) -> str:
    """How many entries a list must have."""
    first = faults[0]
    if first["type"] == "missing":  # a fault for each entry that a list of a fixed length lacks
        return str(len(received) + sum(fault["type"] == "missing" for fault in faults))
    bounds = first["ctx"]
    return f"at least {bounds['min_length']}" if first["type"] == "too_short" else f"at most {bounds['max_length']}"
