"""Value and gradient of objectives for their pictures: one compiled program for all objectives of a form.

picture -> what may change (masks) -> view (transforms) -> network, down to the layers asked about -> measures -> value.
Everything on the way is differentiated; nothing is done to the picture beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ShapeError
from artforge.core.pictures import LUMA, resize
from artforge.engine.ascent.form import Form, Numbers, Place, Slot
from artforge.engine.ascent.objectives import (
    Alignment,
    ClassScore,
    Direction,
    Diversity,
    Energy,
    Likeness,
    Measure,
    Probability,
    Response,
)
from artforge.engine.ascent.views import View, look
from artforge.engine.backend import load_keras, to_array
from artforge.engine.gradients import Compiled, compile_gradient
from artforge.engine.models.graph import Call, Graph, Runs, plainly, run_calls, shapes_at
from artforge.engine.models.handle import Model
from artforge.engine.models.head import as_class_scores
from artforge.engine.models.rectifiers import rescuing, under_rectifier

_TINY = 1e-8
LEAST_COSINE = 0.1
"""A direction or likeness never counts for less than this, or it could not be found from afar."""
NUM_NEIGHBOURS = 4
"""How far along a film its pictures are held together."""


class Program:
    """Value and gradient for pictures of any number and size.

    Attributes:
        compiled: counts how often it has been traced.
        form: of the objectives.
    """

    def __init__(self, model: Model, form: Form, *, has_view: bool, rescue: bool) -> None:
        # the network and not its handle: a program must not keep the handle, by which it is remembered, alive
        self.graph = graph = model.graph
        self.form, self._has_view, self._rescue = form, has_view, rescue
        self._value_range = model.value_range
        self._wanted = [graph.value_of[layer] for layer in form.layers]
        self._is_sigmoid = model.twin.activation == "sigmoid" or model.twin.num_outputs == 1
        if any(slot.kind in (ClassScore, Probability) for slot in form.slots):
            self._wanted = [*self._wanted, graph.output]
        self.calls = graph.calls_leading_to(self._wanted)
        self._narrow = None if rescue else _narrow_call(form, self.calls, self._wanted)
        self._names, specs = self._inputs()
        self.compiled: Compiled = compile_gradient(self._value, graph.variables, specs)

    def map_sizes(self, canvas: tuple[int, int]) -> dict[str, tuple[int, int]]:
        """By layer, (height, width) of its maps for pictures of one size.

        Raises:
            ModelError: the network cannot see pictures of this size.
            ShapeError: they are so small that no cell is left.
        """
        shapes = shapes_at(self.graph, canvas, calls=self.calls)
        sizes: dict[str, tuple[int, int]] = {}
        for layer in self.form.layers:
            shape = shapes[self.graph.value_of[layer]]
            sizes[layer] = (int(shape[1] or 0), int(shape[2] or 0)) if len(shape) == 4 else (int(shape[1] or 0), 1)
            if min(sizes[layer]) < 1:
                raise ShapeError(
                    f"a picture of {canvas[0]}x{canvas[1]} is too small for the layer {layer!r}: no cell of its maps "
                    "is left. Make the picture larger, or look at an earlier layer."
                )
        return sizes

    def cell_weights(self, numbers: Numbers, canvas: tuple[int, int]) -> dict[Slot, NDArray[np.float32]]:
        """By local slot, float32 (n, h, w): how much each cell of the map counts for each picture; they add up to 1.

        Raises:
            ShapeError: a border that leaves no cell, or see `map_sizes`.
        """
        sizes = self.map_sizes(canvas)
        return {
            slot: np.stack([_cells(place, sizes[slot.layer], slot.layer) for place in places])
            for slot, places in numbers.places.items()
        }

    def climb(
        self,
        pictures: NDArray[np.float32],
        numbers: Numbers,
        cells: Mapping[Slot, NDArray[np.float32]],
        view: View | None = None,
        *,
        long_run: bool = False,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """How far the pictures have come, and which way is up.

        Args:
            pictures: float32 (n, H, W, 3), nominally [0, 1].
            numbers: of the objectives, for n pictures.
            cells: as `cell_weights` gives them, or those of a region of the picture.
            view: how the network sees the pictures this time; only where the program has been built for views.
            long_run: whether many more calls of this shape are to come.

        Returns:
            values float32 (n,), and the gradient of each for its own picture, float32 (n, H, W, 3).
        """
        given: dict[str, Any] = {"coefficients": numbers.coefficients}
        size = (pictures.shape[1], pictures.shape[2])
        for position, slot in enumerate(self.form.slots):
            if slot in numbers.weights:
                weights = numbers.weights[slot]
                if self._narrow is not None:
                    given["columns"], weights = _used_columns(weights)
                given[f"weights_{position}"] = weights
            if slot in cells:
                given[f"cells_{position}"] = cells[slot]
            if slot in numbers.chosen:
                given[f"chosen_{position}"] = numbers.chosen[slot]
        if self.form.has_masks:
            given["masks"] = _masks(numbers, size)
        if "references" in self._names:
            given["references"] = np.stack([resize(picture, size) for picture in numbers.references])
        if view is not None:
            given |= {"taps": view.taps, "shares": view.shares, "fill": view.fill, "noise": view.noise}
        ordered = [given[name] for name in self._names]
        values, [gradients], _ = self.compiled(pictures, *ordered, long_run=long_run)
        return to_array(values), to_array(gradients)

    def _inputs(self) -> tuple[list[str], list[Any]]:
        tensor = load_keras().KerasTensor
        specs = {"coefficients": tensor((None, len(self.form.monomials)), dtype="float32")}
        for position, slot in enumerate(self.form.slots):
            if slot.kind in (Response, ClassScore, Probability, Direction):
                specs[f"weights_{position}"] = tensor((None, None), dtype="float32")
            if slot.kind in (Response, Energy, Direction):
                specs[f"cells_{position}"] = tensor((None, None, None), dtype="float32")
            if slot.kind is Likeness:
                specs[f"chosen_{position}"] = tensor((None,), dtype="int32")
                specs["references"] = tensor((None, None, None, 3), dtype="float32")
        if self._narrow is not None:
            specs["columns"] = tensor((None,), dtype="int32")
        if self.form.has_masks:
            specs["masks"] = tensor((self.form.num_masks, None, None, None, 1), dtype="float32")
        if self._has_view:
            specs["taps"] = tensor((None, None, None, None), dtype="int32")
            specs["shares"] = tensor((None, None, None, None), dtype="float32")
            specs["fill"] = tensor((None, None, None), dtype="float32")
            specs["noise"] = tensor((None, None, None, 3), dtype="float32")
        pictures = tensor((None, None, None, 3), dtype="float32")
        return list(specs), [pictures, *specs.values()]

    def _value(self, pictures: Any, *others: Any) -> tuple[Any, list[Any]]:
        ops = load_keras().ops
        given = dict(zip(self._names, others, strict=True))
        num = ops.shape(pictures)[0]
        batch = self._masked(pictures, given.get("masks"))
        if "references" in given:
            batch = ops.concatenate([batch, given["references"]], axis=0)
        num_seen = ops.shape(batch)[0]
        if self._has_view:
            batch = look(batch, *(given[name] for name in ("taps", "shares", "fill", "noise")))
        results = self._run(batch, given.get("columns"))
        # (views, pictures seen, ...): a view is the same for all pictures, and a value is the mean over the views
        views = [ops.reshape(result, (-1, num_seen, *ops.shape(result)[1:])) for result in results]
        by_layer = dict(zip([*self.form.layers, ""], views, strict=False))
        if len(views) == len(self.form.layers):
            by_layer.pop("", None)
        measured = {}
        for position, slot in enumerate(self.form.slots):
            seen = by_layer[slot.layer]
            own = seen[:, slot.mask * num : (slot.mask + 1) * num]
            asked = _Asked(
                slot.power,
                weights=given.get(f"weights_{position}"),
                cells=given.get(f"cells_{position}"),
                chosen=given.get(f"chosen_{position}"),
                references=seen[:, self.form.num_masks * num :],
            )
            if slot.kind is Probability:
                own = (ops.sigmoid if self._is_sigmoid else ops.softmax)(own)
            measured[slot] = _MEASURED[slot.kind](own, asked)
        products = []
        for monomial in self.form.monomials:
            product = measured[monomial[0]]
            for slot in monomial[1:]:
                product = product * measured[slot]
            products.append(ops.mean(product, axis=0))
        return ops.sum(ops.stack(products, axis=-1) * given["coefficients"], axis=-1), []

    def _masked(self, pictures: Any, masks: Any) -> Any:
        """The pictures, once for each mask: equal to look at, but a gradient passes only where the mask lets it."""
        if masks is None:
            return pictures
        ops = load_keras().ops
        still = ops.stop_gradient(pictures)
        return ops.concatenate(
            [still + masks[number] * (pictures - still) for number in range(self.form.num_masks)], axis=0
        )

    def _run(self, batch: Any, columns: Any) -> list[Any]:
        ops, graph = load_keras().ops, self.graph
        low, high = self._value_range
        seen = batch * (high - low) + low
        if sees_grey(graph):
            seen = ops.sum(seen * LUMA, axis=-1, keepdims=True)
        seen = ops.cast(seen, graph.dtypes[graph.picture])
        runs: Runs = under_rectifier(rescuing) if self._rescue else plainly
        if columns is not None:
            runs = _narrowed(self._narrow, columns)
        results = run_calls(self.calls, {graph.picture: seen}, self._wanted, runs=runs)
        results = [
            as_class_scores(result) if number == graph.output else ops.cast(result, "float32")
            for number, result in zip(self._wanted, results, strict=True)
        ]
        return [_as_maps(result) for result in results]


def sees_grey(graph: Graph) -> bool:
    """Whether the network sees no colours: of a picture only its light."""
    return graph.shapes[graph.picture][-1] == 1


def _as_maps(result: Any) -> Any:
    """(n, tokens, channels) of a transformer as a map one cell wide."""
    return load_keras().ops.expand_dims(result, 2) if len(result.shape) == 3 else result


class _Asked(NamedTuple):
    """The numbers of one measure, as tensors; None where it has none."""

    power: float
    weights: Any
    cells: Any
    chosen: Any
    references: Any


def _response(seen: Any, asked: _Asked) -> Any:
    ops = load_keras().ops
    num, height, width, channels = ops.shape(seen)[1:]
    rows = ops.reshape(seen, (-1, num, height * width, channels))
    pooled = ops.matmul(ops.reshape(asked.cells, (1, num, 1, height * width)), rows)[:, :, 0]
    return ops.sum(pooled * asked.weights, axis=-1)


def _energy(seen: Any, asked: _Asked) -> Any:
    ops = load_keras().ops
    return ops.sum(ops.mean(ops.square(seen), axis=-1) * asked.cells, axis=(2, 3))


def _direction(seen: Any, asked: _Asked) -> Any:
    ops = load_keras().ops
    along = ops.einsum("vnhwc,nc->vnhw", seen, asked.weights)
    if asked.power:
        lengths = ops.sqrt(ops.sum(ops.square(seen), axis=-1) + _TINY)
        length = ops.sqrt(ops.sum(ops.square(asked.weights), axis=-1) + _TINY)
        cosine = along / (lengths * ops.reshape(length, (-1, 1, 1)))
        along = along * ops.maximum(cosine, LEAST_COSINE) ** asked.power
    return ops.sum(along * asked.cells, axis=(2, 3))


def _class_score(seen: Any, asked: _Asked) -> Any:
    return load_keras().ops.sum(seen * asked.weights, axis=-1)


def _likeness(seen: Any, asked: _Asked) -> Any:
    ops = load_keras().ops
    model_of = ops.take(ops.stop_gradient(asked.references), asked.chosen, axis=1)
    axes = tuple(range(2, len(seen.shape)))
    squared = ops.sum(ops.square(model_of), axis=axes) + _TINY
    along = ops.sum(seen * model_of, axis=axes) / squared
    length = ops.sqrt(ops.sum(ops.square(seen), axis=axes) + _TINY)
    cosine = along * ops.sqrt(squared) / length
    return along * ops.maximum(cosine, LEAST_COSINE) ** asked.power


def _diversity(seen: Any, _: _Asked) -> Any:
    ops = load_keras().ops
    gram = ops.einsum("vnhwc,vnhwd->vncd", seen, seen)
    gram = gram / (ops.sqrt(ops.sum(ops.square(gram), axis=(2, 3), keepdims=True)) + _TINY)
    alike = ops.einsum("vncd,vmcd->vnm", gram, gram)
    return 1 / ops.cast(ops.shape(seen)[1], "float32") - ops.mean(alike, axis=-1)  # but for its likeness to itself


def _alignment(seen: Any, _: _Asked) -> Any:
    ops = load_keras().ops
    num = ops.shape(seen)[1]
    places = ops.arange(num)
    total = ops.zeros_like(seen[:, :, 0, 0, 0])
    for distance in range(1, NUM_NEIGHBOURS + 1):
        neighbours = ops.take(seen, ops.minimum(places + distance, num - 1), axis=1)
        differs = ops.mean(ops.square(seen - neighbours), axis=(2, 3, 4))
        has_neighbour = ops.cast(places + distance < num, "float32")
        total = total - differs * has_neighbour / 2**distance
    return total


_MEASURED: dict[type[Measure], Callable[[Any, _Asked], Any]] = {
    Response: _response,
    Energy: _energy,
    Direction: _direction,
    ClassScore: _class_score,
    Probability: _class_score,
    Likeness: _likeness,
    Diversity: _diversity,
    Alignment: _alignment,
}


def _cells(place: Place, size: tuple[int, int], layer: str) -> NDArray[np.float32]:
    position, border = place
    height, width = size
    weights = np.zeros(size, np.float32)
    if position is not None:
        weights[min(int(position[0] * height), height - 1), min(int(position[1] * width), width - 1)] = 1
        return weights
    if 2 * border >= min(size):
        raise ShapeError(
            f"a border of {border} cells leaves nothing of the {height}x{width} map of {layer!r}: "
            "make the picture larger or the border smaller"
        )
    weights[border : height - border, border : width - border] = 1
    return np.asarray(weights / weights.sum(), np.float32)


def _masks(numbers: Numbers, size: tuple[int, int]) -> NDArray[np.float32]:
    ones = np.ones(size, np.float32)
    by_picture = [[ones if mask is None else _mask_at(mask, size) for mask in masks] for masks in numbers.masks]
    return np.ascontiguousarray(np.asarray(by_picture, np.float32).swapaxes(0, 1)[..., None])


def _mask_at(mask: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    return resize(np.repeat(mask[..., None], 3, axis=-1).astype(np.float32), size)[..., 0]


def _narrow_call(form: Form, calls: list[Call], wanted: list[int]) -> Call | None:
    """The last convolution, where nothing but some channels of it is asked for: the others need not be computed."""
    keras = load_keras()
    [call, *_] = calls[::-1]
    operation = call.operation
    elementwise = (keras.activations.linear, keras.activations.relu, keras.activations.relu6, keras.activations.elu)
    is_only = len(form.slots) == 1 and form.slots[0].kind is Response and len(wanted) == 1
    is_plain = type(operation) is keras.layers.Conv2D and operation.groups == 1
    if not (is_only and is_plain and call.results == (wanted[0],)):
        return None
    if operation.data_format != "channels_last" or operation.activation not in elementwise:
        return None
    return call


def _narrowed(narrow: Call | None, columns: Any) -> Runs:
    ops = load_keras().ops

    def run(call: Call, args: Any, kwargs: Any) -> Any:
        if call is not narrow:
            return plainly(call, args, kwargs)
        layer = call.operation
        [maps] = args or [value for name, value in kwargs.items() if name != "training"]
        kernel = ops.take(ops.convert_to_tensor(layer.kernel), columns, axis=-1)
        found = ops.conv(
            maps, ops.cast(kernel, maps.dtype), layer.strides, layer.padding, layer.data_format, layer.dilation_rate
        )
        if layer.use_bias:
            found = found + ops.cast(ops.take(ops.convert_to_tensor(layer.bias), columns, axis=0), found.dtype)
        return layer.activation(found)

    return run


def _used_columns(weights: NDArray[np.float32]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The channels that any picture asks for, filled up to a round number, and the weights of these alone.

    A round number, so that other filters are not another shape.
    """
    used = np.flatnonzero(weights.any(axis=0)).astype(np.int32)
    wanted = 8
    while wanted < len(used):
        wanted *= 2
    columns = np.zeros(wanted, np.int32)
    columns[: len(used)] = used
    narrowed = np.zeros((len(weights), wanted), np.float32)
    narrowed[:, : len(used)] = weights[:, used]
    return columns, narrowed


_PROGRAMS: WeakKeyDictionary[Model, dict[Any, Program]] = WeakKeyDictionary()


def program_of(model: Model, form: Form, *, has_view: bool, rescue: bool = False) -> Program:
    """The program for objectives of one form, built once for each network.

    Args:
        model: the network.
        form: of the objectives.
        has_view: whether the network sees the pictures through views.
        rescue: whether gradients are let through where a rectifier has shut them off altogether.
    """
    by_form = _PROGRAMS.setdefault(model, {})
    key = (form, has_view, rescue)
    if key not in by_form:
        by_form[key] = Program(model, form, has_view=has_view, rescue=rescue)
    return by_form[key]
