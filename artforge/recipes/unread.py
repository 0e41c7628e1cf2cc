"""Params that nothing reads: setting or sweeping them changes no picture, which is seldom what was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from artforge.core.errors import did_you_mean
from artforge.core.problems import Problems
from artforge.core.yaml_tree import Tree
from artforge.recipes.recipe import Recipe

_WORD = re.compile(r"[A-Za-z_]\w*")
_FIELD = re.compile(r"\{\s*([A-Za-z_]\w*)")


def warn_of_unread_params(recipe: Recipe, problems: Problems) -> None:
    """Warn of every param that no setting, expression or text reads."""
    read = {name for text in _texts(recipe) for name in _names(text)}
    for name, param in recipe.params.items():
        if name not in read:
            hint = did_you_mean(name, sorted(read - recipe.params.keys()))
            problems.warn(param.position, f"param {name!r} is read by nothing: write ${name} where it belongs{hint}")


def _texts(recipe: Recipe) -> Iterator[str]:
    yield from (recipe.title, recipe.description)
    for output in recipe.outputs.values():
        yield from (output.caption, output.file_name)
    for param in recipe.params.values():
        if isinstance(param.default, str):
            yield param.default
    for pipe in recipe.pipes.values():
        for call in pipe.calls:
            for setting in call.settings.values():
                yield from _scalars(setting)


def _scalars(tree: Tree) -> Iterator[str]:
    if isinstance(tree.value, str):
        yield tree.value
    for below in [*tree.items, *tree.mapping.values()]:
        yield from _scalars(below)


def _names(text: str) -> list[str]:
    """The names that `$name`, `=expr` or `{text}` reads."""
    if text.startswith("$"):
        return [text[1:]]
    return _WORD.findall(text) if text.startswith("=") else _FIELD.findall(text)
