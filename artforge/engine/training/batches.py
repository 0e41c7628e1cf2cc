"""Training batches: shuffled and augmented by seed, prepared in threads while the network computes."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from artforge.core.seeds import derive_seed, generator
from artforge.engine.data.pictures import Pictures
from artforge.engine.training.augment import Augmentation, augment

Prepared = TypeVar("Prepared")

AHEAD = 2
"""Batches that lie ready beside those being prepared."""


@dataclass(frozen=True)
class Batch:
    """What one optimizer step sees.

    Attributes:
        images: float32 (n, H, W, 3 or 1) in the network's range of values; in a cluster only this worker's rows.
        labels: int64 (n,).
        targets: float32 (n, 1) for two classes, else one-hot (n, classes).
        weights: float32 (n,), how much each picture counts.
    """

    images: NDArray[np.float32]
    labels: NDArray[np.int64]
    targets: NDArray[np.float32]
    weights: NDArray[np.float32]


def num_batches(num_pictures: int, batch_size: int) -> int:
    """Batches in an epoch: whole ones only, but never none."""
    return max(1, num_pictures // batch_size)


def epoch_batches(
    pictures: Pictures,
    labels: NDArray[np.int64],
    indices: NDArray[np.int64],
    class_weights: NDArray[np.float32],
    *,
    batch_size: int,
    views: int,
    augmentation: Augmentation,
    value_range: tuple[float, float] = (0.0, 1.0),
    seed: int,
    epoch: int,
    rows: slice = slice(None),
    num_threads: int | None = None,
) -> Iterator[Batch]:
    """The batches of one epoch, each picture `views` times, prepared ahead of the network in threads.

    They depend on (seed, epoch) alone, so that a resumed run sees the same ones whatever the number of threads. A
    last batch that would not be full is left out; the shuffling leaves out others the next time.

    Args:
        pictures: of the whole set, uint8; asked for one batch at a time.
        labels: int64 (n,), of the whole set.
        indices: int64 (k,), those to train on.
        class_weights: float32 (classes,).
        batch_size: pictures in a batch.
        views: how often each picture is shown.
        augmentation: how it is changed.
        value_range: (low, high) of the pixel values that the network expects.
        seed: of the run.
        epoch: counted from 1.
        rows: those of each batch whose pictures are prepared here; targets and weights are given of all.
        num_threads: that prepare batches; None takes half of the machine's, at least two.
    """
    shuffler = generator(derive_seed(seed, "order", epoch))
    order = np.concatenate([shuffler.permutation(indices) for _ in range(views)])
    chunks = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    chunks = chunks[: num_batches(len(order), batch_size)]

    def prepare(number: int) -> Batch:
        chosen = chunks[number]
        positions = np.arange(len(chosen))[rows]
        images = [
            augment(pixels, augmentation, generator(derive_seed(seed, "augment", epoch, number, int(position))))
            for pixels, position in zip(pictures[chosen[rows]], positions, strict=True)
        ]
        return Batch(
            images=in_range(np.stack(images), value_range),
            labels=labels[chosen],
            targets=as_targets(labels[chosen], len(class_weights)),
            weights=class_weights[labels[chosen]],
        )

    return ahead(prepare, len(chunks), num_threads or max(2, (os.cpu_count() or 2) // 2))


def ahead(prepare: Callable[[int], Prepared], count: int, num_threads: int) -> Iterator[Prepared]:
    """`prepare(0)`, `prepare(1)`, ... in order, worked out in threads, a few of them before they are asked for."""
    with ThreadPoolExecutor(max_workers=num_threads, thread_name_prefix="batches") as pool:
        waiting: deque[Future[Prepared]] = deque()
        submitted = 0
        try:
            for _ in range(count):
                while submitted < count and len(waiting) < num_threads + AHEAD:
                    waiting.append(pool.submit(prepare, submitted))
                    submitted += 1
                yield waiting.popleft().result()
        finally:  # also where the loop outside has been left
            for future in waiting:
                future.cancel()


def in_range(images: NDArray[np.float32], value_range: tuple[float, float]) -> NDArray[np.float32]:
    """Pictures in [0, 1] -> the pixel values that a network expects; float32, in place where it can be."""
    low, high = value_range
    if (low, high) != (0.0, 1.0):
        images *= np.float32(high - low)
        images += np.float32(low)
    return images


def as_targets(labels: NDArray[np.int64], num_classes: int) -> NDArray[np.float32]:
    """Labels as a network's output would be when right: float32 (n, 1) for two classes, else one-hot (n, classes)."""
    if num_classes == 2:
        return labels[:, None].astype(np.float32)
    return np.eye(num_classes, dtype=np.float32)[labels]


def balancing_weights(class_counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Weights (classes,) with which each class counts the same in the loss and the mean picture weighs 1."""
    counts = np.asarray(class_counts, np.float64)
    return np.asarray(counts.sum() / (len(counts) * counts), np.float32)
