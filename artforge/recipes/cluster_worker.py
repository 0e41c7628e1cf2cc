"""A worker of a cluster: it reads the recipe that it is given again, and puts what it makes into the shared store."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from distributed import WorkerPlugin, get_worker

from artforge.core.errors import OutputError, StepError
from artforge.core.pace import Pace
from artforge.recipes.artifacts import node_of
from artforge.recipes.cache import Cache
from artforge.recipes.check import check_file
from artforge.recipes.cluster_tasks import RecipeOrder, Task
from artforge.recipes.nodes import walk
from artforge.recipes.plan import Planner
from artforge.recipes.provenance import package_versions
from artforge.recipes.render import Renderer


@dataclass(frozen=True)
class Done:
    """What a worker says of a task.

    Attributes:
        seconds: by the key of each node that it computed, 0 for one that it found in the store.
        notices: what the person should know.
        remarks: what is good to know and needs no mending.
        is_kept: whether the value lies in the store; what is read back no faster than it is computed does not.
    """

    seconds: dict[str, float]
    notices: tuple[str, ...]
    remarks: tuple[str, ...]
    is_kept: bool


class RenderWorker(WorkerPlugin):
    """What a worker keeps between tasks: its recipes, and the models that it has loaded.

    It stands on the worker, and not in a global: what is defined in a script travels with every task, and would load
    its model each time.
    """

    def __init__(self, name: str, store: Cache, threads: int | None) -> None:
        self.name = name
        self.folder = Path.cwd()
        self.store = Cache(store.folder.absolute(), store.limit)
        self.threads = threads
        self.packages = package_versions()

    def setup(self, worker: Any) -> None:
        """Be as the process that asks: same folder, same libraries, as many threads as are this worker's share.

        Raises:
            OutputError: the worker does not see the same folders.
            StepError: it has other libraries, and so would give other pixels.
        """
        self.worker = worker
        self.pace = Pace()
        for folder in (self.folder, self.store.folder):
            if not folder.is_dir():
                raise OutputError(f"a worker has no folder {folder}: all machines must see the same folders")
        os.chdir(self.folder)
        if self.threads is not None:  # this machine's own worker
            os.environ["TF_NUM_INTRAOP_THREADS"] = str(self.threads)
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all of a terminal; the asker decides
            import cv2  # noqa: PLC0415 - already loaded; its threads are this process's

            cv2.setNumThreads(self.threads)
        here = package_versions()
        other = [
            f"{name} {here.get(name)}, not {wanted}"
            for name, wanted in self.packages.items()
            if here.get(name) != wanted
        ]
        if other:
            raise StepError(f"a worker has other libraries, and would give other pixels: {', '.join(other)}")
        self.renderers: dict[str, Renderer] = {}
        self.models: dict[str, Any] = {}
        self.lock = threading.RLock()

    def carry_out(self, order: RecipeOrder, task: Task) -> Done:
        """Make what the task asks for, and put it into the store.

        Raises:
            StepError: a step failed, or this machine sees another recipe or other pictures.
        """
        with self.lock:
            renderer = self._renderer(order)
            artifact = task.artifact_of(renderer.planner)
            seconds: dict[str, float] = {}
            notices: list[str] = []
            remarks: list[str] = []
            runner = renderer.runner
            runner.computed = lambda node, took: seconds.update({node.key: took})
            runner.noticed, runner.remarked, runner.advanced = notices.append, remarks.append, self._tell
            if task.is_file:
                renderer.keep(artifact)
                return Done(seconds, tuple(notices), tuple(remarks), is_kept=True)
            top = node_of(renderer.planner, artifact, artifact.variant, task.frame)
            renderer.planner.forget_frames()
            node = next((each for each in walk([top]) if each.key == task.key), None)
            if node is None:
                raise StepError(f"{order.source}: a worker reads another recipe, other pictures or another model")
            runner.value(node)
            return Done(seconds, tuple(notices), tuple(remarks), is_kept=runner.is_known(node))

    def _tell(self, step: str, share: float, told: str) -> None:
        """Let the asker know how far a step is, and always that it is done."""
        if self.pace.is_due() or share >= 1:
            self.worker.log_event(self.name, (step, float(share), told))

    def _renderer(self, order: RecipeOrder) -> Renderer:
        if order.token not in self.renderers:
            planner = Planner(check_file(Path(order.source), order.overrides), order.overrides, order.scale)
            renderer = Renderer(planner, Path(), self.store, metadata=order.metadata)
            renderer.runner.models = self.models
            self.renderers = {order.token: renderer}  # recipes follow each other
        return self.renderers[order.token]


def carry_out(plugin: str, order: RecipeOrder, task: Task, needs: list[Done]) -> Done:
    """Runs on a worker; `needs` are there only so that it comes after them."""
    del needs
    return cast(RenderWorker, get_worker().plugins[plugin]).carry_out(order, task)
