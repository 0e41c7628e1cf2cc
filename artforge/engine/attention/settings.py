"""Check the settings of a method before its first slow step, for callers that no recipe has checked."""

from __future__ import annotations

from numbers import Integral, Real

from artforge.core.errors import ChoiceError


def check_count(what: str, value: int, *, least: int = 1, most: int | None = None) -> None:
    """Raise unless `value` is a whole number from `least` to `most`, which may be open.

    Raises:
        ChoiceError: names the setting, what was received and what is allowed.
    """
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):
        allowed = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise ChoiceError(f"{what} must be a whole number {allowed}, received {value!r}")


def check_range(what: str, value: float, allowed: str) -> None:
    """Raise unless `value` is a number within an interval.

    Args:
        what: the setting's name.
        value: NaN lies in no interval.
        allowed: such as `(0, 1]`: a round bracket leaves its end out, a square one takes it in.

    Raises:
        ChoiceError: names the setting, what was received and what is allowed.
    """
    low, high = (float(end) for end in allowed[1:-1].split(","))
    inside = not isinstance(value, bool) and isinstance(value, Real) and low <= value <= high
    if not inside or (value == low and allowed[0] == "(") or (value == high and allowed[-1] == ")"):
        raise ChoiceError(f"{what} must be a number in {allowed}, received {value!r}")
