"""Miniatures of published datasets: every folder of the layout, with tiny pictures that all differ."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from artforge.engine.data.decoding import decode_file


def save_picture(path: Path, seed: int, size: int = 12) -> Path:
    """A tiny JPEG or PNG with other pixels for each seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    pixels = np.repeat(np.repeat(rng.integers(0, 256, (3, 3, 3), np.uint8), size // 3, 0), size // 3, 1)
    PillowImage.fromarray(pixels).save(path)
    return path


def make_folders(root: Path, folders: Iterable[str], per_folder: int, suffix: str = ".jpg") -> Path:
    """`per_folder` pictures in each of the folders; those of the same number differ from folder to folder."""
    for place, folder in enumerate(folders):
        for number in range(per_folder):
            save_picture(root / folder / f"{number}{suffix}", seed=1000 * place + number)
    return root


def decoded_square(path: Path, image_size: int) -> NDArray[np.uint8]:
    """The pixels of a file that can be read: uint8 (image_size, image_size, 3)."""
    decoded = decode_file(path, image_size)
    assert decoded.pixels is not None, decoded.reason
    return decoded.pixels
