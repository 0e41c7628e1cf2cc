"""pytorch-grad-cam sees the same as artforge, or the test says where it leaves the paper.

It rectifies every map, moves it to start at 0 and resizes it. Compared is what it has before that, signs included.
"""

from __future__ import annotations

import numpy as np
import pytest
import pytorch_grad_cam
import torch
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from pytorch_grad_cam.utils.svd_on_activations import get_2d_projection_with_sign_correction
from twins import (
    SEEDS,
    TOLERANCE,
    as_tensor,
    assert_different,
    assert_same,
    assert_same_up_to_scale,
    distance,
    of_one_scale,
    ours,
    questions,
    twins,
)

from artforge.engine.attention.evidence import gather_evidence
from artforge.engine.attention.feature_maps import feature_maps

GRADIENT_METHODS = {
    "grad_cam": "GradCAM",
    "hires_cam": "HiResCAM",
    "xgrad_cam": "XGradCAM",
    "layer_cam": "LayerCAM",
}
RECTIFIED = ("relu1", "relu2")  # as the papers have them: a layer as large as the picture, and one half as large


def theirs(name, twin, layer, image, target):
    """Their map as it is, and what they make of it: (h, w) of the layer, and (height, width) of the picture."""
    with getattr(pytorch_grad_cam, name)(model=twin, target_layers=[getattr(twin, layer)]) as method:
        found, make = [], method.get_cam_image

        def watched(*given):
            found.append(make(*given))
            return found[-1]

        method.get_cam_image = watched
        shown = method(as_tensor(image), targets=[ClassifierOutputTarget(target)])
    [raw] = found
    return raw[0], shown[0]


@pytest.mark.parametrize("name", GRADIENT_METHODS)
def test_the_gradient_methods_are_theirs_at_every_layer(pair, pictures, name):
    model, twin = pair
    for layer in twin.layers:
        for image, target in questions(pictures, twin):
            raw, _ = theirs(GRADIENT_METHODS[name], twin, layer, image, target)
            assert_same(ours(name, image, model, layer=layer, targets=target), raw, layer, target)


def test_what_they_show_is_the_rectified_map_moved_to_start_at_0(pair, pictures):
    model, twin = pair
    num_told = 0
    for image in pictures:
        for target in range(twin.num_classes):
            _, shown = theirs("GradCAM", twin, "relu1", image, target)  # no resizing: as large as the picture
            positive = np.maximum(ours("grad_cam", image, model, layer="relu1", targets=target), 0)
            if shown.any():
                num_told += 1
                assert_same((positive - positive.min()) / (positive.max() - positive.min()), shown, target)
    assert num_told >= len(pictures)


# Grad-CAM++


@pytest.mark.parametrize("kind", SEEDS)
def test_grad_cam_plus_plus_is_theirs_where_gradients_are_large(pictures, kind):
    model, twin = twins(kind, loudness=1000)
    for layer in RECTIFIED:
        for image, target in questions(pictures, twin):
            raw, _ = theirs("GradCAMPlusPlus", twin, layer, image, target)
            assert_same(ours("grad_cam_plus_plus", image, model, layer=layer, targets=target), raw, layer, target)


def test_grad_cam_plus_plus_differs_by_the_millionth_they_add_to_the_denominator(pair, pictures):
    """Eq. 19 of the paper has none; it is felt where gradients are small, as behind a mean over the places."""
    model, twin = pair
    largest = 0.0
    for layer in RECTIFIED:
        for image, target in questions(pictures, twin):
            raw, _ = theirs("GradCAMPlusPlus", twin, layer, image, target)
            [evidence] = gather_evidence([image], model=model, layer=layer, targets=target)
            maps, slopes = evidence.feature_maps.astype(np.float64), evidence.gradients.astype(np.float64)
            alpha = slopes**2 / (2 * slopes**2 + slopes**3 * maps.sum(axis=(0, 1)) + 1e-6)
            assert_same(maps @ (alpha * np.maximum(slopes, 0)).sum(axis=(0, 1)), raw, layer, target)
            largest = max(largest, distance(raw, ours("grad_cam_plus_plus", image, model, layer=layer, targets=target)))
    assert largest > TOLERANCE or twin.kind == "flattened"  # no mean there: its gradients are large


# Eigen-CAM


def test_eigen_cam_is_theirs_up_to_its_arbitrary_sign(pair, pictures):
    model, twin = pair
    for layer in twin.layers:
        for image in pictures:
            raw, _ = theirs("EigenCAM", twin, layer, image, 0)
            here = ours("eigen_cam", image, model, layer=layer)
            sign = np.sign((here * raw).sum())
            assert_same(sign * here, raw, layer)


def test_eigen_cam_has_the_sign_that_their_correction_gives(pair, pictures):
    model, twin = pair
    for layer in twin.layers:
        for image in pictures:
            maps = feature_maps(image, model=model, layer=layer).transpose(2, 0, 1)
            [corrected] = get_2d_projection_with_sign_correction(maps[None])
            assert_same(ours("eigen_cam", image, model, layer=layer), corrected, layer)


# Ablation-CAM


def test_ablation_cam_is_theirs_but_for_the_sign_of_a_negative_score(pair, pictures):
    """The paper, and they, divide by the score itself: for a class with a negative one that turns every sign."""
    model, twin = pair
    for layer in RECTIFIED:
        for image, target in questions(pictures, twin):
            raw, _ = theirs("AblationCAM", twin, layer, image, target)
            score = model.class_scores(model.prepare(image))[0, target]
            here = ours("ablation_cam", image, model, layer=layer, targets=target)
            assert_same(np.sign(score) * here, raw, layer, target)


def test_ablation_cam_differs_before_a_shortcut_where_they_do_not_switch_off_but_push_down(pictures):
    """Where a layer has no activation that is exactly 0, they put ten million below its least in place of a channel:
    it drags the shortcut along, and behind the next ReLU nothing of either is left. The paper puts 0."""
    model, twin = twins("residual")
    for image, target in questions(pictures, twin):
        raw, _ = theirs("AblationCAM", twin, "norm2", image, target)
        maps = feature_maps(image, model=model, layer="norm2").astype(np.float64)
        behind = torch.from_numpy(feature_maps(image, model=model, layer="relu2").copy())
        with torch.no_grad():
            whole = float(twin(as_tensor(image))[0, target])
            without = behind.mean(dim=(0, 1)).repeat(6, 1) * (1 - torch.eye(6))
            falls = whole - twin.scores(without)[:, target].double().numpy()
        assert_same(maps @ (falls / whole), raw, target)
        here = np.sign(whole) * ours("ablation_cam", image, model, layer="norm2", targets=target)
        assert_different(here, raw, target)


# Score-CAM


def score_cam_by(twin, image, maps, target, *, align_corners):
    """The paper's Score-CAM in torch: (h, w), from maps (h, w, channels)."""
    tensor = torch.from_numpy(maps.transpose(2, 0, 1)[None].copy())
    masks = torch.nn.functional.interpolate(tensor, size=image.shape[:2], mode="bilinear", align_corners=align_corners)[
        0
    ]
    low, high = masks.amin(dim=(1, 2), keepdim=True), masks.amax(dim=(1, 2), keepdim=True)
    masks = (masks - low) / (high - low)
    with torch.no_grad():
        rises = (
            twin(masks[:, None] * as_tensor(image))[:, target] - twin(torch.zeros(1, 3, *image.shape[:2]))[0, target]
        )
    return maps @ torch.softmax(rises.double(), dim=0).numpy()


def test_score_cam_is_theirs_at_a_layer_as_large_as_the_picture(pair, pictures):
    """They leave out the black picture's score, which a softmax over channels does not see."""
    model, twin = pair
    for image, target in questions(pictures, twin):
        raw, _ = theirs("ScoreCAM", twin, "relu1", image, target)
        assert_same_up_to_scale(ours("score_cam", image, model, layer="relu1", targets=target), raw, target)


def test_score_cam_differs_at_a_smaller_layer_by_how_a_mask_is_enlarged(pair, pictures):
    """The paper only says "upsampled". They stretch a mask from its outermost cells' middles to the picture's corners;
    artforge, like the code of the paper's authors, keeps every cell where it lies."""
    model, twin = pair
    largest = 0.0
    for image, target in questions(pictures, twin):
        maps = feature_maps(image, model=model, layer="relu2")
        maps = maps[..., maps.std(axis=(0, 1)) > 0]  # a flat channel masks nothing
        stretched = score_cam_by(twin, image, maps, target, align_corners=True)
        in_place = score_cam_by(twin, image, maps, target, align_corners=False)
        raw, _ = theirs("ScoreCAM", twin, "relu2", image, target)
        assert_same_up_to_scale(stretched, raw, target)
        assert_same(ours("score_cam", image, model, layer="relu2", targets=target), in_place, target)
        largest = max(largest, distance(of_one_scale(in_place), of_one_scale(raw)))
    assert largest > 10 * TOLERANCE
