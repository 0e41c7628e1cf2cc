"""The one door to Keras: opened once, quietly, with TensorFlow behind it unless `KERAS_BACKEND` names another."""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ModelError, UsageError, did_you_mean

BACKENDS = ("tensorflow", "jax", "torch")
_EXTRAS = {"jax": "'artforge[jax]'"}
_ENVIRONMENT = {
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",  # leave the rest of a graphics card to others
}


def backend_name() -> str:
    """The backend that Keras runs, or will run, on."""
    return os.environ.get("KERAS_BACKEND", _ENVIRONMENT["KERAS_BACKEND"])


@cache
def load_keras() -> ModuleType:
    """The `keras` module on the chosen backend. Takes seconds the first time: call it inside functions only.

    Returns:
        the imported module.

    Raises:
        UsageError: `KERAS_BACKEND` names no backend that artforge knows.
        ModelError: the backend it names is not installed.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    backend = os.environ["KERAS_BACKEND"]
    if backend not in BACKENDS:
        raise UsageError(
            f"KERAS_BACKEND={backend!r} is not one of: {', '.join(BACKENDS)}{did_you_mean(backend, BACKENDS)}. "
            "Unset it to use tensorflow."
        )
    for chatty in ("absl", "tensorflow", "jax"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    try:
        with muted(), no_warnings():
            return importlib.import_module("keras")
    except ImportError as error:
        raise ModelError(
            f"Keras cannot start on the backend {backend!r}: {error}. "
            f"Install it (pip install {_EXTRAS.get(backend, backend)}) or unset KERAS_BACKEND to use tensorflow."
        ) from error


def set_random_seed(seed: int) -> None:
    """Seed Keras, its backend, NumPy and Python alike.

    Args:
        seed: in [0, 2**32).
    """
    with muted(), no_warnings():  # on every backend Keras imports TensorFlow to seed it too
        load_keras().utils.set_random_seed(seed)


def is_installed(module: str) -> bool:
    """Whether a library is there, without importing it."""
    try:
        return importlib.util.find_spec(module) is not None
    except ValueError:  # it has been put out of reach on purpose
        return False


def to_array(tensor: Any) -> NDArray[np.float32]:
    """A backend tensor as a float32 NumPy array."""
    with no_warnings():
        return np.asarray(load_keras().ops.convert_to_numpy(tensor), np.float32)


@contextmanager
def no_warnings() -> Iterator[None]:
    """Hide what Keras and its backends warn of: their own use of older NumPy calls is not the user's business."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def muted() -> Iterator[None]:
    """Hold back what C++ libraries write straight to the error stream; shown after all if the block fails.

    TensorFlow greets with lines that no log level reaches, because they come before its log starts.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        kept = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except Exception:  # not Ctrl-C: that needs no explanation
            os.dup2(kept, 2)
            held.seek(0)
            os.write(2, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
