"""Small networks of every build: the same eyes, put together in the ways that people put networks together."""

from __future__ import annotations

import numpy as np

from artforge.engine.backend import load_keras

EDGE = 24
CLASSES = 3


def fill(network, seed=0, scale=0.3):
    """Weights from a seed, in the order of the network's own list."""
    rng = np.random.default_rng(seed)
    for variable in network.trainable_variables:
        variable.assign(rng.normal(0, scale, variable.shape).astype(np.float32))
    return network


def eyes(layers, maps):
    """A few convolutions with a shortcut; ends in (h, w, 8) maps."""
    maps = layers.Conv2D(6, 3, padding="same", activation="relu", name="early")(maps)
    maps = layers.MaxPooling2D(name="pool")(maps)
    inner = layers.Conv2D(6, 3, padding="same", activation="relu", name="inner")(maps)
    maps = layers.Add(name="add")([inner, maps])
    return layers.Conv2D(8, 3, padding="same", activation="relu", name="late")(maps)


def head(layers, maps, activation="softmax", classes=CLASSES):
    pooled = layers.GlobalAveragePooling2D(name="mean")(maps)
    return layers.Dense(classes, activation=activation, name="scores")(pooled)


def flat(activation="softmax", classes=CLASSES):
    keras = load_keras()
    picture = keras.Input((EDGE, EDGE, 3))
    return fill(keras.Model(picture, head(keras.layers, eyes(keras.layers, picture), activation, classes)))


def _base():
    keras = load_keras()
    picture = keras.Input((EDGE, EDGE, 3))
    return keras.Model(picture, eyes(keras.layers, picture), name="base")


def nested_functional():
    """`base(x)`, as every transfer-learning tutorial has it."""
    keras = load_keras()
    picture = keras.Input((EDGE, EDGE, 3))
    return fill(keras.Model(picture, head(keras.layers, _base()(picture, training=False))))


def nested_sequential():
    keras = load_keras()
    layers = keras.layers
    top = [layers.GlobalAveragePooling2D(), layers.Dense(CLASSES, activation="softmax")]
    return fill(keras.Sequential([keras.Input((EDGE, EDGE, 3)), _base(), *top]))


def nested_twice():
    keras = load_keras()
    picture = keras.Input((EDGE, EDGE, 3))
    outer = keras.Sequential([keras.Input((EDGE, EDGE, 3)), _base()], name="outer")
    return fill(keras.Model(picture, head(keras.layers, outer(picture))))


def nested_head():
    """The softmax is fused into a layer of an inner model."""
    keras = load_keras()
    picture = keras.Input((EDGE, EDGE, 3))
    maps = keras.Input((EDGE // 2, EDGE // 2, 8))
    top = keras.Model(maps, head(keras.layers, maps), name="top")
    return fill(keras.Model(picture, top(_base()(picture))))


def subclassed():
    """A model with its own call, a block of its own that is made of layers, and an operation of keras.ops."""
    keras = load_keras()
    layers = keras.layers

    class Block(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = layers.Conv2D(6, 3, padding="same", activation="relu", name="inner")

        def call(self, maps):
            return self.inner(maps) + maps

    class Eyes(keras.Model):
        def __init__(self):
            super().__init__(name="eyes")
            self.early = layers.Conv2D(6, 3, padding="same", activation="relu", name="early")
            self.pool = layers.MaxPooling2D(name="pool")
            self.block = Block(name="block")
            self.late = layers.Conv2D(8, 3, padding="same", activation="relu", name="late")
            self.scores = layers.Dense(CLASSES, activation="softmax", name="scores")

        def call(self, picture):
            maps = self.late(self.block(self.pool(self.early(picture))))
            return self.scores(keras.ops.mean(maps, axis=(1, 2)))

    network = Eyes()
    network(np.zeros((1, EDGE, EDGE, 3), np.float32))
    return fill(network)


PATHS = {
    "nested_functional": "base/{}",
    "nested_sequential": "base/{}",
    "nested_twice": "outer/base/{}",
    "nested_head": "base/{}",
    "subclassed": "{}",
}
"""How each twin of `flat` addresses its layers."""

TWINS = {
    "nested_functional": nested_functional,
    "nested_sequential": nested_sequential,
    "nested_twice": nested_twice,
    "nested_head": nested_head,
    "subclassed": subclassed,
}


def two_bases():
    """Two inner models with layers of the same names."""
    keras = load_keras()
    picture = keras.Input((EDGE, EDGE, 3))
    bases = []
    for name in ("left", "right"):
        inside = keras.Input((EDGE, EDGE, 3))
        bases.append(keras.Model(inside, keras.layers.Conv2D(4, 3, name="conv")(inside), name=name))
    maps = keras.layers.Concatenate(name="both")([base(picture) for base in bases])
    return fill(keras.Model(picture, head(keras.layers, maps)))


def squeezing():
    """A squeeze-and-excite block: its 1x1 convolutions see a single cell."""
    keras = load_keras()
    layers = keras.layers
    picture = keras.Input((EDGE, EDGE, 3))
    maps = layers.Conv2D(8, 3, activation="relu", name="seeing")(picture)
    cell = layers.GlobalAveragePooling2D(keepdims=True)(maps)
    gate = layers.Conv2D(8, 1, activation="sigmoid", name="excite")(
        layers.Conv2D(2, 1, activation="relu", name="squeeze")(cell)
    )
    gated = layers.Multiply(name="gated")([maps, gate])
    squeezed = layers.Conv2D(16, 1, activation="relu", name="top")(layers.GlobalAveragePooling2D(keepdims=True)(gated))
    return fill(keras.Model(picture, layers.Dense(CLASSES)(layers.Flatten()(squeezed))))


def transformer(class_token=True, blocks=2, width=12):
    """A small ViT: 4x6 patches of 4 pixels, with or without a class token."""
    keras = load_keras()
    layers = keras.layers

    class Tokens(layers.Layer):
        """Puts the class token before the patches and adds the position embedding."""

        def build(self, shape):
            self.first = self.add_weight(shape=(1, 1, shape[-1]), name="class_token")
            self.places = self.add_weight(shape=(1, shape[1] + class_token, shape[-1]), name="places")

        def call(self, tokens):
            if class_token:
                first = keras.ops.repeat(self.first, keras.ops.shape(tokens)[0], axis=0)
                tokens = keras.ops.concatenate([first, tokens], axis=1)
            return tokens + self.places

    picture = keras.Input((16, 24, 3))
    patches = layers.Conv2D(width, 4, strides=4, name="patches")(picture)
    tokens = Tokens(name="tokens")(layers.Reshape((24, width), name="row")(patches))
    for index in range(blocks):
        normed = layers.LayerNormalization(name=f"norm{index}")(tokens)
        seen = layers.MultiHeadAttention(2, 6, name=f"attention{index}")(normed, normed)
        tokens = layers.Add(name=f"add{index}")([tokens, seen])
        wide = layers.Dense(2 * width, activation="gelu")(layers.LayerNormalization(name=f"norm{index}b")(tokens))
        tokens = layers.Add(name=f"add{index}b")([tokens, layers.Dense(width)(wide)])
    tokens = layers.LayerNormalization(name="norm")(tokens)
    last = tokens[:, 0] if class_token else layers.GlobalAveragePooling1D()(tokens)
    return fill(keras.Model(picture, layers.Dense(CLASSES, name="scores")(last)), scale=0.4)
