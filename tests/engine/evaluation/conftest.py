"""Run folders made by hand."""

from __future__ import annotations

import pytest
from made_runs import CLASSES, predictions_of, write_run


@pytest.fixture
def made_run(tmp_path):
    """`made_run(name, skill, ...)` makes a run folder."""

    def make(name, skill=1.0, *, test_seed=0, class_names=CLASSES, seed=0, **settings):
        predictions = predictions_of(skill, seed=seed + 1, test_seed=test_seed, class_names=class_names)
        return write_run(tmp_path / name, predictions, seed=seed, **settings)

    return make
