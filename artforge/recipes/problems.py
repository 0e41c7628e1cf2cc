"""What is wrong with a recipe, and where: collected, never thrown one by one, shown with the line and a caret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from artforge.core.errors import RecipeError


@dataclass(frozen=True, order=True)
class Position:
    """A place in the recipe's text: line and column from 1, and how many characters it spans."""

    line: int
    column: int
    length: int = 1

    def shifted(self, columns: int, length: int = 1) -> Position:
        """The place `columns` further right on the same line."""
        return Position(self.line, self.column + columns, length)


@dataclass(frozen=True, order=True)
class Problem:
    """One fault at one place."""

    position: Position
    message: str


@dataclass
class Problems:
    """Every fault found in one recipe so far."""

    source: str
    text: str
    found: list[Problem] = field(default_factory=list)

    def add(self, position: Position, message: str) -> None:
        """Note one fault and go on."""
        self.found.append(Problem(position, message))

    def raise_if_any(self) -> None:
        """Raise one RecipeError that carries all faults, in the order of the text.

        Raises:
            RecipeError: at least one fault was noted.
        """
        if self.found:
            raise RecipeError(self.report())

    def report(self) -> str:
        """All faults as text: `file:line:column: error: ...`, the source line, a caret."""
        lines = self.text.splitlines()
        unique = sorted(set(self.found))
        return "\n".join(_show(self.source, problem, lines) for problem in unique)


def at(source: str, position: Position, message: str, severity: str = "error") -> str:
    """`file:line:column: error: message`."""
    return f"{source}:{position.line}:{position.column}: {severity}: {message}"


def _show(source: str, problem: Problem, lines: Sequence[str]) -> str:
    place = problem.position
    head = at(source, place, problem.message)
    if not 1 <= place.line <= len(lines):
        return head
    line = lines[place.line - 1]
    lead = "".join("\t" if character == "\t" else " " for character in line[: place.column - 1])
    carets = "^" * max(1, min(place.length, len(line) - place.column + 1))
    return f"{head}\n{place.line:>6} | {line}\n       | {lead}{carets}"
