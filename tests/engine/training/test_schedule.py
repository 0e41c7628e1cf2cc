"""The learning rate of each step, and the phases of a run."""

from __future__ import annotations

import pytest

from artforge.engine.models.architectures import build_architecture, output_bias
from artforge.engine.training.config import TrainConfig
from artforge.engine.training.phases import Phase, phase_of, set_trainable
from artforge.engine.training.schedule import learning_rate, num_plateaus

PHASE = Phase(1, 5, frozen=False, learning_rate=0.8)


def rate(step: int, *, phase: Phase = PHASE, **more) -> float:
    settings = {name: more.pop(name) for name in ("schedule", "minutes") if name in more}
    return learning_rate(TrainConfig(**settings), phase, step, steps_per_epoch=10, **more)


def test_the_cosine_rises_for_an_epoch_and_falls_to_a_hundredth():
    assert rate(0) == pytest.approx(0.04)
    assert rate(5) == pytest.approx(0.8 * 0.525)
    assert rate(10) == pytest.approx(0.8)
    assert rate(30) == pytest.approx(0.8 * 0.505)
    assert rate(50) == pytest.approx(0.008)


def test_a_phase_of_one_epoch_only_rises():
    rates = [rate(step, phase=Phase(3, 3, frozen=False, learning_rate=0.8)) for step in range(10)]
    assert rates == sorted(rates)


def test_a_constant_rate_stays():
    assert {rate(step, schedule="constant") for step in range(50)} == {0.8}


def test_the_cosine_follows_the_clock_where_it_is_ahead():
    endless = Phase(1, 10_000, frozen=False, learning_rate=0.8)
    assert rate(3, phase=endless, minutes=1.0, time_share=1.0) == pytest.approx(0.008)
    assert rate(3, phase=endless, minutes=1.0, time_share=0.5) == pytest.approx(0.8 * 0.505)
    assert rate(0, phase=endless, minutes=1.0, time_share=0.05) == pytest.approx(0.8 * 0.525)


def test_a_plateau_lowers_the_rate_after_three_epochs_without_a_lower_loss():
    assert rate(40, schedule="plateau", val_losses=[1.0, 0.5, 0.6, 0.7]) == pytest.approx(0.8)
    assert rate(50, schedule="plateau", val_losses=[1.0, 0.5, 0.6, 0.7, 0.5]) == pytest.approx(0.08)
    assert num_plateaus([1.0, *[1.0] * 6]) == 2
    assert num_plateaus([1.0, 1.0, 1.0, 0.9, 0.9, 0.9]) == 0


def test_the_head_learns_first_then_everything_at_its_own_rate():
    config = TrainConfig(epochs=6, frozen_epochs=2, fine_tune_rate=1e-4)
    assert [phase_of(config, epoch).frozen for epoch in range(1, 7)] == [True, True, False, False, False, False]
    assert phase_of(config, 2) == Phase(1, 2, frozen=True, learning_rate=4e-3)
    assert phase_of(config, 3) == Phase(3, 6, frozen=False, learning_rate=1e-4)
    assert phase_of(config.model_copy(update={"fine_tune_rate": None}), 3).learning_rate == 4e-3
    assert phase_of(TrainConfig(epochs=6), 1) == Phase(1, 6, frozen=False, learning_rate=4e-3)


def test_only_the_head_is_trainable_in_a_frozen_phase():
    network = build_architecture(
        "artforge_small", 2, picture_shape=(32, 32, 3), dropout=0.0, output_bias=output_bias([1, 1])
    )
    whole, config = len(network.trainable_variables), TrainConfig(epochs=2, frozen_epochs=1)
    set_trainable(network, config, phase_of(config, 1))
    assert {one.path.split("/")[0] for one in network.trainable_variables} == {"class_scores"}
    set_trainable(network, config, phase_of(config, 2))
    assert len(network.trainable_variables) == whole
