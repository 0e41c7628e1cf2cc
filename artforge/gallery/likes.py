"""Works that are liked: each keeps its recipe, with every dial where it stood, in a file named by the work."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from artforge.core.errors import ArtforgeError, OutputError
from artforge.core.files import make_folder, write_text
from artforge.core.provenance import Provenance
from artforge.gallery.known import Digests
from artforge.gallery.works import ID_DIGITS, Work, find_artifacts, group_works

Freeze = Callable[[Provenance, Path], tuple[str, Sequence[str]]]
"""From a record and the folder of its work to the text of a recipe, and why it might give another picture."""

_NAME = re.compile(rf"[0-9a-f]{{{ID_DIGITS}}}")


@dataclass(frozen=True)
class Likes:
    """The liked works of one folder of rendered works.

    Attributes:
        folder: where their recipes are kept, as `<work>.yaml`; made when the first one comes.
        source: the rendered works.
        freeze: writes the recipe of one work.
    """

    folder: Path
    source: Path
    freeze: Freeze
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ids(self) -> list[str]:
        """The ids of all liked works, sorted."""
        return sorted(path.stem for path in self.folder.glob("*.yaml") if _NAME.fullmatch(path.stem))

    def set_liked(self, work_id: str, *, liked: bool) -> str:
        """Keep the recipe of a work, or throw it away; what has become of it, in a sentence.

        Args:
            work_id: 12 hex digits.
            liked: whether it is liked from now on.
        """
        with self._lock:
            try:
                return self._keep(work_id) if liked else self._drop(work_id)
            except ArtforgeError as error:
                return str(error)

    def _path(self, work_id: str) -> Path:
        return self.folder / f"{work_id}.yaml"

    def _keep(self, work_id: str) -> str:
        path = self._path(work_id)
        if path.exists():
            return f"Kept before as {path.as_posix()}"
        text, doubts = self._frozen(work_id)
        make_folder(self.folder)
        write_text(path, text)
        return f"Kept as {path.as_posix()}" + (f", but {'; '.join(doubts)}" if doubts else "")

    def _drop(self, work_id: str) -> str:
        path = self._path(work_id)
        if not path.exists():
            return "It was not kept"
        if path.read_text(encoding="utf-8", errors="replace") != self._frozen(work_id)[0]:
            raise OutputError(f"{path.as_posix()} is not as it was written here: remove it by hand if it shall go")
        path.unlink(missing_ok=True)
        return f"Removed {path.as_posix()}"

    def _frozen(self, work_id: str) -> tuple[str, Sequence[str]]:
        work = self._find(work_id)
        return self.freeze(work.provenance, work.artifacts[0].path.parent)

    def _find(self, work_id: str) -> Work:
        artifacts, _ = find_artifacts(self.source, Digests.of_folder(self.source))
        work = next((work for work in group_works(artifacts) if work.id == work_id), None)
        if work is None:
            raise OutputError(f"there is no work {work_id} in {self.source.as_posix()} any more: nothing is changed")
        return work
