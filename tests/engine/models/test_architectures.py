"""Every network by name: built offline, small enough to tell of itself, and worth looking into."""

from __future__ import annotations

import sys
import zipfile
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from artforge.core.errors import ChoiceError, ModelError, ShapeError
from artforge.engine.attention.methods import METHODS
from artforge.engine.backend import load_keras
from artforge.engine.models.architectures import (
    ARCHITECTURES,
    build_architecture,
    find_architecture,
    hub,
    output_bias,
    vgg16,
    vit,
)
from artforge.engine.models.handle import wrap_model
from artforge.engine.models.store import load_model, save_model

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

COUNTS = np.array([10, 20, 70])
NETWORKS = [name for name, one in ARCHITECTURES.items() if one.trained_by == "gradient"]
SMALL_EDGE = {"el_kholy_6_conv_6_pool": 192}
"""Pixels; of any other network 32."""

ONE_OF_EACH_BUILDER = (
    *("artforge", "artforge_small", "mnist_cnn", "el_kholy_6_conv_6_pool", "vgg16", "vgg16_transfer"),
    *("mobilenet_transfer", "mobilenet_v2_transfer", "resnet_18", "pca_2"),
)
"""But for the transformer, which has a test with fewer blocks."""

LAST_CONV = {
    "artforge": "words_relu",
    "artforge_small": "conv7_relu",
    "mnist_cnn": "conv2",
    "el_kholy_example": "conv6",
    "el_kholy_4_conv_2_pool": "conv4",
    "el_kholy_6_conv_6_pool": "conv6",
    "el_kholy_dropout_50_6_conv_2_pool": "conv6",
    "vgg16": "block5_conv3",
    "vgg16_transfer": "block5_conv3",
    "mobilenet_transfer": "conv_pw_13_relu",
    "mobilenet_v2_transfer": "out_relu",
    "resnet_18": "stack3_block1_out",
    "resnet_34": "stack3_block2_out",
    "resnet_vd_34": "stack3_block2_out",
    "vit_b16": "block12_norm1",
}


@pytest.fixture(scope="module", autouse=True)
def cheap_weights():
    """Two hundred million random numbers take seconds: weights are zero here, and nothing tested depends on them."""
    keras = load_keras()
    with pytest.MonkeyPatch.context() as patch:
        for kind in ("VarianceScaling", "RandomNormal"):
            patch.setattr(
                getattr(keras.initializers, kind),
                "__call__",
                lambda self, shape, dtype=None: keras.ops.zeros(shape, dtype or "float32"),
            )
        yield


def built(name, num_classes, edge):
    counts = COUNTS[-num_classes:]
    shape = (edge, edge, ARCHITECTURES[name].channels)
    return build_architecture(name, num_classes, picture_shape=shape, dropout=0.2, output_bias=output_bias(counts))


@cache
def at_its_own_size(name):
    """For two classes; the handle holds the network."""
    architecture = ARCHITECTURES[name]
    network = built(name, 2, architecture.image_size)
    return wrap_model(
        network, input_size=(architecture.image_size,) * 2, value_range=architecture.value_range, name=name
    )


@pytest.fixture(scope="module", autouse=True)
def let_go():
    yield
    at_its_own_size.cache_clear()


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_a_network_has_as_many_weights_as_is_told_before_it_is_built(name):
    assert at_its_own_size(name).keras_model.count_params() == ARCHITECTURES[name].num_parameters


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_a_network_takes_pictures_of_any_size_unless_told_otherwise(name):
    assert at_its_own_size(name).flexible_size == (not ARCHITECTURES[name].fixed_size)


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_two_classes_share_one_sigmoid_that_begins_at_their_shares(name):
    network = at_its_own_size(name).keras_model
    assert network.output_shape == (None, 1)
    assert network.layers[-1].activation.__name__ == "sigmoid"
    bias = network.get_layer("class_scores").get_weights()[1]
    np.testing.assert_allclose(1 / (1 + np.exp(-bias)), [70 / 90], rtol=1e-6)


@pytest.mark.parametrize("name", ONE_OF_EACH_BUILDER)
def test_more_classes_have_a_softmax_that_begins_at_their_shares(name):
    edge = SMALL_EDGE.get(name, 32)
    network = built(name, 3, edge)
    assert network.layers[-1].activation.__name__ == "softmax"
    dense = network.get_layer("class_scores")
    dense.set_weights([np.zeros_like(dense.get_weights()[0]), dense.get_weights()[1]])
    seen = np.asarray(network(np.ones((1, edge, edge, ARCHITECTURES[name].channels), np.float32), training=False))
    np.testing.assert_allclose(seen, [COUNTS / 100], rtol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_where_to_look_is_found(name):
    assert at_its_own_size(name).find_layer("last_conv").name == LAST_CONV[name]


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_a_network_is_flat_and_of_layers_that_come_with_keras(name):
    layers = at_its_own_size(name).keras_model.layers
    assert not [layer.name for layer in layers if hasattr(layer, "layers")]
    assert {type(layer).__module__.partition(".")[0] for layer in layers} == {"keras"}


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_all_but_the_head_is_held_still_in_a_frozen_phase(name):
    network, architecture = at_its_own_size(name).keras_model, ARCHITECTURES[name]
    frozen = architecture.frozen(network)
    learning = [layer.name for layer in network.layers if layer.weights and layer not in frozen]
    assert learning == [name for name in architecture.head if network.get_layer(name)]
    assert "class_scores" in learning


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_an_architecture_tells_what_it_is_and_where_it_comes_from(name):
    architecture = ARCHITECTURES[name]
    assert architecture.name == name
    assert all(len(told) > 5 for told in (architecture.title, architecture.origin, architecture.source))
    assert (architecture.extra == "hub") == name.startswith(("resnet", "vit"))


def test_the_parameters_of_the_example_are_those_counted_by_hand():
    first, further = 3 * 3 * 3 * 32 + 32, 3 * 3 * 32 * 32 + 32
    cells = (((256 - 6) // 2 - 6) // 2) ** 2  # six unpadded convolutions take a pixel off each side, poolings halve
    dense = cells * 32 * 128 + 128
    assert ARCHITECTURES["el_kholy_example"].num_parameters == first + 5 * further + dense + 128 + 1


def test_only_the_fourth_network_of_el_kholy_drops_maps():
    def dropped(name):
        layers = built(name, 2, 192).layers
        return {before.name: one.rate for before, one in pairwise(layers) if hasattr(one, "rate")}

    assert dropped("el_kholy_dropout_50_6_conv_2_pool") == {"pool1": 0.2, "pool2": 0.2}
    assert dropped("el_kholy_example") == {"dense": 0.2}
    plain = build_architecture(
        "el_kholy_example", 2, picture_shape=(64, 64, 3), dropout=0.0, output_bias=np.zeros(1, np.float32)
    )
    assert not [layer for layer in plain.layers if hasattr(layer, "rate")]


def test_vgg16_sees_blue_first_and_without_the_mean():
    network = built("vgg16_transfer", 2, 32)
    entry = load_keras().Model(network.input, network.get_layer("block1_conv1").input)
    picture = np.array([200, 100, 50], np.float32) * np.ones((1, 32, 32, 1), np.float32)
    seen = np.asarray(entry(picture))[0, 5, 7]
    np.testing.assert_allclose(seen, [50 - 103.939, 100 - 116.779, 200 - 123.68], rtol=1e-5)


def pretrained(name, channels=3, edge=224):
    bias = np.zeros(1, np.float32)
    shape = (edge, edge, channels)
    return build_architecture(name, 2, picture_shape=shape, dropout=0.2, output_bias=bias, weights="imagenet")


# KerasHub


def shaken(network, seed=3):
    """Weights from a seed, small enough that nothing overflows."""
    rng = np.random.default_rng(seed)
    for variable in network.weights:
        low = 0.5 if "variance" in variable.path else -0.2
        variable.assign(rng.uniform(low, low + 0.4, variable.shape).astype(np.float32))
    return network


@pytest.fixture(scope="module")
def small_vit():
    """The backbone of KerasHub, and the network made of it: two blocks, pictures of 64x48."""
    keras_hub = hub.load_hub()
    config = {"num_layers": 2, "num_heads": 2, "hidden_dim": 16, "mlp_dim": 32}
    backbone = shaken(keras_hub.models.ViTBackbone(image_shape=(64, 48, 3), patch_size=16, **config))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras_hub.models, "ViTBackbone", lambda **_: backbone)
        network = vit.vit(
            2, picture_shape=(64, 48, 3), dropout=0.1, output_bias=np.zeros(1, np.float32), name="vit", config=config
        )
    rng = np.random.default_rng(0)
    network.get_layer("class_scores").set_weights([rng.normal(0, 1, (16, 1)), np.zeros(1)])
    return backbone, network


def test_more_classes_of_a_transformer_have_a_softmax_that_begins_at_their_shares():
    config = {"num_layers": 1, "num_heads": 2, "hidden_dim": 16, "mlp_dim": 32}
    bias = output_bias(COUNTS)
    network = vit.vit(3, picture_shape=(32, 32, 3), dropout=0.1, output_bias=bias, name="vit", config=config)
    seen = np.asarray(network(np.ones((1, 32, 32, 3), np.float32)))
    np.testing.assert_allclose(seen, [COUNTS / 100], rtol=1e-5)  # its kernel is zero here


def test_the_transformer_computes_what_the_backbone_of_keras_hub_does(small_vit):
    backbone, network = small_vit
    pictures = np.random.default_rng(1).uniform(-1, 1, (3, 64, 48, 3)).astype(np.float32)
    tokens = load_keras().Model(network.input, network.get_layer("encoder_norm").output)
    np.testing.assert_allclose(np.asarray(tokens(pictures)), np.asarray(backbone(pictures)), atol=1e-5)


def test_the_transformer_is_saved_without_keras_hub_and_can_be_looked_into(small_vit, tmp_path):
    _, network = small_vit
    save_model(network, tmp_path, name="vit", class_names=("calm", "wild"), input_size=(64, 48), value_range=(-1, 1))
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        assert b"keras_hub" not in archive.read("config.json")
    model = load_model(tmp_path / "model.keras")
    picture = np.random.default_rng(2).random((70, 50, 3), dtype=np.float32)
    np.testing.assert_allclose(
        model.probabilities(picture)[:, 1:], network.predict_on_batch(model.prepare(picture)), atol=1e-6
    )
    for method in ("grad_cam", "self_attention_rollout"):
        [raw] = METHODS[method].batch([picture], model=model, targets="wild")
        assert raw.shape == (4, 3)
        assert np.ptp(raw) > 0


def test_a_pretrained_residual_network_is_its_backbone_behind_the_means_of_imagenet(monkeypatch):
    real = hub.load_hub().models.ResNetBackbone
    backbone = shaken(real([64], [7], [64, 128, 256, 512], [2, 2, 2, 2], [1, 2, 2, 2], "basic_block"))
    monkeypatch.setattr(real, "from_preset", lambda name: backbone)
    network = pretrained("resnet_18")
    picture = np.random.default_rng(1).random((1, 48, 40, 3)).astype(np.float32)
    normalised = (picture - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    maps = load_keras().Model(network.input, network.get_layer("stack3_block1_out").output)
    expected = np.asarray(backbone(normalised.astype(np.float32)))
    np.testing.assert_allclose(np.asarray(maps(picture)), expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


def test_a_pretrained_vgg16_takes_the_weights_layer_by_layer(monkeypatch):
    keras = load_keras()
    online = keras.applications.VGG16

    def fetched(**settings):
        if settings["weights"] is None:
            return online(**settings)
        picture = keras.Input((8, 8, 3))
        return shaken(keras.Model(picture, keras.layers.Conv2D(64, 3, name="block1_conv1")(picture)))

    monkeypatch.setattr(keras.applications, "VGG16", fetched)
    monkeypatch.setattr(vgg16, "PRETRAINED_EDGE", 32)
    network = pretrained("vgg16", edge=32)
    kernel, bias = network.get_layer("block1_conv1").get_weights()
    assert kernel.std() > 0.1
    assert bias.std() > 0.1


def test_without_keras_hub_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    with pytest.raises(ModelError, match=r"pip install 'artforge\[hub\]'"):
        built("resnet_18", 2, 32)


def test_a_model_made_of_layers_of_keras_hub_opens_with_it_and_names_the_extra_without(tmp_path, monkeypatch):
    keras = load_keras()
    backbone = hub.load_hub().models.ResNetBackbone(
        [64], [3], [64], [1], [1], "basic_block", image_shape=(32, 32, 3), name="base"
    )
    picture = keras.Input((32, 32, 3))
    nested = keras.Model(picture, keras.layers.Dense(2)(keras.layers.Flatten()(backbone(picture))))
    nested.save(tmp_path / "nested.keras")
    assert "base/conv1_conv" in load_model(tmp_path / "nested.keras").layer_names
    for name in [name for name in sys.modules if name.partition(".")[0] == "keras_hub"]:
        monkeypatch.setitem(sys.modules, name, None)
    registered = keras.saving.get_custom_objects()
    for name in [name for name in registered if name.startswith("keras_hub>")]:
        monkeypatch.delitem(registered, name)
    with pytest.raises(ModelError, match=r"nested\.keras: is made of layers of KerasHub.*'artforge\[hub\]'"):
        load_model(tmp_path / "nested.keras")


def test_a_residual_network_sees_grey_too():
    network = build_architecture(
        "resnet_18", 2, picture_shape=(32, 32, 1), dropout=0.0, output_bias=np.zeros(1, np.float32)
    )
    assert network.input_shape == (None, None, None, 1)


def test_a_transformer_refuses_pictures_that_do_not_fall_into_patches():
    with pytest.raises(ShapeError, match=r"multiples of 16 px, received 100x100: set image_size to 96"):
        built("vit_b16", 2, 100)


# what cannot be had


@pytest.mark.parametrize(("name", "edge", "smallest"), [("el_kholy_6_conv_6_pool", 64, 190), ("vgg16", 16, 32)])
def test_pictures_too_small_for_a_network_are_refused_with_the_smallest_that_it_can_see(name, edge, smallest):
    with pytest.raises(ShapeError, match=rf"{name}' cannot see .* {edge}x{edge} px: .*image_size to {smallest} or"):
        built(name, 2, edge)


def test_a_misspelt_network_is_answered_with_the_nearest():
    with pytest.raises(ChoiceError, match="did you mean 'resnet_18'"):
        find_architecture("resnet18")


def test_weights_that_nobody_offers_are_refused_with_those_that_are():
    with pytest.raises(ChoiceError, match=r"'artforge_small' can be fetched: there are such weights of: vgg16, "):
        pretrained("artforge_small")


def test_the_plain_resnet_34_points_to_its_variant():
    with pytest.raises(ChoiceError, match="no weights of the plain ResNet-34, only of its variant resnet_vd_34"):
        pretrained("resnet_34")


@pytest.mark.parametrize("name", ["vgg16", "vit_b16"])
def test_pretrained_weights_of_one_size_are_refused_to_another_before_they_are_fetched(name):
    with pytest.raises(ShapeError, match=r"made for 224x224 px, received 96x96"):
        pretrained(name, edge=96)


def test_imagenet_weights_are_refused_to_grey_pictures():
    with pytest.raises(ChoiceError, match="see colour, the training pictures are grey"):
        pretrained("mobilenet_v2_transfer", channels=1)


@pytest.mark.parametrize(("name", "kind"), [("vgg16", "VGG16"), ("mobilenet_v2_transfer", "MobileNetV2")])
def test_weights_that_cannot_be_fetched_point_to_files(monkeypatch, name, kind):
    online = getattr(load_keras().applications, kind)

    def offline(**settings):
        if settings["weights"] == "imagenet":
            raise Exception("URL fetch failure on weights.h5: None -- [Errno -2] Name or service not known")
        return online(**settings)

    monkeypatch.setattr(load_keras().applications, kind, offline)
    with pytest.raises(
        ModelError, match=rf"{name!r} cannot be fetched \(Name or service not known\). .*FILE, or .* random"
    ):
        pretrained(name)


def test_presets_of_keras_hub_are_asked_for_by_their_names(monkeypatch):
    asked = []

    class Offline:
        @staticmethod
        def from_preset(name):
            asked.append(name)
            raise ValueError(f"{name} is not there")

    for kind in ("ResNetBackbone", "ViTBackbone"):
        monkeypatch.setattr(hub.load_hub().models, kind, Offline)
    for name in ("resnet_18", "resnet_vd_34", "vit_b16"):
        with pytest.raises(ModelError, match="cannot be fetched"):
            pretrained(name)
    assert asked == ["resnet_18_imagenet", "resnet_vd_34_imagenet", "vit_base_patch16_224_imagenet"]
