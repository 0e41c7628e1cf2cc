from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from artforge.core.errors import ArtforgeError, ChoiceError, ModelError, OutputError, ShapeError
from artforge.core.work import Work, working
from artforge.engine.ascent.ascend import ascend, begin
from artforge.engine.ascent.budget import Budget, Until, distance_between
from artforge.engine.ascent.checkpoint import StateFile
from artforge.engine.ascent.deprocess import Finish
from artforge.engine.ascent.fourier import Fourier
from artforge.engine.ascent.maco import Maco
from artforge.engine.ascent.objectives import (
    alignment,
    caricature,
    channel,
    class_score,
    diversity,
    layer_energy,
    neuron,
)
from artforge.engine.ascent.optimisers import Adam, PlainStep, RmsProp
from artforge.engine.ascent.pixels import Pixels
from artforge.engine.ascent.presets import maco
from artforge.engine.ascent.regularisers import Blur, LpNorm, ToStart, TotalVariation
from artforge.engine.ascent.settings import Ascent
from artforge.engine.ascent.slopes import Slopes
from artforge.engine.ascent.transforms import Crop, Jitter, Noise, Pad, Rotate, Scale
from artforge.engine.attention.feature_maps import feature_maps
from artforge.engine.backend import load_keras
from artforge.engine.models.handle import wrap_model

SIZE = (32, 40)
EVERYTHING = (Pad(4), Jitter(2), Scale(0.9, 1.1), Rotate(8), Jitter(1), Noise(0.05))
PIXELS = Ascent(parameterisation=Pixels(), optimiser=PlainStep(0.02), num_steps=12)
LUCID = Ascent(transforms=EVERYTHING, num_steps=12)


def start_image(seed=1, size=SIZE):
    return np.random.default_rng(seed).random((*size, 3), dtype=np.float32) * np.float32(0.9) + np.float32(0.05)


@pytest.mark.parametrize(
    "objective",
    [channel("late", 3), neuron("inner", 1), layer_energy("late"), class_score("blue"), -channel("inner_2", 2)],
)
@pytest.mark.parametrize(
    "ascent", [PIXELS, LUCID, replace(LUCID, parameterisation=Maco())], ids=["pixels", "lucid", "maco"]
)
def test_each_objective_climbs(residual, objective, ascent):
    still = replace(ascent, transforms=(), num_steps=24)
    [result] = ascend([objective], model=residual, ascent=still, size=SIZE, seed=3)
    assert len(result.values) == result.num_steps == 24
    assert result.values[-1] > result.values[0]
    assert result.picture.shape == (*SIZE, 3)
    assert result.picture.dtype == np.float32
    assert result.picture.min() >= 0
    assert result.picture.max() <= 1
    assert np.abs(result.picture - result.picture.mean()).max() > 0.01


@pytest.mark.parametrize("parameterisation", [Pixels(), Pixels(bound="sigmoid"), Fourier(), Maco()], ids=repr)
def test_with_a_step_of_zero_the_start_comes_back_bit_for_bit(residual, parameterisation):
    ascent = Ascent(
        parameterisation=parameterisation,
        transforms=(*EVERYTHING, Crop(0.5, 0.9, views=2)),
        regularisers=(TotalVariation(1), LpNorm(1), ToStart(1), Blur(1)),
        optimiser=Adam(rate=0),
        num_steps=5,
    )
    [result] = ascend([channel("late", 0)], model=residual, ascent=ascent, start_images=[start_image()])
    parameters = parameterisation.of_pictures(start_image()[None])
    np.testing.assert_array_equal(result.raw, parameterisation.pictures(parameters, SIZE)[0])


@pytest.mark.parametrize("ascent", [PIXELS, LUCID], ids=["pixels", "lucid"])
def test_a_batch_is_so_many_single_ascents(residual, ascent):
    objectives = [channel("late", 1), channel("late", 6), class_score("red")]
    together = ascend(objectives, model=residual, ascent=ascent, size=SIZE, seed=5)
    for number, objective in enumerate(objectives):
        [alone] = ascend([objective], model=residual, ascent=ascent, size=SIZE, seed=5)
        np.testing.assert_allclose(together[number].raw, alone.raw, atol=2e-3)
        np.testing.assert_allclose(together[number].values, alone.values, rtol=1e-3, atol=1e-5)


def test_the_same_seed_is_the_same_picture_and_another_is_not(residual):
    pictures = [
        ascend([channel("late", 1)], model=residual, ascent=LUCID, size=SIZE, seed=seed)[0].picture
        for seed in (4, 4, 5)
    ]
    np.testing.assert_array_equal(pictures[0], pictures[1])
    assert np.abs(pictures[0] - pictures[2]).max() > 0.02


def test_little_memory_gives_the_same_pictures(residual):
    objectives = [channel("late", index) for index in range(5)]
    whole = ascend(objectives, model=residual, ascent=PIXELS, size=SIZE)
    parts = ascend(objectives, model=residual, ascent=PIXELS, size=SIZE, memory=1.2e6)
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_allclose(one.raw, other.raw, atol=1e-4)


def test_pictures_of_a_diverse_batch_begin_apart_and_stay_further_apart(residual):
    def apart(weight):
        objectives = [channel("late", 3) + weight * diversity("late")] * 3
        ascent = replace(PIXELS, num_steps=40)
        results = ascend(objectives, model=residual, ascent=ascent, size=SIZE)
        grams = []
        for result in results:
            maps = feature_maps(np.clip(result.raw, 0, 1), model=residual, layer="late").reshape(-1, 8)
            gram = maps.T @ maps
            grams.append(gram / np.linalg.norm(gram))
        return 1 - np.mean([np.sum(grams[one] * grams[other]) for one, other in ((0, 1), (0, 2), (1, 2))])

    assert apart(50.0) > 1.5 * apart(0.0) > 0
    equal = ascend([channel("late", 3)] * 2, model=residual, ascent=PIXELS, size=SIZE)
    np.testing.assert_allclose(equal[0].raw, equal[1].raw, atol=1e-5)


def test_a_picture_that_has_stopped_is_still_looked_at_by_its_neighbours(residual):
    images = [start_image(seed) for seed in range(3)]
    objectives = [channel("late", 3) + 50.0 * alignment("late")] * 3
    run = begin(objectives, model=residual, ascent=PIXELS, start_images=images)
    values = run.take_step(None)
    again = begin(objectives, model=residual, ascent=PIXELS, start_images=images)
    again.active[1] = False
    np.testing.assert_allclose(again.take_step(None), values[[0, 2]], rtol=1e-5)
    np.testing.assert_allclose(again.parameters[[0, 2]], run.parameters[[0, 2]], atol=1e-6)
    np.testing.assert_array_equal(again.parameters[1], images[1])


def test_alignment_holds_neighbours_together(residual):
    images = [start_image(seed) for seed in range(3)]

    def apart(weight):
        objectives = [channel("late", number) + weight * alignment("late") for number in range(3)]
        results = ascend(objectives, model=residual, ascent=PIXELS, start_images=images)
        return np.mean([np.abs(results[number].raw - results[number + 1].raw).mean() for number in range(2)])

    assert apart(50.0) < apart(0.0)


def test_regularisers_hold_back_what_they_name(residual):
    def roughness(*regularisers):
        ascent = replace(PIXELS, regularisers=regularisers, num_steps=30)
        [result] = ascend([channel("late", 1)], model=residual, ascent=ascent, start_images=[start_image()])
        return np.abs(np.diff(result.raw, axis=0)).mean(), np.abs(result.raw - start_image()).mean()

    free, far = roughness()
    assert roughness(TotalVariation(1e4))[0] < 0.7 * free
    assert roughness(Blur(1e4))[0] < 0.7 * free
    assert roughness(ToStart(1e5))[1] < 0.5 * far


def test_a_path_is_kept_and_begins_with_the_start(residual):
    [result] = ascend([channel("late", 1)], model=residual, ascent=PIXELS, start_images=[start_image()], keep_every=5)
    assert list(result.path) == [0, 5, 10, 12]
    np.testing.assert_array_equal(result.path[0], start_image())
    np.testing.assert_array_equal(result.path[12], result.raw)


@pytest.mark.parametrize("measure", ["rms", "oklab"])
def test_a_budget_is_never_exceeded_and_nearly_spent(residual, measure):
    small = replace(PIXELS, optimiser=PlainStep(0.005), num_steps=100, finish=Finish("clip"))
    [result] = ascend(
        [channel("late", 1)],
        model=residual,
        ascent=small,
        start_images=[start_image()],
        budget=Budget(0.03, measure),
        keep_every=1,
    )
    spent = distance_between(result.picture, start_image(), measure)
    assert 0.02 < spent <= 0.03
    assert "budget" in result.stopped
    assert result.num_steps < 100
    assert max(result.path) == result.num_steps


def test_it_stops_when_the_network_is_sure(residual):
    [result, other] = ascend(
        [class_score("blue"), -class_score("blue")],
        model=residual,
        ascent=replace(PIXELS, num_steps=400),
        start_images=[start_image()],
        until=Until("blue", 0.9),
    )
    assert residual.probabilities(result.picture)[0, 2] >= 0.9
    assert "blue by 90%" in result.stopped
    assert other.stopped == ""
    assert other.num_steps == 400


def test_every_step_is_told(residual):
    told = []
    [result] = ascend(
        [channel("late", 1)],
        model=residual,
        ascent=PIXELS,
        size=SIZE,
        on_step=lambda step, values: told.append((step, values[0])),
    )
    assert [step for step, _ in told] == list(range(12))
    np.testing.assert_allclose([value for _, value in told], result.values, rtol=1e-6)


class KilledError(Exception):
    pass


@pytest.mark.parametrize("memory", [1e9, 1e5], ids=["whole", "tiled"])
@pytest.mark.parametrize("optimiser", [PlainStep(0.02), Adam(0.02), Adam(0.02, nesterov=True), RmsProp(0.02)], ids=repr)
def test_a_run_that_was_killed_goes_on_to_the_very_same_picture(residual, tmp_path, monkeypatch, optimiser, memory):
    monkeypatch.setattr("artforge.engine.ascent.checkpoint.SAVE_EVERY", 0.0)
    monkeypatch.setattr("artforge.engine.ascent.checkpoint.Checkpoint.is_due", lambda self: True)
    ascent = replace(PIXELS, optimiser=optimiser, transforms=(Jitter(3),))
    settings = {"model": residual, "ascent": ascent, "size": (48, 64), "memory": memory, "keep_every": 4}
    objectives = [channel("late", 1), channel("late", 2)]
    expected = ascend(objectives, **settings)
    calls = 0
    climb = Slopes._climb_block if memory < 1e6 else Slopes.climb

    def interrupted(self, *args, **kwargs):
        nonlocal calls
        calls += 1
        if calls == 9:
            raise KilledError
        return climb(self, *args, **kwargs)

    name = climb.__name__
    monkeypatch.setattr(Slopes, name, interrupted)
    state = tmp_path / "state.npz"
    with pytest.raises(KilledError):
        ascend(objectives, **settings, state_file=state)
    assert state.exists()
    again = ascend(objectives, **settings, state_file=state)
    assert not state.exists()
    for one, other in zip(expected, again, strict=True):
        np.testing.assert_array_equal(one.raw, other.raw)
        assert one.values == other.values
        assert list(one.path) == list(other.path)


def test_the_state_of_another_run_is_not_taken_up(residual, tmp_path):
    state = tmp_path / "state.npz"
    one, other = channel("late", 1), channel("late", 2)
    settings = {"model": residual, "ascent": PIXELS, "size": SIZE}
    ascend([one], **settings, state_file=StateFile(state, stays=True))
    with pytest.raises(OutputError, match="another ascent"):
        ascend([other], **settings, state_file=state)
    [expected] = ascend([other], **settings)
    [found] = ascend([other], **settings, state_file=StateFile(state, spare=True))
    np.testing.assert_array_equal(found.raw, expected.raw)
    state.write_bytes(b"damaged")
    with pytest.raises(OutputError, match="not the state"):
        ascend([other], **settings, state_file=state)
    [found] = ascend([other], **settings, state_file=StateFile(state, spare=True))
    np.testing.assert_array_equal(found.raw, expected.raw)


def test_a_state_that_stays_is_the_end_of_the_run(residual, tmp_path, monkeypatch):
    state = StateFile(tmp_path / "state.npz", stays=True)
    settings = {"model": residual, "ascent": PIXELS, "size": SIZE, "state_file": state}
    [first] = ascend([channel("late", 1)], **settings)
    monkeypatch.setattr(Slopes, "climb", lambda *_, **__: pytest.fail("it was done already"))
    [again] = ascend([channel("late", 1)], **settings)
    np.testing.assert_array_equal(again.raw, first.raw)
    assert again.values == first.values


def test_a_state_that_is_spare_may_fail_to_be_written(residual, tmp_path, monkeypatch):
    monkeypatch.setattr("artforge.engine.ascent.checkpoint.Checkpoint.is_due", lambda self: True)
    in_the_way = tmp_path / "file"
    in_the_way.write_text("no folder")
    settings = {"model": residual, "ascent": PIXELS, "size": SIZE}
    with pytest.raises(OutputError):
        ascend([channel("late", 1)], **settings, state_file=in_the_way / "state")
    [found] = ascend([channel("late", 1)], **settings, state_file=StateFile(in_the_way / "state", spare=True))
    assert np.isfinite(found.raw).all()


def dead_model(*, forever):
    """Filter 0 lives; filter 1 is shut at the start, and opens only for white (or never)."""
    keras = load_keras()
    picture = keras.Input((None, None, 3))
    maps = keras.layers.Conv2D(2, 3, padding="same", activation="relu", name="conv")(picture)
    network = keras.Model(picture, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(maps)))
    kernel = np.full((3, 3, 3, 2), 0.1, np.float32)
    if forever:
        kernel[..., 1] = 0
    network.get_layer("conv").set_weights([kernel, np.asarray([0, -1 if forever else -1.9], np.float32)])
    return wrap_model(network, input_size=(16, 16), class_names=("a", "b"))


def test_a_dead_filter_is_rescued_and_named():
    ascent = replace(PIXELS, parameterisation=Pixels(spread=0.02), num_steps=40)
    alive, dead = ascend([channel("conv", 0), channel("conv", 1)], model=dead_model(forever=False), ascent=ascent)
    assert (alive.was_dead, dead.was_dead) == (False, True)
    assert (alive.is_dead, dead.is_dead) == (False, False)
    assert dead.values[0] == 0
    assert dead.values[-1] > 0
    left = ascend([channel("conv", 1)], model=dead_model(forever=False), ascent=replace(ascent, rescue=False))[0]
    assert left.is_dead
    assert left.values[-1] == 0


def test_a_filter_that_waits_for_a_pattern_is_rescued():
    keras = load_keras()
    picture = keras.Input((None, None, 3))
    maps = keras.layers.Conv2D(1, 3, activation="relu", name="conv")(picture)
    network = keras.Model(picture, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(maps)))
    edge = np.repeat(np.float32([[-1, 0, 1]] * 3)[..., None, None], 3, axis=2)  # no picture of one colour moves it
    network.get_layer("conv").set_weights([edge, np.float32([-2.5])])
    model = wrap_model(network, input_size=SIZE)
    [result] = ascend([channel("conv", 0)], model=model, ascent=replace(PIXELS, num_steps=60))
    assert result.was_dead
    assert not result.is_dead
    assert result.values[-1] > 0.1


@pytest.mark.parametrize("penalty", [TotalVariation(100.0), ToStart(10.0)], ids=repr)
def test_penalties_do_not_make_a_dead_filter_live(penalty):
    ascent = replace(PIXELS, num_steps=60, regularisers=(penalty,))
    [lives, dead] = ascend([channel("conv", 0), channel("conv", 1)], model=dead_model(forever=True), ascent=ascent)
    assert not lives.was_dead
    assert dead.is_dead
    assert "dead" in dead.stopped


def test_a_filter_that_nothing_moves_is_said_to_be_dead():
    [result] = ascend([channel("conv", 1)], model=dead_model(forever=True), ascent=replace(PIXELS, num_steps=60))
    assert result.is_dead
    assert "does not respond" in result.stopped
    np.testing.assert_array_equal(result.raw, result.raw.clip(0.4, 0.6))


def test_a_gradient_that_is_not_a_number_keeps_the_last_good_picture(residual, monkeypatch):
    climb = Slopes.climb
    steps = 0

    def broken(self, pictures, view, **settings):
        nonlocal steps
        values, gradients = climb(self, pictures, view, **settings)
        steps += 1
        if steps > 5 and len(pictures) == 2:
            gradients[0] = np.nan
        return values, gradients

    whole = ascend([channel("late", 3), channel("late", 4)], model=residual, ascent=PIXELS, size=SIZE)
    monkeypatch.setattr(Slopes, "climb", broken)
    bad, good = ascend([channel("late", 3), channel("late", 4)], model=residual, ascent=PIXELS, size=SIZE)
    assert "NaN" in bad.stopped
    assert np.isfinite(bad.raw).all()
    assert bad.num_steps == 4  # the first of the five looked for dead filters
    np.testing.assert_allclose(good.raw, whole[1].raw, atol=1e-4)


def test_a_network_of_one_size_sees_a_larger_picture_fitted_to_it(one_sigmoid):
    [result] = ascend([class_score("wild")], model=one_sigmoid, ascent=PIXELS, size=(50, 36))
    assert result.picture.shape == (50, 36, 3)
    assert result.values[-1] > result.values[0]
    [filters] = ascend([channel("late", 1)], model=one_sigmoid, ascent=PIXELS, size=(50, 36))
    assert filters.values[-1] > filters.values[0]


@pytest.mark.parametrize(
    "ascent",
    [LUCID, PIXELS, replace(PIXELS, finish=Finish("contrast", 0.3))],
    ids=["lucid", "pixels", "contrast"],
)
def test_the_picture_that_is_shown_keeps_to_its_budget(residual, ascent):
    image = start_image()
    settings = {"model": residual, "ascent": replace(ascent, num_steps=60), "start_images": [image]}
    [result] = ascend([channel("late", 3)], **settings, budget=Budget(0.03))
    assert 0.01 < distance_between(result.picture, image, "rms") <= 0.03


def test_a_way_to_write_pictures_that_breaks_the_budget_is_refused(residual):
    settings = {"model": residual, "ascent": maco(num_steps=2), "start_images": [start_image()]}
    with pytest.raises(ChoiceError, match=r"the budget of 0.02 \(rms\) cannot be kept.*another preset"):
        ascend([channel("late", 3)], **settings, budget=Budget(0.02))


def test_a_run_in_regions_is_not_taken_up_with_other_regions(residual, tmp_path, monkeypatch):
    monkeypatch.setattr("artforge.engine.ascent.checkpoint.Checkpoint.is_due", lambda self: True)
    settings = {"model": residual, "ascent": PIXELS, "size": (48, 64), "state_file": tmp_path / "state"}
    climb, calls = Slopes._climb_block, []

    def interrupted(self, *args):
        calls.append(1)
        if len(calls) == 5:
            raise KilledError
        return climb(self, *args)

    monkeypatch.setattr(Slopes, "_climb_block", interrupted)
    with pytest.raises(KilledError):
        ascend([channel("late", 3)], **settings, memory=1e5)
    with pytest.raises(OutputError, match="another ascent"):
        ascend([channel("late", 3)], **settings, memory=2e5)


def test_which_picture_a_mask_or_a_caricature_belongs_to_is_part_of_the_run(residual, tmp_path):
    one, other = start_image(1), start_image(2)
    likenesses = [caricature("late", image) for image in (one, other)]
    half = np.zeros(SIZE, np.float32)
    half[:, :9] = 1
    wanted = channel("late", 3)
    for first, second in (
        ([likenesses[0], likenesses[1], likenesses[0]], [likenesses[0], likenesses[1], likenesses[1]]),
        ([wanted.within(half), wanted], [wanted, wanted.within(half)]),
    ):
        state = StateFile(tmp_path / f"{len(first)}", stays=True)
        settings = {"model": residual, "ascent": PIXELS, "size": SIZE, "state_file": state}
        ascend(first, **settings)
        with pytest.raises(OutputError, match="another ascent"):
            ascend(second, **settings)


def test_a_picture_smaller_than_what_a_filter_sees_is_told(residual):
    told = []
    with working(Work(noticed=told.append)):
        ascend([channel("late", 3)], model=residual, ascent=PIXELS, size=(8, 40))
        ascend([channel("late", 3)], model=residual, ascent=PIXELS, size=(40, 40))
    [notice] = told
    assert "a picture of 8x40 is smaller than the 16x16 pixels that a filter of late sees" in notice


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"model": "hand_vs_algo"}, "load_model"),
        ({"ascent": maco}, r"call it, as in lucid\(\)"),
        ({"ascent": "lucid"}, "presets.lucid"),
        ({"objectives": ["late"]}, "an objective is made by channel"),
        ({"memory": 0}, "memory is a number of bytes above 0"),
        ({"memory": "1GB"}, "memory is a number of bytes above 0"),
        ({"size": 64}, r"a size is \(height, width\)"),
        ({"size": (64.5, 64)}, r"a size is \(height, width\)"),
        ({"size": (10**7, 10**7)}, "at most 1074 million"),
        ({"start_images": ["x.png"]}, "read_picture"),
    ],
)
def test_what_is_easily_mistaken_is_told(residual, wrong, told):
    settings = {"objectives": [channel("late", 3)], "model": residual, "ascent": PIXELS} | wrong
    with pytest.raises(ArtforgeError, match=told):
        ascend(settings.pop("objectives"), **settings)


def test_a_picture_that_cannot_be_cut_is_refused_before_anything_is_drawn(residual, monkeypatch):
    monkeypatch.setattr(Pixels, "noise", lambda *_: pytest.fail("it was drawn"))
    with pytest.raises(ModelError, match="Make it smaller"):
        ascend([class_score("blue")], model=residual, ascent=PIXELS, size=(30000, 30000))


def test_a_gradient_too_large_for_its_square_keeps_the_last_good_picture(residual):
    [result] = ascend([channel("late", 3) * 1e30], model=residual, ascent=PIXELS, size=SIZE)
    assert "above 1e+18" in result.stopped
    assert np.isfinite(result.raw).all()


def test_what_cannot_be_is_refused(residual):
    with pytest.raises(ChoiceError, match="keep_every keeps a picture every so many steps"):
        ascend([channel("late", 3)], model=residual, ascent=PIXELS, size=SIZE, keep_every=0)
    with pytest.raises(ChoiceError, match="at least 1 step, received 0"):
        replace(PIXELS, num_steps=0)
    with pytest.raises(ShapeError, match="at least 4 pixels"):
        ascend([channel("late", 0)], model=residual, ascent=PIXELS, size=(3, 40))
    with pytest.raises(ShapeError, match=r"2 start images"):
        ascend([channel("late", 0)] * 3, model=residual, ascent=PIXELS, start_images=[start_image(), start_image()])
    with pytest.raises(ShapeError, match="leave it out"):
        ascend([channel("late", 0)], model=residual, ascent=PIXELS, start_images=[start_image()], size=(9, 9))
    with pytest.raises(ShapeError, match=r"\[0, 1\]"):
        ascend([channel("late", 0)], model=residual, ascent=PIXELS, start_images=[start_image() * 255])
    with pytest.raises(ChoiceError, match="budget"):
        Budget(0)
    with pytest.raises(ChoiceError, match="between 0 and 1"):
        Until("red", 1.0)
    with pytest.raises(ModelError, match="one piece"):
        ascend([class_score("red")], model=residual, ascent=PIXELS, size=(64, 64), memory=1e4)
