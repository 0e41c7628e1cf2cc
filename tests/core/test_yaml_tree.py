"""YAML is read as version 1.2 says, and every key and value knows its place; ruamel.yaml is the oracle."""

from __future__ import annotations

import io
import json
import math
import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from artforge.core.errors import UsageError
from artforge.core.problems import Position, Problems
from artforge.core.yaml_scalars import read_plain
from artforge.core.yaml_tree import MAX_DEPTH, DocumentKind, parse_tree

KIND = DocumentKind("a note", max_characters=100_000, instead_of_anchors="say it again")
SHIPPED = sorted((Path(__file__).parents[2] / "recipes").rglob("*.yaml"))
many = settings(max_examples=150, deadline=None, derandomize=True)


def parse(text: str):
    problems = Problems("n.yaml", text)
    return parse_tree(text, problems, KIND), [(problem.position.line, problem.message) for problem in problems.found]


# -- values ---------------------------------------------------------------------------------------------------------


def test_values_are_those_of_yaml_1_2():
    tree, problems = parse("{a: 1e-2, b: 16:9, c: off, d: 'no', e: ~, f: 0o17, g: true}")
    assert tree.plain() == {"a": 0.01, "b": "16:9", "c": "off", "d": "no", "e": None, "f": 15, "g": True}
    assert problems == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("", None), ("~", None), ("NULL", None), ("True", True), ("FALSE", False)],
        *[("010", 10), ("+7", 7), ("-0", 0), ("0x1F", 31), ("0o10", 8), ("1.", 1.0), ("-.5", -0.5), (".5e3", 500.0)],
        *[("1E+2", 100.0), (".inf", math.inf), ("+.INF", math.inf), ("-.Inf", -math.inf), ("12e456", math.inf)],
    ],
)
def test_words_of_the_core_schema_have_its_values(text, value):
    read = read_plain(text)
    assert (read, type(read)) == (value, type(value))


def test_nan_is_a_number():
    assert math.isnan(read_plain(".NaN"))


@pytest.mark.parametrize(
    "text",
    ["yes", "Off", "n", "nuLL", "1_000", "0b11", "-0x1F", "0o8", "1:30", "2026-01-31", ".", "1e", "e1", "+", "<<", "="],
)
def test_what_the_core_schema_does_not_name_is_text(text):
    assert read_plain(text) == text


def test_text_behind_a_tag_or_in_a_block_is_text():
    assert parse("a: !!str 12\nb: |\n  12\nc: >-\n  ~\n")[0].plain() == {"a": "12", "b": "12\n", "c": "~"}


@pytest.mark.parametrize("number", ["9" * 400, "-" + "9" * 400, "9" * 9000, "0x" + "f" * 398])
def test_number_that_no_float_holds_is_refused_at_its_place(number):
    tree, problems = parse(f"a: 1\nb: [{number}, 1e-2]\n")
    assert problems == [(2, f"a number of {len(number.lstrip('-'))} digits is too large to reckon with")]
    assert tree.plain() == {"a": 1, "b": [None, 0.01]}


def test_scalar_keeps_what_was_typed():
    tree, _ = parse("{a: 12e456, b: 'it''s', 007: ~}")
    assert [entry.text for entry in tree.mapping.values()] == ["12e456", "it's", "~"]
    assert list(tree.mapping) == ["a", "b", "007"]


# -- places ---------------------------------------------------------------------------------------------------------


def test_scalar_knows_line_column_and_length():
    tree, _ = parse("steps:\n  art:\n    - load: {path: $image}\n")
    path = tree.mapping["steps"].mapping["art"].items[0].mapping["load"]
    assert path.mapping["path"].position == Position(3, 20, 6)
    assert path.key_positions["path"] == Position(3, 14, 4)
    assert path.position == Position(3, 13, 14)


def test_columns_count_characters_whatever_their_bytes():
    tree, _ = parse("{é: 'ü🎈', 🎈: x}")
    assert tree.mapping["é"].position == Position(1, 5, 4)
    assert tree.key_positions["🎈"] == Position(1, 11, 1)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_end_of_a_line_counts_once_and_a_byte_order_mark_not_at_all(end):
    tree, _ = parse(f"\ufeffa: 1{end}{end}b: 2{end}")
    assert tree.mapping["a"].position == Position(1, 4, 1)
    assert tree.mapping["b"].position == Position(3, 4, 1)


def test_key_without_a_value_is_the_place_of_its_nothing():
    tree, _ = parse("title:   # to come\nseed: 3\n")
    assert tree.mapping["title"].position == Position(1, 1, 5)


# -- faults ---------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    "text", ["ground:   # was: #ff0000\nseed: 1\n", "# map: #aabbcc\nseed: [1\n", "a: 1  # map: #aabbcc\nseed: [1\n"]
)
def test_colour_in_a_comment_is_none_that_was_lost(text):
    _, problems = parse(text)
    assert not any("begins a comment" in told for _, told in problems)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("title: the 16:9 crop: wide", "a text with a colon in it is written in quotes"),
        ("map: jet\nseed:2", "a colon needs a space behind it"),
    ],
)
def test_colon_that_is_one_too_many_is_told_apart_from_one_without_a_space(text, hint):
    _, ((_, told),) = parse(f"{text}\n")
    assert hint in told


def test_lost_colour_is_taken_for_what_was_meant_and_told_at_its_place():
    problems = Problems("n.yaml", "")
    tree = parse_tree("\ufeffink: #fff000\n", problems, KIND)
    assert (tree.mapping["ink"].value, tree.mapping["ink"].text) == ("#fff000", "#fff000")
    assert [problem.position for problem in problems.found] == [Position(1, 6, 7)]


def test_doubled_key_is_a_fault_that_names_the_first():
    tree, problems = parse("seed: 1\ntitle: x\nseed: {a: [2]}\nend: 3\n")
    assert problems == [(3, "'seed' stands here twice (first on line 1)")]
    assert tree.plain() == {"seed": 1, "title": "x", "end": 3}


def test_key_that_is_no_word_is_a_fault_and_takes_its_value_along():
    tree, problems = parse("? [a, {b: c}]\n: [d]\ne: 1\n")
    assert problems == [(1, "a key must be a plain word")]
    assert tree.plain() == {"e": 1}


def test_alias_is_refused_before_it_can_grow():
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"
    tree, problems = parse(bomb)
    assert [line for line, _ in problems] == [1, 2, 3, 4, 4]
    refusal = "anchors and aliases (&name, *name) are not part of a note; say it again"
    assert {message for _, message in problems} == {refusal}
    assert tree.plain() == {"a": None, "b": None, "c": None, "d": [None, None]}


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        ("a: [1, 2\nb: 3\n", 2, "not YAML"),
        ("a:\n\t- b\n", 2, "indent with spaces, not tabs"),
        ("a: b: c\n", 1, "a text with a colon in it is written in quotes"),
        ("a: 1\nb:2\n", 2, "a colon needs a space behind it"),
        ("a: @b\n", 1, "a text that begins with @ is written in quotes"),
        ("a: [:b]\n", 1, "a text that begins with : is written in quotes"),
        ("a:\n  - b\n - c\n", 3, "this line is not indented like those above it"),
        ("a: 'b\n\nc: d\n", 1, "unexpected end"),
        ("a: 1\n---\nb: 2\n", 2, "another document begins here"),
        (
            "!!python/object:os.system {}\n",
            1,
            "the tag tag:yaml.org,2002:python/object:os.system is not part of a note",
        ),
        ("x: !custom 3\n", 1, "the tag !custom is not part of a note"),
        ("x: *lost\n", 1, "anchors and aliases"),
        ("%YAML 3.0\n---\na: 1\n", 1, "not YAML"),
        ("[[[" * 2000, 1, f"at most {MAX_DEPTH} mappings and lists inside each other"),
        ("- " * 9000, 1, f"at most {MAX_DEPTH} mappings and lists inside each other"),
        ("{a: " * 9000, 1, f"at most {MAX_DEPTH} mappings and lists inside each other"),
        ("x" * 100_001, 1, "a note of 100,001 characters: at most 100,000 are read"),
    ],
)
def test_what_is_no_document_is_named_with_its_line(text, line, hint):
    _, problems = parse(text)
    assert problems[0][0] == line
    assert hint in problems[0][1]


def test_as_many_lists_inside_each_other_as_is_said_are_read():
    assert parse("[" * MAX_DEPTH + "1" + "]" * MAX_DEPTH)[1] == []
    assert parse("[" * MAX_DEPTH + "[" + "]" * MAX_DEPTH + "]")[1] != []


@pytest.mark.parametrize("text", ['a: "x\\0"', 'a: "\\ud800"', '"\\udfff": 1', 'a: ["\\x00"]'])
def test_text_with_what_is_no_character_is_refused(text):
    _, problems = parse(text)
    assert problems == [(1, "a text with characters that are none (a null, or half of a pair)")]


@pytest.mark.parametrize("letter", ["\0", "\x0b", "\x1c", "\x7f", "\ud800", "\ufffe"])
def test_character_that_stands_in_no_text_is_told_at_its_place(letter):
    problems = Problems("n.yaml", "")
    assert parse_tree(f"a: 1\nb: x{letter}\n{letter}", problems, KIND) is None
    (problem,) = problems.found
    assert problem.position == Position(2, 5)
    assert problem.message == f"not YAML: the character U+{ord(letter):04X} is none of a text"


def test_empty_document_is_none_and_no_fault():
    assert parse("") == parse("# nothing yet\n") == (None, [])
    assert parse("---\n")[0].value is None


def test_faults_are_raised_as_the_error_that_was_asked_for():
    problems = Problems("n.yaml", "a: b: c", UsageError)
    parse_tree("a: b: c", problems, KIND)
    with pytest.raises(UsageError, match=r"n\.yaml:1:5: error: not YAML"):
        problems.raise_if_any()


# -- ruamel.yaml as the oracle --------------------------------------------------------------------------------------


def drawn(tree):
    """A tree as plain data with places: that of a list or mapping is where it begins."""
    place = tree.position
    if isinstance(tree.value, dict):
        inside = {key: (drawn(entry), tree.key_positions[key]) for key, entry in tree.value.items()}
        return inside, place.line, place.column
    if isinstance(tree.value, list):
        return [drawn(item) for item in tree.value], place.line, place.column
    return repr(tree.value), place, tree.quoted


def drawn_by_oracle(node, constructor):
    """The same of what ruamel composed, dates as the texts that they were typed as."""
    place = place_of(node)
    if isinstance(node, MappingNode):
        inside = {}
        for key, value in node.value:
            is_empty = value.start_mark.index == value.end_mark.index
            drawn_value = (repr(None), place_of(key), False) if is_empty else drawn_by_oracle(value, constructor)
            inside[str(key.value)] = (drawn_value, place_of(key))
        return inside, place.line, place.column
    if isinstance(node, SequenceNode):
        return [drawn_by_oracle(item, constructor) for item in node.value], place.line, place.column
    value = constructor.construct_object(node)
    is_text = not isinstance(value, int | float | bool | None)
    return repr(str(node.value) if is_text else value), place, node.style in ("'", '"')


def place_of(node) -> Position:
    start, end = node.start_mark, node.end_mark
    is_long = end.line == start.line and isinstance(node, ScalarNode)
    return Position(start.line + 1, start.column + 1, max(1, end.column - start.column) if is_long else 1)


def oracle(text: str):
    yaml = YAML(typ="safe", pure=True)
    root = yaml.compose(text)
    return None if root is None else drawn_by_oracle(root, yaml.constructor)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_files_are_read_as_the_oracle_reads_them(path):
    text = path.read_text(encoding="utf-8")
    tree, problems = parse(text)
    assert drawn(tree) == oracle(text)
    assert problems == []


_BEYOND_CORE = re.compile(
    r"[-+]?[0-9.][0-9.]*_[0-9_.]*|[-+]?0b[01_]+|[-+]\.?_.*|[-+]0[xo].*|[-+]?\.[0-9]+[eE][0-9]+|=|<<"
)
"""Words that ruamel takes for more than the core schema does, or a number of it that it takes for a text."""

_letters = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="_")
_texts = st.one_of(st.text(_letters, max_size=8), st.text("0123456789.eEox+-~:#,'\" []{}?!&*|>%@`", max_size=5))
_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    _texts,
    st.sampled_from(
        ["null", "on", "1e-2", "16:9", "$art", "=0.5*sin(tau*t)", "{seed:03d}", "50%", "# x", "two\nlines\n"]
    ),
)
_values = st.recursive(
    _scalars,
    lambda inside: st.one_of(st.lists(inside, max_size=4), st.dictionaries(_texts, inside, max_size=4)),
    max_leaves=12,
)


def written(value, layout: str, width: int) -> str:
    if layout == "json":
        return json.dumps(value, indent=2, ensure_ascii=False)
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = {"block": False, "flow": True, "mixed": None}[layout]
    yaml.allow_unicode, yaml.width = True, width
    stream = io.StringIO()
    yaml.dump(value, stream)
    return stream.getvalue()


@many
@given(
    value=_values,
    layout=st.sampled_from(["block", "flow", "mixed", "json"]),
    width=st.sampled_from([20, 120]),
    end=st.sampled_from(["\n", "\n\n", "\r\n", "  # a word\n"]),
)
def test_made_documents_are_read_as_the_oracle_reads_them(value, layout, width, end):
    text = written(value, layout, width)
    if end != "  # a word\n" or not re.search("['\"|>]", text):  # within a text it is none
        text = text.replace("\n", end)
    is_read_alike(text)


_INDENTS = ["", "  ", "    "]
_LEADS = ["", "- ", "a: ", "b: ", "- c: ", "d:", "? "]
_ENDS = ["", "x y", "1", "'e", "f'", '"g\\', 'h"', "|", ">-", "[i, j: k", "]", "{l", ", m: n}", "🎈 # x", "~"]


def test_any_lines_are_read_as_the_oracle_reads_them_or_refused():
    chance = random.Random(0)  # noqa: S311
    num_compared = 0
    for _ in range(1500):
        parts = [map(chance.choice, (_INDENTS, _LEADS, _ENDS)) for _ in range(chance.randint(1, 4))]
        num_compared += is_read_alike("a: x\n" + "".join(f"{''.join(line)}\n" for line in parts))
    assert num_compared > 150


def is_read_alike(text: str) -> bool:
    """Whether both read the text, which then must give the same tree; of what either refuses nothing is compared."""
    tree, problems = parse(text)
    try:
        expected = oracle(text)
    except (YAMLError, ValueError):
        return False
    if problems or any(_BEYOND_CORE.fullmatch(word) for word in words_of(tree)):
        return False
    assert drawn(tree) == expected
    return True


def words_of(tree):
    yield tree.text
    for inside in (*tree.mapping.values(), *tree.items):
        yield from words_of(inside)
