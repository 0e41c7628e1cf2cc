"""A network cut at some layers and compiled: a trunk that runs forward once, a head that is asked about each class."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.engine.attention.cut import Cut, split_at
from artforge.engine.attention.kept import Kept
from artforge.engine.backend import load_keras, to_array
from artforge.engine.gradients import Compiled, compile_function, compile_gradient
from artforge.engine.models.graph import Graph, run_calls
from artforge.engine.models.handle import Model
from artforge.engine.models.head import as_class_scores


@dataclass(frozen=True, eq=False)
class SeenBatch:
    """A batch behind the trunk: the positions of its pictures, their number of rows and columns, and what crosses."""

    positions: list[int]
    batch: NDArray[np.float32]
    carried: list[Any]

    @property
    def picture_size(self) -> tuple[int, int]:
        """(height, width) at which the network sees these pictures."""
        return self.batch.shape[1], self.batch.shape[2]


class Pieces:
    """A model cut at some layers, compiled: kept so that a hundred pictures build it once.

    The trunk runs forward only. Of the layers cut at, those that depend on others are reached in the head by adding a
    zero of their shape to what they put out: the gradient for that zero is the gradient for their feature maps.
    """

    def __init__(self, model: Model, layers: tuple[str, ...]) -> None:
        graph = model.graph
        self.cut = split_at(graph, layers)
        self._layers = {graph.value_of[layer]: layer for layer in layers}
        carried = [*self.cut.roots, *self.cut.crossing]
        weights = load_keras().KerasTensor((None, len(model.class_names)), dtype="float32")
        tensors = [graph.tensor(number) for number in (*self.cut.roots, *self.cut.inner)]
        self._trunk = compile_function(
            lambda batch: run_calls(self.cut.trunk, {graph.picture: batch}, carried),
            graph.variables,
            [graph.tensor(graph.picture)],
        )
        others = [weights, *(graph.tensor(number) for number in self.cut.crossing)]
        self._gradient = compile_gradient(
            _score_through(graph, self.cut), graph.variables, [*tensors, *others], num_inputs=len(tensors)
        )
        head_tensors = [graph.tensor(number) for number in carried]
        self._scores = compile_function(_scores_of_head(graph, self.cut), graph.variables, [*head_tensors, weights])

    @property
    def programs(self) -> dict[str, Compiled]:
        """The compiled parts, by name."""
        return {"trunk": self._trunk, "gradient": self._gradient, "head": self._scores}

    def run_trunk(self, batch: NDArray[np.float32], *, long_run: bool = False) -> list[Any]:
        """The roots' feature maps, and what crosses the cut beside them."""
        return list(self._trunk(batch, long_run=long_run))

    def differentiate(
        self,
        seen: SeenBatch,
        weights: NDArray[np.float32],
        shapes: Mapping[int, Sequence[int | None]],
        *,
        long_run: bool = False,
    ) -> tuple[NDArray[np.float32], dict[str, NDArray[np.float32]], dict[str, NDArray[np.float32]]]:
        """Scores (n,), and by layer its feature maps and the gradients of the score for them.

        Args:
            seen: a batch behind the trunk.
            weights: float32 (n, classes); a row of zeros asks about the predicted class.
            shapes: of every value of the network, for pictures of this size.
            long_run: whether many such batches are to come.
        """
        roots, crossing = seen.carried[: len(self.cut.roots)], seen.carried[len(self.cut.roots) :]
        zeros = [np.zeros((len(seen.batch), *_fixed(shapes[number])), np.float32) for number in self.cut.inner]
        scores, gradients, inner = self._gradient(*roots, *zeros, weights, *crossing, long_run=long_run)
        names = [self._layers[number] for number in (*self.cut.roots, *self.cut.inner)]
        maps = dict(zip(names, map(to_array, [*roots, *inner]), strict=True))
        slopes = dict(zip(names, map(to_array, gradients), strict=True))
        return to_array(scores), maps, slopes

    def scores_of(
        self, carried: Sequence[NDArray[np.float32] | Any], weights: NDArray[np.float32], *, long_run: bool = False
    ) -> NDArray[np.float32]:
        """Scores (n,) of values put in place of what the trunk gives."""
        return to_array(self._scores(*carried, weights, long_run=long_run))


_PIECES: Kept[Pieces] = Kept(most=16)  # a sweep over many sets of layers must not fill the memory


def pieces_of(model: Model, layers: tuple[str, ...]) -> Pieces:
    """The model cut at some layers, in whatever order, and compiled; built at the first use."""
    return _PIECES.get(model, frozenset(layers), lambda: Pieces(model, tuple(sorted(layers))))


def _fixed(shape: Sequence[int | None]) -> Iterator[int]:
    return (int(length or 1) for length in shape[1:])


def _score_through(graph: Graph, cut: Cut) -> Callable[..., Any]:
    num_roots, num_inner = len(cut.roots), len(cut.inner)

    def score(*tensors: Any) -> tuple[Any, list[Any]]:
        roots, zeros = tensors[:num_roots], tensors[num_roots : num_roots + num_inner]
        weights, *crossing = tensors[num_roots + num_inner :]
        values = dict(zip((*cut.roots, *cut.crossing), (*roots, *crossing), strict=True))
        added = dict(zip(cut.inner, zeros, strict=True))
        inner: dict[int, Any] = {}

        def tapped(call: Any, args: Any, kwargs: Any) -> Any:
            given = call.operation(*args, **kwargs)
            number = call.results[0]
            if number in added:
                given = inner[number] = given + added[number]
            return given

        [logits] = run_calls(cut.head, values, [graph.output], runs=tapped)
        return weighted_score(logits, weights), [inner[number] for number in cut.inner]

    return score


def _scores_of_head(graph: Graph, cut: Cut) -> Callable[..., Any]:
    def scores(*tensors: Any) -> Any:
        *carried, weights = tensors
        values = dict(zip((*cut.roots, *cut.crossing), carried, strict=True))
        [logits] = run_calls(cut.head, values, [graph.output])
        return weighted_score(logits, weights)

    return scores


def weighted_score(logits: Any, weights: Any) -> Any:
    """Backend tensors (n, outputs) and (n, classes) -> (n,), the score asked about: the sum of class score x weight.

    A row of zeros asks about the class with the highest score.
    """
    ops = load_keras().ops
    scores = as_class_scores(logits)
    predicted = ops.one_hot(ops.argmax(scores, axis=-1), scores.shape[-1], dtype="float32")
    asked = ops.any(ops.not_equal(weights, 0), axis=-1, keepdims=True)
    return ops.sum(scores * ops.where(asked, weights, predicted), axis=-1)
