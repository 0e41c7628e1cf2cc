"""Pictures as bytes: rounded as one would by hand, whatever their size."""

from __future__ import annotations

import numpy as np
import pytest

from artforge.core.pictures import to_bytes


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 40000, 3), (700, 311, 3), (5, 7), (0, 4, 3)])
def test_every_number_is_rounded_to_its_nearest_level(shape):
    image = np.random.default_rng(1).uniform(-0.1, 1.1, shape).astype(np.float32)
    by_hand = np.rint(np.clip(image, 0, 1) * np.float32(255)).astype(np.uint8)
    np.testing.assert_array_equal(to_bytes(image), by_hand)
    assert to_bytes(image).shape == shape


def test_a_picture_that_others_hold_is_left_as_it_is():
    image = np.full((4, 4, 3), 2, np.float32)
    image.setflags(write=False)
    assert (to_bytes(image) == 255).all()
    assert (image == 2).all()
