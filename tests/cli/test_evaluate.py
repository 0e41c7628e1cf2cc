"""`artforge evaluate`, `predict` and `history` as a user meets them: words, codes, files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from typer.testing import CliRunner

from artforge.cli.evaluate import folder_name
from artforge.cli.main import app
from artforge.core.errors import ArtforgeError, ChoiceError, DatasetError, ModelError, OutputError, UsageError
from artforge.engine.backend import load_keras
from artforge.engine.models.store import save_model


def artforge(*words: object, stdin: str | None = None):
    return CliRunner().invoke(app, [*map(str, words)], input=stdin)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Two classes of eight pictures: bright ones and dark ones; two of each are of the other kind."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for name, level in (("bright", 190), ("dark", 60)):
        (folder / name / "scans").mkdir(parents=True)
        for number in range(8):
            shown = 250 - level if number < 2 else level
            pixels = np.clip(rng.normal(shown, 12, (40, 48, 3)), 0, 255).astype(np.uint8)
            PillowImage.fromarray(pixels).save(folder / name / ("scans" if number % 2 else "") / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A network that calls bright pictures bright; its temperature is 2."""
    keras = load_keras()
    picture = keras.Input((32, 32, 3))
    maps = keras.layers.Conv2D(1, 3, kernel_initializer="ones", name="conv")(picture)
    maps = keras.layers.GlobalAveragePooling2D()(maps)
    network = keras.Model(picture, keras.layers.Dense(2, activation="softmax", name="scores")(maps))
    network.layers[-1].set_weights([np.array([[-0.5, 0.5]]), np.array([6.75, -6.75])])
    folder = tmp_path_factory.mktemp("model")
    save_model(network, folder, name="brightness", class_names=("dark", "bright"), input_size=(32, 32), temperature=2.0)
    return folder


@pytest.fixture(scope="module")
def evaluated(model, pictures, tmp_path_factory):
    folder = tmp_path_factory.mktemp("out") / "evaluation"
    return folder, artforge("evaluate", model, "--data", pictures, "--out", folder, "--json")


def test_an_evaluation_tells_every_score_with_its_interval(evaluated):
    folder, said = evaluated
    assert said.exit_code == 0, said.exception
    scores = json.loads(said.stdout)
    assert scores["accuracy"] == 0.75
    assert scores["class_recall"] == {"dark": 0.75, "bright": 0.75}
    low, high = scores["intervals"]["accuracy"]
    assert low < 0.75 < high
    assert scores["by_folder"]["bright/scans"]["num_pictures"] == 4
    assert scores["temperature"] == 2
    assert json.loads((folder / "metrics.json").read_text())["accuracy"] == 0.75


def test_an_evaluation_leaves_charts_tables_and_the_worst_mistakes(evaluated):
    folder, said = evaluated
    names = {"confusion_matrix.png", "roc.png", "precision_recall.png", "reliability.png", "mistakes.png"}
    assert {path.name for path in folder.iterdir()} == names | {"metrics.json", "test_predictions.csv"}
    assert "matched by name: dark, bright" in said.stderr
    assert "brightness on all 16 pictures" in said.stderr


def test_in_words_an_evaluation_names_the_weakest_folder(model, pictures, tmp_path):
    said = artforge("evaluate", model, "--data", pictures, "--out", tmp_path)
    assert said.exit_code == 0
    words = [" ".join(line.split()) for line in said.stdout.splitlines()]
    assert words[0] == "brightness on all 16 pictures"
    assert any(line.startswith("balanced accuracy 0.750 0.") for line in words)
    assert {"recall of 'dark' 0.750", "precision of 'bright' 0.750"} <= set(words)
    assert sum(line.startswith("recall") for line in words) == 2
    assert any(line.startswith("temperature 2.00: ") for line in words)
    assert "accuracy by folder, the weakest first:" in words
    assert said.stderr == "the set names its classes in another order; they are matched by name: dark, bright\n"


def test_labels_that_may_be_reversed_are_told(model, pictures, tmp_path):
    for name, other in (("bright", "dark"), ("dark", "bright")):
        (tmp_path / "turned" / name).mkdir(parents=True)
        for number in range(2, 8):
            scan = pictures / other / ("scans" if number % 2 else "") / f"{number}.png"
            (tmp_path / "turned" / name / scan.name).symlink_to(scan)
    said = artforge("evaluate", model, "--data", tmp_path / "turned", "--out", tmp_path / "out")
    assert "the labels may be reversed" in said.stderr
    said = artforge("evaluate", model, "--data", pictures, "--out", tmp_path / "out")
    assert "reversed" not in said.stderr


def test_pictures_that_the_run_was_trained_on_are_found_under_other_names(model, pictures, tmp_path):
    run, others = tmp_path / "run", tmp_path / "others"
    run.mkdir()
    for name in ("model.keras", "model.json"):
        (run / name).write_bytes((model / name).read_bytes())
    (run / "config.yaml").write_text(f"data: {json.dumps(str(pictures))}\n")
    rows = ["bright/2.png,bright,a,training", "dark/4.png,dark,b,test", "dark/gone.png,dark,c,training"]
    (run / "split.csv").write_text("item,label,group,split\n" + "\n".join(rows) + "\n")
    for number, path in enumerate(sorted(pictures.rglob("*.png"))):
        copy = others / path.relative_to(pictures).parts[0] / f"copy {number}.png"
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    said = artforge("evaluate", run, "--data", others, "--out", tmp_path / "out")
    assert "1 of these 16 pictures are byte for byte some that the model was trained on" in said.stderr


def test_a_run_is_tested_on_its_own_pictures_and_part(model, pictures, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    for name in ("model.keras", "model.json"):
        (run / name).write_bytes((model / name).read_bytes())
    (run / "config.yaml").write_text(f"data: {json.dumps(str(pictures))}\nseed: 3\n")
    files = sorted(path.relative_to(pictures).as_posix() for path in pictures.rglob("*.png"))
    rows = [
        f"{file},{file.partition('/')[0]},{file},{'test' if '/7' in file or '/0' in file else 'training'}"
        for file in files
    ]
    (run / "split.csv").write_text("item,label,group,split\n" + "\n".join(rows) + "\n")
    said = artforge("evaluate", run, "--out", tmp_path / "out", "--json")
    assert said.exit_code == 0, said.exception
    assert json.loads(said.stdout)["part"] == "the test of the run, 4 of 16 pictures"
    assert json.loads(said.stdout)["accuracy"] == 0.5


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        (["nowhere"], ChoiceError, "no model 'nowhere'"),
        (["MODEL"], UsageError, "--data is needed"),
        (["MODEL", "--data", "nowhere"], DatasetError, "no such folder"),
        (["MODEL", "--data", "EMPTY"], DatasetError, ""),
        (["MODEL", "--data", "PICTURES", "--split", "test"], UsageError, "nothing says which pictures are the test"),
        (["MODEL", "--data", "PICTURES", "--dataset", "cifak"], ChoiceError, "cifake"),
        (["hand_vs_algo", "--data", "PICTURES"], ModelError, "missing in the set: algorithmic, hand_made"),
        (["MODEL", "--data", "PICTURES", "--out", "empty/../model.txt/x"], OutputError, "cannot make the folder"),
    ],
)
def test_a_mistake_is_told_and_leaves_nothing_behind(model, pictures, tmp_path, monkeypatch, words, error, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "model.txt").touch()
    places = {"MODEL": model, "PICTURES": pictures, "EMPTY": tmp_path / "empty"}
    said = artforge("evaluate", *[places.get(word, word) for word in words])
    assert isinstance(said.exception, error)
    assert message in str(said.exception)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "model.txt"]


def test_a_name_of_a_model_leads_nowhere_else():
    assert folder_name("../../x y", Path("set")) == "_.._x_y-on-set"


def test_predictions_come_in_order_and_what_cannot_be_read_is_named(model, pictures, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff nothing")
    table = tmp_path / "tables" / "seen.csv"
    said = artforge("predict", model, pictures / "dark", broken, pictures / "bright/4.png", "--json", "--csv", table)
    assert said.exit_code == 3
    told = [json.loads(line) for line in said.stdout.splitlines()]
    assert len(told) == 10
    assert [one["class"] for one in told if "class" in one].count("dark") == 6
    assert told[8]["picture"] == str(broken)
    assert "error" in told[8]
    assert told[9]["class"] == "bright"
    assert sum(told[9]["probabilities"].values()) == pytest.approx(1, abs=1e-6)
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [row["picture"] for row in rows] == [one["picture"] for one in told]
    assert float(rows[9]["p:bright"]) == pytest.approx(told[9]["probabilities"]["bright"])
    assert rows[8]["error"]


def test_a_table_can_go_to_stdout_and_odd_names_and_links_that_lead_nowhere_are_told(model, pictures, tmp_path):
    (tmp_path / "two\nlines.png").write_bytes((pictures / "dark" / "4.png").read_bytes())
    (tmp_path / "lost.png").symlink_to("nowhere.png")
    said = artforge("predict", model, tmp_path, "--csv", "-")
    assert said.exit_code == 3
    rows = list(csv.DictReader(said.stdout.splitlines(keepends=True)))
    assert [(row["picture"], row["class"]) for row in rows] == [
        (str(tmp_path / "lost.png"), ""),
        (str(tmp_path / "two\nlines.png"), "dark"),
    ]
    assert f"error: {tmp_path / 'lost.png'}: " in said.stderr
    assert artforge("predict", model, tmp_path).stdout.startswith(f"{tmp_path}/two\\nlines.png: dark ")
    both = artforge("predict", model, tmp_path, "--csv", "-", "--json")
    assert "both write to stdout" in str(both.exception)


def test_names_can_come_from_stdin(model, pictures):
    said = artforge("predict", model, "-", stdin=f"{pictures / 'dark/4.png'}\n\n{pictures / 'bright/4.png'}\n")
    assert said.exit_code == 0
    first, second = said.stdout.splitlines()
    assert first.startswith(f"{pictures / 'dark/4.png'}: dark ")
    assert second.startswith(f"{pictures / 'bright/4.png'}: bright ")


def test_a_whole_picture_is_seen_as_look_sees_it(model, pictures, tmp_path):
    picture = pictures / "bright/6.png"
    looked = artforge("look", picture, "--model", model, "--layer", "conv", "--out", tmp_path, "--json")
    predicted = artforge("predict", model, picture, "--whole", "--json")
    probabilities = json.loads(predicted.stdout)["probabilities"]
    assert probabilities == pytest.approx(json.loads(looked.stdout)["probabilities"], abs=1e-6)


@pytest.mark.parametrize("name", ["empty", "none.png"])
def test_when_nothing_can_be_read_the_code_is_1(model, tmp_path, name):
    (tmp_path / "empty").mkdir()
    said = artforge("predict", model, tmp_path / name)
    assert said.exit_code == 1
    assert str(tmp_path / name) in said.stderr
    assert not said.stdout


def test_files_that_are_not_there_are_told_before_the_model_is_opened(model, tmp_path, monkeypatch):
    monkeypatch.setattr("artforge.engine.models.store.load_keras", lambda: pytest.fail("Keras was loaded"))
    told = artforge("predict", model, tmp_path / "none.png", "--csv", tmp_path / "seen.csv")
    assert told.exit_code == 1
    assert "none.png: no such picture file" in told.stderr
    assert "none.png: no such picture file" in (tmp_path / "seen.csv").read_text()


def test_pictures_that_are_not_there_are_told_before_the_model_is_opened(model, tmp_path, monkeypatch):
    monkeypatch.setattr("artforge.engine.models.store.load_keras", lambda: pytest.fail("Keras was loaded"))
    told = artforge("evaluate", model, "--data", tmp_path / "none")
    assert isinstance(told.exception, DatasetError)


def test_no_names_on_stdin_are_told(model):
    said = artforge("predict", model, "-", stdin="\n")
    assert isinstance(said.exception, UsageError)
    assert "no picture is named" in str(said.exception)


def test_a_history_is_told_in_a_table_and_drawn(tmp_path):
    text = "(" + ", ".join(f"[{start}.5, {start}.0, 0.25]" for start in range(6)) + ")"
    (tmp_path / "old.txt").write_text(text)
    said = artforge("history", tmp_path / "old.txt", "--window", 2, "--out", tmp_path / "old.png")
    assert said.exit_code == 0, said.exception
    assert said.stdout.splitlines()[1].split() == ["cross-entropy", "0.5000", "0.1250", "0.5000", "0.1250"]
    assert (tmp_path / "old.png").read_bytes().startswith(b"\x89PNG")


def test_what_is_no_history_is_told(tmp_path):
    said = artforge("history", tmp_path / "none.csv")
    assert isinstance(said.exception, ArtforgeError)
    assert said.exception.exit_code == 2
