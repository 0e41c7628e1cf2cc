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
from artforge.engine.ascent.morph_step import morph, zoom_step
from artforge.engine.ascent.objectives import channel, class_score
from artforge.engine.ascent.pattern_step import ascend_step
from artforge.engine.ascent.presets import chollet
from artforge.engine.ascent.pull_step import pull_step, ramp
from artforge.engine.ascent.tuning import Penalties
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
    if name != "caricature" or first.shape == other.shape:
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
    told = []
    settings = {"model": residual, "target": "blue", "size": SIZE, "num_steps": 300}
    with working(Work(noticed=told.append)):
        sure = ascend_step(**settings, until=0.5, rng=generator(0))
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
        ({"target": "red", "spectrum": "."}, "a spectrum is for the preset maco"),
        ({"target": "red", "budget": 0.1}, "let one flow in"),
        ({"layer": "late", "filter": 1, "until": 0.5}, "say which as target"),
        ({"target": "red", "until": 0.5, "num_octaves": 2}, "need the whole way"),
        ({"target": "red", "until": 0.5, "at": 0.5}, "need the whole way"),
        ({"target": "red", "gradient": "l2"}, "is for presets with plain steps"),
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


def test_a_dead_filter_is_an_error_by_name_and_never_a_grey_picture():
    with pytest.raises(ChoiceError, match=r"filter 1 of conv: nothing to grow.*artforge atlas"):
        ascend_step(model=half_dead(), layer="conv", filter=1, size=SIZE, num_steps=40, rng=generator(0))
    with pytest.raises(ChoiceError, match="filter 1 of conv: nothing to grow"):
        ascend_step(model=half_dead(), layer="conv", filter=1, size=SIZE, num_steps=40, at=0.99, rng=generator(0))
    with pytest.raises(ChoiceError, match="number 2 of the 2 in the ring is a dead filter"):
        morph(model=half_dead(), layer="conv", filters=[0, 1], num_frames=2, num_steps=40, size=16, rng=generator(0))


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


def test_a_looped_zoom_is_no_longer_than_twice_its_overlap(residual, painting):
    with pytest.raises(ChoiceError, match="at most half the film of 4 frames, received 3"):
        zoom_step(painting, model=residual, num_frames=4, overlap=3, rng=generator(0))


def test_a_caricature_looks_more_like_the_picture_to_its_layer(residual, painting):
    grown = caricature_step(painting, model=residual, layer="late", num_octaves=1, num_steps=6, rng=generator(0))

    # the strength along the picture's own maps: more than the picture itself has
    def strength(picture):
        from artforge.engine.attention.feature_maps import feature_maps

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
