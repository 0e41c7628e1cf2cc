"""Training batches: shuffled and augmented by seed, prepared one ahead in a thread while the network computes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artforge.core.seeds import derive_seed, generator
from artforge.engine.training.augment import Augmentation, augment


@dataclass(frozen=True)
class Batch:
    """What one optimizer step sees.

    Attributes:
        images: float32 (n, H, W, 3 or 1) in [0, 1].
        targets: float32 (n, 1) for two classes, else one-hot (n, classes).
        weights: float32 (n,), how much each picture counts.
    """

    images: NDArray[np.float32]
    targets: NDArray[np.float32]
    weights: NDArray[np.float32]


def num_batches(num_pictures: int, batch_size: int) -> int:
    """Batches in an epoch: whole ones only, but never none."""
    return max(1, num_pictures // batch_size)


def epoch_batches(
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    class_weights: NDArray[np.float32],
    *,
    batch_size: int,
    views: int,
    augmentation: Augmentation,
    seed: int,
    epoch: int,
) -> Iterator[Batch]:
    """The batches of one epoch, each picture `views` times.

    They depend on (seed, epoch) alone, so that a resumed run sees the same ones. A last batch that
    would not be full is left out; the shuffling leaves out others the next time.
    """
    shuffler = generator(derive_seed(seed, "order", epoch))
    order = np.concatenate([shuffler.permutation(len(labels)) for _ in range(views)])
    chunks = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    chunks = chunks[: num_batches(len(order), batch_size)]

    def prepare(number: int) -> Batch:
        chosen = chunks[number]
        rng = generator(derive_seed(seed, "augment", epoch, number))
        return Batch(
            images=np.stack([augment(images[index], augmentation, rng) for index in chosen]),
            targets=as_targets(labels[chosen], len(class_weights)),
            weights=class_weights[labels[chosen]],
        )

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="augment") as pool:
        ahead = pool.submit(prepare, 0)
        for number in range(len(chunks)):
            batch = ahead.result()
            if number + 1 < len(chunks):
                ahead = pool.submit(prepare, number + 1)
            yield batch


def as_targets(labels: NDArray[np.int64], num_classes: int) -> NDArray[np.float32]:
    """Labels as a network's output would be when right: float32 (n, 1) for two classes, else one-hot (n, classes)."""
    if num_classes == 2:
        return labels[:, None].astype(np.float32)
    return np.eye(num_classes, dtype=np.float32)[labels]


def balancing_weights(class_counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Weights (classes,) with which each class counts the same in the loss and the mean picture weighs 1."""
    counts = np.asarray(class_counts, np.float64)
    return np.asarray(counts.sum() / (len(counts) * counts), np.float32)
