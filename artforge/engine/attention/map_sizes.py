"""How large a layer's maps are for pictures of one size: a flexible network has larger maps for larger pictures."""

from __future__ import annotations

from artforge.engine.attention.kept import Kept
from artforge.engine.models.card import LayerInfo
from artforge.engine.models.graph import shapes_at
from artforge.engine.models.handle import Model
from artforge.engine.models.layers import layers_to_look_at

_MOST_SIZES = 32  # of pictures; working a size out costs milliseconds for every layer

_SHAPES: Kept[dict[int, tuple[int | None, ...]]] = Kept(_MOST_SIZES)
_LAYERS: Kept[tuple[LayerInfo, ...]] = Kept(_MOST_SIZES)


def shapes_for(model: Model, picture_size: tuple[int, int]) -> dict[int, tuple[int | None, ...]]:
    """The shape of every value of the network for pictures of (height, width), by its number.

    Raises:
        ModelError: the network cannot see pictures of this size.
    """
    return _SHAPES.get(model, picture_size, lambda: shapes_at(model.graph, picture_size))


def layers_for(model: Model, picture_size: tuple[int, int]) -> tuple[LayerInfo, ...]:
    """The layers one can look at, their `size` being that for pictures of (height, width).

    Raises:
        ModelError: the network cannot see pictures of this size.
    """
    if picture_size == model.input_size:
        return model.layers
    return _LAYERS.get(model, picture_size, lambda: layers_to_look_at(model.graph, picture_size))


def map_size(model: Model, layer: str, picture_size: tuple[int, int]) -> tuple[int, int]:
    """(height, width) of a layer's maps for pictures of (height, width); of a transformer, of its grid of patches.

    Args:
        model: the network.
        layer: the layer's own name.
        picture_size: as `Model.working_size` gives it.

    Raises:
        ModelError: the network cannot see pictures of this size.
    """
    [size] = [info.size for info in layers_for(model, picture_size) if info.name == layer]
    return size or (1, 1)
