"""How a render is shown: one line for the recipe with its time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import TaskID

from artforge.cli.console import event, note, progress_bars, result, warn
from artforge.recipes.artifacts import Artifact
from artforge.recipes.render import Rendered


class RenderProgress:
    """A Reporter for the command line: progress to stderr, finished paths to stdout."""

    def __init__(self, name: str, artifacts: list[Artifact], console: Console, *, as_json: bool) -> None:
        self._as_json = as_json
        self._progress = progress_bars(console)
        self._task: TaskID = self._progress.add_task(name, total=sum(map(_num_pictures, artifacts)))
        self._steps: TaskID = self._progress.add_task("", total=100, visible=False)
        self._name = name
        self._within = 0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def started(self, artifact: Artifact) -> None:
        """A file is begun."""
        self._within = 0
        self._progress.update(self._task, description=f"{self._name}: {artifact.file_name}")

    def advanced(self, artifact: Artifact) -> None:  # noqa: ARG002 - the Reporter's form
        """One more picture of it is drawn."""
        self._within += 1
        self._progress.advance(self._task)
        self._progress.update(self._steps, visible=False)  # a step may have ended without saying so

    def working(self, step: str, share: float, told: str) -> None:
        """A step that takes long is so far."""
        self._progress.update(self._steps, completed=100 * share, description=f"{step}: {told}", visible=share < 1)

    def noticed(self, message: str) -> None:
        """What the person should know of a result."""
        if self._as_json:
            event({"event": "notice", "message": message})
        warn(message)

    def finished(self, artifact: Artifact, done: Rendered) -> None:
        """It stands in its place."""
        self._progress.advance(self._task, _num_pictures(artifact) - self._within)
        if self._as_json:
            told = {"path": str(done.path), "kind": artifact.kind, "cached": done.cached}
            seam = None if done.seam is None else round(done.seam.ratio, 3)
            event({"event": "artifact", **told, "seconds": round(done.seconds, 3), "seam": seam})
            return
        result(str(done.path))
        if done.seam is not None:
            (warn if done.seam.is_rough else note)(f"{done.path.name}: {done.seam}")


def _num_pictures(artifact: Artifact) -> int:
    return len(artifact.variants) * len(artifact.frames)
