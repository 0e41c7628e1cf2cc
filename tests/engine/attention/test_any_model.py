"""Any Keras 3 model: nested, subclassed, reloaded, with shortcuts, with tokens."""

from __future__ import annotations

import numpy as np
import pytest
import zoo

from artforge.core.errors import ChoiceError, ModelError
from artforge.engine.attention.evidence import Pieces, gather_evidence, gather_evidence_of_layers, see
from artforge.engine.attention.feature_maps import feature_maps
from artforge.engine.attention.grad_cam import grad_cam_batch, grad_cam_map
from artforge.engine.backend import no_warnings
from artforge.engine.models.handle import wrap_model
from artforge.engine.models.store import load_model

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
LAYERS = ("early", "inner", "late")


@pytest.fixture(scope="module")
def flat():
    return wrap_model(zoo.flat(), name="flat")


def assert_close(actual, expected, tolerance):
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * np.abs(expected).max())


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("build", zoo.TWINS)
def test_a_nested_or_subclassed_model_is_its_flat_twin(flat, pictures, build, layer):
    model = wrap_model(zoo.TWINS[build]())
    path = zoo.PATHS[build].format(layer)
    path = "block/inner" if (build, layer) == ("subclassed", "inner") else path
    for target in range(zoo.CLASSES):
        [here] = grad_cam_batch(pictures[:1], model=model, layer=path, targets=target)
        [there] = grad_cam_batch(pictures[:1], model=flat, layer=layer, targets=target)
        assert there.any()
        assert_close(here, there, 1e-6)
    assert_close(
        feature_maps(pictures[0], model=model, layer=path), feature_maps(pictures[0], model=flat, layer=layer), 1e-6
    )
    np.testing.assert_allclose(model.probabilities(pictures[0]), flat.probabilities(pictures[0]), atol=1e-6)


@pytest.mark.parametrize("build", zoo.TWINS)
def test_last_conv_is_found_inside_a_nested_model(build):
    assert wrap_model(zoo.TWINS[build]()).find_layer("last_conv").name == zoo.PATHS[build].format("late")


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("build", ["nested_functional", "nested_sequential", "nested_twice"])
def test_a_reloaded_model_is_the_same(flat, pictures, tmp_path, build, suffix):
    path = tmp_path / f"model{suffix}"
    with no_warnings():  # Keras calls .h5 a legacy format
        zoo.TWINS[build]().save(path)
    layer = zoo.PATHS[build].format("inner")
    [here] = grad_cam_batch(pictures[:1], model=load_model(path), layer=layer, targets=1)
    [there] = grad_cam_batch(pictures[:1], model=flat, layer="inner", targets=1)
    assert_close(here, there, 1e-6)


def test_layers_of_one_name_in_two_inner_models_are_told_apart(pictures):
    model = wrap_model(zoo.two_bases())
    assert {"left/conv", "right/conv", "both"} <= set(model.layer_names)
    left, right, both = (
        feature_maps(pictures[0], model=model, layer=layer) for layer in ("left/conv", "right/conv", "both")
    )
    np.testing.assert_array_equal(np.concatenate([left, right], axis=-1), both)
    assert not np.allclose(left, right)


def test_an_unknown_inner_layer_is_answered_with_the_nearest(pictures):
    model = wrap_model(zoo.nested_functional())
    with pytest.raises(ChoiceError, match="did you mean 'base/inner'"):
        model.find_layer("base/iner")
    with pytest.raises(ChoiceError, match="base/late"):
        model.find_layer("base")


def test_last_conv_is_never_a_squeezed_cell(pictures):
    model = wrap_model(zoo.squeezing())
    assert model.find_layer("last_conv").name == "gated"
    assert grad_cam_batch(pictures[:1], model=model, targets=0)[0].shape == (22, 22)


def test_several_layers_at_once_are_what_each_gives_alone(flat, pictures):
    layers = [*LAYERS, "add", "pool"]
    together = gather_evidence_of_layers(pictures, model=flat, layers=layers, targets=[0, 1, 2, None])
    for position, (image, target) in enumerate(zip(pictures, [0, 1, 2, None], strict=True)):
        assert list(together[position]) == layers
        for layer in layers:
            [alone] = gather_evidence([image], model=flat, layer=layer, targets=[target])
            here = together[position][layer]
            assert_close(here.feature_maps, alone.feature_maps, 1e-5)
            assert_close(here.gradients, alone.gradients, 1e-5)
            assert here.class_score == pytest.approx(alone.class_score, abs=1e-5)


def test_a_subclassed_model_that_has_seen_nothing_says_what_to_do():
    keras = zoo.load_keras()

    class Blind(keras.Model):
        def call(self, picture):
            return keras.ops.mean(picture, axis=(1, 2))

    with pytest.raises(ModelError, match="never seen a picture"):
        wrap_model(Blind())
    assert wrap_model(Blind(), input_size=(8, 8)).class_names == ("class_0", "class_1", "class_2")


def test_a_subclassed_model_that_cannot_be_followed_says_why():
    keras = zoo.load_keras()

    class Opaque(keras.Model):
        def call(self, picture):
            return keras.ops.convert_to_tensor(np.asarray(picture).mean(axis=(1, 2)))

    with pytest.raises(ModelError, match="cannot be followed layer by layer"):
        wrap_model(Opaque(), input_size=(8, 8))


# transformers


@pytest.mark.parametrize("class_token", [True, False])
def test_the_tokens_of_a_transformer_are_maps(pictures, class_token):
    model = wrap_model(zoo.transformer(class_token))
    assert model.find_layer("last_conv").name == "norm1"
    assert model.find_layer("norm1").size == (4, 6)
    [evidence] = gather_evidence(pictures[:1], model=model, targets=1)
    assert evidence.feature_maps.shape == evidence.gradients.shape == (4, 6, 12)
    assert evidence.gradients.any()
    assert np.isfinite(grad_cam_map(evidence.feature_maps, evidence.gradients)).all()


def test_a_patch_keeps_its_place_in_the_maps_of_tokens(pictures):
    model = wrap_model(zoo.transformer())
    picture = pictures[0][:32, :48].copy()
    dark = picture.copy()
    dark[16:24, 40:48] = 0  # of 4x6 patches the third row's last: seen at half size
    difference = np.abs(
        feature_maps(dark, model=model, layer="norm0") - feature_maps(picture, model=model, layer="norm0")
    ).sum(axis=-1)
    assert np.unravel_index(difference.argmax(), difference.shape) == (2, 5)
    assert (difference > 1e-4).sum() == 1


# what has been seen


def test_another_class_is_asked_without_seeing_the_pictures_again(flat, pictures, monkeypatch):
    seen = see(pictures, model=flat, layers=["inner", "late"])
    with monkeypatch.context() as blind:
        blind.setattr(Pieces, "run_trunk", lambda *_, **__: pytest.fail("the trunk ran again"))
        by_class = [seen.evidence(target) for target in range(zoo.CLASSES)]
    for target, found in enumerate(by_class):
        for image, by_layer in zip(pictures, found, strict=True):
            [alone] = gather_evidence([image], model=flat, layer="late", targets=target)
            assert_close(by_layer["late"].gradients, alone.gradients, 1e-5)


def test_weights_that_change_are_seen_at_once(pictures):
    model = wrap_model(zoo.flat())
    [before] = grad_cam_batch(pictures[:1], model=model, targets=0)
    kernel = model.keras_model.get_layer("late").kernel
    kernel.assign(-1 * kernel.value)
    [after] = grad_cam_batch(pictures[:1], model=model, targets=0)
    assert not np.allclose(before, after)
