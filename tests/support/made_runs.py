"""Run folders made by hand, without a network, and tests that differ from each other."""

from __future__ import annotations

import json

import numpy as np

from artforge.engine.evaluation.metrics import score_predictions
from artforge.engine.evaluation.predictions import PREDICTIONS_FILE, Predictions, write_predictions
from artforge.engine.models.card import ModelCard, write_card

CLASSES = ("human", "ai")


def predictions_of(skill, *, seed=0, test_seed=0, num=80, class_names=CLASSES):
    """A test whose pictures depend on `test_seed`, and guesses that are the better the more skill there is."""
    chosen = np.random.default_rng(test_seed)
    labels = chosen.integers(0, len(class_names), num)
    numbers = chosen.permutation(10_000)[:num]
    logits = np.random.default_rng(seed).normal(size=(num, len(class_names))) + skill * np.eye(len(class_names))[labels]
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    items = tuple(f"{class_names[label]}/{number}.png" for label, number in zip(labels, numbers, strict=True))
    groups = tuple(f"artist {number % 17}" for number in numbers)
    return Predictions(items, groups, labels, shares.astype(np.float32), tuple(class_names))


def write_run(folder, predictions, *, architecture="artforge_small", seed=0, **settings):
    """What `artforge train` leaves, but for the network itself."""
    folder.mkdir(parents=True)
    config = {"architecture": architecture, "seed": seed, "image_size": 32, **settings}
    (folder / "config.yaml").write_text("".join(f"{name}: {json.dumps(value)}\n" for name, value in config.items()))
    (folder / "model.keras").write_bytes(b"not opened here")
    card = ModelCard(name="run", class_names=predictions.class_names, input_size=(32, 32), num_parameters=1234)
    write_card(folder / "model.keras", card)
    scores = score_predictions(predictions.labels, predictions.probabilities, predictions.class_names)
    (folder / "test_metrics.json").write_text(json.dumps(scores))
    (folder / "history_epochs.csv").write_text("epoch,loss,seconds,images_per_second\n1,0.5,10,90\n2,0.4,12,110\n")
    write_predictions(folder / PREDICTIONS_FILE, predictions)
    return folder
