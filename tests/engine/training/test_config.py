"""Config files: YAML 1.2, every fault with its place, and a record that reads back as it was."""

from __future__ import annotations

import re

import pytest

from artforge.core.errors import UsageError
from artforge.engine.training.config import TrainConfig
from artforge.engine.training.config_file import check_options, config_text, read_config
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
        ("epochs: 3\nepoch: 4\n", "train.yaml:2:1: error: the setting 'epoch' is not one of: "),
        ("seed: 1\nepochs: many\n", "train.yaml:2:9: error: epochs: a whole number is wanted, received 'many'"),
        ("image_size: 8\n", "image_size: 8 is out of range: it must be at least 16"),
        ("rescale: yes\n", "received 'yes'"),
        ("epochs: 3\nepochs: 4\n", "train.yaml:2:1: error: 'epochs' stands here twice (first on line 1)"),
        ("epochs: [3\n", "not YAML"),
        ("- epochs\n", "train.yaml:1:1: error: a config is a mapping, one `name: value` a line"),
        ("epochs: 2.5\n", "received 2.5"),
        ("schedule: cosin\n", "'cosin' is not one of: cosine, constant, plateau - did you mean 'cosine'?"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path, text, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        read_config(written(tmp_path, text))


def test_a_fault_is_shown_in_its_line(tmp_path):
    with pytest.raises(UsageError) as caught:
        read_config(written(tmp_path, "seed: 1\nepochs: many\n"))
    assert str(caught.value).endswith("     2 | epochs: many\n       |         ^^^^")


def test_all_faults_are_told_at_once(tmp_path):
    with pytest.raises(UsageError) as caught:
        read_config(written(tmp_path, "epoch: 4\nseed: -1\n"))
    assert len(re.findall("error: ", str(caught.value))) == 2


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UsageError, match="cannot read the config file"):
        read_config(tmp_path / "none.yaml")


def test_options_are_checked_like_a_file():
    with pytest.raises(UsageError) as caught:
        check_options({"learning_rate": -1.0})
    expected = "options: error: --learning-rate: -1.0 is out of range: it must be greater than 0"
    assert str(caught.value) == expected


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
    first, second = (line for line in str(told.value).splitlines() if "error: " in line)
    assert "train.yaml:1:15: error: architecture: 'artforge_smal' is not one of: " in first
    assert first.endswith("did you mean 'artforge_small'?")
    assert "train.yaml:2:9: error: epochs: " in second


def test_a_file_that_is_not_there_is_answered_with_the_nearest(tmp_path):
    (tmp_path / "digits.yaml").touch()
    with pytest.raises(UsageError, match=r"digit.yaml: cannot read .* - did you mean 'digits.yaml'\?"):
        read_config(tmp_path / "digit.yaml")
