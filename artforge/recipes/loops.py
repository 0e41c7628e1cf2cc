"""Loops that do not close: a setting whose value at the end of the film is not the one at its start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from artforge.core.problems import Problems
from artforge.core.steps import Setting
from artforge.core.values import ROUNDS
from artforge.recipes.bindings import Binding, Computed, Keyed, Listed, Mapped, Scope
from artforge.recipes.checked import CheckedCall
from artforge.recipes.expressions import ExpressionError

_ROUNDING = 1e-9
_OF_CHANCE = frozenset({"frame", "seed"})
"""Settings whose every number is as far from its neighbour as from any other: with them nothing can close."""


@dataclass(frozen=True)
class OpenLoop:
    """A setting that does not close.

    Attributes:
        first: its value at frame 0.
        last: the value that the film leads to, where frame 0 comes again.
    """

    first: float
    last: float


def warn_of_open_loops(checked: CheckedCall, scope: Scope, problems: Problems) -> None:
    """Warn of every setting of a call that jumps from the last frame of a loop to the first.

    Args:
        checked: the call.
        scope: of any variant.
        problems: where it is noted.
    """
    if scope.timeline is None or not scope.timeline.loop or scope.timeline.num_frames < 2:
        return
    for name, binding in checked.settings.items():
        if name in _OF_CHANCE:
            continue
        setting = checked.step.settings[name]
        with suppress(ExpressionError, ValueError, KeyError):  # told where values are tried
            gap = next(iter(_open_loops(binding, setting, scope)), None)
            if gap is not None:
                message = (
                    f"{checked.id.partition('#')[0]}.{name} does not close the loop: it leads to {gap.last:g} "
                    f"and starts again at {gap.first:g}, so the film jumps; write a wave such as "
                    f"=0.5-0.5*cos(tau*t), or keys that come back"
                )
                problems.warn(checked.position_of(name), message)


def _open_loops(binding: Binding, setting: Setting, scope: Scope) -> Iterator[OpenLoop]:
    match binding:
        case Listed(items=parts):
            for part in parts:
                yield from _open_loops(part, setting, scope)
        case Mapped(entries=entries):
            for _, part in entries:
                yield from _open_loops(part, setting, scope)
        case Computed() if binding.moves:
            yield from _gap(binding.resolve(scope), _where_it_leads(binding, scope), setting)
        case Keyed():
            keys = binding.keyframes(scope)
            if keys.shares[0] == 0 and keys.shares[-1] == 1:  # every other set of keys closes by itself
                yield from _gap(keys.values[0], keys.values[-1], setting)


def _where_it_leads(binding: Computed, scope: Scope) -> float:
    """The value at frame N of N, which is never drawn because frame 0 stands there."""
    frames = scope.numbers["frames"]
    return binding.expression.evaluate({**scope.numbers, "t": 1.0, "frame": frames})


def _gap(first: float, last: float, setting: Setting) -> Iterator[OpenLoop]:
    gap = abs(last - first)
    whole = ROUNDS.get(setting.kind) if setting.kind else None
    if whole is not None:
        gap = min(gap % whole, whole - gap % whole)
    if gap > _ROUNDING * max(1.0, abs(first), abs(last)):
        yield OpenLoop(first, last)
