"""Where a network's weights come from: what was asked for, else its own start, but never on the set it learned from."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from artforge.core.errors import UsageError
from artforge.engine.training.config import TrainConfig
from artforge.engine.training.networks import check_weights, start_of


def start(channels=3, **settings):
    images = np.zeros((2, 8, 8, channels), np.uint8)
    return start_of(SimpleNamespace(config=TrainConfig(**settings), dataset=SimpleNamespace(images=images)))


def test_the_default_network_begins_with_the_shipped_filters_on_pictures_of_ones_own():
    assert start(data="mine") == "hand_vs_algo"


def test_it_begins_from_nothing_on_the_set_that_the_shipped_filters_come_from():
    assert start() is None


def test_it_begins_from_nothing_on_greys():
    assert start(data="mine", channels=1) is None


def test_a_network_without_a_start_of_its_own_begins_from_nothing():
    assert start(data="mine", architecture="artforge_small") is None


@pytest.mark.parametrize(
    ("weights", "expected"),
    [("random", None), ("hand_vs_algo", "hand_vs_algo"), ("imagenet", "imagenet"), ("other.h5", Path("other.h5"))],
)
def test_what_was_asked_for_goes_first(weights, expected):
    assert start(data="mine", weights=weights) == expected


@pytest.mark.parametrize("weights", [None, "random", "hand_vs_algo"])
def test_weights_that_are_known_by_name_are_no_missing_file(weights):
    check_weights(TrainConfig(weights=weights))


def test_a_name_that_the_network_does_not_list_is_a_missing_file():
    with pytest.raises(
        UsageError, match=r"hand_vs_algo: no such file. Give a file of weights, or one of: random, imagenet"
    ):
        check_weights(TrainConfig(architecture="mnist_cnn", weights="hand_vs_algo"))
