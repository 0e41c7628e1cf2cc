"""What is built for a model once and used again: as long as its handle lives, and no more than the last few."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from artforge.engine.models.handle import Model

Built = TypeVar("Built")


class Kept(Generic[Built]):
    """Things built for models, each under a key.

    Args:
        most: how many are kept for one model; one more, and the one that was not used for longest is let go.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._by_model: WeakKeyDictionary[Model, OrderedDict[Hashable, Built]] = WeakKeyDictionary()

    def get(self, model: Model, key: Hashable, build: Callable[[], Built]) -> Built:
        """What is kept for the model under this key; built where there is nothing yet."""
        kept = self._by_model.setdefault(model, OrderedDict())
        if key not in kept:
            kept[key] = build()
            if len(kept) > self._most:
                kept.popitem(last=False)
        kept.move_to_end(key)
        return kept[key]
