from __future__ import annotations

import gc
import weakref
from pathlib import Path

import numpy as np
import pytest

from artforge.core.errors import ChoiceError, ShapeError
from artforge.core.steps import find_step
from artforge.engine.attention.evidence import gather_evidence, pieces_of
from artforge.engine.attention.feature_maps import feature_maps
from artforge.engine.attention.grad_cam import grad_cam, grad_cam_batch, grad_cam_channels, grad_cam_map
from artforge.engine.backend import to_array
from artforge.engine.models.handle import wrap_model

LAYERS = ("early", "inner", "add", "late")


def raw_map(image, model, layer="last_conv", target=None):
    return grad_cam_batch([image], model=model, layer=layer, targets=target)[0]


def assert_close(actual, expected, tolerance):
    """Equal up to a share of the largest expected value."""
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * np.abs(expected).max())


def twin_of(model, keras, scale=1.0, activation="linear", separate=False):
    """The same network under another head: all class scores times `scale`."""
    maps = model.keras_model.get_layer("late").output
    pooled = keras.layers.GlobalAveragePooling2D()(maps)
    head = keras.layers.Dense(3, activation="linear" if separate else activation)
    scores = head(pooled)
    if separate:
        scores = keras.layers.Activation(activation)(scores)
    for variable, original in zip(head.variables, model.keras_model.get_layer("probabilities").variables, strict=True):
        variable.assign(original.value * scale)
    network = keras.Model(model.keras_model.inputs[0], scores)
    return wrap_model(network, class_names=model.class_names, input_size=(32, 32))


# hand-worked


def test_channel_counts_by_its_mean_gradient():
    feature_maps = np.stack([np.eye(2), np.ones((2, 2))], axis=-1)
    gradients = np.stack([np.full((2, 2), 3.0), np.zeros((2, 2))], axis=-1)
    np.testing.assert_allclose(grad_cam_map(feature_maps, gradients), 3 * np.eye(2))


def test_evidence_against_the_class_is_negative():
    assert grad_cam_map(np.ones((2, 2, 1)), -np.ones((2, 2, 1))).max() == -1


def test_maps_and_gradients_of_two_shapes_are_refused():
    with pytest.raises(ShapeError, match=r"\(2, 2, 1\)"):
        grad_cam_map(np.ones((2, 2, 1)), np.ones((2, 2, 3)))


@pytest.fixture
def counting_picture():
    """4x4, grey levels 0 to 15 of 15."""
    return np.repeat((np.arange(16, dtype=np.float32) / 15).reshape(4, 4, 1), 3, axis=2)


def test_golden_net(golden, counting_picture):
    assert golden.class_scores(golden.prepare(counting_picture))[0, 1] == pytest.approx(54)
    np.testing.assert_allclose(raw_map(counting_picture, golden, target="for"), [[0, 4], [28, 32.5]], atol=1e-4)


@pytest.mark.parametrize(("channel", "expected"), [(0, [[0, 4], [31, 40]]), (1, [[0, 0], [-3, -7.5]])])
def test_golden_net_by_channel(golden, counting_picture, channel, expected):
    shares = grad_cam_channels(counting_picture, model=golden, target="for")
    np.testing.assert_allclose(shares[..., channel], expected, atol=1e-4)


# laws


@pytest.mark.parametrize(("activation", "separate"), [("softmax", False), ("softmax", True), ("sigmoid", False)])
def test_a_softmax_or_sigmoid_on_top_does_not_change_a_map(residual, keras, pictures, activation, separate):
    bare = twin_of(residual, keras)
    covered = twin_of(residual, keras, activation=activation, separate=separate)
    for target in residual.class_names:
        assert_close(raw_map(pictures[0], covered, target=target), raw_map(pictures[0], bare, target=target), 1e-5)


def test_a_saturated_model_gives_the_same_map(residual, keras, pictures):
    saturated = twin_of(residual, keras, scale=1e4, activation="softmax")
    assert saturated.probabilities(pictures[0]).max() == 1.0
    heatmap = raw_map(pictures[0], saturated, target="red")
    assert_close(heatmap / 1e4, raw_map(pictures[0], residual, target="red"), 1e-5)


def test_grad_cam_of_a_pooled_head_is_cam_and_adds_up_to_the_score(residual, pictures):
    head = residual.keras_model.get_layer("probabilities")
    kernel, bias = (to_array(variable.value) for variable in head.variables)
    image = pictures[0]
    maps = feature_maps(image, model=residual, layer="late")
    for index, name in enumerate(residual.class_names):
        heatmap = raw_map(image, residual, target=name) * maps.shape[0] * maps.shape[1]
        assert_close(heatmap, maps @ kernel[:, index], 1e-5)
        score = residual.class_scores(residual.prepare(image))[0, index]
        assert heatmap.sum() / heatmap.size == pytest.approx(score - bias[index], abs=1e-4)


@pytest.mark.parametrize("layer", LAYERS)
def test_maps_of_any_parts_of_the_channels_add_up_to_the_whole(residual, pictures, layer):
    shares = grad_cam_channels(pictures[0], model=residual, layer=layer, target="green").astype(np.float64)
    whole = raw_map(pictures[0], residual, layer, "green")
    order = np.random.default_rng(3).permutation(shares.shape[-1])
    parts = [shares[..., chosen].sum(axis=-1) for chosen in np.split(order, [1, 4])]
    assert_close(sum(parts), whole, 1e-6)
    assert not shares[..., []].sum(axis=-1).any()


@pytest.mark.parametrize("layer", LAYERS)
def test_a_batch_gives_what_single_pictures_give(residual, pictures, layer):
    targets = ["blue", None, 0, "green"]
    together = grad_cam_batch(pictures, model=residual, layer=layer, targets=targets)
    for image, target, heatmap in zip(pictures, targets, together, strict=True):
        assert_close(heatmap, raw_map(image, residual, layer, target), 1e-5)


def test_more_pictures_than_a_batch_holds_come_back_in_order(residual, pictures):
    many = [np.roll(pictures[index % 4], index, axis=0) for index in range(37)]
    together = grad_cam_batch(many, model=residual, targets="red")
    for index in (0, 15, 16, 33, 36):
        assert_close(together[index], raw_map(many[index], residual, target="red"), 1e-5)


@pytest.mark.parametrize("layer", LAYERS)
def test_one_class_of_a_sigmoid_is_exactly_minus_the_other(one_sigmoid, pictures, layer):
    calm, wild = (grad_cam(pictures[0], model=one_sigmoid, layer=layer, target=name) for name in ("calm", "wild"))
    assert wild.any()
    np.testing.assert_array_equal(calm, -wild)


@pytest.mark.parametrize("layer", LAYERS)
def test_the_cut_gives_the_gradient_of_the_whole_network(residual, pictures, layer, keras):
    tensorflow = pytest.importorskip("tensorflow", reason="the oracle is TensorFlow's own tape")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("the oracle is TensorFlow's own tape")
    keras_model = residual.keras_model
    before = keras_model.get_layer("probabilities").input
    whole = keras.Model(keras_model.inputs[0], [keras_model.get_layer(layer).output, before])
    kernel = keras_model.get_layer("probabilities").kernel
    with tensorflow.GradientTape() as tape:
        maps, pooled = whole(residual.prepare(pictures[0]), training=False)
        score = tensorflow.linalg.matmul(pooled, kernel)[0, 1]
    gradients = tape.gradient(score, maps)
    expected = grad_cam_map(maps[0].numpy(), gradients[0].numpy())
    assert_close(raw_map(pictures[0], residual, layer, "green"), expected, 1e-6)


def test_no_target_asks_about_the_predicted_class(residual, pictures):
    predicted = residual.class_names[int(residual.probabilities(pictures[1])[0].argmax())]
    np.testing.assert_array_equal(raw_map(pictures[1], residual), raw_map(pictures[1], residual, target=predicted))


def test_the_class_score_beside_a_map_is_the_models_own(residual, one_sigmoid, pictures):
    for model in (residual, one_sigmoid):
        scores = model.class_scores(model.prepare(pictures[0]))[0]
        for index, name in enumerate(model.class_names):
            [evidence] = gather_evidence(pictures[:1], model=model, targets=name)
            assert evidence.class_score == pytest.approx(scores[index], abs=1e-5)
        [evidence] = gather_evidence(pictures[:1], model=model)
        assert evidence.class_score == pytest.approx(scores.max(), abs=1e-5)


@pytest.mark.parametrize("corner", ["top right", "bottom left"])
@pytest.mark.parametrize("size", [(None, None), (64, 64)])
def test_a_bright_corner_of_a_rectangle_is_found_where_it_is(keras, corner, size):
    picture = keras.Input((*size, 3))
    maps = keras.layers.Conv2D(2, 4, strides=4, name="conv")(picture)
    network = keras.Model(picture, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(maps)))
    for variable, value in zip(network.variables, (1.0, 0.0, 1.0, 0.0), strict=True):
        variable.assign(np.full(variable.shape, value, np.float32))
    image = np.full((48, 80, 3), 0.1, np.float32)
    rows, columns = (slice(0, 8), slice(72, 80)) if corner == "top right" else (slice(40, 48), slice(0, 8))
    image[rows, columns] = 1
    heatmap = grad_cam(image, model=wrap_model(network, input_size=(48, 48)), target=0)
    assert heatmap.shape == (48, 80)
    peak = np.unravel_index(heatmap.argmax(), heatmap.shape)
    assert rows.start - 5 <= peak[0] <= rows.stop + 5
    assert columns.start - 5 <= peak[1] <= columns.stop + 5


# cost


def test_another_class_or_picture_is_not_another_program(keras, pictures):
    picture = keras.Input((None, None, 3))
    maps = keras.layers.Conv2D(4, 3, activation="relu")(picture)
    network = keras.Model(picture, keras.layers.Dense(5)(keras.layers.GlobalAveragePooling2D()(maps)))
    model = wrap_model(network, input_size=(32, 32))
    for target in range(5):
        grad_cam(pictures[0], model=model, target=target)
    programs = pieces_of(model, (model.find_layer("last_conv").name,)).programs
    if keras.backend.backend() == "torch":
        pytest.skip("torch builds no programs")
    assert (programs["trunk"].num_traces, programs["gradient"].num_traces) == (1, 1)


def test_memory_does_not_grow_over_a_hundred_maps(residual, pictures):
    status = Path("/proc/self/statm")
    if not status.exists():
        pytest.skip("reads the resident memory from /proc")
    for _ in range(10):
        grad_cam(pictures[0], model=residual, target="red")
    gc.collect()
    nodes_before = len(residual.keras_model.get_layer("late")._inbound_nodes)
    pages_before = int(status.read_text().split()[1])
    for index in range(100):
        grad_cam(pictures[index % 4], model=residual, target=index % 3)
    gc.collect()
    assert len(residual.keras_model.get_layer("late")._inbound_nodes) == nodes_before
    assert (int(status.read_text().split()[1]) - pages_before) * 4096 < 8e6


def test_a_model_that_is_let_go_takes_its_compiled_pieces_along(keras, pictures):
    picture = keras.Input((None, None, 3))
    maps = keras.layers.Conv2D(4, 3)(picture)
    network = keras.Model(picture, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(maps)))
    model = wrap_model(network, input_size=(16, 16))
    grad_cam(pictures[0], model=model)
    pieces = weakref.ref(pieces_of(model, (model.find_layer("last_conv").name,)))
    handle = weakref.ref(model)
    del model
    gc.collect()
    assert handle() is None
    assert pieces() is None


# bad input


def test_an_unknown_layer_is_answered_with_the_layers_there_are(residual, pictures):
    with pytest.raises(ChoiceError, match=r"layer 'latte' is not one of: late, .*early.* - did you mean 'late'"):
        grad_cam(pictures[0], model=residual, layer="latte")


def test_an_unknown_class_is_answered_with_the_classes_there_are(residual, pictures):
    with pytest.raises(ChoiceError, match=r"class 'gren' is not one of: red, green, blue - did you mean 'green'"):
        grad_cam(pictures[0], model=residual, target="gren")
    with pytest.raises(ChoiceError, match="class 3 is not one of: 0 red, 1 green, 2 blue"):
        grad_cam_batch(pictures[:1], model=residual, targets=3)


def test_targets_that_do_not_match_the_pictures_are_refused(residual, pictures):
    with pytest.raises(ShapeError, match="2 targets for 3 pictures"):
        grad_cam_batch(pictures[:3], model=residual, targets=["red", "blue"])


def test_a_score_that_does_not_move_gives_an_all_zero_map(keras, pictures):
    picture = keras.Input((None, None, 3))
    maps = keras.layers.Conv2D(4, 3, name="conv")(picture)
    dense = keras.layers.Dense(2)
    network = keras.Model(picture, dense(keras.layers.GlobalAveragePooling2D()(maps)))
    dense.kernel.assign(np.zeros((4, 2), np.float32))
    assert not grad_cam(pictures[0], model=wrap_model(network, input_size=(32, 32)), target=0).any()


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (300, 2)])
def test_a_picture_of_a_few_pixels_has_a_heatmap(residual, size):
    heatmap = grad_cam(np.full((*size, 3), 0.4, np.float32), model=residual)
    assert heatmap.shape == size
    assert np.isfinite(heatmap).all()


def test_a_layer_that_is_used_twice_has_two_names_and_two_maps(keras, pictures):
    picture = keras.Input((None, None, 3))
    maps = keras.layers.Conv2D(4, 3, name="conv")(picture)
    shared = keras.layers.Conv2D(4, 3, padding="same", name="shared")
    pooled = keras.layers.GlobalAveragePooling2D()(shared(shared(maps)))
    model = wrap_model(keras.Model(picture, keras.layers.Dense(2)(pooled)), input_size=(32, 32))
    assert [name for name in model.layer_names if "shared" in name] == ["shared", "shared#2"]
    first, second = (feature_maps(pictures[0], model=model, layer=layer) for layer in ("shared", "shared#2"))
    again = keras.ops.convert_to_numpy(shared(first[None]))[0]
    np.testing.assert_allclose(second, again, atol=1e-5)


def test_the_steps_take_a_picture_and_a_model_and_say_what_flows_out():
    assert [str(find_step(name).output) for name in ("grad_cam", "grad_cam_channels")] == ["heatmap", "feature maps"]
    assert find_step("grad_cam").settings["model"].kind == "model"
