"""Why a render would compute a thing again: hit or miss for every node, and which part of its key changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from artforge.recipes.cache import Cache
from artforge.recipes.keys import KeyMemory, Place, key_parts, places_of, stored_key
from artforge.recipes.render import Renderer


@dataclass(frozen=True)
class PartChange:
    """A part of a key that is another one now; None where there is or was none."""

    part: str
    before: Any
    now: Any


@dataclass(frozen=True)
class Verdict:
    """What is known of one node.

    Attributes:
        place: the node and where it stands.
        state: `hit` it lies in the store; `changed` its key is another one than last time; `unkept` the same key, but
            not in the store, because it was quick to make or has been dropped; `new` it was never rendered.
        changes: what changed.
    """

    place: Place
    state: Literal["hit", "changed", "unkept", "new"]
    changes: tuple[PartChange, ...] = ()


def explain(renderer: Renderer) -> Iterator[Verdict]:
    """A verdict for every node, sources first; nothing is computed. A damaged entry is no hit, and dropped."""
    known = KeyMemory.beside(renderer.store.folder).recall(renderer.planner)
    for place in places_of(renderer.planner, renderer.artifacts):
        yield _verdict(place, renderer.store, known)


def _verdict(place: Place, store: Cache, known: dict[str, dict[str, Any]]) -> Verdict:
    if store.load_value(stored_key(place.node)) is not None:
        return Verdict(place, "hit")
    told = (_changes(before, key_parts(place.node)) for before in _before(place, known))
    fewest = min(told, key=len, default=None)
    if fewest is None:
        return Verdict(place, "new")
    return Verdict(place, "changed" if fewest else "unkept", fewest)


def _before(place: Place, known: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """What the node was made of last time; in every variant where its own is a new one."""
    if place.name in known:
        return [known[place.name]]
    return [parts for name, parts in known.items() if name.startswith(f"{place.id} {{")]


def _changes(before: dict[str, Any], now: dict[str, Any]) -> tuple[PartChange, ...]:
    parts = dict.fromkeys([*now, *before])
    return tuple(
        PartChange(part, before.get(part), now.get(part)) for part in parts if before.get(part) != now.get(part)
    )
