"""Pictures of other shapes get the size of one, and are never stretched."""

import numpy as np
import pytest

from artforge.ops.fit import fit

LIKE = np.zeros((40, 60, 3), np.float32)


def striped(height, width):
    """A picture whose red runs from left to right and whose green runs from the top down, both evenly."""
    red, green = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    return np.stack([red, green, np.full_like(red, 0.5)], axis=-1).astype(np.float32)


@pytest.mark.parametrize("rule", ["cover", "contain"])
def test_picture_that_fits_already_comes_back_as_it_was(rule):
    image = striped(40, 60)
    np.testing.assert_array_equal(fit(image, LIKE, rule=rule), image)


def test_cover_cuts_the_same_off_at_both_sides():
    fitted = fit(striped(80, 240), LIKE)  # twice as high, four times as wide: 30 of 120 columns go at each side
    assert fitted.shape == (40, 60, 3)
    np.testing.assert_allclose(fitted[20, [0, -1], 0], [0.25, 0.75], atol=0.01)
    np.testing.assert_allclose(fitted[[0, -1], 30, 1], [0, 1], atol=0.02)


def test_contain_shows_all_of_it_in_the_middle_of_the_ground():
    fitted = fit(striped(80, 240), LIKE, rule="contain", ground="white")  # 20 rows of 60
    assert (fitted[[0, 9, 30, 39]] == 1).all()
    np.testing.assert_allclose(fitted[20, [0, -1], 0], [0, 1], atol=0.02)
    np.testing.assert_allclose(fitted[[10, 29], 30, 1], [0, 1], atol=0.05)


@pytest.mark.parametrize("shape", [(1, 500), (500, 1), (1, 1), (7, 13)])
@pytest.mark.parametrize("rule", ["cover", "contain"])
def test_any_shape_gets_the_size_of_the_other(shape, rule):
    assert fit(striped(*shape), LIKE, rule=rule).shape == LIKE.shape
