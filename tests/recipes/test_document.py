"""Recipes and typed values are read as YAML 1.2 says, and what is written reads as the same values."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from artforge.core.problems import Position, Problems
from artforge.core.wording import as_written
from artforge.recipes.document import MAX_CHARACTERS, parse_document, parse_scalar, yaml_of


def parse(text: str, file: str = ""):
    problems = Problems("r.yaml", text)
    return parse_document(text, problems, file), [(problem.position, problem.message) for problem in problems.found]


def test_recipe_is_read_with_its_places():
    tree, problems = parse("steps:\n  art: [load]\n", "other.yaml")
    assert tree.plain() == {"steps": {"art": ["load"]}}
    assert tree.mapping["steps"].mapping["art"].items[0].position == Position(2, 9, 4, "other.yaml")
    assert problems == []


@pytest.mark.parametrize("text", ["", "# to come\n"])
def test_empty_recipe_is_told_how_it_starts(text):
    assert parse(text) == (None, [(Position(1, 1), "the recipe is empty; it starts with 'artforge: 1'")])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &a [1]", "anchors and aliases (&name, *name) are not part of a recipe; use a param or a pipe"),
        ("a: !b 1", "the tag !b is not part of a recipe"),
        ("x" * 200_001, f"a recipe of 200,001 characters: at most {MAX_CHARACTERS:,} are read"),
    ],
)
def test_what_does_not_belong_in_a_recipe_is_told_of_once(text, message):
    assert [told for _, told in parse(text)[1]] == [message]


def test_typed_values_are_read_like_yaml():
    assert [parse_scalar(text) for text in ("0.5", "true", "a b", "7", "[")] == [0.5, True, "a b", 7, "["]
    assert [parse_scalar(text) for text in ("[1, 'a']", "{a: ~}", "*a", "a: b: c")] == [
        [1, "a"],
        {"a": None},
        "*a",
        "a: b: c",
    ]


def test_written_yaml_reads_as_the_same_values():
    value = {
        "a": {"b": {"c": [1, 1e-2, "1e-2", "off", None, True, "true", "x: y", "#fff", "=t", "$a", "{b}"]}},
        "z": [],
    }
    tree, problems = parse(yaml_of(value))
    assert tree.plain() == value
    assert problems == []


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    text=st.one_of(
        st.text(max_size=8), st.text("0123456789.eExob_+-~=<", max_size=5), st.text(":?a-#'\x85 ", max_size=4)
    )
)
@example(":a")
@example("?a")
@example("a:?")
@example(".5e3")
def test_any_text_is_written_so_that_it_reads_as_itself(text):
    value = {"a": {"b": [text, {"c": text}]}, "d": [text, {f"{text}e": text}]}
    if "\0" not in text:  # which no recipe takes
        assert parse(yaml_of(value))[0].plain() == value


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "null"),
        (True, "true"),
        ("true", "'true'"),
        ([1, (2.5, None)], "[1, [2.5, null]]"),
        ({"a": False, "b": ["x"]}, "{a: false, b: ['x']}"),
    ],
)
def test_values_in_messages_stand_as_in_a_recipe(value, written):
    assert as_written(value) == written
