"""How workers begin alike, and what becomes of all of them when one ends before the others."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from artforge.core.errors import ArtforgeError, UsageError
from artforge.engine.data.dataset import Dataset
from artforge.engine.training.checkpoint import Checkpoint, Progress
from artforge.engine.training.cluster import Cluster, ClusterError
from artforge.engine.training.config import TrainConfig
from artforge.engine.training.devices import describe

_OWN_TO_EACH = {"data", "cache", "name"}
"""Settings that may differ: where the same pictures lie, how they are kept, and what the model is called."""

_VERSIONS = ("artforge", "keras", "jax", "numpy")

T = TypeVar("T")


class LostError(ClusterError):
    """Other workers are gone.

    Attributes:
        workers: their numbers.
        reasons: what they said, of those that said something.
    """

    def __init__(self, workers: list[int], reasons: dict[int, str]) -> None:
        super().__init__(f"lost: {workers}")
        self.workers = workers
        self.reasons = reasons


def check_same_settings(cluster: Cluster, config: TrainConfig) -> None:
    """All workers train by the same settings, on the same devices, with the same libraries.

    Raises:
        UsageError: in all of them, where they do not.
    """
    settings = {name: value for name, value in config.model_dump().items() if name not in _OWN_TO_EACH}
    versions = {f"version of {name}": importlib.metadata.version(name) for name in _VERSIONS}
    _check_alike(
        cluster,
        "settings",
        {**settings, "device": describe(), **versions},
        "Start them with the same config and options, on machines of one kind with the same versions installed.",
    )


def check_same_pictures(cluster: Cluster, dataset: Dataset, data_key: str) -> None:
    """All workers have read the same pictures, and split them alike.

    Raises:
        UsageError: in all of them, where they have not.
    """
    facts = {"classes": list(dataset.class_counts.items()), "pictures": len(dataset), "digest": data_key[:16]}
    _check_alike(cluster, "pictures", facts, "Copy the same folder of pictures to all of them.")


def _check_alike(cluster: Cluster, what: str, facts: dict[str, Any], way_out: str) -> None:
    told = [json.loads(text) for text in cluster.exchange(what, json.dumps(facts))]
    names = [name for name in told[0] if any(one[name] != told[0][name] for one in told)]
    if names:
        lines = [
            f"  {name}: " + ", ".join(f"{one[name]} in {cluster.named(worker)}" for worker, one in enumerate(told))
            for name in names
        ]
        raise UsageError("\n".join([f"the workers differ in their {what}:", *lines, way_out]))


def resumed_alike(
    cluster: Cluster, read: Callable[[], tuple[TrainConfig, Checkpoint]], changes: dict[str, Any]
) -> tuple[TrainConfig, Checkpoint]:
    """Worker 0's run in every worker; the others need no run folder.

    Args:
        cluster: the workers.
        read: reads the run, called in worker 0 alone.
        changes: to the settings; of another worker's only `data` counts.
    """
    is_first = cluster.place.worker == 0
    config, checkpoint = read() if is_first else (TrainConfig(), Checkpoint(Progress(""), [], []))
    settings = json.loads(cluster.from_first("config", json.dumps(config.model_dump())))
    progress = json.loads(cluster.from_first("progress", json.dumps(asdict(checkpoint.progress))))
    variables = cluster.arrays_from_first(checkpoint.variables)
    best_weights = cluster.arrays_from_first(checkpoint.best_weights)
    if not is_first:
        config = TrainConfig.model_validate({**settings, **{key: changes[key] for key in ("data",) if key in changes}})
        checkpoint = Checkpoint(Progress(**progress), variables, best_weights)
    check_same_settings(cluster, config)
    return config, checkpoint


def run_together(cluster: Cluster, work: Callable[[], T]) -> T:
    """Do a worker's part. What ends it early is told to the others; when others end it, they are found out.

    Raises:
        LostError: other workers are gone.
    """
    try:
        return work()
    except (ArtforgeError, KeyboardInterrupt) as error:
        cluster.stop(str(error) or "Ctrl-C")
        raise
    except Exception as error:  # JAX says that a partner is gone in errors of several kinds
        if cluster.is_left:
            raise
        reasons = cluster.reasons()
        lost = sorted(reasons) or cluster.missing()
        if not lost:
            cluster.stop(f"{type(error).__name__}: {error}")
            raise
        raise LostError(lost, reasons) from error
