"""Sets that are a file of arrays, as MNIST is."""

from __future__ import annotations

import numpy as np
import pytest

from artforge.core.errors import DatasetError
from artforge.engine.data.kinds import ReadOptions
from artforge.engine.data.npz import read_npz as read_with


def read_npz(path, image_size, *, seed):
    return read_with(path, ReadOptions(image_size, seed=seed))


SIDES = {"train": 48, "test": 12}


def arrays(shape=(10, 10), classes=3):
    rng = np.random.default_rng(0)
    found = {}
    for side, count in SIDES.items():
        found[f"x_{side}"] = rng.integers(0, 256, (count, *shape), np.uint8)
        found[f"y_{side}"] = (np.arange(count) % classes).astype(np.uint8)
    return found


@pytest.fixture
def write(tmp_path):
    def save(**given):
        path = tmp_path / "set.npz"
        np.savez(path, **given)
        return path

    return save


def test_the_split_is_that_of_the_file_and_validation_is_drawn_from_training(write):
    given = arrays()
    dataset = read_npz(write(**given), 10, seed=4)
    assert dataset.class_names == ("0", "1", "2")
    assert dataset.images.shape == (60, 10, 10, 1)
    np.testing.assert_array_equal(dataset.split.test, np.arange(48, 60))
    assert len(dataset.split.validation) == 4
    assert sorted([*dataset.split.training, *dataset.split.validation]) == list(range(48))
    np.testing.assert_array_equal(dataset.images[48:, ..., 0], given["x_test"])
    np.testing.assert_array_equal(dataset.labels[:48], given["y_train"])
    again, other = (read_npz(write(**given), 10, seed=seed) for seed in (4, 5))
    np.testing.assert_array_equal(again.split.validation, dataset.split.validation)
    assert not np.array_equal(other.split.validation, dataset.split.validation)


@pytest.mark.parametrize(("shape", "channels"), [((10, 10), 1), ((10, 12, 1), 1), ((12, 10, 3), 3)])
def test_pictures_of_another_size_are_resized(write, shape, channels):
    dataset = read_npz(write(**arrays(shape)), 5, seed=0)
    assert dataset.images.shape == (60, 5, 5, channels)
    assert dataset.images.dtype == np.uint8
    assert 60 < dataset.images.mean() < 195


def test_labels_may_be_a_column_as_in_cifar(write):
    given = arrays()
    given |= {name: labels[:, None] for name, labels in given.items() if name.startswith("y")}
    assert read_npz(write(**given), 10, seed=0).labels.shape == (60,)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"x_train": None}, "no x_train in it; expected x_train, y_train, x_test, y_test"),
        ({"x_train": np.zeros((48, 10, 10), np.float32)}, r"x_train must be uint8.*received float32 \(48, 10, 10\)"),
        ({"x_train": np.zeros((48, 10), np.uint8)}, r"x_train must be uint8 \(n, height, width\)"),
        ({"y_test": np.zeros(12, np.float32)}, "y_test must hold a whole number"),
        ({"y_test": np.full(12, -1)}, "labels of y_test must be numbers from 0 to 99999, received -1 to -1"),
        ({"y_test": np.full(12, 2_000_000_000)}, "labels of y_test must be numbers from 0"),
        ({"y_train": np.zeros(7, np.uint8)}, "for each of 48 pictures"),
        ({"x_test": np.zeros((12, 9, 10), np.uint8)}, "expected one size"),
        ({"y_train": np.zeros(48, np.uint8), "y_test": np.zeros(12, np.uint8)}, "only one class"),
        ({"x_train": np.asarray([{"a": 1}] * 48, dtype=object)}, "not an .npz file of plain arrays"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_laid_out_in_another_way_is_refused(write, change, told):
    given = {name: array for name, array in (arrays() | change).items() if array is not None}
    with pytest.raises(DatasetError, match=told):
        read_npz(write(**given), 10, seed=0)


def test_no_file_and_a_damaged_one_are_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"no such \.npz file"):
        read_npz(tmp_path / "none.npz", 10, seed=0)
    (tmp_path / "bad.npz").write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(DatasetError, match=r"not an \.npz file"):
        read_npz(tmp_path / "bad.npz", 10, seed=0)


def test_a_file_that_says_it_is_huge_is_not_opened(write, monkeypatch):
    monkeypatch.setattr("artforge.engine.data.npz.MAX_BYTES", 1000)
    with pytest.raises(DatasetError, match="unpacks to"):
        read_npz(write(**arrays()), 10, seed=0)
