"""Images per second in training, and what preparing the pictures costs. Run: python benchmarks/training.py"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from artforge.engine.backend import load_keras
from artforge.engine.models.architectures import build_architecture, output_bias
from artforge.engine.training.augment import Augmentation
from artforge.engine.training.batches import epoch_batches
from artforge.engine.training.config import TrainConfig
from artforge.engine.training.fit import compile_network, predict_probabilities

NUM_PICTURES = 512


def main() -> None:
    """Print one line per architecture and image size."""
    load_keras()
    for name, size in (("artforge_small", 128), ("artforge_small", 160), ("mnist_cnn", 28)):
        images = np.random.default_rng(0).integers(0, 256, (NUM_PICTURES, size, size, 3), np.uint8)
        labels = np.arange(NUM_PICTURES) % 2
        print(f"{size} px: augmentation alone {NUM_PICTURES / seconds_of(drain, images, labels):.0f} images/s")
        network = build_architecture(
            name, 2, picture_shape=(size, size, 3), dropout=0.2, output_bias=output_bias(np.array([1, 1]))
        )
        compile_network(network, TrainConfig(), NUM_PICTURES)
        network.train_on_batch(images[:32] / np.float32(255), labels[:32, None])  # traces the graph
        predict_probabilities(network, images[:64])
        training = seconds_of(drain, images, labels, network)
        testing = seconds_of(predict_probabilities, network, images)
        print(
            f"{size} px: {name}, {network.count_params():,} parameters: training {NUM_PICTURES / training:.0f}, "
            f"testing {NUM_PICTURES / testing:.0f} images/s"
        )


def drain(images: np.ndarray, labels: np.ndarray, network: object | None = None) -> None:
    """One epoch, with or without the network."""
    weights = np.ones(2, np.float32)
    for batch in epoch_batches(
        images, labels, weights, batch_size=64, views=1, augmentation=Augmentation(), seed=0, epoch=1
    ):
        if network is not None:
            network.train_on_batch(batch.images, batch.targets, sample_weight=batch.weights)


def seconds_of(action: Callable[..., object], *given: object) -> float:
    """The best of three runs of `action(*given)`."""
    best = float("inf")
    for _ in range(3):
        begun = time.perf_counter()
        action(*given)
        best = min(best, time.perf_counter() - begun)
    return best


if __name__ == "__main__":
    main()
