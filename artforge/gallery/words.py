"""Numbers, names and settings as a person reads them on a label."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from artforge.core.provenance import Provenance

KIND_WORDS = {"film": "Film", "sheet": "Contact sheet", "still": "Print"}
PRINT_DPI = 300
EMBEDDED = "embedded:"
"""How recipes name a picture of the built-in set, which is no file."""

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def humanize(name: str) -> str:
    """`heatmap_sweep` -> `Heatmap sweep`."""
    words = " ".join(name.replace("_", " ").replace("-", " ").split())
    return words[:1].upper() + words[1:]


def plain(name: str) -> str:
    """`hand_made` -> `hand made`: a name in the middle of a sentence."""
    return " ".join(name.replace("_", " ").split())


def embedded_words(name: str) -> str:
    """`embedded:hand_made/ink_brush/5` -> `hand made ink brush 5`."""
    return plain(name.removeprefix(EMBEDDED).replace("/", " "))


def format_value(value: Any) -> str:
    """A setting on one line: numbers to six digits, lists by commas, the rest as JSON."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, str):
        return value
    if isinstance(value, list) and not any(isinstance(item, (list, dict)) for item in value):
        return ", ".join(map(format_value, value))
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if isinstance(value, (list, dict)) else str(value)


def format_settings(settings: Mapping[str, Any]) -> str:
    """`intensity 0.25, layer conv3`."""
    return ", ".join(f"{name.replace('_', ' ')} {format_value(value)}" for name, value in settings.items())


def format_seconds(seconds: float) -> str:
    """`6 s`, `2.5 s`, `1 min 20 s`."""
    if seconds < 60:
        return f"{round(seconds, 1):g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def format_bytes(num_bytes: int) -> str:
    """`640 bytes`, `84 kB`, `1.2 MB`: powers of ten."""
    if num_bytes < 1000:
        return f"{num_bytes} bytes"
    if num_bytes < 999_500:
        return f"{num_bytes / 1000:.0f} kB"
    return f"{num_bytes / 1e6:.1f} MB"


def print_size(width: int, height: int) -> str:
    """`20.3 × 13.5 cm at 300 dpi`: how large so many pixels are on paper, at the resolution of a good print."""
    return f"{_centimetres(width)} × {_centimetres(height)} cm at {PRINT_DPI} dpi"


def _centimetres(pixels: int) -> str:
    return f"{pixels / PRINT_DPI * 2.54:.1f}"


def format_day(date: str) -> str:
    """`2026-11-27T00:11:54Z` -> `27 November 2026`."""
    year, month, day = date[:10].split("-")
    return f"{int(day)} {_MONTHS[int(month) - 1]} {year}"


def percent(share: float) -> str:
    """`0.934` -> `93%`; what is not quite none or all says so."""
    if 0 < share < 0.01:
        return "<1%"
    return ">99%" if 0.99 < share < 1 else f"{round(100 * share)}%"


def is_web_address(text: str) -> bool:
    """Whether a licence is told by its address, so that it can be gone to."""
    return re.fullmatch(r"https?://[^\s<>\"']+", text) is not None


def count(num: int, noun: str) -> str:
    """`1 film`, `2 films`."""
    return f"{num} {noun}" if num == 1 else f"{num} {noun}s"


def seconds_of(record: Provenance) -> float | None:
    """How long a film runs; None for a picture."""
    return record.num_frames / record.fps if record.kind == "film" and record.fps else None
