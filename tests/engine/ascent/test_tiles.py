from __future__ import annotations

import numpy as np
import pytest

from artforge.core.errors import ModelError
from artforge.engine.ascent.ascend import ascend
from artforge.engine.ascent.blocks import blocks_of, region_size
from artforge.engine.ascent.form import form_of
from artforge.engine.ascent.large_views import Shift, sample_large_view
from artforge.engine.ascent.objectives import channel, direction, layer_energy, neuron
from artforge.engine.ascent.optimisers import PlainStep
from artforge.engine.ascent.pixels import Pixels
from artforge.engine.ascent.receptive_field import Field, Span, receptive_field
from artforge.engine.ascent.seams import seam_visibility
from artforge.engine.ascent.settings import Ascent
from artforge.engine.ascent.slopes import Slopes
from artforge.engine.ascent.transforms import Crop, Jitter, Noise, Pad, Rotate, Scale
from artforge.engine.backend import load_keras
from artforge.engine.gradients import compile_gradient
from artforge.engine.models.graph import run_calls
from artforge.engine.models.handle import wrap_model


def conv(maps, size=3, **settings):
    keras = load_keras()
    settings = {"padding": "same", "activation": "relu", **settings}
    return keras.layers.Conv2D(4, size, **settings)(maps)


def network_of(kind):
    keras = load_keras()
    layers = keras.layers
    picture = keras.Input((None, None, 3))
    if kind == "vgg":
        maps = layers.MaxPooling2D()(conv(conv(picture)))
        maps = layers.MaxPooling2D()(conv(maps))
    elif kind == "strided":
        maps = conv(conv(picture, 5, strides=2), 3, strides=2)
        maps = layers.BatchNormalization()(maps)
    elif kind == "valid":
        maps = layers.MaxPooling2D(3, 2)(conv(picture, 7, strides=2, padding="valid"))
        maps = conv(maps, 1)
    elif kind == "residual":
        maps = conv(picture, strides=2)
        maps = layers.Add()([maps, conv(conv(maps), 3, dilation_rate=2)])
    elif kind == "mixed":
        maps = layers.DepthwiseConv2D(3, strides=2)(layers.ZeroPadding2D(((0, 1), (0, 1)))(picture))
        maps = layers.Concatenate()([conv(maps, 1), conv(maps, 5)])
        maps = layers.AveragePooling2D(3, 2, padding="same")(maps)
        maps = layers.SeparableConv2D(4, 3, padding="same")(layers.ReLU(6)(maps))
    maps = conv(maps, 3, name="last")
    network = keras.Model(picture, layers.Dense(2)(layers.GlobalAveragePooling2D()(maps)))
    rng = np.random.default_rng(4)
    for variable in network.trainable_variables:
        variable.assign(rng.normal(0, 0.4, variable.shape).astype(np.float32))
    return wrap_model(network, input_size=(64, 64), name=kind)


KINDS = ["vgg", "strided", "valid", "residual", "mixed"]
SIZES = [(61, 77), (64, 80), (95, 70)]


def slopes_of(model, objectives, size, memory):
    form, numbers = form_of(objectives, model)
    return Slopes(model, form, numbers, size, memory=memory)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_receptive_field_holds_every_pixel_that_counts_and_no_row_more(kind, size):
    model = network_of(kind)
    keras = load_keras()
    for variable in model.keras_model.variables:  # all positive: then nothing cancels and no rectifier shuts
        variable.assign(np.full(variable.shape, 0.3, np.float32))
    graph = model.graph
    last = graph.value_of["last"]
    field = receptive_field(graph, "last", size)
    calls = graph.calls_leading_to([last])

    def value(batch, places):
        [found] = run_calls(calls, {graph.picture: batch}, [last])
        return keras.ops.sum(found * places, axis=(1, 2, 3)), []

    places_spec = keras.KerasTensor((None, None, None, 1), dtype="float32")
    program = compile_gradient(value, graph.variables, [graph.tensor(graph.picture), places_spec])
    slopes = slopes_of(model, [channel("last", 0)], size, 1e9)
    cells = slopes._program(has_view=False).map_sizes(size)["last"]
    rng = np.random.default_rng(0)
    touched = np.zeros((2, 2), int)
    for row, column in [(0, 0), (cells[0] // 2, cells[1] // 2), (cells[0] - 1, cells[1] - 1)]:
        places = np.zeros((1, *cells, 1), np.float32)
        places[0, row, column] = 1
        moved = np.zeros(size, bool)
        for _ in range(12):  # a pooling passes the gradient to its winner only: many pictures, many winners
            _, [gradient], _ = program(rng.random((1, *size, 3), dtype=np.float32), places)
            moved |= keras.ops.convert_to_numpy(gradient)[0].any(axis=-1)
        for axis, index, span in ((0, row, field.down), (1, column, field.across)):
            inside = np.flatnonzero(moved.any(axis=1 - axis))
            first = max(index * span.stride + span.first, 0)
            last_pixel = min(index * span.stride + span.last, size[axis] - 1)
            assert inside[0] >= first
            assert inside[-1] <= last_pixel
            touched[axis] += [inside[0] == first, inside[-1] == last_pixel]
    assert (touched >= 1).all()  # and not a pixel too large


def test_a_receptive_field_worked_by_hand():
    keras = load_keras()
    picture = keras.Input((None, None, 3))
    maps = keras.layers.Conv2D(2, 3, name="a", padding="same")(picture)
    maps = keras.layers.MaxPooling2D(2, name="pool")(maps)
    maps = keras.layers.Conv2D(2, 3, name="b", padding="same")(maps)
    network = keras.Model(picture, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(maps)))
    graph = wrap_model(network, input_size=(16, 16)).graph
    assert receptive_field(graph, "a", (16, 16)).down == Span(1, -1, 1)
    assert receptive_field(graph, "pool", (16, 16)).down == Span(2, -1, 2)
    assert receptive_field(graph, "b", (16, 16)).across == Span(2, -3, 4)
    assert receptive_field(graph, "b", (16, 16)).across.size == 8


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_cell_is_in_exactly_one_block(kind, size):
    model = network_of(kind)
    slopes = slopes_of(model, [channel("last", 0)], size, 1e9)
    cells = slopes._program(has_view=False).map_sizes(size)["last"]
    field = receptive_field(model.graph, "last", size)
    region = region_size(field, size, cells, 40 * 40)
    counted = np.zeros(cells, int)
    for block in blocks_of(field, size, cells, region):
        counted[block.down.first : block.down.last, block.across.first : block.across.last] += 1
        assert block.down.start + region[0] <= size[0]
        assert block.across.start % field.across.stride == 0
    assert (counted == 1).all()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_tiled_gradient_is_the_full_gradient(kind, size):
    model = network_of(kind)
    pictures = np.random.default_rng(3).random((2, *size, 3), dtype=np.float32)
    objectives = [
        channel("last", 1) - 2 * layer_energy("last"),
        channel("last", 3, border=2) + neuron("last", 0, position=(0.9, 0.1)) + direction("last", np.ones(4), power=1),
    ]
    whole = slopes_of(model, objectives, size, 1e9)
    tiled = slopes_of(model, objectives, size, whole.bytes_per_picture / 3.5)
    assert not whole.is_tiled
    assert tiled.is_tiled
    assert len(tiled._layers[0][1]) >= 4
    values, gradients = whole.climb(pictures, None)
    tiled_values, tiled_gradients = tiled.climb(pictures, Shift(0, 0))
    np.testing.assert_allclose(tiled_values, values, rtol=1e-4)
    np.testing.assert_allclose(tiled_gradients, gradients, atol=1e-5 * np.abs(gradients).max())


def test_regions_that_are_too_small_give_another_gradient(monkeypatch):
    """Seen so that the test above can fail: a field that is told too small leaves a seam."""
    model, size = network_of("vgg"), (64, 80)
    pictures = np.random.default_rng(3).random((1, *size, 3), dtype=np.float32)
    whole = slopes_of(model, [channel("last", 1)], size, 1e9)
    _, gradients = whole.climb(pictures, None)
    narrow = receptive_field(model.graph, "last", size)
    narrow = type(narrow)(Span(narrow.down.stride, 0, 0), Span(narrow.across.stride, 0, 0))
    monkeypatch.setattr("artforge.engine.ascent.slopes.receptive_field", lambda *_: narrow)
    tiled = slopes_of(model, [channel("last", 1)], size, whole.bytes_per_picture / 3.5)
    _, tiled_gradients = tiled.climb(pictures, Shift(0, 0))
    assert np.abs(tiled_gradients - gradients).max() > 1e-2 * np.abs(gradients).max()


def test_regions_of_one_picture_are_one_program_and_several_layers_add_up():
    model, size = network_of("strided"), (64, 80)
    pictures = np.random.default_rng(3).random((1, *size, 3), dtype=np.float32)
    early = next(name for name in model.layer_names if name != "last")
    objectives = [channel("last", 1) + channel(early, 2)]
    whole = slopes_of(model, objectives, size, 1e9)
    tiled = slopes_of(model, objectives, size, whole.bytes_per_picture / 3.5)
    values, gradients = whole.climb(pictures, None)
    tiled_values, tiled_gradients = tiled.climb(pictures, Shift(0, 0))
    np.testing.assert_allclose(tiled_values, values, rtol=1e-4)
    np.testing.assert_allclose(tiled_gradients, gradients, atol=1e-5 * np.abs(gradients).max())


def test_a_shift_around_the_edges_is_undone_in_the_gradient():
    model, size = network_of("vgg"), (64, 80)
    pictures = np.random.default_rng(3).random((1, *size, 3), dtype=np.float32)
    whole = slopes_of(model, [channel("last", 1)], size, 1e9)
    tiled = slopes_of(model, [channel("last", 1)], size, whole.bytes_per_picture / 3.5)
    values, gradients = whole.climb(np.roll(pictures, (5, -3), axis=(1, 2)), None)
    tiled_values, tiled_gradients = tiled.climb(pictures, Shift(5, -3))
    np.testing.assert_allclose(tiled_values, values, rtol=1e-4)
    expected = np.roll(gradients, (-5, 3), axis=(1, 2))
    np.testing.assert_allclose(tiled_gradients, expected, atol=1e-5 * np.abs(gradients).max())


def test_regions_overlap_no_more_than_they_must():
    """Cells 0 to 127 see the pixels up to 521: 524, a multiple of the stride, are enough for each half."""
    field = Field(Span(4, -10, 13), Span(4, -10, 13))
    size, cells = (1024, 512), (256, 128)
    region = region_size(field, size, cells, 700 * 700)
    assert region == (524, 512)
    assert len(blocks_of(field, size, cells, region)) == 2


@pytest.mark.parametrize("edges", ["grey", "reflect", "wrap"])
@pytest.mark.parametrize(
    "transforms",
    [
        (Pad(6), Jitter(4), Scale(0.8, 1.25), Rotate(20), Jitter(2)),
        (Jitter(200), Pad(4), Scale(0.4, 0.5)),
        (Pad(3),),
        (Jitter(4), Jitter(9)),
    ],
    ids=["lucid", "shrunk", "padded", "jittered"],
)
def test_large_pictures_go_through_the_same_transforms(monkeypatch, transforms, edges):
    monkeypatch.setattr("artforge.engine.ascent.large_views.PIXELS_AT_ONCE", 300)  # several strips
    model, size = network_of("vgg"), (64, 80)
    pictures = np.random.default_rng(3).random((2, *size, 3), dtype=np.float32)
    objectives = [channel("last", 1), channel("last", 2) + neuron("last", 0)]
    form, numbers = form_of(objectives, model)
    whole, tiled = (
        Slopes(model, form, numbers, size, transforms, edges, memory)
        for memory in (1e9, Slopes(model, form, numbers, size, transforms, edges).bytes_per_picture / 3.5)
    )
    assert tiled.is_tiled
    for seed in (1, 2):
        values, gradients = whole.climb(pictures, whole.view(np.random.default_rng(seed)))
        tiled_values, tiled_gradients = tiled.climb(pictures, tiled.view(np.random.default_rng(seed)))
        np.testing.assert_allclose(tiled_values, values, rtol=1e-4)
        np.testing.assert_allclose(tiled_gradients, gradients, atol=1e-5 * np.abs(gradients).max())
    still, tiled_still = whole.climb(pictures, whole.still_view()), tiled.climb(pictures, tiled.still_view())
    np.testing.assert_allclose(tiled_still[0], still[0], rtol=1e-4)


def test_noise_on_large_pictures_has_its_spread_and_comes_again():
    view = sample_large_view((Pad(2), Noise(0.1)), (60, 70), (64, 74), np.random.default_rng(1))
    plain = sample_large_view((Pad(2),), (60, 70), (64, 74), np.random.default_rng(1))
    picture = np.random.default_rng(2).random((60, 70, 3), dtype=np.float32)
    noise = view.look(picture) - plain.look(picture)
    assert noise.std() == pytest.approx(0.1, rel=0.03)
    np.testing.assert_array_equal(view.look(picture), view.look(picture))


def test_crops_of_a_large_picture_are_refused():
    model, size = network_of("vgg"), (64, 80)
    form, numbers = form_of([channel("last", 1)], model)
    slopes = Slopes(model, form, numbers, size, (Crop(0.3, 0.6),), "reflect", 1e3)
    with pytest.raises(ModelError, match="without crops"):
        slopes.is_tiled  # noqa: B018 - it is asked


def test_a_dead_filter_of_a_large_picture_is_found_and_helped():
    keras = load_keras()
    picture = keras.Input((None, None, 3))
    maps = keras.layers.Conv2D(2, 3, padding="same", activation="relu", name="last")(picture)
    network = keras.Model(picture, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(maps)))
    kernel = np.full((3, 3, 3, 2), 0.1, np.float32)
    network.get_layer("last").set_weights([kernel, np.float32([0, -1.4])])
    model = wrap_model(network, input_size=(32, 32))
    ascent = Ascent(Pixels(), (Jitter(3),), (), PlainStep(0.02), num_steps=20)
    lives, helped = ascend(
        [channel("last", 0), channel("last", 1)], model=model, ascent=ascent, size=(64, 64), memory=1e5
    )
    assert (lives.was_dead, helped.was_dead) == (False, True)
    assert not helped.is_dead
    assert helped.values[-1] > 0


def test_a_layer_that_sees_the_whole_picture_cannot_be_tiled():
    keras = load_keras()
    picture = keras.Input((None, None, 3))
    maps = conv(picture)
    gate = keras.layers.Reshape((1, 1, 4))(keras.layers.GlobalAveragePooling2D(name="whole")(maps))
    maps = keras.layers.Conv2D(4, 1, name="late")(keras.layers.Multiply()([maps, gate]))
    network = keras.Model(picture, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(maps)))
    model = wrap_model(network, input_size=(32, 32))
    with pytest.raises(ModelError, match=r"whole.*earlier layer"):
        receptive_field(model.graph, "late", (32, 32))


def test_a_seam_is_what_differs_from_the_steps_inside():
    across = np.sin(2 * np.pi * np.arange(64) / 64).astype(np.float32) * 0.4 + 0.5
    seamless = np.broadcast_to(across[None, :, None], (64, 64, 3)) * np.float32(1)
    steps = 0.4 * np.abs(np.diff(np.sin(2 * np.pi * np.arange(65) / 64)))  # the last one goes over the joint
    assert seam_visibility(seamless)[1] == pytest.approx(steps[-1] / steps[:-1].mean(), rel=1e-4)
    ramp = np.broadcast_to(np.linspace(0, 1, 64, dtype=np.float32)[None, :, None], (64, 64, 3))
    assert seam_visibility(ramp)[1] == pytest.approx(63, rel=1e-3)
    assert seam_visibility(ramp.swapaxes(0, 1))[0] == pytest.approx(63, rel=1e-3)
    assert seam_visibility(np.full((9, 9, 3), 0.5, np.float32)) == (1.0, 1.0)
