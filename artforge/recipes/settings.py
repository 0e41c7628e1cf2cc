"""A call's settings at one moment: resolved from their bindings, fitted to their types, and what is wrong with them."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from artforge.core.steps import Setting, Step
from artforge.core.wording import as_written, worded
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
        return (
            None if isinstance(value, str) else f"{where} is the name of a {setting.kind}, received {as_written(value)}"
        )
    try:
        setting.adapter.validate_python(rounded(setting, value))
    except ValidationError as error:
        return f"{where}: {worded(error, value)}"
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
