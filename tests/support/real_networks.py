"""Two real ImageNet networks, filled with the weights that lie beside the checkout."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from artforge.engine.backend import load_keras
from artforge.engine.models.architectures import build_architecture
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


def mobilenet_v2():
    """MobileNetV2 1.0: wants RGB in [-1, 1]; its batch normalisation has been folded into the convolutions."""
    path = WEIGHTS / "mobilenet_v2_1.0_224_imagenet_folded.npz"
    network = build_architecture(
        "mobilenet_v2_transfer",
        1000,
        picture_shape=(224, 224, 3),
        dropout=0.0,
        output_bias=np.zeros(1000, np.float32),
        weights=path,
    )
    with np.load(path) as weights:
        network.get_layer("class_scores").set_weights([weights["predictions/kernel"], weights["predictions/bias"]])
    return wrap_model(
        network, class_names=class_names(), input_size=(224, 224), value_range=(-1, 1), name="mobilenet_v2"
    )
