"""The split: whole groups, fair shares, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from artforge.core.errors import DatasetError
from artforge.engine.data.splits import Split, num_met_in_training, split_by_group, split_by_part, torn_groups

NAMES = ("algorithmic", "hand_made")


def many_groups(seed: int = 0) -> tuple[np.ndarray, list[str]]:
    """400 pictures, 1 to 9 a group, some groups with both classes."""
    rng = np.random.default_rng(seed)
    groups = [f"artist-{rng.integers(0, 90)}" for _ in range(400)]
    return (rng.random(400) < 0.3).astype(np.int64), groups


def counts_in(labels: np.ndarray, indices: np.ndarray) -> list[int]:
    return np.bincount(labels[indices], minlength=2).tolist()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_group_stands_on_two_sides(seed):
    labels, groups = many_groups(seed)
    split = split_by_group(labels, groups, NAMES, seed=seed)
    sides = [{groups[index] for index in part} for part in (split.training, split.validation, split.test)]
    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]
    assert not sides[1] & sides[2]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_picture_stands_in_one_part(seed):
    labels, groups = many_groups(seed)
    split = split_by_group(labels, groups, NAMES, seed=seed)
    together = np.concatenate([split.training, split.validation, split.test])
    np.testing.assert_array_equal(np.sort(together), np.arange(400))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_each_class_is_shared_out_60_20_20_within_two_hundredths(seed):
    labels, groups = many_groups(seed)
    split = split_by_group(labels, groups, NAMES, seed=seed)
    totals = np.bincount(labels)
    for part, share in ((split.training, 0.6), (split.validation, 0.2), (split.test, 0.2)):
        np.testing.assert_allclose(np.bincount(labels[part]) / totals, share, atol=0.02)


def test_single_pictures_are_shared_out_exactly():
    labels = np.array([0] * 10 + [1] * 20)
    split = split_by_group(labels, [f"p{index}" for index in range(30)], NAMES, seed=4)
    assert counts_in(labels, split.training) == [6, 12]
    assert counts_in(labels, split.validation) == [2, 4]
    assert counts_in(labels, split.test) == [2, 4]


def test_three_groups_make_three_parts():
    labels = np.array([0] * 9 + [1] * 3)
    groups = ["a"] * 7 + ["b", "c"] + ["x", "y", "z"]
    split = split_by_group(labels, groups, NAMES, seed=0)
    assert counts_in(labels, split.training) == [7, 1]
    assert counts_in(labels, split.validation) == [1, 1]
    assert counts_in(labels, split.test) == [1, 1]


def test_the_same_seed_splits_the_same_and_another_differently():
    labels, groups = many_groups()
    first, again, other = (split_by_group(labels, groups, NAMES, seed=seed) for seed in (7, 7, 8))
    assert first.names() == again.names()
    assert first.names() != other.names()


def test_the_names_of_the_parts_follow_the_order_of_the_pictures():
    labels, groups = many_groups()
    split = split_by_group(labels, groups, NAMES, seed=0)
    names = split.names()
    assert {names[index] for index in split.validation} == {"validation"}
    assert names.count("test") == len(split.test)


def test_a_class_of_one_group_cannot_be_split():
    labels = np.array([0] * 6 + [1] * 6)
    groups = ["monet"] * 6 + [f"p{index}" for index in range(6)]
    with pytest.raises(DatasetError, match=r"'algorithmic' .* 1 group .* from other sources"):
        split_by_group(labels, groups, NAMES, seed=0)


def fixed_parts(*names: str) -> tuple[list[str], np.ndarray, list[str]]:
    """100 pictures for training and 10 for each further part, two classes in turn, pairs of training in one group."""
    parts = ["training"] * 100 + [name for name in names for _ in range(10)]
    groups = [f"pair-{index // 4}-{index % 2}" for index in range(100)]
    groups += [f"own-{index}" for index in range(len(parts) - 100)]
    return parts, np.arange(len(parts)) % 2, groups


def test_fixed_parts_stay_and_only_what_is_missing_is_drawn_from_training():
    parts, labels, groups = fixed_parts("test")
    split = split_by_part(parts, labels, groups, NAMES, seed=0)
    np.testing.assert_array_equal(split.test, np.arange(100, 110))
    assert sorted([*split.training, *split.validation]) == list(range(100))
    assert counts_in(labels, split.validation) == [10, 10]
    assert not {groups[index] for index in split.training} & {groups[index] for index in split.validation}


def test_where_only_training_is_fixed_both_other_parts_are_a_fifth_of_it():
    parts, labels, groups = fixed_parts()
    split = split_by_part(parts, labels, groups, NAMES, seed=0)
    assert [len(split.training), len(split.validation), len(split.test)] == [60, 20, 20]


def test_what_is_wholly_fixed_is_not_drawn_at_all():
    parts, labels, groups = fixed_parts("validation", "test")
    for seed in (0, 1):
        split = split_by_part(parts, labels, groups, NAMES, seed=seed)
        assert split.names() == parts


def test_a_class_that_is_missing_in_a_fixed_part_is_told():
    parts, labels, groups = fixed_parts("validation", "test")
    labels = np.where(np.asarray(parts) == "test", 0, labels)
    with pytest.raises(DatasetError, match=r"'hand_made' cannot stand .* test got none"):
        split_by_part(parts, labels, groups, NAMES, seed=0)


def test_groups_of_a_fixed_split_that_stand_on_several_sides_are_found():
    groups = ["a", "b", "c", "d", "a", "e", "b", "b", "c", "e"]
    split = Split(*(np.array(part, np.int64) for part in ([0, 1, 2, 3], [4, 5], [6, 7, 8, 9])))
    assert torn_groups(split, groups) == {"a", "b", "c", "e"}
    assert num_met_in_training(split, groups) == {"validation": 1, "test": 3}


def test_a_split_that_was_drawn_tears_no_group():
    labels, groups = many_groups()
    split = split_by_group(labels, groups, NAMES, seed=0)
    assert not torn_groups(split, groups)
    assert num_met_in_training(split, groups) == {"validation": 0, "test": 0}
