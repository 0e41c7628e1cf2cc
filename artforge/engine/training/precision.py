"""Whether training is compiled by XLA, and in which precision it computes: what the device gains from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from artforge.engine.backend import backend_name, load_keras
from artforge.engine.training.config import Switch
from artforge.engine.training.devices import half_precision, has_gpu


def compiles(jit: Switch) -> bool:
    """Whether XLA compiles the step; `auto`: always on JAX, on a GPU with TensorFlow, and not with torch."""
    if jit == "auto":
        return backend_name() == "jax" or (backend_name() == "tensorflow" and has_gpu())
    return jit == "on"


def half_policy(mixed_precision: Switch) -> str | None:
    """Keras' name of the precision to build a network in; None is float32."""
    if mixed_precision == "off":
        return None
    return half_precision() or ("mixed_bfloat16" if mixed_precision == "on" else None)


@contextmanager
def computing_in(policy: str | None) -> Iterator[None]:
    """Layers that are built inside compute in this precision; their weights are float32 all the same."""
    config = load_keras().config
    before = config.dtype_policy()
    config.set_dtype_policy(policy or before)
    try:
        yield
    finally:
        config.set_dtype_policy(before)
