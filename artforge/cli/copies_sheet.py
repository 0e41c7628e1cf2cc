"""The pairs of copies of a set on one sheet, each pair side by side with what tells them apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from artforge.core.pictures import to_float
from artforge.core.values import Image
from artforge.engine.data.dataset import Dataset
from artforge.engine.data.report import Copy, CopyPair
from artforge.ops.contact_sheet import contact_sheet

NUM_PAIRS = 60
_CELL = 240
_COLUMNS = 6


def copies_sheet(dataset: Dataset, copies: Sequence[CopyPair]) -> Image:
    """Draw the first `NUM_PAIRS` pairs, two pictures beside each other, in the order they come in."""
    shown = copies[:NUM_PAIRS]
    cells, labels = [], []
    for copy in shown:
        indices = np.asarray([copy.pair.first, copy.pair.second], np.int64)
        for picture, side in zip(dataset.images[indices], (copy.first, copy.second), strict=True):
            cells.append(_enlarged(to_float(np.repeat(picture, 3 // picture.shape[-1], axis=2))))
            labels.append(_caption(side))
    pairs = "pair" if len(copies) == 1 else "pairs"
    more = f", the first {NUM_PAIRS}" if len(copies) > NUM_PAIRS else ""
    return contact_sheet(
        cells,
        labels,
        columns=min(_COLUMNS, len(cells)),
        cell_size=_CELL,
        title=f"{len(copies):,} {pairs} of copies{more}: each left and right",
    )


def _caption(side: Copy) -> str:
    part = f", {side.part}" if side.part else ""
    return f"{side.class_name}{part}: {PurePosixPath(side.item).name}"


def _enlarged(picture: Image) -> Image:
    """Without smoothing where it is small: the sheet shows what was compared."""
    factor = max(1, _CELL // len(picture))
    return np.repeat(np.repeat(picture, factor, axis=0), factor, axis=1)
