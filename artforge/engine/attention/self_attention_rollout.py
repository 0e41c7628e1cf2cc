"""A vision transformer's own self-attention, rolled out over its layers: which patches the answer was gathered from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ModelError
from artforge.core.steps import step
from artforge.core.values import Heatmap, Image, Unit
from artforge.engine.attention.targets import Targets
from artforge.engine.attention.upsample import upsample_heatmap
from artforge.engine.backend import load_keras, to_array
from artforge.engine.gradients import Compiled, compile_function
from artforge.engine.models.graph import Call, run_calls
from artforge.engine.models.handle import Model
from artforge.engine.models.layers import SELF_ATTENTION_LAYERS

Heads = Literal["mean", "max", "min"]


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

    Source: Abnar and Zuidema, Quantifying Attention Flow in Transformers (2020), https://arxiv.org/abs/2005.00928;
    heads and discarded weights as in Gildenblat's exploration of vision transformers (2020).
    """
    num_tokens = weights[0].shape[-1]
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
        ModelError: the network has no self-attention that tells its weights.
    """
    view = _view_of(model)
    height, width = next(info.size for info in model.layers if info.kind == "self_attention" and info.size)
    found: list[Heatmap] = [np.empty(0, np.float32)] * len(images)
    for positions, batch in model.batches(images):
        layers = [to_array(tensor) for tensor in view(batch)]
        for row, position in enumerate(positions):
            rolled = rollout([layer[row] for layer in layers], heads=heads, discard=discard)
            num_prefix = len(rolled) - height * width
            gathered = rolled[0] if num_prefix else rolled.mean(axis=0)
            found[position] = np.asarray(gathered[num_prefix:].reshape(height, width), np.float32)
    return found


_VIEWS: WeakKeyDictionary[Model, Compiled] = WeakKeyDictionary()


def _view_of(model: Model) -> Compiled:
    if model not in _VIEWS:
        _VIEWS[model] = _build_view(model)
    return _VIEWS[model]


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
def self_attention_rollout(image: Image, *, model: Model, heads: Heads = "mean", discard: Unit = 0.0) -> Heatmap:
    """Which patches a vision transformer gathered its answer from, whatever the class.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: a vision transformer.
        heads: how the heads of a layer become one: `mean`, `max` or `min`.
        discard: the share of the weakest weights of each layer that is dropped first; 0.9 shows only the strongest.

    Returns:
        float32 (H, W), at least 0, unnormalised.

    Raises:
        ModelError: the network has no self-attention that tells its weights.

    Source: Abnar and Zuidema, Quantifying Attention Flow in Transformers (2020), https://arxiv.org/abs/2005.00928
    """
    [raw] = self_attention_rollout_batch([image], model=model, heads=heads, discard=discard)
    return upsample_heatmap(raw, image.shape[:2])
