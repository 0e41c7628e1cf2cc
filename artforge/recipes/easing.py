"""How a setting gets from one key to the next: easing curves on [0, 1] with f(0) = 0 and f(1) = 1.

The families are Robert Penner's (Programming Macromedia Flash MX, 2002, chapter 7); each is written once as its
"in" form, and "out" and "in_out" follow from it by reflection.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

Easing = Callable[[float], float]


def _expo(u: float) -> float:
    # shifted and scaled so that it starts at exactly 0, which 2**(10(u-1)) does not
    return (math.pow(2, 10 * (u - 1)) - 2**-10) / (1 - 2**-10)


_IN_FORMS: dict[str, Easing] = {
    "sine": lambda u: 1 - math.cos(u * math.pi / 2),
    "quad": lambda u: u**2,
    "cubic": lambda u: u**3,
    "quart": lambda u: u**4,
    "quint": lambda u: u**5,
    "expo": _expo,
    "circ": lambda u: 1 - math.sqrt(1 - u * u),
}


def _out(ease_in: Easing, u: float) -> float:
    return 1 - ease_in(1 - u)


def _in_out(ease_in: Easing, u: float) -> float:
    return ease_in(2 * u) / 2 if u < 0.5 else 1 - ease_in(2 - 2 * u) / 2


def _hold(u: float) -> float:
    return 1.0 if u >= 1 else 0.0


EASINGS: dict[str, Easing] = {
    "linear": lambda u: u,
    "hold": _hold,
    **{f"{name}_in": ease for name, ease in _IN_FORMS.items()},
    **{f"{name}_out": partial(_out, ease) for name, ease in _IN_FORMS.items()},
    **{f"{name}_in_out": partial(_in_out, ease) for name, ease in _IN_FORMS.items()},
}
"""Every easing by name: `linear`, `hold`, and seven families as `_in`, `_out` and `_in_out`."""
