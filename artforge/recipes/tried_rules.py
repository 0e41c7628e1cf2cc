"""What must hold between the settings of a step, tried in every variant and along the timeline.

A rule is a step's own, see `Rule`: it is asked once each setting by itself is one that the step takes.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from artforge.core.errors import ArtforgeError
from artforge.core.steps import Rule, Setting, Step
from artforge.recipes.checked import CheckedCall
from artforge.recipes.settings import rounded
from artforge.recipes.tried_values import ValueTrial
from artforge.recipes.user_steps import told_failure


def try_rules(trial: ValueTrial, checked: CheckedCall, sound: Collection[str]) -> None:
    """Every rule of a call's step; the first moment at which one does not hold is a fault.

    Args:
        trial: of the recipe's values.
        checked: the call.
        sound: those of its settings that are accepted at every moment.
    """
    step = checked.step
    known = {*step.settings, *(wanted.name for wanted in step.inputs)}
    if not checked.call.settings.keys() <= known:
        return  # a name that is told as unknown may stand for the one that a rule would miss
    for rule in step.rules:
        if all(_is_known(checked, name, sound) for name in rule.names):
            _try(trial, checked, rule)


def rule_fault(step: Step, rule: Rule, values: dict[str, Any]) -> str | None:
    """What does not hold between some settings, or None.

    Args:
        step: whose rule it is.
        rule: the rule.
        values: all that it names.
    """
    try:
        answer: object = rule.check(**values)  # type: ignore[func-returns-value]  # one of the artist's own may
    except ArtforgeError as error:
        return str(error)
    except (Exception, SystemExit):
        if step.is_ours:
            raise
        return told_failure(f"its rule {rule.name} broke off")  # the artist's own code
    if answer is None:
        return None
    return f"its rule {rule.name} gives {answer!r} back: where settings do not go together, it raises ChoiceError"


def _is_known(checked: CheckedCall, name: str, sound: Collection[str]) -> bool:
    """Whether what a rule names has a value; what was written wrongly, or is missing, is told of already."""
    setting = checked.step.settings.get(name)
    if name in checked.call.settings:
        return name in sound if setting else name in checked.wiring
    return setting is None or not setting.required


def _try(trial: ValueTrial, checked: CheckedCall, rule: Rule) -> None:
    step, bindings = checked.step, {name: checked.settings[name] for name in rule.names if name in checked.settings}
    unbound = {name: _unwritten(step, name) for name in rule.names}
    unbound |= {name: _num_pipes(checked, name) for name in rule.names if name in checked.wiring}
    tried: set[str] = set()
    for scope in trial.moments(*bindings.values()):
        written = {name: binding.resolve(scope) for name, binding in bindings.items()}
        if repr(written) in tried:
            continue
        tried.add(repr(written))
        values = unbound | {name: _as_taken(step.settings[name], value) for name, value in written.items()}
        fault = rule_fault(step, rule, values)
        if fault is not None:
            blamed = _to_blame(checked, rule, values)
            place, origin = trial.origin(checked, blamed, scope) if blamed else (checked.call.position, "")
            moment = f" (at frame {scope.frame})" if any(binding.moves for binding in bindings.values()) else ""
            trial.problems.add(place, f"{step.name}: {fault}{origin}{moment}")
            return


def _as_taken(setting: Setting, value: Any) -> Any:
    """A written value as the step's function gets it."""
    return value if setting.adapter is None else setting.adapter.validate_python(rounded(setting, value))


def _num_pipes(checked: CheckedCall, name: str) -> int:
    """How many pipes flow into an input that is given."""
    source = checked.wiring[name]
    return len(source) if isinstance(source, tuple) else 1


def _to_blame(checked: CheckedCall, rule: Rule, values: dict[str, Any]) -> str | None:
    """Of what is written, the last without which the rule holds, or else the last that cannot be left out.

    What varies comes before what is the same in every variant and at every moment.
    """
    written = [name for name in rule.names if name in checked.call.settings]
    written.sort(key=lambda name: (_varies(checked, name), checked.position_of(name)), reverse=True)
    left_out = {name: values | {name: _unwritten(checked.step, name)} for name in written}
    free = [name for name in written if _can_be_left_out(checked.step, name)]
    mending = (name for name in free if rule_fault(checked.step, rule, left_out[name]) is None)
    return next(mending, None) or next((name for name in written if name not in free), None)


def _varies(checked: CheckedCall, name: str) -> bool:
    binding = checked.settings.get(name)
    return binding is not None and (binding.moves or bool(binding.reads))


def _unwritten(step: Step, name: str) -> Any:
    """What a rule gets where a setting or an input is not written."""
    return step.settings[name].default if name in step.settings else 0


def _can_be_left_out(step: Step, name: str) -> bool:
    if name in step.settings:
        return not step.settings[name].required
    return next(wanted.optional for wanted in step.inputs if wanted.name == name)
