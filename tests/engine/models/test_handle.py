from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from artforge.core.errors import ChoiceError, ModelError, ShapeError
from artforge.engine.backend import load_keras
from artforge.engine.models.handle import wrap_model

# Keras' own conversions call NumPy in an older style on some backends
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def keras():
    return load_keras()


def flexible(keras, channels=3, outputs=2, activation="softmax"):
    picture = keras.Input((None, None, channels))
    maps = keras.layers.Conv2D(4, 3, name="conv")(picture)
    scores = keras.layers.Dense(outputs, activation=activation)(keras.layers.GlobalAveragePooling2D()(maps))
    return keras.Model(picture, scores, name="flexible")


def fixed(keras):
    picture = keras.Input((20, 30, 3))
    maps = keras.layers.Flatten()(keras.layers.Conv2D(4, 3, name="conv")(picture))
    return keras.Model(picture, keras.layers.Dense(2)(maps))


@pytest.fixture
def picture():
    return np.random.default_rng(2).random((50, 100, 3), dtype=np.float32)


# what goes in


@pytest.mark.parametrize(
    ("size", "seen"),
    [
        ((50, 100), (64, 128)),
        ((100, 50), (128, 64)),
        ((10, 10), (64, 64)),
        ((1, 90), (64, 256)),
        ((640, 640), (64, 64)),
    ],
)
def test_a_flexible_network_sees_the_whole_picture_undistorted(keras, size, seen):
    model = wrap_model(flexible(keras), input_size=(64, 64))
    assert model.flexible_size
    assert model.prepare(np.zeros((*size, 3), np.float32)).shape == (1, *seen, 3)


def test_any_other_network_sees_the_picture_at_its_own_size(keras, picture):
    model = wrap_model(fixed(keras), input_size=(64, 64))
    assert not model.flexible_size
    assert model.input_size == (20, 30)
    assert model.prepare([picture, picture[:9]]).shape == (2, 20, 30, 3)


def test_pixel_values_come_in_the_range_the_network_expects(keras):
    model = wrap_model(flexible(keras), input_size=(8, 8), value_range=(-1, 3))
    image = np.zeros((8, 8, 3), np.float32)
    image[0, 0], image[1, 1] = 1, 0.25
    prepared = model.prepare(image)[0]
    assert (prepared[0, 0, 0], prepared[1, 1, 0], prepared[2, 2, 0]) == (3, 0, -1)


def test_shrinking_averages(keras):
    checkers = np.indices((64, 64)).sum(axis=0) % 2
    image = np.repeat(checkers[..., None].astype(np.float32), 3, axis=2)
    np.testing.assert_allclose(wrap_model(flexible(keras), input_size=(16, 16)).prepare(image), 0.5, atol=1e-6)


def test_a_network_of_grey_pictures_gets_their_light(keras):
    model = wrap_model(flexible(keras, channels=1), input_size=(8, 8))
    green = np.zeros((8, 8, 3), np.float32)
    green[..., 1] = 1
    np.testing.assert_allclose(model.prepare(green), 0.7152, rtol=1e-6)


def test_pictures_of_other_proportions_do_not_share_a_batch(keras, picture):
    model = wrap_model(flexible(keras), input_size=(16, 16))
    with pytest.raises(ShapeError, match="16x16, 16x32"):
        model.prepare([picture, picture[:, :50]])
    with pytest.raises(ShapeError, match="at least one"):
        model.prepare([])


@pytest.mark.parametrize(
    ("shape", "way_out"),
    [
        ((9, 9), "repeat the grey channel three times"),
        ((9, 9, 1), "repeat the grey channel three times"),
        ((9, 9, 4), r"drop the fourth channel, picture\[\.\.\., :3\]"),
        ((3, 9, 9), "put the channels last"),
        ((2, 9, 9, 3), "pass its pictures as a list"),
    ],
)
def test_an_array_of_another_shape_is_told_how_it_becomes_a_picture(keras, shape, way_out):
    model = wrap_model(flexible(keras), input_size=(16, 16))
    with pytest.raises(ShapeError, match=rf"received {re.escape(str(shape))}: {way_out}"):
        model.working_size(np.zeros(shape, np.float32))
    if len(shape) < 4:
        with pytest.raises(ShapeError, match=way_out):
            model.probabilities(np.zeros(shape, np.float32))


def test_the_pictures_of_a_batch_are_seen_one_by_one(keras, picture):
    model = wrap_model(flexible(keras), input_size=(16, 16))
    batch = np.stack([picture, picture[::-1]])
    np.testing.assert_array_equal(model.prepare(batch), model.prepare([picture, picture[::-1]]))


def test_what_is_no_array_is_no_picture(keras):
    with pytest.raises(ShapeError, match=r"must be an array .* received str"):
        wrap_model(flexible(keras), input_size=(16, 16)).working_size("summer.jpg")


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [
        (0.25, 1.0002, r"received \[0\.25, 1\.0002.*\]: cut it off with np\.clip"),
        (-0.5, 0.75, r"received \[-0\.5, 0\.75\]: cut it off"),
        (0, 255, r"received \[0, 255\]: divide by 255 first"),
        (0, np.nan, r"must be finite, received \[nan, nan\]"),
        (-np.inf, 1, r"must be finite, received \[-inf, 1\]"),
    ],
)
def test_pixels_outside_0_to_1_are_named_to_the_last_digit_with_the_way_out(keras, low, high, message):
    image = np.full((9, 9, 3), 0.5, np.float32)
    image[0, 0], image[1, 1] = low, high
    with pytest.raises(ShapeError, match=message):
        wrap_model(flexible(keras), input_size=(16, 16)).prepare(image)


def test_pictures_of_any_proportions_have_probabilities(keras, picture):
    model = wrap_model(flexible(keras), input_size=(16, 16))
    pictures = [picture, picture[:, :50], picture[::-1]]
    together = model.probabilities(pictures)
    for image, row in zip(pictures, together, strict=True):
        np.testing.assert_allclose(row, model.probabilities(image)[0], atol=1e-6)
    assert np.ptp(together[:, 0]) > 0


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_pictures_of_other_floats_are_seen_as_float32(keras, picture, dtype):
    model = wrap_model(flexible(keras), input_size=(16, 16))
    prepared = model.prepare(picture.astype(dtype))
    assert prepared.dtype == np.float32
    np.testing.assert_allclose(prepared, model.prepare(picture), atol=1e-3)


# what comes out


def test_one_sigmoid_gives_two_classes(keras, picture):
    network = flexible(keras, outputs=1, activation="sigmoid")
    model = wrap_model(network, class_names=["no", "yes"], input_size=(16, 16))
    batch = model.prepare(picture)
    share = float(np.asarray(network.predict_on_batch(batch))[0, 0])
    np.testing.assert_allclose(model.probabilities(picture), [[1 - share, share]], atol=1e-6)
    np.testing.assert_allclose(model.class_scores(batch)[0, 1], np.log(share / (1 - share)), atol=1e-4)
    assert model.class_scores(batch)[0, 0] == -model.class_scores(batch)[0, 1]


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_probabilities_are_the_networks_own(keras, picture, activation):
    network = flexible(keras, outputs=3, activation=activation)
    model = wrap_model(network, input_size=(16, 16))
    expected = network.predict_on_batch(model.prepare(picture))
    np.testing.assert_allclose(model.probabilities(picture), expected, atol=1e-6)


def test_very_sure_networks_do_not_overflow(keras, picture):
    network = flexible(keras, outputs=1, activation="sigmoid")
    network.layers[-1].bias.assign([-1e5])
    np.testing.assert_array_equal(wrap_model(network, input_size=(16, 16)).probabilities(picture), [[1, 0]])


def test_classes_are_found_by_name_and_number(keras):
    model = wrap_model(flexible(keras), class_names=["hand_made", "algorithmic"], input_size=(16, 16))
    assert [model.class_index(target) for target in ("algorithmic", 0, None)] == [1, 0, None]
    with pytest.raises(ChoiceError, match="did you mean 'hand_made'"):
        model.class_index("handmade")
    with pytest.raises(ChoiceError, match="class -1 is not one of: 0 hand_made, 1 algorithmic"):
        model.class_index(-1)


@pytest.mark.parametrize("number", [np.int64(1), np.uint8(1), 1])
def test_whole_numbers_of_any_kind_name_a_class(keras, number):
    index = wrap_model(flexible(keras), input_size=(16, 16)).class_index(number)
    assert (index, type(index)) == (1, int)


@pytest.mark.parametrize("target", [True, np.True_, 0.5, 1.0, [0], b"class_0"])
def test_what_is_neither_a_name_nor_a_whole_number_is_no_class(keras, target):
    with pytest.raises(ChoiceError, match="is not one of: 0 class_0, 1 class_1"):
        wrap_model(flexible(keras), input_size=(16, 16)).class_index(target)


# layers


def test_last_conv_is_what_stands_before_the_pooling(keras):
    layers = keras.layers
    picture = keras.Input((32, 32, 3))
    maps = layers.Rescaling(2.0)(picture)
    maps = layers.ReLU(name="before_pooling")(layers.BatchNormalization()(layers.Conv2D(4, 3)(maps)))
    maps = layers.Dropout(0.1)(layers.MaxPooling2D()(maps))
    network = keras.Model(picture, layers.Dense(2)(layers.Flatten()(maps)))
    assert wrap_model(network).find_layer("last_conv").name == "before_pooling"


def test_last_conv_is_never_a_map_of_one_cell(keras):
    layers = keras.layers
    picture = keras.Input((None, None, 3))
    maps = layers.Conv2D(4, 3, name="seeing")(picture)
    squeezed = layers.GlobalAveragePooling2D(keepdims=True)(maps)
    squeezed = layers.Conv2D(6, 1, activation="relu", name="squeezed")(squeezed)
    network = keras.Model(picture, layers.Dense(2)(layers.Flatten()(squeezed)))
    model = wrap_model(network, input_size=(24, 24))
    assert model.find_layer("last_conv").name == "seeing"
    assert model.find_layer("squeezed").size == (1, 1)


def test_last_conv_of_a_nested_model_is_found_inside_it(keras):
    base = keras.Sequential([keras.Input((20, 20, 3)), keras.layers.Conv2D(4, 3, name="deep")], name="base")
    network = keras.Sequential([keras.Input((20, 20, 3)), base, keras.layers.Flatten(), keras.layers.Dense(2)])
    assert wrap_model(network).find_layer("last_conv").name == "base/deep"


@pytest.mark.parametrize("name", [3, None, ["conv"]])
def test_what_is_no_name_is_no_layer(keras, name):
    with pytest.raises(ChoiceError, match="a layer is asked for by its name"):
        wrap_model(flexible(keras)).find_layer(name)


def test_a_network_without_maps_has_no_last_conv(keras):
    picture = keras.Input((8, 8, 3))
    network = keras.Model(picture, keras.layers.Dense(2)(keras.layers.Flatten()(picture)))
    with pytest.raises(ModelError, match="no convolution with a map of more than one cell"):
        wrap_model(network).find_layer("last_conv")


def hybrid(keras, end):
    """A convolution, a self-attention on its pooled maps with a shortcut, and what `end(layers, maps)` puts behind."""
    layers = keras.layers
    picture = keras.Input((16, 16, 3))
    maps = layers.MaxPooling2D(name="pool")(layers.Conv2D(4, 3, padding="same", name="c1")(picture))
    beside = layers.Conv2D(4, 1, name="beside")(maps)
    seen = layers.MultiHeadAttention(2, 3, attention_axes=(1, 2), name="attention")(maps, maps)
    joined = layers.Add(name="add")([beside, seen])
    return keras.Model(picture, layers.Dense(2)(layers.GlobalAveragePooling2D()(end(layers, joined))))


def test_last_conv_is_the_last_convolution_where_one_follows_the_self_attention(keras):
    def end(layers, maps):
        return layers.Conv2D(5, 3, name="c3")(layers.Conv2D(5, 3, name="c2")(maps))

    assert wrap_model(hybrid(keras, end)).find_layer("last_conv").name == "c3"


@pytest.mark.parametrize("squeezes", [True, False])
def test_last_conv_is_what_the_self_attention_reads_where_no_convolution_sees_its_maps(keras, squeezes):
    def end(layers, maps):
        pooled = layers.GlobalAveragePooling2D(keepdims=True)(maps)
        return layers.Conv2D(5, 1, name="squeezed")(pooled) if squeezes else maps

    network = hybrid(keras, end)
    assert wrap_model(network).layer_names.index("beside") > wrap_model(network).layer_names.index("pool")
    assert wrap_model(network).find_layer("last_conv").name == "pool"


# bad input


def test_weights_with_nan_are_refused(keras):
    network = flexible(keras)
    network.get_layer("conv").bias.assign([0, 0, np.nan, 0])
    with pytest.raises(ModelError, match=r"NaN or infinite numbers in .*conv/bias"):
        wrap_model(network)


def test_what_is_no_classifier_of_pictures_is_refused(keras):
    with pytest.raises(ModelError, match="does not take pictures"):
        wrap_model(keras.Sequential([keras.Input((5,)), keras.layers.Dense(2)]))
    with pytest.raises(ModelError, match="no classifier"):
        wrap_model(keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3)]))
    with pytest.raises(ModelError, match="no graph"):
        wrap_model(keras.Sequential([keras.layers.Dense(2)]))


@pytest.mark.parametrize("value", [3, None, ["net"]])
def test_what_is_no_keras_model_is_refused_as_what_it_is(value):
    with pytest.raises(ModelError, match=f"wrap_model takes a Keras model .* received .*{type(value).__name__}"):
        wrap_model(value)


@pytest.mark.parametrize("kind", [str, Path])
def test_who_wraps_the_name_of_a_file_is_sent_to_load_model(kind):
    with pytest.raises(ModelError, match=r"received the name 'net\.keras'. Open a file with load_model"):
        wrap_model(kind("net.keras"))


@pytest.mark.parametrize(
    "value_range", [(0, np.nan), (0, np.inf), (-np.inf, 0), (0, 0), (1, 0), (0,), (0, 1, 2), "x", "01", None, (0, "1")]
)
def test_a_value_range_is_two_rising_finite_numbers(keras, value_range):
    with pytest.raises(ModelError, match=r"value_range must be \(low, high\), .* received"):
        wrap_model(flexible(keras), value_range=value_range)


@pytest.mark.parametrize("input_size", [64, (64,), (64, 64, 3), (0, 8), (8, -8), (8.5, 8), "ab"])
def test_an_input_size_is_two_whole_numbers_of_pixels(keras, input_size):
    with pytest.raises(ModelError, match=r"input_size must be \(height, width\) in pixels, .* received"):
        wrap_model(flexible(keras), input_size=input_size)


@pytest.mark.parametrize(
    ("names", "message"), [(["one"], "2 classes, received 1"), (["same", "same"], "two classes of one name")]
)
def test_names_that_do_not_fit_the_classes_are_refused(keras, names, message):
    with pytest.raises(ModelError, match=message):
        wrap_model(flexible(keras), class_names=names)


def test_names_that_stand_twice_are_told_with_their_numbers_and_no_others(keras):
    names = [f"bird {number}" for number in range(1000)]
    names[134], names[517] = "crane", "crane"
    names[638], names[639] = "maillot", "maillot"
    told = r"'crane' \(numbers 134, 517\), 'maillot' \(numbers 638, 639\)\. Give each .* such as 'crane 134'$"
    with pytest.raises(ModelError, match=told):
        wrap_model(flexible(keras, outputs=1000), class_names=names)


def test_a_wrong_class_number_lists_few_of_many_classes(keras):
    with pytest.raises(ChoiceError, match=r"class 1000 is not one of: 0 class_0, .* \(960 more\)$"):
        wrap_model(flexible(keras, outputs=1000)).class_index(1000)
