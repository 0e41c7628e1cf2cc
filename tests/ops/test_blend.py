"""Blend modes: hand-worked numbers of the W3C's formulas, and the laws that hold for all of them."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from artforge.core.errors import ChoiceError, ShapeError
from artforge.core.light import to_light, to_srgb
from artforge.core.oklab import to_oklab
from artforge.ops.blend import blend
from artforge.ops.blend_modes import BLEND_MODES
from artforge.ops.color_spaces import SPACES

OF_THE_WHOLE_COLOUR = ("hue", "saturation", "color", "luminosity")
BY_CHANNEL = [mode for mode in BLEND_MODES if mode not in OF_THE_WHOLE_COLOUR]

# (base, overlay) -> full result, worked by hand from https://www.w3.org/TR/compositing-1/#blending
BY_HAND = {
    "normal": [(0.25, 0.5, 0.5), (0.8, 0.1, 0.1)],
    "multiply": [(0.25, 0.5, 0.125), (0.8, 0.1, 0.08)],
    "screen": [(0.25, 0.5, 0.625), (0.8, 0.1, 0.82)],
    "overlay": [(0.25, 0.75, 0.375), (0.8, 0.1, 0.64), (0.5, 0.3, 0.3)],
    "darken": [(0.25, 0.5, 0.25), (0.8, 0.1, 0.1)],
    "lighten": [(0.25, 0.5, 0.5), (0.8, 0.1, 0.8)],
    "color_dodge": [(0.25, 0.5, 0.5), (0.8, 0.1, 0.8 / 0.9), (0.6, 0.5, 1), (0, 1, 0), (0.1, 1, 1)],
    "color_burn": [(0.75, 0.5, 0.5), (0.4, 0.8, 0.25), (0.4, 0.5, 0), (1, 0, 1), (0.9, 0, 0)],
    "hard_light": [(0.25, 0.75, 0.625), (0.8, 0.1, 0.16), (0.3, 0.5, 0.3)],
    "soft_light": [(0.5, 0.25, 0.375), (0.64, 0.75, 0.72), (0.2, 1.0, 0.448), (0.3, 0.5, 0.3)],
    "difference": [(0.25, 0.5, 0.25), (0.8, 0.1, 0.7)],
    "exclusion": [(0.25, 0.5, 0.5), (0.8, 0.1, 0.74)],
}
# base (0.6, 0.4, 0.2): luminosity 0.438, saturation 0.4; overlay (0.2, 0.3, 0.7): luminosity 0.314, saturation 0.5
WHOLE_BY_HAND = {
    # the overlay stretched to saturation 0.4 is (0, 0.08, 0.4) with luminosity 0.0912, so 0.3468 is added
    "hue": (0.3468, 0.4268, 0.7468),
    # the base stretched to saturation 0.5 is (0.5, 0.25, 0) with luminosity 0.2975, so 0.1405 is added
    "saturation": (0.6405, 0.3905, 0.1405),
    # 0.438 - 0.314 is added to the overlay, and taken from the base
    "color": (0.324, 0.424, 0.824),
    "luminosity": (0.476, 0.276, 0.076),
}
# base (0.9, 0.9, 0.3) has luminosity 0.834; blue (0, 0, 1) with 0.11 becomes (0.724, 0.724, 1.724), which is made paler
# towards its luminosity by 0.166 / 0.89: 0.834 - 0.11 * 0.166 / 0.89
TOO_BRIGHT = ((0.9, 0.9, 0.3), (0, 0, 1), (0.8134831, 0.8134831, 1))


def flat(value, size=(2, 3)):
    return np.tile(np.asarray(value, np.float32), (*size, 1 if np.ndim(value) else 3))


@pytest.fixture
def base():
    return np.random.default_rng(1).random((23, 31, 3), dtype=np.float32)


@pytest.fixture
def overlay():
    return np.random.default_rng(2).random((23, 31, 3), dtype=np.float32)


@pytest.fixture
def mask():
    mask = np.random.default_rng(3).random((23, 31), dtype=np.float32)
    mask[:5] = 0
    mask[-5:] = 1
    return mask


def test_every_mode_is_worked_by_hand():
    assert set(BY_HAND) == set(BY_CHANNEL)
    assert set(WHOLE_BY_HAND) == set(OF_THE_WHOLE_COLOUR)


@pytest.mark.parametrize(("mode", "case"), [(mode, case) for mode, cases in BY_HAND.items() for case in cases])
def test_the_full_mode_gives_the_number_worked_by_hand(mode, case):
    under, over, expected = case
    np.testing.assert_allclose(blend(flat(under), flat(over), mode=mode, opacity=1), expected, atol=2e-7)


@pytest.mark.parametrize(("mode", "expected"), WHOLE_BY_HAND.items())
def test_the_mode_of_a_whole_colour_gives_the_numbers_worked_by_hand(mode, expected):
    blended = blend(flat((0.6, 0.4, 0.2)), flat((0.2, 0.3, 0.7)), mode=mode, opacity=1)
    np.testing.assert_allclose(blended[1, 2], expected, atol=2e-7)


def test_a_colour_that_would_be_too_bright_is_made_paler_and_not_cut_off():
    under, over, expected = TOO_BRIGHT
    np.testing.assert_allclose(blend(flat(under), flat(over), mode="color", opacity=1)[0, 0], expected, atol=2e-7)


@pytest.mark.parametrize("mode", BLEND_MODES)
def test_every_mode_agrees_with_psd_tools(base, overlay, mode):
    formulas = pytest.importorskip("psd_tools.composite.blend", reason="psd-tools is not installed: no second opinion")
    overlay[:6] = np.rint(overlay[:6])  # full and missing inks as well
    overlay[6:9] = overlay[6:9, :, :1]  # greys
    base[3:8] = np.rint(base[3:8] * 4) / 4
    expected = getattr(formulas, mode)(base.copy(), overlay.copy())
    np.testing.assert_allclose(blend(base, overlay, mode=mode, opacity=1), expected, atol=2e-6)


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("mode", BLEND_MODES)
def test_opacity_0_gives_the_base_bit_for_bit(base, overlay, mask, mode, space):
    for over in (overlay, np.zeros_like(base), np.ones_like(base), base):
        np.testing.assert_array_equal(blend(base, over, mode=mode, opacity=0, space=space), base)
        np.testing.assert_array_equal(blend(base, over, mask, mode=mode, opacity=0, space=space), base)


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("mode", BLEND_MODES)
def test_where_the_mask_is_0_the_base_stays_bit_for_bit(base, overlay, mask, mode, space):
    blended = blend(base, overlay, mask, mode=mode, opacity=0.8, space=space)
    np.testing.assert_array_equal(blended[:5], base[:5])
    assert (blended[5:] != base[5:]).any()


@pytest.mark.parametrize("space", ["srgb", "linear"])
@pytest.mark.parametrize("mode", BLEND_MODES)
def test_where_the_mask_is_1_the_full_mode_shows_bit_for_bit(base, overlay, mask, mode, space):
    masked = blend(base, overlay, mask, mode=mode, opacity=1, space=space)
    np.testing.assert_array_equal(masked[-5:], blend(base, overlay, mode=mode, opacity=1, space=space)[-5:])


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("mode", BLEND_MODES)
def test_an_even_mask_is_the_same_as_opacity(base, overlay, mode, space):
    even = np.full(base.shape[:2], 0.3, np.float32)
    np.testing.assert_allclose(
        blend(base, overlay, even, mode=mode, opacity=1, space=space),
        blend(base, overlay, mode=mode, opacity=0.3, space=space),
        atol=1e-5,
    )


@pytest.mark.parametrize("space", ["srgb", "linear"])
@pytest.mark.parametrize("mode", BLEND_MODES)
@pytest.mark.parametrize("opacity", [0.0, 0.3, 1.0])
def test_blend_stays_between_the_base_and_the_full_mode(base, overlay, mode, opacity, space):
    full = blend(base, overlay, mode=mode, opacity=1, space=space)
    blended = blend(base, overlay, mode=mode, opacity=opacity, space=space)
    assert (np.minimum(base, full) - 1e-6 <= blended).all()
    assert (blended <= np.maximum(base, full) + 1e-6).all()


@pytest.mark.parametrize("mode", BLEND_MODES)
def test_more_opacity_never_goes_back_towards_the_base(base, overlay, mode):
    distances = [np.abs(blend(base, overlay, mode=mode, opacity=share / 8) - base) for share in range(9)]
    assert all((nearer <= farther + 1e-6).all() for nearer, farther in pairwise(distances))


edges = st.sampled_from([0.0, 1e-45, 1e-8, 0.25, 0.5, 0.50000006, 0.75, 0.99999994, 1.0])
numbers = st.one_of(edges, st.floats(0, 1, width=32))
pictures = arrays(np.float32, (2, 3, 3), elements=numbers)


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("mode", BLEND_MODES)
@settings(max_examples=25, deadline=None)
@given(under=pictures, over=pictures, opacity=numbers)
def test_no_picture_at_all_leaves_the_range(mode, space, under, over, opacity):
    blended = blend(under, over, mode=mode, opacity=float(opacity), space=space)
    assert blended.dtype == np.float32
    assert np.isfinite(blended).all()
    assert blended.min() >= 0
    assert blended.max() <= 1


@pytest.mark.parametrize(
    ("mode", "neutral"),
    [
        ("multiply", 1.0),
        ("screen", 0.0),
        ("darken", 1.0),
        ("lighten", 0.0),
        ("color_dodge", 0.0),
        ("color_burn", 1.0),
        ("hard_light", 0.5),
        ("soft_light", 0.5),
        ("difference", 0.0),
        ("exclusion", 0.0),
    ],
)
def test_a_mode_has_its_neutral_colour(base, mode, neutral):
    np.testing.assert_allclose(blend(base, np.full_like(base, neutral), mode=mode, opacity=1), base, atol=3e-7)
    if neutral != 0.5:  # black and white are the same in every space
        for space in ("linear", "oklab"):
            blended = blend(base, np.full_like(base, neutral), mode=mode, opacity=1, space=space)
            np.testing.assert_allclose(blended, base, atol=2e-4)


@pytest.mark.parametrize("mode", ["multiply", "screen", "darken", "lighten", "difference", "exclusion"])
def test_symmetric_modes_do_not_care_which_picture_lies_on_top(base, overlay, mode):
    one, other = blend(base, overlay, mode=mode, opacity=1), blend(overlay, base, mode=mode, opacity=1)
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_overlay_is_hard_light_with_the_pictures_exchanged(base, overlay):
    np.testing.assert_array_equal(
        blend(base, overlay, mode="overlay", opacity=1), blend(overlay, base, mode="hard_light", opacity=1)
    )


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("mode", OF_THE_WHOLE_COLOUR)
def test_a_picture_laid_over_itself_stays_as_it_is(base, mode, space):
    np.testing.assert_allclose(blend(base, base, mode=mode, opacity=1, space=space), base, atol=2e-5)


@pytest.mark.parametrize(
    ("mode", "kept", "taken"),
    [("hue", [0, "chroma"], []), ("saturation", [0], []), ("color", [0], [1, 2]), ("luminosity", [1, 2], [0])],
)
def test_in_oklab_a_mode_takes_what_its_name_says_and_keeps_the_rest(mode, kept, taken):
    generator = np.random.default_rng(8)
    base, overlay = (0.45 + 0.1 * generator.random((9, 8, 3), dtype=np.float32) for _ in range(2))  # on any screen
    under, over = to_oklab(base), to_oklab(overlay)
    found = to_oklab(blend(base, overlay, mode=mode, opacity=1, space="oklab"))

    def part(lab, name):
        return np.hypot(lab[..., 1], lab[..., 2]) if name == "chroma" else lab[..., name]

    for lab, names in ((under, kept), (over, taken)):
        for name in names:
            np.testing.assert_allclose(part(found, name), part(lab, name), atol=2e-5)
    if mode == "hue":
        np.testing.assert_allclose(
            np.arctan2(found[..., 2], found[..., 1]), np.arctan2(over[..., 2], over[..., 1]), atol=0.02
        )
    if mode == "saturation":
        np.testing.assert_allclose(part(found, "chroma"), part(over, "chroma"), atol=2e-5)


@pytest.mark.parametrize("space", ["linear", "oklab"])
@pytest.mark.parametrize(("mode", "lightness_of"), [("hue", 0), ("saturation", 0), ("color", 0), ("luminosity", 1)])
def test_the_lightness_is_that_of_one_picture_however_strong_the_colours(base, overlay, mode, lightness_of, space):
    blended = blend(base, overlay, mode=mode, opacity=1, space=space)
    luminance = np.array([0.2126, 0.7152, 0.0722], np.float32)
    measured = {"linear": lambda image: to_light(image) @ luminance, "oklab": lambda image: to_oklab(image)[..., 0]}
    expected = measured[space]((base, overlay)[lightness_of])
    np.testing.assert_allclose(measured[space](blended), expected, atol=1e-3)


def test_in_oklab_half_way_is_half_way_to_the_eye(base, overlay):
    half = to_oklab(blend(base, overlay, opacity=0.5, space="oklab"))
    np.testing.assert_allclose(half[..., 0], (to_oklab(base) + to_oklab(overlay))[..., 0] / 2, atol=1e-3)
    # blue and yellow by way of a colour: in sRGB numbers their middle is grey
    blue, yellow = flat((0, 0, 1)), flat((1, 1, 0))
    by_numbers, by_eye = (to_oklab(blend(blue, yellow, opacity=0.5, space=space))[0, 0] for space in ("srgb", "oklab"))
    assert abs(by_eye[0] - (0.45201 + 0.96798) / 2) < 1e-3
    assert np.hypot(*by_numbers[1:]) < 1e-3
    assert np.hypot(*by_eye[1:]) > 0.04


def test_a_grey_overlay_gives_no_hue():
    for space in SPACES:
        blended = blend(flat((0.7, 0.3, 0.2)), flat(0.5), mode="hue", opacity=1, space=space)
        np.testing.assert_allclose(blended, blended[..., :1].repeat(3, axis=-1), atol=1e-5)


def test_linear_mixes_light_and_not_numbers():
    # half the light of white over black: (1.055 * 0.5^(1/2.4) - 0.055) = 0.7354
    np.testing.assert_allclose(blend(flat(0), flat(1), opacity=0.5, space="linear"), 0.735357, atol=1e-5)
    np.testing.assert_allclose(blend(flat(0), flat(1), opacity=0.5, space="srgb"), 0.5, atol=1e-7)


def test_light_and_back_is_the_same_number():
    numbers = np.linspace(0, 1, 4097, dtype=np.float32)
    np.testing.assert_allclose(to_srgb(to_light(numbers)), numbers, atol=1e-6)
    assert to_light(np.float32(0.5) * np.ones(1, np.float32))[0] == pytest.approx(0.2140411, abs=1e-6)


def test_large_pictures_are_blended_to_their_last_row():
    # more than one band of rows, and a last band that is not full
    generator = np.random.default_rng(5)
    base, overlay = (generator.random((211, 700, 3), dtype=np.float32) for _ in range(2))
    np.testing.assert_allclose(blend(base, overlay, mode="multiply", opacity=1), base * overlay, atol=1e-7)
    wide = generator.random((2, 30_000, 3), dtype=np.float32)
    np.testing.assert_allclose(
        blend(wide, wide[:, ::-1], mode="screen", opacity=1)[1], 1 - (1 - wide[1]) * (1 - wide[1, ::-1])
    )


def test_sizes_that_differ_are_refused(base, overlay):
    with pytest.raises(ShapeError, match=r"overlay 30x23.*base 31x23"):
        blend(base, overlay[:, :-1])
    with pytest.raises(ShapeError, match=r"mask 31x22.*base 31x23"):
        blend(base, overlay, np.ones((22, 31), np.float32))


def test_an_unknown_mode_is_refused_with_the_nearest(base, overlay):
    with pytest.raises(ChoiceError, match=r"'scren'.*'screen'"):
        blend(base, overlay, mode="scren")
