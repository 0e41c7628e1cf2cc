"""Training batches: seeded, whole, balanced."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from artforge.engine.training.augment import Augmentation
from artforge.engine.training.batches import ahead, as_targets, balancing_weights, epoch_batches

OFF = Augmentation(rescale=False, flip=False, window=0, jitter=0.0, jpeg=0.0)


def batches(*, count: int = 11, views: int = 1, augmentation: Augmentation = OFF, epoch: int = 1, **more):
    """Pictures that carry their number as their grey level."""
    images = np.arange(count, dtype=np.uint8)[:, None, None, None] * np.ones((1, 8, 8, 3), np.uint8)
    labels = np.arange(count) % 2
    weights = np.array([1.0, 3.0], np.float32)
    return list(
        epoch_batches(
            images,
            labels,
            np.arange(count),
            weights,
            batch_size=4,
            views=views,
            augmentation=augmentation,
            epoch=epoch,
            **{"seed": 0, **more},
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


@pytest.mark.parametrize("num_threads", [1, 3, 8])
def test_the_number_of_threads_changes_nothing(num_threads):
    jittered = Augmentation(rescale=True, flip=True, window=6, jitter=1.0, jpeg=0.5)
    for one, other in zip(
        batches(count=40, augmentation=jittered, num_threads=2),
        batches(count=40, augmentation=jittered, num_threads=num_threads),
        strict=True,
    ):
        np.testing.assert_array_equal(one.images, other.images)
        np.testing.assert_array_equal(one.labels, other.labels)


def test_only_the_chosen_pictures_are_asked_for_and_one_batch_at_a_time():
    asked = []

    class Pictures:
        def __getitem__(self, indices):
            asked.append(sorted(indices))
            return np.zeros((len(indices), 8, 8, 3), np.uint8)

    pictures, labels = Pictures(), np.arange(30) % 2
    own = {"batch_size": 4, "views": 1, "augmentation": OFF, "seed": 0, "epoch": 1}
    list(epoch_batches(pictures, labels, np.arange(3, 11), np.ones(2, np.float32), **own))
    assert [len(one) for one in asked] == [4, 4]
    assert sorted(asked[0] + asked[1]) == [3, 4, 5, 6, 7, 8, 9, 10]


def test_a_worker_prepares_its_rows_and_knows_all_targets():
    everything = batches(augmentation=Augmentation(window=0))
    own = batches(augmentation=Augmentation(window=0), rows=slice(2, 4))
    for whole, part in zip(everything, own, strict=True):
        np.testing.assert_array_equal(part.images, whole.images[2:])
        np.testing.assert_array_equal(part.targets, whole.targets)
        np.testing.assert_array_equal(part.weights, whole.weights)


def test_pictures_come_in_the_range_that_the_network_expects():
    for whole, scaled in zip(batches(), batches(value_range=(-1.0, 1.0)), strict=True):
        np.testing.assert_allclose(scaled.images, whole.images * 2 - 1, atol=1e-6)


def test_leaving_the_loop_ends_the_threads():
    made = ahead(lambda number: number, 1000, num_threads=2)
    next(made)
    made.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("batches")]


def test_a_failure_in_the_preparing_thread_is_raised():
    with pytest.raises(IndexError):
        list(
            epoch_batches(
                np.zeros((2, 8, 8, 3), np.uint8),
                np.zeros(4, np.int64),
                np.arange(4),
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
