from __future__ import annotations

import numpy as np
import pytest

from artforge.core.errors import ChoiceError
from artforge.engine.ascent.regularisers import Blur, LpNorm, ToStart, TotalVariation, compiled_penalties, penalties_of
from artforge.engine.backend import to_array

ALL = [TotalVariation(2.0), TotalVariation(2.0, beta=1), LpNorm(3.0), LpNorm(3.0, p=1), ToStart(2.0), Blur(1.5)]


def penalty(regularisers, pictures, start=None):
    start = np.zeros_like(pictures) if start is None else start
    values, [slopes], _ = penalties_of(regularisers)(pictures, start)
    return to_array(values), to_array(slopes)


def test_total_variation_of_a_step_is_its_length():
    step = np.zeros((1, 5, 8, 3), np.float32)
    step[:, :, 4:] = 1
    for beta in (1.0, 2.0):
        [value], _ = penalty([TotalVariation(1.0, beta)], step)
        assert value == pytest.approx(5 * 3 / (5 * 8 * 3), rel=1e-6)
    [value], _ = penalty([TotalVariation(2.0)], step.swapaxes(1, 2))
    assert value == pytest.approx(2 * 5 / 40, rel=1e-6)


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0, 3.0])
def test_total_variation_of_a_constant_is_zero_and_so_is_its_slope(beta):
    [value], slopes = penalty([TotalVariation(1.0, beta)], np.full((1, 4, 5, 3), 0.3, np.float32))
    assert value == 0
    np.testing.assert_array_equal(slopes, 0)


def test_norms_by_hand():
    picture = np.full((1, 2, 2, 3), 0.5, np.float32)
    picture[0, 0, 0, 0], picture[0, 1, 1, 2] = 0.9, 0.2
    [largest], _ = penalty([LpNorm(1.0, p=6)], picture)
    assert largest == pytest.approx((0.4**6 + 0.3**6) ** (1 / 6) / 12, rel=1e-4)
    [mean], _ = penalty([LpNorm(1.0, p=1, middle=0.5)], picture)
    assert mean == pytest.approx(0.7 / 12, rel=1e-4)
    [distance], _ = penalty([ToStart(4.0)], picture, np.full_like(picture, 0.5))
    assert distance == pytest.approx(4 * (0.16 + 0.09) / 12, rel=1e-5)


def test_blur_leaves_smooth_ramps_alone_and_finds_grain():
    ramp = np.broadcast_to(np.linspace(0, 1, 9, dtype=np.float32)[None, :, None, None], (1, 9, 9, 3))
    _, slopes = penalty([Blur(1.0)], ramp)
    np.testing.assert_allclose(slopes[0, 3:-3], 0, atol=1e-7)
    grain = np.repeat((np.indices((9, 9)).sum(axis=0) % 2)[None, ..., None], 3, axis=-1).astype(np.float32)
    assert penalty([Blur(1.0)], grain)[0] > 20 * penalty([Blur(1.0)], ramp)[0]


@pytest.mark.parametrize("regulariser", ALL, ids=repr)
def test_slopes_are_those_of_the_penalty(regulariser):
    rng = np.random.default_rng(3)
    pictures, start, direction = rng.random((3, 2, 6, 7, 3), dtype=np.float32)
    values, slopes = penalty([regulariser], pictures, start)
    step = 2e-3
    ahead, _ = penalty([regulariser], pictures + np.float32(step) * direction, start)
    behind, _ = penalty([regulariser], pictures - np.float32(step) * direction, start)
    assert values.shape == (2,)
    np.testing.assert_allclose(
        (ahead - behind) / (2 * step), (slopes * direction).sum(axis=(1, 2, 3)), rtol=2e-2, atol=3e-3
    )
    alone, _ = penalty([regulariser], pictures[1:], start[1:])
    np.testing.assert_allclose(alone[0], values[1], rtol=1e-5)


def test_other_weights_are_no_other_program():
    pictures = np.random.default_rng(0).random((1, 8, 8, 3), dtype=np.float32)
    for weight in (0.5, 1.0, 8.0):
        penalties_of([TotalVariation(weight), LpNorm(2 * weight)])(pictures, pictures)
    program = compiled_penalties((TotalVariation(1.0), LpNorm(1.0)))
    assert program.num_traces == 1


def test_several_add_up():
    rng = np.random.default_rng(3)
    pictures, start = rng.random((2, 1, 6, 7, 3), dtype=np.float32)
    [both], _ = penalty([TotalVariation(2.0), ToStart(3.0)], pictures, start)
    parts = [penalty([one], pictures, start)[0][0] for one in (TotalVariation(2.0), ToStart(3.0))]
    assert both == pytest.approx(sum(parts), rel=1e-6)


@pytest.mark.parametrize("regulariser", ALL, ids=repr)
@pytest.mark.parametrize("level", [0.0, 0.5])
def test_flat_pictures_have_finite_slopes(regulariser, level):
    pictures = np.full((1, 4, 4, 3), level, np.float32)
    values, slopes = penalty([regulariser], pictures, pictures)
    assert np.isfinite(values).all()
    assert np.isfinite(slopes).all()


@pytest.mark.parametrize(
    "wrong", [lambda: TotalVariation(-1), lambda: TotalVariation(1, beta=0), lambda: LpNorm(1, p=0.5)]
)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ChoiceError, match="received"):
        wrong()
