"""The pairs of copies of a set on one sheet, each pair side by side with what tells them apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from artforge.core.pictures import to_float
from artforge.core.values import Image
from artforge.engine.data.dataset import Dataset
from artforge.engine.data.report import CopyPair
from artforge.ops.contact_sheet import contact_sheet
from artforge.ops.layout import blank

NUM_PAIRS = 60
_PICTURE = 192
_GAP = 6
_COLUMNS = 3
_BACKGROUND = "#f4f0e8"


def copies_sheet(dataset: Dataset, copies: Sequence[CopyPair]) -> Image:
    """Draw the first `NUM_PAIRS` pairs, the two pictures of each side by side, in the order they come in."""
    shown = copies[:NUM_PAIRS]
    cells = []
    for copy in shown:
        indices = np.asarray([copy.pair.first, copy.pair.second], np.int64)
        left, right = (_enlarged(picture) for picture in dataset.images[indices])
        cells.append(np.concatenate([left, blank(len(left), _GAP, _BACKGROUND), right], axis=1))
    told = "1 pair of copies" if len(copies) == 1 else f"{len(copies):,} pairs of copies"
    return contact_sheet(
        cells,
        [_caption(copy) for copy in shown],
        columns=min(_COLUMNS, len(cells)),
        cell_size=cells[0].shape[1],
        title=f"{told}, the first {NUM_PAIRS}" if len(copies) > NUM_PAIRS else told,
        background=_BACKGROUND,
    )


def _caption(copy: CopyPair) -> str:
    """`0.997  training | test  a.jpg = b.jpg`: what differs is told of both."""
    first, second = copy.first, copy.second
    told = ["same file" if copy.pair.kind == "exact" else f"{copy.pair.likeness:.3f}"]
    if copy.across_classes:
        told.append(f"{first.class_name} | {second.class_name}")
    if copy.across_parts:
        told.append(f"{first.part} | {second.part}")
    told.append(f"{PurePosixPath(first.item).name} = {PurePosixPath(second.item).name}")
    return ",  ".join(told)


def _enlarged(picture: NDArray[np.uint8]) -> Image:
    """In colour, and without smoothing where it is small: the sheet shows what was compared."""
    image = to_float(np.repeat(picture, 3 // picture.shape[-1], axis=2))
    factor = max(1, _PICTURE // len(image))
    return np.repeat(np.repeat(image, factor, axis=0), factor, axis=1)
