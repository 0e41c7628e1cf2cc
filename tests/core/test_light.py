"""How light colours are."""

from __future__ import annotations

import numpy as np
import pytest

from artforge.core.light import luma


@pytest.mark.parametrize(
    ("color", "expected"),
    [((1, 1, 1), 1), ((1, 0, 0), 0.2126), ((0, 1, 0), 0.7152), ((0, 0, 1), 0.0722), ((0.5, 0.2, 0), 0.24934)],
)
def test_green_is_lightest_and_blue_darkest(color, expected):
    picture = np.full((4, 5, 3), color, np.float32)
    found = luma(picture)
    assert (found.shape, found.dtype) == ((4, 5), np.float32)
    np.testing.assert_allclose(found, expected, atol=1e-6)
