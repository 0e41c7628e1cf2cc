"""What the benchmarks share: turns, medians, the machine's peak, the table, and the network that everyone runs."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from artforge.engine.backend import load_keras
from artforge.engine.models.handle import Model, wrap_model

Way = Callable[[], object]
NUM_THREADS = 2


class Bench:
    """VGG16 with random weights, and the measured peak of the machine; each table is a method.

    Attributes:
        repeats: how often a way is run.
        peak: floating point operations a second in large matrix products.
        keras_model, model: the network, and its handle.
    """

    def __init__(self, repeats: int) -> None:
        limit_threads()
        self.repeats = repeats
        self.peak = gemm_peak()
        self.keras_model = load_keras().applications.VGG16(weights=None)
        self.model: Model = wrap_model(self.keras_model, value_range=(0, 255))

    def run(self, names: list[str]) -> None:
        """Print the peak and the tables of these names."""
        print(f"matrix products: {self.peak / 1e9:.0f} GFLOP/s at best (TensorFlow, 3000x3000, float32)")
        for name in names:
            getattr(self, name)()


def limit_threads(count: int = NUM_THREADS) -> None:
    """As many for TensorFlow as for everyone."""
    import tensorflow

    tensorflow.config.threading.set_intra_op_parallelism_threads(count)


def gemm_peak() -> float:
    """Floating point operations a second in large matrix products."""
    import tensorflow

    edge = 3000
    left, right = (tensorflow.random.uniform((edge, edge)) for _ in range(2))

    def run() -> float:
        started = time.perf_counter()
        tensorflow.linalg.matmul(left, right).numpy()
        return time.perf_counter() - started

    return 2 * edge**3 / min(run() for _ in range(8))


def medians(ways: dict[str, Way], repeats: int) -> dict[str, float]:
    """Seconds of each way: all are run once to warm up, then in turn."""
    for way in ways.values():
        way()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in seconds.items()}


def table(title: str, found: dict[str, float], peak: float, flops: dict[str, float] | None = None) -> None:
    """Seconds, ratios to the first way, and the share of the peak for the ways whose operations have been counted."""
    print(f"\n{title}")
    first = next(iter(found.values()))
    for name, seconds in found.items():
        counted = (flops or {}).get(name)
        share = f"   {counted / seconds / peak:4.0%} of the peak" if counted else ""
        print(f"  {name:34} {seconds:9.3f} s   {seconds / first:7.2f}x{share}")
    sys.stdout.flush()


def resident() -> int:
    """Bytes of memory in use."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def installed(ways: dict[str, Callable[[], Way]]) -> dict[str, Way]:
    """The ways whose libraries are installed; of the others it is said that they are left out."""
    found: dict[str, Way] = {}
    for name, build in ways.items():
        try:
            found[name] = build()
        except ImportError as error:
            print(f"  {name} is left out: {error}")
    return found


VGG16 = (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0)
"""Channels of the convolutions of VGG16, 0 where it pools."""


def torch_trunk(num: int) -> list[Any]:
    """The first `num` convolutions of VGG16 and what lies between them, in torch, random weights."""
    import torch
    from torch import nn

    torch.set_num_threads(NUM_THREADS)
    layers: list[Any] = []
    channels, count = 3, 0
    for size in VGG16:
        if count == num:
            break
        layers += [nn.Conv2d(channels, size, 3, padding=1), nn.ReLU()] if size else [nn.MaxPool2d(2)]
        channels, count = size or channels, count + bool(size)
    return layers


def torch_vgg16() -> Any:
    """The whole network in torch, random weights."""
    from torch import nn

    head = [nn.Flatten(), nn.Linear(25088, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 1000)]
    return nn.Sequential(*torch_trunk(13), nn.MaxPool2d(2), *head).eval()


def torchvision_stand_in() -> None:
    """Peers import torchvision, which only starts beside a torch of its own build, and call nothing of it here."""
    if "torchvision" in sys.modules:
        return
    for name in ("torchvision", "torchvision.models", "torchvision.transforms", "torchvision.transforms.functional"):
        sys.modules[name] = ModuleType(name)
    for name in ("Compose", "Normalize", "ToTensor", "resize"):
        setattr(sys.modules["torchvision.transforms"], name, None)
        setattr(sys.modules["torchvision.transforms.functional"], name, None)


def random_pictures(num: int, edge: int) -> list[np.ndarray]:
    """Pictures that differ."""
    rng = np.random.default_rng(0)
    return [rng.random((edge, edge, 3), dtype=np.float32) for _ in range(num)]
