"""Layout: lengths worked by hand, pictures never touched, previews that predict prints."""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import pytest

from artforge.core.errors import ChoiceError, ShapeError
from artforge.core.values import Kind, array_fault
from artforge.core.work import Work, working
from artforge.engine.models.handle import Model
from artforge.ops.bars import Bar, bars_strip, percent
from artforge.ops.caption import caption
from artforge.ops.grid import grid
from artforge.ops.label import label
from artforge.ops.layout import blank, color_to_rgb, paint
from artforge.ops.legend import legend_lines
from artforge.ops.mat import mat
from artforge.ops.polyptych import Place, hang, polyptych
from artforge.ops.poster import page_size, poster
from artforge.ops.type_metrics import Type, width_of
from artforge.ops.typography import LABEL_SPACE
from artforge.ops.verdict import shown_classes, verdict

PAPER, INK, RED = "#ffffff", "#000000", "#ff0000"


def noise(height, width, seed=0):
    return np.random.default_rng(seed).random((height, width, 3), dtype=np.float32)


def flat(height, width, color):
    return np.full((height, width, 3), color, np.float32)


def soft(height, width, seed=0):
    """A picture without fine detail: the same at any size."""
    coarse = np.random.default_rng(seed).random((6, 6, 3), dtype=np.float32)
    return np.clip(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), 0, 1)


def held(page, picture):
    """The (top, left) at which a page holds a picture to the last bit, or None."""
    height, width = picture.shape[:2]
    for top, left in np.argwhere((page == picture[0, 0]).all(axis=-1)):
        if np.array_equal(page[top : top + height, left : left + width], picture):
            return int(top), int(left)
    return None


def inked(page, color=PAPER):
    """The (top, left, bottom, right) of all that is not paper."""
    rows, columns = np.nonzero(np.abs(page - color_to_rgb(color)).max(axis=-1) > 0.2)
    return rows.min(), columns.min(), rows.max() + 1, columns.max() + 1


# rectangles


def test_a_rectangle_covers_pixels_by_their_share():
    page = blank(3, 4, PAPER)
    paint(page, (0.5, 1.0, 2.25, 2.5), INK)
    expected = np.array([[0, 0.5, 0.25, 0], [0, 1, 0.5, 0], [0, 0.25, 0.125, 0]])
    np.testing.assert_allclose(1 - page[..., 0], expected, atol=1e-6)


def test_what_lies_beyond_the_page_is_cut_off():
    page = blank(3, 4, PAPER)
    paint(page, (-5, -5, 1, 99), INK)
    np.testing.assert_array_equal(1 - page[..., 1], np.outer([1, 0, 0], np.ones(4)))
    paint(page, (7, 7, 9, 9), RED)
    assert page[1:].min() == 1


# mats


def test_a_mat_weighs_more_below():
    picture = noise(40, 70)
    matted = mat(picture, margin=0.25, bottom=1.5, color=PAPER)
    assert matted.shape == (40 + 10 + 15, 70 + 20, 3)
    assert held(matted, picture) == (10, 10)


def test_a_line_runs_round_the_picture_at_its_place():
    picture = noise(80, 100)
    # short edge 80: margin 20; the line is 4 thick and its middle 10 from the picture, so it covers [8, 12)
    matted = mat(picture, margin=0.25, line=0.05, line_at=0.5, line_color=RED, color=PAPER)
    assert held(matted, picture) == (20, 20)
    is_red = (matted == color_to_rgb(RED)).all(axis=-1)
    expected = np.zeros((120, 140), bool)
    expected[8:112, 8:132] = True
    expected[12:108, 12:128] = False
    np.testing.assert_array_equal(is_red, expected)


# polyptychs


def test_pictures_of_a_row_are_as_tall_as_the_first_and_as_wide_as_their_shapes_ask():
    # heights 100; widths 100 * 150/100, 100 * 30/60, 100 * 80/40
    places, size = hang([(100, 150), (60, 30), (40, 80)], [3], gap=10, margin=20, below=0)
    assert places == [Place(20, 20, 100, 150), Place(20, 180, 100, 50), Place(20, 240, 100, 200)]
    assert size == (140, 460)


def test_rows_are_equally_wide():
    # row one: 100 tall, 200 wide; row two: (200 - 10) / (1 + 0.9) = 100 tall; row three: 200 / 4 = 50 tall
    places, size = hang([(100, 200), (50, 50), (100, 90), (10, 40)], [1, 2, 1], gap=10, margin=5, below=7)
    assert places == [Place(5, 5, 100, 200), Place(122, 5, 100, 100), Place(122, 115, 100, 90), Place(239, 5, 50, 200)]
    assert size == (5 + 100 + 7 + 10 + 100 + 7 + 10 + 50 + 7 + 5, 210)


@pytest.mark.parametrize("seed", range(6))
def test_every_row_ends_flush_whatever_hangs_in_it(seed):
    rng = np.random.default_rng(seed)
    sizes = [(int(height), int(width)) for height, width in rng.integers(20, 400, (8, 2))]
    places, (_, width) = hang(sizes, [3, 1, 4], gap=7.3, margin=11.6, below=3.1)
    ends = [places[index].left + places[index].width for index in (2, 3, 7)]
    assert len(set(ends)) == 1
    assert abs(width - ends[0] - places[0].left) <= 1
    for place, (height, own) in zip(places, sizes, strict=True):
        assert abs(place.width - place.height * own / height) <= 1 + own / height


def test_pictures_hang_in_the_order_given_and_the_first_keeps_its_pixels():
    first = noise(60, 80)
    page = polyptych(
        first, flat(90, 60, (1, 0, 0)), flat(30, 30, (0, 0, 1)), rows=[2, 1], margin=0.5, gap=0.1, background=PAPER
    )
    assert held(page, first) == (30, 30)
    red = np.argwhere((page == (1, 0, 0)).all(axis=-1))
    assert (red.min(axis=0), red.max(axis=0) + 1) == (pytest.approx([30, 116]), pytest.approx([90, 156]))
    blue = np.argwhere((page == (0, 0, 1)).all(axis=-1))
    assert blue.min(axis=0) == pytest.approx([96, 30])
    assert blue.max(axis=0)[1] + 1 == 156


def test_a_label_stands_under_its_own_picture_and_is_no_wider():
    panels = [flat(200, 200, (1, 0, 0)), flat(200, 100, (0, 0, 1))]
    page = polyptych(*panels, labels=["", "W" * 90], margin=0.2, gap=0.1, type_size=0.1, background=PAPER, ink=INK)
    top, left, _, right = inked(page[40 + 200 :])
    assert left >= 40 + 200 + 20 - 1
    assert right <= 40 + 200 + 20 + 100 + 1
    assert 0 < top < LABEL_SPACE * 20


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"rows": [1, 2]}, r"rows \[1, 2\] have places for 3 pictures, received 2"),
        ({"labels": ["one"]}, "received 1 labels for 2 pictures"),
    ],
)
def test_rows_and_labels_for_another_number_of_pictures_are_refused(settings, told):
    with pytest.raises(ShapeError, match=told):
        polyptych(noise(9, 9), noise(9, 9, 1), **settings)


# grids


def test_labels_of_a_grid_take_their_room_below_each_row():
    pictures = np.stack([noise(40, 50, seed) for seed in range(4)])
    plain = grid(pictures, columns=2, gutter=6, background=PAPER)
    labelled = grid(
        pictures, columns=2, gutter=6, labels=["a", "", "c", "d"], type_size=0.25, background=PAPER, ink=INK
    )
    space = round(LABEL_SPACE * 10)
    assert labelled.shape == (plain.shape[0] + 2 * space, plain.shape[1], 3)
    for index, picture in enumerate(pictures):
        row, column = divmod(index, 2)
        assert held(labelled, picture) == (6 + row * (46 + space), 6 + column * 56)
    assert labelled[6 + 40 : 6 + 40 + space, 6:56].min() < 0.5  # a
    assert labelled[6 + 40 : 6 + 40 + space, 62:].min() == 1  # ''
    with pytest.raises(ShapeError, match="one label a picture"):
        grid(pictures, labels=["a"])


# captions and labels


def test_a_caption_stands_below_and_flush_with_the_picture():
    picture = noise(200, 300)
    page = caption(
        picture, title="Botanical", text="after nature", type_size=0.1, margin=0.25, background=PAPER, ink=INK
    )
    assert page.shape[1] == 300 + 2 * 50
    assert held(page, picture) == (50, 50)
    below = page[50 + 200 :]
    top, left, bottom, right = inked(below)
    # the capitals begin 0.9 em below the picture; two lines of 1.28 em; then the margin
    assert abs(top - 0.9 * 20) <= 2
    assert abs(left - 50) <= 1
    assert right < 50 + 300
    assert len(below) == round(0.9 * 20 + 2 * 1.28 * 20) + 50
    assert len(below) - bottom > 45


def test_a_centred_caption_stands_in_the_middle():
    page = caption(flat(100, 200, 0.5), title="Tide", type_size=0.2, align="centre", background=PAPER, ink=INK)
    _, left, _, right = inked(page[8 + 100 :])
    assert abs((left + right) / 2 - page.shape[1] / 2) <= 1


def test_without_words_a_caption_is_a_mat():
    picture = noise(50, 40)
    np.testing.assert_array_equal(
        caption(picture, title=" ", margin=0.2, background=PAPER), mat(picture, margin=0.2, color=PAPER)
    )


@pytest.mark.parametrize("corner", ["top_left", "top", "top_right", "bottom_left", "bottom", "bottom_right"])
def test_a_label_stands_in_its_corner_and_leaves_the_rest_alone(corner):
    picture = flat(200, 300, 1)
    page = label(picture, text="Tide 5", corner=corner, type_size=0.1, margin=0.1)
    top, left, bottom, right = inked(page)
    assert (top < 60) == corner.startswith("top")
    assert (bottom > 140) == corner.startswith("bottom")
    if corner.endswith("left"):
        assert abs(left - 20) <= 1
    elif corner.endswith("right"):
        assert abs(right - 280) <= 1
    else:
        assert abs((left + right) / 2 - 150) <= 1


def lines_of(page):
    """How many rows of type stand on a white page, apart from each other."""
    bare = np.abs(page - 1).max(axis=(1, 2)) < 0.2
    return int((bare[:-1] & ~bare[1:]).sum())


@pytest.mark.parametrize("plate", [None, "#d0d0d0"])
@pytest.mark.parametrize("corner", ["top_left", "bottom_right", "bottom"])
@pytest.mark.parametrize(
    ("height", "type_size", "num_lines"), [(200, 0.5, 1), (200, 0.35, 2), (200, 0.25, 3), (400, 0.5, 3)]
)
def test_a_label_has_as_many_lines_as_stand_whole_on_the_picture(height, type_size, num_lines, corner, plate):
    page = label(flat(height, 200, 1), text="nun\nxox\nrun", type_size=type_size, corner=corner, plate=plate, ink=INK)
    dark = np.where(page < 0.5, 0, 1).astype(np.float32)
    if plate is None:
        assert lines_of(dark) == num_lines
    assert 1 <= lines_of(dark) <= num_lines
    assert dark[0].min() == dark[-1].min() == 1  # no line is cut


@pytest.mark.parametrize(("ground", "is_light"), [(0.0, True), (0.3, True), (0.6, False), (1.0, False)])
def test_ink_stands_off_from_the_ground(ground, is_light):
    page = label(flat(100, 100, ground), text="W", type_size=0.4)
    extreme = page.max() if is_light else page.min()
    assert abs(extreme - ground) > 0.35


def test_a_plate_lies_under_the_words_only():
    page = label(flat(200, 200, 0), text="Tide", plate=RED, type_size=0.1, margin=0.1)
    red = np.argwhere((page == (1, 0, 0)).all(axis=-1))
    top, left, bottom, right = *red.min(axis=0), *(red.max(axis=0) + 1)
    assert 18 <= left <= 21
    assert 178 <= bottom <= 181
    assert right - left < 20 + 2 * 12 + width_of("Tide", Type(20, "small"))
    assert bottom - top < 20 + 2 * 12


# posters


def test_a_page_is_the_smallest_of_its_shape():
    assert page_size((100, 80), 10, None) == (120, 100)
    assert page_size((100, 80), 10, 0.5) == (200, 100)  # the width decides
    assert page_size((100, 80), 10, 2.0) == (120, 240)  # the height decides


@pytest.mark.parametrize(
    ("sheet", "aspect"), [("a", 2**-0.5), ("a_across", 2**0.5), ("two_to_three", 2 / 3), ("square", 1)]
)
@pytest.mark.parametrize("size", [(300, 200), (200, 300), (240, 240)])
def test_a_poster_has_its_shape_and_holds_the_picture_untouched(sheet, aspect, size):
    picture = noise(*size)
    page = poster(
        picture, title="A title of some words", subtitle="and more", legend={"seed": 5, "t": 0.25}, sheet=sheet
    )
    assert page.shape[1] / page.shape[0] == pytest.approx(aspect, abs=0.01)
    top, left = held(page, picture)
    assert top == round(0.11 * min(size))
    assert abs(left - (page.shape[1] - size[1] - left)) <= 1


def test_nothing_of_a_poster_reaches_into_its_margins():
    picture = flat(300, 240, 0.5)
    page = poster(
        picture,
        title="word " * 40,
        subtitle="word " * 90,
        legend={"n" * 60: "v" * 90, "m": 1, "k": "v" * 30, "l": "v" * 40},
        sheet="close",
        background=PAPER,
    )
    top, left, bottom, right = inked(page)
    edge = round(0.11 * 240)
    assert (top, left) == (edge, edge - 1) or (top, left) == (edge, edge)
    assert right <= edge + 240 + 1
    assert page.shape[0] - bottom >= edge - 0.3 * 0.27 * 24 - 1  # descenders hang below the last baseline


def test_a_close_poster_is_as_tall_as_its_lines_ask():
    picture = noise(300, 240)
    page = poster(
        picture, title="Tide", subtitle="of ink", legend={"seed": 5}, sheet="close", type_size=0.1, margin=0.1
    )
    title, subtitle, small = 24, 0.42 * 24, 0.27 * 24
    lines = (0.75 + 0.65) * title + (0.3 + 1.28) * subtitle + 0.9 * title + 1.28 * small
    assert page.shape == (round(300 + lines + 2 * 24), 240 + 2 * 24, 3)


def test_a_legend_breaks_into_lines_that_fit():
    style = Type(20, "small")
    entries = [(f"name {index}", "value " * index) for index in range(1, 7)]
    lines = legend_lines(entries, style, 260)
    assert [entry.name for line in lines for entry in line] == [name for name, _ in entries]
    for line in lines:
        assert line[0].left == 0
        assert all(one.value_left + width_of(one.value, style) < two.left for one, two in pairwise(line))
        assert line[-1].value_left + width_of(line[-1].value, style) <= 260 + 1e-6


# bars


def test_bars_are_as_long_as_their_shares():
    bars = [Bar("a", 1.0), Bar("a", 0.5), Bar("a", 0.0)]
    strip = bars_strip(bars, 600, 20, background=PAPER, ink=INK, accent=RED)
    lengths = [(row == (1, 0, 0)).all(axis=-1).sum() for row in strip[[19, 57, 95]]]
    assert lengths[0] > 300
    assert lengths[1] == pytest.approx(lengths[0] / 2, abs=1)
    assert lengths[2] == 0
    assert strip.shape == (round(3 * 1.9 * 20), 600, 3)


def test_the_bar_of_before_stands_above_that_of_after():
    bars = [Bar("a", 0.25, 1.0)]
    strip = bars_strip(bars, 600, 20, background=PAPER, ink=INK, accent=RED)
    is_red = (strip == (1, 0, 0)).all(axis=-1)
    is_grey = (np.abs(strip - 0.78) < 1e-3).all(axis=-1)
    grey_rows, red_rows = np.flatnonzero(is_grey.sum(axis=1) > 50), np.flatnonzero(is_red.any(axis=1))
    assert grey_rows.max() <= red_rows.min()
    assert is_red.sum(axis=1).max() == pytest.approx(is_grey.sum(axis=1).max() / 4, abs=2)


@pytest.mark.parametrize(
    ("share", "told"),
    [(0, "0 %"), (0.001, "< 1 %"), (0.07, "7 %"), (0.996, "> 99 %"), (0.994, "99 %"), (1, "100 %"), (0.5, "50 %")],
)
def test_a_figure_says_nothing_or_all_only_where_it_is_so(share, told):
    assert percent(share) == told


@dataclass(frozen=True)
class Judge(Model):
    """A network that is as sure of its first class as the picture is bright."""

    def probabilities(self, images):
        light = np.float32(images.mean())
        rest = (1 - light) / (len(self.class_names) - 1)
        return np.array([[light, *[rest] * (len(self.class_names) - 1)]], np.float32)


def judge(*names):
    return Judge(keras_model=None, class_names=names, input_size=(8, 8))


def test_a_verdict_is_as_wide_as_the_picture_and_tells_what_the_network_says():
    bright, dark = flat(200, 300, 0.75), flat(200, 300, 0.25)
    model = judge("hand", "rule")
    strip = verdict(bright, model=model, accent=RED, background=PAPER, type_size=0.1)
    assert strip.shape[1] == 300
    wide = verdict(bright, model=model, type_size=0.1, width=2.05)
    assert wide.shape == (strip.shape[0], 615, 3)
    both = verdict(bright, dark, model=model, accent=RED, background=PAPER, type_size=0.1)
    assert both.shape[0] == pytest.approx(strip.shape[0] + 1.5 * 20, abs=1)
    lengths = (strip == (1, 0, 0)).all(axis=-1).sum(axis=1)
    first, second = lengths[: len(lengths) // 2].max(), lengths[len(lengths) // 2 :].max()
    assert first == pytest.approx(3 * second, abs=3)


def test_few_classes_stand_in_their_order_and_of_many_the_strongest_first():
    assert shown_classes(np.array([0.1, 0.7, 0.2], np.float32), 3) == [0, 1, 2]
    assert shown_classes(np.array([0.1, 0.5, 0.2, 0.2], np.float32), 3) == [1, 2, 3]


def test_of_many_classes_the_picture_before_decides_which_are_shown():
    bright, dark = flat(100, 300, 0.9), flat(100, 300, 0.1)
    model = judge("a", "b", "c")  # of the bright picture it is sure that it is a, of the dark one that it is not
    chosen = verdict(dark, bright, model=model, num_classes=1)
    np.testing.assert_array_equal(chosen, verdict(dark, bright, model=model, classes=["a"]))


def test_classes_asked_for_stand_in_the_order_asked_for():
    bright = flat(100, 300, 1)
    model = judge("a", "b", "c")
    last_first = verdict(bright, model=model, classes=["c", "a"], accent=RED, background=PAPER, type_size=0.2)
    reds = (last_first == (1, 0, 0)).all(axis=-1).any(axis=1)
    assert not reds[: len(reds) // 2].any()
    assert reds[len(reds) // 2 :].any()
    with pytest.raises(ChoiceError, match="class 'd' is not one of: a, b, c"):
        verdict(bright, model=model, classes=["d"])
    with pytest.raises(ChoiceError, match="classes names none"):
        verdict(bright, model=model, classes=[])


# what holds for all of them

LAYOUTS = {
    "mat": lambda image: mat(image, margin=0.2, bottom=1.3, line=0.01),
    "caption": lambda image: caption(image, title="Attention tide", text="a small network looks", type_size=0.05),
    "label": lambda image: label(image, text="Attention tide", type_size=0.08, plate="ivory"),
    "polyptych": lambda image: polyptych(image, image[:, ::-1], image, rows=[1, 2], labels=["one", "two", "three"]),
    "poster": lambda image: poster(image, title="Attention tide", subtitle="what it sees", legend={"seed": 5}),
    "verdict": lambda image: verdict(image, image[::-1] / 2, model=judge("hand", "rule"), type_size=0.06),
}


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("size", [(480, 640), (600, 400)])
def test_a_preview_is_the_print_seen_from_afar(name, size):
    height, width = size
    large = LAYOUTS[name](soft(height, width))
    small = LAYOUTS[name](soft(height // 4, width // 4))
    assert (
        np.abs(np.array(large.shape[:2]) / 4 - small.shape[:2]).max() < 1.5
    )  # each length is rounded to whole pixels by itself
    afar = cv2.resize(large, small.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(afar - small).mean() < 0.02
    worst = cv2.blur(np.abs(afar - small).mean(axis=-1), (15, 15)).max()
    assert worst < 0.2


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("size", [(1, 1), (2, 300), (300, 2), (7, 5)])
def test_every_shape_of_picture_can_be_laid_out(name, size):
    assert array_fault(LAYOUTS[name](noise(*size)), Kind.IMAGE) is None


@pytest.mark.parametrize("text", ["日本語 🎨", "عربي", "\ud800", "", "W" * 3000, "a\nb\nc\nd\ne\nf\ng\nh"])
def test_any_title_at_all_gives_a_page_and_what_is_left_out_is_told(text):
    picture, told = noise(240, 360), []
    with working(Work(noticed=told.append)):
        pages = [
            caption(picture, title=text, text=text),
            label(picture, text=text),
            poster(picture, title=text, subtitle=text, legend={text: text}),
            polyptych(picture, picture, labels=[text, text]),
        ]
    assert all(array_fault(page, Kind.IMAGE) is None for page in pages)
    assert bool(told) == (text in ("日本語 🎨", "عربي"))


@pytest.mark.parametrize(
    ("shape", "aspect"),
    [((90, 60), 2**-0.5), ((60, 60), 2**-0.5), ((60, 90), 2**0.5)],
    ids=["upright", "square", "across"],
)
def test_a_poster_stands_or_lies_as_its_picture_does(shape, aspect):
    page = poster(np.zeros((*shape, 3), np.float32), title="Tide")
    assert page.shape[1] / page.shape[0] == pytest.approx(aspect, abs=0.02)


def test_a_panorama_is_not_lost_on_its_poster():
    page = poster(np.zeros((60, 300, 3), np.float32), title="Tide")
    assert page.shape[0] < 200
