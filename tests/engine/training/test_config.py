"""Config files: YAML 1.2, every fault with its place, and a record that reads back as it was."""

from __future__ import annotations

import re

import pytest

from artforge.core.errors import UsageError
from artforge.engine.training.config import TrainConfig, check_settings, config_text, read_config
from artforge.engine.training.fitting import fitted_epochs


def written(tmp_path, text: str):
    path = tmp_path / "train.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_only_what_the_file_says_is_given(tmp_path):
    path = written(tmp_path, "epochs: 3\nlearning_rate: 1e-2\nrescale: false\n")
    assert read_config(path) == {"epochs": 3, "learning_rate": 0.01, "rescale": False}


def test_an_empty_file_changes_nothing(tmp_path):
    assert read_config(written(tmp_path, "# nothing yet\n")) == {}


def test_an_integer_will_do_for_a_number(tmp_path):
    assert read_config(written(tmp_path, "jitter: 1\n")) == {"jitter": 1.0}


def test_what_is_written_reads_back_as_it_was(tmp_path):
    config = TrainConfig(data="pictures of mine", name="mine", epochs=4, jitter=0.0, balance_classes=False)
    assert TrainConfig(**read_config(written(tmp_path, config_text(config)))) == config


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epochs: 3\nepoch: 4\n", "train.yaml:2:1: error: unknown setting 'epoch' - did you mean 'epochs'?"),
        ("seed: 1\nepochs: many\n", "train.yaml:2:9: error: epochs: "),
        ("image_size: 8\n", "received 8"),
        ("rescale: yes\n", "received 'yes'"),
        ("epochs: 3\nepochs: 4\n", "train.yaml:2:1: not YAML"),
        ("epochs: [3\n", "not YAML"),
        ("- epochs\n", "a config is a list of `name: value` lines"),
        ("epochs: 2.5\n", "received 2.5"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path, text, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        read_config(written(tmp_path, text))


def test_all_faults_are_told_at_once(tmp_path):
    with pytest.raises(UsageError) as caught:
        read_config(written(tmp_path, "epoch: 4\nseed: -1\n"))
    assert len(str(caught.value).splitlines()) == 2


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UsageError, match="cannot read the config file"):
        read_config(tmp_path / "none.yaml")


def test_options_are_checked_like_a_file():
    with pytest.raises(UsageError, match=r"^options: error: --learning-rate: .*received -1"):
        check_settings({"learning_rate": -1.0}, "options")


def test_a_model_is_called_by_its_folder_unless_it_is_named():
    assert TrainConfig().model_name == "hand_vs_algo"
    assert TrainConfig(data="a/cats_dogs").model_name == "cats_dogs"
    assert TrainConfig(data="a/cats_dogs", name="pets").model_name == "pets"


@pytest.mark.parametrize(("num_training", "epochs"), [(1800, 17), (555, 40), (100_000, 1)])
def test_a_small_set_is_seen_more_often(num_training, epochs):
    assert fitted_epochs(num_training) == epochs


def test_an_unknown_network_is_told_with_the_other_faults(tmp_path):
    (tmp_path / "train.yaml").write_text("architecture: artforge_smal\nepochs: -1\n")
    with pytest.raises(UsageError) as told:
        read_config(tmp_path / "train.yaml")
    first, second = str(told.value).splitlines()
    assert "train.yaml:2:9: error: epochs: " in first
    assert "train.yaml:1:15: error: architecture: " in second
    assert "did you mean 'artforge_small'?, received 'artforge_smal'" in second


def test_a_file_that_is_not_there_is_answered_with_the_nearest(tmp_path):
    (tmp_path / "digits.yaml").touch()
    with pytest.raises(UsageError, match=r"digit.yaml: cannot read .* - did you mean 'digits.yaml'\?"):
        read_config(tmp_path / "digit.yaml")
