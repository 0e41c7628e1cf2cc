"""Adding up, sorting and taking channels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from artforge.core.errors import ShapeError
from artforge.ops.add_channels import add_channels
from artforge.ops.sort_channels import sort_channels
from artforge.ops.take_channels import take_channels


@pytest.fixture
def maps():
    return np.random.default_rng(8).normal(size=(5, 7, 24)).astype(np.float32)


def constants(*values, size=(2, 3)):
    return np.stack([np.full(size, value, np.float32) for value in values], axis=-1)


@pytest.mark.parametrize(
    ("rank", "share", "expected"),
    [
        ("strongest", 0.25, -8),
        ("strongest", 0.5, -8 + 4),
        ("strongest", 0.75, -8 + 4 + 2),
        ("weakest", 0.25, 1),
        ("weakest", 0.5, 1 + 2),
        ("index", 0.25, 2),
        ("index", 0.5, 2 - 8),
        ("strongest", 0.12, 0),
        ("strongest", 0.13, -8),
    ],
)
def test_a_share_adds_the_first_channels_of_its_order(rank, share, expected):
    np.testing.assert_array_equal(add_channels(constants(2, -8, 1, 4), share=share, rank=rank), expected)


@pytest.mark.parametrize("rank", ["strongest", "weakest", "index"])
def test_none_is_zeros_and_all_is_the_whole_sum(maps, rank):
    np.testing.assert_array_equal(add_channels(maps, share=0, rank=rank), np.zeros((5, 7)))
    np.testing.assert_allclose(add_channels(maps, share=1, rank=rank), maps.sum(axis=-1), atol=1e-5)


@given(data=st.data())
def test_the_maps_of_any_split_add_up_to_the_whole(data):
    maps = np.random.default_rng(8).normal(size=(5, 7, 24)).astype(np.float32)
    order = np.array(data.draw(st.permutations(range(24))))
    cuts = sorted(data.draw(st.sets(st.integers(1, 23), max_size=5)))
    parts = np.split(order, cuts)
    total = sum(add_channels(np.ascontiguousarray(maps[..., part])) for part in parts)
    whole = add_channels(maps)
    np.testing.assert_allclose(total, whole, atol=1e-6 * np.abs(whole).max() * 3)


def test_the_order_of_the_channels_is_irrelevant_to_the_sum(maps):
    np.testing.assert_allclose(add_channels(maps[..., ::-1].copy()), add_channels(maps), atol=1e-6)
    for share in (0.25, 0.5):
        shuffled = maps[..., np.random.default_rng(1).permutation(24)]
        np.testing.assert_allclose(add_channels(shuffled, share=share), add_channels(maps, share=share), atol=1e-6)


def test_the_strongest_half_and_the_weakest_half_make_the_whole(maps):
    halves = add_channels(maps, share=0.5, rank="strongest") + add_channels(maps, share=0.5, rank="weakest")
    np.testing.assert_allclose(halves, add_channels(maps), atol=1e-5)


def test_equal_channels_keep_the_order_of_the_layer():
    # each channel at its own place; every other one twice as strong, the rest equal
    maps = np.eye(100, dtype=np.float32).reshape(10, 10, 100) * np.tile(np.float32([1, 2]), 50)
    strongest = add_channels(maps, share=0.25, rank="strongest").ravel()
    weakest = add_channels(maps, share=0.25, rank="weakest").ravel()
    np.testing.assert_array_equal(np.flatnonzero(strongest), np.arange(1, 50, 2))
    np.testing.assert_array_equal(np.flatnonzero(weakest), np.arange(0, 50, 2))


def test_a_growing_share_never_drops_a_channel():
    maps = np.eye(16, dtype=np.float32).reshape(4, 4, 16) * np.linspace(1, 2, 16, dtype=np.float32)
    before = np.zeros((4, 4), np.float32)
    for share in np.linspace(0, 1, 33):
        now = add_channels(maps, share=float(share))
        assert (now >= before).all()
        before = now


def test_rectangular_maps_stay_as_they_are(maps):
    assert add_channels(maps).shape == (5, 7)


def test_sorting_by_energy_puts_the_strongest_first():
    np.testing.assert_array_equal(sort_channels(constants(2, -8, 1, 4))[0, 0], [-8, 4, 2, 1])


def test_sorting_by_variance_puts_a_varied_channel_before_a_strong_flat_one():
    maps = constants(9, 0)
    maps[0, 0, 1] = 1
    np.testing.assert_array_equal(sort_channels(maps, by="variance")[0, 0], [1, 9])
    np.testing.assert_array_equal(sort_channels(maps, by="energy")[0, 0], [9, 1])


def test_sorting_loses_no_channel_and_index_leaves_them(maps):
    for by in ("energy", "variance"):
        ordered = sort_channels(maps, by=by)
        assert sorted(map(tuple, ordered.reshape(-1, 24).T)) == sorted(map(tuple, maps.reshape(-1, 24).T))
        score = np.square(ordered).sum(axis=(0, 1)) if by == "energy" else ordered.var(axis=(0, 1))
        assert (np.diff(score) <= 1e-5).all()
    np.testing.assert_array_equal(sort_channels(maps, by="index"), maps)


def test_taking_channels_takes_that_run(maps):
    np.testing.assert_array_equal(take_channels(maps, count=3), maps[..., :3])
    np.testing.assert_array_equal(take_channels(maps, count=2, start=22), maps[..., 22:])


@pytest.mark.parametrize(("count", "start"), [(25, 0), (1, 24), (5, 20)])
def test_taking_more_channels_than_there_are_is_refused(maps, count, start):
    with pytest.raises(ShapeError, match="24 channels"):
        take_channels(maps, count=count, start=start)
