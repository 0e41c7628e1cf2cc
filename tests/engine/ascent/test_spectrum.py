from __future__ import annotations

import numpy as np
import pytest

from artforge.core.errors import DatasetError, ShapeError
from artforge.core.pictures import write_png
from artforge.core.work import Work, working
from artforge.engine.ascent.maco import Maco
from artforge.engine.ascent.spectral import frequencies
from artforge.engine.ascent.spectrum import spectrum_of_folder, spectrum_of_pictures


def grating(period, size=(300, 260), colour=(1.0, 0.5, 0.2)):
    wave = 0.5 + 0.4 * np.sin(2 * np.pi * np.arange(size[1]) / period)
    return np.broadcast_to(wave[None, :, None] * np.asarray(colour), (*size, 3)).astype(np.float32)


def test_the_strongest_wave_of_the_pictures_is_the_strongest_of_their_spectrum():
    spectrum = spectrum_of_pictures([grating(16, (256, 256)), grating(16, (256, 256), (0.9, 0.6, 0.2))])
    strength = spectrum.magnitude[..., 0]
    row, column = np.unravel_index(strength.argmax(), strength.shape)
    assert frequencies((256, 256))[row, column] == pytest.approx(1 / 16, rel=0.02)
    at_another_size = spectrum.at((384, 384))[..., 0]
    row, column = np.unravel_index(at_another_size.argmax(), at_another_size.shape)
    assert frequencies((384, 384))[row, column] == pytest.approx(1 / 16, rel=0.04)


def test_noise_has_the_palette_of_the_folder(tmp_path):
    rng = np.random.default_rng(0)
    for number in range(3):
        greens = np.stack(
            [0.1 + 0.1 * rng.random((90, 70)), 0.5 + 0.4 * rng.random((90, 70)), np.full((90, 70), 0.2)], -1
        )
        write_png(tmp_path / "below" / f"{number}.png", greens.astype(np.float32))
    maco = Maco(spectrum_of_folder(tmp_path))
    picture = maco.pictures(maco.noise(1, (64, 64), rng), (64, 64))[0]
    red, green, blue = picture.mean(axis=(0, 1))
    assert abs(red - 0.15) < 0.05
    assert abs(green - 0.7) < 0.08
    assert abs(blue - 0.2) < 0.05


def test_unreadable_pictures_among_good_ones_are_passed_over_and_counted(tmp_path):
    write_png(tmp_path / "good.png", grating(16))
    write_png(tmp_path / "good_too.png", grating(7))
    of_the_good = spectrum_of_folder(tmp_path)
    (tmp_path / "broken.png").write_bytes(b"not a picture")
    told = []
    with working(Work(noticed=told.append)):
        found = spectrum_of_folder(tmp_path)
    [notice] = told
    assert notice.startswith(f"1 of the 3 pictures in {tmp_path.name} cannot be read")
    assert "broken.png" in notice
    np.testing.assert_array_equal(found.magnitude, of_the_good.magnitude)
    assert found.colour == of_the_good.colour


def test_pictures_with_nothing_on_them_have_no_spectrum():
    with pytest.raises(DatasetError, match="of one colour"):
        spectrum_of_pictures([np.full((32, 32, 3), 0.4, np.float32)])
    with pytest.raises(ShapeError, match="float32"):
        spectrum_of_pictures([np.zeros((32, 32, 3), np.uint8)])


def test_a_folder_without_pictures_says_what_was_expected(tmp_path):
    with pytest.raises(DatasetError, match=r"no pictures.*\.png"):
        spectrum_of_folder(tmp_path)
    (tmp_path / "broken.png").write_bytes(b"not a picture")
    with pytest.raises(DatasetError, match=r"none of its 1 pictures.*broken\.png"):
        spectrum_of_folder(tmp_path)
    with pytest.raises(DatasetError, match="no such folder"):
        spectrum_of_folder(tmp_path / "absent")
    with pytest.raises(DatasetError, match="no pictures"):
        spectrum_of_pictures([])
