"""Putting a model to the test: classes by name, the right part of a set, the right numbers on the right pictures."""

from __future__ import annotations

import json

import numpy as np
import pytest

from artforge.core.errors import DatasetError, ModelError, ShapeError, UsageError
from artforge.engine.data.dataset import Dataset
from artforge.engine.data.splits import Split
from artforge.engine.evaluation.evaluate import choose_pictures, evaluate_model, match_classes
from artforge.engine.evaluation.metrics import accuracy_by_folder, score_predictions
from artforge.engine.evaluation.predictions import BATCH, Predictions, as_batch, class_scores_of
from artforge.engine.models.handle import wrap_model
from artforge.engine.models.head import probabilities_from
from artforge.engine.models.store import load_model, save_model


def made_set(num=12, size=24, channels=3, class_names=("calm", "wild"), split=None):
    rng = np.random.default_rng(5)
    labels = rng.integers(0, len(class_names), num)
    items = tuple(f"{class_names[label]}/{'ab'[number % 2]}/{number}.png" for number, label in enumerate(labels))
    images = rng.integers(0, 256, (num, size, size, channels), np.uint8)
    return Dataset(
        images, labels, tuple(f"g{n % 5}" for n in range(num)), items, class_names, "folder", "", split=split
    )


def test_logits_of_many_pictures_are_those_of_each_alone(one_sigmoid):
    dataset = made_set(num=BATCH + 7)
    indices = np.random.default_rng(0).permutation(len(dataset))
    scores = class_scores_of(one_sigmoid, dataset.images, indices)
    for place in (0, 40, BATCH, BATCH + 6):
        image = dataset.images[indices[place]].astype(np.float32) / np.float32(255)
        np.testing.assert_allclose(scores[place], one_sigmoid.class_scores(image[None])[0], atol=1e-4)


def test_pixels_come_in_the_value_range_of_the_network(keras):
    picture = keras.Input((4, 4, 3))
    network = keras.Model(picture, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(picture)))
    model = wrap_model(network, value_range=(-1, 1))
    batch = as_batch(
        np.array([0, 51, 255], np.uint8)[:, None, None, None] * np.ones((3, 4, 4, 3), np.uint8), model=model
    )
    np.testing.assert_allclose(batch[:, 0, 0, 0], [-1, -0.6, 1], atol=1e-6)


def test_greys_and_colours_and_other_sizes_fit_any_network(golden, one_sigmoid):
    grey = np.full((2, 8, 8, 1), 102, np.uint8)
    assert as_batch(grey, model=one_sigmoid).shape == (2, 24, 24, 3)
    np.testing.assert_allclose(as_batch(np.repeat(grey, 3, axis=-1), model=golden), np.full((2, 4, 4, 1), 6), atol=1e-4)


def test_an_evaluation_scores_the_chosen_pictures_and_no_others(one_sigmoid):
    dataset = made_set()
    indices = np.array([1, 4, 5, 9])
    found = evaluate_model(one_sigmoid, dataset, indices)
    images = list(dataset.images[indices].astype(np.float32) / np.float32(255))
    shares = one_sigmoid.probabilities(images)
    np.testing.assert_allclose(found.predictions.probabilities, shares, atol=1e-5)
    assert found.predictions.items == tuple(dataset.items[index] for index in indices)
    expected = score_predictions(dataset.labels[indices], found.predictions.probabilities, dataset.class_names)
    assert found.scores == expected
    assert found.as_json()["num_groups"] == 3


def test_classes_in_another_order_are_matched_by_name(one_sigmoid):
    dataset = made_set()
    turned = Dataset(dataset.images, 1 - dataset.labels, dataset.groups, dataset.items, ("wild", "calm"), "folder", "")
    everything = np.arange(len(dataset))
    plain, other = (evaluate_model(one_sigmoid, one, everything).scores for one in (dataset, turned))
    assert plain == other


def test_other_classes_are_told_with_what_is_missing_and_what_is_extra():
    assert match_classes(("a", "b", "c"), ("c", "a", "b"), model_name="m").tolist() == [2, 0, 1]
    with pytest.raises(
        ModelError, match=r"missing in the set: c; unknown to the model: d. The model: a, b, c. The set: a, d, b"
    ):
        match_classes(("a", "b", "c"), ("a", "d", "b"), model_name="m")


def test_a_temperature_changes_how_sure_the_model_is_and_the_scores_say_so(one_sigmoid):
    cool = wrap_model(one_sigmoid.keras_model, class_names=("calm", "wild"), temperature=4.0)
    dataset, everything = made_set(), np.arange(12)
    plain = evaluate_model(one_sigmoid, dataset, everything)
    cooled = evaluate_model(cool, dataset, everything)
    assert cooled.scores["accuracy"] == plain.scores["accuracy"]
    assert cooled.scores["ece_untempered"] == plain.scores["ece"]
    assert cooled.scores["loss_untempered"] == plain.scores["loss"]
    assert (cooled.predictions.probabilities.max(axis=1) <= plain.predictions.probabilities.max(axis=1)).all()
    assert "ece_untempered" not in plain.scores


def test_probabilities_follow_the_temperature_and_class_scores_do_not(one_sigmoid, pictures):
    cool = wrap_model(one_sigmoid.keras_model, class_names=("calm", "wild"), temperature=3.0)
    batch = one_sigmoid.prepare(pictures[:2])
    np.testing.assert_array_equal(cool.class_scores(batch), one_sigmoid.class_scores(batch))
    expected = probabilities_from(one_sigmoid.class_scores(batch), twin=one_sigmoid.twin, temperature=3.0)
    np.testing.assert_allclose(cool.probabilities(pictures[:2]), expected, atol=1e-6)


@pytest.mark.parametrize("temperature", [0, -1.0, float("nan"), "hot"])
def test_a_temperature_that_is_none_is_refused(one_sigmoid, temperature):
    with pytest.raises(ModelError, match="temperature must be a finite number above 0"):
        wrap_model(one_sigmoid.keras_model, temperature=temperature)


def test_no_pictures_are_told(one_sigmoid):
    with pytest.raises(DatasetError, match="no picture to test on"):
        evaluate_model(one_sigmoid, made_set(), np.empty(0, np.int64))


def parts_of(dataset, test):
    return {
        item: (dataset.class_names[label], "test" if index in test else "training")
        for index, (item, label) in enumerate(zip(dataset.items, dataset.labels, strict=True))
    }


def test_a_run_is_tested_on_its_own_test():
    dataset = made_set()
    chosen = choose_pictures(dataset, run_parts=parts_of(dataset, {2, 7}), part=None)
    assert chosen.indices.tolist() == [2, 7]
    assert chosen.told == "the test of the run, 2 of 12 pictures"
    assert not chosen.are_known


def test_on_all_pictures_of_its_own_set_a_run_is_told_to_know_them():
    dataset = made_set()
    chosen = choose_pictures(dataset, run_parts=parts_of(dataset, {2, 7}), part="all")
    assert len(chosen.indices) == 12
    assert "trained on" in chosen.told
    assert chosen.are_known


def test_another_set_is_tested_as_its_layout_says_or_as_a_whole():
    split = Split(np.arange(6), np.arange(6, 9), np.arange(9, 12))
    with_test, without = made_set(split=split), made_set()
    assert choose_pictures(with_test, run_parts=None, part=None).indices.tolist() == [9, 10, 11]
    assert choose_pictures(without, run_parts=None, part=None).told == "all 12 pictures"
    with pytest.raises(UsageError, match="nothing says which pictures are the test"):
        choose_pictures(without, run_parts=None, part="test")


def test_pictures_with_names_that_the_run_knows_are_counted():
    dataset = made_set()
    parts = parts_of(dataset, {2})
    del parts[dataset.items[0]]
    chosen = choose_pictures(dataset, run_parts=parts, part=None)
    assert "11 of them have names" in chosen.told
    assert chosen.are_known


def test_a_weak_folder_shows():
    right = np.array([True, False, True, False])
    assert accuracy_by_folder(["a/x/1.png", "a/x/2.png", "a/y/3.png", "embedded:b/4"], right) == {
        "a/x": {"accuracy": 0.5, "num_pictures": 2},
        "a/y": {"accuracy": 1.0, "num_pictures": 1},
        "b": {"accuracy": 0.0, "num_pictures": 1},
    }


def test_predictions_that_do_not_fit_together_are_refused():
    with pytest.raises(ShapeError, match="predictions of 2 items"):
        Predictions(("a", "b"), ("a",), np.array([0, 1]), np.full((2, 2), 0.5, np.float32), ("x", "y"))


def test_a_saved_model_keeps_its_temperature_and_an_old_card_means_none(one_sigmoid, tmp_path):
    network = one_sigmoid.keras_model
    card = save_model(
        network, tmp_path, name="cool", class_names=("calm", "wild"), input_size=(24, 24), temperature=1.75
    )
    assert load_model(tmp_path / "model.keras").temperature == 1.75
    assert card.num_parameters == network.count_params()
    old = json.loads((tmp_path / "model.json").read_text())
    del old["temperature"], old["num_parameters"]
    (tmp_path / "model.json").write_text(json.dumps(old))
    assert load_model(tmp_path / "model.keras").temperature == 1.0
    (tmp_path / "model.json").write_text(json.dumps({**old, "temperature": 0}))
    with pytest.raises(ModelError, match=r"temperature: Input should be greater than 0"):
        load_model(tmp_path / "model.keras")
