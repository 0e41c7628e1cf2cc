"""Channels asked for by number are looked up on the model's card, before any model is opened."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated, ClassVar

import pytest
from pydantic import Field

from artforge.core.errors import RecipeError
from artforge.core.steps import registered_steps, step
from artforge.core.values import ChannelNumber, Heatmap, Image, Kind, LayerName
from artforge.engine.attention.channels import Channels
from artforge.engine.models.card import LayerInfo, ModelCard, write_card
from artforge.engine.models.handle import Model
from artforge.recipes.check import check_file
from artforge.recipes.steps import load_steps


class Choice(Channels):
    KIND: ClassVar[Kind] = Kind.CHANNEL


ChannelMix = dict[Annotated[str, Kind.CHANNEL, Field(pattern=r"^\d+$")], float]


@pytest.fixture(autouse=True)
def listening(monkeypatch):
    """Two steps that take channels in every way there is, of one layer and of several."""
    load_steps()
    monkeypatch.setattr("artforge.core.steps._STEPS", registered_steps())

    @step("listen", version=1)
    def listen(
        image: Image,
        *,
        model: Model,
        layer: LayerName = "last_conv",
        one: ChannelNumber | None = None,
        several: list[ChannelNumber] | None = None,
        mix: ChannelMix | None = None,
        choice: Choice | None = None,
    ) -> Heatmap:
        raise NotImplementedError

    @step("listen_across", version=1)
    def listen_across(
        image: Image, *, model: Model, one: ChannelNumber, layers: list[LayerName] | None = None
    ) -> Heatmap:
        raise NotImplementedError


@pytest.fixture
def told(write_recipe):
    """`told("listen: {...}")` is what is said of a recipe with this step; nothing of a sound one."""

    def check(written):
        body = f"""\
        timeline: {{duration: 4f, fps: 4}}
        steps:
          art: [{{load: {{path: $image}}}}]
          heat: [{{{written.replace("{", "{image: $art, model: net, ", 1)}}}]
          print: [$heat, normalize, colorize]
        outputs: {{still: {{from: $print}}}}
        """
        try:
            check_file(write_recipe(body))
        except RecipeError as error:
            return str(error)
        return ""

    return check


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("one: 8", "listen.one: layer 'conv2' has no channel 8; it has 8 (numbers 0 to 7)"),
        ("one: 4, layer: conv1", "listen.one: layer 'conv1' has no channel 4; it has 4 (numbers 0 to 3)"),
        ("several: [7, 8, 0, 99]", "listen.several: layer 'conv2' has no channel 8, 99; it has 8"),
        ("mix: {3: 1, 80: -0.5}", "listen.mix: layer 'conv2' has no channel 80; it has 8"),
        ("choice: {index: [1, 500]}", "listen.choice: layer 'conv2': there is no channel 500; the layer has 8"),
        ("choice: {random: 900}", "listen.choice: layer 'conv2': random 900 is more than the 8 channels"),
        ("choice: {window: 5}, layer: conv1", "listen.choice: layer 'conv1': window 5 is more than the 4 channels"),
        ("choice: {rank: gradient, count: 9}", "count 9 is more than the 8 channels"),
        ("choice: {cluster: 0, of: 9}", "of 9 is more than the 8 channels"),
    ],
)
def test_a_channel_that_the_layer_does_not_have_is_told(told, setting, message):
    assert message in told(f"listen: {{{setting}}}")


@pytest.mark.parametrize(
    "setting",
    [
        "one: 7",
        "several: [7, 0]",
        "mix: {7: 1}",
        "choice: {index: [7]}",
        "choice: {random: 8}",
        "choice: {cluster: 2, of: 4}",
        "choice: {rank: energy, share: 0.5}",
        'one: "=2*frame"',
    ],
)
def test_channels_that_the_layer_has_pass(told, setting):
    assert told(f"listen: {{{setting}}}") == ""


def test_a_moving_channel_is_looked_up_at_every_frame(told):
    assert "has no channel 9; it has 8 (numbers 0 to 7) (at frame 3)" in told('listen: {one: "=3*frame"}')
    moved = "listen: {choice: {window: {keys: {0f: 2, 2f: 12}}}}"
    assert "window 12 is more than the 8 channels there are (at frame 2)" in told(moved)


def test_a_channel_across_layers_is_one_that_each_of_them_has(told):
    assert told("listen_across: {one: 7}") == ""
    assert "the widest layer 'conv2' has no channel 8" in told("listen_across: {one: 8}")
    assert "layer 'conv1' has no channel 4" in told("listen_across: {one: 4, layers: [conv2, conv1]}")


@pytest.mark.parametrize("layer", ["conv9", "3", "[conv1]", '"=1/0"', '"=t"'])
def test_a_layer_that_is_none_is_the_only_fault(told, layer):
    report = told(f"listen: {{one: 99, layer: {layer}}}")
    assert "listen.layer" in report
    assert "channel 99" not in report


def test_a_model_without_a_map_has_no_last_conv(told, studio):
    card = ModelCard(
        name="net", class_names=("a", "b"), input_size=(8, 8), layers=(LayerInfo(name="c", channels=2, size=(1, 1)),)
    )
    write_card(studio / "net" / "model.keras", card)
    assert "the model 'net' has no convolution with a map of more than one" in told("listen: {layer: last_conv}")
    assert told("listen: {}") == ""  # a step may do without its layer, as one that asks for a class does


def test_nothing_is_said_of_the_channels_of_a_model_without_a_card(told, studio):
    (studio / "net" / "model.json").unlink()
    assert told("listen: {one: 99, layer: any}") == ""


def test_channels_are_looked_up_without_keras():
    program = (
        "import sys; from artforge.recipes import names;"
        "sys.exit(bool({'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
