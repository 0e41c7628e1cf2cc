"""Numbers, names and settings as a person reads them on a label."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from artforge.core.provenance import Provenance

KIND_WORDS = {"film": "Film", "sheet": "Contact sheet", "still": "Print"}


def humanize(name: str) -> str:
    """`heatmap_sweep` -> `Heatmap sweep`."""
    words = " ".join(name.replace("_", " ").replace("-", " ").split())
    return words[:1].upper() + words[1:]


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


def count(num: int, noun: str) -> str:
    """`1 film`, `2 films`."""
    return f"{num} {noun}" if num == 1 else f"{num} {noun}s"


def seconds_of(record: Provenance) -> float | None:
    """How long a film runs; None for a picture."""
    return record.num_frames / record.fps if record.kind == "film" and record.fps else None
