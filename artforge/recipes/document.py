"""Recipes and typed values as YAML: read with their places, and written as a person would write them."""

from __future__ import annotations

import io
import re
from typing import Any

from artforge.core.problems import Position, Problems
from artforge.core.yaml_scalars import read_plain
from artforge.core.yaml_tree import DocumentKind, Tree, parse_tree

MAX_CHARACTERS = 200_000
"""Far beyond any recipe; reading more would take longer than a person waits for a check."""

_RECIPE = DocumentKind("a recipe", MAX_CHARACTERS, instead_of_anchors="use a param or a pipe")
_VALUE = DocumentKind("a value", MAX_CHARACTERS)
_OPEN_LEVELS = 2
_NOT_PLAIN = re.compile(r"^[:?]|:\?")
"""Texts that ruamel writes without quotes and libyaml does not take for texts within brackets."""


def parse_document(text: str, problems: Problems, file: str = "") -> Tree | None:
    """A recipe's tree, or None where it is no YAML or empty; faults go to `problems`.

    Args:
        text: the YAML.
        problems: where faults are noted.
        file: the name that its positions carry; empty for the recipe itself.
    """
    num_faults = len(problems.found)
    root = parse_tree(text, problems, _RECIPE, file)
    if root is None and len(problems.found) == num_faults:
        problems.add(Position(1, 1, file=file), "the recipe is empty; it starts with 'artforge: 1'")
    return root


def parse_scalar(text: str) -> Any:
    """A value typed on the command line, read as YAML reads it: `0.5` a number, `true` a truth, else text."""
    problems = Problems("", text)
    tree = parse_tree(text, problems, _VALUE)
    return text if tree is None or problems.found else tree.plain()


def to_yaml(tree: Tree) -> str:
    """The tree as YAML that reads as the same values."""
    return yaml_of(tree.plain())


def yaml_of(value: Any) -> str:
    """Plain data as YAML: mappings open down to the third level, one line each below."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - reading, which is all that most commands do, needs none of it

    yaml = YAML(typ="rt", pure=True)
    yaml.width = 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    written = io.StringIO()
    yaml.dump(_laid_out(value, 0), written)
    return written.getvalue()


def _laid_out(value: Any, depth: int) -> Any:
    """Plain data with a style for each mapping and list, so that it reads as a person would write it."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq  # noqa: PLC0415
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, SingleQuotedScalarString  # noqa: PLC0415

    if isinstance(value, dict):
        mapping = CommentedMap((_laid_out(key, depth), _laid_out(entry, depth + 1)) for key, entry in value.items())
        mapping.fa.set_flow_style() if depth > _OPEN_LEVELS or not mapping else mapping.fa.set_block_style()
        return mapping
    if isinstance(value, list):
        listed = CommentedSeq(_laid_out(item, depth) for item in value)
        is_pipe = depth == _OPEN_LEVELS and any(isinstance(item, dict) for item in value)
        listed.fa.set_block_style() if is_pipe else listed.fa.set_flow_style()
        return listed
    if isinstance(value, str) and "\x85" in value:  # an end of a line, which only an escape keeps
        return DoubleQuotedScalarString(value)
    if isinstance(value, str) and (_NOT_PLAIN.search(value) or not isinstance(read_plain(value), str)):
        return SingleQuotedScalarString(value)
    return value
