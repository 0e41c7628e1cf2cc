"""Augmentation: the size stays, the seed decides, and each change does what it says."""

from __future__ import annotations

import numpy as np
import pytest

from artforge.core.seeds import generator
from artforge.engine.training.augment import (
    Augmentation,
    augment,
    jitter_colours,
    random_flip,
    random_rescale,
    random_window,
    rescale_and_back,
    through_jpeg,
)

OFF = Augmentation(rescale=False, flip=False, window=0, jitter=0.0, jpeg=0.0)


@pytest.fixture
def pixels() -> np.ndarray:
    """uint8 (48, 48, 3): coarse blocks with fine noise, no symmetry."""
    rng = np.random.default_rng(5)
    blocks = rng.integers(30, 220, (6, 6, 3)).repeat(8, axis=0).repeat(8, axis=1)
    return (blocks + rng.integers(-20, 20, (48, 48, 3))).astype(np.uint8)


def roughness(picture: np.ndarray) -> float:
    return float(np.abs(np.diff(picture.astype(float), axis=1)).mean())


@pytest.mark.parametrize("seed", range(5))
def test_the_size_stays_and_the_values_are_a_picture(pixels, seed):
    image = augment(pixels, Augmentation(jitter=1.0, jpeg=1.0), generator(seed))
    assert image.shape == pixels.shape
    assert image.dtype == np.float32
    assert 0 <= image.min() < image.max() <= 1


def test_the_same_seed_gives_the_same_picture_and_another_differs(pixels):
    first, again, other = (augment(pixels, Augmentation(), generator(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_with_everything_off_the_picture_is_only_converted(pixels):
    np.testing.assert_array_equal(augment(pixels, OFF, generator(0)), pixels.astype(np.float32) / 255)


@pytest.mark.parametrize("shape", [(48, 48), (31, 50), (50, 31)])
def test_rescaling_keeps_the_size_of_any_picture(pixels, shape):
    cut = np.resize(pixels, (*shape, 3))
    assert random_rescale(cut, generator(3)).shape == cut.shape


def test_half_size_and_back_takes_detail_away_and_keeps_the_mean(pixels):
    rescaled = rescale_and_back(pixels, 0.5)
    assert roughness(rescaled) < 0.7 * roughness(pixels)
    assert rescaled.mean() == pytest.approx(pixels.mean(), abs=1)


def test_factors_of_rescaling_lie_between_a_half_and_two(monkeypatch, pixels):
    factors = []
    monkeypatch.setattr(
        "artforge.engine.training.augment.rescale_and_back", lambda kept, factor: factors.append(factor) or kept
    )
    rng = generator(0)
    for _ in range(300):
        random_rescale(pixels, rng)
    assert 0.5 <= min(factors) < 0.52
    assert 1.98 < max(factors) <= 2


def test_a_square_can_lie_in_all_eight_ways(pixels):
    rng = generator(0)
    assert len({random_flip(pixels, rng).tobytes() for _ in range(100)}) == 8


def test_a_picture_that_is_not_square_keeps_its_shape(pixels):
    wide = pixels[:30]
    rng = generator(0)
    assert {random_flip(wide, rng).shape for _ in range(20)} == {wide.shape}


def test_a_window_is_a_part_of_the_picture_at_its_own_scale(pixels):
    window = random_window(pixels, 20, generator(1))
    assert window.shape == (20, 20, 3)
    places = np.lib.stride_tricks.sliding_window_view(pixels, (20, 20, 3))[:, :, 0]
    assert (places == window).all(axis=(2, 3, 4)).any()
    assert {random_window(pixels, 20, generator(seed)).tobytes() for seed in range(9)} != {window.tobytes()}


def test_a_window_larger_than_the_picture_is_all_of_it(pixels):
    np.testing.assert_array_equal(random_window(pixels, 500, generator(1)), pixels)


def test_jpeg_changes_little_and_keeps_the_channels_apart():
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 0] = 200
    np.testing.assert_allclose(through_jpeg(red, 90), red, atol=4)


def test_a_lower_quality_changes_more(pixels):
    coarse, fine = (np.abs(through_jpeg(pixels, quality).astype(int) - pixels).mean() for quality in (20, 95))
    assert coarse > 1.4 * fine > 0


def test_jitter_mixes_with_grey_then_weighs_the_channels_then_spreads_around_the_mean(pixels):
    image, strength = pixels.astype(np.float32) / 255, 0.4
    rng = generator(8)
    brightness = rng.uniform(-0.5, 0.5) * strength
    contrast, saturation = 1 + rng.uniform(-1, 1, 2) * strength
    gains = 1 + rng.uniform(-0.5, 0.5, 3) * strength
    grey = image.mean(axis=2, keepdims=True)
    coloured = (grey + (image - grey) * saturation) * gains
    expected = (coloured - coloured.mean()) * contrast + coloured.mean() + brightness
    np.testing.assert_allclose(jitter_colours(image, strength, generator(8)), expected.clip(0, 1), atol=1e-6)


def test_jitter_of_nothing_changes_nothing(pixels):
    image = pixels.astype(np.float32) / 255
    np.testing.assert_allclose(jitter_colours(image, 0.0, generator(0)), image, atol=1e-6)
    assert (jitter_colours(image, 0.3, generator(0)) != image).any()
