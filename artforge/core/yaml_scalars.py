"""What a word without quotes means in YAML: the core schema of version 1.2, nothing more.

`1e-2` is a number, `0o17` is fifteen and `010` ten; `yes`, `off`, `16:9`, `1_000` and `2026-01-31` are texts.

Source: YAML 1.2.2, section 10.3.2, https://yaml.org/spec/1.2.2/#1032-tag-resolution
"""

from __future__ import annotations

import math
import re
import sys

Scalar = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((sign + word for sign in ("", "+") for word in (".inf", ".Inf", ".INF")), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_PREFIXED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_MOST_DIGITS = 1000
"""Far more than the largest float has; Python itself reads no more than 4,300."""


def read_plain(text: str) -> Scalar:
    """The value of a word without quotes.

    Raises:
        ValueError: a whole number that no float holds.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _DECIMAL.fullmatch(text):
        return _whole(text, 10)
    if _PREFIXED.fullmatch(text):
        return _whole(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else text


def _whole(text: str, base: int) -> int:
    value = int(text, base) if len(text) <= _MOST_DIGITS else None
    if value is None or abs(value) > sys.float_info.max:
        raise ValueError(f"a number of {len(text.lstrip('-+'))} digits is too large to reckon with")
    return value
