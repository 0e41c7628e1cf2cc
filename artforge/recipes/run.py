"""Running nodes: each once, from memory or the store where it is known, checked once where it is made."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from artforge.core.drawings import Drawing, Value, value_fault
from artforge.core.errors import ArtforgeError, StepError
from artforge.core.problems import at
from artforge.core.values import Kind
from artforge.core.work import Work, working
from artforge.recipes.cache import Cache
from artforge.recipes.keys import stored_key
from artforge.recipes.mapping import run_step
from artforge.recipes.nodes import Node
from artforge.recipes.user_steps import told_failure

MEMORY_BYTES = 1_000_000_000
"""How much the results that are still at hand may take."""

_READ_BYTES_PER_SECOND = 100e6
_READ_SECONDS = 0.02
"""Writing an entry of the store, reading it back and checking it costs about this; what is computed faster is not kept
there. The frames of a film, blended one by one, would take twice as long to keep as to draw."""


def _tell_nobody(*_: object) -> None:
    pass


@dataclass
class Runner:
    """Computes the values of nodes; several threads may ask at once, and each node is still computed only once.

    Attributes:
        source: the recipe's path, for messages.
        store: the cache on disk.
        models: the open models by path; several runners may share them.
        num_computed: how many nodes were really computed, not remembered.
        awaited: called before what is not at hand is looked for in the store, with its key: whoever makes it elsewhere
            holds the call until it is there, and says whether that was so.
        advanced: told the name of a step that takes long, the share of it that is done, and how it stands.
        noticed: told what the person should know of a result, with its place in the recipe.
        remarked: told what is good to know of a result and needs no mending, once it is computed.
        computed: told of each node that was computed and how many seconds its step took; 0 if it was in the store.
        scale: how large everything is beside the finished work, see `Work`.
        halted: once it is set, steps that tell how far they are end there, with KeyboardInterrupt.
    """

    source: str
    store: Cache
    models: dict[str, Any] = field(default_factory=dict)
    num_computed: int = 0
    awaited: Callable[[str], bool] = lambda _: False
    advanced: Callable[[str, float, str], None] = _tell_nobody
    noticed: Callable[[str], None] = _tell_nobody
    remarked: Callable[[str], None] = _tell_nobody
    computed: Callable[[Node, float], None] = _tell_nobody
    scale: float = 1.0
    halted: threading.Event = field(default_factory=threading.Event)
    _memory: OrderedDict[str, Value] = field(default_factory=OrderedDict)
    _held_bytes: int = 0
    _told: set[str] = field(default_factory=set)
    _running: dict[str, Future[Value]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _one_by_one: threading.RLock = field(default_factory=threading.RLock)

    def value(self, node: Node) -> Value:
        """The node's value; read-only, since others may share it.

        Raises:
            StepError: a step failed; the message starts with its place in the recipe.
        """
        with self._lock:
            held = self._memory.get(node.key)
            if held is not None:
                self._memory.move_to_end(node.key)
                return held
            running = self._running.get(node.key)
            if running is None:
                mine = self._running[node.key] = Future()
        if running is not None:  # another thread is at it, and does not wait for this one: what flows has no cycles
            return running.result()
        try:
            value = self._known_or_computed(node)
        except BaseException as error:
            with self._lock:
                del self._running[node.key]
            mine.set_exception(error)
            raise
        with self._lock:
            self._hold(node.key, value)
            del self._running[node.key]
        mine.set_result(value)
        return value

    def successor(self) -> Runner:
        """A runner for another render that has what this one remembers."""
        held, num_bytes = self._memory, self._held_bytes
        return Runner(self.source, self.store, self.models, scale=self.scale, _memory=held, _held_bytes=num_bytes)

    def forget(self) -> None:
        """Drop every value that is at hand: what comes next needs the room. What is asked for again is made again."""
        with self._lock:
            self._memory.clear()
            self._held_bytes = 0

    def is_known(self, node: Node) -> bool:
        """Whether the value lies in the store, so that another process finds it there."""
        return self.store.has_value(stored_key(node))

    def _known_or_computed(self, node: Node) -> Value:
        self.awaited(node.key)
        value = self.store.load_value(stored_key(node))
        if value is None:
            value = self._compute(node)
        else:
            self.computed(node, 0.0)
        if isinstance(value, Drawing):
            value.freeze()
        else:
            value.setflags(write=False)
        return value

    def _compute(self, node: Node) -> Value:
        inputs = {name: self.value(source) for name, source in node.inputs.items()}
        settings = {name: self._loaded(node, name, value) for name, value in node.settings.items()}
        state_file = self.store.state_file(stored_key(node))
        work = Work(
            state_file,
            advanced=lambda share, told: self._advance(node.step.name, share, told),
            noticed=lambda message: self.notice(self._placed(node, message, "warning")),
            remarked=lambda message: self.remarked(f"{node.checked.id}: {message}"),
            scale=self.scale,
        )
        try:
            with self._turn(node), working(work):
                started = time.perf_counter()
                value: Value = run_step(node, inputs, settings)
                seconds = time.perf_counter() - started
        except ArtforgeError as error:
            raise StepError(self._placed(node, str(error))) from error
        except MemoryError as error:
            raise StepError(
                self._placed(node, "out of memory: make the work smaller, or render a --preview")
            ) from error
        except (Exception, SystemExit) as error:
            if node.step.is_ours:
                raise
            raise StepError(self._placed(node, told_failure("it broke off"))) from error  # the artist's own code
        fault = value_fault(value, node.checked.output)
        if fault is not None:
            raise StepError(self._placed(node, f"gave a wrong result: {fault}"))
        with self._lock:
            self.num_computed += 1
        self.computed(node, seconds)
        with suppress(OSError):  # a store that cannot be written to holds no state either
            state_file.unlink(missing_ok=True)
        if seconds > _READ_SECONDS + value.nbytes / _READ_BYTES_PER_SECOND:
            self.store.store_value(stored_key(node), value)
        return value

    def _turn(self, node: Node) -> AbstractContextManager[object]:
        """Networks, and steps that are not ours, run one at a time: nobody knows whether threads can share them."""
        opens_model = any(setting.kind is Kind.MODEL for setting in node.step.settings.values())
        return nullcontext() if node.step.is_ours and not opens_model else self._one_by_one

    def _advance(self, step: str, share: float, told: str) -> None:
        if self.halted.is_set():
            raise KeyboardInterrupt
        self.advanced(step, share, told)

    def notice(self, message: str) -> None:
        """Tell it once, however many frames and variants it holds for."""
        with self._lock:
            if message in self._told:
                return
            self._told.add(message)
        self.noticed(message)

    def _loaded(self, node: Node, name: str, value: Any) -> Any:
        if node.step.settings[name].kind is not Kind.MODEL:
            return value
        with self._one_by_one:
            opened = f"{value}@{Path(value).stat().st_mtime_ns}"  # another file may stand there by now
            if opened not in self.models:
                from artforge.engine.models.store import load_model  # noqa: PLC0415 - only where one must be opened

                try:
                    self.models[opened] = load_model(Path(value))
                except ArtforgeError as error:
                    raise StepError(self._placed(node, str(error))) from error
            return self.models[opened]

    def _placed(self, node: Node, message: str, severity: str = "error") -> str:
        return at(self.source, node.checked.call.position, f"{node.step.name}: {message}", severity)

    def _hold(self, key: str, value: Value) -> None:
        self._memory[key] = value
        self._held_bytes += value.nbytes
        while self._held_bytes > MEMORY_BYTES and len(self._memory) > 1:
            _, dropped = self._memory.popitem(last=False)
            self._held_bytes -= dropped.nbytes
