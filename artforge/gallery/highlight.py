"""A recipe in colours: the exact text, cut into spans that the style sheet knows."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from pygments.token import _TokenType  # type: ignore[import-untyped]

MAX_CHARACTERS = 100_000
"""A longer recipe is shown in one colour."""


@lru_cache(maxsize=64)
def highlight(recipe: str) -> Markup:
    """The recipe as HTML whose text is the recipe: `c` comments, `k` keys, `r` references, `s` strings."""
    if len(recipe) > MAX_CHARACTERS:
        return escape(recipe)
    # only a page that is made anew pays for it
    from pygments.lexers.data import YamlLexer  # type: ignore[import-untyped]  # noqa: PLC0415

    tokens = list(YamlLexer(stripnl=False, ensurenl=False).get_tokens(recipe))
    if "".join(text for _, text in tokens) != recipe:
        return escape(recipe)  # line ends that a lexer would change
    return Markup("").join(_span(_name(kind, text), text) for kind, text in tokens)


def _span(name: str, text: str) -> Markup:
    return Markup('<span class="{}">{}</span>').format(name, text) if name else escape(text)


def _name(kind: _TokenType, text: str) -> str:
    from pygments.token import Comment, Literal, Name, String  # noqa: PLC0415

    if kind in Comment:
        return "c"
    if kind in Name.Tag:
        return "k"
    if text.startswith(("$", "=")):
        return "r"
    return "s" if kind in String or kind in Literal else ""
