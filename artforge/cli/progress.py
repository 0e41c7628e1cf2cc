"""How a render is shown: on a terminal a tree of the recipe, its files and the step at work; elsewhere plain lines.

A program reads events, one JSON object a line:
    `started`   how many files and pictures of a recipe are to be made
    `progress`  how far a long step is, at most every half second: its share in [0, 1], and how it stands in words
    `node`      a step is computed, in so many seconds, or was in the cache
    `notice`    what the person should know of a result; `remark`, what needs no mending
    `file`      a work stands in its place
    `error`     a file or a recipe cannot be made
    `finished`  of the whole command, how many files there are
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import TaskID

from artforge.cli.console import event, note, report_error, result, tell_error, warn
from artforge.cli.progress_events import ProgressEvents
from artforge.cli.terminal import progress_bars
from artforge.core.errors import ArtforgeError
from artforge.recipes.artifacts import Artifact
from artforge.recipes.nodes import Node
from artforge.recipes.reporting import Rendered, Reporter


class RenderProgress(Reporter):
    """A Reporter for the command line: progress to stderr, finished paths or events to stdout.

    Attributes:
        done: the files that were made.
        num_failed: files that could not be made.
    """

    def __init__(
        self,
        name: str,
        artifacts: list[Artifact],
        console: Console,
        *,
        as_json: bool,
        keep_going: bool = False,
    ) -> None:
        self.done: list[Rendered] = []
        self.num_failed = 0
        self._name = name
        self._as_json = as_json
        self._events = ProgressEvents(recipe=name)
        self._keep_going = keep_going
        self._progress = progress_bars(console)
        self._num_pictures = sum(map(_num_pictures, artifacts))
        self._num_files = len(artifacts)
        self._recipe: TaskID = self._progress.add_task(name, total=self._num_pictures)
        self._files: dict[int, TaskID] = {}
        self._step: TaskID = self._progress.add_task("", total=100, visible=False)
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        self._progress.start()
        if self._as_json:
            event({"event": "started", "recipe": self._name, "files": self._num_files, "pictures": self._num_pictures})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def started(self, artifact: Artifact) -> None:
        """A file is begun."""
        with self._lock:
            self._progress.remove_task(self._step)
            self._files[id(artifact)] = self._progress.add_task(
                f"  └ {artifact.file_name}", total=_num_pictures(artifact)
            )
            self._step = self._progress.add_task("", total=100, visible=False)  # always the last line of the tree

    def advanced(self, artifact: Artifact) -> None:
        """One more picture of it is drawn."""
        with self._lock:
            self._progress.advance(self._recipe)
            self._progress.advance(self._files[id(artifact)])
            self._progress.update(self._step, visible=False)  # a step may have ended without saying so

    def computed(self, node: Node, seconds: float) -> None:
        """A node was computed, or found in the store."""
        if self._as_json:
            done = {"node": node.checked.id, "step": node.step.name, "seconds": round(seconds, 4)}
            event({"event": "node", "recipe": self._name, **done, "cached": seconds == 0})

    def working(self, step: str, share: float, told: str) -> None:
        """A step that takes long is so far."""
        with self._lock:
            described = f"    └ {step}: {told}"
            self._progress.update(self._step, completed=100 * share, description=described, visible=share < 1)
            if self._as_json:
                self._events.tell(step, share, told)

    def noticed(self, message: str) -> None:
        """What the person should know of a result."""
        if self._as_json:
            event({"event": "notice", "message": message})
        warn(message)

    def remarked(self, message: str) -> None:
        """What is good to know of a result and needs no mending."""
        if self._as_json:
            event({"event": "remark", "message": message})
        else:
            note(message)

    def finished(self, artifact: Artifact, done: Rendered) -> None:
        """It stands in its place."""
        self.done.append(done)
        self._close(artifact)
        if self._as_json:
            told = {"path": str(done.path), "kind": artifact.kind, "cached": done.cached}
            seam = None if done.seam is None else round(done.seam.ratio, 3)
            event({"event": "file", "recipe": self._name, **told, "seconds": round(done.seconds, 3), "seam": seam})
            return
        result(str(done.path))
        if done.seam is not None:
            (warn if done.seam.is_rough else note)(f"{done.path.name}: {done.seam}")

    def failed(self, artifact: Artifact, error: ArtforgeError) -> None:
        """It cannot be made; where nothing goes on after it, the error is told by whoever catches it."""
        self.num_failed += 1
        self._close(artifact)
        tell_error(str(error), as_json=self._as_json, recipe=self._name, file=artifact.file_name)
        if self._keep_going:
            report_error(str(error))

    def _close(self, artifact: Artifact) -> None:
        """Its line goes, and the recipe's goes on by what it had left: all of it where it came from the store."""
        with self._lock:
            task = self._files.pop(id(artifact), None)
            drawn = 0.0 if task is None else self._progress.tasks[self._progress.task_ids.index(task)].completed
            self._progress.advance(self._recipe, _num_pictures(artifact) - drawn)
            if task is not None:
                self._progress.remove_task(task)
            self._progress.update(self._step, visible=False)


def _num_pictures(artifact: Artifact) -> int:
    return len(artifact.variants) * len(artifact.frames)
