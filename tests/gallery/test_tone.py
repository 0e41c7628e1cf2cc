import numpy as np
import pytest
from PIL.ImageColor import getrgb

from artforge.gallery.tone import COLORS, tone_of


def plain(*colors):
    """A picture of stripes of equal width."""
    return np.repeat(np.array([[getrgb(color) for color in colors]], np.uint8), 12, axis=1).repeat(24, axis=0)


@pytest.mark.parametrize("name", [name for name in COLORS if name != "brown"])
def test_a_picture_of_one_colour_has_its_name(name):
    assert tone_of(plain({"grey": "gray"}.get(name, name))) == (
        "#{:02x}{:02x}{:02x}".format(*getrgb({"grey": "gray"}.get(name, name))),
        name,
    )


def test_a_dark_orange_is_brown():
    assert tone_of(plain("saddlebrown")).name == "brown"


def test_the_ground_is_what_covers_most_and_the_name_what_glows():
    night = plain(*["#101010"] * 9, "orange")
    assert tone_of(night) == ("#101010", "orange")


def test_a_speck_of_colour_does_not_name_a_grey_picture():
    picture = plain("gray", "gray")
    picture[0, 0] = (255, 0, 0)
    assert tone_of(picture).name == "grey"


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1)])
def test_any_shape_has_a_tone(size):
    assert tone_of(np.full((*size, 3), 255, np.uint8)) == ("#ffffff", "white")
