"""Rendering: a recipe's files, each taken from the store where it is known, else made, kept and recorded."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel

from artforge.core.errors import OutputError
from artforge.core.files import make_folder
from artforge.core.formats.xmp import Label
from artforge.core.pictures import resize
from artforge.core.provenance import Provenance, label_of_work, write_sidecar
from artforge.core.values import Frames, Image
from artforge.ops.contact_sheet import contact_sheet
from artforge.ops.layout import fit_within
from artforge.recipes.artifacts import Artifact, nodes_of, plan_artifacts
from artforge.recipes.cache import Cache
from artforge.recipes.plan import Planner
from artforge.recipes.provenance import build_provenance, label_of
from artforge.recipes.records import portable_params
from artforge.recipes.run import Runner
from artforge.recipes.seam import Seam, SeamMeter
from artforge.recipes.sheet import arrange_sheet
from artforge.recipes.templates import fill_template
from artforge.recipes.variants import scope_of
from artforge.recipes.writing import size_in_file, write_work

SMALLEST_EDGE = 16


class Reporter(Protocol):
    """Who is told how the work goes on."""

    def started(self, artifact: Artifact) -> None:
        """A file is begun; it takes `len(variants) * len(frames)` pictures."""

    def advanced(self, artifact: Artifact) -> None:
        """One more picture of it is drawn."""

    def working(self, step: str, share: float, told: str) -> None:
        """A step that takes long is so far: the share in [0, 1], and how it stands."""

    def noticed(self, message: str) -> None:
        """What the person should know of a result."""

    def finished(self, artifact: Artifact, done: Rendered) -> None:
        """It stands in its place."""


@dataclass(frozen=True)
class Rendered:
    """A finished file.

    Attributes:
        path: where it stands.
        cached: whether it came whole from the store.
        seconds: how long it took.
        seam: how the film closes, if it is a loop.
    """

    path: Path
    cached: bool
    seconds: float
    seam: Seam | None = None


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
        metadata: whether the files tell how they were made, inside and beside them.
    """

    planner: Planner
    folder: Path
    store: Cache
    metadata: bool = True

    def __post_init__(self) -> None:
        self.artifacts = plan_artifacts(self.planner)
        self.runner = Runner(self.planner.checked.recipe.source, self.store)

    def is_cached(self, artifact: Artifact) -> bool:
        """Whether the file lies finished in the store."""
        return self.store.has_file(self._file_key(artifact))

    def render(self, reporter: Reporter) -> list[Rendered]:
        """Make every file.

        Raises:
            StepError: a step failed; the files made before stay.
            OutputError: the folder cannot be written to.
        """
        make_folder(self.folder)  # before the first slow thing
        self.runner.advanced, self.runner.noticed = reporter.working, reporter.noticed
        try:
            rendered = [self._render_one(artifact, reporter) for artifact in self.artifacts]
        except BaseException:
            with suppress(OSError):
                self.folder.rmdir()  # only where nothing was finished
            raise
        self.store.trim()
        return rendered

    def _render_one(self, artifact: Artifact, reporter: Reporter) -> Rendered:
        started = time.perf_counter()
        path = self.folder / artifact.file_name
        if path.is_dir():
            raise OutputError(f"{path}: a folder stands where the file should go")
        reporter.started(artifact)
        key = self._file_key(artifact)
        record = self.store.restore_file(key, path)
        if record is None:
            kept = self._make(artifact, path, lambda: reporter.advanced(artifact))
            self.store.store_file(key, path, kept.model_dump_json())
        else:
            kept = _Kept.model_validate_json(record)
        if self.metadata:
            write_sidecar(path, kept.provenance)
        done = Rendered(path, record is not None, time.perf_counter() - started, kept.seam)
        reporter.finished(artifact, done)
        return done

    def _make(self, artifact: Artifact, path: Path, advanced: Callable[[], None]) -> _Kept:
        if artifact.kind == "film":
            return self._film(artifact, path, advanced)
        image = self._sheet(artifact, advanced) if artifact.kind == "sheet" else self._still(artifact, advanced)
        provenance = build_provenance(self.planner, artifact, (image.shape[0], image.shape[1]))
        write_work(path, artifact, image, self._label(provenance))
        return _Kept(provenance=provenance)

    def _still(self, artifact: Artifact, advanced: Callable[[], None]) -> Image:
        image = self._sized(artifact, self.runner.value(next(nodes_of(self.planner, artifact))))
        advanced()
        return image

    def _sheet(self, artifact: Artifact, advanced: Callable[[], None]) -> Image:
        output = artifact.output
        cell_size = self._scaled(output.cell)
        cells = []
        for node in nodes_of(self.planner, artifact):
            image = self.runner.value(node)
            cells.append(resize(image, fit_within(image, cell_size)))
            advanced()
        record = build_provenance(self.planner, artifact, (1, 1))
        order, columns = arrange_sheet(output.grid, [variant.swept for variant in artifact.variants])
        labels = [self._caption(artifact, record, index) for index in order] if output.labels else None
        sheet = contact_sheet(
            [cells[index] for index in order], labels, columns=columns, cell_size=cell_size, title=record.title
        )
        return self._sized(artifact, sheet)

    def _caption(self, artifact: Artifact, record: Provenance, index: int) -> str:
        """What stands under one cell of a sheet."""
        caption = artifact.output.caption
        if not caption:
            return label_of(record.sweep[index], between="  ·  ")
        recipe, variant = self.planner.checked.recipe, artifact.variants[index]
        texts = scope_of(recipe, variant, len(self.planner.variants)).texts
        return fill_template(caption, {**texts, **portable_params(recipe, variant.params)})

    def _film(self, artifact: Artifact, path: Path, advanced: Callable[[], None]) -> _Kept:
        timeline = self.planner.checked.recipe.timeline
        if timeline is None:
            raise AssertionError("a film has a timeline")
        height, width = self._frame(artifact, 0).shape[:2]
        provenance = build_provenance(self.planner, artifact, size_in_file(artifact, (height, width)))
        meter = SeamMeter()
        frames = Frames(len(artifact.frames), timeline.fps, lambda index: self._seen(artifact, index, meter))
        write_work(path, artifact, frames, self._label(provenance), lambda _: advanced())
        return _Kept(provenance=provenance, seam=meter.seam() if timeline.loop else None)

    def _seen(self, artifact: Artifact, index: int, meter: SeamMeter) -> Image:
        frame = self._frame(artifact, index)
        meter.look(index, frame)
        return frame

    def _frame(self, artifact: Artifact, index: int) -> Image:
        node = self.planner.node(artifact.output.source.name, artifact.variant, artifact.frames[index])
        self.planner.forget_frame(artifact.frames[index])
        return self._sized(artifact, self.runner.value(node))

    def _label(self, provenance: Provenance) -> Label | None:
        return label_of_work(provenance) if self.metadata else None

    def _sized(self, artifact: Artifact, image: Image) -> Image:
        if artifact.output.long_edge is None:
            return image
        return resize(image, fit_within(image, self._scaled(artifact.output.long_edge)))

    def _scaled(self, pixels: int) -> int:
        return max(SMALLEST_EDGE, round(pixels * self.planner.scale))

    def _file_key(self, artifact: Artifact) -> str:
        """Everything the file's bytes depend on: its pixels, its format and all that its record says."""
        record = build_provenance(self.planner, artifact, (0, 0)).model_dump(mode="json")
        parts = [artifact.format, self.metadata, record, sorted(_Kept.model_fields)]
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
