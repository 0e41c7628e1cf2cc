"""Cut a network in two behind some of its layers, through every value that crosses the cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from artforge.core.errors import check_choice, nearest_first
from artforge.engine.models.graph import Call, Graph


class Cut(NamedTuple):
    """A network in two parts: running the trunk, then the head, is running the network.

    Attributes:
        trunk: the calls that no layer cut at has a part in, and those of the `roots`.
        head: all others, in the order of computation.
        roots: the values of the layers cut at that do not depend on another of them; the trunk computes them.
        inner: the values of the other layers cut at; the head computes them.
        crossing: the other values that the head reads of the trunk, such as a shortcut around a layer.
    """

    trunk: tuple[Call, ...]
    head: tuple[Call, ...]
    roots: tuple[int, ...]
    inner: tuple[int, ...]
    crossing: tuple[int, ...]


def split_at(graph: Graph, layers: Sequence[str]) -> Cut:
    """Split a network behind some layers.

    Inside a residual block the shortcut does not pass through the layer: it crosses the cut beside it, and the head
    takes it as a further input. So a gradient taken from the head is the gradient of the whole network.

    Args:
        graph: the network.
        layers: paths of layers with one output each.

    Raises:
        ChoiceError: no such layer.
    """
    for layer in layers:
        check_choice("layer", layer, nearest_first(layer, list(graph.value_of)))
    tapped = {graph.value_of[layer] for layer in layers}
    moved: set[int] = set()
    trunk: list[Call] = []
    head: list[Call] = []
    roots: list[int] = []
    for call in graph.calls:
        if not moved.isdisjoint(call.sources) or not tapped.isdisjoint(call.sources):
            moved.update(call.results)
            head.append(call)
        else:
            roots.extend(result for result in call.results if result in tapped)
            trunk.append(call)
    read = {source for call in head for source in call.sources}
    crossing = sorted(read - moved - set(roots))
    return Cut(tuple(trunk), tuple(head), tuple(roots), tuple(sorted(tapped & moved)), tuple(crossing))
