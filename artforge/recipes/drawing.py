"""Drawing: the pictures of a file, computed by as many threads as are wanted, sized, and put together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from artforge.core import drawings
from artforge.core.banded_images import BandedImage
from artforge.core.formats.known import LINE_FORMATS
from artforge.core.inking import ink
from artforge.core.pictures import resize
from artforge.core.problems import at
from artforge.core.provenance import Provenance
from artforge.core.values import Frames, Image
from artforge.core.work import Work, working
from artforge.ops.contact_sheet import contact_sheet
from artforge.ops.layout import fit_within
from artforge.recipes.ahead import Ahead
from artforge.recipes.artifacts import Artifact, node_of, nodes_of
from artforge.recipes.nodes import Node
from artforge.recipes.plan import Planner
from artforge.recipes.provenance import build_provenance, label_of
from artforge.recipes.recipe import Output
from artforge.recipes.records import portable_params
from artforge.recipes.run import Runner
from artforge.recipes.sheet import arrange_sheet
from artforge.recipes.sheet_legend import legend_of
from artforge.recipes.sizing import scaled, sized, sized_frame
from artforge.recipes.templates import fill_template
from artforge.recipes.variants import scope_of

AHEAD_BYTES = 1_000_000_000
"""Frames that wait for the encoder, and prints that are written beside the first, take no more memory than this."""

_T = TypeVar("_T")


@dataclass
class Drawing:
    """Draws the pictures of one recipe's files.

    Attributes:
        planner: of the checked recipe; asked by one thread at a time.
        runner: computes the nodes.
        jobs: how many pictures are computed at once; with 1 no thread is started.
    """

    planner: Planner
    runner: Runner
    jobs: int = 1
    pool: ThreadPoolExecutor = field(init=False)
    _planning: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.pool = ThreadPoolExecutor(self.jobs, thread_name_prefix="render")  # starts no thread before it is used

    def wait(self) -> None:
        """Wait for what runs, and drop what was only planned."""
        self.pool.shutdown(cancel_futures=True)
        self.pool = ThreadPoolExecutor(self.jobs, thread_name_prefix="render")

    def record(self, artifact: Artifact, size: tuple[int, int] = (0, 0)) -> Provenance:
        """What a file of this (height, width) says of itself."""
        with self._planning:
            return build_provenance(self.planner, artifact, size)

    def nodes(self, artifact: Artifact) -> list[Node]:
        """The nodes whose values a still or a sheet shows."""
        with self._planning:
            return list(nodes_of(self.planner, artifact))

    def ahead(self, prepare: Callable[[int], Callable[[], _T]], count: int, size: int = 0) -> Ahead[_T]:
        """Results of `size` bytes each, begun ahead as far as there are other threads and memory for them."""
        most = AHEAD_BYTES // size if size else self.jobs
        return Ahead(self.pool, prepare, count, min(self.jobs, most) if self.jobs > 1 else 0)

    def still(self, artifact: Artifact, advanced: Callable[[], None]) -> BandedImage | drawings.Drawing:
        """The picture of a still; a drawing, which has a size of its own, where the format keeps its lines."""
        value = self.runner.value(self.nodes(artifact)[0])
        advanced()
        if isinstance(value, drawings.Drawing) and artifact.format in LINE_FORMATS:
            return value
        return sized(artifact.output, artifact.format, value, self.planner.scale)

    def sheet(self, artifact: Artifact, advanced: Callable[[], None]) -> BandedImage:
        """All variants on one sheet; `advanced` is called for each."""
        output = artifact.output
        cell_size = scaled(output.cell, self.planner.scale)
        nodes = self.nodes(artifact)

        def cell(node: Node) -> Image:
            value = self.runner.value(node)
            if isinstance(value, drawings.Drawing):
                return ink(value, cell_size)
            return resize(value, fit_within(value, cell_size))

        ahead = self.ahead(lambda index: partial(cell, nodes[index]), len(nodes))
        cells = []
        for index in range(len(nodes)):
            cells.append(ahead.result(index))
            advanced()
        record = self.record(artifact)
        order, columns = arrange_sheet(output.grid, [variant.swept for variant in artifact.variants])
        labels = [self._caption(artifact, record, index) for index in order] if output.labels else None
        legend = legend_of(record) if output.labels else ()
        ordered = [cells[index] for index in order]
        with working(Work(noticed=partial(self._notice, output))):
            sheet = contact_sheet(
                ordered, labels, columns=columns, cell_size=cell_size, title=record.title, legend=legend
            )
        return sized(output, artifact.format, sheet, self.planner.scale)

    def _notice(self, output: Output, message: str) -> None:
        """Tell what is odd about a sheet, with its place in the recipe."""
        told = f"output {output.name!r}: {message}"
        self.runner.notice(at(self.runner.source, output.position, told, "warning"))

    def _caption(self, artifact: Artifact, record: Provenance, index: int) -> str:
        """What stands under one cell of a sheet."""
        caption = artifact.output.caption
        if not caption:
            return label_of(record.sweep[index], between="  ·  ")
        recipe, variant = self.planner.checked.recipe, artifact.variants[index]
        texts = scope_of(recipe, variant, len(self.planner.variants)).texts
        return fill_template(caption, {**texts, **portable_params(recipe, variant.params)})

    @contextmanager
    def frames(self, artifact: Artifact, looked: Callable[[int, Image], None]) -> Iterator[Frames]:
        """The frames of a film, the next ones begun ahead within the block; `looked` is told of each that is drawn."""
        timeline = self.planner.checked.recipe.timeline
        if timeline is None:
            raise AssertionError("a film has a timeline")
        count = len(artifact.frames)
        ahead = self.ahead(partial(self._frame, artifact), count, self._frame(artifact, 0)().nbytes)

        def draw(index: int) -> Image:
            frame = ahead.result(index)
            looked(index, frame)
            return frame

        try:
            yield Frames(count, timeline.fps, draw)
        finally:
            ahead.forget()

    def film_size(self, artifact: Artifact) -> tuple[int, int]:
        """The (height, width) of a film's frames."""
        height, width, _ = self._frame(artifact, 0)().shape
        return height, width

    def _frame(self, artifact: Artifact, index: int) -> Callable[[], Image]:
        """Plan a frame; what it gives draws it, in any thread."""
        with self._planning:
            node = node_of(self.planner, artifact, artifact.variant, artifact.frames[index])
            self.planner.forget_frames()
        return lambda: sized_frame(artifact.output, self.runner.value(node), self.planner.scale)
