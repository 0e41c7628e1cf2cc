"""Nodes: what is to be computed, each thing with all that flows into it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from artforge.core.steps import Step
from artforge.recipes.checked import CheckedCall


@dataclass(frozen=True)
class Node:
    """One thing to compute.

    Attributes:
        key: 64 hex digits that stand for everything the result depends on.
        checked: the call it comes from.
        settings: as the function takes them; a model is still its file's path.
        inputs: the nodes whose values flow in, by the name of the input; where several go into one, by its name and
            a number each, `images 1` or, at other moments of the film, `moments -2`.
        seed: for a step that draws by chance.
        mapped: the inputs over whose items it is done one by one.
        parts: what the key is made of.
    """

    key: str
    checked: CheckedCall
    settings: dict[str, Any]
    inputs: dict[str, Node]
    seed: int | None
    mapped: tuple[str, ...] = ()
    parts: dict[str, Any] = field(default_factory=dict)

    @property
    def step(self) -> Step:
        """The registered step."""
        return self.checked.step


def walk(nodes: Iterable[Node]) -> Iterator[Node]:
    """Nodes and everything that flows into them, each once, sources first."""
    return _walked(nodes, lambda _: True)


def walk_at_once(nodes: Iterable[Node]) -> Iterator[Node]:
    """The same without what flows in from other moments of the film: each call of a recipe then comes once."""
    return _walked(nodes, lambda name: name.partition(" ")[2][:1] not in ("-", "+") or name.endswith(" +0"))


def _walked(nodes: Iterable[Node], is_followed: Callable[[str], bool]) -> Iterator[Node]:
    seen: set[str] = set()

    def visit(each: Node) -> Iterator[Node]:
        if each.key in seen:
            return
        seen.add(each.key)
        for name, source in each.inputs.items():
            if is_followed(name):
                yield from visit(source)
        yield each

    for node in nodes:
        yield from visit(node)
