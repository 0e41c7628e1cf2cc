from __future__ import annotations

import numpy as np
import pytest

from artforge.core.oklab import mean_difference, to_oklab


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ((1, 1, 1), (1, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((1, 0, 0), (0.62796, 0.22486, 0.12585)),
        ((0, 0, 1), (0.45201, -0.03246, -0.31153)),
    ],
)
def test_colours_of_the_published_table(colour, expected):
    found = to_oklab(np.asarray([[colour]], np.float32))
    np.testing.assert_allclose(found[0, 0], expected, atol=2e-4)


def test_black_and_white_are_one_apart():
    black, white = np.zeros((4, 5, 3), np.float32), np.ones((4, 5, 3), np.float32)
    assert mean_difference(black, white) == pytest.approx(1, abs=1e-4)
    assert mean_difference(white, white) == 0
    half = white.copy()
    half[:2] = 0
    assert mean_difference(half, white) == pytest.approx(0.5, abs=1e-4)
