"""Rendering: a recipe's files, each taken from the store where it is known, else made, kept and recorded."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import BaseModel

from artforge.core import drawings
from artforge.core.errors import ArtforgeError, OutputError
from artforge.core.files import drop_abandoned, make_folder
from artforge.core.formats.known import LINE_FORMATS, edge_fault
from artforge.core.formats.profiles import read_profile, srgb_profile
from artforge.core.formats.xmp import Label
from artforge.core.inking import size_in_pixels
from artforge.core.memory import check_memory, writing_memory
from artforge.core.provenance import Provenance, label_of_work, write_sidecar
from artforge.core.values import Kind
from artforge.recipes.artifacts import Artifact, nodes_of, plan_artifacts
from artforge.recipes.cache import Cache
from artforge.recipes.drawing import Drawing
from artforge.recipes.keys import KeyMemory
from artforge.recipes.plan import Planner
from artforge.recipes.reporting import Rendered, Reporter
from artforge.recipes.run import Runner
from artforge.recipes.seam import Seam, SeamMeter
from artforge.recipes.sizing import medium_of, most_pixels, print_pixels
from artforge.recipes.variants import profile_path
from artforge.recipes.writing import size_in_file, write_work

WRITING_VERSION = 2
"""Bumped when files of the same pixels and words get other bytes, so that none is taken from the store."""

ALONE_BYTES = 2_000_000_000
"""A still that takes more than this to write is written with no other picture in memory."""


class _Kept(BaseModel):
    """What lies beside a file in the store."""

    provenance: Provenance
    seam: Seam | None = None


@dataclass
class Renderer:
    """Makes the files of one recipe.

    Attributes:
        planner: of the checked recipe.
        folder: where the files go.
        store: the cache on disk.
        jobs: how many files and frames are computed at once, in threads; each takes its own memory.
        metadata: whether the files say how they were made, inside and beside.
        runner: computes the nodes; it can be told where else they are computed.
    """

    planner: Planner
    folder: Path
    store: Cache
    jobs: int = 1
    metadata: bool = True
    runner: Runner = field(init=False)

    def __post_init__(self) -> None:
        self.runner = Runner(self.planner.checked.recipe.source, self.store, scale=self.planner.scale)

    @cached_property
    def artifacts(self) -> list[Artifact]:
        """Every file of the recipe, in order."""
        return plan_artifacts(self.planner)

    @cached_property
    def _drawing(self) -> Drawing:
        return Drawing(self.planner, self.runner, self.jobs)

    def is_cached(self, artifact: Artifact) -> bool:
        """Whether the file lies finished in the store."""
        return self.store.has_file(self.file_key(artifact))

    def render(
        self, reporter: Reporter, *, keep_going: bool = False, is_stopped: Callable[[], bool] = lambda: False
    ) -> list[Rendered]:
        """Make every file.

        Args:
            reporter: is told how it goes.
            keep_going: whether the others are made where one fails.
            is_stopped: asked after each file; once it says so, those that are begun are finished and no others.

        Returns:
            The files that were made, in order.

        Raises:
            StepError: a step failed; the files made before stay.
            OutputError: the folder cannot be written to, or a print is larger than the machine's memory.
            KeyboardInterrupt: it was stopped before the last file.
        """
        self._check_memory()
        make_folder(self.folder)  # before the first slow thing
        drop_abandoned(self.folder)
        self.runner.advanced, self.runner.noticed = reporter.working, reporter.noticed
        self.runner.computed, self.runner.remarked = reporter.computed, reporter.remarked
        try:
            rendered = list(self._render_all(reporter, keep_going=keep_going, is_stopped=is_stopped))
        except BaseException:
            self.runner.halted.set()
            raise
        finally:
            self._drawing.wait()
            with suppress(OSError):
                self.folder.rmdir()  # only where nothing was finished
        KeyMemory.beside(self.store.folder).remember(self.planner, self.artifacts)
        self.store.trim()
        return rendered

    def _check_memory(self) -> None:
        """Every print fits into memory; one whose shape the picture decides is checked once that is known."""
        for artifact in self.artifacts:
            size = print_pixels(artifact.output, self.planner.scale)
            if size is not None and not self._keeps_lines(artifact) and not self.is_cached(artifact):
                check_memory(artifact.output.name, artifact.format, size)

    def _print_bytes(self, artifact: Artifact) -> int:
        """The memory that a large print takes at most while it is written: several at once might be too much."""
        return writing_memory(artifact.format, most_pixels(artifact.output, self.planner.scale))

    def _keeps_lines(self, artifact: Artifact) -> bool:
        pipe = self.planner.checked.pipes[artifact.output.source.name]
        return pipe.kind is Kind.DRAWING and artifact.format in LINE_FORMATS

    def _render_all(
        self, reporter: Reporter, *, keep_going: bool, is_stopped: Callable[[], bool]
    ) -> Iterator[Rendered]:
        """Stills are drawn by the pool, a few ahead; a sheet or film is put together here, its frames by the pool."""
        stills = [artifact for artifact in self.artifacts if artifact.kind == "still"]
        places = {id(artifact): place for place, artifact in enumerate(stills)}
        largest = max((self._print_bytes(artifact) for artifact in stills), default=0)
        ahead = self._drawing.ahead(
            lambda place: partial(self._render_one, stills[place], reporter), len(stills), largest
        )

        def tried(artifact: Artifact) -> Iterator[Rendered]:
            place = places.get(id(artifact))
            try:
                done = self._render_one(artifact, reporter) if place is None else ahead.result(place)
            except ArtforgeError as error:
                reporter.failed(artifact, error)
                if not keep_going:
                    raise
                return
            reporter.finished(artifact, done)
            yield done

        for index, artifact in enumerate(self.artifacts):
            yield from tried(artifact)
            if is_stopped() and index + 1 < len(self.artifacts):
                for place in ahead.stop():
                    yield from tried(stills[place])
                raise KeyboardInterrupt

    def _render_one(self, artifact: Artifact, reporter: Reporter) -> Rendered:
        started = time.perf_counter()
        path = self.folder / artifact.file_name
        if path.is_dir():
            raise OutputError(f"{path}: a folder stands where the file should go")
        reporter.started(artifact)
        key = self.file_key(artifact)
        is_new = self.runner.awaited(key)
        record = self.store.restore_file(key, path)
        if record is None:
            kept = self._make(artifact, path, lambda: reporter.advanced(artifact))
            self.store.store_file(key, path, kept.model_dump_json())
        else:
            kept = _Kept.model_validate_json(record)
        if self.metadata:
            write_sidecar(path, kept.provenance)
        return Rendered(path, record is not None and not is_new, time.perf_counter() - started, kept.seam)

    def keep(self, artifact: Artifact) -> None:
        """Make a file for the store alone.

        Raises:
            StepError: a step failed.
        """
        key = self.file_key(artifact)
        with TemporaryDirectory() as folder:
            path = Path(folder) / artifact.file_name
            kept = self._make(artifact, path, lambda: None)
            self.store.store_file(key, path, kept.model_dump_json())

    def _make(self, artifact: Artifact, path: Path, advanced: Callable[[], None]) -> _Kept:
        drawing = self._drawing
        if artifact.kind == "film":
            return self._film(artifact, path, advanced)
        draw = drawing.sheet if artifact.kind == "sheet" else drawing.still
        work = draw(artifact, advanced)
        size = size_in_pixels(work) if isinstance(work, drawings.Drawing) else (work.shape[0], work.shape[1])
        provenance = drawing.record(artifact, size)
        medium = medium_of(artifact.output, size, self.planner.scale, self._profile(artifact))
        if writing_memory(artifact.format, size) > ALONE_BYTES:
            self.runner.forget()
        write_work(path, artifact, work, self._label(provenance), medium=medium)
        return _Kept(provenance=provenance)

    def _film(self, artifact: Artifact, path: Path, advanced: Callable[[], None]) -> _Kept:
        size = size_in_file(artifact, self._drawing.film_size(artifact))
        fault = edge_fault(artifact.format, max(size))
        if fault is not None:  # told before the other frames are drawn
            raise OutputError(f"output {artifact.output.name!r}: {fault}")
        provenance = self._drawing.record(artifact, size)
        meter = SeamMeter()
        with self._drawing.frames(artifact, meter.look) as frames:
            write_work(path, artifact, frames, self._label(provenance), on_frame=lambda _: advanced())
        timeline = self.planner.checked.recipe.timeline
        return _Kept(provenance=provenance, seam=meter.seam() if timeline and timeline.closes else None)

    def _label(self, provenance: Provenance) -> Label | None:
        return label_of_work(provenance) if self.metadata else None

    def _profile(self, artifact: Artifact) -> bytes:
        """The colour profile in which a still is written."""
        icc = artifact.output.target.icc
        if icc is None:
            return srgb_profile()
        return read_profile(profile_path(self.planner.checked.recipe, self.planner.overrides, icc))

    def file_key(self, artifact: Artifact) -> str:
        """Everything the file's bytes depend on: its pixels, its format and all that its record says."""
        record = self._drawing.record(artifact).model_dump(mode="json")
        writing = [artifact.output.target.dpi, WRITING_VERSION]
        parts = [artifact.format, self.metadata, record, sorted(_Kept.model_fields), writing]
        text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def render_plan(renderer: Renderer) -> Iterator[dict[str, Any]]:
    """What a render would do, one record a file; nothing is computed or written."""
    for artifact in renderer.artifacts:
        nodes = {node.key for node in nodes_of(renderer.planner, artifact)}
        yield {
            "file": str(renderer.folder / artifact.file_name),
            "kind": artifact.kind,
            "pictures": len(nodes),
            "cached": renderer.is_cached(artifact),
        }
