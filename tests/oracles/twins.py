"""The same small networks in Keras and in torch, weight for weight, and what it means that two maps are the same."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from artforge.engine.attention.methods import METHODS
from artforge.engine.backend import load_keras
from artforge.engine.models.handle import wrap_model

torch.set_num_threads(1)  # on a busy machine its threads wait for each other ten times longer than they work

SIZE = (24, 20)
TOLERANCE = 1e-4
SEEDS = {"pooled": 18, "flattened": 14, "residual": 21, "one_sigmoid": 35}
"""Weights by which every class has channels that speak for it, and some questions meet a negative class score."""


def fill(network, seed):
    rng = np.random.default_rng(seed)
    for variable in network.variables:
        spread = rng.normal(0, 0.35, variable.shape)
        variable.assign(np.asarray(np.abs(spread) + 0.5 if "variance" in variable.path else spread, np.float32))
    return network


def keras_network(kind):
    """A head of each sort: `pooled`, `flattened`, `residual` (batch normalisation, a shortcut) and `one_sigmoid`."""
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
    outputs, activation = (1, "sigmoid") if kind == "one_sigmoid" else (3, "softmax")
    scores = layers.Dense(outputs, activation=activation, name="scores")(flat)
    return fill(keras.Model(picture, scores), seed=SEEDS[kind])


class Twin(nn.Module):
    """(n, 3, height, width) -> class scores (n, classes): logits, and -z and z of a single sigmoid."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.layers = ("conv1", "relu1", "conv2", *(("norm2", "add") if kind == "residual" else ()), "relu2")
        self.num_classes = 2 if kind == "one_sigmoid" else 3
        self.conv1, self.relu1 = nn.Conv2d(3, 6, 3, padding=1), nn.ReLU()
        self.pool = nn.MaxPool2d(2)
        self.conv2, self.relu2 = nn.Conv2d(6, 6, 3, padding=1), nn.ReLU()
        self.norm2, self.add = nn.BatchNorm2d(6, eps=1e-3), nn.Identity()
        cells = SIZE[0] * SIZE[1] // 4
        self.scores = nn.Linear(6 * cells if kind == "flattened" else 6, 1 if kind == "one_sigmoid" else 3)

    def forward(self, picture):
        maps = self.pool(self.relu1(self.conv1(picture)))
        seen = self.conv2(maps)
        if self.kind == "residual":
            seen = self.add(self.norm2(seen) + maps)
        seen = self.relu2(seen)
        # Keras flattens places first, channels last
        flat = seen.permute(0, 2, 3, 1).flatten(1) if self.kind == "flattened" else seen.mean(dim=(2, 3))
        scores = self.scores(flat)
        return torch.cat([-scores, scores], dim=1) if self.kind == "one_sigmoid" else scores


def twins(kind, *, loudness=1.0, value_range=(0.0, 1.0)):
    """An artforge handle and a torch module of one network; `loudness` multiplies the weights of its last layer."""
    network, twin = keras_network(kind), Twin(kind)
    kernel = network.get_layer("scores").kernel
    kernel.assign(kernel * loudness)

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
    return wrap_model(network, value_range=value_range), twin.eval()


def as_tensor(image):
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)[None]))


def questions(pictures, twin):
    """Each picture with another class: (image, target)."""
    return [(image, position % twin.num_classes) for position, image in enumerate(pictures)]


def ours(name, image, model, **settings):
    return METHODS[name].batch([image], model=model, **settings)[0]


def distance(actual, expected):
    """The largest difference of two maps, as a share of the largest value of the second."""
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    assert actual.shape == expected.shape
    assert np.isfinite(expected).all()
    largest = np.abs(expected).max()
    assert largest > 0, "a comparison with nothing says nothing"
    return np.abs(actual - expected).max() / largest


def assert_same(actual, expected, *about):
    """Equal maps, signs and scale included."""
    assert distance(actual, expected) <= TOLERANCE, about


def of_one_scale(heatmap):
    return np.asarray(heatmap) / np.abs(heatmap).max()


def assert_same_up_to_scale(actual, expected, *about):
    assert_same(of_one_scale(actual), of_one_scale(expected), *about)


def assert_different(actual, expected, *about):
    """Another map, not the same in another scale: a difference that is only said, not seen, is no difference."""
    assert distance(of_one_scale(actual), of_one_scale(expected)) > 10 * TOLERANCE, about
