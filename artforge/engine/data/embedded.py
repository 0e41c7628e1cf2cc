"""The embedded picture set as a Dataset: drawn once, then kept in the user's cache as plain arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artforge.core.cache_folder import user_cache
from artforge.core.errors import OutputError
from artforge.core.files import atomic_path
from artforge.core.seeds import derive_seed
from artforge.engine.data.dataset import Dataset, hash_contents
from artforge.engine.data.families import CLASS_NAMES, VERSION
from artforge.engine.data.kinds import DatasetKind, Progress, ReadOptions
from artforge.engine.data.procedural import draw_set, item_kind

MOST_KEPT = 3
"""Drawn sets in the cache; one of 4,000 pictures at 128 px takes 200 MB."""


def embedded_dataset(
    num_per_class: int,
    image_size: int,
    seed: int,
    *,
    num_workers: int = 2,
    progress: Progress | None = None,
) -> Dataset:
    """Draw the set, or take it from the cache where it was drawn before.

    Each picture is a group of its own. Its item name is the one under which a recipe can load it again,
    `embedded:CLASS/FAMILY/SEED`.

    Args:
        num_per_class: pictures in each class.
        image_size: edge of the square pictures in pixels.
        seed: another seed, other pictures.
        num_workers: processes that draw.
        progress: called with (done, total).
    """
    path = user_cache() / f"embedded-v{VERSION}-{image_size}px-{num_per_class}-seed{seed}.npy"
    images = _read_cached(path, (2 * num_per_class, image_size, image_size, 3))
    if images is None:
        total = 2 * num_per_class
        images = draw_set(
            num_per_class,
            (image_size, image_size),
            seed,
            progress=None if progress is None else lambda done: progress(done, total),
            num_workers=num_workers,
        ).images
        _write_cached(path, images)
    kinds = [item_kind(index) for index in range(len(images))]
    items = tuple(
        f"embedded:{class_name}/{family}/{derive_seed(seed, index)}" for index, (class_name, family) in enumerate(kinds)
    )
    labels = np.asarray([CLASS_NAMES.index(class_name) for class_name, _ in kinds], np.int64)
    drawn_by = [f"v{VERSION} {image_size} px"] * len(items)  # an item's name holds all else that its pixels depend on
    return Dataset(
        images=images,
        labels=labels,
        groups=items,
        items=items,
        class_names=CLASS_NAMES,
        kind="embedded",
        content_sha256=hash_contents(items, drawn_by, labels, CLASS_NAMES),
    )


def _read(_path: Path, options: ReadOptions) -> Dataset:
    return embedded_dataset(
        options.pictures_per_class,
        options.image_size,
        options.seed,
        num_workers=options.num_threads,
        progress=options.progress,
    )


EMBEDDED = DatasetKind(
    name="embedded",
    title="artforge's own drawings by program, one hand imitated, one plainly algorithmic",
    layout="nothing on disk: leave --data away",
    labels=f"{CLASS_NAMES[0]} is 0, {CLASS_NAMES[1]} is 1; each picture knows the family of programs that drew it",
    citation="artforge",
    licence="that of artforge",
    matches=lambda _path: False,
    read=_read,
    class_names=CLASS_NAMES,
    image_size=128,
)


def _read_cached(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8] | None:
    if not path.is_file():
        return None
    try:
        images = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None  # cut short or of something else: drawn again and written over
    return images if images.shape == shape and images.dtype == np.uint8 else None


def _write_cached(path: Path, images: NDArray[np.uint8]) -> None:
    try:
        with atomic_path(path) as part, part.open("wb") as file:
            np.save(file, images, allow_pickle=False)
        kept = sorted(path.parent.glob("embedded-*.npy"), key=lambda file: file.stat().st_mtime)
        for old in kept[:-MOST_KEPT]:
            old.unlink(missing_ok=True)
    except (OutputError, OSError):
        return  # a cache that cannot be written costs time, nothing else: the set is drawn again the next time
