"""Many machines: a recipe's work is done by the workers of a dask.distributed cluster, through the shared store.

A worker reads the recipe again, computes and puts its result into the store, a folder that all machines see; through
the scheduler go only keys. Whoever asked then renders as ever and finds the work done, so that the files are the same.
"""

from __future__ import annotations

import logging
import os
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from distributed import Client, Future, KilledWorker, LocalCluster
from distributed.comm.core import CommClosedError

from artforge.core.errors import OutputError, StepError
from artforge.recipes.cache import Cache
from artforge.recipes.cluster_tasks import RecipeOrder, Tasks, tasks_of
from artforge.recipes.cluster_worker import Done, RenderWorker, carry_out
from artforge.recipes.render import Renderer

CONNECT_SECONDS = 10


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
