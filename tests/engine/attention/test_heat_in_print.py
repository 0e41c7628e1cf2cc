"""Heat of a few cells at the size of a print: no blocks, no ringing, and the same as in small."""

import numpy as np
import pytest
from scipy.ndimage import maximum_filter, minimum_filter

from artforge.core.pictures import resize
from artforge.engine.attention import guided_filter
from artforge.engine.attention.guided_filter import follow_edges
from artforge.engine.attention.upsample import upsample_heatmap


@pytest.fixture(autouse=True)
def _coarse_fits(monkeypatch):
    """Fits are made six times smaller than the picture, as those of an A2 print at 300 dpi are."""
    monkeypatch.setattr(guided_filter, "COARSE_EDGE", 120)


def step_of_heat(cells=14):
    heatmap = np.zeros((cells, cells), np.float32)
    heatmap[:, cells // 2 :] = 1
    return heatmap


def test_step_of_heat_rises_without_blocks_and_without_ringing_where_the_picture_is_flat():
    row = follow_edges(step_of_heat(), np.full((700, 500, 3), 0.5, np.float32))[350].astype(np.float64)
    rise, bend = np.diff(row), np.abs(np.diff(row, 2))
    assert row[0] == 0
    assert row[-1] == 1
    assert rise.min() >= 0
    assert np.ptp(row + row[::-1]) < 1e-4  # as far above the middle on the right as below it on the left
    assert bend.max() < 0.15 * rise.max()  # blocks of b pixels would bend as much as they rise


@pytest.mark.parametrize("cells", [7, 14])
def test_heat_never_leaves_what_the_map_says_nearby_however_the_picture_glitters(cells):
    rng = np.random.default_rng(cells)
    heatmap = rng.normal(size=(cells, cells)).astype(np.float32)
    soft = upsample_heatmap(heatmap, (700, 500))
    # colours that go with the heat give steep fits, and single bright pixels lie far beyond what was fitted
    picture = np.repeat(0.5 + 0.03 * soft[..., None] / np.abs(soft).max(), 3, axis=2).astype(np.float32)
    picture[rng.random((700, 500)) < 0.01] = 1
    fitted = follow_edges(heatmap, picture, radius=0.02, softness=0.01)
    reach = 60  # twice a window of fits, which are 2 * 2 + 1 cells of 6 pixels wide, and a cell of their grid
    near = 2 * reach + 1
    assert (fitted >= minimum_filter(soft, near) - 1e-4).all()
    assert (fitted <= maximum_filter(soft, near) + 1e-4).all()


def test_edge_of_the_picture_has_no_halo_in_the_heat():
    picture = np.full((700, 500, 3), 0.15, np.float32)
    picture[:, 262:] = [0.9, 0.8, 0.3]
    row = follow_edges(step_of_heat(), picture, radius=0.1, softness=0.02)[350].astype(np.float64)
    assert np.diff(row).argmax() == 261
    assert np.diff(row).max() > 0.3
    assert np.diff(row).min() > -4e-3  # a hundredth of the edge


def test_small_picture_shows_the_heat_of_its_print():
    rng = np.random.default_rng(4)
    heatmap = rng.random((7, 7), dtype=np.float32)
    picture = resize(rng.random((14, 10, 3), dtype=np.float32), (700, 500))
    printed, preview = follow_edges(heatmap, picture), follow_edges(heatmap, resize(picture, (175, 125)))
    assert np.abs(resize(np.repeat(printed[..., None], 3, 2), (175, 125))[..., 0] - preview).max() < 0.03
