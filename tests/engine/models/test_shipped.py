"""The model that comes with artforge: sound, right on pictures it never saw, and alive in every channel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from artforge.core.files import sha256_of
from artforge.core.pictures import to_float
from artforge.engine.attention.feature_maps import feature_maps_of_layers
from artforge.engine.attention.grad_cam import grad_cam
from artforge.engine.data.families import CLASS_NAMES
from artforge.engine.data.procedural import draw, draw_set
from artforge.engine.models.card import read_card
from artforge.engine.models.store import load_model, resolve_model

UNSEEN_SEED = 20_261_123
MNIST = Path(__file__).parents[4] / "shared" / "data" / "mnist.npz"


@pytest.fixture(scope="module")
def path():
    return resolve_model("hand_vs_algo", base=Path())


@pytest.fixture(scope="module")
def model(path):
    return load_model(path)


@pytest.fixture(scope="module")
def unseen():
    """36 new pictures a class, each family twice."""
    return draw_set(36, (128, 128), UNSEEN_SEED)


def test_card_belongs_to_the_file_and_the_file_is_small(path):
    card = read_card(path)
    assert card.sha256 == sha256_of(path)
    assert card.class_names == CLASS_NAMES
    assert card.scores["accuracy"] >= 0.95
    assert path.stat().st_size < 3_000_000


def test_it_tells_the_classes_of_new_pictures(model, unseen):
    probabilities = model.probabilities([to_float(image) for image in unseen.images])
    right = probabilities.argmax(axis=1) == unseen.labels
    assert right.mean() >= 0.9  # its accuracy is 0.96; of 72 pictures fewer than 65 would be rare bad luck


def test_every_channel_of_every_layer_answers_somewhere_and_not_everywhere_the_same(model, unseen):
    layers = [name for name in model.layer_names if name.endswith("_relu")]
    assert len(layers) == 7
    seen = feature_maps_of_layers(model, [to_float(image) for image in unseen.images], layers)
    for layer in layers:
        maps = np.stack([each[layer] for each in seen])
        assert (maps.max(axis=(0, 1, 2)) > 0).all(), layer
        assert (maps.std(axis=(1, 2)).max(axis=0) > 1e-3).all(), layer


def test_heat_for_the_hand_lies_on_the_marks_not_on_the_empty_paper(model):
    picture = draw("hand_made", "gouache", 3, (256, 256))
    marks, paper = np.full((256, 128, 3), 1.0, np.float32), picture[:8, :8].mean(axis=(0, 1))
    half = picture.copy()
    half[:, 128:] = paper * marks  # the right half wiped to the colour of the paper
    heat = grad_cam(half, model=model, target="hand_made")
    assert heat[:, :112].max() > 2 * heat[:, 144:].max()


@pytest.mark.skipif(not MNIST.is_file(), reason="the digits of MNIST are not beside the checkout")
def test_the_network_for_digits_reads_digits():
    model = load_model(resolve_model("digits", base=Path()))
    card = read_card(resolve_model("digits", base=Path()))
    with np.load(MNIST) as file:
        pictures, labels = file["x_test"], file["y_test"]
    shown = [np.repeat(to_float(one)[..., None], 3, axis=-1) for one in pictures]
    right = float(np.mean(model.probabilities(shown).argmax(axis=1) == labels))
    assert right >= 0.985
    assert right == pytest.approx(card.scores["accuracy"], abs=0.001)
