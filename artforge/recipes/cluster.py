"""Many machines: a recipe's work is done by the workers of a dask.distributed cluster, through the shared store.

A worker reads the recipe again, computes and puts its result into the store, a folder that all machines see; through
the scheduler go only keys. Whoever asked then renders as ever and finds the work done, so that the files are the same.
"""

from __future__ import annotations

import logging
import math
import os
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from distributed import Client, Future, KilledWorker, LocalCluster, WorkerPlugin, get_worker
from distributed.comm.core import CommClosedError

from artforge.core.errors import OutputError, StepError
from artforge.recipes.artifacts import node_of
from artforge.recipes.cache import Cache
from artforge.recipes.check import check_file
from artforge.recipes.cluster_tasks import RecipeOrder, Task, Tasks, tasks_of
from artforge.recipes.nodes import walk
from artforge.recipes.plan import Planner
from artforge.recipes.provenance import package_versions
from artforge.recipes.render import Renderer

CONNECT_SECONDS = 10
TELL_SECONDS = 0.5
"""A worker tells no more often than this how far its step is."""


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
        self.told = -math.inf
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
        """Let the asker know how far a step is."""
        now = time.monotonic()
        if now - self.told < TELL_SECONDS and share < 1:
            return
        self.told = now
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


@dataclass
class Farm:
    """A cluster that renders.

    Attributes:
        client: connected to the scheduler.
        plugin: the name under which the workers keep what they know.
    """

    client: Client
    plugin: str
    _futures: dict[str, Future[Done]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def prepare(self, renderer: Renderer) -> None:
        """Begin all work of a recipe; its renderer then waits for each thing where it needs it."""
        recipe = renderer.planner.checked.recipe
        planner = renderer.planner
        order = RecipeOrder(uuid.uuid4().hex, recipe.source, planner.overrides, planner.scale, renderer.metadata)
        work = tasks_of(renderer)
        for number, task in enumerate(work.tasks):
            self._futures[task.key] = self.client.submit(
                carry_out,
                self.plugin,
                order,
                task,
                [self._futures[key] for key in task.needs],
                key=f"{self.plugin}-{task.key}",
                priority=-number,
            )
        renderer.runner.awaited = lambda key: self._wait(key, renderer, work)
        self.client.subscribe_topic(  # type: ignore[no-untyped-call]
            self.plugin, lambda event: renderer.runner.advanced(*event[1])
        )

    def _wait(self, key: str, renderer: Renderer, work: Tasks) -> bool:
        with self._lock:
            future = self._futures.pop(key, None)
        if future is None:
            return False
        done = _result(future)
        for each, seconds in done.seconds.items():
            renderer.runner.computed(work.nodes[each], seconds)
        for notice in done.notices:
            renderer.runner.notice(notice)
        for remark in done.remarks:
            renderer.runner.remarked(remark)
        if not done.is_kept:  # its frames are drawn here faster than they are fetched
            with self._lock:
                film = [self._futures.pop(frame) for frame in work.films.get(key, ()) if frame in self._futures]
            self.client.cancel(film)  # type: ignore[no-untyped-call]
        return True


def _result(future: Future[Done]) -> Done:
    try:
        done = future.result()
    except KilledWorker as error:
        raise StepError(
            "the workers that tried it died one after the other, perhaps out of memory: "
            "make the work smaller, or take fewer --workers"
        ) from error
    except (CancelledError, CommClosedError, OSError) as error:
        raise StepError(
            f"the cluster is gone ({error}): start it again, the same command goes on from there"
        ) from error
    return done


@contextmanager
def local_farm(store: Cache, num_workers: int) -> Iterator[Farm]:
    """Workers of this machine, in processes of their own, that share its cores."""
    threads = max(1, (os.cpu_count() or 1) // num_workers)
    import dask  # noqa: PLC0415 - comes with distributed

    counts = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
    with (
        dask.config.set({"distributed.nanny.pre-spawn-environ": counts}),
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=num_workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            memory_limit=0,  # as for a render without workers: nobody kills it but the machine
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster) as client,  # type: ignore[no-untyped-call]
    ):
        yield _farm(client, store, threads)


@contextmanager
def remote_farm(store: Cache, address: str) -> Iterator[Farm]:
    """The workers of a scheduler elsewhere.

    Raises:
        OutputError: there is none at this address.
    """
    try:
        client = Client(address, timeout=CONNECT_SECONDS)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise OutputError(
            f"--scheduler {address}: no scheduler answers there ({error}). Start one with 'dask scheduler' and workers "
            "with 'dask worker', in the same environment"
        ) from error
    with client:
        yield _farm(client, store, None)


def _farm(client: Client, store: Cache, threads: int | None) -> Farm:
    name = f"artforge-{uuid.uuid4().hex[:12]}"
    with suppress(OSError):  # a store that cannot be made is told of by the workers
        store.folder.mkdir(parents=True, exist_ok=True)
    client.register_plugin(RenderWorker(name, store, threads))
    return Farm(client, name)
