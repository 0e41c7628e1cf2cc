"""16 bits a colour in another profile: as a colour engine has it in 8, and finer."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest
import tifffile

from artforge.core.errors import PictureError
from artforge.core.formats.matrix_profiles import matrix_profile
from artforge.core.formats.medium import Medium
from artforge.core.formats.profiles import convert, convert_image, converts_floats, srgb_profile
from artforge.core.formats.stills import write_still
from artforge.core.pictures import to_float

P3 = [(0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841)]
"""Red, green and blue of Display P3 in XYZ of D50."""
GAMMA = b"curv" + bytes(4) + struct.pack(">IH", 1, round(2.2 * 256))
STEPS = b"curv" + bytes(4) + struct.pack(">I10H", 10, *(round(65535 * (at / 9) ** 1.8) for at in range(10)))
POWER = b"para" + bytes(4) + struct.pack(">HHi", 0, 0, round(1.8 * 65536))
LIGHTNESS = (
    b"para" + bytes(4) + struct.pack(">HH5i", 3, 0, *(round(65536 * n) for n in (3, 0.862, 0.138, 0.1107, 0.08)))
)
GREY_BLACK = b"para" + bytes(4) + struct.pack(">HH4i", 2, 0, *(round(65536 * n) for n in (3, 0.862, 0.108, 0.03)))


def profile_of(*, columns=None, curve=b"", tables=False) -> bytes:
    """sRGB with other primaries, or another curve."""
    content = bytearray(srgb_profile())
    (count,) = struct.unpack_from(">I", content, 128)
    for number in range(count):
        name, offset, _ = struct.unpack_from(">4sII", content, 132 + 12 * number)
        place = (b"rXYZ", b"gXYZ", b"bXYZ").index(name) if name.endswith(b"XYZ") and name[:1] in b"rgb" else None
        if place is not None and columns is not None:
            struct.pack_into(">3i", content, offset + 8, *(round(65536 * each) for each in columns[place]))
        if name.endswith(b"TRC") and curve:
            content[offset : offset + len(curve)] = curve
        if name == b"cprt" and tables:
            content[132 + 12 * number : 136 + 12 * number] = b"B2A0"
    return bytes(content)


PROFILES = {
    "display p3": profile_of(columns=P3),
    "gamma 2.2": profile_of(curve=GAMMA),
    "steps": profile_of(curve=STEPS),
    "power": profile_of(columns=P3, curve=POWER),
    "lightness": profile_of(curve=LIGHTNESS),
}


@pytest.mark.parametrize("name", PROFILES)
def test_numbers_are_those_of_the_colour_engine_to_a_level_of_its_8_bits(name):
    pixels = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    pixels[0, :2] = [[0, 0, 0], [255, 255, 255]]
    exact = convert_image(to_float(pixels), PROFILES[name])
    assert exact.min() >= 0
    assert exact.max() <= 1
    assert np.abs(255 * exact - convert(pixels, PROFILES[name])).max() <= 1.01
    assert np.abs(exact - to_float(pixels)).max() > 0.02


@pytest.mark.parametrize("name", PROFILES)
def test_a_slow_run_of_16_bits_stays_one(name):
    greys = np.linspace(0.2, 0.21, 256, dtype=np.float32)[None, :, None].repeat(3, axis=2)
    converted = convert_image(greys, PROFILES[name])[0, :, 1]
    assert (np.diff(converted) > 0).all()


def test_srgb_is_what_it_is_bit_for_bit():
    image = np.random.default_rng(2).random((4, 5, 3), np.float32)
    assert convert_image(image, srgb_profile()) is image


def test_a_profile_of_tables_is_converted_to_in_8_bits_alone():
    profile = profile_of(tables=True)
    assert not converts_floats(profile)
    assert converts_floats(srgb_profile())
    with pytest.raises(PictureError, match="a matrix and curves, and this is none: take a format of 8 bits"):
        convert_image(np.zeros((1, 1, 3), np.float32), profile)


@pytest.mark.parametrize(
    "content", [b"", bytes(200), srgb_profile()[:300], profile_of(curve=b"none"), profile_of(curve=GREY_BLACK)]
)
def test_what_is_no_such_profile_is_none(content):
    assert matrix_profile(content) is None


@pytest.mark.parametrize("start", [0, 3])
def test_black_and_white_stay_where_a_curve_of_levels_begins_and_ends_flat(start):
    levels = [round(65535 * (at / 1020) ** 2.2) for at in range(1021)]
    shape = [0] * start + levels + [65535] * (3 - start)
    profile = matrix_profile(large_curve(shape))
    ends = profile.stored(np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]))
    np.testing.assert_array_equal(ends, [[0, 0, 0], [1, 1, 1]])


@pytest.mark.parametrize("numbers", [(2.2, 0, 0), (-2, 1, 0), (30000, 30000, 0)])
def test_curves_of_no_display_are_refused_without_a_word_of_numpy(numbers):
    curve = b"para" + bytes(4) + struct.pack(">HH3i", 1, 0, *(round(65536 * n) for n in numbers))
    profile = matrix_profile(profile_of(curve=curve))
    assert profile is None or np.isfinite(profile.light(np.full((1, 3), 0.5, np.float32))).all()


def large_curve(levels) -> bytes:
    """sRGB with a curve of levels, which stands behind the rest of the profile."""
    content = bytearray(srgb_profile())
    curve = b"curv" + bytes(4) + struct.pack(f">I{len(levels)}H", len(levels), *levels)
    (count,) = struct.unpack_from(">I", content, 128)
    for number in range(count):
        if content[132 + 12 * number : 136 + 12 * number].endswith(b"TRC"):
            struct.pack_into(">II", content, 136 + 12 * number, len(content), len(curve))
    return bytes(content) + curve


@pytest.mark.parametrize("name", ["png16", "tiff16"])
@pytest.mark.parametrize("profile", [srgb_profile(), PROFILES["display p3"]])
def test_files_of_16_bits_carry_the_profile_and_its_numbers(tmp_path, paint, name, profile):
    image = paint(4, 45, 70)
    path = tmp_path / f"a.{name}"
    write_still(path, image, name, medium=Medium(300, profile))
    levels = tifffile.imread(path) if name == "tiff16" else cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1]
    assert levels.dtype == np.uint16
    np.testing.assert_allclose(levels / 65535, convert_image(image, profile), atol=0.51 / 65535)
    if name == "tiff16":
        with tifffile.TiffFile(path) as opened:
            assert opened.pages[0].iccprofile == profile
