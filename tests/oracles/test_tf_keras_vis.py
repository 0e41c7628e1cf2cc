"""tf-keras-vis on the very same Keras network: where it follows the papers it agrees, else the test says how."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest

from artforge.engine.attention.evidence import gather_evidence
from artforge.engine.attention.methods import METHODS

pytest.importorskip("tf_keras_vis")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of a SciPy and a NumPy of years ago
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
    from tf_keras_vis.layercam import Layercam
    from tf_keras_vis.saliency import Saliency
    from tf_keras_vis.scorecam import Scorecam
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
    from tf_keras_vis.utils.scores import CategoricalScore

_spec = importlib.util.spec_from_file_location("twins", Path(__file__).with_name("twins.py"))
twins_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(twins_module)

pytestmark = pytest.mark.filterwarnings("ignore")  # of an older Keras: input structures, __array__, deprecated NumPy
RAW = {"expand_cam": False, "normalize_cam": False, "seek_penultimate_conv_layer": False}


@pytest.fixture(scope="module", params=["pooled", "flattened", "residual"])
def model(request):
    return twins_module.wrap_model(twins_module.keras_network(request.param))


def assert_same(actual, expected):
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(actual / np.abs(actual).max(), expected / np.abs(expected).max(), rtol=0, atol=1e-4)


@pytest.mark.parametrize("layer", ["relu1", "relu2"])
@pytest.mark.parametrize(("name", "theirs"), [("grad_cam", Gradcam), ("layer_cam", Layercam)])
def test_grad_cam_and_layer_cam_agree(model, pictures, name, theirs, layer):
    method = theirs(model.keras_model, model_modifier=ReplaceToLinear(), clone=True)
    for target, image in enumerate(pictures):
        expected = np.asarray(method(CategoricalScore(target), image[None], penultimate_layer=layer, **RAW))[0]
        here = np.maximum(METHODS[name].batch([image], model=model, layer=layer, targets=target)[0], 0)
        if expected.any():
            assert_same(here, expected)
        else:
            assert not here.any()


def test_saliency_agrees(model, pictures):
    method = Saliency(model.keras_model, model_modifier=ReplaceToLinear(), clone=True)
    expected = np.asarray(method(CategoricalScore(1), pictures[0][None], normalize_map=False))[0]
    assert_same(METHODS["saliency"].batch(pictures[:1], model=model, targets=1)[0], expected)


def test_grad_cam_plus_plus_differs_because_it_brings_the_weights_of_a_channel_to_a_sum_of_one(model, pictures):
    """The paper's eq. 19 has no such step; pytorch-grad-cam, which has none either, agrees with artforge."""
    image, layer, target = pictures[0], "relu1", 1
    method = GradcamPlusPlus(model.keras_model, model_modifier=ReplaceToLinear(), clone=True)
    expected = np.asarray(method(CategoricalScore(target), image[None], penultimate_layer=layer, **RAW))[0]
    [evidence] = gather_evidence([image], model=model, layer=layer, targets=target)
    maps, slopes = evidence.feature_maps.astype(np.float64), evidence.gradients.astype(np.float64)
    denominator = 2 + slopes * maps.sum(axis=(0, 1))
    alpha = np.where(slopes != 0, 1 / denominator, 0)
    sums = alpha.sum(axis=(0, 1))
    theirs = ((alpha / np.where(sums == 0, 1, sums)) * np.maximum(slopes, 0)).sum(axis=(0, 1))
    [paper] = METHODS["grad_cam_plus_plus"].batch([image], model=model, layer=layer, targets=target)
    assert_same(np.maximum(maps @ theirs, 0), expected)
    different = np.abs(np.maximum(paper, 0) / paper.max() - expected / expected.max()).max()
    assert different > 1e-3 or np.allclose(alpha, alpha[0, 0])  # behind a mean all gradients of a channel are alike


def test_score_cam_ranks_the_channels_alike(model, pictures):
    """It weighs channels by their bare scores (after a softmax over classes), the paper by a softmax over channels."""
    image, target = pictures[0], 1
    method = Scorecam(model.keras_model, model_modifier=ReplaceToLinear(), clone=True)
    expected = np.asarray(method(CategoricalScore(target), image[None], penultimate_layer="relu1", **RAW))[0]
    here = METHODS["score_cam"].batch([image], model=model, layer="relu1", targets=target)[0]
    assert np.corrcoef(here.ravel(), expected.ravel())[0, 1] > 0.5
