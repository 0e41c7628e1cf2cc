"""The same small networks in Keras and in torch, weight for weight."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from artforge.engine.backend import load_keras
from artforge.engine.models.handle import wrap_model

SIZE = (24, 20)
CLASSES = 3


def fill(network, seed):
    rng = np.random.default_rng(seed)
    for variable in network.variables:
        spread = rng.normal(0, 0.35, variable.shape)
        variable.assign(np.asarray(np.abs(spread) + 0.5 if "variance" in variable.path else spread, np.float32))
    return network


def keras_network(kind):
    keras = load_keras()
    layers = keras.layers
    picture = keras.Input((*SIZE, 3))
    maps = layers.Conv2D(6, 3, padding="same", name="conv1")(picture)
    maps = layers.ReLU(name="relu1")(maps)
    maps = layers.MaxPooling2D(name="pool")(maps)
    shortcut = maps
    maps = layers.Conv2D(6, 3, padding="same", name="conv2")(maps)
    if kind == "residual":
        maps = layers.BatchNormalization(name="norm2")(maps)
        maps = layers.Add(name="add")([maps, shortcut])
    maps = layers.ReLU(name="relu2")(maps)
    flat = layers.Flatten()(maps) if kind == "flattened" else layers.GlobalAveragePooling2D()(maps)
    return fill(keras.Model(picture, layers.Dense(CLASSES, activation="softmax", name="scores")(flat)), seed=len(kind))


class Twin(nn.Module):
    """(n, 3, height, width) -> logits."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.conv1, self.relu1 = nn.Conv2d(3, 6, 3, padding=1), nn.ReLU()
        self.pool = nn.MaxPool2d(2)
        self.conv2, self.relu2 = nn.Conv2d(6, 6, 3, padding=1), nn.ReLU()
        self.norm2 = nn.BatchNorm2d(6, eps=1e-3)
        cells = SIZE[0] * SIZE[1] // 4
        self.scores = nn.Linear(6 * cells if kind == "flattened" else 6, CLASSES)

    def forward(self, picture):
        maps = self.pool(self.relu1(self.conv1(picture)))
        seen = self.conv2(maps)
        if self.kind == "residual":
            seen = self.norm2(seen) + maps
        seen = self.relu2(seen)
        # Keras flattens places first, channels last
        flat = seen.permute(0, 2, 3, 1).flatten(1) if self.kind == "flattened" else seen.mean(dim=(2, 3))
        return self.scores(flat)


def twins(kind):
    """An artforge handle and a torch module of one network: `pooled`, `flattened` or `residual`."""
    network, twin = keras_network(kind), Twin(kind)

    def weights(layer):
        return [
            torch.from_numpy(np.array(variable.value, np.float32)) for variable in network.get_layer(layer).variables
        ]

    with torch.no_grad():
        for layer in ("conv1", "conv2"):
            kernel, bias = weights(layer)
            getattr(twin, layer).weight.copy_(kernel.permute(3, 2, 0, 1))
            getattr(twin, layer).bias.copy_(bias)
        kernel, bias = weights("scores")
        twin.scores.weight.copy_(kernel.T)
        twin.scores.bias.copy_(bias)
        if kind == "residual":
            for target, value in zip(
                (twin.norm2.weight, twin.norm2.bias, twin.norm2.running_mean, twin.norm2.running_var),
                weights("norm2"),
                strict=True,
            ):
                target.copy_(value)
    return wrap_model(network), twin.eval()


def as_tensor(image):
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)[None]))
