"""tf-keras-vis sees the same as artforge on the very same Keras network, or the test says where it leaves the paper."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from twins import assert_different, assert_same, ours, questions, twins

from artforge.core.seeds import derive_seed, generator
from artforge.engine.attention.evidence import gather_evidence
from artforge.engine.attention.feature_maps import feature_maps

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "Please import `zoom`", DeprecationWarning)  # it knows a SciPy of years ago
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
    from tf_keras_vis.layercam import Layercam
    from tf_keras_vis.saliency import Saliency
    from tf_keras_vis.scorecam import Scorecam
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
    from tf_keras_vis.utils.scores import BinaryScore, CategoricalScore

# it hands over its pictures in a list, as an older Keras liked it
pytestmark = pytest.mark.filterwarnings("ignore:The structure of `inputs` doesn't match:UserWarning")

SIZE_AND_SCALE_AS_THEY_ARE = {"expand_cam": False, "normalize_cam": False, "seek_penultimate_conv_layer": False}


def on_logits(method, model):
    return method(model.keras_model, model_modifier=ReplaceToLinear(), clone=True)


def score_of(target, twin):
    return BinaryScore(bool(target)) if twin.kind == "one_sigmoid" else CategoricalScore(target)


def theirs(method, image, target, twin, layer, **settings):
    """Their map as it is, (h, w) of the layer; rectified unless `activation_modifier` is None."""
    settings = SIZE_AND_SCALE_AS_THEY_ARE | settings
    return np.asarray(method(score_of(target, twin), image[None], penultimate_layer=layer, **settings))[0]


def softmax(scores):
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return shares / shares.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize(("name", "method"), [("grad_cam", Gradcam), ("layer_cam", Layercam)])
def test_grad_cam_and_layer_cam_are_theirs_at_every_layer(pair, pictures, name, method):
    model, twin = pair
    method = on_logits(method, model)
    for layer in twin.layers:
        for image, target in questions(pictures, twin):
            expected = theirs(method, image, target, twin, layer, activation_modifier=None)
            assert_same(ours(name, image, model, layer=layer, targets=target), expected, layer, target)


def test_saliency_is_theirs(pair, pictures):
    model, twin = pair
    method = on_logits(Saliency, model)
    for image, target in questions(pictures, twin):
        expected = np.asarray(method(score_of(target, twin), image[None], normalize_map=False))[0]
        assert_same(ours("saliency", image, model, targets=target), expected, target)


def test_smooth_grad_with_the_same_noise_is_theirs_of_signed_gradients(pair, pictures, monkeypatch):
    """They average |gradient| unless told not to; the paper averages gradients. The measure of noise is the same."""
    model, twin = pair
    image, target, num_samples, noise, seed = pictures[0], 1, 18, 0.2, 3  # more samples than go into one batch
    drawn = generator(derive_seed(seed, "smooth_grad")).standard_normal((num_samples, *image.shape), dtype=np.float32)
    monkeypatch.setattr(np.random, "normal", lambda mean, sigma, shape: np.asarray(sigma) * drawn.reshape(shape))
    method = on_logits(Saliency, model)
    question = {"smooth_samples": num_samples, "smooth_noise": noise, "normalize_map": False, "keepdims": True}
    settings = {"num_samples": num_samples, "noise": noise, "seed": seed, "targets": target}
    signed = np.asarray(method(score_of(target, twin), image[None], gradient_modifier=None, **question))[0]
    assert_same(ours("smooth_grad", image, model, **settings, colours="sum"), signed.sum(axis=-1))
    assert_same(ours("smooth_grad", image, model, **settings), np.abs(signed).max(axis=-1))
    sizes = np.asarray(method(score_of(target, twin), image[None], **question))[0]
    assert_different(ours("smooth_grad", image, model, **settings), sizes.max(axis=-1))


# Grad-CAM++


def test_grad_cam_plus_plus_differs_because_they_bring_the_alphas_of_a_channel_to_a_sum_of_one(pair, pictures):
    """Eq. 19 of the paper has no such step; pytorch-grad-cam, which has none either, agrees with artforge."""
    model, twin = pair
    method = on_logits(GradcamPlusPlus, model)
    for layer in ("relu1", "relu2"):
        for image, target in questions(pictures, twin):
            expected = theirs(method, image, target, twin, layer)
            [evidence] = gather_evidence([image], model=model, layer=layer, targets=target)
            maps, slopes = evidence.feature_maps.astype(np.float64), evidence.gradients.astype(np.float64)
            alpha = np.where(slopes != 0, 1 / (2 + slopes * maps.sum(axis=(0, 1))), 0)
            sums = alpha.sum(axis=(0, 1))
            weights = (alpha / np.where(sums == 0, 1, sums) * np.maximum(slopes, 0)).sum(axis=(0, 1))
            # their gradients are those of exp(score)
            assert_same(np.exp(evidence.class_score) * np.maximum(maps @ weights, 0), expected, layer, target)
            paper = np.maximum(ours("grad_cam_plus_plus", image, model, layer=layer, targets=target), 0)
            assert_different(paper, expected, layer, target)


def test_grad_cam_plus_plus_of_a_sure_network_is_a_map_where_theirs_is_not_a_number(pictures):
    """They compute exp(score), which float32 cannot hold above 88; in eq. 19 it cancels."""
    quiet, twin = twins("flattened")
    sure, _ = twins("flattened")
    bias = sure.keras_model.get_layer("scores").bias
    bias.assign(bias + 200)
    expected = theirs(on_logits(GradcamPlusPlus, sure), pictures[0], 1, twin, "relu2")
    assert np.isnan(expected).any()
    here = ours("grad_cam_plus_plus", pictures[0], sure, layer="relu2", targets=1)
    assert_same(here, ours("grad_cam_plus_plus", pictures[0], quiet, layer="relu2", targets=1))


# Score-CAM


def masked_by_each_channel(image, maps):
    low, high = maps.min(axis=(0, 1)), maps.max(axis=(0, 1))
    masks = (maps - low) / np.where(high > low, high - low, 1)
    return np.ascontiguousarray(np.moveaxis(masks, -1, 0)[..., None] * image)


@pytest.mark.parametrize("kind", ["pooled", "flattened", "residual"])
@pytest.mark.parametrize("times", [1, 2])
def test_score_cam_differs_because_they_weigh_a_channel_by_the_probability_of_the_class(pictures, kind, times):
    """The paper weighs by a softmax over channels of how far the class score rises; the code of its authors, and they,
    by a softmax over classes, which they take once of logits and once more of a network's own softmax."""
    model, twin = twins(kind)
    method = on_logits(Scorecam, model) if times == 1 else Scorecam(model.keras_model)
    for image, target in questions(pictures, twin):
        maps = feature_maps(image, model=model, layer="relu1")  # as large as the picture: a mask needs no resizing
        shares = model.class_scores(masked_by_each_channel(image, maps))
        for _ in range(times):
            shares = softmax(shares)
        expected = theirs(method, image, target, twin, "relu1")
        assert_same(maps @ shares[:, target], expected, target)
        assert_different(ours("score_cam", image, model, layer="relu1", targets=target), expected, target)


def test_score_cam_of_one_sigmoid_differs_because_their_softmax_over_one_output_is_always_1(pictures):
    model, twin = twins("one_sigmoid")
    for image in pictures:
        expected = theirs(on_logits(Scorecam, model), image, 1, twin, "relu1")
        assert_same(feature_maps(image, model=model, layer="relu1").sum(axis=-1), expected)
        assert_different(ours("score_cam", image, model, layer="relu1", targets=1), expected)
