"""The atlas: every filter once, in an order that an eye can follow."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from artforge.cli.main import app
from artforge.core.errors import ChoiceError, ModelError, OutputError
from artforge.core.pictures import read_picture
from artforge.engine.ascent.atlas import atlas, thumbnail_ascent
from artforge.engine.ascent.checkpoint import StateFile
from artforge.engine.ascent.look import Look, look_of, order_by_look
from artforge.engine.backend import load_keras
from artforge.engine.models.handle import wrap_model
from artforge.engine.models.store import load_model, resolve_model, save_model


def grating(degrees, period, size=48, low=0.2, high=0.8):
    """Lines that run at an angle: 0 lies, 90 stands."""
    turned = np.deg2rad(degrees)
    down, across = np.mgrid[0:size, 0:size]
    across_the_lines = across * np.sin(turned) + down * np.cos(turned)
    wave = (low + high) / 2 + (high - low) / 2 * np.sin(2 * np.pi * across_the_lines / period)
    return np.repeat(wave[..., None], 3, axis=-1).astype(np.float32)


@pytest.mark.parametrize("degrees", [0, 30, 45, 90, 120, 165])
def test_the_orientation_of_lines_is_found(degrees):
    look = look_of(grating(degrees, 8.0))
    difference = abs((look.orientation - degrees + 90) % 180 - 90)
    assert difference < 2
    assert look.coherence > 0.9


@pytest.mark.parametrize("period", [4.0, 8.0, 16.0])
def test_the_frequency_of_lines_is_found(period):
    assert look_of(grating(90, period)).frequency == pytest.approx(1 / period, rel=0.1)


def test_colours_are_found():
    red = np.broadcast_to(np.float32([0.8, 0.1, 0.1]), (8, 8, 3)).copy()
    look = look_of(red)
    assert look.chroma == pytest.approx(look.colourfulness, rel=1e-6)
    assert 15 < look.hue < 45  # red in OKLab
    assert look.frequency == 0
    grey = look_of(np.full((8, 8, 3), 0.5, np.float32))
    assert grey.chroma < 1e-3
    assert grey.lightness == pytest.approx(0.598, abs=1e-3)


def look_with(**known):
    blank = dict.fromkeys(("lightness", "chroma", "hue", "colourfulness", "frequency", "orientation"), 0.5)
    return Look(**{**blank, "coherence": 0.5, **known})


def test_orders_by_hand():
    greys = [look_with(chroma=0.0, lightness=light) for light in (0.9, 0.1)]
    colours = [look_with(chroma=0.1, hue=hue) for hue in (200.0, 20.0)]
    assert order_by_look([*colours, *greys], "colour") == [3, 2, 1, 0]
    assert order_by_look([look_with(frequency=value) for value in (0.3, 0.1, 0.2)], "frequency") == [1, 2, 0]
    turned = [look_with(orientation=90.0), look_with(orientation=10.0), look_with(orientation=5.0, coherence=0.0)]
    assert order_by_look(turned, "orientation") == [1, 0, 2]


def test_every_filter_is_there_once(residual):
    told = []
    entries = atlas(residual, layers=["early", "late"], edge=32, on_filter=lambda *counts: told.append(counts))
    assert [(entry.layer, entry.index) for entry in entries] == [
        *[("early", index) for index in range(6)],
        *[("late", index) for index in range(8)],
    ]
    assert told[-1] == (14, 14)
    assert all(entry.picture.shape == (32, 32, 3) for entry in entries)
    with pytest.raises(ChoiceError, match="did you mean 'early'"):
        atlas(residual, layers=["erly"])


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    keras = load_keras()
    keras.utils.set_random_seed(3)
    picture = keras.Input((None, None, 3))
    maps = keras.layers.Conv2D(5, 3, strides=2, activation="relu", name="conv")(picture)
    maps = keras.layers.Conv2D(4, 3, activation="relu", name="deep")(maps)
    network = keras.Model(picture, keras.layers.Dense(2, activation="softmax")(
        keras.layers.GlobalAveragePooling2D()(maps)
    ))  # fmt: skip
    kernel, bias = network.get_layer("conv").get_weights()
    network.get_layer("conv").set_weights([np.abs(kernel), bias])
    kernel, bias = network.get_layer("deep").get_weights()
    kernel[..., 2] = 0
    bias[2] = -1
    network.get_layer("deep").set_weights([kernel, bias])
    folder = tmp_path_factory.mktemp("run")
    save_model(network, folder, name="small", class_names=("a", "b"), input_size=(32, 32))
    return str(folder)


def test_those_filters_that_nothing_moves_are_dead(model):
    entries = atlas(load_model(resolve_model(model, base=Path())), edge=32)
    assert [(entry.layer, entry.index) for entry in entries if entry.is_dead] == [("deep", 2)]


def test_an_atlas_that_was_killed_goes_on_to_the_very_same_pictures(residual, tmp_path, monkeypatch):
    monkeypatch.setattr("artforge.engine.ascent.checkpoint.Checkpoint.is_due", lambda self: True)
    settings = {"layers": ["early", "inner", "late"], "edge": 24, "ascent": thumbnail_ascent(), "seed": 1}
    expected = atlas(residual, **settings)
    state, counts = StateFile(tmp_path / "state"), []

    def interrupted(done, total):
        counts.append((done, total))
        if done == 12 and len(counts) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        atlas(residual, **settings, on_filter=interrupted, state_file=state)
    found = atlas(residual, **settings, on_filter=interrupted, state_file=state)
    assert counts == [(6, 20), (12, 20), (20, 20)]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.picture, other.picture)
        assert (one.layer, one.index, one.look, one.value, one.is_dead) == (
            other.layer, other.index, other.look, other.value, other.is_dead,
        )  # fmt: skip
    with pytest.raises(OutputError, match="of another ascent"):
        atlas(residual, **settings | {"seed": 2}, state_file=state)


@pytest.mark.parametrize("sort", ["layer", "colour", "frequency", "orientation"])
def test_the_command_writes_a_sheet_and_what_stands_where(model, tmp_path, monkeypatch, sort):
    monkeypatch.setattr("artforge.engine.ascent.checkpoint.Checkpoint.is_due", lambda self: True)
    done = CliRunner().invoke(app, ["atlas", model, "--edge", "32", "--sort", sort, "--out", str(tmp_path / "a")])
    assert done.exit_code == 0, done.output
    told = json.loads((tmp_path / "a" / "atlas.json").read_text())
    assert {(one["layer"], one["filter"]) for one in told["filters"]} == {
        *{("conv", index) for index in range(5)},
        *{("deep", index) for index in range(4)},
    }
    assert [(one["layer"], one["filter"]) for one in told["filters"] if one["dead"]] == [("deep", 2)]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["atlas.json", "atlas.png"]
    assert "deep 2" in done.stderr
    assert "do not respond to anything" in done.stderr
    places = {(one["row"], one["column"]) for one in told["filters"]}
    assert len(places) == 9
    assert read_picture(tmp_path / "a" / "atlas.png").shape[1] > 3 * 32
    if sort == "frequency":
        values = [one["frequency"] for one in told["filters"]]
        assert values == sorted(values)


def test_the_command_takes_one_layer_and_refuses_another(model, tmp_path):
    done = CliRunner().invoke(app, ["atlas", model, "--layer", "conv", "--edge", "32", "--out", str(tmp_path / "b")])
    assert done.exit_code == 0, done.output
    assert len(json.loads((tmp_path / "b" / "atlas.json").read_text())["filters"]) == 5
    done = CliRunner().invoke(app, ["atlas", model, "--layer", "cnov", "--out", str(tmp_path / "c")])
    assert isinstance(done.exception, ChoiceError)
    assert not (tmp_path / "c").exists()


def test_a_program_hears_of_the_filters_and_of_the_sheet(model, tmp_path):
    out = tmp_path / "a"
    done = CliRunner().invoke(app, ["atlas", model, "--layer", "conv", "--edge", "32", "--out", str(out), "--json"])
    assert done.exit_code == 0, done.output
    progress, ended = (json.loads(line) for line in done.stdout.splitlines())
    assert progress["event"] == "progress"
    assert (progress["step"], progress["share"], progress["told"]) == ("atlas", 1.0, "5 of 5 filters")
    assert ended == {
        "event": "atlas", "sheet": str(out / "atlas.png"), "data": str(out / "atlas.json"), "filters": 5
    }  # fmt: skip


@pytest.mark.parametrize("in_the_way", ["folder", "file"])
def test_a_place_that_takes_no_sheet_is_known_before_anything_grows(model, tmp_path, monkeypatch, in_the_way):
    monkeypatch.setattr("artforge.engine.ascent.atlas.ascend", None)
    out = tmp_path / "out"
    if in_the_way == "folder":
        (out / "atlas.png").mkdir(parents=True)
    else:
        out.write_text("")
    done = CliRunner().invoke(app, ["atlas", model, "--out", str(out)])
    assert isinstance(done.exception, OutputError)
    assert str(out) in str(done.exception)


def test_a_network_without_convolutions_is_refused_in_words():
    keras = load_keras()
    picture = keras.Input((8, 8, 3))
    network = keras.Model(picture, keras.layers.Dense(2)(keras.layers.Flatten()(picture)), name="plain")
    with pytest.raises(ModelError, match="'plain' has no convolution"):
        atlas(wrap_model(network))


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_filters_without_a_gradient_are_told_apart_from_dead_ones():
    keras = load_keras()
    picture = keras.Input((None, None, 3))
    maps = keras.layers.Conv2D(2, 3, name="conv")(picture)
    rooted = keras.layers.Activation(keras.ops.sqrt, name="root")(maps)
    network = keras.Model(picture, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(rooted)))
    network.get_layer("conv").set_weights([np.full((3, 3, 3, 2), -0.1, np.float32), np.float32([0, -1])])
    entries = atlas(wrap_model(network, input_size=(32, 32)), layers=["root"], edge=32)
    assert [(entry.is_broken, entry.is_dead) for entry in entries] == [(True, False), (True, False)]
