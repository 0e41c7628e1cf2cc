"""Bad input is answered with a clear error or a stated result, never with NaN in silence."""

from __future__ import annotations

import numpy as np
import pytest
import zoo

from artforge.core.errors import ChoiceError, ModelError, ShapeError
from artforge.engine.attention.evidence import gather_evidence_of_layers
from artforge.engine.attention.feature_maps import feature_maps
from artforge.engine.attention.grad_cam import grad_cam, grad_cam_batch, grad_cam_map
from artforge.engine.attention.methods import METHODS
from artforge.engine.models.handle import wrap_model

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
LOOKING = [name for name in METHODS if METHODS[name].looks_at_layer]


@pytest.mark.parametrize("name", LOOKING)
def test_a_model_without_convolutions_has_no_layer_to_look_at(keras, pictures, name):
    blind = wrap_model(keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(2)]))
    with pytest.raises(ModelError, match="no convolution with a map of more than one cell"):
        METHODS[name].batch(pictures[:1], model=blind)


def test_a_layer_behind_the_flattening_says_so(one_sigmoid, pictures):
    behind = one_sigmoid.keras_model.layers[-1].name
    with pytest.raises(ChoiceError, match=r"puts out \(None, 1\), not a map for each channel.*last_conv, early"):
        grad_cam(pictures[0], model=one_sigmoid, layer=behind)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda image: (image * 255).astype(np.uint8), "received uint8: divide by 255 first"),
        (lambda image: image > 0.5, "received bool"),
        (lambda image: image * 255, r"must stay in \[0, 1\]"),
        (lambda image: image - 0.5, r"must stay in \[0, 1\]"),
        (lambda image: np.where(image > 0.9, np.nan, image), "be finite, received"),
        (lambda image: image[..., 0], r"\(height, width, 3\), received"),
        (lambda image: image[:0], r"\(height, width, 3\), received \(0, "),
        (lambda image: np.concatenate([image, image[..., :1]], axis=-1), r"received \(40, 64, 4\)"),
    ],
)
def test_what_is_no_picture_is_refused(residual, pictures, spoil, message):
    with pytest.raises(ShapeError, match=message):
        grad_cam(spoil(pictures[0]), model=residual)


@pytest.mark.parametrize("target", [True, 1.5, object()])
def test_what_cannot_be_a_class_is_refused(residual, pictures, target):
    with pytest.raises(ChoiceError, match="is no class: expected a name, a number"):
        grad_cam(pictures[0], model=residual, target=target)


def test_no_pictures_have_no_maps(residual):
    assert grad_cam_batch([], model=residual) == []


@pytest.mark.parametrize("name", [name for name in METHODS if name != "self_attention_rollout"])
def test_a_network_in_half_precision_has_maps_too(keras, pictures, name):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        picture = keras.Input((24, 24, 3))
        maps = keras.layers.Conv2D(4, 3, activation="relu", name="first")(picture)
        maps = keras.layers.Conv2D(4, 3, activation="relu", name="second")(maps)
        network = keras.Model(picture, keras.layers.Dense(2)(keras.layers.Flatten()(maps)))
    finally:
        keras.config.set_dtype_policy("float32")
    model = wrap_model(zoo.fill(network))
    [heatmap] = METHODS[name].batch(pictures[:1], model=model, **({"num_masks": 20} if name == "rise" else {}))
    assert np.isfinite(heatmap).all()
    assert heatmap.any()
    [both] = gather_evidence_of_layers(pictures[:1], model=model, layers=["first", "second"])
    assert both["second"].gradients.any()


@pytest.mark.parametrize("name", [name for name in METHODS if name != "eigen_cam"])  # it asks for no score
def test_a_network_whose_numbers_overflow_is_named(name, pictures):
    tokens = name == "self_attention_rollout"
    network = zoo.transformer() if tokens else zoo.flat(activation="linear")
    for variable in network.trainable_variables:
        variable.assign(variable.value * np.float32(1e25 if tokens else 1e12))
    model = wrap_model(network, name="loud")
    settings = {"num_masks": 20} if name == "rise" else {}
    with pytest.raises(ModelError, match=r"the model 'loud' gives .* that are not finite: .* are NaN or infinite"):
        METHODS[name].batch(pictures[:1], model=model, **settings)


def test_feature_maps_that_overflow_are_named(pictures):
    network = zoo.flat()
    kernel = network.get_layer("inner").kernel
    kernel.assign(kernel.value * np.float32(1e38))
    model = wrap_model(network)
    with pytest.raises(ModelError, match="gives activations at layer 'inner' that are not finite"):
        feature_maps(pictures[0], model=model, layer="inner")
    for name in LOOKING:
        with pytest.raises(ModelError, match="not finite"):
            METHODS[name].batch(pictures[:1], model=model, layer="inner")


def test_a_map_beyond_float32_is_refused():
    large = np.full((2, 2, 3), 1e30, np.float32)
    with pytest.raises(ModelError, match=r"within float32 \(up to 3e\+38\), received 3e\+60"):
        grad_cam_map(large, large)
