"""Copies are found whatever was done to them, and pictures that only look alike are not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from artforge.engine.data.duplicates import Pair, aligned_correlation, find_duplicates, turn_picture, upright_turns
from artforge.engine.data.measures import measure_pictures

SIZE = 96
NUM = 60


def scene(seed: int) -> np.ndarray:
    """A picture of soft waves, discs and boxes, another one for each seed: uint8 (96, 96, 3)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32) / SIZE
    angle = rng.uniform(0, 6, 3)
    picture = np.stack([110 + 50 * np.sin(4 * (np.cos(a) * x + np.sin(a) * y) + a) for a in angle], axis=2)
    for _ in range(7):
        centre, colour = rng.integers(0, SIZE, 2).tolist(), rng.uniform(0, 255, 3).tolist()
        cv2.circle(picture, centre, int(rng.integers(6, 26)), colour, -1)
        corner = rng.integers(0, SIZE, 2)
        cv2.rectangle(picture, corner.tolist(), (corner + rng.integers(5, 40, 2)).tolist(), colour[::-1], -1)
    return np.clip(picture, 0, 255).astype(np.uint8)


def encoded(picture: np.ndarray, quality: int) -> np.ndarray:
    return cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


def cropped(picture: np.ndarray, cut: int) -> np.ndarray:
    return cv2.resize(picture[cut:-cut, cut:-cut], (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)


CHANGES = {
    "encoded anew": lambda one: encoded(one, 40),
    "made small": lambda one: cv2.resize(cv2.resize(one, (40, 40), interpolation=cv2.INTER_AREA), (SIZE, SIZE)),
    "darker": lambda one: (one * 0.8).astype(np.uint8),
    "cropped": lambda one: cropped(one, 2),
    "mirrored": lambda one: one[:, ::-1],
    "rotated": np.rot90,
    "rotated, cropped and encoded": lambda one: encoded(cropped(np.rot90(one, 3), 1), 70),
}


@pytest.fixture(scope="module")
def scenes():
    return np.stack([scene(seed) for seed in range(NUM)])


def duplicates_of(pictures: np.ndarray, **options) -> tuple[Pair, ...]:
    measures = measure_pictures(pictures)
    return find_duplicates(
        measures.thumbnails, measures.tints, lambda index: pictures[index].tobytes().hex(), **options
    )


def test_pictures_that_differ_make_no_pair(scenes):
    assert duplicates_of(scenes) == ()


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_found_beside_its_original(scenes, change):
    copies = np.stack([np.ascontiguousarray(CHANGES[change](one)) for one in scenes])
    pairs = duplicates_of(np.concatenate([scenes, copies]))
    right = [pair for pair in pairs if pair.second == pair.first + NUM]
    assert len(right) >= 0.95 * NUM
    assert len(right) == len(pairs)
    turns = any(word in change for word in ("mirrored", "rotated"))
    assert np.mean([pair.turned == turns for pair in right]) >= 0.95


def test_mirrored_copies_are_left_alone_where_they_are_not_asked_for(scenes):
    assert duplicates_of(np.concatenate([scenes, scenes[:, :, ::-1]]), turned=False) == ()


def test_the_same_picture_in_another_tint_is_another_picture(scenes):
    tinted = []
    for picture in scenes:
        lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.int16)
        lab[..., 2] += np.where(lab[..., 2].mean() > 128, -30, 30).astype(np.int16)
        tinted.append(cv2.cvtColor(np.clip(lab, 0, 255).astype(np.uint8), cv2.COLOR_LAB2RGB))
    assert duplicates_of(np.concatenate([scenes, np.stack(tinted)])) == ()


def test_of_files_that_are_the_same_each_later_one_is_paired_with_the_first(scenes):
    pairs = duplicates_of(scenes[[0, 1, 0, 2, 0, 1]])
    assert pairs == (
        Pair(0, 2, "exact", 1.0),
        Pair(0, 4, "exact", 1.0),
        Pair(1, 5, "exact", 1.0),
    )


def test_only_files_of_one_size_that_look_the_same_are_hashed(scenes):
    asked = []
    measures = measure_pictures(scenes[[0, 1, 0, 0]])

    def digest_of(index: int) -> str:
        asked.append(index)
        return "same"

    pairs = find_duplicates(measures.thumbnails, measures.tints, digest_of, [10, 10, 10, 11], near=False)
    assert pairs == (Pair(0, 2, "exact", 1.0),)
    assert asked == [0, 2]


def test_the_same_pixels_in_another_file_are_a_near_copy(scenes):
    measures = measure_pictures(scenes[[3, 3]])
    (pair,) = find_duplicates(measures.thumbnails, measures.tints, str)
    assert (pair.kind, pair.likeness) == ("near", 1.0)


def test_pictures_with_nothing_on_them_are_no_copies_of_each_other():
    paper = np.full((2, SIZE, SIZE, 3), 200, np.uint8)
    paper[:, : SIZE // 2, : SIZE // 3] += 4  # the same faint shadow
    paper[1, 0, 0] = 0
    assert duplicates_of(paper) == ()
    paper[:, : SIZE // 2, : SIZE // 3] -= 60
    assert len(duplicates_of(paper)) == 1


def test_a_crowd_of_alike_pictures_takes_few_looks(scenes, monkeypatch):
    from artforge.engine.data import duplicates

    looks = []
    true = duplicates.aligned_correlation
    monkeypatch.setattr(duplicates, "aligned_correlation", lambda *both: looks.append(both) or true(*both))
    crowd = np.stack([encoded(scenes[0], quality) for quality in range(40, 90)])
    pairs = duplicates_of(crowd, turned=False)
    assert {index for pair in pairs for index in (pair.first, pair.second)} == set(range(50))
    assert len(looks) <= 8 * 50


def test_blocks_do_not_change_what_is_found(scenes, monkeypatch):
    pictures = np.concatenate([scenes, np.stack([encoded(one, 50) for one in scenes])])
    whole = duplicates_of(pictures)
    monkeypatch.setattr("artforge.engine.data.duplicates._BLOCK", 7)
    assert duplicates_of(pictures) == whole


@pytest.mark.parametrize("turn", range(8))
def test_upright_pictures_are_the_same_however_they_lay(scenes, turn):
    thumbnails = measure_pictures(scenes[:20]).thumbnails
    for thumbnail in thumbnails:
        laid = np.ascontiguousarray(turn_picture(thumbnail, turn))
        upright = [turn_picture(thumbnail, way).tobytes() for way in upright_turns(thumbnail[None])[1].tolist()]
        again = [turn_picture(laid, way).tobytes() for way in upright_turns(laid[None])[1].tolist()]
        assert sorted(upright) == sorted(again)


def test_eight_turns_are_eight_different_pictures():
    corner = np.arange(9, dtype=np.uint8).reshape(3, 3)
    assert len({turn_picture(corner, turn).tobytes() for turn in range(8)}) == 8


def test_correlation_knows_neither_brightness_nor_a_slight_shift(scenes):
    first, second = measure_pictures(scenes[:2]).thumbnails
    assert aligned_correlation(first, first) == pytest.approx(1, abs=1e-5)
    assert aligned_correlation(first, (first * 0.5 + 60).astype(np.uint8)) > 0.99
    assert aligned_correlation(first, np.roll(first, 2, axis=1)) > 0.99
    assert aligned_correlation(first, second) < 0.8


def test_correlation_sees_through_a_crop_of_a_sixth(scenes):
    whole = measure_pictures(scenes).thumbnails
    inner = measure_pictures(np.stack([cropped(one, 6) for one in scenes])).thumbnails
    found = [aligned_correlation(one, other) for one, other in zip(whole, inner, strict=True)]
    assert np.mean(np.asarray(found) > 0.95) > 0.9
