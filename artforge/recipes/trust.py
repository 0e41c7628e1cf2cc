"""How far a recipe is trusted: one from a file of the artist's own may name any path, a stranger's may not.

A recipe can arrive inside a picture. It then reads no file outside the project's folder, and runs no Python that is
not installed, unless the artist says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath


@dataclass(frozen=True)
class Trust:
    """What a recipe may do.

    Attributes:
        project: the folder that none of its paths may leave; None for a recipe of the artist's own.
        ops: whether it may run the Python files that its `ops:` name.
    """

    project: Path | None = None
    ops: bool = True

    @classmethod
    def of_stranger(cls, project: Path, *, ops: bool = False) -> Trust:
        """For a recipe that was found inside a picture."""
        return cls(project, ops)

    def path_fault(self, path: str, folder: Path) -> str | None:
        """What is wrong with a path that is found from `folder`, or None."""
        if self.project is None:
            return None
        absolute = PurePosixPath(path).is_absolute() or bool(PureWindowsPath(path).drive or PureWindowsPath(path).root)
        project = self.project.resolve()
        if absolute or not (folder / path).resolve().is_relative_to(project):
            return f"{path!r} leads out of the project: a recipe from a picture reads files inside {project.name} only"
        return None
