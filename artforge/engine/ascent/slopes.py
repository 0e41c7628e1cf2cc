"""Which way is up, for any number of pictures of any size: in batches, or region by region, as memory allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ModelError
from artforge.engine.ascent.blocks import Block, blocks_of, region_size
from artforge.engine.ascent.form import Form, Numbers, Slot
from artforge.engine.ascent.large_views import LargeView, is_for_large_pictures, sample_large_view
from artforge.engine.ascent.objectives import Alignment, Diversity
from artforge.engine.ascent.program import Program, program_of
from artforge.engine.ascent.receptive_field import receptive_field
from artforge.engine.ascent.transforms import Transform
from artforge.engine.ascent.views import Edges, View, canvas_size, plain_view, sample_view
from artforge.engine.models.graph import shapes_at
from artforge.engine.models.handle import Model

Array = NDArray[np.float32]

WORKING_MEMORY = 1.0e9
"""Bytes that the network's activations and their gradients may take at once: longer batches and larger pictures go
through in parts."""
MOST_AT_ONCE = 32
"""Pictures that go through the network at once: more is no faster on a CPU."""

Tiles = Callable[[int, Array, Array], None]
"""Told after each region: how many are done, the values and the gradients so far."""


@dataclass(frozen=True, eq=False)
class Slopes:
    """Value and gradient of a batch of objectives for their pictures.

    Attributes:
        model: the network.
        form, numbers: of the objectives, one for each picture.
        size: (height, width) of the pictures.
        transforms: what the pictures go through.
        edges: what lies beyond them.
        memory: bytes to work in.
    """

    model: Model
    form: Form
    numbers: Numbers
    size: tuple[int, int]
    transforms: tuple[Transform, ...] = ()
    edges: Edges = "reflect"
    memory: float = WORKING_MEMORY

    @cached_property
    def canvas(self) -> tuple[int, int]:
        """(height, width) of what the network sees: its own input size where it takes no other."""
        wanted = canvas_size(self.transforms, self.size)
        fixed = self.model.input_size
        if wanted == fixed or self.model.flexible_size:
            return wanted
        calls = self._program(has_view=False).calls
        try:
            shapes_at(self.model.graph, wanted, calls=calls)
        except ModelError:
            return fixed
        return wanted

    @cached_property
    def has_view(self) -> bool:
        """Whether the pictures are moved or resized before the network sees them."""
        return bool(self.transforms) or self.canvas != self.size

    @cached_property
    def couples(self) -> bool:
        """Whether the pictures look at each other, so that all of them have to go through the network at once."""
        return any(slot.kind in (Diversity, Alignment) for slot in self.form.slots)

    @cached_property
    def bytes_per_picture(self) -> float:
        """About what one picture takes on its way through the network and back."""
        program = self._program(has_view=False)
        shapes = shapes_at(self.model.graph, self.canvas, calls=program.calls)
        numbers = sum(
            float(np.prod([size or 1 for size in shapes[result][1:]]))
            for call in program.calls
            for result in call.results
        )
        views = max([getattr(transform, "views", 1) for transform in self.transforms], default=1)
        return 2 * 4 * numbers * views * self.form.num_masks

    @cached_property
    def is_tiled(self) -> bool:
        """Whether a single picture is more than memory holds, and so goes through region by region.

        Raises:
            ModelError: it is, and what is asked for cannot be computed in regions.
        """
        if self.bytes_per_picture <= self.memory:
            return False
        if not self.form.is_local or self.form.has_masks or not is_for_large_pictures(self.transforms):
            if self.bytes_per_picture <= 4 * self.memory:
                return False
            raise ModelError(
                f"a picture of {self.size[0]}x{self.size[1]} takes about {self.bytes_per_picture / 1e9:.1f} GB in one "
                "piece, and can only be cut into regions for channels, neurons, directions and layers, without masks "
                "and without crops (as in the preset maco). Make it smaller."
            )
        return True

    def view(self, rng: np.random.Generator) -> View | LargeView | None:
        """One step's view of the pictures."""
        if self.is_tiled:
            return sample_large_view(self.transforms, self.size, self.canvas, rng, edges=self.edges)
        if not self.has_view:
            return None
        return sample_view(self.transforms, self.size, self.canvas, rng, edges=self.edges, fit=self._fits)

    def still_view(self) -> View | LargeView | None:
        """The view without any chance."""
        if self.is_tiled:
            return sample_large_view((), self.size, self.canvas, np.random.default_rng(0), edges=self.edges)
        return plain_view(self.size, self.canvas, edges=self.edges, fit=self._fits) if self.has_view else None

    @property
    def _fits(self) -> bool:
        return self.canvas == self.model.input_size and not self.model.flexible_size

    def climb(
        self,
        pictures: Array,
        view: View | LargeView | None,
        *,
        which: NDArray[np.int64] | None = None,
        rescue: bool = False,
        done: tuple[int, Array, Array] | None = None,
        on_tile: Tiles | None = None,
    ) -> tuple[Array, Array]:
        """Values (n,) and gradients (n, H, W, 3) of pictures (n, H, W, 3).

        Args:
            pictures: nominally in [0, 1].
            view: as `view` gives it.
            which: the positions of these pictures among all objectives; None is all.
            rescue: whether gradients are let through where a rectifier shuts them off altogether: in the picture, or in
                each of the regions that it is cut into.
            done: regions done before, with their values and gradients, to go on from.
            on_tile: told after each region.
        """
        which = np.arange(len(pictures)) if which is None else which
        if self.is_tiled:
            return self._climb_tiled(pictures, cast(LargeView, view), which, rescue, done, on_tile)
        program = self._program(has_view=self.has_view, rescue=rescue)
        at_once = max(1, min(MOST_AT_ONCE, int(self.memory // self.bytes_per_picture)))
        at_once = len(pictures) if self.couples else at_once
        values, gradients = np.empty(len(pictures), np.float32), np.empty_like(pictures)
        for start in range(0, len(pictures), at_once):
            part = slice(start, start + at_once)
            numbers = self.numbers.of(which[part])
            cells = {slot: rows[which[part]] for slot, rows in self._cells.items()}
            found = program.climb(pictures[part], numbers, cells, cast("View | None", view), long_run=True)
            values[part], gradients[part] = found
        return values, gradients

    @cached_property
    def _cells(self) -> dict[Slot, Array]:
        return self._program(has_view=False).cell_weights(self.numbers, self.canvas)

    def _program(self, *, has_view: bool, rescue: bool = False) -> Program:
        return program_of(self.model, self.form, has_view=has_view, rescue=rescue)

    def _climb_tiled(
        self,
        pictures: Array,
        view: LargeView,
        which: NDArray[np.int64],
        rescue: bool,
        done: tuple[int, Array, Array] | None,
        on_tile: Tiles | None,
    ) -> tuple[Array, Array]:
        num = len(pictures)
        nothing = (0, np.zeros(num, np.float32), np.zeros((num, *self.canvas, 3), np.float32))
        num_done, values, gradients = done or nothing
        seen = [view.look(picture) for picture in pictures]
        number = 0
        for layer_form, blocks, region in self._layers:
            program = program_of(self.model, layer_form, has_view=False, rescue=rescue)
            for block in blocks:
                for position in range(num):
                    number += 1
                    if number <= num_done:
                        continue
                    values[position] += self._climb_block(
                        program, block, region, seen[position], int(which[position]), gradients[position]
                    )
                    if on_tile is not None:
                        on_tile(number, values, gradients)
        del seen
        if num == 1:  # of a large print a copy is a lot
            return values, view.pull_back(gradients[0])[None]
        return values, np.stack([view.pull_back(gradient) for gradient in gradients])

    def _climb_block(
        self, program: Program, block: Block, region: tuple[int, int], seen: Array, which: int, gradient: Array
    ) -> float:
        """The value of a block's cells; their gradient is added to that of the picture."""
        rows = slice(block.down.start, block.down.start + region[0])
        columns = slice(block.across.start, block.across.start + region[1])
        one = np.asarray([which])
        sizes = program.map_sizes(region)
        columns_asked = [self.form.monomials.index(monomial) for monomial in program.form.monomials]
        numbers = self.numbers.of(one).of_monomials(columns_asked)
        cells = {
            slot: _cells_of_block(self._cells[slot][one], block, self._strides[slot.layer], sizes[slot.layer])
            for slot in program.form.slots
        }
        [value], [slopes] = program.climb(seen[None, rows, columns], numbers, cells, long_run=True)
        gradient[rows, columns] += slopes
        return float(value)

    @cached_property
    def _strides(self) -> dict[str, tuple[int, int]]:
        fields = {layer: receptive_field(self.model.graph, layer, self.canvas) for layer in self.form.layers}
        return {layer: (field.down.stride, field.across.stride) for layer, field in fields.items()}

    @cached_property
    def _layers(self) -> list[tuple[Form, list[Block], tuple[int, int]]]:
        """For each layer asked about: what is asked of it, the blocks of its map, and the size of their regions."""
        bytes_per_pixel = self.bytes_per_picture / (self.canvas[0] * self.canvas[1])
        parts = []
        for layer in self.form.layers:
            form = Form(tuple(one for one in self.form.monomials if one[0].layer == layer), 1, has_masks=False)
            field = receptive_field(self.model.graph, layer, self.canvas)
            cells = self._program(has_view=False).map_sizes(self.canvas)[layer]
            region = region_size(field, self.canvas, cells, self.memory / bytes_per_pixel)
            parts.append((form, blocks_of(field, self.canvas, cells, region), region))
        return parts


def _cells_of_block(cells: Array, block: Block, stride: tuple[int, int], region_cells: tuple[int, int]) -> Array:
    """The weights of a block's cells, at their places in its region; all others count nothing."""
    own = np.zeros((len(cells), *region_cells), np.float32)
    top, left = block.down.start // stride[0], block.across.start // stride[1]
    down, across = block.down, block.across
    own[:, down.first - top : down.last - top, across.first - left : across.last - left] = cells[
        :, down.first : down.last, across.first : across.last
    ]
    return own
