from __future__ import annotations

import numpy as np
import pytest

from artforge.core.errors import ArtforgeError, ChoiceError, ModelError, ShapeError
from artforge.core.seeds import generator
from artforge.engine.ascent.form import form_of
from artforge.engine.ascent.objectives import (
    alignment,
    caricature,
    channel,
    channels,
    class_score,
    direction,
    diversity,
    interpolate,
    layer_energy,
    neuron,
    pull,
)
from artforge.engine.ascent.program import program_of
from artforge.engine.ascent.transforms import Jitter, Rotate, Scale
from artforge.engine.ascent.views import sample_view
from artforge.engine.attention.feature_maps import feature_maps_of_layers
from artforge.engine.gradients import compile_gradient
from artforge.engine.models.graph import run_calls

SIZE = (32, 32)


def climb(objectives, model, pictures, **settings):
    form, numbers = form_of(objectives, model)
    program = program_of(model, form, has_view="view" in settings, rescue=settings.pop("rescue", False))
    return program.climb(pictures, numbers, program.cell_weights(numbers, pictures.shape[1:3]), **settings)


@pytest.fixture
def start():
    return np.random.default_rng(11).random((1, *SIZE, 3), dtype=np.float32)


def maps(model, picture, layer):
    return feature_maps_of_layers(model, [picture], [layer])[0][layer].astype(np.float64)


def test_values_are_those_of_the_maps(residual, start):
    found = maps(residual, start[0], "late")
    vector = np.linspace(-1, 1, 8)
    along = found @ vector
    cosine = along / (np.linalg.norm(found, axis=-1) * np.linalg.norm(vector) + 1e-12)
    logits = np.log(residual.probabilities(start[0]).astype(np.float64))[0]
    expected = {
        channel("late", 3): found[..., 3].mean(),
        channel("late", 3, border=4): found[4:-4, 4:-4, 3].mean(),
        channels("late", {1: 0.5, 6: -2.0}): 0.5 * found[..., 1].mean() - 2 * found[..., 6].mean(),
        neuron("late", 2): found[8, 8, 2],
        neuron("late", 2, position=(0.0, 1.0)): found[0, 15, 2],
        layer_energy("late"): (found**2).mean(),
        direction("late", vector): along.mean(),
        direction("late", vector, power=2): (along * np.maximum(cosine, 0.1) ** 2).mean(),
        class_score("red") - class_score("blue"): logits[0] - logits[2],
        class_score({"red": 1, "green": -1}): logits[0] - logits[1],
        channel("late", 0) * channel("late", 1): found[..., 0].mean() * found[..., 1].mean(),
    }
    for objective, value in expected.items():
        [found_value], _ = climb([objective], residual, start)
        assert found_value == pytest.approx(value, rel=1e-4, abs=1e-5)


def test_a_weighted_sum_is_the_sum_of_its_parts_in_value_and_gradient(residual, start):
    first, second, third = channel("late", 3), layer_energy("early"), class_score("green")
    parts = [climb([one], residual, start) for one in (first, second, third)]
    value, gradient = climb([first + 3 * second - third * 5], residual, start)
    np.testing.assert_allclose(value, parts[0][0] + 3 * parts[1][0] - 5 * parts[2][0], rtol=1e-5)
    expected = parts[0][1] + 3 * parts[1][1] - 5 * parts[2][1]
    np.testing.assert_allclose(gradient, expected, atol=1e-5 * np.abs(expected).max())


def test_a_product_has_the_slope_of_a_product(residual, start):
    first, second = channel("late", 0), layer_energy("early")
    (value_1, slope_1), (value_2, slope_2) = (climb([one], residual, start) for one in (first, second))
    value, slope = climb([first * second * 2], residual, start)
    np.testing.assert_allclose(value, 2 * value_1 * value_2, rtol=1e-5)
    expected = 2 * (value_1 * slope_2 + value_2 * slope_1)
    np.testing.assert_allclose(slope, expected, atol=1e-5 * np.abs(expected).max())


def test_a_batch_of_different_objectives_is_so_many_single_ones(residual):
    rng = np.random.default_rng(2)
    pictures = rng.random((6, *SIZE, 3), dtype=np.float32)
    objectives = [
        channel("late", 1),
        channel("late", 5, border=2) * 3,
        neuron("early", 2, position=(0.2, 0.9)) - channel("late", 0),
        class_score("blue") + layer_energy("inner"),
        channel("late", 1) * channel("late", 2) - channel("late", 1) * channel("early", 2),
        direction("late", np.ones(8), power=1),
    ]
    view = sample_view((Jitter(2), Scale(0.9, 1.1), Rotate(5)), SIZE, SIZE, generator(0))
    for settings in ({}, {"view": view}):
        values, gradients = climb(objectives, residual, pictures, **settings)
        for number, objective in enumerate(objectives):
            value, gradient = climb([objective], residual, pictures[number : number + 1], **settings)
            np.testing.assert_allclose(values[number], value[0], rtol=1e-4, atol=1e-6)
            np.testing.assert_allclose(gradients[number], gradient[0], atol=1e-5 * np.abs(gradient).max())


def test_a_batch_of_masks_and_caricatures_is_so_many_single_ones(residual):
    """Objectives with no mask, one, two and three, some of them of pictures, share one program."""
    rng = np.random.default_rng(4)
    pictures = rng.random((5, *SIZE, 3), dtype=np.float32)
    models = rng.random((2, *SIZE, 3), dtype=np.float32)
    soft, left, top = rng.random(SIZE, dtype=np.float32), np.zeros(SIZE, np.float32), np.zeros((8, 8), np.float32)
    left[:, :12], top[:4] = 1, 1
    objectives = [
        channel("late", 1) + layer_energy("early"),
        pull(class_score("red"), class_score("blue"), left),
        caricature("late", models[0]).within(soft) + channel("late", 2),
        caricature("late", models[1], power=2) - channel("early", 3).within(left),
        class_score("green").within(left) + caricature("late", models[0]).within(top) - neuron("late", 4).within(soft),
    ]
    view = sample_view((Jitter(2), Scale(0.9, 1.1), Rotate(5)), SIZE, SIZE, generator(0))
    for settings in ({}, {"view": view}):
        values, gradients = climb(objectives, residual, pictures, **settings)
        for number, objective in enumerate(objectives):
            [value], [gradient] = climb([objective], residual, pictures[number : number + 1], **settings)
            np.testing.assert_allclose(values[number], value, rtol=1e-5, atol=1e-5)
            np.testing.assert_allclose(gradients[number], gradient, atol=1e-5 * np.abs(gradient).max())


def test_asking_for_some_channels_computes_no_others_and_gives_the_same(residual, start):
    """The last convolution is cut down to the channels asked for."""
    form, _ = form_of([channel("late", 3), channels("late", {0: 1, 7: -2})], residual)
    program = program_of(residual, form, has_view=False)
    assert program.narrow is not None
    pictures = np.repeat(start, 2, axis=0)
    values, gradients = climb([channel("late", 3), channels("late", {0: 1, 7: -2})], residual, pictures)
    whole_form = [channel("late", 3) + 0 * layer_energy("late"), channels("late", {0: 1, 7: -2})]
    whole_values, whole_gradients = climb(whole_form, residual, pictures)
    np.testing.assert_allclose(values, whole_values, rtol=1e-5)
    np.testing.assert_allclose(gradients, whole_gradients, atol=1e-5 * np.abs(gradients).max())


def test_the_gradient_is_that_of_the_whole_network(residual, start, keras):
    graph = residual.graph
    [late] = [graph.value_of["late"]]

    def value(batch):
        [found] = run_calls(graph.calls, {graph.picture: batch}, [late])
        return keras.ops.mean(found[..., 4], axis=(1, 2)), []

    program = compile_gradient(value, graph.variables, [graph.tensor(graph.picture)])
    _, [expected], _ = program(start)
    _, gradient = climb([channel("late", 4)], residual, start)
    np.testing.assert_allclose(gradient, keras.ops.convert_to_numpy(expected), atol=1e-6 * np.abs(gradient).max())


def test_a_neuron_of_one_linear_convolution_climbs_to_its_kernel(keras):
    from artforge.engine.models.handle import wrap_model

    picture = keras.Input((9, 9, 3))
    maps_ = keras.layers.Conv2D(2, 3, padding="same", name="only")(picture)
    network = keras.Model(picture, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(maps_)))
    model = wrap_model(network)
    _, gradient = climb([neuron("only", 1)], model, np.zeros((1, 9, 9, 3), np.float32))
    expected = np.zeros((9, 9, 3), np.float32)
    expected[3:6, 3:6] = np.asarray(network.get_layer("only").kernel)[..., 1]
    np.testing.assert_allclose(gradient[0], expected, atol=1e-6)


def test_a_mask_says_where_each_class_may_pull(residual, start):
    mask = np.zeros(SIZE, np.float32)
    mask[:, 16:] = 1
    mask[:, 12:16] = 0.5
    (value_l, slope_l), (value_r, slope_r) = (climb([class_score(name)], residual, start) for name in ("red", "blue"))
    value, slope = climb([pull(class_score("red"), class_score("blue"), mask)], residual, start)
    np.testing.assert_allclose(value, value_l + value_r, rtol=1e-5)
    expected = slope_l * (1 - mask[..., None]) + slope_r * mask[..., None]
    np.testing.assert_allclose(slope, expected, atol=1e-5 * np.abs(expected).max())


def test_a_caricature_is_strongest_at_its_own_picture(residual, start):
    other = np.random.default_rng(5).random((1, *SIZE, 3), dtype=np.float32)
    objective = caricature("late", start[0])
    [own], slope = climb([objective], residual, start)
    assert own == pytest.approx(1, abs=1e-4)
    assert np.abs(slope).max() > 0  # it can still be exaggerated
    [another], _ = climb([objective], residual, other)
    first, second = maps(residual, other[0], "late"), maps(residual, start[0], "late")
    along = (first * second).sum() / (second**2).sum()
    cosine = (first * second).sum() / np.sqrt((first**2).sum() * (second**2).sum())
    assert another == pytest.approx(along * max(0.1, cosine), rel=1e-4)


def test_each_picture_of_a_batch_has_the_caricature_of_its_own(residual):
    pictures = np.random.default_rng(6).random((2, *SIZE, 3), dtype=np.float32)
    objectives = [caricature("late", picture, power=2) for picture in pictures]
    values, _ = climb(objectives, residual, pictures)
    np.testing.assert_allclose(values, 1, atol=1e-4)
    crossed, _ = climb(objectives[::-1], residual, pictures)
    assert (np.abs(crossed - 1) > 1e-3).all()


def test_diversity_is_least_for_equal_pictures(residual):
    powers = np.asarray([1, 3, 0.2])[:, None, None, None]
    pictures = (np.random.default_rng(7).random((3, *SIZE, 3)) ** powers).astype(np.float32)
    equal, _ = climb([diversity("late")] * 3, residual, np.repeat(pictures[:1], 3, axis=0))
    np.testing.assert_allclose(equal, -2 / 3, atol=1e-4)
    differing, _ = climb([diversity("late")] * 3, residual, pictures)
    assert (differing > equal).all()


def test_alignment_is_the_mean_square_between_neighbours(residual):
    pictures = np.random.default_rng(8).random((3, *SIZE, 3), dtype=np.float32)
    values, slopes = climb([alignment("late")] * 3, residual, pictures)
    found = [maps(residual, picture, "late") for picture in pictures]
    expected = [
        -((found[0] - found[1]) ** 2).mean() / 2 - ((found[0] - found[2]) ** 2).mean() / 4,
        -((found[1] - found[2]) ** 2).mean() / 2,
        0,
    ]
    np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-7)
    assert np.abs(slopes[2]).max() > 0  # the last one is a neighbour too


def test_interpolation_goes_from_one_to_the_other(residual, start):
    row = interpolate(channel("late", 0), channel("late", 1), 5)
    values, _ = climb(row, residual, np.repeat(start, 5, axis=0))
    np.testing.assert_allclose(values, np.linspace(values[0], values[-1], 5), rtol=1e-4, atol=1e-6)
    [first], _ = climb([channel("late", 0)], residual, start)
    assert values[0] == pytest.approx(first, rel=1e-5)


def test_another_filter_is_no_other_program(residual, start):
    form, _ = form_of([channel("late", 0)], residual)
    program = program_of(residual, form, has_view=False)
    climb([channel("late", 0)], residual, start)
    traced = program.compiled.num_traces
    climb([channel("late", 5) * -2], residual, start)
    climb([channel("late", 5, border=3)], residual, start)
    climb([neuron("late", 1)], residual, start)
    assert program.compiled.num_traces == traced


def test_one_sigmoid_pulls_both_ways(one_sigmoid):
    picture = np.random.default_rng(3).random((1, 24, 24, 3), dtype=np.float32)
    (calm, down), (wild, up) = (climb([class_score(name)], one_sigmoid, picture) for name in ("calm", "wild"))
    np.testing.assert_array_equal(down, -up)
    np.testing.assert_array_equal(calm, -wild)


def test_wrong_words_name_the_allowed_ones(residual, start):
    with pytest.raises(ChoiceError, match=r"'lat'.*did you mean 'late'"):
        climb([channel("lat", 0)], residual, start)
    with pytest.raises(ChoiceError, match=r"no filter 8: it has 8, numbered 0 to 7"):
        climb([channel("late", 8)], residual, start)
    with pytest.raises(ChoiceError, match="no filter -1"):
        climb([channel("late", -1)], residual, start)
    with pytest.raises(ChoiceError, match="probabilities"):
        climb([channel("probabilities", 0)], residual, start)
    with pytest.raises(ChoiceError, match="purple"):
        climb([class_score("purple")], residual, start)
    with pytest.raises(ShapeError, match="8 numbers"):
        climb([direction("late", [1, 2, 3])], residual, start)
    with pytest.raises(ShapeError, match="no objectives"):
        form_of([], residual)
    with pytest.raises(ShapeError, match="position"):
        neuron("late", 0, position=(2, 0))
    with pytest.raises(ShapeError, match="mask"):
        channel("late", 0).within(np.full((4, 4), 2, np.float32))
    with pytest.raises(ShapeError, match="border of 8"):
        climb([channel("late", 0, border=8)], residual, start)
    with pytest.raises(TypeError):
        channel("late", 0) + 3  # an objective and a number do not add
    with pytest.raises(ChoiceError):
        channel("late", 0) * float("nan")


def test_a_picture_too_small_for_its_layer_is_refused(keras):
    from artforge.engine.models.handle import wrap_model

    picture = keras.Input((None, None, 3))
    maps_ = keras.layers.Conv2D(2, 7, name="wide")(picture)
    network = keras.Model(picture, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(maps_)))
    model = wrap_model(network, input_size=(16, 16))
    with pytest.raises((ModelError, ShapeError), match="5x5"):
        climb([channel("wide", 0)], model, np.zeros((1, 5, 5, 3), np.float32))


def test_objectives_are_shared_and_summed_as_numbers_are():
    one, other = channel("late", 3), channel("late", 4)
    assert (one / 2).terms[0].weight == 0.5
    assert sum([one, other]).terms == (one + other).terms


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: channels("late", {1: float("nan")}), "its weight finite"),
        (lambda: channels("late", {}), "map numbers to weights"),
        (lambda: channels("late", [1, 2]), "map numbers to weights"),
        (lambda: channel("late", 3.5), "a whole number"),
        (lambda: channel("late", 3, border=-1), "at least 0"),
        (lambda: direction("late", [0.0] * 8), "not all 0"),
        (lambda: direction("late", [float("nan")] * 8), "finite numbers"),
        (lambda: direction("late", [1.0] * 8, power=-1), "power of at least 0"),
        (lambda: caricature("late", np.zeros((8, 8, 3), np.uint8)), "float32"),
        (lambda: channel("late", 3) * float("inf"), "a finite number"),
        (lambda: interpolate(channel("late", 1), channel("late", 2), 0), "at least 1 objective"),
    ],
)
def test_objectives_of_nothing_that_can_be_are_refused(make, told):
    with pytest.raises(ArtforgeError, match=told):
        make()
