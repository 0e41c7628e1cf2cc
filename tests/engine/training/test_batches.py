"""Training batches: seeded, whole, balanced."""

from __future__ import annotations

import numpy as np
import pytest

from artforge.engine.training.augment import Augmentation
from artforge.engine.training.batches import as_targets, balancing_weights, epoch_batches

OFF = Augmentation(rescale=False, flip=False, window=0, jitter=0.0, jpeg=0.0)


def batches(*, seed: int = 0, epoch: int = 1, count: int = 11, views: int = 1, augmentation: Augmentation = OFF):
    """Pictures that carry their number as their grey level."""
    images = np.arange(count, dtype=np.uint8)[:, None, None, None] * np.ones((1, 8, 8, 3), np.uint8)
    labels = np.arange(count) % 2
    weights = np.array([1.0, 3.0], np.float32)
    return list(
        epoch_batches(
            images, labels, weights, batch_size=4, views=views, augmentation=augmentation, seed=seed, epoch=epoch
        )
    )


def numbers(made) -> list[int]:
    return [round(float(level) * 255) for batch in made for level in batch.images[:, 0, 0, 0]]


def test_no_picture_comes_twice_and_only_full_batches_are_given():
    made = batches()
    assert [len(batch.targets) for batch in made] == [4, 4]
    assert len(set(numbers(made))) == 8


def test_a_set_smaller_than_a_batch_still_gives_one():
    assert [len(batch.targets) for batch in batches(count=3)] == [3]


def test_targets_and_weights_belong_to_their_pictures():
    for batch in batches():
        own = np.rint(batch.images[:, 0, 0, 0] * 255).astype(int) % 2
        np.testing.assert_array_equal(batch.targets[:, 0], own)
        np.testing.assert_array_equal(batch.weights, np.where(own == 1, 3.0, 1.0))


def test_the_order_depends_on_seed_and_epoch_alone():
    assert numbers(batches(seed=1, epoch=2)) == numbers(batches(seed=1, epoch=2))
    assert numbers(batches(seed=1, epoch=2)) != numbers(batches(seed=1, epoch=3))
    assert numbers(batches(seed=1, epoch=2)) != numbers(batches(seed=2, epoch=2))


def test_every_picture_is_shown_as_often_as_there_are_views():
    shown = numbers(batches(count=8, views=3))
    assert sorted(shown) == sorted([*range(8)] * 3)
    assert shown[:8] != shown[8:16]


def test_augmentation_comes_again_with_the_epoch():
    jittered = Augmentation(rescale=False, flip=False, window=0, jitter=1.0, jpeg=0.0)
    first, again = (batches(epoch=5, augmentation=jittered)[1].images for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_a_failure_in_the_preparing_thread_is_raised():
    with pytest.raises(IndexError):
        list(
            epoch_batches(
                np.zeros((2, 8, 8, 3), np.uint8),
                np.zeros(4, np.int64),
                np.ones(2, np.float32),
                batch_size=4,
                views=1,
                augmentation=OFF,
                seed=0,
                epoch=1,
            )
        )


def test_two_classes_have_one_target_and_three_have_three():
    np.testing.assert_array_equal(as_targets(np.array([0, 1]), 2), [[0], [1]])
    np.testing.assert_array_equal(as_targets(np.array([2, 0]), 3), [[0, 0, 1], [1, 0, 0]])


def test_balancing_weights_make_every_class_count_the_same():
    weights = balancing_weights(np.array([250, 675]))
    np.testing.assert_allclose(weights * [250, 675], 925 / 2, rtol=1e-6)
