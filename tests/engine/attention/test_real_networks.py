"""Real networks on a real photograph: they call it an elephant, and they look at an elephant."""

from __future__ import annotations

import numpy as np
import pytest
import real_networks

from artforge.core.pictures import read_picture
from artforge.engine.attention.methods import METHODS
from artforge.engine.attention.upsample import upsample_heatmap

pytestmark = [
    pytest.mark.skipif(not real_networks.DATA.is_dir(), reason="the real weights do not lie beside this checkout"),
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

CALF = (slice(130, 238), slice(86, 292))
COW = (slice(46, 224), slice(234, 525))
"""Rows and columns of the two elephants, seen by eye; the picture is 351x525."""


@pytest.fixture(scope="module", params=["squeezenet", "mobilenet_v2"])
def network(request):
    return getattr(real_networks, request.param)()


@pytest.fixture(scope="module")
def elephants():
    return read_picture(real_networks.DATA / "photos" / "creative_commons_elephant.jpg")


def test_the_elephant_is_called_an_african_elephant_first(network, elephants):
    probabilities = network.probabilities(elephants)[0]
    assert network.class_names[int(probabilities.argmax())] == "African_elephant"
    assert probabilities.max() > 0.25


def test_last_conv_is_the_last_map_before_the_mean(network):
    assert network.find_layer("last_conv").name == {"squeezenet": "conv_final"}.get(network.name, "out_relu")


@pytest.mark.parametrize(
    "name", ["grad_cam", "grad_cam_plus_plus", "hires_cam", "xgrad_cam", "layer_cam", "eigen_cam", "ablation_cam"]
)
def test_the_peak_lies_on_an_elephant(network, elephants, name):
    [raw] = METHODS[name].batch([elephants], model=network, targets="African_elephant")
    heatmap = upsample_heatmap(raw, elephants.shape[:2])
    row, column = np.unravel_index(heatmap.argmax(), heatmap.shape)
    assert any(
        rows.start <= row < rows.stop and columns.start <= column < columns.stop for rows, columns in (CALF, COW)
    )


@pytest.mark.parametrize("name", ["saliency", "smooth_grad", "integrated_gradients", "guided_backprop"])
def test_pixels_of_the_elephants_count_more_than_grass_and_sky(network, elephants, name):
    settings = {"smooth_grad": {"num_samples": 8}, "integrated_gradients": {"num_steps": 16}}.get(name, {})
    [raw] = METHODS[name].batch([elephants], model=network, targets="African_elephant", **settings)
    heatmap = np.abs(upsample_heatmap(raw, elephants.shape[:2]))
    on_them = np.zeros(heatmap.shape, bool)
    on_them[CALF] = on_them[COW] = True
    assert heatmap[on_them].mean() > 1.3 * heatmap[~on_them].mean()
