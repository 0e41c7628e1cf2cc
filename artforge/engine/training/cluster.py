"""Workers on several machines that train one network together, on JAX: how they meet, agree and miss each other.

Worker 0's process also runs JAX's coordination service, at the address that all of them are given. Every worker holds
the whole network and takes its rows of every batch (see `engine.training.parallel`); what they tell each other in
words, before training and once an epoch, goes through the service's store of keys and values.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ArtforgeError, UsageError
from artforge.engine.backend import backend_name, load_keras

JOIN_SECONDS = 300
"""How long the workers wait for each other at the start."""

HEARTBEAT_SECONDS = 30
"""After so long without a sign of life a worker counts as lost; one whose process ended is missed at once."""

SHUTDOWN_SECONDS = 60
CALL_SECONDS = 3.0
"""How long the workers that are there have to answer a call."""

_PATIENCE_MILLISECONDS = 1000
_MAX_PORT = 65535
_ROOT = "artforge"
_CALL = f"{_ROOT}/call"


class ClusterError(ArtforgeError):
    """Workers that did not meet, or one that left the others."""


@dataclass(frozen=True)
class Place:
    """Which worker of which cluster this is.

    Attributes:
        address: HOST:PORT of worker 0, as all workers reach it.
        num_workers: how many train together.
        worker: this one's number, from 0.
        join_seconds: how long to wait for the others at the start.
        heartbeat_seconds: without a sign of life before a worker counts as lost.
    """

    address: str
    num_workers: int
    worker: int
    join_seconds: int = JOIN_SECONDS
    heartbeat_seconds: int = HEARTBEAT_SECONDS

    @property
    def host_and_port(self) -> tuple[str, int]:
        """The address in its two parts."""
        host, _, port = self.address.rpartition(":")
        return host.strip("[]"), int(port)


def check_place(place: Place) -> Place:
    """The place itself, if a worker can stand there.

    Raises:
        UsageError: another backend than JAX, no HOST:PORT, or a number that no worker has.
    """
    if backend_name() != "jax":
        raise UsageError(
            f"--cluster trains on several machines with JAX alone, and this would run on {backend_name()}. "
            "Set KERAS_BACKEND=jax on every machine."
        )
    host, colon, port = place.address.rpartition(":")
    if not (host and colon and port.isascii() and port.isdigit() and 1 <= int(port) <= _MAX_PORT):
        raise UsageError(
            f"--cluster {place.address!r}: expected HOST:PORT of worker 0, the port from 1 to {_MAX_PORT}, "
            "e.g. 192.168.0.10:7777."
        )
    if place.num_workers < 2:
        raise UsageError(f"--num-workers {place.num_workers}: a cluster has at least 2 workers.")
    if not 0 <= place.worker < place.num_workers:
        raise UsageError(
            f"--worker {place.worker}: the {place.num_workers} workers are numbered from 0 to {place.num_workers - 1}."
        )
    return place


class Cluster:
    """The workers that have met, as one of them sees it.

    Attributes:
        place: this worker's own.
        hosts: the name of each worker's machine.
        is_left: whether this worker has parted from the others in peace.
    """

    def __init__(self, place: Place, client: Any) -> None:
        self.place = place
        self.is_left = False
        self._client = client
        self._num_topics = 0
        self._heard: dict[int, str] = {}
        threading.Thread(target=self._answer_call, name="roll call", daemon=True).start()
        self.hosts: tuple[str, ...] = tuple(self.exchange("host", socket.gethostname()))

    def named(self, worker: int) -> str:
        """A worker in words."""
        return named(self.hosts, worker)

    def exchange(self, topic: str, text: str) -> list[str]:
        """Every worker gives a text and receives all of them, in the order of the workers; waits for the slowest.

        Raises:
            ClusterError: a worker has stopped, and says why.
        """
        folder = self._next_key(topic)
        self._client.key_value_set(f"{folder}/{self.place.worker}", text)
        return [self._wait_for(f"{folder}/{worker}") for worker in range(self.place.num_workers)]

    def from_first(self, topic: str, text: str) -> str:
        """Worker 0's text in every worker.

        Raises:
            ClusterError: a worker has stopped, and says why.
        """
        key = self._next_key(topic)
        if self.place.worker == 0:
            self._client.key_value_set(key, text)
            return text
        return self._wait_for(key)

    def agree(self, value: float) -> float:
        """Worker 0's number in every worker, to the last bit."""
        return float.fromhex(self.from_first("number", float(value).hex()))

    def arrays_from_first(self, arrays: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """Worker 0's arrays in every worker, whatever the others give."""
        kinds = json.loads(self.from_first("arrays", json.dumps([(one.shape, one.dtype.name) for one in arrays])))
        if not kinds:
            return []
        if self.place.worker:
            arrays = [np.zeros(shape, dtype) for shape, dtype in kinds]
        sharing = importlib.import_module("jax.experimental.multihost_utils")
        return [np.asarray(array) for array in sharing.broadcast_one_to_all(list(arrays))]

    def leave(self) -> None:
        """Part from the others when all have trained to the end; this process goes on alone."""
        importlib.import_module("jax").distributed.shutdown()
        self.is_left = True

    def stop(self, reason: str) -> None:
        """Tell the others that this worker goes, and why, where they can still be told."""
        with contextlib.suppress(RuntimeError):
            self._client.key_value_set(f"{_ROOT}/stopped/{self.place.worker}", reason)
            self._call()
            self._linger()

    def reasons(self) -> dict[int, str]:
        """What the workers said that have stopped."""
        with contextlib.suppress(RuntimeError):
            self._heard |= self._read_numbered("stopped")
        return self._heard

    def missing(self) -> list[int]:
        """The workers that do not answer a call to all; worker 0 where the service in its process is gone."""
        try:
            self._call()
            time.sleep(CALL_SECONDS)
            here = self._read_numbered("here")
        except RuntimeError:
            return [0]
        self._linger()
        return [worker for worker in range(self.place.num_workers) if worker not in here]

    def _next_key(self, topic: str) -> str:
        self._num_topics += 1  # all workers ask for the same things in the same order
        return f"{_ROOT}/{self._num_topics}-{topic}"

    def _wait_for(self, key: str) -> str:
        while True:
            try:
                return str(self._client.blocking_key_value_get(key, _PATIENCE_MILLISECONDS))
            except RuntimeError as error:
                if "DEADLINE_EXCEEDED" not in str(error):
                    raise
            for worker, reason in self.reasons().items():
                raise ClusterError(f"{self.named(worker)} has stopped: {reason}")

    def _call(self) -> None:
        try:
            self._client.key_value_set(_CALL, "all")
        except RuntimeError as error:
            if "ALREADY_EXISTS" not in str(error):  # another worker was the first to call
                raise

    def _answer_call(self) -> None:
        """In a thread, because a lost partner leaves the others waiting in the middle of a sum."""
        with contextlib.suppress(RuntimeError):  # the run ends, and nobody has called
            self._client.blocking_key_value_get(_CALL, 10**9)
            self._client.key_value_set(f"{_ROOT}/here/{self.place.worker}", "yes")
            self._heard |= self._read_numbered("stopped")

    def _read_numbered(self, what: str) -> dict[int, str]:
        told = self._client.key_value_dir_get(f"{_ROOT}/{what}/")
        return {int(key.rpartition("/")[2]): text for key, text in told}

    def _linger(self) -> None:
        if self.place.worker == 0:
            time.sleep(CALL_SECONDS)  # the others ask the service in this process


def named(hosts: Sequence[str], worker: int) -> str:
    """A worker and its machine, where that is known."""
    return f"worker {worker} ({hosts[worker]})" if worker < len(hosts) else f"worker {worker}"


def join(place: Place) -> Cluster:
    """Meet the other workers. Nothing may have been computed before.

    A process that waits in vain is ended by JAX itself, so call this in one that is watched
    (see `engine.training.supervisor`).

    Raises:
        UsageError: the port is taken, or no machine has that name.
        ClusterError: nobody answers at the address.
    """
    begun = time.monotonic()
    if place.worker == 0:
        _check_port_is_free(place)
    else:
        _await_first(place)
    load_keras()
    jax = importlib.import_module("jax")
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.config.update("jax_enable_preemption_service", False)  # it would swallow SIGTERM
    left = max(1, round(place.join_seconds - (time.monotonic() - begun)))
    jax.distributed.initialize(
        place.address,
        place.num_workers,
        place.worker,
        initialization_timeout=left,
        heartbeat_timeout_seconds=place.heartbeat_seconds,
        shutdown_timeout_seconds=SHUTDOWN_SECONDS,
        cluster_detection_method="deactivate",
    )
    # JAX has no public door to the store of keys and values that its own tools use
    client = importlib.import_module("jax._src.distributed").global_state.client
    return Cluster(place, client)


def _check_port_is_free(place: Place) -> None:
    _, port = place.host_and_port
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError as error:
            raise UsageError(
                f"--cluster {place.address}: worker 0 cannot take port {port} here ({error.strerror}). "
                "Another program has it, or it is a port for the system alone. Give all workers another one."
            ) from error


def _await_first(place: Place) -> None:
    host, port = place.host_and_port
    ends = time.monotonic() + place.join_seconds
    while True:
        try:
            socket.create_connection((host, port), timeout=5).close()
        except socket.gaierror as error:
            raise UsageError(f"--cluster {place.address}: no machine of the name {host!r} is known here.") from error
        except OSError as error:
            if time.monotonic() > ends:
                raise ClusterError(
                    f"--cluster {place.address}: nobody answered there for {place.join_seconds} s ({error}). "
                    "Start worker 0 on that machine with the same --cluster, and see that its port is open."
                ) from error
            time.sleep(0.5)
        else:
            return
