from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from artforge.core.errors import ChoiceError, ShapeError
from artforge.core.steps import find_step
from artforge.core.values import Kind
from artforge.engine.attention.channels import Channels, as_channels, choose_channels
from artforge.engine.attention.feature_map_choices import channel_across_layers, feature_map
from artforge.engine.attention.grad_cam import grad_cam, grad_cam_batch
from artforge.engine.attention.methods import METHODS
from artforge.engine.attention.targets import class_weights
from artforge.engine.models.handle import wrap_model

MAPS = np.random.default_rng(0).normal(size=(4, 5, 10)).astype(np.float32) * np.arange(1, 11, dtype=np.float32)
SLOPES = np.random.default_rng(1).normal(size=(4, 5, 10)).astype(np.float32) + np.linspace(
    2, -1.5, 10, dtype=np.float32
)


def chosen(**choice):
    return choose_channels(Channels.model_validate(choice), feature_maps=MAPS, gradients=SLOPES).tolist()


def test_by_number_each_counts_once_in_the_order_given():
    assert chosen(index=[7, 2, 7]) == [7, 2]
    assert chosen(index=[]) == []


def test_by_rank_the_strongest_come_first():
    energy = np.square(MAPS.astype(np.float64)).sum(axis=(0, 1))
    assert chosen(rank="energy", count=3) == np.argsort(-energy)[:3].tolist()
    moved = np.abs(SLOPES.astype(np.float64).mean(axis=(0, 1)))
    assert chosen(rank="gradient", share=0.5, start=2) == np.argsort(-moved)[2:7].tolist()
    assert chosen(rank="gradient", share=0) == []


def test_a_window_slides_round():
    assert chosen(window=3, start=8) == [8, 9, 0]
    assert chosen(window=10) == list(range(10))


def test_a_draw_comes_again_from_its_seed_and_differs_with_another():
    assert chosen(random=4, seed=5) == chosen(random=4, seed=5)
    assert len(set(chosen(random=4, seed=5))) == 4
    assert any(chosen(random=4, seed=seed) != chosen(random=4, seed=5) for seed in range(4))


def test_clusters_part_the_channels_and_keep_like_with_like():
    patterns = np.random.default_rng(2).random((6, 6, 3))
    kind = np.asarray([0, 1, 2, 0, 1, 0, 2, 2])
    maps = (patterns[..., kind] * [1, 5, 2, 3, 1, 1, 9, 1]).astype(np.float32)
    found = [choose_channels(Channels(cluster=index, of=3), feature_maps=maps).tolist() for index in range(3)]
    assert sorted(map(tuple, found)) == sorted(tuple(np.flatnonzero(kind == index)) for index in range(3))
    energies = [np.square(maps[..., cluster]).sum() for cluster in found]
    assert energies == sorted(energies, reverse=True)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"index": [3, 10]}, r"no channel 10; the layer has 10 \(numbers 0 to 9\)"),
        ({"rank": "energy", "count": 11}, "count 11 is more than the 10"),
        ({"rank": "energy", "count": 4, "start": 7}, "from place 7 on, count 4 is more than the 3"),
        ({"rank": "energy", "share": 0.5, "start": 99}, "start 99 is beyond the last of the 10"),
        ({"random": 11}, "random 11 is more than the 10"),
        ({"window": 11}, "window 11 is more than the 10"),
        ({"cluster": 0, "of": 11}, "of 11 is more than the 10"),
    ],
)
def test_what_the_layer_does_not_have_is_named(choice, message):
    with pytest.raises(ChoiceError, match=message):
        chosen(**choice)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({}, "exactly one of index, rank, cluster, random, window, received none"),
        ({"index": [1], "window": 3}, "received index and window"),
        ({"rank": "energy"}, "either count or share"),
        ({"rank": "energy", "count": 1, "share": 0.5}, "either count or share"),
        ({"window": 3, "seed": 1}, "seed does not go with window"),
        ({"cluster": 6, "of": 6}, r"no cluster 6 of 6 \(numbers 0 to 5\)"),
        ({"cluster": 6}, r"no cluster 6 of 6 \(numbers 0 to 5\)"),
        ({"windows": 3}, "windows"),
        ([3, 17], r"chosen by a mapping, such as \{index: \[3, 17\]\} or \{window: 8\}"),
        ({"index": [-1]}, "greater than or equal to 0"),
        ({"rank": "loud", "count": 1}, "'gradient' or 'energy'"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(choice, message):
    with pytest.raises(ValidationError, match=message):
        Channels.model_validate(choice)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"windows": 8}, r"channels: unknown 'windows' - did you mean 'window'\? \(known: index, .*, seed\)$"),
        ({"random": 8, "seed": -1}, r"channels: seed should be greater than or equal to 0, received -1$"),
        ({"index": "all"}, "channels: index should be a list, received 'all'$"),
        ({"index": np.asarray([1.5])}, r"channels: index should be a valid integer, received 1\.5$"),
        ({"rank": "loud", "count": 1}, "channels: rank should be 'gradient' or 'energy', received 'loud'$"),
        ({"rank": "energy"}, "channels: rank takes either count or share beside it$"),
        ({"index": [True]}, "channels: index should be a valid integer, received True$"),
    ],
)
def test_a_choice_made_in_python_is_refused_in_one_sentence(choice, message):
    for make in (lambda: Channels(**choice), lambda: as_channels(choice)):
        with pytest.raises(ChoiceError, match=message):
            make()


@pytest.mark.parametrize("index", [[4, 2], (4, 2), range(4, 1, -2), np.asarray([4, 2]), [np.uint8(4), 2]])
def test_numbers_of_channels_come_in_any_row(index):
    assert Channels(index=index) == as_channels(index) == Channels(index=(4, 2))


def test_a_lone_number_is_a_row_of_one():
    assert Channels(index=3) == Channels(index=(3,))
    assert Channels(window=np.int64(3)) == Channels(window=3)


@pytest.mark.parametrize("channels", ["window", 3, 1.5, object()])
def test_what_is_no_choice_of_channels_is_told_the_way_out(channels):
    with pytest.raises(ChoiceError, match=r"chosen by Channels\(window=8\), a mapping such as .* or a list of numbers"):
        as_channels(channels)


@pytest.mark.parametrize("name", [name for name in METHODS if METHODS[name].looks_at_layer])
def test_every_method_takes_channels_as_a_recipe_writes_them(residual, pictures, name):
    for written in ({"rank": "gradient", "count": 2}, [5, 2]):
        method = METHODS[name]
        as_written = method.batch(pictures[:1], model=residual, channels=written)
        np.testing.assert_array_equal(
            as_written, method.batch(pictures[:1], model=residual, channels=as_channels(written))
        )


def test_the_step_registry_knows_that_channels_are_meant():
    for function, setting in ((grad_cam, "channels"), (feature_map, "channel"), (channel_across_layers, "channel")):
        assert find_step(function.__name__).settings[setting].kind is Kind.CHANNEL


# targets


def test_targets_become_weights_of_class_scores(residual):
    def weights(targets, count=1):
        return class_weights(targets, model=residual, num_images=count).tolist()

    assert weights("green") == [[0, 1, 0]]
    assert weights(2) == [[0, 0, 1]]
    assert weights(None) == [[0, 0, 0]]
    assert weights({"red": 1, "blue": -0.5}) == [[1, 0, -0.5]]
    assert weights(("red", "blue")) == [[1, 0, 1]]
    assert weights(["red", None, ["green", "blue"]], 3) == [[1, 0, 0], [0, 0, 0], [0, 1, 1]]


@pytest.mark.parametrize("target", [{}, (), {"red": 0}, {"red": 1, 0: -1}])
def test_a_mix_of_nothing_is_refused(residual, target):
    with pytest.raises(ChoiceError, match="asks about nothing"):
        class_weights(target, model=residual, num_images=1)


@pytest.mark.parametrize("entry", [None, True, 1.5, b"red", ("red",)])
def test_what_is_no_class_is_refused_inside_a_target_too(residual, entry):
    for target in ({"red": 1, entry: 1}, ("red", entry), (entry,)):
        with pytest.raises(ChoiceError, match=r"in a target is no class: expected a name or a number; .*red, green"):
            class_weights(target, model=residual, num_images=1)


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), 1e39, True, None, "1", 1j])
def test_a_weight_must_be_a_finite_number(residual, weight):
    with pytest.raises(ChoiceError, match="the weight of class 'blue' in a target must be a finite number, received"):
        class_weights({"red": 1, "blue": weight}, model=residual, num_images=1)


def test_numbers_of_any_library_name_classes_and_weights(residual):
    target = {np.int64(2): np.float32(0.5), "red": 1}
    assert class_weights(target, model=residual, num_images=1).tolist() == [[1, 0, 0.5]]


def test_one_target_for_each_picture_is_expected(residual):
    with pytest.raises(ShapeError, match="2 targets for 3 pictures"):
        class_weights(["red", "blue"], model=residual, num_images=3)


def test_both_classes_of_a_sigmoid_against_each_other_are_twice_the_one(one_sigmoid, pictures):
    [wild] = grad_cam_batch(pictures[:1], model=one_sigmoid, targets="wild")
    [pull] = grad_cam_batch(pictures[:1], model=one_sigmoid, targets={"wild": 1, "calm": -1})
    np.testing.assert_allclose(pull, 2 * wild, rtol=1e-5)


@pytest.mark.parametrize("target", [("wild", "calm"), {"wild": -0.5, 0: -0.5}])
def test_both_classes_of_a_sigmoid_with_equal_weights_are_refused(one_sigmoid, target):
    with pytest.raises(ChoiceError, match=r"calm and wild are each other's opposite, .* cancel. Ask about one of them"):
        class_weights(target, model=one_sigmoid, num_images=1)


def test_two_of_many_classes_with_equal_weights_are_a_mix(residual):
    assert class_weights(("red", "green"), model=residual, num_images=1).tolist() == [[1, 1, 0]]


def test_of_a_thousand_classes_the_first_are_listed(keras):
    layers = keras.layers
    network = keras.Sequential([keras.Input((4, 4, 3)), layers.Flatten(), layers.Dense(1000)])
    for target in ({}, 1.5, {None: 1}):
        with pytest.raises(ChoiceError, match=r"class_39, ... \(960 more\)"):
            class_weights(target, model=wrap_model(network), num_images=1)
