"""How a setting gets from one key to the next: easing curves on [0, 1] with f(0) = 0 and f(1) = 1.

`back` and `elastic` swing beyond the two keys; all others stay between them.

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


_OVERSHOOT = 1.70158
"""Penner's: `back` swings out by a tenth of the way."""
_PERIOD = 0.3
"""Of `elastic`, as a share of the way."""


def _back(u: float) -> float:
    return u * u * ((_OVERSHOOT + 1) * u - _OVERSHOOT)


def _elastic(u: float) -> float:
    if u in (0, 1):
        return u
    return -math.pow(2, 10 * (u - 1)) * math.sin((u - 1 - _PERIOD / 4) * math.tau / _PERIOD)


def _bounce(u: float) -> float:
    fallen = 1 - u  # it falls and springs up again, each time lower; "in" is that seen backwards
    for start, middle, floor in ((0, 0, 0), (1, 1.5, 0.75), (2, 2.25, 0.9375), (2.5, 2.625, 0.984375)):
        end = 2 * middle - start if middle else 1
        if fallen * 2.75 <= end:
            return 1 - (7.5625 * (fallen - middle / 2.75) ** 2 + floor)
    return 0.0


_IN_FORMS: dict[str, Easing] = {
    "sine": lambda u: 1 - math.cos(u * math.pi / 2),
    "quad": lambda u: u**2,
    "cubic": lambda u: u**3,
    "quart": lambda u: u**4,
    "quint": lambda u: u**5,
    "expo": _expo,
    "circ": lambda u: 1 - math.sqrt(1 - u * u),
    "back": _back,
    "elastic": _elastic,
    "bounce": _bounce,
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
    "smoothstep": lambda u: u * u * (3 - 2 * u),
    **{f"{name}_in": ease for name, ease in _IN_FORMS.items()},
    **{f"{name}_out": partial(_out, ease) for name, ease in _IN_FORMS.items()},
    **{f"{name}_in_out": partial(_in_out, ease) for name, ease in _IN_FORMS.items()},
}
"""Every easing by name: `linear`, `hold`, `smoothstep`, and ten families as `_in`, `_out` and `_in_out`."""
