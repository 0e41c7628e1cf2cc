"""The class-activation methods against numbers worked by hand and against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
import zoo

from artforge.core.errors import ChoiceError, ShapeError
from artforge.engine.attention.ablation_cam import ablation_cam_weights
from artforge.engine.attention.cam import subset_maps
from artforge.engine.attention.channels import Channels
from artforge.engine.attention.eigen_cam import eigen_cam_batch, eigen_cam_map, first_component
from artforge.engine.attention.evidence import Pieces, gather_evidence, see
from artforge.engine.attention.feature_maps import feature_maps
from artforge.engine.attention.fusion import fuse_heatmaps, layer_cam_fusion, stage_ends
from artforge.engine.attention.grad_cam import grad_cam_shares
from artforge.engine.attention.grad_cam_plus_plus import grad_cam_plus_plus_map, grad_cam_plus_plus_weights
from artforge.engine.attention.hires_cam import hires_cam_batch, hires_cam_map
from artforge.engine.attention.layer_cam import layer_cam_batch, layer_cam_map
from artforge.engine.attention.methods import METHODS
from artforge.engine.attention.score_cam import score_cam_weights
from artforge.engine.attention.xgrad_cam import xgrad_cam_map
from artforge.engine.backend import to_array
from artforge.engine.models.handle import wrap_model

GOLDEN = {
    "grad_cam": [0, 4, 28, 32.5],
    "grad_cam_plus_plus": [0, 0.20779, 1.87126, 2.73010],
    "hires_cam": [0, 4, 25, 25],
    "xgrad_cam": [0, 4, 25, 25],
    "layer_cam": [0, 4, 31, 40],
}
"""Worked by hand, row by row: maps [0, 4, 31, 40] and [0, 0, 6, 15], gradients 1, 1, 1, 1 and 1, -1, -1, -1."""


@pytest.fixture
def counting_picture():
    """4x4, grey levels 0 to 15 of 15."""
    return np.repeat((np.arange(16, dtype=np.float32) / 15).reshape(4, 4, 1), 3, axis=2)


@pytest.fixture
def golden_evidence(golden, counting_picture):
    [evidence] = gather_evidence([counting_picture], model=golden, targets="for")
    return evidence


def assert_close(actual, expected, tolerance):
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * np.abs(expected).max())


@pytest.mark.parametrize("name", ["grad_cam", "grad_cam_plus_plus", "hires_cam", "layer_cam"])
def test_golden_net(golden, counting_picture, name):
    [heatmap] = METHODS[name].batch([counting_picture], model=golden, targets="for")
    np.testing.assert_allclose(heatmap.ravel(), GOLDEN[name], atol=2e-4)


def test_golden_net_of_xgrad_cam(golden_evidence):
    maps, slopes = golden_evidence.feature_maps, golden_evidence.gradients
    first = (maps[..., 0] * slopes[..., 0]).sum() / 75
    second = (maps[..., 1] * slopes[..., 1]).sum() / 21
    np.testing.assert_allclose((first, second), (1, -1), atol=1e-4)
    np.testing.assert_allclose(xgrad_cam_map(maps, slopes).ravel(), [0, 4, 25, 25], atol=2e-4)


def test_weights_of_grad_cam_plus_plus_on_the_golden_net(golden_evidence):
    weights = grad_cam_plus_plus_weights(golden_evidence.feature_maps, golden_evidence.gradients)
    np.testing.assert_allclose(weights, [4 / 77, 1 / 23], rtol=1e-5)


# single methods


def test_grad_cam_plus_plus_has_no_opinion_where_its_quotient_has_none():
    maps = np.full((2, 2, 1), -0.5, np.float32)  # sum -2: with a gradient of 1 the denominator is 0
    assert not grad_cam_plus_plus_map(maps, np.ones((2, 2, 1), np.float32)).any()
    assert not grad_cam_plus_plus_map(maps, np.zeros((2, 2, 1), np.float32)).any()


def test_high_scores_do_not_overflow_grad_cam_plus_plus():
    maps = np.abs(np.random.default_rng(0).normal(size=(3, 3, 2))).astype(np.float32) * 1e6
    assert np.isfinite(grad_cam_plus_plus_map(maps, np.full((3, 3, 2), 1e3, np.float32))).all()


def test_a_channel_in_balance_adds_nothing_to_xgrad_cam():
    maps = np.asarray([[1, -1], [2, -2]], np.float32)[..., None]
    assert not xgrad_cam_map(maps, np.ones_like(maps)).any()


def test_only_positive_gradients_count_in_layer_cam():
    maps = np.asarray([[1, 2], [3, 4]], np.float32)[..., None]
    slopes = np.asarray([[1, -1], [-2, 0.5]], np.float32)[..., None]
    np.testing.assert_allclose(layer_cam_map(maps, slopes), [[1, 0], [0, 2]])
    np.testing.assert_allclose(hires_cam_map(maps, slopes), [[1, -2], [-6, 2]])


@pytest.mark.parametrize("shape", [(5, 4, 6), (3, 2, 17)])
def test_eigen_cam_is_the_first_component_of_a_full_decomposition(shape):
    maps = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    centred = (maps - maps.mean(axis=(0, 1))).reshape(-1, shape[-1])
    _, _, vectors = np.linalg.svd(centred, full_matrices=False)
    expected = (centred @ vectors[0]).reshape(shape[:2])
    expected *= -1 if -expected.min() > expected.max() else 1
    assert_close(eigen_cam_map(maps), expected, 1e-4)


@pytest.mark.parametrize("shape", [(5, 4, 6), (3, 2, 17)])
def test_eigen_cam_of_the_paper_takes_no_mean_off(shape):
    """Muhammad and Yeasin project the maps as they are: of ReLU's maps, the pattern is nearly the mean of all."""
    maps = np.random.default_rng(1).random(shape).astype(np.float32) + 1
    matrix = maps.reshape(-1, shape[-1]).astype(np.float64)
    _, _, vectors = np.linalg.svd(matrix, full_matrices=False)
    expected = np.abs(matrix @ vectors[0]).reshape(shape[:2])
    papers = eigen_cam_map(maps, first_component(maps, centred=False))
    assert_close(papers, expected, 1e-5)
    assert np.corrcoef(papers.ravel(), maps.mean(axis=-1).ravel())[0, 1] > 0.95
    assert np.abs(papers / papers.max() - eigen_cam_map(maps) / eigen_cam_map(maps).max()).max() > 0.1


def test_both_eigen_cams_can_be_asked_for(residual, pictures):
    maps = feature_maps(pictures[0], model=residual)
    for centred in (True, False):
        [raw] = eigen_cam_batch(pictures[:1], model=residual, centred=centred)
        assert_close(raw, eigen_cam_map(maps, first_component(maps, centred=centred)), 1e-6)


def test_eigen_cam_of_one_shared_pattern_is_that_pattern():
    pattern = np.asarray([[0, 0, 3], [0, 1, 2]], np.float64)
    maps = (pattern[..., None] * [2, -1, 0.5]).astype(np.float32)
    expected = (pattern - pattern.mean()) * np.linalg.norm([2, -1, 0.5])
    assert_close(eigen_cam_map(maps), expected, 1e-5)
    assert not eigen_cam_map(np.full((2, 3, 4), 7, np.float32)).any()


def test_hires_cam_of_a_pooled_head_is_grad_cam(residual, pictures):
    [evidence] = gather_evidence(pictures[:1], model=residual, targets="green")
    shares = grad_cam_shares(evidence.feature_maps, evidence.gradients)
    [heatmap] = hires_cam_batch(pictures[:1], model=residual, targets="green")
    assert_close(heatmap, shares.sum(axis=-1), 1e-5)


def test_hires_cam_of_a_flattened_head_adds_up_to_the_score_and_grad_cam_does_not(one_sigmoid, pictures):
    bias = float(to_array(one_sigmoid.keras_model.layers[-1].bias)[0])
    score = one_sigmoid.class_scores(one_sigmoid.prepare(pictures[0]))[0, 1]
    [hires] = hires_cam_batch(pictures[:1], model=one_sigmoid, targets="wild")
    [grad] = METHODS["grad_cam"].batch(pictures[:1], model=one_sigmoid, targets="wild")
    assert hires.sum() == pytest.approx(score - bias, rel=1e-4)
    assert abs(grad.sum() - (score - bias)) > 0.05 * abs(score)


def test_ablation_is_what_switching_each_channel_off_costs(residual, pictures, keras):
    image, layer = pictures[0], "inner"
    maps = feature_maps(image, model=residual, layer=layer)
    seen = see([image], model=residual, layers=[layer])
    weights = ablation_cam_weights(seen, np.asarray([0, 1, 0], np.float32))
    network = residual.keras_model
    dense = network.get_layer("probabilities")
    behind = network.get_layer("inner_2"), network.get_layer("add"), network.get_layer("late")
    shortcut = to_array(keras.Model(network.inputs[0], network.get_layer("pool").output)(residual.prepare(image)))

    def score(changed):
        late = behind[2](behind[1]([behind[0](changed[None]), shortcut]))
        return float(to_array(keras.ops.mean(late, axis=(1, 2)) @ dense.kernel + dense.bias)[0, 1])

    whole = score(maps)
    for channel in range(maps.shape[-1]):
        without = maps.copy()
        without[..., channel] = 0
        assert weights[channel] == pytest.approx((whole - score(without)) / abs(whole), abs=1e-4)


@pytest.mark.parametrize("name", ["eigen_cam", "score_cam", "ablation_cam"])
def test_methods_without_gradients_make_none(residual, pictures, monkeypatch, name):
    ranked = Channels(rank="gradient", count=3)
    expected = METHODS[name].batch(pictures[:1], model=residual, targets=0, channels=ranked)[0]
    assert expected.any()
    monkeypatch.setattr(Pieces, "differentiate", lambda *_, **__: pytest.fail("a gradient was made"))
    assert METHODS[name].batch(pictures[:1], model=residual, targets=0)[0].any()
    monkeypatch.setattr(Pieces, "run_trunk", lambda *_, **__: pytest.fail("the trunk ran once more"))
    if name != "ablation_cam":
        assert METHODS[name].batch(pictures[:1], model=residual, targets=0)[0].any()


def test_ablation_cam_sends_a_picture_through_the_trunk_once(residual, pictures, monkeypatch):
    runs = []
    ran = Pieces.run_trunk
    monkeypatch.setattr(Pieces, "run_trunk", lambda *given, **others: runs.append(1) or ran(*given, **others))
    METHODS["ablation_cam"].batch(pictures[:3], model=residual, targets=0, layer="inner")
    assert len(runs) == 3


def test_score_cam_is_the_score_of_what_each_channel_lights_up(keras):
    picture = keras.Input((9, 12, 3))
    maps = keras.layers.Conv2D(4, 3, padding="same", name="conv")(picture)
    network = keras.Model(picture, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(maps)))
    rng = np.random.default_rng(3)
    for variable in network.variables:
        variable.assign(rng.normal(size=variable.shape).astype(np.float32))
    model = wrap_model(network, value_range=(-1, 1))
    image = rng.random((9, 12, 3), dtype=np.float32)
    seen = feature_maps(image, model=model, layer="conv")
    weights = score_cam_weights(image, seen, np.asarray([0, 1], np.float32), model=model)
    nothing = model.class_scores(model.prepare(np.zeros_like(image)))[0, 1]
    rises = []
    for channel in range(4):
        mask = seen[..., channel]
        mask = (mask - mask.min()) / (mask.max() - mask.min())
        rises.append(model.class_scores(model.prepare(image * mask[..., None]))[0, 1] - nothing)
    expected = np.exp(rises - np.max(rises))
    np.testing.assert_allclose(weights, expected / expected.sum(), rtol=1e-4)
    few = score_cam_weights(image, seen, np.asarray([0, 1], np.float32), model=model, top=2)
    assert np.flatnonzero(few).tolist() == sorted(np.argsort(-seen.std(axis=(0, 1)))[:2])
    assert few.sum() == pytest.approx(1)


# subsets


def test_a_hundred_subsets_are_what_each_gives_alone(residual, pictures):
    [evidence] = gather_evidence(pictures[:1], model=residual, layer="late", targets="red")
    shares = grad_cam_shares(evidence.feature_maps, evidence.gradients)
    rng = np.random.default_rng(0)
    subsets = [rng.permutation(8)[: rng.integers(0, 9)] for _ in range(100)]
    for heatmap, subset in zip(subset_maps(shares, subsets), subsets, strict=True):
        np.testing.assert_allclose(heatmap, shares[..., subset].sum(axis=-1), atol=1e-6)
    with pytest.raises(ShapeError, match="subset 1 names channel 8, there are 8"):
        subset_maps(shares, [[0], [8]])
    with pytest.raises(ShapeError, match="subset 0 names channel -1, there are 8"):
        subset_maps(shares, [[-1, 2]])


# several layers


def test_fusion_takes_the_strongest_of_maps_on_scales_of_their_own():
    early = np.asarray([[0, 2], [4, -8]], np.float32)
    late = np.asarray([[10, 0], [0, 5]], np.float32)
    lifted = np.tanh(2 * np.asarray([[0, 0.5], [1, 0]]))
    here = fuse_heatmaps([early, late], (2, 2))
    there = fuse_heatmaps([early * 7, late * 0.1], (2, 2))
    np.testing.assert_allclose(here, there, atol=1e-6)
    expected = [lifted, np.maximum(late, 0) / 10]
    np.testing.assert_allclose(here, np.maximum(*expected), atol=1e-6)
    np.testing.assert_allclose(fuse_heatmaps([early, late], (2, 2), how="product"), np.multiply(*expected), atol=1e-6)
    np.testing.assert_allclose(fuse_heatmaps([early, late], (2, 2), how="mean"), np.mean(expected, axis=0), atol=1e-6)


def test_a_coarse_layer_counts_as_much_as_a_fine_one():
    coarse, fine = np.zeros((4, 4), np.float32), np.zeros((64, 64), np.float32)
    coarse[1, 1] = fine[40, 40] = 3
    fused = fuse_heatmaps([fine, coarse], (64, 64))
    assert fused[:32, :32].max() == pytest.approx(1)
    assert fused[32:, 32:].max() == pytest.approx(np.tanh(2), rel=1e-6)


def test_a_layer_without_evidence_leaves_the_others_alone():
    against, late = -np.ones((2, 2), np.float32), np.asarray([[1, 0], [0, 0]], np.float32)
    np.testing.assert_array_equal(fuse_heatmaps([against, late], (4, 4)), fuse_heatmaps([late], (4, 4)))
    assert not fuse_heatmaps([against], (3, 3)).any()
    with pytest.raises(ShapeError, match="at least one"):
        fuse_heatmaps([], (3, 3))


def test_fusion_of_one_layer_is_layer_cam_on_its_own_scale(residual, pictures):
    image = pictures[0]
    [raw] = layer_cam_batch([image], model=residual, layer="late", targets="blue")
    fused = layer_cam_fusion(image, model=residual, layers=["late"], target="blue")
    np.testing.assert_allclose(fused, fuse_heatmaps([raw], image.shape[:2]), atol=1e-6)
    assert 0 <= fused.min() < fused.max() <= 1


def test_the_last_layer_of_every_size_stands_for_its_stage(residual):
    assert stage_ends(residual.layers) == ("early", "late")


@pytest.mark.parametrize("class_token", [True, False])
def test_the_fusion_of_a_transformer_stops_before_the_tokens_that_move_no_score(pictures, class_token):
    model = wrap_model(zoo.transformer(class_token))
    assert stage_ends(model.layers)[-1] == model.find_layer("last_conv").name == "norm1"
    heatmap = layer_cam_fusion(pictures[0], model=model, target=1)
    assert heatmap.max() == pytest.approx(1)
    np.testing.assert_array_equal(heatmap, layer_cam_fusion(pictures[0], model=model, target=1, layers=["norm1"]))


def test_layers_in_any_order_are_one_fusion(residual, pictures):
    first, second = (
        layer_cam_fusion(pictures[0], model=residual, layers=layers, target="red")
        for layers in (["late", "early"], ["early", "last_conv"])
    )
    np.testing.assert_array_equal(first, second)
    with pytest.raises(ChoiceError, match="no layers given"):
        layer_cam_fusion(pictures[0], model=residual, layers=[])
