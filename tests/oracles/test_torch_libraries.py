"""pytorch-grad-cam and captum see the same as artforge, wherever their definition is the paper's."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

captum = pytest.importorskip("captum.attr")
torch = pytest.importorskip("torch")
grad_cams = pytest.importorskip("pytorch_grad_cam")

from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget  # noqa: E402

from artforge.engine.attention.evidence import gather_evidence  # noqa: E402
from artforge.engine.attention.feature_maps import feature_maps  # noqa: E402
from artforge.engine.attention.integrated_gradients import integrated_gradients_batch  # noqa: E402
from artforge.engine.attention.methods import METHODS  # noqa: E402

_spec = importlib.util.spec_from_file_location("twins", Path(__file__).with_name("twins.py"))
twins_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(twins_module)
as_tensor = twins_module.as_tensor

KINDS = ("pooled", "flattened", "residual")
TOLERANCE = 1e-4

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Setting forward, backward hooks:UserWarning"),  # captum, of its own hooks
    pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU:UserWarning"),
    pytest.mark.filterwarnings("ignore:Input Tensor 0 did not already require gradients:UserWarning"),
]


@pytest.fixture(scope="module", params=KINDS)
def pair(request):
    return twins_module.twins(request.param)


def ours(name, image, model, **settings):
    return METHODS[name].batch([image], model=model, **settings)[0]


def assert_same(actual, expected):
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(actual / np.abs(actual).max(), expected / np.abs(expected).max(), rtol=0, atol=TOLERANCE)


def test_the_twins_are_one_network(pair, pictures):
    model, twin = pair
    for image in pictures:
        theirs = torch.softmax(twin(as_tensor(image)), dim=1).detach().numpy()
        np.testing.assert_allclose(model.probabilities(image), theirs, atol=1e-5)


# captum


@pytest.mark.parametrize("layer", ["conv1", "relu1", "conv2", "relu2"])
def test_grad_cam_is_captums_signed_and_unnormalised(pair, pictures, layer):
    model, twin = pair
    method = captum.LayerGradCam(twin, getattr(twin, layer))
    for target, image in enumerate(pictures):
        theirs = method.attribute(as_tensor(image), target=target)[0, 0].detach().numpy()
        here = ours("grad_cam", image, model, layer=layer, targets=target)
        assert_same(here, theirs)
        np.testing.assert_allclose(here, theirs, atol=1e-4 * np.abs(theirs).max())  # and on the same scale


@pytest.mark.parametrize("layer", ["relu1", "relu2"])
def test_hires_cam_is_captums_gradient_times_activation(pair, pictures, layer):
    model, twin = pair
    method = captum.LayerGradientXActivation(twin, getattr(twin, layer))
    theirs = method.attribute(as_tensor(pictures[0]), target=1)[0].sum(dim=0).detach().numpy()
    assert_same(ours("hires_cam", pictures[0], model, layer=layer, targets=1), theirs)


def test_feature_maps_are_captums(pair, pictures):
    model, twin = pair
    theirs = captum.LayerActivation(twin, twin.conv2).attribute(as_tensor(pictures[1]))[0].detach().numpy()
    np.testing.assert_allclose(
        feature_maps(pictures[1], model=model, layer="conv2").transpose(2, 0, 1), theirs, atol=1e-5
    )


def test_saliency_is_captums(pair, pictures):
    model, twin = pair
    for target, image in enumerate(pictures):
        theirs = captum.Saliency(twin).attribute(as_tensor(image), target=target, abs=False)[0].numpy()
        assert_same(ours("saliency", image, model, targets=target), np.abs(theirs).max(axis=0))
        assert_same(ours("saliency", image, model, targets=target, colours="sum"), theirs.sum(axis=0))


def test_integrated_gradients_are_captums_by_the_same_rule(pair, pictures):
    model, twin = pair
    theirs = captum.IntegratedGradients(twin).attribute(
        as_tensor(pictures[0]), target=2, n_steps=24, method="riemann_middle"
    )
    [here] = integrated_gradients_batch(pictures[:1], model=model, targets=2, num_steps=24)
    assert_same(here, theirs[0].sum(dim=0).numpy())


def test_guided_backpropagation_is_captums(pair, pictures):
    model, twin = pair
    num_told = 0
    for target in range(twins_module.CLASSES):
        theirs = captum.GuidedBackprop(twin).attribute(as_tensor(pictures[0]), target=target)[0].detach().numpy()
        here = ours("guided_backprop", pictures[0], model, targets=target)
        if theirs.any():
            num_told += 1
            assert_same(here, np.abs(theirs).max(axis=0))
        else:
            assert not here.any()
    assert num_told


def test_occlusion_is_captums(pair, pictures):
    model, twin = pair
    cover = 4  # of 20 pixels
    theirs = captum.Occlusion(twin).attribute(
        as_tensor(pictures[0]), target=1, sliding_window_shapes=(3, cover, cover), strides=(3, cover, cover)
    )
    settings = {"patch": cover / 20, "stride": 1.0, "fill": "black"}
    assert_same(ours("occlusion", pictures[0], model, targets=1, **settings), theirs[0, 0].numpy())


# pytorch-grad-cam: it rectifies every map, moves it to start at 0 and resizes it, so ours is treated alike


def rectified(heatmap):
    positive = np.maximum(heatmap, 0)
    return (positive - positive.min()) / (positive.max() - positive.min())


CAMS = {
    "grad_cam": "GradCAM",
    "grad_cam_plus_plus": "GradCAMPlusPlus",
    "hires_cam": "HiResCAM",
    "xgrad_cam": "XGradCAM",
    "layer_cam": "LayerCAM",
    "ablation_cam": "AblationCAM",
    "score_cam": "ScoreCAM",
}


@pytest.mark.parametrize("name", CAMS)
def test_the_cam_family_is_pytorch_grad_cams(pair, pictures, name, capsys):
    """At a layer as large as the picture, where no resizing comes between."""
    model, twin = pair
    for target, image in enumerate(pictures):
        with getattr(grad_cams, CAMS[name])(model=twin, target_layers=[twin.relu1]) as method:
            theirs = method(as_tensor(image), targets=[ClassifierOutputTarget(target)])[0]
        here = ours(name, image, model, layer="relu1", targets=target)
        if name == "grad_cam_plus_plus":
            here = with_their_epsilon(image, model, target)
        score = model.class_scores(model.prepare(image))[0, target]
        if name == "ablation_cam" and score < 0:
            here = -here  # they divide by the score itself, which turns every sign where it is negative
        if theirs.any():
            assert_same(rectified(here), theirs)
        else:
            assert here.max() <= 1e-6 * np.abs(here).max()


def with_their_epsilon(image, model, target):
    """They add 1e-6 to the denominator of eq. 19, which is felt where gradients are small, as behind a mean."""
    [evidence] = gather_evidence([image], model=model, layer="relu1", targets=target)
    maps, slopes = evidence.feature_maps.astype(np.float64), evidence.gradients.astype(np.float64)
    alpha = slopes**2 / (2 * slopes**2 + slopes**3 * maps.sum(axis=(0, 1)) + 1e-6)
    return maps @ (alpha * np.maximum(slopes, 0)).sum(axis=(0, 1))


def test_grad_cam_plus_plus_agrees_outright_where_gradients_are_large(pictures):
    model, twin = twins_module.twins("flattened")
    for target, image in enumerate(pictures):
        with grad_cams.GradCAMPlusPlus(model=twin, target_layers=[twin.relu1]) as method:
            theirs = method(as_tensor(image), targets=[ClassifierOutputTarget(target)])[0]
        assert_same(rectified(ours("grad_cam_plus_plus", image, model, layer="relu1", targets=target)), theirs)


def test_eigen_cam_is_pytorch_grad_cams_up_to_its_arbitrary_sign(pair, pictures):
    model, twin = pair
    with grad_cams.EigenCAM(model=twin, target_layers=[twin.relu1]) as method:
        theirs = method(as_tensor(pictures[0]), targets=[ClassifierOutputTarget(0)])[0]
    here = ours("eigen_cam", pictures[0], model, layer="relu1")
    same = [np.allclose(rectified(one), theirs, atol=TOLERANCE) for one in (here, -here)]
    assert any(same)
