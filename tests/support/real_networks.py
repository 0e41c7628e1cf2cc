"""Two real ImageNet networks, built layer by layer and filled with the weights that lie beside the checkout."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from artforge.engine.backend import load_keras
from artforge.engine.models.handle import wrap_model

DATA = Path(__file__).parents[3] / "shared" / "data"
WEIGHTS = DATA / "weights"
BGR_MEANS = (104.0, 117.0, 123.0)


def class_names():
    """The thousand names; a few stand for two classes each, so those carry their number."""
    index = json.loads((WEIGHTS / "imagenet_class_index.json").read_text(encoding="utf-8"))
    names = [index[str(number)][1] for number in range(1000)]
    return [name if names.count(name) == 1 else f"{name}_{number}" for number, name in enumerate(names)]


def squeezenet():
    """SqueezeNet 1.0: 227x227, wants BGR minus its means; RGB in [0, 255] comes in and is turned inside."""
    keras = load_keras()
    layers = keras.layers
    weights = np.load(WEIGHTS / "squeezenet_v1.0_imagenet_deepcompressed.npz")
    picture = keras.Input((227, 227, 3))
    maps = keras.ops.flip(picture, axis=-1) - np.asarray(BGR_MEANS, np.float32)
    maps = layers.Conv2D(96, 7, strides=2, activation="relu", name="conv1")(maps)
    maps = layers.MaxPooling2D(3, 2)(maps)
    for fire in range(2, 10):
        sizes = [weights[f"fire{fire}/{part}/kernel"].shape[-1] for part in ("conv1x1_1", "conv1x1_2", "conv3x3_2")]
        squeezed = layers.Conv2D(sizes[0], 1, activation="relu", name=f"fire{fire}_conv1x1_1")(maps)
        narrow = layers.Conv2D(sizes[1], 1, activation="relu", name=f"fire{fire}_conv1x1_2")(squeezed)
        wide = layers.Conv2D(sizes[2], 3, padding="same", activation="relu", name=f"fire{fire}_conv3x3_2")(squeezed)
        maps = layers.Concatenate(name=f"fire{fire}")([narrow, wide])
        if fire in (4, 8):
            maps = layers.MaxPooling2D(3, 2, padding="same" if maps.shape[1] % 2 == 0 else "valid")(maps)
    maps = layers.Conv2D(1000, 1, activation="relu", name="conv_final")(layers.ZeroPadding2D(1)(maps))
    network = keras.Model(picture, layers.Softmax()(layers.GlobalAveragePooling2D()(maps)), name="squeezenet")
    for layer in network.layers:
        if layer.weights:
            layer.set_weights(
                [
                    weights[f"{layer.name.replace('_', '/', 1) if 'fire' in layer.name else layer.name}/{part}"]
                    for part in ("kernel", "bias")
                ]
            )
    return wrap_model(network, class_names=class_names(), value_range=(0, 255))


_BLOCKS = ((24, 2), (24, 1), (32, 2), (32, 1), (32, 1), (64, 2), (64, 1), (64, 1), (64, 1), (96, 1), (96, 1), (96, 1),
           (160, 2), (160, 1), (160, 1), (320, 1))  # fmt: skip


def mobilenet_v2():
    """MobileNetV2 1.0: 224x224, RGB in [-1, 1], batch normalisation folded into the convolutions."""
    keras = load_keras()
    layers = keras.layers
    weights = np.load(WEIGHTS / "mobilenet_v2_1.0_224_imagenet_folded.npz")
    relu6 = keras.activations.relu6

    def depthwise(maps, name, stride):
        if stride == 2:
            maps = layers.ZeroPadding2D(((0, 1), (0, 1)))(maps)
        padding = "same" if stride == 1 else "valid"
        return layers.DepthwiseConv2D(3, strides=stride, padding=padding, activation=relu6, name=name)(maps)

    picture = keras.Input((224, 224, 3))
    maps = layers.ZeroPadding2D(((0, 1), (0, 1)))(picture)
    maps = layers.Conv2D(32, 3, strides=2, activation=relu6, name="Conv1")(maps)
    maps = depthwise(maps, "expanded_conv_depthwise", 1)
    maps = layers.Conv2D(16, 1, name="expanded_conv_project")(maps)
    for number, (filters, stride) in enumerate(_BLOCKS, start=1):
        wide = weights[f"block_{number}_expand/kernel"].shape[-1]
        inner = layers.Conv2D(wide, 1, activation=relu6, name=f"block_{number}_expand")(maps)
        inner = depthwise(inner, f"block_{number}_depthwise", stride)
        inner = layers.Conv2D(filters, 1, name=f"block_{number}_project")(inner)
        same = stride == 1 and maps.shape[-1] == filters
        maps = layers.Add(name=f"block_{number}_add")([maps, inner]) if same else inner
    maps = layers.Conv2D(1280, 1, activation=relu6, name="Conv_1")(maps)
    pooled = layers.GlobalAveragePooling2D()(maps)
    network = keras.Model(picture, layers.Dense(1000, activation="softmax", name="predictions")(pooled))
    for layer in network.layers:
        if layer.weights:
            layer.set_weights([weights[f"{layer.name}/{part}"] for part in ("kernel", "bias")])
    return wrap_model(network, class_names=class_names(), value_range=(-1, 1), name="mobilenet_v2")
