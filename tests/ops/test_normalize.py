"""A heatmap on a stated scale."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from artforge.core.errors import ChoiceError, ShapeError, StepError
from artforge.core.steps import registered_steps
from artforge.core.work import Work, working
from artforge.ops.normalize import normalize, normalize_set


def row(*values):
    return np.array([values], np.float32)


def test_zero_stays_zero_the_peak_becomes_one_and_negative_evidence_is_dropped():
    np.testing.assert_allclose(normalize(row(-8, 0, 1, 4)), row(0, 0, 0.25, 1))


def test_the_lowest_positive_value_is_not_pulled_down_to_zero():
    np.testing.assert_allclose(normalize(row(2, 3, 4)), row(0.5, 0.75, 1))


def test_keep_puts_no_evidence_in_the_middle_and_keeps_the_balance():
    np.testing.assert_allclose(normalize(row(-4, -1, 0, 2), negative="keep"), row(0, 0.375, 0.5, 0.75))


def test_turning_the_evidence_round_turns_the_kept_map_round():
    heatmap = np.random.default_rng(0).normal(size=(5, 7)).astype(np.float32)
    np.testing.assert_allclose(normalize(-heatmap, negative="keep"), 1 - normalize(heatmap, negative="keep"), atol=1e-6)


def test_percentiles_take_the_place_of_zero_and_peak():
    heatmap = np.arange(101, dtype=np.float32).reshape(1, 101)
    scaled = normalize(heatmap, percentiles=(10, 90))
    assert scaled[0, 10] == 0
    assert scaled[0, 90] == 1
    assert scaled[0, 50] == pytest.approx(0.5)
    assert (scaled[0, 90:] == 1).all()


def test_percentiles_with_keep_stay_symmetric():
    heatmap = np.linspace(-50, 100, 151, dtype=np.float32).reshape(1, 151)
    scaled = normalize(heatmap, percentiles=(0, 90), negative="keep")  # the 90th percentile is 85: scale -85 to 85
    assert scaled[0, 50] == pytest.approx(0.5)
    assert scaled[0, 135] == pytest.approx(1)
    assert scaled[0, 0] == pytest.approx(0.5 - 50 / 170)


def test_limits_are_taken_as_they_are():
    np.testing.assert_allclose(normalize(row(-3, 0, 1, 2, 9), limits=(0, 2)), row(0, 0, 0.5, 1, 1))
    np.testing.assert_allclose(normalize(row(-3, 0, 1), limits=(-1, 1), negative="keep"), row(0, 0.5, 1))


def test_one_reference_gives_a_whole_set_one_scale():
    strong = row(0, 2, 10)
    faint = row(0, 1, 5)
    np.testing.assert_allclose(normalize(faint, strong), row(0, 0.1, 0.5))
    np.testing.assert_allclose(normalize(strong, strong), normalize(strong))
    np.testing.assert_allclose(normalize(strong, faint), row(0, 0.4, 1))  # above the scale: cut off


def test_equal_evidence_has_equal_value_over_all_frames_of_one_reference():
    generator = np.random.default_rng(4)
    reference = generator.normal(size=(6, 6)).astype(np.float32)
    frames = [generator.normal(size=(6, 6)).astype(np.float32) * strength for strength in (0.2, 0.5, 0.9)]
    for frame in frames:
        frame[2, 3] = 0.25
    assert len({float(normalize(frame, reference)[2, 3]) for frame in frames}) == 1


@pytest.mark.parametrize("percentiles", [None, (1.0, 99.5)])
@pytest.mark.parametrize("value", [0.0, -3.0])
def test_no_evidence_is_all_zero_and_never_nan(value, percentiles):
    heatmap = np.full((4, 5), value, np.float32)
    np.testing.assert_array_equal(normalize(heatmap, percentiles=percentiles), 0)
    np.testing.assert_array_equal(normalize(heatmap, heatmap, percentiles=percentiles), 0)


def test_no_evidence_stands_in_the_middle_where_negatives_are_kept():
    np.testing.assert_array_equal(normalize(np.zeros((4, 5), np.float32), negative="keep"), 0.5)


def test_evidence_too_sparse_for_its_percentiles_still_shows():
    heatmap = np.zeros((20, 20), np.float32)
    heatmap[3, 4] = 7
    scaled = normalize(heatmap, percentiles=(1, 99.5))
    assert scaled[3, 4] == 1
    assert scaled.sum() == 1


@pytest.mark.parametrize("scale", [1e-42, 1e-30, 1.0, 1e30, 3e37])
def test_faint_and_strong_maps_keep_their_shape(scale):
    np.testing.assert_allclose(normalize(row(0, 1, 2, 4) * np.float32(scale)), row(0, 0.25, 0.5, 1), atol=2e-3)


def test_the_strongest_evidence_for_and_against_can_be_as_far_apart_as_numbers_go():
    np.testing.assert_allclose(normalize(row(-3e38, 0, 3e38), negative="keep"), row(0, 0.5, 1))


heatmaps = arrays(np.float32, (3, 4), elements=st.floats(-(2.0**100), 2.0**100, width=32))


@given(heatmap=heatmaps, reference=heatmaps, negative=st.sampled_from(["drop", "keep"]), percent=st.booleans())
def test_the_result_is_always_in_range_and_keeps_the_order(heatmap, reference, negative, percent):
    percentiles = (5.0, 95.0) if percent else None
    for scale_of in (None, reference):
        scaled = normalize(heatmap, scale_of, percentiles=percentiles, negative=negative)
        assert scaled.dtype == np.float32
        assert scaled.min() >= 0
        assert scaled.max() <= 1
        assert (np.diff(scaled.ravel()[np.argsort(heatmap.ravel(), kind="stable")]) >= 0).all()


def test_a_positive_factor_changes_nothing():
    heatmap = np.random.default_rng(6).normal(size=(5, 6)).astype(np.float32)
    for negative in ("drop", "keep"):
        np.testing.assert_allclose(
            normalize(heatmap * 37, negative=negative), normalize(heatmap, negative=negative), atol=1e-6
        )


def test_two_statements_of_the_scale_are_refused():
    heatmap = row(0, 1)
    with pytest.raises(StepError, match=r"limits.*percentiles"):
        normalize(heatmap, limits=(0, 1), percentiles=(1, 99))
    with pytest.raises(StepError, match=r"limits.*reference"):
        normalize(heatmap, heatmap, limits=(0, 1))


@pytest.mark.parametrize(
    "settings",
    [
        {"limits": (1, 1)},
        {"limits": (0, np.inf)},
        {"limits": (np.nan, 1)},
        {"limits": (0, "1")},
        {"percentiles": (99, 1)},
        {"percentiles": (1,)},
        {"percentiles": (1, 101)},
        {"percentiles": 5},
    ],
)
def test_a_pair_that_is_none_is_refused(settings):
    [(name, value)] = settings.items()
    with pytest.raises(ChoiceError, match=rf"^{name} must be two numbers.* received {re.escape(repr(value))}$"):
        normalize(row(0, 1), **settings)


def test_an_unknown_treatment_of_negative_evidence_is_refused_with_the_nearest():
    with pytest.raises(ChoiceError, match="negative 'kep' is not one of: drop, keep - did you mean 'keep'"):
        normalize(row(0, 1), negative="kep")


@pytest.mark.parametrize("fault", [np.nan, np.inf, -np.inf])
def test_a_map_that_is_not_finite_is_refused_and_not_shown_as_black(fault):
    with pytest.raises(ShapeError, match="heatmap must be finite, received 1 NaN or infinite of 3 numbers"):
        normalize(row(0, fault, 1))
    with pytest.raises(ShapeError, match="reference must be finite"):
        normalize(row(0, 1), row(0, fault, 1))


@pytest.mark.parametrize(
    ("values", "negative", "told"),
    [
        ((0, 0), "drop", "the heatmap is zero everywhere"),
        ((0, 0), "keep", "the heatmap is zero everywhere"),
        ((-1, 0), "drop", "all of the heatmap speaks against the class"),
        ((-1, 0), "keep", None),
        ((-1, 1e-30), "drop", None),
    ],
)
def test_a_map_of_which_nothing_will_show_is_told_once(values, negative, told):
    heard = []
    with working(Work(noticed=heard.append)):
        normalize(row(*values), row(1, 2), negative=negative)
    assert len(heard) == (told is not None)
    assert told is None or f"nothing to see: {told}" in heard[0]


@pytest.mark.parametrize("value", [[1, 99.5], (1, 99.5), [0, 100], None])
def test_percentiles_may_be_written_as_a_list_in_a_recipe(value):
    adapter = registered_steps()["normalize"].settings["percentiles"].adapter
    assert adapter.validate_python(value) == (None if value is None else tuple(map(float, value)))


@pytest.mark.parametrize(
    "value",
    [
        ["1", 99],
        [True, 99],
        [1],
        [1, 2, 3],
        5,
        "1, 99",
        {1.0, 99.0},
        [99, 1],
        [1, 1],
        [-1, 50],
        [1, 101],
        [float("nan"), 1],
    ],
)
def test_what_is_no_pair_of_rising_percentiles_is_refused_before_anything_runs(value):
    adapter = registered_steps()["normalize"].settings["percentiles"].adapter
    with pytest.raises(ValueError, match="validation error"):
        adapter.validate_python(value)


def test_a_set_has_one_scale_and_keeps_its_order():
    weak, strong = np.asarray([[0, 1], [-3, 2]], np.float32), np.asarray([[4, 8, -1]], np.float32)
    here, there = normalize_set([weak, strong])
    np.testing.assert_allclose(here, [[0, 0.125], [0, 0.25]])
    np.testing.assert_allclose(there, [[0.5, 1, 0]])
    signed, _ = normalize_set([weak, strong], negative="keep")
    np.testing.assert_allclose(signed[0], [0.5, 0.5 + 1 / 16])
    assert normalize_set([]) == []
