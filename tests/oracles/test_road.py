"""ROAD is that of its authors, as pytorch-grad-cam has it; their noise is left out, for each library draws its own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pytorch_grad_cam.metrics import road as theirs
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from twins import as_tensor, assert_same, questions

from artforge.engine.honesty import road as ours
from artforge.engine.honesty.road import PERCENTAGES, impute, road_score


@pytest.fixture(autouse=True)
def without_noise(monkeypatch):
    monkeypatch.setattr(ours, "NOISE", 0.0)
    monkeypatch.setattr(torch, "randn_like", torch.zeros_like)
    argwhere = np.argwhere  # they hand it tensors, which NumPy no longer takes
    monkeypatch.setattr(np, "argwhere", lambda values: argwhere(np.asarray(values)))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_missing_pixels_are_filled_in_as_theirs(pictures, share):
    for seed, image in enumerate(pictures):
        missing = np.random.default_rng(seed).random(image.shape[:2]) < share
        filled = theirs.NoisyLinearImputer(noise=0)(as_tensor(image)[0], torch.from_numpy(1.0 - missing))
        assert_same(impute(image, missing), filled.numpy().transpose(1, 2, 0))


def test_the_score_of_a_map_is_theirs(pair, pictures):
    model, twin = pair
    for seed, (image, target) in enumerate(questions(pictures, twin)):
        heatmap = np.random.default_rng(seed).random(image.shape[:2]).astype(np.float32)
        measure = theirs.ROADCombined(percentiles=list(PERCENTAGES))
        [expected] = measure(as_tensor(image), heatmap[None], [ClassifierOutputTarget(target)], twin)
        found = road_score(
            model.prepare(image)[0], heatmap, lambda batch, index=target: model.class_scores(batch)[:, index]
        )
        # what is left of two scores that nearly cancel: as exact as the scores themselves
        scale = float(np.abs(model.class_scores(model.prepare(image))).max())
        assert abs(expected) > 1e-3 * scale
        assert found == pytest.approx(expected, abs=1e-5 * scale)
