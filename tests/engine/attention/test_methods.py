"""What must hold for every method that gives a map."""

from __future__ import annotations

import numpy as np
import pytest
import zoo

from artforge.core.errors import ChoiceError, ShapeError
from artforge.core.steps import find_step
from artforge.engine.attention.channels import Channels
from artforge.engine.attention.methods import METHODS, find_method
from artforge.engine.models.handle import wrap_model
from artforge.recipes.steps import load_steps

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
load_steps()

CNN_METHODS = [name for name in METHODS if name != "self_attention_rollout"]
CLASS_METHODS = [name for name in CNN_METHODS if METHODS[name].asks_class]
CAMS = [name for name in METHODS if METHODS[name].looks_at_layer]
FEW = {"rise": {"num_masks": 40}, "smooth_grad": {"num_samples": 4}, "integrated_gradients": {"num_steps": 8}}
"""Settings that keep a method quick where its exactness is not in question."""


def raw(name, images, model, **settings):
    return METHODS[name].batch(images, model=model, **FEW.get(name, {}), **settings)


def assert_close(actual, expected, tolerance):
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * np.abs(expected).max())


@pytest.fixture(scope="module")
def bare():
    return wrap_model(zoo.flat(activation="linear"))


@pytest.fixture(scope="module")
def sigmoid():
    return wrap_model(zoo.flat(activation="sigmoid", classes=1), class_names=("calm", "wild"))


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_a_recipe_step(name):
    assert find_step(name).output == "heatmap"


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
@pytest.mark.parametrize("name", CNN_METHODS)
def test_a_softmax_or_sigmoid_on_top_does_not_change_a_map(bare, pictures, name, activation):
    covered = wrap_model(zoo.flat(activation=activation))
    for target in range(zoo.CLASSES):
        [here], [there] = (raw(name, pictures[:1], model, targets=target) for model in (covered, bare))
        assert there.any()
        assert_close(here, there, 1e-5)


def loud(activation):
    """The network with class scores so far apart that its softmax says 1.0 exactly."""
    network = zoo.flat(activation=activation)
    for variable in network.get_layer("scores").variables:
        variable.assign(variable.value * 2000)
    return wrap_model(network)


@pytest.fixture(scope="module")
def saturated():
    return loud("softmax"), loud("linear")


@pytest.mark.parametrize("name", CNN_METHODS)
def test_a_saturated_model_gives_the_map_of_its_logits(saturated, pictures, name):
    covered, _ = saturated
    assert covered.probabilities(pictures[0]).max() == 1.0
    for target in (None, 0, 2):
        [here], [there] = (raw(name, pictures[:1], model, targets=target) for model in saturated)
        assert there.any()
        assert_close(here, there, 1e-5)


@pytest.mark.parametrize("name", CNN_METHODS)
def test_a_batch_gives_what_single_pictures_give(bare, pictures, name):
    targets = [2, None, 0, 1]
    together = raw(name, pictures, bare, targets=targets)
    for image, target, heatmap in zip(pictures, targets, together, strict=True):
        assert_close(heatmap, raw(name, [image], bare, targets=[target])[0], 1e-5)


@pytest.mark.parametrize("name", [name for name in CLASS_METHODS if METHODS[name].signed])
def test_one_class_of_a_sigmoid_is_exactly_minus_the_other(sigmoid, pictures, name):
    [calm], [wild] = (raw(name, pictures[:1], sigmoid, targets=target) for target in ("calm", "wild"))
    assert wild.any()
    np.testing.assert_array_equal(calm, -wild)


@pytest.mark.parametrize("name", ["saliency", "smooth_grad"])
def test_signed_gradients_of_one_class_of_a_sigmoid_are_exactly_minus_the_others(sigmoid, pictures, name):
    calm, wild = (raw(name, pictures[:1], sigmoid, targets=one, colours="sum")[0] for one in ("calm", "wild"))
    assert wild.any()
    np.testing.assert_array_equal(calm, -wild)


@pytest.fixture(scope="module")
def twins():
    """`flat` and the same network put together in other ways, by name."""
    return {"flat": wrap_model(zoo.flat()), **{name: wrap_model(build()) for name, build in zoo.TWINS.items()}}


@pytest.mark.parametrize("build", zoo.TWINS)
@pytest.mark.parametrize("name", CNN_METHODS)
def test_a_nested_or_subclassed_model_has_the_map_of_its_flat_twin(twins, pictures, name, build):
    for layer in ("early", "late") if METHODS[name].looks_at_layer else (None,):
        here = {"layer": zoo.PATHS[build].format(layer)} if layer else {}
        there = {"layer": layer} if layer else {}
        [nested] = raw(name, pictures[:1], twins[build], targets=1, **here)
        [flat] = raw(name, pictures[:1], twins["flat"], targets=1, **there)
        assert flat.any()
        assert_close(nested, flat, 1e-6)


@pytest.mark.parametrize("name", ["grad_cam", "hires_cam", "xgrad_cam", "integrated_gradients", "occlusion", "rise"])
def test_the_map_of_a_mix_is_the_mix_of_the_maps(bare, pictures, name):
    [first], [second] = (raw(name, pictures[:1], bare, targets=target) for target in (0, 2))
    [mixed] = raw(name, pictures[:1], bare, targets={"class_0": 1.0, "class_2": -0.5})
    assert_close(mixed, first - 0.5 * second, 2e-5)


@pytest.mark.parametrize("name", CAMS)
@pytest.mark.parametrize("layer", ["early", "inner", "late"])
def test_maps_of_any_parts_of_the_channels_add_up_to_the_whole(bare, pictures, name, layer):
    [whole] = raw(name, pictures[:1], bare, layer=layer, targets=1)
    num_channels = bare.find_layer(layer).channels
    order = np.random.default_rng(3).permutation(num_channels).tolist()
    parts = [
        raw(name, pictures[:1], bare, layer=layer, targets=1, channels=Channels(index=tuple(chosen)))[0]
        for chosen in (order[:1], order[1:4], order[4:])
    ]
    assert_close(np.sum(parts, axis=0, dtype=np.float64), whole, 1e-6)
    all_of_them = Channels(index=tuple(order))
    assert_close(raw(name, pictures[:1], bare, layer=layer, targets=1, channels=all_of_them)[0], whole, 1e-6)
    nothing = raw(name, pictures[:1], bare, layer=layer, targets=1, channels=Channels(index=()))
    assert not nothing[0].any()


@pytest.mark.parametrize("name", CNN_METHODS)
@pytest.mark.parametrize("shape", [(48, 80, 3), (1, 1, 3), (1, 50, 3)])
def test_a_map_has_the_size_of_its_picture(bare, name, shape):
    image = np.random.default_rng(5).random(shape, dtype=np.float32)
    heatmap = find_step(name).function(image, model=bare, **FEW.get(name, {}))
    assert heatmap.shape == shape[:2]
    assert heatmap.dtype == np.float32
    assert np.isfinite(heatmap).all()


@pytest.mark.parametrize("corner", ["top right", "bottom left"])
@pytest.mark.parametrize("name", CNN_METHODS)
def test_a_bright_corner_of_a_rectangle_is_found_where_it_is(keras, name, corner):
    picture = keras.Input((48, 80, 3))
    maps = keras.layers.Conv2D(2, 4, strides=4, activation="relu", name="conv")(picture)
    network = keras.Model(picture, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(maps)))
    for variable, value in zip(network.variables, (1.0, -20.0, 1.0, 0.0), strict=True):
        variable.assign(np.full(variable.shape, value, np.float32))
    image = np.full((48, 80, 3), 0.1, np.float32)
    rows, columns = (slice(0, 8), slice(72, 80)) if corner == "top right" else (slice(40, 48), slice(0, 8))
    image[rows, columns] = 1
    settings = {"rise": {"num_masks": 400}}.get(name, FEW.get(name, {}))
    heatmap = find_step(name).function(image, model=wrap_model(network), **settings)
    peak = np.unravel_index(heatmap.argmax(), heatmap.shape)
    reach = 14 if name in ("rise", "occlusion") else 5  # as coarse as their masks and covers
    assert rows.start - reach <= peak[0] <= rows.stop + reach
    assert columns.start - reach <= peak[1] <= columns.stop + reach


@pytest.mark.parametrize("name", CNN_METHODS)
def test_a_score_that_nothing_moves_gives_zeros(keras, pictures, name):
    network = zoo.flat(activation="linear")
    network.get_layer("scores").kernel.assign(np.zeros((8, zoo.CLASSES), np.float32))
    [heatmap] = raw(name, pictures[:1], wrap_model(network), targets=0)
    assert np.isfinite(heatmap).all()
    if METHODS[name].asks_class and name != "score_cam":  # its weights are equal then, and the map is the mean one
        assert not heatmap.any()


@pytest.mark.parametrize("name", CAMS)
def test_dead_channels_give_zeros_and_no_nan(keras, pictures, name):
    network = zoo.flat(activation="linear")
    network.get_layer("late").bias.assign(np.full(8, -100, np.float32))
    [heatmap] = raw(name, pictures[:1], wrap_model(network), targets=0)
    np.testing.assert_array_equal(heatmap, np.zeros_like(heatmap))


@pytest.mark.parametrize("name", CNN_METHODS)
def test_the_same_question_has_the_same_answer(bare, pictures, name):
    first, second = (raw(name, pictures[:1], bare, targets=1)[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", ["smooth_grad", "rise"])
def test_another_seed_is_another_draw(bare, pictures, name):
    first, second = (raw(name, pictures[:1], bare, targets=1, seed=seed)[0] for seed in (0, 1))
    assert not np.allclose(first, second)


@pytest.mark.parametrize("name", CLASS_METHODS)
def test_wrong_classes_and_counts_are_named(bare, pictures, name):
    with pytest.raises(ChoiceError, match="did you mean 'class_1'"):
        raw(name, pictures[:1], bare, targets="clas_1")
    with pytest.raises(ShapeError, match="2 targets for 1 pictures"):
        raw(name, pictures[:1], bare, targets=[0, 1])


def test_an_unknown_method_is_named():
    with pytest.raises(ChoiceError, match="did you mean 'layer_cam'"):
        find_method("layercam")
