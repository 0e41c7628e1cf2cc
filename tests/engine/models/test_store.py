from __future__ import annotations

import subprocess
import sys
import zipfile

import numpy as np
import pytest

from artforge.core.errors import ChoiceError, ModelError
from artforge.core.files import sha256_of
from artforge.engine.backend import load_keras
from artforge.engine.models.card import ModelCard, card_path, has_card, read_card, write_card
from artforge.engine.models.store import load_model, make_card, resolve_model, save_model, shipped_models

# Keras itself calls NumPy in an older style when it saves and loads; artforge's own calls hide that
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CLASSES = ("hand_made", "algorithmic")


@pytest.fixture(scope="module")
def keras():
    return load_keras()


@pytest.fixture(scope="module")
def network(keras):
    picture = keras.Input((None, None, 3))
    maps = keras.layers.ReLU(name="seen")(keras.layers.Conv2D(5, 3, padding="same", name="conv")(picture))
    pooled = keras.layers.GlobalAveragePooling2D()(maps)
    return keras.Model(picture, keras.layers.Dense(1, activation="sigmoid")(pooled))


@pytest.fixture
def folder(network, tmp_path):
    save_model(
        network, tmp_path / "run", name="mine", class_names=CLASSES, input_size=(48, 48), scores={"accuracy": 0.97}
    )
    return tmp_path / "run"


def test_a_saved_model_comes_back_with_its_card(folder, network):
    model = load_model(folder / "model.keras")
    assert (model.name, model.class_names, model.input_size) == ("mine", CLASSES, (48, 48))
    assert model.sha256 == sha256_of(folder / "model.keras")
    image = np.random.default_rng(0).random((48, 60, 3), dtype=np.float32)
    np.testing.assert_allclose(
        model.probabilities(image)[:, 1:], network.predict_on_batch(model.prepare(image)), atol=1e-6
    )


def test_the_card_knows_layers_classes_and_scores(folder):
    card = read_card(folder / "model.keras")
    assert card.layer_names == ("conv", "seen")
    assert card.last_conv == "seen"
    assert [(layer.channels, layer.size, layer.kind) for layer in card.layers] == [
        (5, (48, 48), "convolution"),
        (5, (48, 48), "activation"),
    ]
    assert card.scores == {"accuracy": 0.97}
    assert card == make_card(load_model(folder / "model.keras")).model_copy(update={"scores": {"accuracy": 0.97}})


def test_nothing_but_the_two_files_is_left_in_the_folder(folder):
    assert sorted(path.name for path in folder.iterdir()) == ["model.json", "model.keras"]


def test_a_model_of_others_works_without_a_card(folder):
    card_path(folder / "model.keras").unlink()
    model = load_model(folder / "model.keras")
    assert (model.class_names, model.input_size, model.value_range) == (("class_0", "class_1"), (224, 224), (0, 1))
    assert model.name == "model"


def test_an_h5_file_is_opened_as_well(keras, network, tmp_path):
    network.save(tmp_path / "old.h5")
    image = np.random.default_rng(0).random((32, 32, 3), dtype=np.float32)
    model = load_model(tmp_path / "old.h5")
    np.testing.assert_allclose(
        model.probabilities(image)[:, 1:], network.predict_on_batch(model.prepare(image)), atol=1e-6
    )


def test_the_card_is_read_without_keras(folder):
    program = (
        "import sys; from pathlib import Path; from artforge.engine.models.card import read_card;"
        "import artforge.engine.models.store, artforge.engine.attention.grad_cam;"
        f"read_card(Path({str(folder / 'model.keras')!r}));"
        "sys.exit(bool({'keras', 'tensorflow'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


# names


def test_models_are_found_as_run_folders_and_files(folder):
    assert resolve_model("run", base=folder.parent) == folder / "model.keras"
    assert resolve_model("run/model.keras", base=folder.parent) == folder / "model.keras"
    assert resolve_model(str(folder), base=folder.parent / "elsewhere") == folder / "model.keras"


def test_an_unknown_name_is_answered_with_the_shipped_ones(tmp_path):
    assert shipped_models() == ("hand_vs_algo", "digits")
    with pytest.raises(
        ChoiceError, match=r"no model 'hand_vs_algos'.*\(hand_vs_algo, digits\) - did you mean 'hand_vs_algo'"
    ):
        resolve_model("hand_vs_algos", base=tmp_path)


@pytest.mark.parametrize("name", ["", "  "])
def test_an_empty_name_is_no_folder(tmp_path, name):
    with pytest.raises(ChoiceError, match=r"no model is named: expected .*\(hand_vs_algo, digits\)"):
        resolve_model(name, base=tmp_path)


def test_what_cannot_be_a_model_is_refused_by_name(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(ModelError, match=r"no model\.keras in this folder"):
        resolve_model("empty", base=tmp_path)
    with pytest.raises(ModelError, match=r"not a model file, expected one that ends in \.keras"):
        resolve_model("notes.txt", base=tmp_path)


# hostile and damaged files


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "empty"), (b"not a model at all", "not a Keras model"), (b"PK\x03\x04xx", "not a Keras model")],
)
def test_a_file_that_is_no_model_is_refused(tmp_path, suffix, content, message):
    (tmp_path / f"bad{suffix}").write_bytes(content)
    with pytest.raises(ModelError, match=message):
        load_model(tmp_path / f"bad{suffix}")


@pytest.mark.parametrize(("suffix", "other"), [(".keras", ".h5"), (".h5", ".keras"), (".keras", ".hdf5")])
def test_a_file_under_the_suffix_of_the_other_kind_is_told_its_name(network, tmp_path, suffix, other):
    network.save(tmp_path / f"net{suffix}")
    (tmp_path / f"net{suffix}").rename(tmp_path / f"swap{other}")
    with pytest.raises(ModelError, match=rf"swap\{other}: .* rename it to swap\{suffix}$"):
        load_model(tmp_path / f"swap{other}")


def test_an_hdf5_file_may_end_in_hdf5(network, tmp_path):
    network.save(tmp_path / "net.h5")
    (tmp_path / "net.h5").rename(tmp_path / "net.hdf5")
    assert load_model(tmp_path / "net.hdf5").name == "net"


def test_a_saved_subclassed_model_is_told_to_come_through_wrap_model(keras, tmp_path):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.scores = keras.layers.Dense(2)

        def call(self, picture):
            return self.scores(keras.ops.mean(picture, axis=(1, 2)))

    network = Own()
    network(np.zeros((1, 8, 8, 3), np.float32))
    network.save(tmp_path / "own.keras")
    with pytest.raises(ModelError, match=r"ordinary Keras layers can be opened\. Or open it yourself, .* wrap_model"):
        load_model(tmp_path / "own.keras")


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_file_cut_short_is_refused(network, tmp_path, suffix, share):
    path = tmp_path / f"whole{suffix}"
    network.save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ModelError, match=path.name):
        load_model(path)


def test_an_archive_of_something_else_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "photos.keras", "w") as archive:
        archive.writestr("photo.txt", "hello")
    with pytest.raises(ModelError, match="not a Keras model that can be opened"):
        load_model(tmp_path / "photos.keras")


def test_an_archive_that_unpacks_to_too_much_is_not_opened(tmp_path, monkeypatch, folder):
    monkeypatch.setattr("artforge.engine.models.store.MAX_UNPACKED", 100)
    with pytest.raises(ModelError, match="are not opened"):
        load_model(folder / "model.keras")


def test_weights_alone_are_no_model(network, tmp_path):
    network.save_weights(tmp_path / "only.weights.h5")
    with pytest.raises(ModelError, match="weights but no network"):
        load_model(tmp_path / "only.weights.h5")


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_model_with_code_of_its_own_is_never_run(keras, tmp_path, suffix):
    marker = tmp_path / "ran"

    network = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Lambda(lambda x, path=str(marker): [__import__("pathlib").Path(path).touch(), x][1]),
            keras.layers.Flatten(),
            keras.layers.Dense(2),
        ]
    )
    network.save(tmp_path / f"hostile{suffix}")
    marker.unlink()
    with pytest.raises(ModelError, match="carries Python code of its own"):
        load_model(tmp_path / f"hostile{suffix}")
    assert not marker.exists()


def test_weights_with_nan_are_refused(keras, tmp_path):
    network = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(2)])
    network.layers[-1].bias.assign([0, np.nan])
    network.save(tmp_path / "nan.keras")
    with pytest.raises(ModelError, match=r"nan\.keras: .*NaN or infinite"):
        load_model(tmp_path / "nan.keras")


def test_a_damaged_card_is_named(folder):
    card_path(folder / "model.keras").write_text('{"name": "x", "class_names": "no"}')
    with pytest.raises(ModelError, match=r"model\.json: not a model card of artforge \(class_names"):
        load_model(folder / "model.keras")


def test_a_card_comes_back_as_it_was_written(tmp_path):
    card = ModelCard(name="x", class_names=("ä", "b"), input_size=(3, 4), value_range=(-1, 1), scores={"auc": 0.5})
    write_card(tmp_path / "x.keras", card)
    assert read_card(tmp_path / "x.json") == card


@pytest.mark.parametrize("write", [lambda network: network.to_json(), lambda network: "[]"])
def test_json_of_others_beside_a_model_is_no_card(network, tmp_path, write):
    network.save(tmp_path / "model.h5")
    (tmp_path / "model.json").write_text(write(network))
    assert not has_card(tmp_path / "model.h5")
    assert load_model(tmp_path / "model.h5").class_names == ("class_0", "class_1")


def test_a_card_counts_as_one_even_when_it_is_damaged(folder):
    card = card_path(folder / "model.keras")
    assert has_card(folder / "model.keras")
    assert has_card(card)
    card.write_bytes(card.read_bytes()[:40])
    assert has_card(card)
    card.unlink()
    assert not has_card(card)
