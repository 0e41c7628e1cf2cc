import pytest

from artforge.gallery import words
from artforge.gallery.words import format_bytes, format_seconds, format_settings, format_value, humanize, seconds_of


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.1 + 0.2, "0.3"),
        (1e-9, "1e-09"),
        (7, "7"),
        (True, "yes"),
        (None, "none"),
        ("last_conv", "last_conv"),
        ([1, 99.5], "1, 99.5"),
        ({"b": [1], "a": "é"}, '{"a": "é", "b": [1]}'),
        ([[1, 2], [3]], "[[1, 2], [3]]"),
    ],
)
def test_a_setting_reads_as_one_line(value, expected):
    assert format_value(value) == expected


def test_settings_are_named_without_underscores():
    assert format_settings({"long_edge": 2400, "mode": "screen"}) == "long edge 2400, mode screen"


@pytest.mark.parametrize(
    ("seconds", "expected"), [(6.0, "6 s"), (2.54, "2.5 s"), (60, "1 min"), (80.4, "1 min 20 s"), (0.04, "0 s")]
)
def test_a_length_reads_in_minutes_and_seconds(seconds, expected):
    assert format_seconds(seconds) == expected


@pytest.mark.parametrize(
    ("num_bytes", "expected"),
    [(999, "999 bytes"), (84_400, "84 kB"), (999_499, "999 kB"), (999_500, "1.0 MB"), (1_240_000, "1.2 MB")],
)
def test_bytes_read_in_powers_of_ten(num_bytes, expected):
    assert format_bytes(num_bytes) == expected


def test_a_file_name_reads_as_words():
    assert humanize("heatmap_sweep-b") == "Heatmap sweep b"


def test_only_a_film_with_a_rate_has_a_length(record):
    assert seconds_of(record(kind="film", num_frames=75, fps=25.0)) == 3
    assert seconds_of(record(kind="still", num_frames=75, fps=25.0)) is None
    assert seconds_of(record(kind="film", num_frames=75, fps=None)) is None


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0, "0%"), (0.004, "<1%"), (0.01, "1%"), (0.934, "93%"), (0.99, "99%"), (0.996, ">99%"), (1, "100%")],
)
def test_a_share_that_is_not_quite_none_or_all_says_so(share, expected):
    assert words.percent(share) == expected


def test_a_print_is_as_large_as_its_pixels_at_300_to_the_inch():
    assert words.print_size(3000, 300) == "25.4 × 2.5 cm at 300 dpi"


def test_a_day_is_written_out():
    assert words.format_day("2026-11-07T00:11:54Z") == "7 November 2026"
