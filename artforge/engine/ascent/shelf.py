"""What was made for a network and is asked for again and again, as for the frames of a film: held as memory allows."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar
from weakref import WeakKeyDictionary

from artforge.engine.models.handle import Model

MEMORY_BYTES = 1_000_000_000
"""How much everything on a shelf may take."""

Thing = TypeVar("Thing")


@dataclass(frozen=True, eq=False)
class _Held:
    thing: object
    num_bytes: int
    used: int


@dataclass(eq=False)
class Shelf:
    """Things by network and name; those that were asked for longest ago make place, and all go with their network.

    What is put here must not hold the network itself, or neither would ever go.

    Attributes:
        most_bytes: what all of them may take; the one that was asked for last stays, whatever it takes.
    """

    most_bytes: int = MEMORY_BYTES
    _held: WeakKeyDictionary[Model, dict[str, _Held]] = field(default_factory=WeakKeyDictionary)
    _uses: count[int] = field(default_factory=count)

    def find(self, model: Model, name: str, kind: type[Thing]) -> Thing | None:
        """The thing of that name, or None where there is none."""
        held = self._held.get(model, {}).get(name)
        if held is None or not isinstance(held.thing, kind):
            return None
        self.put(model, name, held.thing, held.num_bytes)
        return held.thing

    def put(self, model: Model, name: str, thing: object, num_bytes: int) -> None:
        """Hold a thing, in place of what had its name."""
        self._held.setdefault(model, {})[name] = _Held(thing, num_bytes, next(self._uses))
        by_use = sorted(
            (held.used, held.num_bytes, own, key) for own in self._held.values() for key, held in own.items()
        )
        total = sum(num_bytes for _, num_bytes, _, _ in by_use)
        for _, freed, own, key in by_use[:-1]:
            if total <= self.most_bytes:
                break
            del own[key]
            total -= freed


SHELF = Shelf()
"""Shared by all films."""


def told_of(model: Model, name: str) -> set[str]:
    """What has been noticed of a film, to which more is added."""
    told: set[str] = SHELF.find(model, f"told {name}", set) or set()
    SHELF.put(model, f"told {name}", told, 0)
    return told
