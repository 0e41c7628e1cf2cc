"""Picture files shown to a model, many at a time: read in threads while the network computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import PictureError
from artforge.core.pictures import read_picture, resize
from artforge.engine.data.decoding import decode_file
from artforge.engine.evaluation.predictions import BATCH, as_batch, score_batch

if TYPE_CHECKING:
    from artforge.core.values import Image
    from artforge.engine.models.handle import Model

NUM_THREADS = 4


@dataclass(frozen=True)
class FilePrediction:
    """What a model says of one file.

    Attributes:
        path: of the file.
        probabilities: float32 (classes,); None where the file cannot be read.
        error: why it cannot be read, with its path; empty where it can.
    """

    path: Path
    probabilities: NDArray[np.float32] | None
    error: str = ""


def predict_files(model: Model, paths: Sequence[Path], *, whole: bool = False) -> Iterator[FilePrediction]:
    """The probabilities of each file, in order, as they are computed; a file that cannot be read stops nothing.

    Args:
        model: the classifier.
        paths: of picture files; any number, they are never all in memory.
        whole: show the whole picture, as heatmaps do, and not its centre square, as training and evaluation do.
    """
    chunks = [paths[start : start + BATCH] for start in range(0, len(paths), BATCH)]
    read: Callable[[Path, Model], NDArray[Any] | str] = _read_whole if whole else _read_square
    see: Callable[[list[NDArray[Any]], Model, int], NDArray[np.float32]] = _see_whole if whole else _see_squares
    with ThreadPoolExecutor(max_workers=NUM_THREADS, thread_name_prefix="read") as pool:
        waiting = [pool.submit(read, path, model) for path in chunks[0]] if chunks else []
        for number, chunk in enumerate(chunks):
            opened = [one.result() for one in waiting]
            following = chunks[number + 1] if number + 1 < len(chunks) else []
            waiting = [pool.submit(read, path, model) for path in following]
            seen = iter(see([pixels for pixels in opened if not isinstance(pixels, str)], model, len(paths)))
            for path, pixels in zip(chunk, opened, strict=True):
                unread = isinstance(pixels, str)
                yield FilePrediction(path, None, str(pixels)) if unread else FilePrediction(path, next(seen))


def _read_square(path: Path, model: Model) -> NDArray[np.uint8] | str:
    decoded = decode_file(path, max(model.input_size))
    return decoded.pixels if decoded.pixels is not None else f"{path}: {decoded.reason}"


def _see_squares(pictures: list[NDArray[np.uint8]], model: Model, num_files: int) -> NDArray[np.float32]:
    if not pictures:
        return np.empty((0, len(model.class_names)), np.float32)
    batch = as_batch(np.stack(pictures), model=model)
    scores = score_batch(model, batch, min(BATCH, num_files), long_run=model.is_long_run(num_files))
    return model.probabilities_of(scores)


def _read_whole(path: Path, model: Model) -> Image | str:
    try:
        image = read_picture(path)
    except PictureError as error:
        return str(error)
    return resize(image, model.working_size(image))


def _see_whole(pictures: list[Image], model: Model, _: int) -> NDArray[np.float32]:
    return model.probabilities(pictures)
