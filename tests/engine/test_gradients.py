from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from artforge.engine import gradients
from artforge.engine.attention.methods import METHODS
from artforge.engine.backend import to_array
from artforge.engine.gradients import compile_function, compile_gradient
from artforge.engine.models.store import load_model, save_model


@pytest.fixture
def cubed(keras):
    """x, power -> the sum of x ** power for each sample; `power` is a tensor."""
    arguments = [keras.KerasTensor((None, 3)), keras.KerasTensor((None, 1))]
    return compile_gradient(lambda x, power: (keras.ops.sum(x**power, axis=1), [x + 1]), [], arguments)


def test_value_and_gradient_of_a_sum_of_powers(cubed):
    x = np.asarray([[1, 2, 3], [4, 5, 6]], np.float32)
    values, [gradient], [extra] = cubed(x, np.asarray([[3], [2]], np.float32))
    values, gradient, extra = map(to_array, (values, gradient, extra))
    np.testing.assert_array_equal(extra, x + 1)
    np.testing.assert_allclose(values, [1 + 8 + 27, 16 + 25 + 36], rtol=1e-5)
    np.testing.assert_allclose(gradient, [[3, 12, 27], [8, 10, 12]], rtol=1e-5)


@pytest.fixture
def without_onednn(monkeypatch):
    """Where TensorFlow has oneDNN, XLA is never asked; here it is."""
    monkeypatch.setattr(gradients, "_has_onednn", lambda: False)


def test_a_long_run_gives_the_same_numbers(without_onednn, cubed):
    x = np.random.default_rng(0).random((8, 3), dtype=np.float32)
    power = np.full((8, 1), 3, np.float32)
    plainly, deeply = cubed(x, power), cubed(x, power, long_run=True)
    for plain, deep in ((plainly[0], deeply[0]), (plainly[1][0], deeply[1][0])):
        np.testing.assert_allclose(to_array(deep), to_array(plain), rtol=1e-5)


def test_other_values_and_other_batches_are_not_other_programs(cubed, keras):
    for count in (1, 2, 5):
        cubed(np.ones((count, 3), np.float32), np.full((count, 1), count, np.float32))
    assert cubed.num_traces == {"tensorflow": 1, "jax": 3, "torch": 3}[keras.backend.backend()]


def test_what_does_not_depend_on_x_has_a_gradient_of_zero(keras):
    constant = compile_gradient(lambda x: (keras.ops.ones((2,)), []), [], [keras.KerasTensor((None, 3))])
    _, [gradient], _ = constant(np.ones((2, 3), np.float32))
    np.testing.assert_array_equal(to_array(gradient), np.zeros((2, 3)))


def test_several_inputs_each_have_their_gradient(keras):
    arguments = [keras.KerasTensor((None, 2))] * 3
    product = compile_gradient(
        lambda x, y, scale: (keras.ops.sum(x * y * scale, axis=1), []), [], arguments, num_inputs=2
    )
    x, y, scale = (np.asarray([[a, b]], np.float32) for a, b in [(1, 2), (3, 5), (10, 1)])
    values, [by_x, by_y], _ = product(x, y, scale)
    np.testing.assert_allclose(to_array(values), [40])
    np.testing.assert_allclose(to_array(by_x), [[30, 5]])
    np.testing.assert_allclose(to_array(by_y), [[10, 2]])


def test_weights_that_change_later_are_read_anew(keras):
    dense = keras.layers.Dense(1, use_bias=False)
    network = keras.Sequential([keras.Input((2,)), dense])
    compiled = compile_function(network, network.variables, [keras.KerasTensor((None, 2))])
    for weight in (1.0, 5.0):
        dense.kernel.assign(np.full((2, 1), weight, np.float32))
        assert to_array(compiled(np.ones((1, 2), np.float32)))[0, 0] == 2 * weight


def test_a_layer_that_xla_does_not_know_is_run_without_it(keras, without_onednn):
    tensorflow = pytest.importorskip("tensorflow", reason="XLA is a matter of TensorFlow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("XLA is a matter of TensorFlow")

    def lengths(x):
        return tensorflow.cast(tensorflow.strings.length(tensorflow.strings.as_string(x, precision=1)), "float32")

    compiled = compile_function(lengths, [], [keras.KerasTensor((None, 1))])
    numbers = np.asarray([[1], [10], [100], [1000], [-1000]], np.float32)
    np.testing.assert_array_equal(to_array(compiled(numbers, long_run=True))[:, 0], [3, 4, 5, 6, 7])


_ELSEWHERE = """
import json, sys
from pathlib import Path
import numpy as np
from artforge.engine.attention.methods import METHODS
from artforge.engine.backend import load_keras
from artforge.engine.models.store import load_model
model = load_model(Path(sys.argv[1]))
methods, *pictures = json.loads(sys.stdin.read())
pictures = [np.asarray(picture, np.float32) for picture in pictures]
maps = [METHODS[name].batch(pictures, model=model, layer="inner", targets="green") for name in methods]
print(json.dumps([load_keras().backend.backend(), [[one.tolist() for one in each] for each in maps]]))
"""
_METHODS = ["grad_cam", "layer_cam", "ablation_cam", "saliency", "guided_backprop"]


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_sees_the_same(backend, residual, pictures, tmp_path):
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    save_model(residual.keras_model, tmp_path, name="m", class_names=residual.class_names, input_size=(32, 32))
    finished = subprocess.run(
        [sys.executable, "-c", _ELSEWHERE, str(tmp_path / "model.keras")],
        input=json.dumps([_METHODS, *(picture.tolist() for picture in pictures[:2])]),
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=True,
    )
    name, by_method = json.loads(finished.stdout)
    assert name == backend
    here = load_model(tmp_path / "model.keras")
    for method, there in zip(_METHODS, by_method, strict=True):
        maps = METHODS[method].batch(pictures[:2], model=here, layer="inner", targets="green")
        for one, heatmap in zip(there, maps, strict=True):
            np.testing.assert_allclose(one, heatmap, rtol=0, atol=2e-5 * np.abs(heatmap).max(), err_msg=method)
