"""The steps of recipes that grow pictures: what must hold for all of them, and what each promises."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from artforge.core.errors import ArtforgeError, ChoiceError
from artforge.core.seeds import generator
from artforge.core.steps import find_step
from artforge.core.values import array_fault
from artforge.core.work import Work, working
from artforge.engine.ascent.ascend import ascend
from artforge.engine.ascent.budget import distance_between
from artforge.engine.ascent.dream_step import caricature_step, dream_step
from artforge.engine.ascent.grid_step import filter_grid
from artforge.engine.ascent.groups import bytes_of
from artforge.engine.ascent.morph_step import morph, zoom_step
from artforge.engine.ascent.objectives import channel, class_score
from artforge.engine.ascent.pattern_step import ascend_step
from artforge.engine.ascent.presets import chollet
from artforge.engine.ascent.pull_step import pull_step, ramp
from artforge.engine.ascent.run import Run
from artforge.engine.ascent.shelf import SHELF
from artforge.engine.ascent.tuning import Penalties
from artforge.engine.ascent.variations_step import variations
from artforge.engine.attention.feature_maps import feature_maps
from artforge.engine.backend import load_keras
from artforge.engine.models.handle import wrap_model
from artforge.recipes.steps import load_steps

load_steps()
SIZE = 32
STEPS = {
    "ascend": {"layer": "late", "filter": 3, "size": SIZE, "num_steps": 4},
    "filter_grid": {"layer": "late", "tile": 16, "columns": 2, "rows": 2, "num_steps": 3},
    "dream": {"layer": "late", "num_octaves": 2, "num_steps": 3},
    "caricature": {"layer": "late", "num_octaves": 2, "num_steps": 3},
    "pull": {"left": "red", "right": "blue", "size": SIZE, "num_steps": 4},
    "morph": {"layer": "late", "filters": [3, 4], "num_frames": 4, "steps_per_frame": 2, "num_steps": 3, "size": SIZE},
    "zoom": {"layer": "late", "num_frames": 3, "steps_per_frame": 2},
    "variations": {"layer": "late", "filter": 3, "tile": 24, "count": 3, "num_steps": 4},
}


@pytest.fixture
def painting(paint):
    return paint(3, 40, 56)


def run_step(name, model, image, seed=0, **others):
    step = find_step(name)
    needs = [one.name for one in step.inputs if not one.optional]
    settings = STEPS[name] | others
    return step.function(*[image] * len(needs), model=model, rng=generator(seed), **settings)


@pytest.mark.parametrize("name", STEPS)
def test_every_step_gives_an_image_and_leaves_what_flows_in_alone(residual, painting, name):
    before = painting.copy()
    painting.setflags(write=False)  # as it comes out of the cache
    picture = run_step(name, residual, painting)
    assert array_fault(picture, find_step(name).output) is None
    np.testing.assert_array_equal(painting, before)
    assert picture.std() > 0.005


@pytest.mark.parametrize("name", STEPS)
def test_the_same_seed_gives_the_same_bytes_and_another_does_not(residual, painting, name):
    first, again, other = (run_step(name, residual, painting, seed) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("name", STEPS)
def test_every_step_says_what_it_does(name):
    text = inspect.getdoc(find_step(name).function) or ""
    assert len(text.partition("\n")[0]) > 15
    for setting in find_step(name).settings:
        assert setting in text, f"{setting} is not told of"


@pytest.mark.parametrize("name", STEPS)
def test_every_step_says_how_far_it_is(residual, painting, name):
    told = []
    with working(Work(advanced=lambda share, how: told.append((share, how)))):
        run_step(name, residual, painting, seed=99)  # no film of another test
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    assert told[-1][0] == pytest.approx(1)
    assert "value" in told[0][1]


@pytest.mark.parametrize("name", ["dream", "caricature"])
def test_a_dream_keeps_the_size_and_changes_the_picture(residual, painting, name):
    dreamt = run_step(name, residual, painting)
    assert dreamt.shape == painting.shape
    assert 0.003 < np.abs(dreamt - painting).mean() < 0.3


def test_a_dream_is_stronger_in_what_it_dreams_of(residual, painting):
    def response(picture):
        [result] = ascend([channel("late", 3)], model=residual, ascent=chollet(num_steps=1), start_images=[picture])
        return result.values[0]

    dreamt = dream_step(painting, model=residual, layer="late", filter=3, num_steps=5, rng=generator(0))
    assert response(dreamt) > 1.1 * response(painting)


def test_ascend_is_the_engine_with_the_step_s_own_seed(residual):
    picture = ascend_step(model=residual, layer="late", filter=3, preset="chollet", num_steps=5, rng=generator(7))
    seed = int(generator(7).integers(2**62))
    [expected] = ascend([channel("late", 3)], model=residual, ascent=chollet(num_steps=5), seed=seed)
    np.testing.assert_array_equal(picture, expected.picture)


def test_a_picture_may_be_a_rectangle(residual):
    picture = ascend_step(
        model=residual, layer="late", filter=4, size=48, height=20, num_steps=2, num_octaves=2, rng=generator(0)
    )
    assert picture.shape == (20, 48, 3)


def test_a_budget_holds_and_is_told(residual, painting):
    told = []
    with working(Work(noticed=told.append)):
        changed = ascend_step(
            painting, model=residual, layer="late", filter=4, preset="chollet", budget=0.02, rng=generator(0)
        )
    # `chollet` shows its pictures at another contrast, the budget is kept by the picture itself
    assert changed.shape == painting.shape
    assert told
    assert "filter 4 of late" in told[0]
    assert "budget of 0.02" in told[0]
    plain = ascend_step(painting, model=residual, layer="late", filter=4, budget=0.02, rng=generator(0))
    assert 0.005 < distance_between(plain, painting, "rms") <= 0.02 + 1e-6


def test_it_stops_when_the_network_is_sure_enough(residual):
    told, shares = [], []
    settings = {"model": residual, "target": "blue", "size": SIZE, "num_steps": 300}
    with working(Work(noticed=told.append, advanced=lambda share, _: shares.append(share))):
        sure = ascend_step(**settings, until=0.5, rng=generator(0))
    assert shares[-1] == 1 > shares[-2]
    assert residual.probabilities(sure)[0, 2] >= 0.5
    assert "the network is sure of blue by 50%" in told[0]


def test_the_way_ends_at_the_picture(residual):
    settings = {"model": residual, "layer": "late", "filter": 3, "size": SIZE, "num_steps": 6}
    whole = ascend_step(**settings, rng=generator(1))
    shares = [ascend_step(**settings, at=at, rng=generator(1)) for at in (0.0, 0.5, 1 - 1e-9)]
    np.testing.assert_array_equal(shares[-1], whole)
    distances = [np.abs(picture - whole).mean() for picture in shares]
    assert distances[0] > distances[1] > 0
    np.testing.assert_array_equal(ascend_step(**settings, at=0.5, rng=generator(1)), shares[1])  # also backwards


def test_a_logit_climbs_where_the_network_is_sure_already_and_a_probability_does_not(keras):
    picture = keras.Input((16, 16, 3))
    maps = keras.layers.Conv2D(4, 3, activation="relu")(picture)
    scores = keras.layers.Dense(2, activation="softmax")(keras.layers.GlobalAveragePooling2D()(maps))
    network = keras.Model(picture, scores)
    keras.utils.set_random_seed(2)
    network.layers[1].set_weights([np.abs(np.random.default_rng(0).normal(0, 1, (3, 3, 3, 4))), np.zeros(4)])
    network.layers[-1].set_weights([np.asarray([[90.0, -90.0]] * 4), np.zeros(2)])
    model = wrap_model(network, class_names=("sure", "never"))
    told = {}
    for output in ("logit", "probability"):
        try:
            ascend_step(model=model, target="sure", output=output, preset="chollet", num_steps=3, rng=generator(0))
            told[output] = "grown"
        except ChoiceError as error:
            told[output] = str(error)
    assert told["logit"] == "grown"
    assert "the class sure: nothing to grow" in told["probability"]


def test_penalties_make_a_smoother_picture(residual):
    def roughness(tv):
        picture = ascend_step(
            model=residual,
            layer="late",
            filter=3,
            num_steps=40,
            penalties=Penalties(tv=tv, lp=0),
            rng=generator(0),
        )
        return np.abs(np.diff(picture, axis=0)).mean()

    assert roughness(64.0) < 0.8 * roughness(0.0)


def test_a_network_that_sees_grey_gets_a_grey_picture(keras):
    picture = keras.Input((20, 20, 1))
    maps = keras.layers.Conv2D(4, 3, name="conv")(picture)
    network = keras.Model(picture, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(maps)))
    for preset in ("keras_vis", "lucid", "chollet"):
        grown = ascend_step(
            model=wrap_model(network), layer="conv", filter=1, preset=preset, num_steps=8, rng=generator(0)
        )
        assert np.abs(grown - grown.mean(axis=-1, keepdims=True)).max() < 1e-4
        assert grown.std() > 0.01


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"layer": "late", "filter": 8}, "no filter 8: it has 8, numbered 0 to 7"),
        ({"layer": "lat", "filter": 0}, "did you mean 'late'"),
        ({"target": "gren"}, "did you mean 'green'"),
        ({"filter": 4, "target": "red"}, "filter and target are given"),
        ({"filters": {"1": 0.0}}, "asks for nothing"),
        ({"alone": True, "target": "red"}, "alone: true"),
        ({"output": "probability", "layer": "late", "filter": 1}, "say which as target"),
        ({"target": "red", "spectrum": "."}, "spectrum is for the preset maco; the preset is lucid"),
        ({"target": "red", "budget": 0.1}, "let one flow in"),
        ({"layer": "late", "filter": 1, "until": 0.5}, "say which as target"),
        ({"target": "red", "until": 0.5, "num_octaves": 2}, "until and num_octaves need the whole way"),
        ({"target": "red", "until": 0.5, "at": 0.5}, "until needs the whole way"),
        ({"target": "red", "gradient": "l2"}, "is for presets with plain steps"),
        ({"target": "red", "finish": "stretch", "budget": 0.1}, "held to a budget is shown as it is"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_settings_that_do_not_go_together_say_so(residual, settings, told):
    with pytest.raises(ArtforgeError, match=told):
        ascend_step(model=residual, size=SIZE, rng=generator(0), **settings)


def test_octaves_are_for_noise(residual, painting):
    with pytest.raises(ChoiceError, match="use the step dream"):
        ascend_step(painting, model=residual, target="red", num_octaves=2, rng=generator(0))


def half_dead(*, all_dead=False):
    """Filter 1 of 3 (or every one) is shut for good."""
    keras = load_keras()
    picture = keras.Input((None, None, 3))
    maps = keras.layers.Conv2D(3, 3, padding="same", activation="relu", name="conv")(picture)
    network = keras.Model(picture, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(maps)))
    kernel = np.random.default_rng(0).uniform(0.05, 0.2, (3, 3, 3, 3)).astype(np.float32)
    kernel[..., slice(None) if all_dead else 1] = 0
    network.get_layer("conv").set_weights([kernel, np.full(3, -0.1, np.float32)])
    return wrap_model(network, input_size=(24, 24))


def asleep():
    """A filter that responds to no grey, and to white."""
    model = half_dead()
    kernel, _ = model.keras_model.get_layer("conv").get_weights()
    kernel[:] = 0.1
    model.keras_model.get_layer("conv").set_weights([kernel, np.full(3, -1.8, np.float32)])  # white gives 2.7
    return model


@pytest.mark.parametrize(
    "settings",
    [
        {"num_steps": 40},
        {"num_steps": 20},
        {"num_steps": 40, "preset": "keras_vis"},
        {"num_steps": 40, "penalties": Penalties(tv=1.0)},
        {"num_steps": 40, "size": 64, "num_octaves": 2},
        {"num_steps": 20, "at": 0.9},
        {"num_steps": 60, "at": 0.3},
        {"num_steps": 60, "at": 0.0, "preset": "chollet"},
        {"num_steps": 40, "at": 0.99, "penalties": Penalties(tv=1.0)},
    ],
    ids=str,
)
def test_a_dead_filter_is_an_error_by_name_and_never_a_grey_picture(settings):
    with pytest.raises(ChoiceError, match=r"filter 1 of conv: nothing to grow.*artforge atlas"):
        ascend_step(model=half_dead(), layer="conv", filter=1, rng=generator(0), **({"size": SIZE} | settings))


def test_a_dead_filter_is_an_error_by_name_in_every_step(painting):
    model, named = half_dead(), "filter 1 of conv: nothing to grow"
    with pytest.raises(ChoiceError, match=f"^{named}"):
        morph(model=model, layer="conv", filters=[0, 1], num_frames=2, num_steps=40, size=16, rng=generator(0))
    with pytest.raises(ChoiceError, match=f"^{named}"):
        zoom_step(painting, model=model, layer="conv", filter=1, num_frames=2, rng=generator(0))
    with pytest.raises(ChoiceError, match=f"^{named}"):
        dream_step(painting, model=model, layer="conv", filter=1, num_steps=40, num_octaves=1, rng=generator(0))
    with pytest.raises(ChoiceError, match=f"^{named}"):
        variations(model=model, layer="conv", filter=1, num_steps=40, tile=16, rng=generator(0))
    for left, right in ((1, 0), (0, 1), (1, 1)):
        with pytest.raises(ChoiceError, match=f"^{named}"):
            pull_step(model=model, layer="conv", left_filter=left, right_filter=right, size=16, rng=generator(0))


def test_a_side_of_a_pull_that_does_not_respond_is_named():
    told, settings = [], {"layer": "conv", "left_filter": 0, "right_filter": 2, "preset": "chollet", "size": 24}
    with working(Work(noticed=told.append)):
        pull_step(np.full((24, 24, 3), 0.6, np.float32), model=asleep(), num_steps=40, rng=generator(0), **settings)
    named = [f"filter {side} of conv does not respond to the start: its part may stay as it begins" for side in (0, 2)]
    assert told[:2] == named


@pytest.mark.parametrize("name", ["ascend", "morph", "zoom"])
def test_that_a_filter_had_to_be_helped_is_said_once_for_a_film(name):
    told, model, grey = [], asleep(), np.full((24, 24, 3), 0.4, np.float32)
    settings = {"layer": "conv", "filter": 1, "filters": None, "num_steps": 40, "size": 24, "num_frames": 6}
    keys = {
        "ascend": ("layer", "filter", "num_steps", "size"),
        "morph": ("layer", "num_steps", "size", "num_frames"),
        "zoom": ("layer", "filter", "num_frames"),
    }
    chosen = {key: settings[key] for key in keys[name]} | ({"filters": [1, 2]} if name == "morph" else {})
    chosen |= {"preset": "chollet"} if name != "zoom" else {}
    step = find_step(name)
    flowing = [grey] if name == "zoom" else []
    with working(Work(noticed=told.append)):
        for frame in range(6):
            step.function(*flowing, model=model, rng=generator(0), at=frame / 6, **chosen)
    helped = [message for message in told if "did not respond to the start, and was helped until it did" in message]
    assert helped[0].startswith("filter 1 of conv")
    assert len(told) == len(set(told)) == len(helped) == (2 if name == "morph" else 1)


def test_the_place_of_a_dead_filter_in_a_grid_stays_empty_and_is_named():
    told = []
    settings = {"layer": "conv", "tile": 16, "columns": 3, "rows": 1, "margin": 2, "background": 0.25}
    with working(Work(noticed=told.append)):
        grid = filter_grid(model=half_dead(), num_steps=40, rng=generator(0), **settings)
    assert told == ["filter 1 of conv is dead, no picture moves it: its place stays empty"]
    assert (grid[:, 18:34] == 0.25).all()
    assert grid[:, :16].std() > 0.01
    with pytest.raises(ChoiceError, match="filter 0 of conv, filter 1 of conv, filter 2 of conv: nothing to grow"):
        filter_grid(model=half_dead(all_dead=True), num_steps=40, rng=generator(0), **settings)


def test_a_grid_has_its_tiles_in_rows_with_margins_between(residual):
    settings = {"model": residual, "layer": "late", "preset": "chollet", "num_steps": 3}
    grid = filter_grid(**settings, columns=3, rows=3, tile=20, margin=5, background=1.0, rng=generator(2))
    assert grid.shape == (3 * 20 + 2 * 5, 3 * 20 + 2 * 5, 3)
    seed = int(generator(2).integers(2**62))
    results = ascend(
        [channel("late", index) for index in range(8)],
        model=residual,
        ascent=chollet(num_steps=3),
        size=(20, 20),
        seed=seed,
    )
    np.testing.assert_array_equal(grid[25:45, 50:70], results[5].picture)
    assert (grid[50:, 50:] == 1).all()  # the layer has eight filters
    assert (grid[20:25] == 1).all()
    assert (grid[:, 45:50] == 1).all()


def test_a_grid_climbs_in_groups_to_the_same_pictures(residual, monkeypatch):
    settings = {"model": residual, "layer": "late", "columns": 4, "rows": 2, "tile": 24, "num_steps": 3}
    expected = filter_grid(**settings, rng=generator(2))
    groups, told = [], []

    def grouped(objectives, **others):
        groups.append(len(objectives))
        return ascend(objectives, **others)

    monkeypatch.setattr("artforge.engine.ascent.grid_step.ascend", grouped)
    monkeypatch.setattr("artforge.engine.ascent.groups.CLIMBING_MEMORY", 3 * 16 * bytes_of((24, 24)))
    with working(Work(advanced=lambda share, _: told.append(share))):
        found = filter_grid(**settings, rng=generator(2))
    assert groups == [3, 3, 2]
    np.testing.assert_allclose(found, expected, atol=1e-4)
    np.testing.assert_allclose(told, [*np.arange(1, 10) / 9, 1])


def test_variations_differ_more_the_more_they_are_pushed_apart(residual):
    def likeness(weight):
        settings = {"layer": "late", "filter": 3, "tile": 32, "count": 2, "margin": 0, "num_steps": 60}
        grid = variations(model=residual, diversity=weight, rng=generator(1), **settings)
        assert grid.shape == (32, 64, 3)
        [one, other] = (feature_maps(part, model=residual, layer="late") for part in (grid[:, :32], grid[:, 32:]))
        first, second = (np.einsum("hwc,hwd->cd", maps, maps) for maps in (one, other))
        return float((first * second).sum() / np.linalg.norm(first) / np.linalg.norm(second))

    assert likeness(100.0) < likeness(0.0) - 0.01


def test_variations_that_do_not_fit_together_into_memory_say_so(residual):
    with pytest.raises(ChoiceError, match=r"64 pictures of 1024x1024 .* memory allows for 4: take fewer"):
        variations(model=residual, count=64, tile=1024, rng=generator(0))


def test_a_picture_is_shown_as_it_is_asked_for(residual):
    settings = {"model": residual, "layer": "late", "filter": 3, "preset": "chollet", "num_steps": 5}
    shown = {
        finish: ascend_step(**settings, size=SIZE, finish=finish, rng=generator(7))
        for finish in (None, "clip", "contrast", "stretch")
    }
    np.testing.assert_array_equal(shown[None], shown["contrast"])
    assert shown["contrast"].std() == pytest.approx(0.1, abs=0.01)
    assert np.mean(shown["stretch"] == 0) == pytest.approx(0.002, abs=0.001)
    assert np.ptp(shown["stretch"]) == 1 > np.ptp(shown["clip"])
    del settings["filter"]
    grid = filter_grid(**settings, tile=16, columns=2, rows=1, margin=0, finish="stretch", rng=generator(7))
    assert np.ptp(grid[:, :16]) == 1


def test_a_joint_that_can_be_seen_is_told_and_one_that_cannot_is_not(residual, monkeypatch):
    told = []
    settings = {"model": residual, "layer": "late", "filter": 4, "size": 64, "num_steps": 20}
    with working(Work(noticed=told.append)):
        ascend_step(**settings, seamless=True, rng=generator(2))
        assert not told
        monkeypatch.setattr("artforge.engine.ascent.pattern_step.made_seamless", lambda ascent: ascent)
        ascend_step(**settings, seamless=True, rng=generator(2))
    assert len(told) == 1
    assert told[0].startswith("filter 4 of late: where it is laid edge to edge the joint can be seen, as a step ")


def test_chollet_s_grid_is_eight_by_eight_with_five_pixels_between():
    settings = find_step("filter_grid").settings
    assert [settings[name].default for name in ("columns", "rows", "margin", "preset")] == [8, 8, 5, "chollet"]


def test_each_side_of_a_pull_goes_its_own_way(residual):
    pulled = pull_step(
        model=residual, left="red", right="blue", softness=0.0, size=48, num_steps=30, preset="chollet",
        rng=generator(0),
    )  # fmt: skip
    left, right = pulled[:, :24], pulled[:, 24:]

    def leaning(part):
        [values] = residual.probabilities(part)
        return values[0] - values[2]

    assert leaning(left) > leaning(right)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"left": "red"}, "say what pulls on the right"),
        ({"left": "red", "left_filter": 1, "right": "blue"}, "say what pulls on the left"),
        ({"left": "red", "right": "blu"}, "did you mean 'blue'"),
    ],
)
def test_a_pull_needs_one_thing_for_each_side(residual, wrong, told):
    with pytest.raises(ChoiceError, match=told):
        pull_step(model=residual, rng=generator(0), **wrong)


def test_ramps_by_hand():
    np.testing.assert_allclose(ramp((1, 4), 0, 0.5, 1.0)[0], [0.04296875, 0.31640625, 0.68359375, 0.95703125])
    np.testing.assert_allclose(ramp((4, 1), 90, 0.5, 0.0)[:, 0], [1, 1, 0, 0])
    np.testing.assert_allclose(ramp((2, 4), 180, 0.75, 0.0)[0], [1, 0, 0, 0])


def test_a_morph_closes_and_moves_smoothly(residual):
    settings = STEPS["morph"] | {"num_frames": 12, "num_steps": 12}
    frames = [morph(model=residual, at=frame / 12, rng=generator(3), **settings) for frame in range(12)]
    steps = [np.abs(frames[index] - frames[index - 1]).mean() for index in range(12)]  # the first one closes the ring
    assert steps[0] <= 1.5 * max(steps[1:])
    assert min(steps) > 0
    np.testing.assert_array_equal(morph(model=residual, at=1.0, rng=generator(3), **settings), frames[0])


def test_a_zoom_enlarges_the_middle(residual, painting):
    settings = {"layer": "late", "num_frames": 3, "steps_per_frame": 1, "zoom": 2.0}
    frames = [zoom_step(painting, model=residual, at=at, rng=generator(0), **settings) for at in (0.0, 0.4)]
    centre = frames[0][10:30, 14:42]
    enlarged = np.repeat(np.repeat(centre, 2, axis=0), 2, axis=1)
    correlation = np.corrcoef(enlarged.ravel(), frames[1].ravel())[0, 1]
    plain = np.corrcoef(frames[0].ravel(), frames[1].ravel())[0, 1]
    assert correlation > 0.9
    assert correlation > plain


def test_films_that_are_drawn_side_by_side_are_climbed_once(residual, painting, monkeypatch):
    taken = 0
    take_step = Run.take_step

    def counted(self, keeper):
        nonlocal taken
        taken += 1
        return take_step(self, keeper)

    monkeypatch.setattr(Run, "take_step", counted)
    settings = {"model": residual, "layer": "late", "size": 16}
    for frame in range(8):
        for filter_ in (3, 4, 5):
            ascend_step(**settings, filter=filter_, num_steps=8, at=frame / 8, rng=generator(31))
    assert taken == 3 * 7
    taken = 0
    for frame in range(4):
        for filters in ([3, 4], [4, 5], [5, 3]):
            morph(**settings, filters=filters, num_frames=4, num_steps=5, at=frame / 4, rng=generator(31))
    assert taken == 3 * (5 + 12)
    taken = 0
    for frame in range(4):
        for filter_ in (3, 4, 5):
            zoom_step(
                painting, model=residual, layer="late", filter=filter_, num_frames=4, at=frame / 4, rng=generator(31)
            )
    assert taken == 3 * 4 * 4


def test_films_hold_no_more_than_memory_allows(residual, monkeypatch):
    monkeypatch.setattr("artforge.engine.ascent.shelf.SHELF.most_bytes", 0)
    frames = [
        morph(model=residual, at=frame / 4, rng=generator(3), **STEPS["morph"] | {"filters": [5, 6]})
        for frame in range(4)
    ]
    shelf = [held for own in SHELF._held.values() for held in own.values()]
    assert len(shelf) == 1
    monkeypatch.undo()
    for frame, shown in enumerate(frames):
        again = morph(model=residual, at=frame / 4, rng=generator(3), **STEPS["morph"] | {"filters": [5, 6]})
        np.testing.assert_array_equal(again, shown)


@pytest.mark.parametrize("name", ["ascend", "morph", "zoom"])
def test_a_film_that_was_killed_goes_on_to_the_very_same_frame(residual, painting, tmp_path, monkeypatch, name):
    monkeypatch.setattr("artforge.engine.ascent.checkpoint.Checkpoint.is_due", lambda self: True)
    settings = {"at": 0.75} if name != "ascend" else {"at": 0.75, "preset": "chollet"}
    expected = run_step(name, residual, painting, seed=77, **settings)
    monkeypatch.setattr(SHELF, "_held", {})
    taken = 0
    take_step = Run.take_step

    def interrupted(self, keeper):
        nonlocal taken
        taken += 1
        if taken == 5:
            raise KeyboardInterrupt
        return take_step(self, keeper)

    monkeypatch.setattr(Run, "take_step", interrupted)
    with working(Work(tmp_path / "state")):
        with pytest.raises(KeyboardInterrupt):
            run_step(name, residual, painting, seed=77, **settings)
        assert list(tmp_path.iterdir())
        monkeypatch.setattr(SHELF, "_held", {})
        found = run_step(name, residual, painting, seed=77, **settings)
    np.testing.assert_array_equal(found, expected)
    # the step it was killed in is taken again, and of a fall the frame
    assert taken == {"ascend": 4 + 3, "morph": 3 + 2, "zoom": 3 * 2}[name] + 1
    assert [file.name for file in tmp_path.iterdir()] in ([], ["state"])  # which whoever runs the step takes away


def test_a_looped_zoom_is_no_longer_than_twice_its_overlap(residual, painting):
    with pytest.raises(ChoiceError, match="at most half the film of 4 frames, received 3"):
        zoom_step(painting, model=residual, num_frames=4, overlap=3, rng=generator(0))


def test_a_caricature_looks_more_like_the_picture_to_its_layer(residual, painting):
    grown = caricature_step(painting, model=residual, layer="late", num_octaves=1, num_steps=6, rng=generator(0))

    # the strength along the picture's own maps: more than the picture itself has
    def strength(picture):
        maps = [feature_maps(one, model=residual, layer="late") for one in (picture, painting)]
        return float((maps[0] * maps[1]).sum() / (maps[1] ** 2).sum())

    assert strength(grown) > 1.1


def test_several_classes_climb_together(residual):
    picture = ascend_step(
        model=residual, target=["red", "blue"], size=SIZE, num_steps=40, preset="chollet", rng=generator(0)
    )
    [result] = ascend(
        [class_score(["red", "blue"])], model=residual, ascent=chollet(num_steps=1), start_images=[picture]
    )
    [start] = ascend([class_score(["red", "blue"])], model=residual, ascent=chollet(num_steps=1), size=(SIZE, SIZE))
    assert result.values[0] > start.values[0]


def test_a_picture_grown_like_another_has_its_colours(residual, paint):
    for tinted, tint in ((0, [1, 0.3, 0.2]), (2, [0.2, 0.3, 1])):
        like = paint(tinted, 64, 64) * np.float32(tint)
        grown = run_step("ascend", residual, None, preset="maco", like=like).mean(axis=(0, 1))
        assert grown[tinted] > grown[2 - tinted] + 0.1


def test_a_film_that_grows_like_one_picture_is_not_that_which_grows_like_another(residual, paint):
    one, other = (
        run_step("ascend", residual, None, preset="maco", like=paint(number, 64, 64), at=0.5) for number in (1, 2)
    )
    assert np.abs(one - other).max() > 0.01


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"preset": "lucid"}, "like is for the preset maco"),
        ({"preset": "maco", "spectrum": "."}, "leave one of them out"),
    ],
)
def test_a_picture_to_grow_like_that_cannot_count_is_refused(residual, paint, settings, told):
    with pytest.raises(ChoiceError, match=told):
        run_step("ascend", residual, None, like=paint(1, 32, 32), **settings)
