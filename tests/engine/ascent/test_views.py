from __future__ import annotations

import cv2
import numpy as np
import pytest

from artforge.core.errors import ChoiceError
from artforge.core.seeds import generator
from artforge.engine.ascent.transforms import Crop, Jitter, Noise, Pad, Rotate, Scale, draw_move
from artforge.engine.ascent.views import canvas_size, look, plain_view, sample_view
from artforge.engine.backend import to_array
from artforge.engine.gradients import compile_gradient

ALL = (Pad(3), Jitter(2), Scale(0.8, 1.25), Rotate(20), Jitter(1), Noise(0.1))


def seen(pictures, view):
    return to_array(look(pictures, view.taps, view.shares, view.fill, view.noise))


def smooth(size, num=1, seed=0):
    rng = np.random.default_rng(seed)
    return np.stack([cv2.resize(rng.random((4, 5, 3), dtype=np.float32), size[::-1]) for _ in range(num)])


@pytest.mark.parametrize("size", [(7, 10), (8, 9), (6, 6)])
@pytest.mark.parametrize("edges", ["grey", "reflect", "wrap"])
def test_nothing_happens_without_transforms(keras, size, edges):
    pictures = smooth(size, 2)
    np.testing.assert_array_equal(seen(pictures, plain_view(size, size, edges=edges)), pictures)


def test_jitter_is_a_shift_by_whole_pixels(keras):
    pictures = smooth((9, 12), 2)
    shifts = set()
    for number in range(40):
        view = sample_view((Jitter(2),), (9, 12), (9, 12), generator(number), edges="wrap")
        assert len(view.taps[0]) == 1
        found = seen(pictures, view)
        [shift] = [
            (down, across)
            for down in range(-2, 3)
            for across in range(-2, 3)
            if np.array_equal(found, np.roll(pictures, (down, across), axis=(1, 2)))
        ]
        shifts.add(shift)
    assert len(shifts) > 15


@pytest.mark.parametrize(
    ("edges", "expected"),
    [("grey", [0.5, 0.5, 0, 1, 2, 0.5, 0.5]), ("reflect", [1, 0, 0, 1, 2, 2, 1]), ("wrap", [1, 2, 0, 1, 2, 0, 1])],
)
def test_padding_shows_what_lies_beyond_the_edges(keras, edges, expected):
    picture = np.broadcast_to(np.arange(3, dtype=np.float32)[None, None, :, None], (1, 3, 3, 3))
    canvas = canvas_size((Pad(2),), (3, 3))
    assert canvas == (7, 7)
    found = seen(picture, sample_view((Pad(2),), (3, 3), canvas, generator(0), edges=edges))
    np.testing.assert_allclose(found[0, 3, :, 0], expected)


def test_a_jitter_after_a_padding_shows_no_more_than_is_there():
    assert canvas_size((Pad(12), Jitter(4), Jitter(2)), (100, 80)) == (112, 92)
    assert canvas_size((Jitter(4),), (100, 80)) == (100, 80)


def test_a_quarter_turn_is_a_quarter_turn(keras):
    picture = smooth((9, 9))

    class Always:
        def uniform(self, low, high):
            return high

    for degrees, turns in [(90, 1), (180, 2)]:
        view = sample_view((Rotate(degrees),), (9, 9), (9, 9), Always())
        found = seen(picture, view)[0]
        turned = [np.rot90(picture[0], way * turns) for way in (1, -1)]
        assert min(np.abs(found - one).max() for one in turned) < 1e-5


def test_enlarging_is_bilinear(keras):
    ramp = np.broadcast_to(np.linspace(0, 1, 21, dtype=np.float32)[None, None, :, None], (1, 21, 21, 3))
    found = seen(ramp, sample_view((Scale(2, 2),), (21, 21), (21, 21), generator(0)))[0]
    np.testing.assert_allclose(found[10, :, 0], np.linspace(0.25, 0.75, 21), atol=1e-6)


def test_shrinking_does_not_alias(keras):
    board = np.indices((32, 32)).sum(axis=0) % 2
    picture = np.repeat(board[None, ..., None], 3, axis=-1).astype(np.float32)
    found = seen(picture, sample_view((Scale(0.5, 0.5),), (32, 32), (14, 14), generator(0)))
    np.testing.assert_allclose(found, 0.5, atol=0.01)


def test_all_moves_are_one_resampling(keras):
    view = sample_view(ALL[:-1], (16, 20), canvas_size(ALL, (16, 20)), generator(3))
    assert view.taps.shape[1] == 4  # four neighbours, once
    plain = sample_view((Rotate(20),), (16, 20), (16, 20), generator(3))
    assert plain.taps.shape[1] == 4


@pytest.mark.parametrize("transforms", [ALL, (Crop(0.3, 0.6, views=3),), (Jitter(3),)], ids=repr)
@pytest.mark.parametrize("edges", ["grey", "reflect", "wrap"])
def test_the_gradient_is_the_transpose_of_the_view(keras, transforms, edges):
    size = (11, 14)
    canvas = canvas_size(transforms, size)
    view = sample_view(transforms, size, canvas, generator(5), edges=edges)
    rng = np.random.default_rng(1)
    pictures, other = rng.normal(size=(2, 2, *size, 3)).astype(np.float32)
    weights = rng.normal(size=seen(pictures, view).shape).astype(np.float32)

    def value(given, weights):
        found = look(given, view.taps, view.shares, view.fill, view.noise)
        return keras.ops.sum(found * weights), []

    open_shape = keras.KerasTensor((None, None, None, 3), dtype="float32")
    program = compile_gradient(value, [], [open_shape, open_shape])
    _, [gradients], _ = program(pictures, weights)
    linear_part = seen(other, view) - seen(np.zeros_like(other), view)
    expected = (linear_part.astype(np.float64) * weights).sum()
    assert (to_array(gradients).astype(np.float64) * other).sum() == pytest.approx(expected, rel=1e-4)


def test_every_picture_of_a_batch_gets_the_same_view_and_they_never_mix(keras):
    pictures = smooth((12, 12), 3)
    view = sample_view((*ALL, Crop(0.3, 0.7, views=4)), (12, 12), (12, 12), generator(2))
    together = seen(pictures, view).reshape(4, 3, 12, 12, 3)
    for number in range(3):
        np.testing.assert_allclose(seen(pictures[number : number + 1], view), together[:, number], atol=1e-6)
    assert np.abs(together[0] - together[1]).max() > 0.01


def test_the_same_chance_is_the_same_view(keras):
    one, again, another = (sample_view(ALL, (12, 12), (16, 16), generator(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.shares, again.shares)
    np.testing.assert_array_equal(one.noise, again.noise)
    assert not np.array_equal(one.taps, another.taps)


def test_a_crop_stays_inside_the_picture(keras):
    picture = np.ones((1, 30, 44, 3), np.float32)
    for seed in range(20):
        view = sample_view((Crop(0.2, 0.95, views=5),), (30, 44), (16, 16), generator(seed), edges="grey")
        np.testing.assert_allclose(seen(picture, view), 1, atol=1e-5)


@pytest.mark.parametrize(("size", "canvas"), [((30, 60), (30, 60)), ((30, 60), (16, 16)), ((50, 20), (25, 50))])
def test_a_crop_squashes_nothing(size, canvas):
    for seed in range(5):
        move = draw_move(Crop(0.3, 0.6), size, canvas, generator(seed))
        assert move[0, 0] == move[1, 1] > 0
        assert 0.3 * min(size) <= move[0, 0] * min(canvas) <= 0.6 * min(size)


def test_a_picture_is_fitted_to_a_network_of_one_size(keras):
    picture = smooth((40, 20))
    found = seen(picture, plain_view((40, 20), (8, 8), fit=True))[0]
    expected = cv2.resize(picture[0], (8, 8), interpolation=cv2.INTER_AREA)
    assert np.abs(found - expected).max() < 0.05


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Jitter(-1),
        lambda: Scale(0, 1),
        lambda: Scale(1.2, 0.8),
        lambda: Rotate(200),
        lambda: Crop(0.5, 1.5),
        lambda: Crop(0.2, 0.5, views=0),
        lambda: Noise(-0.1),
        lambda: Pad(-3),
    ],
)
def test_impossible_transforms_are_refused(wrong):
    with pytest.raises(ChoiceError, match="received"):
        wrong()
