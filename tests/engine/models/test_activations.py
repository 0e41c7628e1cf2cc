from __future__ import annotations

import pytest

from artforge.engine.models.activations import activation_name, is_activation_alone


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "sigmoid", "relu", "relu6", "leaky_relu"])
def test_an_activation_has_one_name_however_it_was_given(keras, name):
    plain = name.replace("_", "")
    given = [name, getattr(keras.activations, name), getattr(keras.ops, name), getattr(keras.ops.nn, name)]
    for activation in given:
        assert activation_name(keras.layers.Dense(3, activation=activation)) == plain
        assert activation_name(keras.layers.Activation(activation)) == plain
        assert activation_name(keras.layers.Dense(3, activation=keras.layers.Activation(activation))) == plain


def test_layers_of_an_activation_are_named_by_it(keras):
    assert activation_name(keras.layers.Dense(3, activation=keras.layers.Softmax())) == "softmax"
    assert activation_name(keras.layers.ReLU()) == activation_name(keras.layers.Activation("relu"))
    assert activation_name(keras.layers.Dense(3)) == "linear"


def test_code_of_someones_own_has_no_name(keras):
    def softmax(x):
        return x

    class Softmax(keras.layers.Layer):
        pass

    assert activation_name(keras.layers.Dense(3, activation=softmax)) is None
    assert activation_name(keras.layers.Dense(3, activation=lambda x: x)) is None
    assert activation_name(Softmax()) is None


def test_a_fused_activation_does_not_stand_alone(keras):
    assert not is_activation_alone(keras.layers.Conv2D(3, 3, activation=keras.layers.ReLU()))
    assert is_activation_alone(keras.layers.Activation(keras.layers.ReLU()))
    assert is_activation_alone(keras.layers.Softmax())
