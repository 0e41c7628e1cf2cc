"""The presets, against the loops and papers that they are named after."""

from __future__ import annotations

import numpy as np
import pytest
import real_networks

from artforge.core.errors import ChoiceError
from artforge.core.seeds import derive_seed, generator
from artforge.engine.ascent.ascend import ascend
from artforge.engine.ascent.objectives import channel
from artforge.engine.ascent.presets import chollet, find_preset, keras_vis, lucid
from artforge.engine.ascent.regularisers import LpNorm, TotalVariation
from artforge.engine.ascent.tuning import Penalties, made_seamless, with_penalties, with_steps

NAMES = ["lucid", "maco", "chollet", "keras_vis", "deepdream"]
SIZE = (32, 32)


@pytest.mark.parametrize("name", NAMES)
def test_every_preset_climbs(residual, name):
    ascent = find_preset(name, value_range=residual.value_range, num_steps=30)
    [result] = ascend([channel("late", 3)], model=residual, ascent=ascent, size=SIZE)
    assert np.mean(result.values[-5:]) > np.mean(result.values[:5])
    assert np.isfinite(result.raw).all()


def test_chollet_is_the_loop_of_the_notebook(residual):
    """x += gradient / (rms(gradient) + 1e-5), forty times in grey levels, by TensorFlow's own tape."""
    import tensorflow

    network = residual.keras_model
    layer = load_submodel(network, "late")
    [start] = ascend([channel("late", 3)], model=residual, ascent=chollet(num_steps=1), size=SIZE, keep_every=1)
    levels = start.path[0][None] * 255
    for _ in range(3):
        x = tensorflow.constant(levels)
        with tensorflow.GradientTape() as tape:
            tape.watch(x)
            loss = tensorflow.reduce_mean(layer(x / 255)[..., 3])
        gradient = tape.gradient(loss, x).numpy()
        levels = levels + gradient / np.sqrt(np.mean(gradient**2))
    [result] = ascend([channel("late", 3)], model=residual, ascent=chollet(num_steps=3), size=SIZE)
    np.testing.assert_allclose(result.raw * 255, levels[0], atol=2e-2)
    assert result.picture.std() == pytest.approx(0.1, abs=0.02)
    assert chollet().num_steps == 40


def load_submodel(network, name):
    from artforge.engine.backend import load_keras

    return load_keras().Model(network.inputs, network.get_layer(name).output)


def test_chollet_begins_with_grey_and_a_little_noise(residual):
    [result] = ascend([channel("late", 3)], model=residual, ascent=chollet(num_steps=1), size=(64, 64), keep_every=1)
    start = result.path[0] * 255
    assert start.min() >= 128 - 1e-3
    assert start.max() <= 148 + 1e-3
    assert start.std() == pytest.approx(20 / np.sqrt(12), rel=0.05)
    rng = generator(derive_seed(0, "start"))
    np.testing.assert_allclose(start, 138 + 10 * rng.uniform(-1, 1, (1, 64, 64, 3))[0], atol=1e-3)


def test_keras_vis_counts_in_the_network_s_own_range():
    unit, levels = (keras_vis(value_range=limits) for limits in ((0.0, 1.0), (0.0, 255.0)))
    assert unit.regularisers == (TotalVariation(10), LpNorm(10, 6, middle=0.0))
    assert levels.regularisers == (TotalVariation(10 * 255**2), LpNorm(10 * 255, 6, middle=0.0))
    assert (unit.optimiser.rate, levels.optimiser.rate) == (1, 1 / 255)


def test_keras_vis_holds_values_against_zero_in_the_network_s_own_range():
    [_, norm] = keras_vis(value_range=(-1.0, 1.0)).regularisers
    assert norm.middle == 0.5
    [_, norm] = keras_vis(value_range=(-128.0, 127.0)).regularisers
    assert norm.middle == pytest.approx(128 / 255)


def test_penalties_take_the_place_of_the_preset_s_own():
    tuned = with_penalties(keras_vis(value_range=(0, 1)), Penalties(tv=0.5, start=2.0))
    assert {type(one).__name__: one.weight for one in tuned.regularisers} == {
        "TotalVariation": 0.5,
        "LpNorm": 10,
        "ToStart": 2.0,
    }
    assert with_penalties(lucid(), Penalties()) == lucid()
    assert with_penalties(keras_vis(value_range=(0, 1)), Penalties(tv=0.0, lp=0.0)).regularisers == ()


def test_steps_of_another_length_and_scale():
    assert with_steps(chollet(), "l2", 10.0).optimiser.size == 10
    assert with_steps(chollet(), "l2", None).optimiser.scale == "l2"
    assert with_steps(lucid(), None, 0.2).optimiser.rate == 0.2
    with pytest.raises(ChoiceError, match=r"chollet, deepdream.*Adam"):
        with_steps(lucid(), "rms", None)


def test_seamless_is_shifted_around_its_edges():
    assert made_seamless(lucid()).edges == "wrap"
    assert len(made_seamless(lucid()).transforms) == len(lucid().transforms) + 1


def test_an_unknown_preset_names_the_nearest():
    with pytest.raises(ChoiceError, match="did you mean 'lucid'"):
        find_preset("lucied")


@pytest.mark.skipif(not real_networks.WEIGHTS.is_dir(), reason="the real weights are not beside the checkout")
def test_lucid_reaches_higher_than_chollet_on_real_weights():
    model = real_networks.squeezenet()
    ratios = []
    for layer, index in (("fire3", 10), ("fire4", 30), ("fire6", 60), ("fire8", 101), ("fire9", 12)):
        # what lucid reaches is seen under its transforms, and so is the less of the two
        reached = [
            ascend([channel(layer, index)], model=model, ascent=ascent, size=(128, 128), seed=1)[0].values[-1]
            for ascent in (lucid(num_steps=128), chollet())
        ]
        ratios.append(reached[0] / reached[1])
    assert np.exp(np.mean(np.log(ratios))) > 1.2, ratios
    assert min(ratios) > 0.8, ratios
