from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from artforge.cli.look import check_lines, class_asked, lay_over, overlay_paths
from artforge.cli.main import app, main
from artforge.core.pictures import read_picture, write_png
from artforge.engine.backend import load_keras
from artforge.engine.honesty.check import HonestyReport
from artforge.engine.models.store import save_model

run = CliRunner().invoke


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    keras = load_keras()
    keras.utils.set_random_seed(5)
    picture = keras.Input((None, None, 3))
    maps = keras.layers.Conv2D(6, 3, strides=2, activation="relu", name="conv")(picture)
    pooled = keras.layers.GlobalAveragePooling2D()(maps)
    folder = tmp_path_factory.mktemp("run")
    save_model(
        keras.Model(picture, keras.layers.Dense(1, activation="sigmoid")(pooled)),
        folder,
        name="small",
        class_names=("hand_made", "algorithmic"),
        input_size=(32, 32),
    )
    return str(folder)


@pytest.fixture
def pictures(tmp_path):
    rng = np.random.default_rng(1)
    paths = [tmp_path / name for name in ("calm.png", "wild.png")]
    for path, size in zip(paths, [(40, 60, 3), (50, 30, 3)], strict=True):
        write_png(path, rng.random(size, dtype=np.float32))
    return paths


def look(*arguments):
    return run(app, ["look", *map(str, arguments)])


def test_each_picture_gets_an_overlay_of_its_own_size(model, pictures, tmp_path):
    done = look(*pictures, "--model", model, "--out", tmp_path / "seen")
    assert done.exit_code == 0, done.output
    for path in pictures:
        overlay = tmp_path / "seen" / f"{path.stem}-look.png"
        assert str(overlay) in done.stdout
        assert read_picture(overlay).shape == read_picture(path).shape
    assert "hand_made" in done.stdout
    assert "algorithmic" in done.stdout


def test_json_tells_one_object_a_picture(model, pictures, tmp_path):
    done = look(*pictures, "--model", model, "--out", tmp_path / "seen", "--target", "algorithmic", "--json")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [Path(one["picture"]).name for one in told] == ["calm.png", "wild.png"]
    for one in told:
        assert one["target"] == "algorithmic"
        assert one["layer"] == "conv"
        assert sum(one["probabilities"].values()) == pytest.approx(1, abs=1e-5)
        assert one["probability"] == max(one["probabilities"].values()) == one["probabilities"][one["class"]]
        assert Path(one["overlay"]).is_file()


def test_a_bad_picture_is_named_and_the_good_ones_are_done(model, pictures, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    done = look(tmp_path / "broken.png", pictures[0], "--model", model, "--out", tmp_path / "seen")
    assert done.exit_code == 3
    assert "broken.png" in done.stderr
    assert [path.name for path in (tmp_path / "seen").iterdir()] == ["calm-look.png"]


def test_nothing_done_is_a_failure(model, tmp_path):
    done = look(tmp_path / "missing.png", "--model", model, "--out", tmp_path / "seen")
    assert done.exit_code == 1
    assert not (tmp_path / "seen").exists()


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--target", "handmade"], 2, "did you mean 'hand_made'"),
        (["--target", "2"], 2, "class 2 is not one of: 0 hand_made, 1 algorithmic"),
        (["--layer", "conf"], 2, "did you mean 'conv'"),
        (["--model", "hand_vs_algos"], 2, "did you mean 'hand_vs_algo'"),
        ([], 2, "Missing argument"),
    ],
)
def test_a_wrong_name_ends_before_anything_is_written(
    model, pictures, tmp_path, monkeypatch, capsys, options, code, message
):
    given = [] if message.startswith("Missing") else [str(pictures[0])]
    chosen = [] if "--model" in options else ["--model", model]
    monkeypatch.setattr(sys, "argv", ["artforge", "look", *given, *chosen, *options, "--out", str(tmp_path / "seen")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code
    assert message in capsys.readouterr().err
    assert not (tmp_path / "seen").exists()


@pytest.mark.parametrize(
    ("picture", "options", "message"),
    [
        ("calm.png", ["--target", "handmade"], "did you mean 'hand_made'"),
        ("calm.png", ["--target", "2"], "class 2 is not one of"),
        ("calm.png", ["--layer", "conf"], "did you mean 'conv'"),
        ("none.png", [], "none.png: no such picture file"),
    ],
)
def test_a_wrong_name_is_told_before_the_model_is_opened(
    model, pictures, tmp_path, monkeypatch, picture, options, message
):
    monkeypatch.setattr("artforge.engine.models.store.load_keras", lambda: pytest.fail("Keras was loaded"))
    told = look(tmp_path / picture, "--model", model, *options)
    assert told.exit_code == 1
    assert message in told.stderr + str(told.exception)


def test_an_input_is_never_overwritten_and_two_of_one_name_both_stay():
    out = Path("seen")
    inputs = [out / "a.png", out / "a-look.png", Path("elsewhere/a.jpg")]
    assert [path.name for path in overlay_paths(inputs, out)] == [
        "a-look-2.png",
        "a-look-look.png",
        "a-look-3.png",
    ]


def test_heat_colours_only_where_there_is_evidence():
    image = np.random.default_rng(0).random((20, 20, 3), dtype=np.float32)
    heatmap = np.full((20, 20), -1, np.float32)
    heatmap[:10] = np.linspace(0.5, 1, 10, dtype=np.float32)[:, None]
    overlay, cold = lay_over(image, heatmap), lay_over(image, np.full((20, 20), -1, np.float32))
    np.testing.assert_array_equal(overlay[10:], cold[10:])
    assert np.abs(overlay[:10] - cold[:10]).min(axis=(1, 2)).max() > 0
    assert overlay.min() >= 0
    assert overlay.max() <= 1


def test_a_folder_where_the_overlay_should_go_is_told(model, pictures, tmp_path, monkeypatch, capsys):
    (tmp_path / "seen" / "calm-look.png").mkdir(parents=True)
    monkeypatch.setattr(
        sys, "argv", ["artforge", "look", str(pictures[0]), "--model", model, "--out", str(tmp_path / "seen")]
    )
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert "calm-look.png: cannot be written (Is a directory)" in capsys.readouterr().err


@pytest.fixture(scope="module")
def blind(tmp_path_factory):
    """A network without convolutions."""
    keras = load_keras()
    keras.utils.set_random_seed(5)
    layers = keras.layers
    network = keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(2, activation="softmax")])
    folder = tmp_path_factory.mktemp("blind")
    save_model(network, folder, name="blind", class_names=("hand_made", "algorithmic"), input_size=(8, 8))
    return str(folder)


def test_a_network_without_convolutions_is_looked_at_through_its_pixels(blind, pictures, tmp_path):
    done = look(pictures[0], "--model", blind, "--out", tmp_path, "--method", "saliency", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["layer"] is None
    assert Path(told["overlay"]).is_file()


def test_a_network_without_convolutions_is_told_which_methods_need_none(blind, pictures, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["artforge", "look", str(pictures[0]), "--model", blind, "--out", str(tmp_path)])
    with pytest.raises(SystemExit):
        main()
    assert "saliency, smooth_grad, integrated_gradients, occlusion, rise" in " ".join(capsys.readouterr().err.split())


def test_a_layer_is_told_only_where_one_was_looked_at(model, pictures, tmp_path):
    for method, layer in (("grad_cam", "conv"), ("occlusion", None)):
        done = look(pictures[0], "--model", model, "--out", tmp_path, "--method", method, "--json")
        assert json.loads(done.stdout)["layer"] == layer


@pytest.mark.parametrize(
    ("method", "where"), [("grad_cam", "'hand_made' at layer 'conv', so the overlay"), ("rise", "'hand_made', so the")]
)
def test_an_overlay_without_heat_is_told(pictures, tmp_path, method, where):
    keras = load_keras()
    picture = keras.Input((None, None, 3))
    maps = keras.layers.Conv2D(2, 3, name="conv")(picture)
    scores = keras.layers.Dense(2, kernel_initializer="zeros")(keras.layers.GlobalAveragePooling2D()(maps))
    network = keras.Model(picture, scores)
    save_model(network, tmp_path / "m", name="m", class_names=("hand_made", "algorithmic"), input_size=(16, 16))
    done = look(pictures[0], "--model", tmp_path / "m", "--out", tmp_path, "--method", method, "--target", "hand_made")
    assert done.exit_code == 0, done.output
    assert where in " ".join(done.stderr.split())


def test_a_heatmap_can_be_put_to_the_test(tmp_path, paint):
    picture = tmp_path / "art.png"
    write_png(picture, paint(3, 64, 96))
    plain = run(app, ["look", str(picture), "--out", str(tmp_path), "--check", "--method", "layer_cam"])
    assert plain.exit_code == 0, plain.output
    assert "can this heatmap be trusted?" in plain.output
    assert "in short:" in plain.output
    told = run(app, ["look", str(picture), "--out", str(tmp_path), "--check", "--json"])
    report = json.loads(told.stdout)["check"]
    assert 0 <= report["deletion"] <= 1
    assert isinstance(report["depends_on_learning"], bool)


FAIR = HonestyReport(False, 0.2, 0.4, 0.6, 0.4, 0.1, False, 0.07, ((0.25, 0.9), (1.0, 0.1)))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "the score follows the map, and the map depends on what was learned"),
        ({"deletion": 0.5}, "not every test finds it better than chance: read it with care"),
        ({"randomised": ((0.25, 0.9), (1.0, 0.8))}, "it shows the picture rather than what the network learned"),
    ],
)
def test_a_report_is_told_in_words_and_numbers(changed, expected):
    lines = [" ".join(line.split()) for line in check_lines(replace(FAIR, **changed), target="hand_made")]
    assert lines[0] == "can this heatmap be trusted? (probability of hand_made)"
    assert expected in lines[-1]
    worse = "NOT better than chance" if "deletion" in changed else "better than chance"
    assert lines[1].startswith(
        f"hottest pixels taken away first mean probability {replace(FAIR, **changed).deletion}0, "
    )
    assert f"by chance 0.40: {worse} (lower is better)" in lines[1]
    assert "mean probability 0.60, by chance 0.40: better than chance (higher is better)" in lines[2]
    assert lines[3] == "only what is hot is seen 10% of the probability is lost"
    assert "(ROAD) +0.07: better than chance" in lines[4]
    last = "+0.80" if "randomised" in changed else "+0.10"
    assert lines[5].endswith(
        f"likeness (1 = the same, 0 = another, -1 = turned over) 25% of layers +0.90, 100% of layers {last}"
    )
    assert ("THE MAP HARDLY CHANGES" in lines[5]) == ("randomised" in changed)


@pytest.mark.parametrize(("likeness", "told"), [(0.69, "THE MAP HARDLY CHANGES"), (-0.69, "THE MAP ONLY TURNS OVER")])
def test_a_map_turned_over_is_told_apart_from_one_that_stays(likeness, told):
    *_, shuffled, short = check_lines(replace(FAIR, randomised=((0.25, 0.9), (1.0, likeness))), target="x")
    assert told in shuffled
    assert "do not read it as an explanation" in short
    *_, shuffled, short = check_lines(replace(FAIR, randomised=((0.25, 0.9), (1.0, likeness / 2))), target="x")
    assert "the map changes" in shuffled
    assert "the map depends on what was learned" in short


def test_numbers_told_as_equal_are_not_better_than_chance():
    ties = replace(
        FAIR, deletion=0.4981, deletion_random=0.5019, insertion=0.5019, insertion_random=0.4981, road=-0.001
    )
    _, deletion, insertion, _, road, *_ = check_lines(ties, target="x")
    for line in (deletion, insertion, road):
        assert "NOT better than chance" in line
    assert "+0.00" in road


def test_no_number_is_told_as_minus_nothing():
    faint = replace(FAIR, road=-0.001, randomised=((0.25, -0.002), (1.0, -0.004)))
    assert "-0.00" not in "".join(check_lines(faint, target="x"))


def test_where_a_map_is_flat_no_test_is_told():
    assert list(check_lines(replace(FAIR, flat=True), target="x")) == [
        "can this heatmap be trusted? (probability of x)",
        "  there is no heatmap to test: it is the same everywhere, so no pixel is hotter than another",
    ]


@pytest.mark.parametrize(
    ("names", "written", "expected"), [(("a", "b"), "1", "b"), (("1", "0"), "1", "1"), (("a", "b"), None, None)]
)
def test_a_class_goes_by_its_number_where_none_is_called_so(names, written, expected):
    assert class_asked(written, names) == expected


def test_a_method_of_ones_own_choice_has_an_overlay_of_its_own(model, pictures, tmp_path):
    for options in ([], ["--method", "saliency"], ["--method", "layer_cam"]):
        assert look(pictures[0], "--model", model, "--out", tmp_path / "seen", *options).exit_code == 0
    names = sorted(path.name for path in (tmp_path / "seen").iterdir())
    assert names == ["calm-look-layer_cam.png", "calm-look-saliency.png", "calm-look.png"]


def test_a_probability_that_rises_is_told_as_such():
    assert any("the probability rises" in line for line in check_lines(replace(FAIR, increases=True), target="x"))
