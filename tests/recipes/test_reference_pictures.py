"""A handful of recipes look as they did: rendered small, beside stored reference pictures.

A look that was changed on purpose: `ARTFORGE_NEW_REFERENCES=1 pytest tests/recipes/test_reference_pictures.py` writes
the pictures anew. Look at them before they are kept.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from small_works import recipe_file, render

from artforge.core.pictures import read_picture, write_png

REFERENCES = Path(__file__).parent / "reference_pictures"
NEW_REFERENCES = "ARTFORGE_NEW_REFERENCES"
"""Environment variable: where it is set, the pictures are written and not compared."""

WORKS = {
    "heatmap_sweep": ("still-intensity0.5.png", {"sweep.intensity": "[0.5]"}),
    "both_classes": ("triptych.png", {}),
    "first_three": ("plates.png", {}),
    "edges_triptych": ("triptych.png", {}),
    "heat_overlay": ("panels.png", {}),
    "strongest_maps": ("print.png", {}),
}
"""Works by recipe: the file, and what is left out to have it sooner. None grows a picture in many steps, in which the
rounding of one processor would grow too."""

MEAN_TOLERANCE = 0.5 / 255
"""Of the difference over a picture: rounding moves a few pixels by a level, another colour moves them all."""
WORST_TOLERANCE = 24 / 255
"""Of a single value: an edge may fall a little to one side of its pixel."""
AMPLIFIED = 8
GAP = 8


def comparison(expected, received):
    """The expected picture, the received one, and their difference amplified, side by side on white.

    Pictures of different sizes are hung at the top, and their difference is shown as white throughout.
    """
    same_size = expected.shape == received.shape
    difference = np.abs(expected - received) * AMPLIFIED if same_size else np.ones_like(expected)
    panels = (expected, received, np.clip(difference, 0, 1))
    height = max(panel.shape[0] for panel in panels)
    hung = []
    for panel in panels:
        below = np.ones((height - panel.shape[0], panel.shape[1], 3), np.float32)
        hung += [np.concatenate([panel, below]), np.ones((height, GAP, 3), np.float32)]
    return np.concatenate(hung[:-1], axis=1)


def check_looks_like(expected, received, folder):
    """Fail, and write a picture of the difference into `folder`, where two pictures do not look alike."""
    if expected.shape == received.shape:
        difference = np.abs(expected - received)
        mean, worst = float(difference.mean()), float(difference.max())
        if mean <= MEAN_TOLERANCE and worst <= WORST_TOLERANCE:
            return
        what = f"differs by {mean * 255:.2f} of 255 levels in the mean (at most {MEAN_TOLERANCE * 255:g}) and by "
        what += f"{worst * 255:.0f} at worst (at most {WORST_TOLERANCE * 255:g})"
    else:
        what = f"is {received.shape[:2]} pixels high and wide, expected {expected.shape[:2]}"
    written = folder / "difference.png"
    write_png(written, comparison(expected, received))
    pytest.fail(f"the picture {what}; expected, received and difference x {AMPLIFIED}: {written}", pytrace=False)


@pytest.mark.parametrize("stem", WORKS)
def test_work_looks_as_it_did(stem, tmp_path):
    name, places = WORKS[stem]
    received = read_picture(render(recipe_file(stem), tmp_path, places=places)[name])
    reference = REFERENCES / f"{stem}.png"
    if os.environ.get(NEW_REFERENCES):
        write_png(reference, received)
        pytest.skip(f"written anew: {reference}")
    check_looks_like(read_picture(reference), received, tmp_path)


def test_rounding_is_not_another_look(paint, tmp_path):
    picture = np.clip(paint(1), 0.02, 0.98)
    rounded = picture + np.random.default_rng(2).choice([-1, 0, 0, 0, 1], picture.shape) / 255
    check_looks_like(picture, rounded.astype(np.float32), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("change", ["one colour", "one corner", "size"])
def test_another_look_fails_with_a_picture_of_the_difference(change, paint, tmp_path):
    picture = np.clip(paint(1), 0.2, 0.8)
    other = picture.copy()
    if change == "one colour":
        other[..., 2] += 4 / 255
    elif change == "one corner":
        other[:2, :2] += 0.15
    else:
        other = other[:-1]
    with pytest.raises(pytest.fail.Exception) as failure:
        check_looks_like(picture, other, tmp_path)
    written = tmp_path / "difference.png"
    assert str(written) in str(failure.value)
    height, width = picture.shape[:2]
    assert read_picture(written).shape == (height, 3 * width + 2 * GAP, 3)
