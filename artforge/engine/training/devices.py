"""Which devices this machine has, and what they gain from: the one place that asks the backend."""

from __future__ import annotations

import importlib
import os
from collections import Counter
from dataclasses import dataclass
from typing import Any

from artforge.engine.backend import backend_name, load_keras, no_warnings


@dataclass(frozen=True)
class Card:
    """A device that computes.

    Attributes:
        name: of its model, or of the CPU and its cores.
        is_gpu: whether it is anything but a CPU.
        capability: of a CUDA device, (major, minor); (0, 0) elsewhere.
    """

    name: str
    is_gpu: bool
    capability: tuple[int, int] = (0, 0)


def local_cards() -> list[Card]:
    """The devices of this machine that the backend computes on: all graphics cards, or where there is none the CPU."""
    load_keras()
    backend = backend_name()
    with no_warnings():
        cards = {"tensorflow": _tensorflow_cards, "jax": _jax_cards, "torch": _torch_cards}[backend]()
    return cards or [_cpu()]


def describe(num_devices: int = 1) -> str:
    """The first devices of this machine in words: `CPU, 2 cores`, `NVIDIA H100 80GB HBM3`, `2 x Tesla T4`."""
    counts = Counter(card.name for card in local_cards()[:num_devices])
    return ", ".join(f"{count} x {name}" if count > 1 else name for name, count in counts.items())


def has_gpu() -> bool:
    """Whether the backend computes on a graphics card, or another device that is no CPU."""
    return local_cards()[0].is_gpu


def half_precision() -> str | None:
    """The Keras policy of mixed precision that makes the device faster; None where none does.

    Tensor cores multiply float16 from capability 7.0 on (Volta), and bfloat16, which needs no scaling of the loss,
    from 8.0 on (Ampere).
    """
    card = local_cards()[0]
    if card.capability >= (8, 0):
        return "mixed_bfloat16"
    return "mixed_float16" if card.capability >= (7, 0) else None


def _cpu() -> Card:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Card(f"CPU, {cores} core{'s' if cores > 1 else ''}", is_gpu=False)


def _tensorflow_cards() -> list[Card]:
    config = importlib.import_module("tensorflow").config
    details = [config.experimental.get_device_details(device) for device in config.list_physical_devices("GPU")]
    return [
        Card(one.get("device_name", "GPU"), is_gpu=True, capability=one.get("compute_capability", (0, 0)))
        for one in details
    ] or [_cpu() for _ in config.list_logical_devices("CPU")]


def _jax_cards() -> list[Card]:
    def card(device: Any) -> Card:
        if device.platform == "cpu":
            return _cpu()
        major, _, minor = str(getattr(device, "compute_capability", "0.0")).partition(".")
        return Card(device.device_kind, is_gpu=True, capability=(int(major), int(minor or 0)))

    return [card(device) for device in importlib.import_module("jax").local_devices()]


def _torch_cards() -> list[Card]:
    cuda = importlib.import_module("torch").cuda
    return [
        Card(cuda.get_device_name(number), is_gpu=True, capability=cuda.get_device_capability(number))
        for number in range(cuda.device_count())
    ]
