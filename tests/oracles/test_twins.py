"""What the comparisons stand on: the Keras network and its torch twin are one network."""

from __future__ import annotations

import numpy as np
import torch
from twins import as_tensor, assert_same, twins


def test_the_twins_give_the_same_class_scores(pair, pictures):
    model, twin = pair
    for image in pictures:
        assert_same(model.class_scores(model.prepare(image)), twin(as_tensor(image)).detach().numpy())


def test_the_twins_give_the_same_probabilities(pair, pictures):
    model, twin = pair
    squash = torch.sigmoid if twin.kind == "one_sigmoid" else torch.nn.Softmax(dim=1)
    for image in pictures:
        theirs = squash(twin(as_tensor(image))).detach().numpy()
        np.testing.assert_allclose(model.probabilities(image), theirs, atol=1e-5)


def test_a_louder_network_shouts_the_same(pictures):
    quiet, _ = twins("flattened")
    model, twin = twins("flattened", loudness=50)
    batch = model.prepare(pictures[0])
    assert_same(model.class_scores(batch), twin(as_tensor(pictures[0])).detach().numpy())
    assert np.abs(model.class_scores(batch)).max() > 10 * np.abs(quiet.class_scores(batch)).max()
