"""What a model says of each picture of a set, and the table of it that a run keeps."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import DatasetError, ShapeError
from artforge.core.files import write_text
from artforge.core.light import luma
from artforge.core.pictures import resize, to_float

if TYPE_CHECKING:
    from artforge.engine.data.pictures import Pictures
    from artforge.engine.models.handle import Model

PREDICTIONS_FILE = "test_predictions.csv"
BATCH = 64
MOST_BYTES = 2**30
"""A larger table is not read: a hundred million predictions are none of ours."""

_PREFIX = "p:"
_OWN_COLUMNS = ("item", "group", "label", "predicted")


@dataclass(frozen=True)
class Predictions:
    """A test as it came out, picture by picture.

    Attributes:
        items: n names of pictures.
        groups: n names; what belongs together is drawn together where chance is measured.
        labels: int64 (n,), indices into `class_names`.
        probabilities: float32 (n, classes), each in [0, 1].
        class_names: in the order of the labels.
    """

    items: tuple[str, ...]
    groups: tuple[str, ...]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        lengths = {len(self.items), len(self.groups), len(self.labels), len(self.probabilities)}
        if lengths == {0} or len(lengths) > 1 or self.probabilities.shape[1:] != (len(self.class_names),):
            raise ShapeError(
                f"predictions of {len(self.items)} items need as many groups ({len(self.groups)}) and labels "
                f"({len(self.labels)}), and probabilities (items, {len(self.class_names)} classes), received "
                f"{self.probabilities.shape}"
            )

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """int64 (n,): the most probable class of each picture; of two equal ones the first."""
        return np.asarray(self.probabilities.argmax(axis=1), np.int64)

    @property
    def right(self) -> NDArray[np.bool_]:
        """bool (n,): whether the most probable class is the true one."""
        return np.asarray(self.predicted == self.labels, np.bool_)


def class_scores_of(
    model: Model,
    pictures: Pictures,
    indices: NDArray[np.int64],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> NDArray[np.float32]:
    """The logits of some pictures of a set: float32 (k, classes), in the order of `indices`.

    Args:
        model: sees the pictures at their own size where it can, else fitted to its input size.
        pictures: of the whole set, uint8.
        indices: int64 (k,), which of them.
        progress: called with (done, total) after each batch.
    """
    scores = np.empty((len(indices), len(model.class_names)), np.float32)
    long_run = model.is_long_run(len(indices))
    for start in range(0, len(indices), BATCH):
        batch = as_batch(pictures[indices[start : start + BATCH]], model=model)
        scores[start : start + len(batch)] = score_batch(model, batch, min(BATCH, len(indices)), long_run=long_run)
        if progress is not None:
            progress(start + len(batch), len(indices))
    return scores


def score_batch(model: Model, batch: NDArray[np.float32], size: int, *, long_run: bool = False) -> NDArray[np.float32]:
    """The logits of a batch that may be short, filled up to `size`: of one shape nothing compiles twice."""
    padded = np.concatenate([batch, np.repeat(batch[-1:], size - len(batch), axis=0)])
    return model.class_scores(padded, long_run=long_run)[: len(batch)]


def as_batch(pixels: NDArray[np.uint8], *, model: Model) -> NDArray[np.float32]:
    """uint8 pictures of one size (k, H, W, 3 or 1) -> what the network takes: its size, its channels, its range."""
    images = to_float(pixels)
    channels = model.graph.shapes[model.graph.picture][-1]
    if channels != images.shape[-1]:
        images = luma(images)[..., None] if channels == 1 else np.repeat(images, 3, axis=-1)
    if not model.flexible_size and images.shape[1:3] != model.input_size:
        resized = [resize(image, model.input_size) for image in images]
        images = np.stack(resized).reshape(len(images), *model.input_size, -1)
    low, high = model.value_range
    return images * np.float32(high - low) + np.float32(low)


def write_predictions(path: Path, predictions: Predictions) -> None:
    """A CSV file, whole or not at all: item, group, label, predicted, and `p:<class>` for each class.

    Raises:
        OutputError: the folder cannot be written to.
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*_OWN_COLUMNS, *(_PREFIX + name for name in predictions.class_names)])
    names = predictions.class_names
    rows = zip(
        predictions.items,
        predictions.groups,
        predictions.labels.tolist(),
        predictions.predicted.tolist(),
        predictions.probabilities,
        strict=True,
    )
    for item, group, label, predicted, probabilities in rows:
        writer.writerow([item, group, names[label], names[predicted], *(f"{share:.9g}" for share in probabilities)])
    write_text(path, stream.getvalue())


def read_predictions(path: Path) -> Predictions:
    """Read the table back.

    Raises:
        DatasetError: there is none, or it is damaged; with the line.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DatasetError(f"{path}: more than {MOST_BYTES // 2**20} MiB, which no table of predictions takes")
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            class_names = tuple(name.removeprefix(_PREFIX) for name in header[len(_OWN_COLUMNS) :])
            if tuple(header[: len(_OWN_COLUMNS)]) != _OWN_COLUMNS or len(class_names) < 2:
                raise DatasetError(
                    f"{path}:1: not a table of predictions: expected the columns {', '.join(_OWN_COLUMNS)} and "
                    f"{_PREFIX}<class> for each class, received {', '.join(header) or 'nothing'}"
                )
            numbers = {name: number for number, name in enumerate(class_names)}
            rows = [_row(path, reader.line_num, row, numbers) for row in reader]
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: not a CSV file in UTF-8 ({error})") from error
    if not rows:
        raise DatasetError(f"{path}: no picture in it")
    items, groups, labels, probabilities = zip(*rows, strict=True)
    return Predictions(items, groups, np.asarray(labels, np.int64), np.asarray(probabilities, np.float32), class_names)


def _row(path: Path, line: int, row: list[str], numbers: dict[str, int]) -> tuple[str, str, int, list[float]]:
    own = len(_OWN_COLUMNS)
    try:
        item, group, label, _ = row[:own]
        shares = [float(text) for text in row[own:]]
        if len(shares) != len(numbers) or not all(0 <= share <= 1 for share in shares):
            raise ValueError(f"expected {len(numbers)} probabilities in [0, 1]")
        return item, group, numbers[label], shares
    except (ValueError, KeyError) as error:
        raise DatasetError(f"{path}:{line}: damaged line ({error}): {','.join(row)[:120]!r}") from error
