from __future__ import annotations

import numpy as np
import pytest

from artforge.core.errors import ChoiceError
from artforge.engine.attention.feature_maps import feature_maps, feature_maps_of_layers


def test_a_layer_of_ones_counts_its_neighbourhood(golden):
    grey = np.repeat((np.arange(16, dtype=np.float32) / 15).reshape(4, 4, 1), 3, axis=2)
    maps = feature_maps(grey, model=golden, layer="conv")
    np.testing.assert_allclose(maps[..., 0], [[0, 4], [31, 40]], atol=1e-4)
    np.testing.assert_allclose(maps[..., 1], [[0, 0], [6, 15]], atol=1e-4)


def test_several_layers_and_pictures_at_once_are_what_each_gives_alone(residual, pictures):
    together = feature_maps_of_layers(residual, pictures, ["early", "last_conv"])
    for image, by_layer in zip(pictures, together, strict=True):
        assert list(by_layer) == ["early", "late"]
        for layer, maps in by_layer.items():
            np.testing.assert_allclose(maps, feature_maps(image, model=residual, layer=layer), atol=1e-5)


def test_unknown_and_missing_layers_are_named(residual, pictures):
    with pytest.raises(ChoiceError, match="did you mean 'early'"):
        feature_maps(pictures[0], model=residual, layer="earli")
    with pytest.raises(ChoiceError, match="no layers given"):
        feature_maps_of_layers(residual, pictures, [])
