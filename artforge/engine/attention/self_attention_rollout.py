"""A vision transformer's own self-attention, rolled out over its layers: which patches the answer was gathered from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from artforge.core.errors import ModelError, ShapeError, check_choice
from artforge.core.steps import step
from artforge.core.values import Heatmap, Image
from artforge.engine.attention.finite import check_finite
from artforge.engine.attention.inputs import maps_wanted
from artforge.engine.attention.kept import Kept
from artforge.engine.attention.map_sizes import layers_for
from artforge.engine.attention.settings import check_range
from artforge.engine.attention.targets import Targets
from artforge.engine.attention.upsample import upsample_heatmap
from artforge.engine.backend import load_keras, to_array
from artforge.engine.gradients import Compiled, compile_function
from artforge.engine.models.graph import Call, run_calls
from artforge.engine.models.handle import Model
from artforge.engine.models.layers import SELF_ATTENTION_LAYERS

Heads = Literal["mean", "max", "min"]
_Discard = Annotated[float, Field(ge=0, lt=1)]


def rollout(
    weights: Sequence[NDArray[np.float32]], *, heads: Heads = "mean", discard: float = 0.0
) -> NDArray[np.float64]:
    """How much each token of the last layer is made of each token of the first.

    A layer mixes half of its self-attention with half of what passes beside it (its shortcut); layers are multiplied.

    Args:
        weights: for each layer float32 (heads, tokens, tokens), each row of 1 in sum.
        heads: how the heads of a layer become one: their mean, max or min.
        discard: [0, 1), the share of the weakest weights of each layer that is dropped first.

    Returns:
        float64 (tokens, tokens), each row of 1 in sum.

    Raises:
        ChoiceError: no such way with heads, or a share beyond [0, 1).
        ShapeError: no layers, or weights that are not all (heads, tokens, tokens) of the same tokens.

    Source: Abnar and Zuidema, Quantifying Attention Flow in Transformers (2020), https://arxiv.org/abs/2005.00928;
    heads and discarded weights as in Gildenblat's exploration of vision transformers (2020).
    """
    check_choice("heads", heads, get_args(Heads))
    check_range("discard", discard, "[0, 1)")
    num_tokens = weights[0].shape[-1] if len(weights) else 0
    if not num_tokens or any(layer.ndim != 3 or layer.shape[1:] != (num_tokens, num_tokens) for layer in weights):
        raise ShapeError(
            "self-attention can be rolled out where every layer has weights (heads, tokens, tokens) over the same "
            f"tokens, received {[layer.shape for layer in weights]}"
        )
    rolled = np.eye(num_tokens)
    for layer in weights:
        fused = getattr(np, heads)(layer.astype(np.float64), axis=0)
        dropped = int(discard * fused.size)
        if dropped:
            fused = np.where(fused >= np.partition(fused, dropped, axis=None)[dropped], fused, 0)
        mixed = fused + np.eye(num_tokens)
        rolled = (mixed / mixed.sum(axis=1, keepdims=True)) @ rolled
    return rolled


def self_attention_rollout_batch(
    images: Sequence[Image],
    *,
    model: Model,
    targets: Targets = None,  # noqa: ARG001 - every method is called alike
    heads: Heads = "mean",
    discard: float = 0.0,
) -> list[Heatmap]:
    """Raw rollout maps of several pictures, one forward pass a batch.

    Args:
        images: pictures in [0, 1], of any sizes.
        model: a vision transformer.
        targets: not looked at: self-attention does not know of classes.
        heads, discard: as `rollout`.

    Returns:
        one float32 (h, w) for each picture, a cell a patch: the share of the class token that was gathered there (the
        mean over all patches where there is no class token). At least 0.

    Raises:
        ChoiceError: no such way with heads, or a share beyond [0, 1).
        ModelError: the network has no self-attention that tells its weights, or not all of it is over the same
            patches; or it gives numbers that are not finite.
    """
    check_choice("heads", heads, get_args(Heads))
    check_range("discard", discard, "[0, 1)")
    found = maps_wanted(images, model=model)
    view = _view_of(model)
    for positions, batch in model.batches(images):
        grid = _grid_of(model, (batch.shape[1], batch.shape[2]))
        layers = [to_array(tensor) for tensor in view(batch)]
        _check_weights(layers, grid, model=model)
        for row, position in enumerate(positions):
            rolled = rollout([layer[row] for layer in layers], heads=heads, discard=discard)
            num_prefix = len(rolled) - grid[0] * grid[1]
            gathered = rolled[0] if num_prefix else rolled.mean(axis=0)
            found[position] = np.asarray(gathered[num_prefix:].reshape(grid), np.float32)
    return found


def _grid_of(model: Model, picture_size: tuple[int, int]) -> tuple[int, int]:
    """(rows, columns) of the patches, for pictures of this size."""
    return next(
        info.size for info in layers_for(model, picture_size) if info.kind == "self_attention" and info.size is not None
    )


def _check_weights(layers: Sequence[NDArray[np.float32]], grid: tuple[int, int], *, model: Model) -> None:
    """Raise unless all weights (n, heads, tokens, tokens) are over the patches, and perhaps tokens before them."""
    num_patches = grid[0] * grid[1]
    shapes = [layer.shape[1:] for layer in layers]
    over_patches = all(
        len(shape) == 3 and shape[1:] == shapes[0][1:] and shape[1] == shape[2] >= num_patches for shape in shapes
    )
    if not over_patches:
        raise ModelError(
            f"the self-attention of the model {model.name!r} cannot be rolled out: expected weights (heads, tokens, "
            f"tokens) over the same {grid[0]}x{grid[1]} patches in every layer, received "
            f"{', '.join(map(str, shapes))}; use grad_cam"
        )
    for layer in layers:
        check_finite("weights of self-attention", layer, model=model)


_VIEWS: Kept[Compiled] = Kept(most=1)


def _view_of(model: Model) -> Compiled:
    return _VIEWS.get(model, "self_attention", lambda: _build_view(model))


def _build_view(model: Model) -> Compiled:
    graph = model.graph
    telling = [call for call in graph.calls if type(call.operation).__name__ in SELF_ATTENTION_LAYERS]
    if not telling or not any(info.kind == "self_attention" for info in model.layers):
        raise ModelError(
            f"the model {model.name!r} has no self-attention over patches to roll out "
            "(a keras.layers.MultiHeadAttention or GroupQueryAttention). For a convolutional network use grad_cam."
        )

    def weights(batch: Any) -> list[Any]:
        told: list[Any] = []

        def runs(call: Call, args: Any, kwargs: Any) -> Any:
            if call not in telling:
                return call.operation(*args, **kwargs)
            given, scores = call.operation(*args, **{**kwargs, "return_attention_scores": True})
            told.append(load_keras().ops.cast(scores, "float32"))
            return given

        run_calls(graph.calls, {graph.picture: batch}, [graph.output], runs=runs)
        return told

    return compile_function(weights, graph.variables, [graph.tensor(graph.picture)])


@step("self_attention_rollout", version=1)
def self_attention_rollout(image: Image, *, model: Model, heads: Heads = "mean", discard: _Discard = 0.0) -> Heatmap:
    """Which patches a vision transformer gathered its answer from, whatever the class.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: a vision transformer.
        heads: how the heads of a layer become one: `mean`, `max` or `min`.
        discard: [0, 1), the share of the weakest weights of each layer that is dropped first; 0.9 shows only the
            strongest.

    Returns:
        float32 (H, W), of the picture's size, at least 0, unnormalised.

    Raises:
        ModelError: the network has no self-attention that tells its weights, or not all of it is over the same
            patches.

    Source: Abnar and Zuidema, Quantifying Attention Flow in Transformers (2020), https://arxiv.org/abs/2005.00928
    """
    [raw] = self_attention_rollout_batch([image], model=model, heads=heads, discard=discard)
    return upsample_heatmap(raw, image.shape[:2])
