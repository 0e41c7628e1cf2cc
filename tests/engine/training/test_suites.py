"""Suites: networks trained for real on small pictures, and compared."""

from __future__ import annotations

import numpy as np
import pytest
from small_runs import Quiet, paint_folder

from artforge.engine.evaluation.compare import compare_runs
from artforge.engine.models.architectures import ARCHITECTURES, build_architecture
from artforge.engine.training.suites import SUITES, plan_suite, run_suite


@pytest.mark.parametrize("name", list(SUITES))
def test_every_member_is_a_network_that_can_be_built(name, tmp_path):
    planned = plan_suite(name, tmp_path, seeds=[0])
    assert [one.config.architecture for one in planned] == list(SUITES[name].members)
    assert set(SUITES[name].members) <= set(ARCHITECTURES)


def test_a_suite_is_trained_taken_up_again_and_compared(tmp_path):
    pictures = paint_folder(tmp_path / "pictures")
    settings = {"data": str(pictures), "image_size": 16}
    planned = plan_suite("baselines", tmp_path / "suite", seeds=[3], settings=settings)[:2]
    first, second = run_suite(planned, lambda _: Quiet())
    assert not first.was_there
    assert first.run.predictions.class_names == ("dots", "stripes")
    (second.planned.folder / "test_metrics.json").unlink()  # as if it had been killed before its test
    watchers = []

    def follow(_):
        watchers.append(Quiet())
        return watchers[-1]

    again = list(run_suite(planned, follow))
    assert [one.was_there for one in again] == [True, False]
    assert len(watchers) == 1
    assert again[1].run.scores == second.run.scores
    rows = compare_runs([one.run for one in again])
    assert {row.name for row in rows} == {"pca_2", "pca_10"}
    assert {row.test_set for row in rows} == {"A"}
    assert all(row.num_parameters and row.seconds >= 0 for row in rows)


def test_a_network_whose_pictures_are_missing_is_named_and_the_next_one_trained(tmp_path):
    pictures = paint_folder(tmp_path / "pictures")
    good, bad = plan_suite(
        "baselines", tmp_path / "suite", seeds=[0], settings={"data": str(pictures), "image_size": 16}
    )[:2]
    bad = type(bad)(bad.folder, bad.config.model_copy(update={"data": str(tmp_path / "nowhere")}))
    failed, trained = run_suite([bad, good], lambda _: Quiet())
    assert failed.run is None
    assert "no such folder" in failed.error
    assert trained.run is not None


def test_every_network_of_a_suite_can_see_the_pictures_that_it_is_given():
    for suite in SUITES.values():
        for name, own in suite.members.items():
            edge = own.get("image_size")
            if edge is not None:
                settings = {"dropout": 0.0, "output_bias": np.zeros(1, np.float32)}
                build_architecture(name, 2, picture_shape=(edge, edge, 3), **settings)
