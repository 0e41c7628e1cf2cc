"""Networks and models tell of themselves: the list without Keras, the rest from the network itself."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from artforge.cli.main import app
from artforge.cli.models import told as words
from artforge.core.errors import ChoiceError, ModelError
from artforge.engine.models.architectures import ARCHITECTURES
from artforge.engine.models.store import save_model, shipped_models

run = CliRunner().invoke


def told(*words):
    done = run(app, ["models", *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def facts_of(name, *options):
    return json.loads(told("info", name, "--json", *options))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run folder with a model of one convolution, and its card."""
    from artforge.engine.backend import load_keras

    keras = load_keras()
    picture = keras.Input((20, 24, 3))
    maps = keras.layers.Conv2D(5, 3, padding="same", name="seen")(picture)
    scores = keras.layers.Dense(3, activation="softmax")(keras.layers.GlobalAveragePooling2D()(maps))
    folder = tmp_path_factory.mktemp("run")
    save_model(
        keras.Model(picture, scores),
        folder,
        name="mine",
        class_names=("oil", "ink", "chalk"),
        input_size=(20, 24),
        value_range=(-1, 1),
        scores={"accuracy": 0.875, "by_folder": {"a": 1}},
        temperature=1.5,
    )
    return folder


def test_the_list_has_every_network_and_every_model_that_comes_along():
    lines = told("list").splitlines()
    assert {*ARCHITECTURES, *shipped_models()} <= {line.split()[0] for line in lines if line}
    [vgg16] = [line for line in lines if line.startswith("vgg16 ")]
    assert vgg16.split(maxsplit=4) == ["vgg16", "134,264,641", "224x224", "imagenet", "Simonyan & Zisserman (2014)"]
    [vit] = [line for line in lines if line.startswith("vit_b16 ")]
    assert vit.endswith("needs artforge[hub]")


def test_the_list_is_data_too():
    by_name = {facts["name"]: facts for facts in map(json.loads, told("list", "--json").splitlines())}
    assert list(by_name) == [*ARCHITECTURES, *shipped_models()]
    assert by_name["resnet_18"]["needs"] == "artforge[hub]"
    assert by_name["pca_5"]["trained_by"] == "fit"
    assert by_name["hand_vs_algo"]["classes"] == ["algorithmic", "hand_made"]
    assert by_name["digits"]["parameters"] == 1_199_882


def test_the_list_needs_no_network_library():
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom artforge.cli.main import app\n"
        "assert CliRunner().invoke(app, ['models', 'list']).exit_code == 0\n"
        "print([name for name in ('keras', 'tensorflow', 'sklearn', 'h5py', 'keras_hub') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_a_network_tells_its_layers_its_cost_and_its_recipe():
    facts = facts_of("el_kholy_6_conv_6_pool", "--layers")
    assert facts["parameters"] == 63_777
    assert facts["recipe"] == "recipes/training/el_kholy_6_conv_6_pool.yaml"
    assert facts["last_conv"] == "conv6"
    [first] = [layer for layer in facts["layers"] if layer["name"] == "conv1"]
    assert first == {"name": "conv1", "kind": "convolution", "size": [254, 254], "channels": 32}
    # each weight once a cell, a multiplication and an addition: six convolutions and two dense layers
    cells = [254**2, 125**2, 60**2, 28**2, 12**2, 4**2]
    weights = [896, *[9248] * 5]
    dense = 2 * 2 * 32 * 128 + 128 + 129
    assert facts["flops"] == 2 * (sum(a * b for a, b in zip(cells, weights, strict=True)) + dense)


def test_a_network_is_told_in_words():
    text = told("info", "mnist_cnn", "--layers")
    for part in ("1,198,721", "MFLOP for a picture of 28x28", "keras-vis", "recipes/training/digits.yaml", "last_conv"):
        assert part in text


def test_a_network_without_its_extra_tells_all_but_its_layers(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    text = told("info", "resnet_34", "--layers")
    for part in ("21,302,209", "no weights of the plain ResNet-34", "pip install 'artforge[hub]'", "can be built"):
        assert part in text
    assert "layers" not in facts_of("resnet_34", "--layers")


def test_a_baseline_has_nothing_to_look_at_but_pixels():
    assert "fitted in one go" in told("info", "pca_5")
    assert facts_of("pca_5", "--layers")["last_conv"] is None


@pytest.mark.parametrize("as_file", [False, True])
def test_a_trained_model_tells_its_card(trained, as_file):
    text = told("info", str(trained / "model.keras" if as_file else trained))
    for part in ("0 oil, 1 ink, 2 chalk", "accuracy 0.875", "1.5", "20x24 only", "[-1, 1]", "seen", "last_conv"):
        assert part in text
    assert "by_folder" not in text


def test_a_model_without_a_card_is_told_as_well(trained, tmp_path):
    (tmp_path / "bare.keras").write_bytes((trained / "model.keras").read_bytes())
    facts = facts_of(str(tmp_path / "bare.keras"))
    assert facts["classes"] == ["class_0", "class_1", "class_2"]
    assert facts["parameters"] == (3 * 3 * 3 * 5 + 5) + (5 * 3 + 3)
    assert np.isclose(facts["temperature"], 1)


def test_what_is_known_without_the_network_is_told_without_keras(trained, monkeypatch):
    monkeypatch.setattr("artforge.engine.models.store.load_keras", lambda: pytest.fail("Keras was loaded"))
    monkeypatch.setattr("artforge.cli.models.built", lambda _: pytest.fail("the network was built"))
    assert "its layers and its cost: artforge models info vgg16 --layers" in told("info", "vgg16")
    assert "seen" in told("info", str(trained))


def test_of_many_layers_the_last_of_each_stage_is_told(trained):
    layers = [
        {"name": f"{stage}_{number}", "kind": "convolution", "size": [size, size], "channels": 8}
        for stage, size in (("wide", 32), ("low", 16))
        for number in range(20)
    ]
    facts = {**facts_of(str(trained)), "layers": layers, "last_conv": "low_18"}
    text = "\n".join(words(facts))
    assert [name for name in (layer["name"] for layer in layers) if f"{name} " in text] == [
        "wide_19",
        "low_18",
        "low_19",
    ]
    assert "all 40: artforge models info" in text
    assert "wide_0 " in "\n".join(words(facts, all_layers=True))


def test_the_list_and_a_network_agree_on_its_weights():
    [listed] = [line for line in told("list").splitlines() if line.startswith("artforge ")]
    assert "hand_vs_algo" in listed
    assert "starts from hand_vs_algo; or --weights random, --weights FILE" in told("info", "artforge")
    assert "starts from random; or --weights imagenet, --weights FILE" in told("info", "vgg16")


def test_a_file_of_weights_is_told_what_it_is_good_for(tmp_path):
    np.savez(tmp_path / "old.npz", kernel=np.ones(3))
    done = run(app, ["models", "info", str(tmp_path / "old.npz")])
    assert f"artforge train --weights {tmp_path / 'old.npz'}" in str(done.exception)


def test_a_misspelt_name_is_answered_with_the_nearest_of_all():
    for wrong, right in (("vgg_16", "vgg16"), ("hand_vs_algos", "hand_vs_algo"), ("resnet18", "resnet_18")):
        done = run(app, ["models", "info", wrong])
        assert isinstance(done.exception, ChoiceError)
        assert f"did you mean {right!r}" in str(done.exception)


def test_a_file_that_is_no_model_is_named(tmp_path):
    (tmp_path / "bad.keras").write_bytes(b"x")
    done = run(app, ["models", "info", str(tmp_path / "bad.keras")])
    assert isinstance(done.exception, ModelError)
    assert "bad.keras" in str(done.exception)
