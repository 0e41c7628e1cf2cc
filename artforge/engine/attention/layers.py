"""The layers that a method is asked to look at, by name."""

from __future__ import annotations

from collections.abc import Sequence

from artforge.core.errors import ChoiceError, ModelError, listing
from artforge.engine.attention.inputs import check_model, described
from artforge.engine.models.card import LAST_CONV, LayerInfo, last_conv_of
from artforge.engine.models.handle import Model

WITHOUT_LAYER = ("saliency", "smooth_grad", "integrated_gradients", "occlusion", "rise")
"""Methods that look through every network: they read the picture's own pixels."""


def layer_named(layer: str, *, model: Model) -> LayerInfo:
    """A layer by its name, or `last_conv`.

    Raises:
        ChoiceError: no such layer, or not a name.
        ModelError: not a model, or one without a layer that `last_conv` could stand for.
    """
    check_model(model)
    if layer == LAST_CONV and last_conv_of(model.layers) is None:
        raise ModelError(
            f"the model {model.name!r} has no convolution with a map of more than one cell to look at. Methods that "
            f"ask for no layer look at the picture's own pixels: {', '.join(WITHOUT_LAYER)}"
        )
    return model.find_layer(layer)


def layers_named(layers: Sequence[str], *, model: Model) -> dict[str, LayerInfo]:
    """Layers by their own names, each once, in the order given.

    Raises:
        ChoiceError: unknown layer, or no list of some.
        ModelError: not a model, or one without a layer that `last_conv` could stand for.
    """
    check_model(model)
    if isinstance(layers, str) or not isinstance(layers, Sequence):
        raise ChoiceError(f"layers must be a list of names, such as [{LAST_CONV!r}], received {described(layers)}")
    infos = {info.name: info for info in (layer_named(layer, model=model) for layer in layers)}
    if not infos:
        raise ChoiceError(f"no layers given: expected some of {listing(model.layer_names)}")
    return infos


def in_order(layers: Sequence[str], *, model: Model) -> list[str]:
    """Layers by their own names, each once, in the order they are computed.

    Raises:
        ChoiceError: unknown layer, or no list of some.
        ModelError: not a model, or one without a layer that `last_conv` could stand for.
    """
    wanted = layers_named(layers, model=model)
    return [name for name in model.layer_names if name in wanted]
