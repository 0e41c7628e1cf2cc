from __future__ import annotations

import numpy as np
import pytest

from artforge.engine.backend import to_array
from artforge.engine.gradients import compile_gradient
from artforge.engine.models.graph import Call
from artforge.engine.models.rectifiers import guided, limit_of, rescuing, under_rectifier

INFINITE = float("inf")


def through(rectify, keras, values, upstream):
    def value(x, upstream):
        passed = rectify(x)
        return keras.ops.sum(passed * upstream, axis=1), [passed]

    spec = keras.KerasTensor((None, None), dtype="float32")
    _, [slopes], [passed] = compile_gradient(value, [], [spec, spec])(
        np.asarray(values, np.float32), np.asarray(upstream, np.float32)
    )
    return to_array(passed).tolist(), to_array(slopes).tolist()


def test_guided_lets_only_positive_gradients_pass_where_it_is_open(keras):
    passed, slopes = through(guided(6.0), keras, [[-1, 1, 2, 7]], [[5, 5, -5, 5]])
    assert passed == [[0, 1, 2, 6]]
    assert slopes == [[0, 5, 0, 0]]


def test_rescue_passes_an_ordinary_gradient_unchanged(keras):
    passed, slopes = through(rescuing(INFINITE), keras, [[-1, 1, 2, -7]], [[5, 5, -5, 5]])
    assert passed == [[0, 1, 2, 0]]
    assert slopes == [[0, 5, -5, 0]]


def test_rescue_helps_only_pictures_whose_whole_gradient_is_shut_off(keras):
    values = [[-1, -2, -3], [-1, 2, -3]]
    upstream = [[4, -4, 3], [4, 0.5, 3]]
    _, slopes = through(rescuing(INFINITE), keras, values, upstream)
    assert slopes == [[4, 0, 3], [0, 0.5, 0]]


def test_rescue_leads_back_from_above_the_limit(keras):
    _, slopes = through(rescuing(6.0), keras, [[7, 8, -1]], [[2, -2, -3]])
    assert slopes == [[0, -2, 0]]


def test_rescue_pulls_at_the_cells_that_have_least_far_to_go(keras):
    def value(x):
        return keras.ops.sum(rescuing(6.0)(x), axis=(1, 2, 3)), []

    maps = np.float32([[-1, -4], [-3, -4]])[None, ..., None]
    program = compile_gradient(value, [], [keras.KerasTensor((None, None, None, 1), dtype="float32")])
    _, [slopes], _ = program(maps)
    np.testing.assert_array_equal(to_array(slopes)[0, ..., 0], [[1, 0], [0, 0]])  # above (highest + mean) / 2 = -2
    _, [slopes], _ = program(np.full((1, 2, 2, 1), -1, np.float32))
    assert to_array(slopes).all()


@pytest.mark.parametrize(
    ("activation", "limit"), [("relu", INFINITE), ("relu6", 6.0), ("elu", None), ("linear", None), ("leaky_relu", None)]
)
def test_only_rectifiers_have_a_limit(keras, activation, limit):
    assert limit_of(keras.layers.Conv2D(2, 3, activation=activation)) == limit
    assert limit_of(keras.layers.Activation(activation)) == limit


def test_relu_layers_are_asked_for_their_limit(keras):
    assert limit_of(keras.layers.ReLU()) == INFINITE
    assert limit_of(keras.layers.ReLU(max_value=4)) == 4
    assert limit_of(keras.layers.ReLU(negative_slope=0.1)) is None


def test_an_activation_given_as_a_layer_or_function_is_a_rectifier(keras):
    layers = keras.layers
    assert limit_of(layers.Conv2D(2, 3, activation=layers.ReLU(max_value=4))) == 4
    assert limit_of(layers.Conv2D(2, 3, activation=layers.ReLU(negative_slope=0.1))) is None
    assert limit_of(layers.Conv2D(2, 3, activation=layers.Activation("relu6"))) == 6
    assert limit_of(layers.Conv2D(2, 3, activation=keras.ops.relu)) == INFINITE
    assert limit_of(layers.Activation(layers.ReLU())) == INFINITE
    assert limit_of(layers.Conv2D(2, 3, activation=lambda x: x)) is None


@pytest.mark.parametrize("kind", ["name", "function", "layer", "layer alone"])
def test_a_rectifier_is_replaced_however_it_was_given(keras, kind):
    given = {"name": "relu", "function": keras.ops.relu, "layer": keras.layers.ReLU()}
    fused = keras.layers.Dense(2, activation=given.get(kind), kernel_initializer="identity")
    fused.build((None, 2))
    operations = [fused, keras.layers.Activation(keras.layers.ReLU())] if kind == "layer alone" else [fused]
    run = under_rectifier(lambda limit: lambda x: x + limit if np.isfinite(limit) else -x)
    values = np.asarray([[-1, 2]], np.float32)
    for operation in operations:
        values = run(Call("path", operation, ((), {}), (), ()), (values,), {})
    np.testing.assert_array_equal(to_array(values), [[1, -2]])
