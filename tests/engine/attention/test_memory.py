"""What is held in memory: a batch's maps, not those of all pictures; the last few compiled pieces, not all."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from artforge.engine.attention import at_once, pieces
from artforge.engine.attention.at_once import pictures_at_once
from artforge.engine.attention.evidence import each_evidence, gather_evidence_of_layers, pieces_of
from artforge.engine.attention.feature_maps import each_feature_maps, feature_maps_of_layers
from artforge.engine.attention.grad_cam import grad_cam_batch
from artforge.engine.attention.kept import Kept
from artforge.engine.attention.saliency import saliency_batch
from artforge.engine.models.handle import BATCH, Model

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_the_one_not_used_for_longest_is_let_go(residual):
    kept, built = Kept(most=2), []

    def get(key):
        return kept.get(residual, key, lambda: built.append(key) or key.upper())

    assert [get(key) for key in ("a", "b", "a", "c", "a", "b")] == ["A", "B", "A", "C", "A", "B"]
    assert built == ["a", "b", "c", "b"]


def test_what_is_kept_goes_with_its_model(residual):
    model = Model(residual.keras_model, residual.class_names, residual.input_size)
    kept: Kept[np.ndarray] = Kept(most=2)
    held = weakref.ref(kept.get(model, "a", lambda: np.zeros(3)))
    gc.collect()
    assert held() is not None
    del model
    gc.collect()
    assert held() is None


def test_layers_in_another_order_are_the_same_pieces(residual, pictures):
    assert pieces_of(residual, ("inner", "late", "early")) is pieces_of(residual, ("early", "inner", "late"))
    for layers in (["late", "early"], ["early", "late"]):
        [found] = gather_evidence_of_layers(pictures[:1], model=residual, layers=layers, targets="red")
        [maps] = feature_maps_of_layers(residual, pictures[:1], layers)
        assert list(found) == list(maps) == layers
        assert [found[layer].gradients.shape[-1] for layer in layers] == [
            residual.find_layer(layer).channels for layer in layers
        ]
        for layer in layers:
            np.testing.assert_allclose(found[layer].feature_maps, maps[layer], atol=1e-5)


def test_a_sweep_over_sets_of_layers_does_not_keep_them_all(residual):
    first = weakref.ref(pieces_of(residual, ("early",)))
    for index in range(20):
        pieces._PIECES.get(residual, f"another {index}", object)
    gc.collect()
    assert first() is None


@pytest.mark.parametrize("make", ["evidence", "feature maps"])
def test_only_a_batch_or_two_of_maps_is_held_at_a_time(residual, pictures, monkeypatch, make):
    prepared, prepare = [0], Model.prepare

    def counted(model, images):
        prepared[0] += len(images)
        return prepare(model, images)

    monkeypatch.setattr(Model, "prepare", counted)
    many = [pictures[0]] * (4 * BATCH)
    each = (
        each_evidence(many, model=residual, layers=["late"], targets="red")
        if make == "evidence"
        else each_feature_maps(residual, many, ["late"])
    )
    held = []
    for number, (_, by_layer) in enumerate(each):
        assert prepared[0] == (number // BATCH + 1) * BATCH  # the next batch waits until this one is done
        maps = getattr(by_layer["late"], "feature_maps", by_layer["late"])
        held.append(weakref.ref(maps.base))
        del maps, by_layer
        assert len({id(base()) for base in held if base() is not None}) <= 2


def test_large_maps_make_small_batches_of_large_pictures_smaller_still(residual, monkeypatch):
    layers = [residual.find_layer("late")]
    bytes_each = 4 * layers[0].channels * layers[0].size[0] * layers[0].size[1]
    monkeypatch.setattr(at_once, "BATCH_BYTES", 8 * bytes_each)

    def length(sizes, copies):
        return pictures_at_once(layers, sizes, model=residual, copies=copies)

    assert length([(32, 32)], 1) == 8
    assert length([(32, 32)], 2) == 4
    assert length([(32, 32), (32, 64)], 2) == 2
    assert length([(320, 320)], 2) == 1
    assert length([], 1) == 8


@pytest.mark.parametrize("make", [grad_cam_batch, saliency_batch])
def test_smaller_batches_change_nothing(residual, pictures, monkeypatch, make):
    expected = make(pictures, model=residual, targets="red")
    monkeypatch.setattr(at_once, "BATCH_BYTES", 1)
    for heatmap, whole in zip(make(pictures, model=residual, targets="red"), expected, strict=True):
        np.testing.assert_allclose(heatmap, whole, rtol=0, atol=1e-5 * np.abs(whole).max())
