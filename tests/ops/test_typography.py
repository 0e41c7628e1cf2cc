"""Type: measured alike at every size, flush to the pixel, never an empty box."""

import unicodedata
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from matplotlib.ft2font import FT2Font

from artforge.core.values import Kind, array_fault
from artforge.core.work import Work, working
from artforge.ops import type_faces, type_metrics
from artforge.ops.layout import blank
from artforge.ops.line_breaks import break_lines, shorten
from artforge.ops.type_faces import PLAIN, fallback_path, has_layout, open_font
from artforge.ops.type_metrics import Type, width_of
from artforge.ops.typography import write

INK, GROUND = "#000000", "#ffffff"
FACES = list(type_faces._FILES.items())
TITLES = ["Attention tide", "AVAST, 1984", "jolly fjord", "Waffle office"]


def set_line(text, style, *, width=600, x=100.0, align="left", told=None):
    """A white page with one black line, and how much ink lies on each pixel."""
    page = blank(round(3 * style.size) + 4, width, GROUND)
    with working(Work(noticed=(told if told is not None else []).append)):
        write(page, text, style, (2 * style.size, x), ink=INK, align=align)
    return 1 - page[..., 0]


def extent(ink, least=0.02):
    """(first, last + 1) column that holds ink."""
    columns = np.flatnonzero(ink.max(axis=0) > least)
    return columns[0], columns[-1] + 1


@pytest.mark.parametrize(
    ("size", "scale", "least"), [(4.96, 1.0, "4.9"), (5.0, 1.0, None), (2.0, 0.25, None), (1.0, 0.25, "4")]
)
def test_type_that_is_too_small_on_the_finished_work_is_told(size, scale, least):
    told = []
    with working(Work(noticed=told.append, scale=scale)):
        write(blank(40, 200, GROUND), "Attention tide", Type(size, "small"), (20, 10), ink=INK)
        write(blank(40, 200, GROUND), " ", Type(1, "small"), (20, 10), ink=INK)  # there is nothing to read
    assert [each.partition(":")[0] for each in told] == (
        [] if least is None else [f"type of {least} pixels cannot be read, 5 are the least"]
    )


@pytest.mark.parametrize(("face", "path"), FACES)
def test_every_face_has_the_characters_that_are_never_looked_up(face, path):
    font = FT2Font(str(path))
    assert [letter for letter in PLAIN if font.get_char_index(ord(letter)) == 0] == []


@pytest.mark.parametrize("style", [Type(1), Type(1, "italic"), Type(1, "small", tracking=0.06, small_capitals=True)])
def test_width_grows_with_the_size_of_the_type_and_with_nothing_else(style):
    for text in TITLES:
        unit = width_of(text, style)
        for size in (5, 12.5, 300):
            assert width_of(text, replace(style, size=size)) == pytest.approx(size * unit, rel=1e-9)


def test_width_of_capital_a_is_that_of_its_advance_in_the_font():
    font = FT2Font(str(FACES[0][1]))
    font.set_size(1000, 72)
    units = font.load_char(ord("A")).linearHoriAdvance / 65536
    assert width_of("A", Type(250)) == pytest.approx(250 * units / 1000, abs=0.3)


def test_tracking_adds_its_space_after_each_letter():
    assert width_of("ABCD", Type(100, tracking=0.1)) == pytest.approx(width_of("ABCD", Type(100)) + 4 * 10, abs=1e-6)


@pytest.mark.parametrize("size", [9, 14.4, 40, 150])
@pytest.mark.parametrize("text", TITLES)
@pytest.mark.parametrize("face", ["roman", "italic", "small"])
def test_ink_itself_stands_flush_at_either_side_and_in_the_middle(text, face, size):
    style = Type(size, face)
    width = round(2 * width_of(text, style)) + 80
    middle = width / 2
    begins, _ = extent(set_line(text, style, width=width, x=30.0), least=0.15)
    near = 1 + 0.01 * size
    assert abs(begins - 30) <= near
    _, ends = extent(set_line(text, style, width=width, x=width - 30.0, align="right"), least=0.15)
    assert abs(ends - (width - 30)) <= near
    first, last = extent(set_line(text, style, width=width, x=middle, align="centre"))
    assert abs((first + last) / 2 - middle) <= near


def test_small_type_is_the_large_one_seen_from_afar():
    large = set_line("Attention tide 0.125", Type(160), width=1600, x=80.0)
    small = set_line("Attention tide 0.125", Type(40), width=400, x=20.0)
    height = min(len(large) // 4, len(small))
    afar = large[: 4 * height].reshape(height, 4, 400, 4).mean(axis=(1, 3))
    assert np.abs(afar - small[:height]).mean() < 0.15 * small.mean()  # words stand on half pixels of the small one
    assert afar.sum() == pytest.approx(small.sum(), rel=0.02)


def test_a_place_between_two_pixels_moves_the_line_by_as_much():
    def centre(x):
        ink = set_line("Tide", Type(24), x=x).sum(axis=0)
        return (ink * np.arange(ink.size)).sum() / ink.sum()

    assert centre(100.5) - centre(100.0) == pytest.approx(0.5, abs=0.2)


@pytest.mark.parametrize("room", range(25, 330, 8))
def test_a_shortened_line_fits_and_says_that_something_is_missing(room):
    text, style = "intensity 0.50, twelve channels; strongest first", Type(15, "small")
    short = shorten(text, style, room)
    assert width_of(short, style) <= room
    assert short.endswith("…") != (short == text)
    assert text.startswith(short.removesuffix("…"))
    assert not short.removesuffix("…").endswith((" ", ",", ";"))


def test_no_letter_more_would_have_fitted():
    text, style = "abcdefghijklmnopqrstuvwxyz" * 3, Type(20)
    short = shorten(text, style, 300)
    longer = text[: len(short)] + "…"
    assert width_of(longer, style) > 300


def test_lines_are_broken_at_blanks_and_come_out_about_equally_long():
    text = "What a network of nine layers sees when it looks at a drawing that was made by hand, and what it does not"
    style = Type(20)
    lines = break_lines(text, style, 300, most=9)
    assert " ".join(lines) == text
    widths = [width_of(line, style) for line in lines]
    assert max(widths) <= 300
    assert min(widths) > 0.6 * max(widths)
    assert len(lines) == -(-width_of(text, style) // 300)  # no line more than there must be


def test_no_word_is_left_alone_on_the_last_line_where_others_can_join_it():
    room = width_of("one two three four", Type(20)) + 1
    assert break_lines("one two three four five", Type(20), room) == ["one two three", "four five"]


def test_breaks_of_the_text_stay_and_what_is_too_much_ends_in_an_ellipsis():
    assert break_lines("one\ntwo\n\nfour", Type(10), 500, most=4) == ["one", "two", "", "four"]
    assert break_lines("  \n ", Type(10), 500) == []
    *first, last = break_lines("word " * 60, Type(10), 120, most=3)
    assert len(first) == 2
    assert last.endswith("…")


def test_what_no_font_has_is_left_out_and_named():
    told = []
    with_others = set_line("Tide 日本 🎨 of ink", Type(30), told=told)
    np.testing.assert_array_equal(with_others, set_line("Tide of ink", Type(30)))
    [notice] = told
    assert "neither EB Garamond nor DejaVu Sans has 日 本 🎨" in notice


@pytest.mark.parametrize("text", ["日本語", "🎨🖌️", "\ufe0f", "", "  \n"])
def test_a_text_of_which_nothing_can_be_set_leaves_the_page_bare(text):
    assert set_line(text, Type(30)).max() == 0


def test_a_box_for_a_missing_glyph_is_never_drawn():
    box = np.asarray(open_font(fallback_path(), 64).getmask("\U000f0000"))
    assert box.any()  # that is what the font would show
    assert set_line("\U000f0000\u0378", Type(64)).max() == 0


def test_what_garamond_lacks_is_set_in_dejavu_and_named():
    told = []
    assert extent(set_line("a ∂ b", Type(30), told=told))[1] > extent(set_line("a b", Type(30)))[1]
    assert told == ["'a ∂ b': EB Garamond has no ∂; set in DejaVu Sans"]


def test_greek_cyrillic_and_composed_accents_need_no_other_font():
    told = []
    for text in ("Ελληνικά", "Привет", "e\u0301tude", "Đặng"):
        assert set_line(text, Type(30), told=told).any()
    assert told == []
    assert type_faces.one_line("e\u0301tude") == "étude"


@pytest.mark.skipif(not has_layout(), reason="this Pillow was built without Raqm")
def test_hebrew_runs_from_right_to_left():
    style = Type(60)
    both = set_line("אל לב", style, x=300.0, align="right")
    first = set_line("אל", style, x=300.0, align="right")
    begins, ends = extent(first)
    assert np.abs(both[:, begins + 2 : ends] - first[:, begins + 2 : ends]).mean() < 0.02


def test_a_line_that_runs_from_right_to_left_stays_in_one_font():
    [run] = type_faces.set_in_faces("שלום, Tide 12", "roman").runs
    assert run.path == fallback_path()


def test_without_raqm_all_is_set_still_and_what_suffers_is_told(monkeypatch):
    for module in (type_faces, type_metrics):
        monkeypatch.setattr(module, "has_layout", lambda: False)
    type_faces.set_in_faces.cache_clear()
    told = []
    assert set_line("שלום", Type(30), told=told).any()
    type_faces.set_in_faces.cache_clear()
    assert any("without Raqm" in notice for notice in told)
    capitals = Type(30, small_capitals=True)
    np.testing.assert_array_equal(set_line("seed", capitals), set_line("SEED", capitals))
    assert width_of("seed", capitals) < width_of("SEED", Type(30))


@pytest.mark.skipif(not has_layout(), reason="this Pillow was built without Raqm")
def test_figures_stand_as_tall_as_capitals_in_tables_and_as_small_letters_in_lines():
    def height(text, style):
        return (set_line(text, style).max(axis=1) > 0.3).sum()

    for figure in "012":
        assert height(figure, Type(100, lining=True)) == pytest.approx(height("H", Type(100)), abs=4)
        assert height(figure, Type(100)) == pytest.approx(height("x", Type(100)), abs=7)


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=24), size=st.floats(0.2, 90), place=st.tuples(st.floats(-200, 200), st.floats(-200, 200)))
@example(text="\ud800 broken", size=20.0, place=(20.0, 0.0))
@example(text="عربي\u200d 12 🎨", size=20.0, place=(20.0, 0.0))
@example(text="W" * 400, size=60.0, place=(40.0, -100.0))
@example(text="\u0301\u0301", size=20.0, place=(20.0, 0.0))
def test_any_text_at_any_place_leaves_a_sound_page(text, size, place):
    page = np.random.default_rng(1).random((40, 50, 3), dtype=np.float32)
    for face in ("roman", "italic"):
        write(page, text, Type(size, face), place, ink="ivory", align="centre")
    assert array_fault(page, Kind.IMAGE) is None
    assert all(width_of(line, Type(size)) <= 100 or line == "…" for line in break_lines(text, Type(size), 100))


def test_a_line_beyond_the_edges_of_the_page_is_cut_off():
    whole = blank(90, 400, GROUND)
    write(whole, "Attention", Type(60), (70, 20), ink=INK)
    part = blank(50, 120, GROUND)
    write(part, "Attention", Type(60), (70 - 30, 20 - 100), ink=INK)
    np.testing.assert_array_equal(part, whole[30:80, 100:220])


def test_characters_of_every_category_are_set_or_left_out():
    samples = {}
    for code in range(0x20, 0x3000):
        samples.setdefault(unicodedata.category(chr(code)), chr(code))
    for letter in samples.values():
        set_line(f"a{letter}b", Type(20))
