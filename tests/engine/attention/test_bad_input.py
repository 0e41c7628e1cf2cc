"""Bad input is answered with a clear error or a stated result, never with NaN in silence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import zoo

from artforge.core.errors import ChoiceError, ModelError, ShapeError
from artforge.engine import attention
from artforge.engine.attention.evidence import gather_evidence_of_layers
from artforge.engine.attention.feature_maps import feature_maps
from artforge.engine.attention.grad_cam import grad_cam, grad_cam_batch, grad_cam_map
from artforge.engine.attention.layers import WITHOUT_LAYER
from artforge.engine.attention.methods import METHODS
from artforge.engine.models.handle import Model, wrap_model

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
LOOKING = [name for name in METHODS if METHODS[name].looks_at_layer]


@pytest.mark.parametrize("name", LOOKING)
def test_a_model_without_convolutions_has_no_layer_to_look_at(keras, pictures, name):
    blind = wrap_model(keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(2)]))
    with pytest.raises(ModelError, match=r"no convolution with a map of more than one cell .* no layer .* saliency"):
        METHODS[name].batch(pictures[:1], model=blind)
    for other in WITHOUT_LAYER:
        assert not METHODS[other].looks_at_layer
        METHODS[other].batch(pictures[:1], model=blind, **({"num_masks": 2} if other == "rise" else {}))


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


EVERY_STEP = [*METHODS, "feature_maps", "fine_cam", "layer_cam_fusion", "strongest_per_layer", "check_heatmap"]


@pytest.mark.parametrize("name", EVERY_STEP)
@pytest.mark.parametrize("given", ["painting.jpg", Path("painting.jpg"), [[0.5]], None])
def test_what_is_no_array_is_told_how_a_file_is_read(residual, name, given):
    with pytest.raises(ShapeError, match=r"a float32 array \(height, width, 3\) .*received .*read_picture\(Path"):
        getattr(attention, name)(given, model=residual)


@pytest.mark.parametrize("name", [*EVERY_STEP, "kin_channels", "channel_across_layers", "feature_map"])
@pytest.mark.parametrize(
    ("model", "way_out"), [(None, "wrap_model"), ("hand_vs_algo", "load_model"), (Path("m.keras"), "load_model")]
)
def test_what_is_no_model_is_told_how_one_is_made(pictures, name, model, way_out):
    others = {
        "kin_channels": {"filter": "sobel_x"},
        "channel_across_layers": {"channel": 0},
        "feature_map": {"channel": 0},
    }
    with pytest.raises(ModelError, match=rf"a model to look through is wanted, received .*{way_out}\("):
        getattr(attention, name)(pictures[0], model=model, **others.get(name, {}))


def test_a_keras_model_wants_its_handle_first(residual, pictures):
    for ask in (attention.grad_cam, attention.layer_cam_fusion, attention.saliency):
        with pytest.raises(ModelError, match=r"received <.* wrap_model\(keras_model\) makes one"):
            ask(pictures[0], model=residual.keras_model)


@pytest.mark.parametrize("name", METHODS)
def test_a_batch_is_a_list(residual, pictures, name):
    with pytest.raises(ShapeError, match=r"a list of them, received one of shape \(40, 64, 3\): write \[picture\]"):
        METHODS[name].batch(pictures[0], model=residual)
    with pytest.raises(ShapeError, match="a list of them, received None"):
        METHODS[name].batch(None, model=residual)


@pytest.mark.parametrize("layers", ["early", 3])
def test_layers_are_a_list_of_names(residual, pictures, layers):
    with pytest.raises(ChoiceError, match=r"layers must be a list of names, such as \['last_conv'\], received"):
        attention.layer_cam_fusion(pictures[0], model=residual, layers=layers)


@pytest.mark.parametrize(
    ("name", "setting", "value", "message"),
    [
        ("rise", "cells", 65, "cells must be a whole number from 1 to 64, received 65"),
        ("smooth_grad", "noise", np.nan, r"noise must be a number in \[0, 1\], received nan"),
        ("integrated_gradients", "baseline", np.zeros((2, 2, 3)), r"baseline 'an array of shape \(2, 2, 3\)' is not"),
        ("occlusion", "fill", "blured", "fill 'blured' is not one of: .* did you mean 'blurred'"),
        ("fine_cam", "overlap", 1, r"overlap must be a number in \[0, 0.75\], received 1"),
        ("fine_cam", "overlap", np.nan, r"overlap must be a number in \[0, 0.75\], received nan"),
        ("fine_cam", "scales", [0], "a scale must be a whole number from 1 to 16, received 0"),
        ("fine_cam", "scales", [], r"^scales must be a list of some, such as \[1, 2, 4\], received \[\]"),
        ("fine_cam", "scales", 3, r"scales must be a list of some, such as \[1, 2, 4\], received 3"),
        ("fine_cam", "fuse", "maxx", "fuse 'maxx' is not one of: mean, max - did you mean 'max'"),
        ("fine_cam", "method", "saliency", "method 'saliency' is not one of: grad_cam, "),
        ("kin_channels", "filter", "sobelx", "filter 'sobelx' is not one of: .* did you mean 'sobel_x'"),
        ("feature_map", "channel", -1, "channel must be a whole number of at least 0, received -1"),
        ("feature_map", "channel", 1.5, r"channel must be a whole number of at least 0, received 1\.5"),
        ("channel_across_layers", "channel", -1, "channel must be a whole number of at least 0, received -1"),
        ("strongest_per_layer", "by", "gradiant", "by 'gradiant' is not one of: .* did you mean 'gradient'"),
        ("layer_cam_fusion", "how", "maxx", "how 'maxx' is not one of: .* did you mean 'max'"),
        ("self_attention_rollout", "heads", "mxa", "heads 'mxa' is not one of: mean, max, min"),
        ("self_attention_rollout", "discard", -1, r"discard must be a number in \[0, 1\), received -1"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_before_the_picture_is_prepared(
    residual, pictures, monkeypatch, name, setting, value, message
):
    monkeypatch.delattr(Model, "prepare")
    with pytest.raises((ChoiceError, ShapeError), match=message):
        getattr(attention, name)(pictures[0], model=residual, **{setting: value})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"softness": 0}, r"softness must be a number in \(0, 1\], received 0"),
        ({"radius": 9}, r"radius must be a number in \(0, 0.5\], received 9"),
        ({"radius": np.nan}, r"radius must be a number in \(0, 0.5\], received nan"),
    ],
)
def test_edges_are_followed_by_settings_that_can_be(pictures, settings, message):
    with pytest.raises(ChoiceError, match=message):
        attention.follow_edges(pictures[0][..., 0], pictures[0], **settings)


def test_a_file_is_no_array_for_the_filters_either(pictures):
    for ask in (
        lambda: attention.classical_filter("painting.jpg", filter="sobel_x"),
        lambda: attention.follow_edges(pictures[0][..., 0], "painting.jpg"),
    ):
        with pytest.raises(ShapeError, match="read_picture"):
            ask()
    with pytest.raises(ShapeError, match=r"a heatmap must be a float32 array \(h, w\), received 'heat.png'"):
        attention.upsample_heatmap("heat.png", (2, 2))


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
