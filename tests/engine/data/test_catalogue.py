"""Any dataset is opened by one call; what it says of itself depends on its content alone."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from artforge.core.errors import ChoiceError, DatasetError
from artforge.engine.data.catalogue import DATASETS, open_dataset, recognise
from tests.support.picture_sets import make_folders, save_picture


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("ARTFORGE_CACHE", str(tmp_path / "cache"))
    return make_folders(tmp_path / "own", ["ink", "oil"], 5)


def content(path, image_size=12, cache="memory"):
    return open_dataset(path, image_size=image_size, seed=0, cache=cache).content_sha256


def test_every_kind_says_what_a_person_must_know():
    for name, kind in DATASETS.items():
        assert kind.name == name
        assert all((kind.title, kind.layout, kind.labels, kind.citation, kind.licence)), name


def test_nothing_is_the_embedded_set_and_an_npz_file_is_that(tmp_path):
    assert recognise(None).name == "embedded"
    assert recognise(tmp_path / "digits.npz").name == "npz"
    dataset = open_dataset(None, image_size=16, seed=3, pictures_per_class=3)
    assert dataset.kind == "embedded"
    assert dataset.images.shape == (6, 16, 16, 3)


@pytest.mark.parametrize("name", ["nowhere", "notes.txt"])
def test_what_is_no_dataset_is_refused(tmp_path, name):
    (tmp_path / "notes.txt").write_text("not a dataset")
    with pytest.raises(DatasetError, match=r"Give --data a folder"):
        recognise(tmp_path / name)


def test_a_folder_around_a_published_set_is_no_class_of_it(tmp_path):
    for part in ("train", "test"):
        make_folders(tmp_path / "downloads" / "cifake" / part, ["FAKE", "REAL"], 1)
    make_folders(tmp_path / "downloads", ["papers"], 1)
    with pytest.raises(DatasetError, match=r"'cifake' in it is a whole set .*Give --data .*downloads/cifake"):
        recognise(tmp_path / "downloads")
    assert recognise(tmp_path / "downloads" / "cifake").name == "cifake"


def test_an_unknown_kind_is_told_the_nearest(tmp_path):
    with pytest.raises(ChoiceError, match="did you mean 'cifake'"):
        open_dataset(tmp_path, image_size=12, seed=0, kind="cifak")


@pytest.mark.parametrize(("named", "with_path", "told"), [("embedded", True, "drawn"), ("cifake", False, "--data")])
def test_a_kind_that_does_not_go_with_the_path_is_refused(own, named, with_path, told):
    with pytest.raises(DatasetError, match=told):
        open_dataset(own if with_path else None, image_size=12, seed=0, kind=named)


def test_the_content_is_the_same_wherever_it_lies_however_large_and_however_kept(own, tmp_path):
    moved = shutil.copytree(own, tmp_path / "moved")
    first = content(own)
    assert len(first) == 64
    assert {content(moved), content(own, image_size=20), content(own, cache="disk"), content(own, cache="none")} == {
        first
    }


def test_the_content_changes_with_a_pixel_a_name_a_label_and_the_name_of_a_class(own):
    names = [path.relative_to(own).as_posix() for path in sorted(own.rglob("*.jpg"))]

    def labelled(*labels: str) -> str:
        lines = [f"{name},{label}" for name, label in zip(names, labels, strict=True)]
        (own / "manifest.csv").write_text("\n".join(["path,label", *lines]))
        return content(own)

    seen = {content(own), labelled(*"aaaaabbbbb"), labelled(*"aaaaaccccc"), labelled(*"aaaaabbbbb"[::-1])}
    (own / "manifest.csv").unlink()
    save_picture(own / "ink" / "4.jpg", seed=77)
    seen.add(content(own))
    (own / "ink" / "4.jpg").rename(own / "ink" / "5.jpg")
    seen.add(content(own))
    assert len(seen) == 6


def test_an_npz_file_has_a_content_too(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {f"x_{side}": rng.integers(0, 256, (12, 6, 6), np.uint8) for side in ("train", "test")}
    arrays |= {f"y_{side}": np.arange(12) % 2 for side in ("train", "test")}
    np.savez(tmp_path / "a.npz", **arrays)
    np.savez(tmp_path / "b.npz", **arrays | {"x_test": arrays["x_train"]})
    assert content(tmp_path / "a.npz") == content(tmp_path / "a.npz", image_size=3) != content(tmp_path / "b.npz")
