import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artforge.gallery.names import slug, unique_names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Attention tide", "attention-tide"),
        ("Café #1: “quoted” / ../etc", "cafe-1-quoted-etc"),
        ("🕯️", "work"),
        ("", "work"),
        ("a" * 47 + " b", "a" * 47),
    ],
)
def test_a_slug_keeps_latin_letters_and_digits(text, expected):
    assert slug(text, fallback="work") == expected


@given(st.text())
def test_a_slug_never_needs_quoting_nor_leaves_its_folder(text):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug(text, fallback="work"))
    assert len(slug(text, fallback="work")) <= 48


def test_two_things_of_one_title_get_two_names():
    assert unique_names(["Tide", "Tide"], ["a" * 64, "b" * 64], fallback="work") == ["tide-aaaaaaaa", "tide-bbbbbbbb"]


def test_the_hash_grows_only_where_eight_digits_do_not_tell_two_apart():
    digests = ["0" * 64, "0" * 8 + "1" * 56]
    assert unique_names(["Tide", "Tide"], digests, fallback="w") == ["tide-" + "0" * 16, "tide-" + "0" * 8 + "1" * 8]


def test_one_thing_listed_twice_has_one_name():
    assert unique_names(["Tide", "Tide"], ["0" * 64] * 2, fallback="w") == ["tide-00000000"] * 2
