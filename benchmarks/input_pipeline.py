"""Pictures a second from a folder of JPEGs: artforge beside `image_dataset_from_directory`, in one run.

    python benchmarks/input_pipeline.py [--pictures 1000] [--edge 512] [--size 256] [--repeats 5]

Made JPEGs of some 90 kB each, two class folders, two threads for everyone, all files in the memory of the disk. Every
way ends in the same: one epoch of shuffled float32 batches of 32. The ways are run in turn, once to warm up and then
`--repeats` times, and medians are compared, so that a busy machine slows all of them: read the ratios. The work is the
processor time of all threads.

- `image_dataset_from_directory`: its own decoding in parallel, and prefetching; the listing of the folder is left out.
- cold: `open_dataset` with nothing kept: the walk, the SHA-256 of every file, the decoding, the batches.
- cold, onto the disk: the same, and the cache is written.
- decoded when asked: the batches of a set too large to keep; what the files hold is known from an earlier run.
- from the cache: `open_dataset` of what an earlier run has kept, and the batches.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cv2
import numpy as np
from PIL import Image as PillowImage
from timing import NUM_THREADS, Way, limit_threads, medians

from artforge.core.cache_folder import FOLDER_VARIABLE
from artforge.engine.data.catalogue import open_dataset
from artforge.engine.data.kinds import CacheChoice
from artforge.engine.data.pixel_store import store_folder

BATCH = 32


def main() -> None:
    """Make the files, run every way, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--edge", type=int, default=512)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        os.environ[FOLDER_VARIABLE] = f"{place}/cache"
        folder = Path(place) / "pictures"
        num_bytes = make_pictures(folder, options.pictures, options.edge)
        each = num_bytes / options.pictures / 1000
        print(f"{options.pictures} JPEGs of {options.edge} px, {each:.0f} kB each, to {options.size} px")
        measured = ways(folder, options.size)
        found = medians(measured, options.repeats)
        worked = {name: work_of(way, options.repeats) for name, way in measured.items()}
    first = next(iter(found))
    for name, seconds in found.items():
        print(
            f"  {name:30} {options.pictures / seconds:7.0f} pictures/s {found[first] / seconds:6.2f}x   "
            f"{1000 * worked[name] / options.pictures:6.2f} ms of work a picture {worked[first] / worked[name]:6.2f}x"
        )


def work_of(way: Way, repeats: int) -> float:
    """Seconds of processor time, of all threads together: hardly touched by what else the machine does."""

    def run() -> float:
        begun = time.process_time()
        way()
        return time.process_time() - begun

    return statistics.median(run() for _ in range(repeats))


def ways(folder: Path, size: int) -> dict[str, Way]:
    """By name, one epoch each."""
    keras_batches = keras_pipeline(folder, size)

    def onto_disk() -> None:
        shutil.rmtree(store_folder(), ignore_errors=True)
        epoch(folder, size, "disk")

    return {
        "image_dataset_from_directory": lambda: sum(len(batch) for batch, _ in keras_batches),
        "cold": lambda: epoch(folder, size, "memory"),
        "cold, onto the disk": onto_disk,
        "decoded when asked": lambda: epoch(folder, size, "none"),
        "from the cache": lambda: epoch(folder, size, "disk"),
    }


def epoch(folder: Path, size: int, cache: CacheChoice) -> None:
    """Open the set and go through it once, shuffled."""
    images = open_dataset(folder, image_size=size, seed=0, cache=cache, num_threads=NUM_THREADS).images
    order = np.random.default_rng(0).permutation(len(images))
    for start in range(0, len(order), BATCH):
        images[order[start : start + BATCH]].astype(np.float32)


def keras_pipeline(folder: Path, size: int) -> Any:
    """The published notebooks' way, as it comes."""
    limit_threads()
    import keras

    return keras.utils.image_dataset_from_directory(
        folder, image_size=(size, size), batch_size=BATCH, seed=0, verbose=False
    )


def make_pictures(folder: Path, num: int, edge: int) -> int:
    """Soft shapes, edges and texture in two class folders; returns the bytes of all files."""
    total = 0
    for number in range(num):
        path = folder / ("ai" if number % 2 else "human") / f"{number:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        PillowImage.fromarray(painting(number, edge)).save(path, quality=94)
        total += path.stat().st_size
    return total


def painting(seed: int, edge: int) -> np.ndarray:
    """Noise of many scales, as in paintings, with a few flat shapes: uint8 (edge, edge, 3)."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((edge, edge, 3), np.float32)
    for cells in (4, 8, 16, 32, 64, 128, 256, 512):
        grain = rng.standard_normal((cells, cells, 3), np.float32) * cells**-0.5
        picture += cv2.resize(grain, (edge, edge), interpolation=cv2.INTER_CUBIC)
    picture = 128 + 70 * picture / picture.std()
    for _ in range(6):
        centre, radius = rng.integers(0, edge, 2).tolist(), int(rng.integers(edge // 16, edge // 5))
        cv2.circle(picture, centre, radius, rng.uniform(0, 255, 3).tolist(), thickness=-1, lineType=cv2.LINE_AA)
    return np.clip(picture, 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
