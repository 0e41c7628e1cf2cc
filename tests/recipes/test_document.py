"""YAML is read as version 1.2 says, and every key and value knows its place."""

from __future__ import annotations

import pytest

from artforge.recipes.document import as_written, parse_document, parse_scalar
from artforge.recipes.problems import Position, Problems


def parse(text: str):
    problems = Problems("r.yaml", text)
    return parse_document(text, problems), [(problem.position.line, problem.message) for problem in problems.found]


def test_values_are_those_of_yaml_1_2():
    tree, problems = parse("{a: 1e-2, b: 16:9, c: off, d: 'no', e: ~, f: 0o17, g: true}")
    assert tree.plain() == {"a": 0.01, "b": "16:9", "c": "off", "d": "no", "e": None, "f": 15, "g": True}
    assert problems == []


def test_scalar_knows_line_column_and_length():
    tree, _ = parse("steps:\n  art:\n    - load: {path: $image}\n")
    path = tree.mapping["steps"].mapping["art"].items[0].mapping["load"]
    assert path.mapping["path"].position == Position(3, 20, 6)
    assert path.key_positions["path"] == Position(3, 14, 4)


def test_key_without_a_value_is_the_place_of_its_nothing():
    tree, _ = parse("title:   # to come\nseed: 3\n")
    assert tree.mapping["title"].position == Position(1, 1, 5)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("mat:\n  color: #fff000\n  margin: 0.1\n", 2),
        ("a: 1\nmat: {color: #fff000, margin: 0.1}\nb: 2\n", 2),
        ("map: [#fff000, #aa0000]\nmargin: 0.1\nb: 2\n", 1),
    ],
)
def test_colour_that_is_read_as_a_comment_is_to_be_quoted(text, line):
    _, problems = parse(text)
    assert (line, '# begins a comment: write the colour in quotes, "#fff000"') in problems


def test_doubled_key_is_a_fault_that_names_the_first():
    _, problems = parse("seed: 1\ntitle: x\nseed: 2\n")
    assert problems == [(3, "'seed' stands here twice (first on line 1)")]


def test_alias_is_refused_before_it_can_grow():
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"
    _, problems = parse(bomb)
    assert problems
    assert all("anchors and aliases" in message for _, message in problems)


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        ("a: [1, 2\nb: 3\n", 2, "not YAML"),
        ("a:\n\t- b\n", 2, "tabs"),
        ("a: b: c\n", 1, "not YAML"),
        ("!!python/object:os.system {}\n", 1, "tag"),
        ("x: !custom 3\n", 1, "tag"),
        ("", 1, "empty"),
        ("[[[" * 2000, 1, ""),
    ],
)
def test_what_is_no_recipe_is_named_with_its_line(text, line, hint):
    _, problems = parse(text)
    assert problems[0][0] == line
    assert hint in problems[0][1]


def test_typed_values_are_read_like_yaml():
    assert [parse_scalar(text) for text in ("0.5", "true", "a b", "7", "[")] == [0.5, True, "a b", 7, "["]


@pytest.mark.parametrize("text", ['a: "x\\0"', 'a: "\\ud800"', '"\\udfff": 1', 'a: ["\\x00"]'])
def test_text_with_what_is_no_character_is_refused(text):
    _, problems = parse(text)
    assert problems == [(1, "a text with characters that are none (a null, or half of a pair)")]


@pytest.mark.parametrize("number", ["9" * 400, "-" + "9" * 400])
def test_number_that_no_float_holds_is_refused_at_its_place(number):
    tree, problems = parse(f"a: 1\nb: [{number}, 1e-2]\n")
    assert problems == [(2, "a number of 400 digits is too large to reckon with")]
    assert tree.plain() == {"a": 1, "b": [None, 0.01]}


def test_anchor_that_stands_twice_is_a_fault_and_no_warning():
    _, problems = parse("a: &a [1]\nb: &a [2]\nc: *a\n")
    assert {line for line, _ in problems} == {1, 2}
    assert all("anchors and aliases" in message for _, message in problems)


def test_written_yaml_reads_as_the_same_values():
    from artforge.recipes.document import yaml_of

    value = {
        "a": {"b": {"c": [1, 1e-2, "1e-2", "off", None, True, "true", "x: y", "#fff", "=t", "$a", "{b}"]}},
        "z": [],
    }
    tree, problems = parse(yaml_of(value))
    assert tree.plain() == value
    assert problems == []


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
