"""Weights from files: by the names of the layers, checked one by one; only the head may differ."""

from __future__ import annotations

import zipfile

import h5py
import numpy as np
import pytest
import real_networks

from artforge.core.errors import ModelError
from artforge.core.pictures import read_picture, resize
from artforge.engine.backend import load_keras
from artforge.engine.models.architectures import build_architecture
from artforge.engine.models.architectures.weights import fill_from_file

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

HEAD = ("scores",)
BODY = ("first", "first_norm", "second")


def small(num_classes=2, second=5, seed=None, folded=False):
    """Two convolutions, the first of them normalised (or, `folded`, with a bias in place of that), and a head."""
    keras = load_keras()
    layers = keras.layers
    picture = keras.Input((8, 8, 3))
    maps = layers.Conv2D(4, 3, use_bias=folded, name="first")(picture)
    maps = maps if folded else layers.BatchNormalization(name="first_norm")(maps)
    maps = layers.DepthwiseConv2D(3, padding="same", name="second")(maps)
    maps = layers.Conv2D(second, 1, activation="relu", name="third")(maps)
    network = keras.Model(picture, layers.Dense(num_classes, name="scores")(layers.GlobalAveragePooling2D()(maps)))
    if seed is not None:
        rng = np.random.default_rng(seed)
        for variable in network.weights:
            variable.assign(rng.uniform(0.1, 0.9, variable.shape).astype(np.float32))
    return network


def as_npz(network, path):
    arrays = {f"{layer.name}/{one.name}": one.numpy() for layer in network.layers for one in layer.weights}
    np.savez(path, **arrays)


def as_old_hdf5(network, path):
    """As Keras 2 wrote weights: the names of the layers and of their weights as attributes."""
    with h5py.File(path, "w") as opened:
        opened.attrs["layer_names"] = [layer.name.encode() for layer in network.layers]
        for layer in network.layers:
            group = opened.create_group(layer.name)
            names = [f"{layer.name}/{one.name}:0" for one in layer.weights]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, value in zip(names, layer.get_weights(), strict=True):
                group[name] = value


WRITERS = {
    "w.npz": as_npz,
    "w.h5": as_old_hdf5,
    "w.weights.h5": lambda network, path: network.save_weights(path),
    "w.keras": lambda network, path: network.save(path),
    "whole.h5": lambda network, path: network.save(path),
}


@pytest.fixture(params=sorted(WRITERS))
def written(request, tmp_path):
    """`written(network)` -> a file of its weights, of each kind in turn."""

    def write(network):
        WRITERS[request.param](network, tmp_path / request.param)
        return tmp_path / request.param

    return write


def assert_same(network, other, names):
    for name in names:
        for own, given in zip(network.get_layer(name).get_weights(), other.get_layer(name).get_weights(), strict=True):
            np.testing.assert_array_equal(own, given)


def test_every_layer_takes_its_own_weights(written):
    given, network = small(seed=1), small(seed=2)
    filled = fill_from_file(network, written(given), head=HEAD)
    assert filled.layers == ("first", "first_norm", "second", "third", "scores")
    assert filled.fresh == ()
    assert_same(network, given, filled.layers)


def test_a_head_for_other_classes_stays_new_and_is_told(written):
    given, network = small(num_classes=7, seed=1), small(num_classes=3, seed=2)
    before = network.get_layer("scores").get_weights()
    filled = fill_from_file(network, written(given), head=HEAD)
    assert filled.fresh == ("scores",)
    assert str(filled) == "4 layers filled; new: scores"
    assert_same(network, given, BODY)
    np.testing.assert_array_equal(network.get_layer("scores").get_weights()[0], before[0])


def test_a_layer_of_another_shape_is_an_error_that_names_it(written):
    with pytest.raises(ModelError, match=r"do not fit the network .*third.*Only its head may differ \(scores\)"):
        fill_from_file(small(second=6), written(small(second=5, seed=1)), head=HEAD)


def test_shapes_that_differ_are_told_on_both_sides(tmp_path):
    as_npz(small(second=5, seed=1), tmp_path / "w.npz")
    with pytest.raises(
        ModelError, match=r"third: \(1, 1, 4, 5\) and \(5,\) in the file, \(1, 1, 4, 6\) and \(6,\) in the network"
    ):
        fill_from_file(small(second=6), tmp_path / "w.npz", head=HEAD)


def test_a_layer_without_weights_in_the_file_is_an_error_that_names_it_and_what_there_is(tmp_path):
    network = small(seed=1)
    arrays = {f"{layer.name}/{one.name}": one.numpy() for layer in network.layers for one in layer.weights}
    arrays["fourth/kernel"] = arrays.pop("third/kernel")
    arrays.pop("third/bias")
    np.savez(tmp_path / "w.npz", **arrays)
    with pytest.raises(ModelError, match=r"1 layer has no weights in it \(third\)\. The file has fourth"):
        fill_from_file(small(), tmp_path / "w.npz", head=HEAD)


def test_layers_that_the_network_does_not_have_are_left_out_and_told(tmp_path):
    network = small(seed=1)
    arrays = {f"{layer.name}/{one.name}": one.numpy() for layer in network.layers for one in layer.weights}
    np.savez(tmp_path / "w.npz", **arrays, **{"top/kernel": np.zeros((2, 2))})
    assert str(fill_from_file(small(), tmp_path / "w.npz", head=HEAD)) == "5 layers filled; not used: top"


def test_nothing_is_changed_where_something_does_not_fit(tmp_path):
    as_npz(small(second=5, seed=1), tmp_path / "w.npz")
    network = small(second=6, seed=2)
    before = network.get_weights()
    with pytest.raises(ModelError):
        fill_from_file(network, tmp_path / "w.npz", head=HEAD)
    for own, kept in zip(network.get_weights(), before, strict=True):
        np.testing.assert_array_equal(own, kept)


def test_folded_normalisation_computes_the_same(tmp_path):
    folded, network = small(seed=1, folded=True), small(seed=2)
    as_npz(folded, tmp_path / "w.npz")
    assert fill_from_file(network, tmp_path / "w.npz", head=HEAD).fresh == ()
    pictures = np.random.default_rng(0).random((3, 8, 8, 3), dtype=np.float32)
    expected = np.asarray(folded(pictures, training=False))
    np.testing.assert_allclose(np.asarray(network(pictures, training=False)), expected, rtol=1e-5)


def test_weights_under_other_orders_of_their_names_find_their_place(tmp_path):
    network = small(seed=1)
    arrays = {f"{layer.name}/{one.name}": one.numpy() for layer in network.layers for one in layer.weights}
    np.savez(tmp_path / "w.npz", **dict(sorted(arrays.items(), key=lambda pair: pair[0], reverse=True)))
    other = small(seed=2)
    fill_from_file(other, tmp_path / "w.npz", head=HEAD)
    assert_same(other, network, (*BODY, "third", "scores"))


@pytest.mark.parametrize("name", ["whole.h5", "w.keras"])
def test_the_same_network_under_names_of_its_own_is_taken_in_order(tmp_path, name):
    keras = load_keras()
    layers = keras.layers
    theirs = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(1, activation="sigmoid", bias_initializer=keras.initializers.Constant(np.log([70 / 30]))),
        ]
    )
    theirs.save(tmp_path / name)
    settings = {"picture_shape": (28, 28, 1), "dropout": 0.2, "output_bias": np.zeros(1, np.float32)}
    ours = build_architecture("mnist_cnn", 2, **settings, weights=tmp_path / name)
    pictures = np.random.default_rng(0).uniform(0, 255, (2, 28, 28, 1)).astype(np.float32)
    np.testing.assert_allclose(np.asarray(ours(pictures / 255)), np.asarray(theirs(pictures)), rtol=1e-5)


# files that are none


def test_weights_with_nan_are_refused(tmp_path):
    network = small(seed=1)
    network.get_layer("third").bias.assign([0, np.nan, 0, 0, 0])
    as_npz(network, tmp_path / "w.npz")
    with pytest.raises(ModelError, match="NaN or infinite weights in 'third'"):
        fill_from_file(small(), tmp_path / "w.npz", head=HEAD)


@pytest.mark.parametrize("name", ["w.npz", "w.h5", "w.weights.h5", "w.keras"])
@pytest.mark.parametrize("content", [b"", b"hello, I am no weights at all", b"PK\x03\x04 and no more"])
def test_a_damaged_file_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=name):
        fill_from_file(small(), tmp_path / name, head=HEAD)


def as_words(path):
    np.savez(path.with_suffix(".npz"), **{"first/kernel": np.array(["no", "number"])})


def as_a_file_that_is_no_array(path):
    with zipfile.ZipFile(path.with_suffix(".npz"), "w") as archive:
        archive.writestr("first/kernel.txt", "no array")


def as_arrays_of_no_layer(path):
    np.savez(path.with_suffix(".npz"), kernel=np.zeros(3))


def as_words_in_hdf5(path):
    with h5py.File(path.with_suffix(".h5"), "w") as opened:
        opened.attrs["layer_names"] = ["first"]
        opened.create_group("first").attrs["weight_names"] = ["kernel"]
        opened["first/kernel"] = "no number"


def as_a_number_of_layers(path):
    with h5py.File(path.with_suffix(".h5"), "w") as opened:
        opened.attrs["layer_names"] = 3


def as_other_hdf5(path):
    with h5py.File(path.with_suffix(".h5"), "w") as opened:
        opened["temperatures"] = np.zeros(3)


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (as_words, "first/kernel is no array of numbers"),
        (as_a_file_that_is_no_array, "first/kernel.txt is no array of numbers"),
        (as_arrays_of_no_layer, "'kernel' names no layer, expected names such as 'conv1/kernel'"),
        (as_words_in_hdf5, "first/kernel is no array of numbers"),
        (as_a_number_of_layers, "not iterable"),
        (as_other_hdf5, "no weights of layers in it"),
    ],
)
def test_what_is_whole_but_holds_no_weights_is_refused_with_the_reason(tmp_path, write, told):
    write(tmp_path / "w")
    [path] = tmp_path.iterdir()
    with pytest.raises(ModelError, match=rf"{path.name}: not a file of weights, or damaged \(.*{told}"):
        fill_from_file(small(), path, head=HEAD)


def test_a_pickle_in_place_of_arrays_is_not_opened(tmp_path):
    np.savez(tmp_path / "w.npz", **{"first/kernel": np.array([{"a": 1}], dtype=object)})
    with pytest.raises(ModelError, match=r"w\.npz: not a file of weights, or damaged"):
        fill_from_file(small(), tmp_path / "w.npz", head=HEAD)


def test_arrays_that_unpack_to_too_much_are_not_opened(tmp_path, monkeypatch):
    as_npz(small(), tmp_path / "w.npz")
    monkeypatch.setattr("artforge.engine.models.architectures.weight_files.MAX_UNPACKED", 100)
    with pytest.raises(ModelError, match="unpacks to 0 GiB"):
        fill_from_file(small(), tmp_path / "w.npz", head=HEAD)


def test_what_is_not_there_or_of_another_kind_is_refused_with_the_kinds_there_are(tmp_path):
    with pytest.raises(ModelError, match=r"gone\.h5: no such file of weights"):
        fill_from_file(small(), tmp_path / "gone.h5", head=HEAD)
    (tmp_path / "w.pt").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"w\.pt: not a file of weights, expected one that ends in \.h5, "):
        fill_from_file(small(), tmp_path / "w.pt", head=HEAD)


def test_new_weights_under_an_old_name_are_told_theirs(tmp_path):
    small(seed=1).save_weights(tmp_path / "w.weights.h5")
    (tmp_path / "w.weights.h5").rename(tmp_path / "mine.h5")
    with pytest.raises(ModelError, match=r"rename it to mine\.weights\.h5"):
        fill_from_file(small(), tmp_path / "mine.h5", head=HEAD)


# real ones


@pytest.mark.skipif(not real_networks.WEIGHTS.is_dir(), reason="the real weights do not lie beside this checkout")
def test_the_published_mobilenet_without_its_last_convolution_fills_all_but_the_head():
    path = real_networks.WEIGHTS / "mobilenet_1_0_224_imagenet_to_conv_dw_13.h5"
    told = []
    network = build_architecture(
        "mobilenet_transfer",
        2,
        picture_shape=(224, 224, 3),
        dropout=0.2,
        output_bias=np.zeros(1, np.float32),
        weights=path,
        told=told.append,
    )
    assert told == [f"weights of {path}: 52 layers filled; new: conv_pw_13, conv_pw_13_bn, class_scores"]
    with h5py.File(path) as opened:
        kernel = opened["conv_dw_7/conv_dw_7/depthwise_kernel:0"][...]
    np.testing.assert_array_equal(network.get_layer("conv_dw_7").get_weights()[0], kernel)


@pytest.mark.skipif(not real_networks.WEIGHTS.is_dir(), reason="the real weights do not lie beside this checkout")
def test_the_published_mobilenet_v2_is_as_sure_of_the_elephant_as_before_its_normalisation_was_folded():
    model = real_networks.mobilenet_v2()
    photo = read_picture(real_networks.DATA / "photos" / "creative_commons_elephant.jpg")
    [seen] = model.probabilities(resize(photo, (224, 224)))
    assert model.class_names[int(seen.argmax())] == "African_elephant"
    assert seen.max() == pytest.approx(0.56, abs=0.02)
