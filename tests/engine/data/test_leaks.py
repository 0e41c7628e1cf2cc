"""A forest scores what is given away, and no more; facts and colours are measured as they are."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from artforge.engine.data.catalogue import open_dataset
from artforge.engine.data.file_facts import SIZE_FEATURES, FileFacts, read_facts, size_features
from artforge.engine.data.leaks import Leak, NotMeasured, measure_leak
from artforge.engine.data.measures import COLOUR_FEATURES, measure_pictures
from artforge.engine.data.report import inspect

DATA = Path(__file__).parents[4] / "shared" / "data"

NAMES = ("told", "noise")


@pytest.fixture
def small_forests(monkeypatch):
    monkeypatch.setattr("artforge.engine.data.leaks._NUM_TREES", 20)


def made(num: int = 60, *, told: float, seed: int = 0):
    """Features of two classes, the first of which tells them apart by `told`; every picture is its own group."""
    rng = np.random.default_rng(seed)
    labels = np.arange(num) % 2
    features = rng.normal(size=(num, 2))
    features[:, 0] += told * labels
    return features.astype(np.float32), labels, [str(index) for index in range(num)]


@pytest.mark.usefixtures("small_forests")
def test_a_feature_that_tells_the_class_scores_one_and_is_named():
    features, labels, groups = made(told=20)
    leak = measure_leak(features, NAMES, labels, groups)
    assert isinstance(leak, Leak)
    assert (leak.balanced_accuracy, leak.spread, leak.chance, leak.num_folds) == (1, 0, 0.5, 5)
    assert leak.is_real
    assert leak.strength == 1
    assert leak.importances[0][0] == "told"
    assert sum(share for _, share in leak.importances) == pytest.approx(1)


@pytest.mark.usefixtures("small_forests")
def test_noise_scores_as_chance_does():
    features, labels, groups = made(200, told=0)
    leak = measure_leak(features, NAMES, labels, groups)
    assert leak.balanced_accuracy == pytest.approx(0.5, abs=0.12)
    assert not leak.is_real


@pytest.mark.usefixtures("small_forests")
def test_what_is_learned_of_a_group_is_not_tested_on_it():
    """Each group has a place of its own and a class by chance: through groups it looks known, by groups it is not."""
    rng = np.random.default_rng(3)
    group = np.repeat(np.arange(30), 6)
    labels = rng.permutation(np.arange(30) % 2)[group]
    features = (rng.normal(size=(30, 2)) * 100)[group].astype(np.float32)
    apart = measure_leak(features, NAMES, labels, [f"artist {number}" for number in group])
    mixed = measure_leak(features, NAMES, labels, [str(index) for index in range(len(group))])
    assert mixed.balanced_accuracy > 0.95
    assert apart.balanced_accuracy < 0.75


@pytest.mark.usefixtures("small_forests")
def test_the_same_seed_gives_the_same_score():
    features, labels, groups = made(told=1)
    assert measure_leak(features, NAMES, labels, groups, seed=4) == measure_leak(
        features, NAMES, labels, groups, seed=4
    )


@pytest.mark.usefixtures("small_forests")
def test_few_groups_make_few_folds():
    features, labels, _ = made(told=20)
    leak = measure_leak(features, NAMES, labels, [f"{index % 6}" for index in range(60)])
    assert leak.num_folds == 3


@pytest.mark.parametrize(
    ("num", "groups", "reason"),
    [
        (12, range(12), "the smallest class has 6 pictures; a forest needs at least 10"),
        (40, [index % 2 for index in range(40)], "all pictures of a class are of one group"),
    ],
)
def test_too_little_is_not_measured_and_says_why(num, groups, reason):
    features, labels, _ = made(num, told=1)
    measured = measure_leak(features, NAMES, labels, list(map(str, groups)))
    assert isinstance(measured, NotMeasured)
    assert reason in measured.reason


def test_one_class_is_not_measured():
    assert isinstance(measure_leak(np.ones((30, 2), np.float32), NAMES, np.zeros(30, int), ["a"] * 30), NotMeasured)


@pytest.mark.usefixtures("small_forests")
def test_of_many_pictures_some_are_drawn(monkeypatch):
    monkeypatch.setattr("artforge.engine.data.leaks.MOST_PICTURES", 80)
    features, labels, groups = made(1000, told=20)
    leak = measure_leak(features, NAMES, labels, groups)
    assert leak.num_pictures == 80
    assert leak.balanced_accuracy == 1


def test_facts_are_those_of_the_files(tmp_path):
    PillowImage.new("RGB", (30, 20), (1, 2, 3)).save(tmp_path / "a.jpg")
    PillowImage.new("RGBA", (8, 40)).save(tmp_path / "b.png")
    told = []
    jpeg, png, gone = read_facts(tmp_path, ["a.jpg", "b.png", "c.png"], lambda *done: told.append(done))
    assert jpeg == FileFacts(30, 20, "JPEG", (tmp_path / "a.jpg").stat().st_size, has_alpha=False)
    assert (png.size, png.format, png.has_alpha) == ("8x40", "PNG", True)
    assert (gone.size, gone.format) == ("0x0", "?")
    assert told == [(3, 3)]
    features = dict(zip(SIZE_FEATURES, size_features([jpeg, png]).T.tolist(), strict=True))
    assert features["width"] == [30, 8]
    assert features["aspect ratio"] == [1.5, pytest.approx(0.2)]
    assert features["format"] == [0, 1]
    assert features["bytes per pixel"][0] == pytest.approx(jpeg.num_bytes / 600)


def test_colours_are_told_by_name_and_greys_are_known():
    grey, red, stripes = (np.full((40, 40, 3), 90, np.uint8) for _ in range(3))
    red[...] = (200, 30, 30)
    stripes[::2] = 220
    measures = measure_pictures(np.stack([grey, red, stripes]))
    colours = dict(zip(COLOUR_FEATURES, measures.colours.T, strict=True))
    assert measures.is_grey.tolist() == [True, False, True]
    np.testing.assert_allclose(measures.tints[[0, 2]], 128, atol=1)
    assert colours["mean red-green"][1] > 180
    assert colours["contrast of lightness"][0] == 0
    assert colours["contrast of lightness"][2] > 40
    assert measures.thumbnails.shape == (3, 32, 32)


def test_arrays_of_greys_are_measured_too():
    digits = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1), np.uint8)
    measures = measure_pictures(digits)
    assert measures.is_grey.all()
    assert len({one.tobytes() for one in measures.thumbnails}) == 3


@pytest.mark.skipif(not DATA.is_dir(), reason="the real picture sets do not lie beside this checkout")
def test_of_a_real_set_size_gives_all_away_and_colour_much():
    dataset = open_dataset(DATA / "ai_vs_human", image_size=64, seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = inspect(dataset, seed=0)
    assert report.size_leak.balanced_accuracy > 0.99
    assert report.colour_leak.balanced_accuracy == pytest.approx(0.74, abs=0.03)
    assert not [copy for copy in report.copies if copy.across_parts or copy.across_classes]
