"""Run in a process of its own: a few steps on one device and on two virtual ones, and what they leave, as JSON.

Usage: python parallel_steps.py BACKEND
"""

from __future__ import annotations

import json
import os
import sys

import numpy as np

BATCH = 8
STEPS = 5


def two_devices(backend: str) -> None:
    """Split the CPU in two; before the backend computes anything."""
    os.environ["KERAS_BACKEND"] = backend
    if backend == "jax":
        os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"
        return
    from artforge.engine.backend import load_keras

    load_keras()
    import tensorflow

    one = tensorflow.config.LogicalDeviceConfiguration()
    tensorflow.config.set_logical_device_configuration(tensorflow.config.list_physical_devices("CPU")[0], [one, one])


def new_network():
    from artforge.engine.backend import load_keras
    from artforge.engine.training.config import TrainConfig
    from artforge.engine.training.step import compile_network

    keras = load_keras()
    keras.utils.set_random_seed(3)
    layers = keras.layers
    picture = keras.Input((12, 12, 3))
    # no bias before the normalisation: its gradient is nothing but rounding, which Adam would blow up
    maps = layers.Conv2D(6, 3, use_bias=False)(picture)
    maps = layers.ReLU()(layers.BatchNormalization()(maps))
    scores = layers.Dense(1, activation="sigmoid")(layers.GlobalAveragePooling2D()(maps))
    return keras.Model(picture, scores), lambda network: compile_network(
        network, TrainConfig(), batch_size=BATCH, fused=keras.backend.backend() == "jax"
    )


def trained(devices) -> dict:
    from artforge.engine.training.batches import Batch, as_targets

    rng = np.random.default_rng(5)
    losses, probabilities = [], []
    with devices.scope():
        network, compile_it = new_network()
        devices.prepare(network)
        compile_it(network)
        step = devices.make_step(network)
        for _ in range(STEPS):
            images = rng.random((BATCH, 12, 12, 3), dtype=np.float32)
            labels = rng.integers(0, 2, BATCH)
            weights = rng.random(BATCH, dtype=np.float32)  # shares of unequal weight
            told = step(Batch(images, labels, as_targets(labels, 2), weights), 1e-2 / (1 + len(losses)))
            losses.append(told.loss)
            probabilities.append(told.probabilities)
        pictures = rng.random((13, 12, 12, 3), dtype=np.float32)  # not to be shared equally
        asked: list[int] = []

        def images_of(indices):
            asked.append(len(indices))
            return pictures[indices]

        predicted = devices.predictor(network)(images_of, np.arange(12, -1, -1))
    return {
        "losses": losses,
        "probabilities": np.concatenate(probabilities).tolist(),
        "weights": [np.asarray(variable.numpy()).tolist() for variable in network.variables],
        "predicted": predicted.tolist(),
        "asked": asked,
    }


def main() -> None:
    backend = sys.argv[1]
    two_devices(backend)
    from artforge.core.errors import UsageError
    from artforge.engine.training.config import TrainConfig
    from artforge.engine.training.parallel import Machines, open_devices

    left = {
        name: trained(open_devices(Machines(choice), TrainConfig(batch_size=BATCH)))
        for name, choice in (("one", 1), ("two", "all"))
    }
    for name, choice, batch_size in (("many", 3, 9), ("unequal", 2, 9)):
        try:
            open_devices(Machines(choice), TrainConfig(batch_size=batch_size))
        except UsageError as error:
            left[name] = str(error)
    print(json.dumps(left))


if __name__ == "__main__":
    main()
