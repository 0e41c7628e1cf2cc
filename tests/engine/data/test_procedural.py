"""The embedded picture set: what every family owes, and that colour does not give the class away."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score

from artforge.core.errors import ArtforgeError, ChoiceError, ShapeError
from artforge.core.light import luma
from artforge.engine.data import procedural
from artforge.engine.data.families import CLASS_NAMES, FAMILIES
from artforge.engine.data.procedural import draw, draw_set
from artforge.engine.data.procedural.grounds import prepare_sheet
from artforge.engine.data.procedural.palettes import PALETTES, rgb

EVERY_FAMILY = [(class_name, family) for class_name in CLASS_NAMES for family in FAMILIES[class_name]]
EACH_FAMILY = pytest.mark.parametrize(("class_name", "family"), EVERY_FAMILY)


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


@pytest.mark.parametrize("class_name", CLASS_NAMES)
def test_every_file_that_draws_a_family_is_listed(class_name):
    folder = Path(procedural.__path__[0]) / class_name
    drawn = {path.stem for path in folder.glob("*.py") if f"\ndef {path.stem}(" in path.read_text(encoding="utf-8")}
    assert sorted(FAMILIES[class_name]) == sorted(drawn)


def test_both_classes_have_many_families_and_none_in_common():
    assert tuple(FAMILIES) == CLASS_NAMES
    assert min(len(families) for families in FAMILIES.values()) >= 12
    assert not set(FAMILIES["algorithmic"]) & set(FAMILIES["hand_made"])


@EACH_FAMILY
def test_a_picture_is_an_image_of_the_asked_size(class_name, family):
    image = draw(class_name, family, 5, (40, 64))
    assert image.shape == (40, 64, 3)
    assert image.dtype == np.float32
    assert image.min() >= 0
    assert image.max() <= 1


@EACH_FAMILY
def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_picture(class_name, family):
    first, again, other = (draw(class_name, family, seed, (64, 64)) for seed in (3, 3, 4))
    assert first.tobytes() == again.tobytes()
    assert np.abs(first - other).mean() > 0.02


@EACH_FAMILY
def test_no_picture_is_blank(class_name, family):
    for seed in range(6):
        image = draw(class_name, family, seed, (64, 64))
        distance = np.abs(image - np.median(image, axis=(0, 1))).max(axis=-1)
        assert (distance > 0.08).mean() > 0.03, f"seed {seed} shows next to nothing"


@EACH_FAMILY
def test_another_size_shows_the_same_composition(class_name, family):
    small = draw(class_name, family, 8, (128, 128))
    large = cv2.resize(draw(class_name, family, 8, (384, 384)), (128, 128), interpolation=cv2.INTER_AREA)
    # Compared a little out of focus: the larger picture has finer grain, which is no part of the composition.
    assert correlation(cv2.GaussianBlur(small, (0, 0), 1.5), cv2.GaussianBlur(large, (0, 0), 1.5)) > 0.93


@pytest.mark.parametrize("size", [(16, 16), (16, 200), (200, 16)])
@EACH_FAMILY
def test_small_and_narrow_pictures_can_be_drawn(class_name, family, size):
    assert draw(class_name, family, 1, size).shape == (*size, 3)


@pytest.mark.parametrize("side", [16, 31, 64, 95, 96, 128, 200])
def test_the_paper_has_a_surface_at_every_size(side):
    for seed in range(6):
        tooth = prepare_sheet((side, side), seed).tooth
        assert 0 <= tooth.min() < 0.1
        assert 0.9 < tooth.max() <= 1


@pytest.mark.parametrize("size", [(15, 64), (64, 15), (8193, 64)])
def test_an_impossible_size_is_named_with_the_limits(size):
    with pytest.raises(ShapeError, match=rf"16 to 8192 .* received {size[0]} x {size[1]}"):
        draw("hand_made", "enso", 1, size)
    with pytest.raises(ShapeError, match="16 to 8192"):
        draw_set(1, size, 1)


def test_a_wrong_name_is_answered_with_the_nearest():
    with pytest.raises(ChoiceError, match="did you mean 'hand_made'"):
        draw("handmade", "enso", 1, (32, 32))
    with pytest.raises(ChoiceError, match="did you mean 'flow_field'"):
        draw("algorithmic", "flow_feild", 1, (32, 32))


@pytest.mark.parametrize("setting", [{"num_per_class": 0}, {"num_workers": 0}])
def test_a_set_without_pictures_or_workers_is_refused(setting):
    with pytest.raises(ArtforgeError, match=f"{next(iter(setting))} must be at least 1"):
        draw_set(**{"num_per_class": 2, "size": (32, 32), "seed": 1, **setting})


def test_a_set_is_balanced_and_interleaved_and_reports_its_progress():
    told = []
    pictures = draw_set(20, (32, 32), 7, progress=told.append)
    assert pictures.images.shape == (40, 32, 32, 3)
    assert pictures.images.dtype == np.uint8
    assert pictures.labels.dtype == np.int64
    assert pictures.labels.tolist() == [0, 1] * 20
    assert told == list(range(1, 41))
    for label, family in zip(pictures.labels, pictures.families, strict=True):
        assert family in FAMILIES[CLASS_NAMES[label]]
    counts = [pictures.families.count(family) for family in FAMILIES["hand_made"]]
    assert max(counts) - min(counts) <= 1


def test_a_picture_of_a_set_does_not_depend_on_the_sets_length_or_its_workers():
    short, long = draw_set(3, (32, 32), 9), draw_set(5, (32, 32), 9, num_workers=2)
    np.testing.assert_array_equal(short.images, long.images[:6])
    assert short.families == long.families[:6]


def test_a_set_of_another_seed_has_other_pictures():
    first, other = draw_set(2, (32, 32), 1), draw_set(2, (32, 32), 2)
    assert all(np.abs(a.astype(int) - b).mean() > 2 for a, b in zip(first.images, other.images, strict=True))


def test_every_palettes_first_ink_stands_out_from_its_ground():
    for palette in PALETTES:
        contrast = [abs(luma(rgb(ink)) - luma(rgb(palette.ground))) for ink in palette.inks]
        assert contrast[0] > 0.3, palette.name
        assert contrast[0] >= max(contrast) - 0.12, palette.name
    assert len({palette.name for palette in PALETTES}) == len(PALETTES) >= 24


def colour_statistics(image: np.ndarray) -> np.ndarray:
    """What can be known of a picture (uint8) without looking where its colours are."""
    pixels = image.reshape(-1, 3).astype(np.float32) / 255
    luminance = pixels @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    saturation = np.ptp(pixels, axis=1)
    from_ground = np.abs(pixels - np.median(pixels, axis=0)).max(axis=1)
    return np.concatenate([
        pixels.mean(axis=0),
        pixels.std(axis=0),
        np.percentile(pixels, [1, 5, 10, 25, 50, 75, 90, 95, 99], axis=0).ravel(),
        [saturation.mean(), saturation.std()],
        np.percentile(saturation, [5, 25, 50, 75, 95]),
        np.histogram(luminance, bins=16, range=(0, 1))[0] / len(luminance),
        [(from_ground > step).mean() for step in (0.05, 0.1, 0.2, 0.4)],
    ])  # fmt: skip


def test_colour_alone_does_not_tell_the_classes_apart():
    pictures = draw_set(150, (64, 64), 3)
    statistics = np.stack([colour_statistics(image) for image in pictures.images])
    forest = RandomForestClassifier(100, random_state=0)
    accuracy = cross_val_score(forest, statistics, pictures.labels, cv=5, scoring="balanced_accuracy").mean()
    assert accuracy < 0.75
