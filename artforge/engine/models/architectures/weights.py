"""Weights from a file into a new network, layer by layer and by name; what does not fit is an error that says so."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ModelError, listing
from artforge.engine.backend import load_keras
from artforge.engine.models.architectures.weight_files import Stored, read_weights
from artforge.engine.models.graph import read_graph

MOST_NAMED = 6


@dataclass(frozen=True)
class Filled:
    """What became of a network's layers with weights.

    Attributes:
        layers: those that took their weights from the file.
        fresh: those of the head that did not, and keep the weights they were built with.
        unused: layers of the file that the network does not have.
    """

    layers: tuple[str, ...]
    fresh: tuple[str, ...]
    unused: tuple[str, ...] = ()

    def __str__(self) -> str:
        fresh = f"; new: {listing(self.fresh)}" if self.fresh else ""
        unused = f"; not used: {listing(self.unused, most=MOST_NAMED)}" if self.unused else ""
        return f"{len(self.layers)} layers filled{fresh}{unused}"


def fill_from_file(network: Any, path: Path, *, head: Sequence[str]) -> Filled:
    """Put the weights of a file into the layers of the same names.

    Where names are missing, but there are as many layers and their shapes agree one by one, they are taken in order:
    so the same network built by other hands will do, whose layers are called `conv2d`, `conv2d_1` and so on.

    Args:
        network: a flat Keras model; changed in place.
        path: whole models (.keras, .h5), weights as Keras writes them now (.weights.h5) or wrote them before (.h5), or
            arrays called `layer/kernel`, `layer/bias` (.npz). Where batch normalisation has been folded into the
            kernels and biases, it is set to pass them on unchanged; hold such layers still, for on batches they
            would be normalised anew.
        head: layers that may be missing, or of another shape: they depend on the classes.

    Raises:
        ModelError: no such file, none of weights, damaged, with NaN, or it does not fit the network.
    """
    stored = read_weights(path)
    if stored is None:
        return _filled_by_keras(network, path, head)
    return _fill(network, stored, path, head)


def _fill(network: Any, stored: Stored, path: Path, head: Sequence[str]) -> Filled:
    layers = {layer.name: layer for layer in network.layers if layer.weights}
    if not set(layers).difference(head) <= stored.keys() and _fit_in_order(layers, stored, head):
        stored = dict(zip(layers, stored.values(), strict=True))
    normalised_by = _normalised_by(network)
    values: dict[str, list[NDArray[Any]]] = {}
    misfits: dict[str, str] = {}
    for name, layer in layers.items():
        if name not in stored:
            continue
        _check_finite(stored[name], name, path)
        behind = normalised_by.get(name)
        if behind is not None and behind.name not in stored and [one for one, _ in stored[name]] == ["kernel", "bias"]:
            kernel, bias = (array for _, array in stored[name])
            values[behind.name] = _passing_on(behind, bias)
            stored = {**stored, name: [("kernel", kernel)]}
        in_order = _in_order(layer, stored[name])
        expected, received = [tuple(one.shape) for one in layer.weights], [one.shape for one in in_order]
        if expected == received:
            values[name] = in_order
        else:
            misfits[name] = f"{_shapes(received)} in the file, {_shapes(expected)} in the network"
    missing = [name for name in layers if name not in values and name not in misfits]
    _check_only_head(network.name, path, missing, misfits, head, unused=[name for name in stored if name not in layers])
    for name, arrays in values.items():
        layers[name].set_weights(arrays)
    return Filled(
        layers=tuple(name for name in layers if name in values),
        fresh=tuple(name for name in layers if name not in values),
        unused=tuple(name for name in stored if name not in layers),
    )


def _fit_in_order(layers: dict[str, Any], stored: Stored, head: Sequence[str]) -> bool:
    """Whether it is the same network under names of its own."""
    return len(layers) == len(stored) and all(
        name in head or [tuple(one.shape) for one in layer.weights] == [array.shape for _, array in arrays]
        for (name, layer), arrays in zip(layers.items(), stored.values(), strict=True)
    )


def _in_order(layer: Any, stored: Sequence[tuple[str, NDArray[Any]]]) -> list[NDArray[Any]]:
    """Stored weights in the order of the layer's own: by their names where these tell them apart."""
    by_name = dict(stored)
    own = [variable.name for variable in layer.weights]
    if len(set(own)) == len(own) == len(stored) and set(own) == set(by_name):
        return [by_name[name] for name in own]
    return [array for _, array in stored]


def _normalised_by(network: Any) -> dict[str, Any]:
    """Layer -> the batch normalisation that alone follows it."""
    calls = read_graph(network).calls
    readers: dict[int, list[Any]] = {}
    for call in calls:
        for source in call.sources:
            readers.setdefault(source, []).append(call.operation)
    found = {}
    for call in calls:
        followers = readers.get(call.results[0], [])
        if len(followers) == 1 and isinstance(followers[0], load_keras().layers.BatchNormalization):
            found[str(call.operation.name)] = followers[0]
    return found


def _passing_on(normalisation: Any, bias: NDArray[Any]) -> list[NDArray[Any]]:
    """Weights under which a batch normalisation adds the bias and does nothing else."""
    ones = np.ones_like(bias, np.float32)
    by_name = {
        "gamma": ones,
        "beta": bias,
        "moving_mean": 0 * ones,
        "moving_variance": ones * np.float32(1 - normalisation.epsilon),
    }
    return [by_name[variable.name] for variable in normalisation.weights]


def _filled_by_keras(network: Any, path: Path, head: Sequence[str]) -> Filled:
    """Weights as Keras 3 writes them: in the order of the layers of each kind. Keras tells which it could not fill."""
    if not path.name.endswith(".weights.h5"):
        raise ModelError(
            f"{path}: holds weights as Keras 3 writes them, which it reads by its name alone: rename it to "
            f"{path.stem}.weights.h5"
        )
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            network.load_weights(path, skip_mismatch=True)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{path}: not a file of weights, or damaged ({str(error).partition(chr(10))[0]})") from error
    failed = {name for one in told for name in re.findall(r"<\w+ name=([^,>]+)", str(one.message))}
    layers = [layer.name for layer in network.layers if layer.weights]
    fresh = [name for name in layers if name in failed]
    _check_only_head(network.name, path, fresh, {}, head, unused=())
    return Filled(layers=tuple(name for name in layers if name not in failed), fresh=tuple(fresh))


def _check_finite(stored: Sequence[tuple[str, NDArray[Any]]], layer: str, path: Path) -> None:
    if not all(np.isfinite(array).all() for _, array in stored):
        raise ModelError(f"{path}: NaN or infinite weights in {layer!r}: the file is damaged, or its training diverged")


def _check_only_head(
    network: str,
    path: Path,
    missing: Sequence[str],
    misfits: dict[str, str],
    head: Sequence[str],
    *,
    unused: Sequence[str],
) -> None:
    """Raise where another layer than those of the head has found no weights."""
    missing = [name for name in missing if name not in head]
    misfits = {name: shapes for name, shapes in misfits.items() if name not in head}
    if not missing and not misfits:
        return
    faults = []
    if missing:
        have = "layer has" if len(missing) == 1 else "layers have"
        faults.append(f"{len(missing)} {have} no weights in it ({listing(missing, most=MOST_NAMED)})")
    if misfits:
        told = [f"{name}: {shapes}" for name, shapes in misfits.items()]
        are = "is" if len(misfits) == 1 else "are"
        faults.append(f"{len(misfits)} {are} of another shape ({listing(told, most=MOST_NAMED)})")
    has = f". The file has {listing(unused, most=MOST_NAMED)}" if missing and unused else ""
    raise ModelError(
        f"{path}: these weights do not fit the network {network!r}: {'; '.join(faults)}{has}. Only its head may differ "
        f"({listing(head)})"
    )


def _shapes(shapes: Sequence[Sequence[int]]) -> str:
    return " and ".join(str(tuple(shape)) for shape in shapes)
