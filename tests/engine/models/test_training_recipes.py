"""Every network has a recipe, and every recipe is one that training takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from artforge.engine.models.architectures import ARCHITECTURES
from artforge.engine.training.config import TrainConfig
from artforge.engine.training.config_file import read_config

ROOT = Path(__file__).parents[3]
RECIPES = sorted((ROOT / "recipes" / "training").glob("*.yaml"))


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_every_network_has_a_recipe_that_trains_it(name):
    settings = read_config(ROOT / ARCHITECTURES[name].recipe_file)
    assert ARCHITECTURES[settings["architecture"]].recipe_file == ARCHITECTURES[name].recipe_file


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_is_accepted_by_training(path):
    config = TrainConfig.model_validate(read_config(path))
    architecture = ARCHITECTURES[config.architecture]
    assert config.image_size == architecture.image_size
    assert config.weights in (None, *architecture.pretrained)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_shows_the_command_that_runs_it(path):
    assert f"artforge train recipes/training/{path.name} --data" in path.read_text(encoding="utf-8")


def test_what_the_notebook_set_is_what_its_networks_are_trained_with():
    config = TrainConfig.model_validate(read_config(ROOT / ARCHITECTURES["el_kholy_example"].recipe_file))
    assert (config.optimizer, config.learning_rate, config.schedule) == ("adam", 0.001, "constant")
    assert (config.batch_size, config.epochs, config.image_size) == (32, 3, 256)
    assert not config.balance_classes
    assert not any((config.rescale, config.flip, config.window, config.jitter, config.jpeg))
