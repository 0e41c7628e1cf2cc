"""What the foot of a contact sheet tells: the network, the picture, the seed, and what varies from cell to cell."""

from __future__ import annotations

from typing import Any

from artforge.core.provenance import Provenance
from artforge.ops.embedded import PREFIX

_MOST_NAMED = 3


def legend_of(record: Provenance) -> list[tuple[str, str]]:
    """(name, value) of what a sheet's cells have in common, and of the values between which they differ.

    Args:
        record: of the sheet.
    """
    axes = {name: _distinct([each[name] for each in record.sweep if name in each]) for name in _names(record)}
    models = _distinct([each.name for each in record.ingredients if each.role == "model"])
    pictures = _distinct([each.name for each in record.ingredients if each.role == "picture"] + _embedded(record))
    common = {
        "model": _told(models) if models else "",
        "picture": pictures[0] if len(pictures) == 1 else "",
        "seed": str(record.seed),
    }
    shared = [(name, value) for name, value in common.items() if value and name not in axes]
    return [*shared, *((name, _told(values)) for name, values in axes.items())]


def _names(record: Provenance) -> list[str]:
    return list(dict.fromkeys(name for each in record.sweep for name in each))


def _embedded(record: Provenance) -> list[str]:
    """The pictures of the embedded set that are read, unless a swept param decides which."""
    swept = {str(value) for each in record.sweep for value in each.values()}
    paths = [str(each.settings.get("path", "")) for each in record.branch]
    return [path.removeprefix(PREFIX) for path in paths if path.startswith(PREFIX) and path not in swept]


def _told(values: list[Any]) -> str:
    """A few values as they are, of numbers the lowest and the highest, of others how many there are."""
    if len(values) <= _MOST_NAMED:
        return ", ".join(map(_plain, values))
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return f"{_plain(min(values))} to {_plain(max(values))} in {len(values)} steps"
    return f"{len(values)} values"


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _distinct(values: list[Any]) -> list[Any]:
    return [value for index, value in enumerate(values) if value not in values[:index]]
