"""Value and gradient of objectives for their pictures: one compiled program for all objectives of a form.

picture -> what may change (masks) -> view (transforms) -> network, down to the layers asked about -> measures -> value.
Everything on the way is differentiated; nothing is done to the picture beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ShapeError
from artforge.core.light import LUMA
from artforge.core.pictures import resize
from artforge.engine.ascent.cell_weights import weights_of_cells
from artforge.engine.ascent.form import Form, Numbers, Slot
from artforge.engine.ascent.masks import stacked_masks, through_masks
from artforge.engine.ascent.measures import MEASURED, Asked
from artforge.engine.ascent.narrowing import call_to_narrow, narrowed, used_columns
from artforge.engine.ascent.objectives import ClassScore, Direction, Energy, Likeness, Probability, Response
from artforge.engine.ascent.views import View, look
from artforge.engine.backend import load_keras, to_array
from artforge.engine.gradients import Compiled, compile_gradient
from artforge.engine.models.graph import Graph, Runs, plainly, run_calls, shapes_at
from artforge.engine.models.handle import Model
from artforge.engine.models.head import as_class_scores
from artforge.engine.models.rectifiers import rescuing, under_rectifier


class Program:
    """Value and gradient for pictures of any number and size.

    Attributes:
        compiled: counts how often it has been traced.
        form: of the objectives.
        calls: those of the network that are run.
        narrow: the one of them that is cut down to the channels asked for, or None.
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
        self.narrow = None if rescue else call_to_narrow(form, self.calls, self._wanted)
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
            slot: np.stack([weights_of_cells(place, sizes[slot.layer], slot.layer) for place in places])
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
                if self.narrow is not None:
                    given["columns"], weights = used_columns(weights)
                given[f"weights_{position}"] = weights
            if slot in cells:
                given[f"cells_{position}"] = cells[slot]
            if slot in numbers.chosen:
                given[f"chosen_{position}"] = numbers.chosen[slot]
        if self.form.has_masks:
            given["masks"] = stacked_masks(numbers, size)
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
        if self.narrow is not None:
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
        batch = through_masks(pictures, given["masks"]) if self.form.has_masks else pictures
        if "references" in given:
            batch = ops.concatenate([batch, given["references"]], axis=0)
        num_seen = ops.shape(batch)[0]
        if self._has_view:
            batch = look(batch, *(given[name] for name in ("taps", "shares", "fill", "noise")))
        results = self._run(batch, given.get("columns"))
        # (views, pictures seen, ...): a view is the same for all pictures, and a value is the mean over the views
        views = [ops.reshape(result, (-1, num_seen, *ops.shape(result)[1:])) for result in results]
        by_layer = dict(zip([*self.form.layers, ""], views, strict=False))
        measured = {}
        for position, slot in enumerate(self.form.slots):
            seen = by_layer[slot.layer]
            own = seen[:, slot.mask * num : (slot.mask + 1) * num]
            asked = Asked(
                slot.power,
                weights=given.get(f"weights_{position}"),
                cells=given.get(f"cells_{position}"),
                chosen=given.get(f"chosen_{position}"),
                references=seen[:, self.form.num_masks * num :],
            )
            if slot.kind is Probability:
                own = (ops.sigmoid if self._is_sigmoid else ops.softmax)(own)
            measured[slot] = MEASURED[slot.kind](own, asked)
        products = []
        for monomial in self.form.monomials:
            product = measured[monomial[0]]
            for slot in monomial[1:]:
                product = product * measured[slot]
            products.append(ops.mean(product, axis=0))
        return ops.sum(ops.stack(products, axis=-1) * given["coefficients"], axis=-1), []

    def _run(self, batch: Any, columns: Any) -> list[Any]:
        ops, graph = load_keras().ops, self.graph
        low, high = self._value_range
        seen = batch * (high - low) + low
        if sees_grey(graph):
            seen = ops.sum(seen * LUMA, axis=-1, keepdims=True)
        seen = ops.cast(seen, graph.dtypes[graph.picture])
        runs: Runs = under_rectifier(rescuing) if self._rescue else plainly
        if self.narrow is not None:
            runs = narrowed(self.narrow, columns)
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
