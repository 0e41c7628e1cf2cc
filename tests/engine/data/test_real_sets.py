"""The real picture sets, where they lie beside the checkout: read, grouped by artist, shared out fairly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from artforge.engine.data.catalogue import open_dataset
from artforge.engine.data.folder import list_pictures
from artforge.engine.data.splits import split_by_group

DATA = Path(__file__).parents[4] / "shared" / "data"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real picture sets do not lie beside this checkout")


@pytest.mark.parametrize(
    ("name", "counts"),
    [("ai_vs_human", {"ai": 389, "human": 417}), ("hand_vs_algo", {"algorithmic": 250, "hand_made": 675})],
)
def test_real_set_is_listed_whole_and_no_artist_stands_on_two_sides(name, counts):
    listed = list_pictures(DATA / name)
    class_names = sorted(counts)
    assert {label: sum(picture.label == label for picture in listed) for label in class_names} == counts
    labels = np.array([class_names.index(picture.label) for picture in listed])
    groups = [picture.group for picture in listed]
    split = split_by_group(labels, groups, class_names, seed=1)
    sides = [{groups[index] for index in part} for part in (split.training, split.validation, split.test)]
    assert not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])
    for part, share in zip((split.training, split.validation, split.test), (0.6, 0.2, 0.2), strict=True):
        np.testing.assert_allclose(np.bincount(labels[part]) / np.bincount(labels), share, atol=0.04)


def test_real_pictures_are_read_to_one_size():
    dataset = open_dataset(DATA / "genimage_mini", image_size=64, seed=0)
    assert dataset.images.shape == (190, 64, 64, 3)
    assert dataset.skipped == ()
    assert dataset.class_names == ("ai", "real")
