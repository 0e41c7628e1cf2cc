from __future__ import annotations

import numpy as np
import pytest
from real_networks import DATA

from artforge.core.errors import ChoiceError
from artforge.core.pictures import centre_square, read_picture, resize
from artforge.core.seeds import generator
from artforge.engine.ascent.ascend import begin
from artforge.engine.ascent.colour import IMAGENET_COLOUR, colour_of_pixels
from artforge.engine.ascent.fourier import Fourier
from artforge.engine.ascent.maco import Maco
from artforge.engine.ascent.objectives import channel
from artforge.engine.ascent.optimisers import Adam
from artforge.engine.ascent.pixels import Pixels
from artforge.engine.ascent.presets import maco as preset_maco
from artforge.engine.ascent.spectral import faded_to_mean, frequencies, to_spectra, waves_in_columns
from artforge.engine.ascent.spectrum import Spectrum, spectrum_of_pictures
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


@pytest.mark.parametrize("size", [(24, 30), (33, 40), (17, 21)])
def test_an_ascent_of_maco_moves_phases_only(residual, size):
    ascent = preset_maco(num_steps=8)
    maco = ascent.parameterisation
    run = begin([channel("late", 3), channel("late", 1)], model=residual, ascent=ascent, size=size)
    start = run.parameters.copy()
    for _ in range(ascent.num_steps):
        run.take_step(None)
    assert np.abs(run.parameters - start).mean() > 0.1
    strength = np.abs(to_spectra(maco.spectrum.colour.decorrelate(unsquash(run.pictures()))))
    # where columns are their own mirror images two phases share one wave, and take from each other's strength
    inner = slice(1, (size[1] + 1) // 2)
    for found in strength[:, :, inner]:
        np.testing.assert_allclose(found, maco.spectrum.at(size)[:, inner], rtol=1e-4)


@pytest.mark.parametrize("size", SIZES)
def test_a_spectrum_holds_the_whole_energy_of_a_picture(size):
    """Parseval's theorem, each number counted for the waves that it stands for."""
    picture = generator(2).normal(size=(1, *size, 3)).astype(np.float32)
    energy = (np.abs(to_spectra(picture)) ** 2 * waves_in_columns(size[1])[:, None]).sum() / (size[0] * size[1])
    assert energy == pytest.approx((picture.astype(np.float64) ** 2).sum(), rel=1e-5)


@pytest.mark.parametrize("size", [(24, 31), (33, 40)])
def test_a_faded_picture_is_nothing_at_its_edges_and_a_plain_one_is_nothing_at_all(size):
    picture = generator(2).random((*size, 3)).astype(np.float32) + np.arange(size[1], dtype=np.float32)[:, None]
    faded = faded_to_mean(picture)
    rim = np.concatenate([faded[0], faded[-1], faded[:, 0], faded[:, -1]])
    assert np.abs(rim).max() < 0.05 * np.abs(faded).max()
    np.testing.assert_allclose(faded.mean(axis=(0, 1)), 0, atol=1e-5)
    np.testing.assert_allclose(faded_to_mean(np.full((*size, 3), 0.3, np.float32)), 0, atol=1e-6)


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


@pytest.fixture(scope="module")
def photograph():
    path = DATA / "photos" / "met-436965.webp"
    if not path.exists():
        pytest.skip(f"no photograph at {path}")
    return resize(centre_square(read_picture(path)), (128, 128))[None] * np.float32(0.96) + np.float32(0.02)


def farness_after_an_ascent(parameterisation, picture):
    """Mean distance from a picture that has been climbed towards."""
    size = picture.shape[1:3]
    parameters = parameterisation.noise(1, size, generator(4))
    climber = Adam(0.05).begin(parameters)
    for _ in range(300):
        away = picture - parameterisation.pictures(parameters, size)
        parameters = climber.update(parameters, parameterisation.pull_back(parameters, away))
    return np.abs(parameterisation.pictures(parameters, size) - picture).mean()


@pytest.mark.parametrize("parameterisation", ALL[:-1], ids=repr)
def test_each_parameterisation_can_reach_a_photograph(parameterisation, photograph):
    assert farness_after_an_ascent(parameterisation, photograph) < 0.02


@pytest.mark.parametrize("parameterisation", ALL[:-1], ids=repr)
def test_each_parameterisation_can_reach_soft_blobs(parameterisation):
    blobs = picture_of((128, 128), seed=8) * np.float32(0.6) + np.float32(0.2)  # black and white lie far away
    assert farness_after_an_ascent(parameterisation, blobs) < 0.02


def steepness(picture):
    """How steep the light is at each pixel, less the mean of that."""
    down, across = np.gradient(picture.mean(axis=-1))
    steep = np.hypot(down, across)
    return (steep - steep.mean()).ravel()


def test_maco_shows_the_edges_of_a_picture_whatever_the_spectrum():
    """Phases carry the lines: with those of a picture and the spectrum of another one its edges are still there."""
    size = (128, 128)
    disc = ((np.indices(size) - 60) ** 2).sum(axis=0) < 35**2
    picture = np.where(disc[..., None], (0.8, 0.5, 0.3), (0.2, 0.4, 0.6)).astype(np.float32)
    others = list(picture_of((256, 256), num=3, seed=8))
    maco = Maco(spectrum_of_pictures(others))
    edges = steepness(picture)

    def likeness(phases):
        found = steepness(maco.pictures(phases, size)[0])
        return found @ edges / np.sqrt((found @ found) * (edges @ edges))

    of_noise = [likeness(maco.noise(1, size, generator(seed))) for seed in range(5)]
    assert likeness(maco.of_pictures(picture[None])) > 3 * np.abs(of_noise).max()


def test_phases_of_a_picture_with_its_own_spectrum_are_that_picture():
    picture = picture_of((256, 256), seed=8)  # the size at which spectra are kept: nothing is interpolated
    values = unsquash(picture)
    colour = colour_of_pixels(values.reshape(-1, 3))
    maco = Maco(Spectrum(np.abs(to_spectra(colour.decorrelate(values)))[0], colour))
    assert np.abs(maco.pictures(maco.of_pictures(picture), (256, 256)) - picture).mean() < 0.02


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
