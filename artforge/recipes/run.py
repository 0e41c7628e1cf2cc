"""Running nodes: each once, from memory or the store where it is known, checked once where it is made."""

from __future__ import annotations

import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ArtforgeError, StepError
from artforge.core.values import Kind, array_fault
from artforge.core.work import Work, working
from artforge.recipes.cache import Cache
from artforge.recipes.mapping import run_step
from artforge.recipes.plan import Node
from artforge.recipes.problems import at
from artforge.recipes.provenance import package_versions

MEMORY_BYTES = 1_000_000_000
"""How much the results that are still at hand may take."""

_READ_BYTES_PER_SECOND = 400e6
_READ_SECONDS = 0.02
"""Reading back and checking an entry of the store costs about this; what is computed faster is not kept there."""


@dataclass
class Runner:
    """Computes the values of nodes.

    Attributes:
        source: the recipe's path, for messages.
        store: the cache on disk.
        num_computed: how many nodes were really computed, not remembered.
        advanced: told the name of a step that takes long, the share of it that is done, and how it stands.
        noticed: told what the person should know of a result, with its place in the recipe.
    """

    source: str
    store: Cache
    num_computed: int = 0
    advanced: Callable[[str, float, str], None] = lambda *_: None
    noticed: Callable[[str], None] = lambda *_: None
    _memory: OrderedDict[str, NDArray[np.float32]] = field(default_factory=OrderedDict)
    _held_bytes: int = 0
    _models: dict[str, Any] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    def value(self, node: Node) -> NDArray[np.float32]:
        """The node's value; read-only, since others may share it.

        Raises:
            StepError: a step failed; the message starts with its place in the recipe.
        """
        held = self._memory.get(node.key)
        if held is not None:
            self._memory.move_to_end(node.key)
            return held
        stored = self.store.load_array(self._stored_key(node))
        value = self._compute(node) if stored is None else stored
        value.setflags(write=False)
        self._hold(node.key, value)
        return value

    def _compute(self, node: Node) -> NDArray[np.float32]:
        inputs = {name: self.value(source) for name, source in node.inputs.items()}
        settings = {name: self._loaded(node, name, value) for name, value in node.settings.items()}
        started = time.perf_counter()
        state_file = self.store.state_file(self._stored_key(node))
        work = Work(
            state_file,
            advanced=lambda share, told: self.advanced(node.step.name, share, told),
            noticed=lambda message: self._notice(self._placed(node, message, "warning")),
        )
        try:
            with working(work):
                value = run_step(node, inputs, settings)
        except ArtforgeError as error:
            raise StepError(self._placed(node, str(error))) from error
        except MemoryError as error:
            raise StepError(
                self._placed(node, "out of memory: make the work smaller, or render a --preview")
            ) from error
        seconds = time.perf_counter() - started
        fault = array_fault(value, node.checked.output)
        if fault is not None:
            raise StepError(self._placed(node, f"gave a wrong result: {fault}"))
        self.num_computed += 1
        with suppress(OSError):  # a store that cannot be written to holds no state either
            state_file.unlink(missing_ok=True)
        if seconds > _READ_SECONDS + value.nbytes / _READ_BYTES_PER_SECOND:
            self.store.store_array(self._stored_key(node), value)
        return np.asarray(value)

    def _notice(self, message: str) -> None:
        """Tell it once, however many frames and variants it holds for."""
        if message not in self._told:
            self._told.add(message)
            self.noticed(message)

    def _stored_key(self, node: Node) -> str:
        """The node's key, in this environment: another version of a library may give other pixels."""
        return hashlib.sha256(f"{node.key} {json.dumps(package_versions(), sort_keys=True)}".encode()).hexdigest()

    def _loaded(self, node: Node, name: str, value: Any) -> Any:
        if node.step.settings[name].kind is not Kind.MODEL:
            return value
        if value not in self._models:
            from artforge.engine.models.store import load_model  # noqa: PLC0415 - only where a model must be opened

            try:
                self._models[value] = load_model(Path(value))
            except ArtforgeError as error:
                raise StepError(self._placed(node, str(error))) from error
        return self._models[value]

    def _placed(self, node: Node, message: str, severity: str = "error") -> str:
        return at(self.source, node.checked.call.position, f"{node.step.name}: {message}", severity)

    def _hold(self, key: str, value: NDArray[np.float32]) -> None:
        self._memory[key] = value
        self._held_bytes += value.nbytes
        while self._held_bytes > MEMORY_BYTES and len(self._memory) > 1:
            _, dropped = self._memory.popitem(last=False)
            self._held_bytes -= dropped.nbytes
