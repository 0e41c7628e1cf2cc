"""What is wrong with a text, and where: collected, never thrown one by one, shown with the line and a caret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from artforge.core.errors import ArtforgeError, RecipeError

MOST_FAULTS = 200
"""Of one text; it is not looked at any further then."""

MOST_SHOWN = 160
"""Characters of a line that are shown with a fault."""


@dataclass(frozen=True, order=True)
class Position:
    """A place in a text: line and column from 1, how many characters it spans, and in which file.

    `file` is empty for the text itself; a recipe that it extends, or a word of the command line, has a name.
    """

    line: int
    column: int
    length: int = 1
    file: str = ""

    def shifted(self, columns: int, length: int = 1) -> Position:
        """The place `columns` further right on the same line."""
        return Position(self.line, self.column + columns, length, self.file)


@dataclass(frozen=True, order=True)
class Problem:
    """One fault at one place."""

    position: Position
    message: str


@dataclass
class Problems:
    """Every fault found in one text so far, and what is odd about it without being wrong.

    Attributes:
        source: the text's path, as it was typed.
        text: the text.
        error: what is raised where it has faults.
        found: the faults.
        oddities: what a person should know before it is used.
    """

    source: str
    text: str
    error: type[ArtforgeError] = RecipeError
    found: list[Problem] = field(default_factory=list)
    oddities: list[Problem] = field(default_factory=list)
    _texts: dict[str, str] = field(default_factory=dict)

    def add(self, position: Position, message: str) -> None:
        """Note one fault and go on.

        Raises:
            ArtforgeError: there are `MOST_FAULTS`, which it carries; to look for the names nearest to more takes long.
        """
        self.found.append(Problem(position, message))
        if len(self.found) == MOST_FAULTS:
            raise self.error(
                f"{self.report()}\n{self.source}: {MOST_FAULTS} faults; more are sought once these are mended"
            )

    def warn(self, position: Position, message: str) -> None:
        """Note something odd and go on."""
        self.oddities.append(Problem(position, message))

    def add_file(self, name: str, text: str) -> None:
        """Faults may be found in this text too, at positions whose `file` is `name`."""
        self._texts[name] = text

    def raise_if_any(self) -> None:
        """Raise one error that carries all faults, in the order of the text.

        Raises:
            ArtforgeError: at least one fault was noted.
        """
        if self.found:
            raise self.error(self.report())

    def report(self) -> str:
        """All faults as text: `file:line:column: error: ...`, the source line, a caret."""
        return "\n".join(self._shown(self.found, "error"))

    def warnings(self) -> list[str]:
        """All oddities, each as text of the same form."""
        return self._shown(self.oddities, "warning")

    def _shown(self, problems: Sequence[Problem], severity: str) -> list[str]:
        texts = {"": self.text, **self._texts}
        files = list(texts)
        unique = sorted(set(problems), key=lambda problem: (files.index(problem.position.file), problem))
        lines = {file: text.splitlines() for file, text in texts.items()}
        return [_show(self.source, problem, lines[problem.position.file], severity) for problem in unique]


def at(source: str, position: Position, message: str, severity: str = "error") -> str:
    """`file:line:column: error: message`; the file is the position's own, or `source` where it has none."""
    return f"{position.file or source}:{position.line}:{position.column}: {severity}: {message}"


def _show(source: str, problem: Problem, lines: Sequence[str], severity: str) -> str:
    place = problem.position
    head = at(source, place, problem.message, severity)
    if not 1 <= place.line <= len(lines):
        return head
    line, before = _excerpt(lines[place.line - 1], place.column - 1)
    lead = "".join("\t" if character == "\t" else " " for character in line[:before])
    carets = "^" * max(1, min(place.length, len(line) - before))
    return f"{head}\n{place.line:>6} | {line}\n       | {lead}{carets}"


def _excerpt(line: str, before: int) -> tuple[str, int]:
    """What is shown of a line, and how much of that stands before the fault: a line may have 200,000 characters."""
    start = max(0, before - MOST_SHOWN // 2) if len(line) > MOST_SHOWN else 0
    shown = line[start : start + MOST_SHOWN]
    cut_before, cut_behind = "…" if start else "", "…" if start + MOST_SHOWN < len(line) else ""
    return f"{cut_before}{shown}{cut_behind}", before - start + len(cut_before)
