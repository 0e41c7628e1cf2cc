"""`artforge render --watch`: a preview again each time that a recipe, or a file that it reads, is saved."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

from artforge.cli.console import note, report_error
from artforge.cli.rendering import Session
from artforge.core.errors import ArtforgeError
from artforge.core.pictures import pictures_in
from artforge.recipes.checked import CheckedRecipe
from artforge.recipes.render import Renderer
from artforge.recipes.run import Runner

LOOK_SECONDS = 0.1

Stamp = tuple[tuple[Path, int, int], ...]
"""Every file that is there, when it was last written to and its size; a folder stands for the pictures in it."""


@dataclass
class _Watched:
    """A recipe that is looked after.

    Attributes:
        path: of the recipe.
        files: it, and what it read when it was last checked without a fault.
        stamps: how those files were when it was last rendered.
        runner: what has been computed, and the models that are open.
    """

    path: Path
    files: set[Path]
    stamps: dict[Path, Stamp] = field(default_factory=dict)
    runner: Runner | None = None

    def has_changed(self) -> bool:
        """Whether there is anything to do; a file that is gone for a moment, as editors do, is waited for."""
        now = _stamps(self.files)
        return bool(now[self.path]) and now != self.stamps


def watch(session: Session, paths: list[Path]) -> NoReturn:
    """Render, look for changes, and render again, until Ctrl-C; faults are shown, and the watch goes on.

    Args:
        session: what each pass is like.
        paths: the recipes.

    Raises:
        KeyboardInterrupt: Ctrl-C came.
    """
    watched = [_Watched(path, {path}) for path in paths]
    while True:
        began = time.perf_counter()
        changed = [each for each in watched if each.has_changed()]
        took = time.perf_counter() - began
        for each in changed:
            _render(replace(session, num_failed=0, done=[], begun=time.perf_counter()), each)
        if changed:
            count = sum(len(each.files) for each in watched)
            note(f"watching {count} file{'s' if count > 1 else ''}; Ctrl-C ends it")
        time.sleep(max(LOOK_SECONDS, took))  # looking through large folders leaves half of the time to others


def _render(session: Session, watched: _Watched) -> None:
    watched.stamps = _stamps(watched.files)
    superseded = False

    def is_superseded() -> bool:
        nonlocal superseded
        superseded = superseded or watched.has_changed()
        return superseded

    try:
        (checked,) = session.check([watched.path])
        session.refuse_many(checked)
        renderer = session.renderer(checked)
        if watched.runner is not None:
            renderer.runner = watched.runner.successor()
        watched.runner = renderer.runner
        _look_after(watched, {*_files_of(checked), *_files_read(renderer)})
        session.run(renderer, is_superseded)
    except ArtforgeError as error:
        report_error(str(error))
        return
    except KeyboardInterrupt:
        if not superseded:
            raise
        return  # the newer one is made at once
    session.tell_end()


def _look_after(watched: _Watched, files: set[Path]) -> None:
    """From now on look after these files; what is known of the state in which they were read stays known."""
    watched.files = {watched.path, *files}
    watched.stamps = {
        **_stamps(files),
        **{path: watched.stamps[path] for path in watched.files & watched.stamps.keys()},
    }


def _files_read(renderer: Renderer) -> frozenset[Path]:
    """The pictures, models and folders; planning every file reads them."""
    _ = renderer.artifacts
    return renderer.planner.files_read()


def _files_of(checked: CheckedRecipe) -> set[Path]:
    """The recipes that it extends, and the Python files of its steps."""
    recipe = checked.recipe
    positions = [
        *recipe.text_positions.values(),
        *(param.position for param in recipe.params.values()),
        *(call.call.position for pipe in checked.pipes.values() for call in pipe.calls),
        *(output.position for output in recipe.outputs.values()),
    ]
    extended = {Path(place.file) for place in positions if place.file and not place.file.startswith("--set ")}
    ops = {Path(named.position.file or recipe.source).parent / named.name for named in recipe.ops}
    return extended | ops


def _stamps(files: Iterable[Path]) -> dict[Path, Stamp]:
    return {path: _stamp(path) for path in files}


def _stamp(path: Path) -> Stamp:
    found = []
    for file in pictures_in(path) if path.is_dir() else [path]:
        with suppress(OSError):  # it is gone by now
            status = file.stat()
            found.append((file, status.st_mtime_ns, status.st_size))
    return tuple(found)
