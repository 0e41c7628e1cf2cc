from __future__ import annotations

import numpy as np
import pytest
from real_networks import DATA

from artforge.core.errors import ChoiceError
from artforge.core.pictures import centre_square, read_picture, resize
from artforge.core.seeds import generator
from artforge.engine.ascent.colour import IMAGENET_COLOUR, colour_of_pixels
from artforge.engine.ascent.fourier import Fourier
from artforge.engine.ascent.maco import Maco
from artforge.engine.ascent.optimisers import Adam
from artforge.engine.ascent.pixels import Pixels
from artforge.engine.ascent.spectral import frequencies, to_spectra
from artforge.engine.ascent.spectrum import Spectrum
from artforge.engine.ascent.squash import squash, unsquash

ALL = [Pixels(), Pixels(bound="sigmoid"), Fourier(), Fourier(decay=1.5), Maco()]
SIZES = [(12, 10), (9, 13), (8, 11), (11, 8)]


def picture_of(size, num=1, seed=3):
    """Soft blobs of several colours, between 0.02 and 0.98."""
    rng = np.random.default_rng(seed)
    coarse = rng.random((num, 4, 4, 3), dtype=np.float32)
    return np.stack([np.clip(resize(one, size), 0, 1) * 0.96 + 0.02 for one in coarse]).astype(np.float32)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("parameterisation", ALL, ids=repr)
def test_pull_back_is_the_slope_of_the_pictures(parameterisation, size):
    rng = generator(1)
    parameters = parameterisation.noise(2, size, rng) * np.float32(0.7)
    weights = rng.normal(size=(2, *size, 3)).astype(np.float32)
    direction = rng.normal(size=parameters.shape).astype(np.float32)
    slopes = parameterisation.pull_back(parameters, weights)
    assert slopes.shape == parameters.shape
    assert slopes.dtype == np.float32
    step = np.float32(2e-3 if not isinstance(parameterisation, Fourier) else 2e-4)
    ahead = parameterisation.pictures(parameters + step * direction, size).astype(np.float64)
    behind = parameterisation.pictures(parameters - step * direction, size).astype(np.float64)
    for one in range(2):  # each picture by itself: a batch must not mix
        found = ((ahead - behind)[one] * weights[one]).sum() / (2 * float(step))
        expected = (slopes[one].astype(np.float64) * direction[one]).sum()
        np.testing.assert_allclose(found, expected, rtol=5e-3, atol=1e-3 * np.abs(slopes).max())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("parameterisation", ALL, ids=repr)
def test_noise_makes_pictures_of_exactly_the_size_all_different(parameterisation, size):
    parameters = parameterisation.noise(3, size, generator(5))
    pictures = parameterisation.pictures(parameters, size)
    assert pictures.shape == (3, *size, 3)
    assert pictures.dtype == np.float32
    assert np.abs(pictures[0] - pictures[1]).max() > 1e-4
    again = parameterisation.pictures(parameterisation.noise(3, size, generator(5)), size)
    np.testing.assert_array_equal(pictures, again)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("parameterisation", ALL[:-1], ids=repr)
def test_a_picture_comes_back_from_its_parameters(parameterisation, size):
    pictures = picture_of(size, num=2)
    back = parameterisation.pictures(parameterisation.of_pictures(pictures), size)
    np.testing.assert_allclose(back, pictures, atol=1e-3)


@pytest.mark.parametrize("decay", [0.5, 1.0, 1.5])
@pytest.mark.parametrize("size", [(128, 128), (97, 131)])
def test_fourier_noise_falls_off_with_frequency_as_told(decay, size):
    pictures = Fourier(decay=decay, spread=0.001).pictures(
        Fourier(spread=0.001).noise(24, size, generator(2)), size
    )  # so faint that the sigmoid is a straight line
    strength = np.abs(to_spectra(unsquash(pictures))).mean(axis=(0, 3))
    waves = frequencies(size)
    band = (waves > 3 / min(size)) & (waves < 0.45)
    slope = np.polyfit(np.log(waves[band]), np.log(strength[band]), 1)[0]
    assert slope == pytest.approx(-decay, abs=0.05)


def test_maco_moves_phases_only():
    maco, size = Maco(), (24, 30)
    parameters = maco.noise(1, size, generator(0)) + np.float32(3) * generator(9).normal(size=(1, 24, 16, 3)).astype(
        "f4"
    )
    pictures = maco.pictures(parameters, size)
    values = maco.spectrum.colour.decorrelate(unsquash(pictures.astype(np.float64)))
    inner = slice(1, size[1] // 2)  # the two edge columns are their own mirror images, and not free
    found = np.abs(to_spectra(values))[0][:, inner]
    template = maco.spectrum.at(size)[:, inner]
    ratio = found / template
    np.testing.assert_allclose(ratio / ratio.mean(), 1, atol=2e-3)


def test_a_template_at_another_size_keeps_its_slope_and_has_unit_spread():
    for size in [(64, 64), (301, 200), (512, 768)]:
        magnitude = Maco().spectrum.at(size)
        waves = frequencies(size)
        band = (waves > 2 / min(size)) & (waves < 0.4)
        slope = np.polyfit(np.log(waves[band]), np.log(magnitude[..., 0][band]), 1)[0]
        assert slope == pytest.approx(-1, abs=0.02)
        maco = Maco()
        picture = maco.pictures(maco.noise(1, size, generator(1)), size)
        values = maco.spectrum.colour.decorrelate(unsquash(picture))
        np.testing.assert_allclose(values.std(axis=(0, 1, 2)), 1, rtol=0.1)


def photograph():
    path = DATA / "photos" / "met-436965.webp"
    if not path.exists():
        return picture_of((128, 128), seed=8)
    return resize(centre_square(read_picture(path)), (128, 128))[None] * np.float32(0.96) + np.float32(0.02)


@pytest.mark.parametrize("parameterisation", ALL[:-1], ids=repr)
def test_each_parameterisation_can_reach_a_photograph(parameterisation):
    photo = photograph()
    size = photo.shape[1:3]
    parameters = parameterisation.noise(1, size, generator(4))
    climber = Adam(0.05).begin(parameters)
    for _ in range(300):
        away = photo - parameterisation.pictures(parameters, size)
        parameters = climber.update(parameters, parameterisation.pull_back(parameters, away))
    assert np.abs(parameterisation.pictures(parameters, size) - photo).mean() < 0.02


def test_maco_with_the_spectrum_of_a_photograph_shows_that_photograph():
    photo = photograph()
    photo = np.stack([resize(photo[0], (256, 256))])
    values = unsquash(photo)
    colour = colour_of_pixels(values.reshape(-1, 3))
    spectrum = Spectrum(np.abs(to_spectra(colour.decorrelate(values)))[0], colour)
    maco = Maco(spectrum)
    assert np.abs(maco.pictures(maco.of_pictures(photo), (256, 256)) - photo).mean() < 0.02


def test_colours_are_those_of_the_published_matrix():
    matrix = np.asarray(IMAGENET_COLOUR.matrix)
    np.testing.assert_allclose(matrix[:, 0], [0.56283, 0.58448, 0.58448], atol=1e-5)
    covariance = matrix @ matrix.T
    spread = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(spread, spread)
    np.testing.assert_allclose(correlation[[0, 0, 1], [1, 2, 2]], [0.914, 0.794, 0.909], atol=2e-3)


def test_measured_colours_make_such_pixels_again():
    rng = np.random.default_rng(0)
    pixels = (rng.normal(size=(40_000, 3)) @ [[1, 0.8, 0.2], [0, 0.3, 0.1], [0.1, 0, 0.5]] + [0.5, -1, 0.2]).astype(
        "f4"
    )
    colour = colour_of_pixels(pixels)
    again = colour.recorrelate(rng.normal(size=(40_000, 3)).astype(np.float32))
    np.testing.assert_allclose(np.cov(again.T), np.cov(pixels.T), atol=0.05)
    np.testing.assert_allclose(again.mean(axis=0), [0.5, -1, 0.2], atol=0.03)
    np.testing.assert_allclose(colour.recorrelate(colour.decorrelate(pixels)), pixels, atol=1e-4)


def test_greys_have_a_colour_too():
    greys = np.repeat(np.linspace(-2, 2, 100, dtype=np.float32)[:, None], 3, axis=1)
    colour = colour_of_pixels(greys)
    np.testing.assert_allclose(colour.recorrelate(colour.decorrelate(greys)), greys, atol=1e-4)


def test_squash_stays_inside_and_comes_back():
    values = np.asarray([-800, -3, 0, 3, 800], np.float32)
    assert squash(values)[[0, -1]].tolist() == [0, 1]
    np.testing.assert_allclose(unsquash(squash(values[1:-1])), values[1:-1], rtol=1e-5)
    assert np.isfinite(unsquash(np.asarray([0.0, 1.0], np.float32))).all()


@pytest.mark.parametrize(
    "wrong",
    [lambda: Fourier(decay=-1), lambda: Pixels(mean=0), lambda: Pixels(spread=-0.1), lambda: Fourier(spread=-1)],
)
def test_impossible_noise_is_refused(wrong):
    with pytest.raises(ChoiceError, match="received"):
        wrong()
