"""The weights that a file holds, by layer, whoever wrote it; what is no file of weights is an error that says so."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ModelError
from artforge.engine.models.store import MAX_UNPACKED, load_model

WEIGHT_SUFFIXES = (".h5", ".hdf5", ".keras", ".npz")
_BY_KERAS_3 = frozenset({"layers", "_layer_checkpoint_dependencies"})
"""One of these groups is in every file of weights that Keras 3 writes."""
_NUMBERS = "fiu"

Stored = dict[str, list[tuple[str, NDArray[Any]]]]
"""Layer -> the names of its weights and their values, in the order of the file."""


def read_weights(path: Path) -> Stored | None:
    """The weights of a file by layer; None where Keras 3 wrote them, which leaves out the names of the layers.

    Args:
        path: whole models (.keras, .h5), weights (.h5, .weights.h5), or arrays called `layer/kernel` (.npz).

    Raises:
        ModelError: no such file, none of weights, or damaged.
    """
    if not path.is_file():
        raise ModelError(f"{path}: no such file of weights")
    if path.suffix.lower() not in WEIGHT_SUFFIXES:
        raise ModelError(f"{path}: not a file of weights, expected one that ends in {', '.join(WEIGHT_SUFFIXES)}")
    if path.suffix.lower() == ".keras":
        return _of_model(load_model(path).keras_model)
    try:
        stored = _of_npz(path) if path.suffix.lower() == ".npz" else _of_hdf5(path)
        if stored is not None:
            _check_numbers(stored)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path}: not a file of weights, or damaged ({error})") from error
    return stored


def _check_numbers(stored: Stored) -> None:
    for layer, arrays in stored.items():
        for name, array in arrays:
            if np.asarray(array).dtype.kind not in _NUMBERS:
                raise ValueError(f"{layer}/{name} is no array of numbers")


def _of_model(model: Any) -> Stored:
    return {
        layer.name: [(variable.name, np.asarray(value)) for variable, value in _weights_of(layer)]
        for layer in _leaves(model)
        if layer.weights
    }


def _leaves(model: Any) -> Iterator[Any]:
    """The layers of a model, those of the models within it in place of them."""
    for layer in model.layers:
        yield from _leaves(layer) if hasattr(layer, "layers") else (layer,)


def _weights_of(layer: Any) -> Iterator[tuple[Any, NDArray[Any]]]:
    yield from zip(layer.weights, layer.get_weights(), strict=True)


def _of_npz(path: Path) -> Stored:
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > MAX_UNPACKED:
        raise ValueError(f"unpacks to {unpacked / 2**30:.0f} GiB")
    stored: Stored = {}
    with np.load(path, allow_pickle=False) as arrays:
        for key in arrays.files:
            layer, _, name = key.rpartition("/")
            if not layer:
                raise ValueError(f"its array {key!r} names no layer, expected names such as 'conv1/kernel'")
            stored.setdefault(layer, []).append((name, arrays[key]))
    return stored


def _of_hdf5(path: Path) -> Stored | None:
    import h5py

    with h5py.File(path) as opened:
        root = opened.get("model_weights", opened)
        if "layer_names" not in root.attrs:
            if not _BY_KERAS_3.intersection(opened):
                raise ValueError("no weights of layers in it")
            return None
        stored: Stored = {}
        for layer in map(_text, root.attrs["layer_names"]):
            keys = list(map(_text, root[layer].attrs["weight_names"]))
            if keys:
                stored[layer] = [(_own_name(key), np.asarray(root[layer][key])) for key in keys]
        return stored


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _own_name(key: str) -> str:
    """`conv1_bn/gamma:0` -> `gamma`."""
    return key.rpartition("/")[2].partition(":")[0]
