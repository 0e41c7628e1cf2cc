"""ViT-B/16, a vision transformer, on KerasHub's backbone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ShapeError
from artforge.engine.backend import load_keras
from artforge.engine.models.architectures.architecture import IMAGENET, PictureShape
from artforge.engine.models.architectures.heads import probabilities
from artforge.engine.models.architectures.hub import declare, load_hub

PATCH = 16
"""Edge of a ViT's patches in pixels."""

_VIT_B16 = MappingProxyType({"num_layers": 12, "num_heads": 12, "hidden_dim": 768, "mlp_dim": 3072})
_PAPER = ("Dosovitskiy et al. (2020)", "https://arxiv.org/abs/2010.11929")


def vit(
    num_classes: int,
    *,
    picture_shape: PictureShape,
    dropout: float,
    output_bias: NDArray[np.float32],
    name: str,
    config: Mapping[str, Any],
    preset: str = "",
    pretrained: bool = False,
) -> Any:
    """A vision transformer on patches of 16x16 px; its class token goes into one dense layer.

    Args:
        num_classes: two classes share one logit and a sigmoid; more have one logit each and a softmax.
        picture_shape: of the pictures; both edges are multiples of 16.
        dropout: share of the class token's features dropped in training, in [0, 1).
        output_bias: float32 (1,) for two classes, else (num_classes,).
        name: of the network.
        config: of KerasHub's ViTBackbone: layers, heads and sizes.
        preset: KerasHub's name of the pretrained weights, made for 224x224.
        pretrained: whether to fetch them.

    Returns:
        functional Keras model, flat, its layers called `block1_attention` and so on:
        (n, *picture_shape) in [-1, 1] -> (n, 1) or (n, num_classes) probabilities.

    Raises:
        ModelError: KerasHub is not installed.
        ShapeError: an edge is no multiple of 16, or not 224 with pretrained weights.

    Source: Dosovitskiy et al. (2020), https://arxiv.org/abs/2010.11929
    """
    keras, kind = load_keras(), load_hub().models.ViTBackbone
    _check_patches(picture_shape, pretrained=pretrained)
    backbone = kind.from_preset(preset) if pretrained else kind(image_shape=picture_shape, patch_size=PATCH, **config)
    picture = keras.Input(picture_shape, name="picture")
    tokens = _tokens(picture, backbone.get_layer("vit_patching_and_embedding"))
    encoder = backbone.get_layer("vit_encoder")
    for number, block in enumerate(encoder.encoder_layers, start=1):
        tokens = _block(tokens, block, f"block{number}")
    tokens = _applied(encoder.layer_norm, "encoder_norm", tokens)
    features = keras.layers.Flatten(name="class_token")(
        keras.layers.Cropping1D((0, tokens.shape[1] - 1), name="first_token")(tokens)
    )
    features = keras.layers.Dropout(dropout, name="dropout")(features)
    return keras.Model(picture, probabilities(features, num_classes, output_bias), name=name)


def _tokens(picture: Any, embedding: Any) -> Any:
    """Pictures -> tokens: the class token first, then one a patch, each with its place.

    The class token is what the bias of its place adds to zeros, so that ordinary layers will do.
    """
    layers = load_keras().layers
    places = np.array(embedding.position_embedding.get_weights()[0])
    places[0] += np.asarray(load_keras().ops.convert_to_numpy(embedding.class_token))[0, 0]
    width = places.shape[1]
    cells = _applied(embedding.patch_embedding, "patches", picture)
    tokens = layers.ZeroPadding1D((1, 0), name="tokens")(layers.Reshape((-1, width), name="patch_tokens")(cells))
    add_places = layers.EinsumDense(
        "btd,d->btd", output_shape=places.shape, bias_axes="td", kernel_initializer="ones", name="places"
    )
    placed = add_places(tokens)
    add_places.set_weights([np.ones(width, np.float32), places])
    return placed


def _block(tokens: Any, block: Any, name: str) -> Any:
    layers = load_keras().layers
    seen = _applied(block.layer_norm_1, f"{name}_norm1", tokens)
    attended = _applied(block.mha, f"{name}_attention", seen, seen)
    tokens = layers.Add(name=f"{name}_add1")([attended, tokens])
    seen = _applied(block.layer_norm_2, f"{name}_norm2", tokens)
    wide = _applied(block.mlp.dense_1, f"{name}_dense1", seen)
    narrow = _applied(block.mlp.dense_2, f"{name}_dense2", wide)
    return layers.Add(name=f"{name}_add2")([narrow, tokens])


def _applied(layer: Any, name: str, *tensors: Any) -> Any:
    """What a layer makes of tensors, under a name of its own: within KerasHub's blocks names repeat."""
    again = type(layer).from_config({**layer.get_config(), "name": name})
    result = again(*tensors)
    again.set_weights(layer.get_weights())
    return result


def _check_patches(picture_shape: PictureShape, *, pretrained: bool) -> None:
    height, width = picture_shape[:2]
    if height % PATCH or width % PATCH:
        raise ShapeError(
            f"a vision transformer takes pictures whose edges are multiples of {PATCH} px, received {height}x{width}: "
            f"set image_size to {round(height / PATCH) * PATCH}"
        )
    if pretrained and (height, width) != (224, 224):
        raise ShapeError(f"the pretrained weights are made for 224x224 px, received {height}x{width}")


VIT_B16 = declare(
    "vit_b16",
    "ViT-B/16, a vision transformer of twelve blocks; its class token goes into one dense layer",
    85_799_425,
    partial(vit, config=_VIT_B16, preset="vit_base_patch16_224_imagenet"),
    value_range=(-1.0, 1.0),
    pretrained=(IMAGENET,),
    paper=_PAPER,
)
