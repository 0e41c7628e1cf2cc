"""A call's settings at one moment: resolved from their bindings, fitted to their types, and what is wrong with them."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from artforge.core.errors import did_you_mean
from artforge.core.steps import Setting, Step
from artforge.recipes.bindings import Scope
from artforge.recipes.checked import CheckedCall


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
        return None if isinstance(value, str) else f"{where} is the name of a {setting.kind}, received {value!r}"
    try:
        setting.adapter.validate_python(rounded(setting, value))
    except ValidationError as error:
        return f"{where}: {_worded(error, value)}"
    return None


def _worded(error: ValidationError, value: Any) -> str:
    faults = error.errors(include_url=False)
    first = next((fault for fault in faults if fault["type"] == "literal_error"), faults[0])
    received = first.get("input", value)
    if first["type"] == "literal_error":
        expected = str(first["ctx"]["expected"])
        allowed = [word.strip(" '") for word in expected.replace(" or ", ",").split(",")]
        return f"{received!r} is not one of: {', '.join(allowed)}{did_you_mean(str(received), allowed)}"
    bounds = {"greater_than_equal": "ge", "less_than_equal": "le", "greater_than": "gt", "less_than": "lt"}
    if first["type"] in bounds:
        return f"{received!r} is out of range: it {first['msg'].removeprefix('Input ')}"
    message = first["msg"].removeprefix("Value error, ")
    return f"{message[:1].lower()}{message[1:]}, received {received!r}"
