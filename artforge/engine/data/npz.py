"""A file of arrays, laid out as that of MNIST, becomes a Dataset with the split that it comes with."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import DatasetError
from artforge.core.pictures import resize, to_bytes, to_float
from artforge.core.seeds import derive_seed, generator
from artforge.engine.data.dataset import Dataset, check_classes, hash_contents
from artforge.engine.data.kinds import DatasetKind, Progress, ReadOptions
from artforge.engine.data.splits import Split

ARRAYS = ("x_train", "y_train", "x_test", "y_test")
VALIDATION_SHARE = 1 / 12
"""Of the training pictures: 5,000 of the 60,000 of MNIST."""
MAX_BYTES = 4 * 2**30
"""A file that says it unpacks to more is refused before it is opened."""
MOST_CLASSES = 100_000
_FEWEST = 2
_TOLD_EVERY = 256


def read_npz(path: Path, options: ReadOptions) -> Dataset:
    """Read `x_train y_train x_test y_test` into one array.

    The test pictures are those of the file; the validation pictures are drawn from its training pictures.

    Args:
        path: an .npz file: pictures uint8 (n, H, W), (n, H, W, 1) or (n, H, W, 3), labels whole numbers (n,) from 0 up.
        options: the edge of the pictures, and the seed of the draw; they are kept in memory whatever it says.

    Returns:
        classes named by their number; a grey file gives images of one channel.

    Raises:
        DatasetError: no such file, damaged, or laid out in another way.
    """
    arrays = _read(path)
    for side in ("train", "test"):
        _check(path, side, arrays[f"x_{side}"], arrays[f"y_{side}"])
    pictures = [arrays["x_train"], arrays["x_test"]]
    if pictures[0].shape[1:] != pictures[1].shape[1:]:
        raise DatasetError(
            f"{path}: x_train holds pictures of {pictures[0].shape[1:]} and x_test of {pictures[1].shape[1:]}; "
            "expected one size"
        )
    images = np.concatenate([one[..., None] if one.ndim == 3 else one for one in pictures]).astype(np.uint8, copy=False)
    labels = np.concatenate([arrays["y_train"], arrays["y_test"]]).reshape(-1).astype(np.int64)
    num_training = len(arrays["y_train"])
    class_names = tuple(map(str, range(int(labels.max()) + 1)))
    counts = np.bincount(labels[:num_training], minlength=len(class_names)).tolist()
    check_classes(dict(zip(class_names, counts, strict=True)), str(path), fewest=_FEWEST)
    names = [f"{side}/{number}" for side in ("train", "test") for number in range(len(arrays[f"y_{side}"]))]
    digests = [hashlib.sha256(one.data).hexdigest() for one in np.ascontiguousarray(images)]
    return Dataset(
        images=_sized(images, options.image_size, options.progress),
        labels=labels,
        groups=tuple(names),
        items=tuple(names),
        class_names=class_names,
        kind="npz",
        content_sha256=hash_contents(names, digests, labels, class_names),
        split=_split(num_training, len(labels), options.seed),
    )


def _read(path: Path) -> dict[str, NDArray[np.generic]]:
    if not path.is_file():
        raise DatasetError(f"{path}: no such .npz file. Give --data a folder of class folders, or an .npz file.")
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MAX_BYTES:
            raise DatasetError(
                f"{path}: unpacks to {unpacked / 2**30:.0f} GiB; at most {MAX_BYTES // 2**30} are opened"
            )
        with np.load(path, allow_pickle=False) as file:
            missing = [name for name in ARRAYS if name not in file.files]
            if missing:
                raise DatasetError(
                    f"{path}: no {', '.join(missing)} in it; expected {', '.join(ARRAYS)}, found "
                    f"{', '.join(file.files) or 'nothing'}"
                )
            return {name: file[name] for name in ARRAYS}
    except (OSError, ValueError, EOFError, MemoryError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{path}: not an .npz file of plain arrays, or damaged ({error})") from error


def _check(path: Path, side: str, pictures: NDArray[np.generic], labels: NDArray[np.generic]) -> None:
    is_picture = pictures.ndim == 3 or (pictures.ndim == 4 and pictures.shape[-1] in (1, 3))
    if pictures.dtype != np.uint8 or not is_picture or 0 in pictures.shape:
        raise DatasetError(
            f"{path}: x_{side} must be uint8 (n, height, width) or (n, height, width, 1 or 3), received "
            f"{pictures.dtype} {pictures.shape}"
        )
    if labels.dtype.kind not in "iu" or labels.size != len(pictures):
        raise DatasetError(
            f"{path}: y_{side} must hold a whole number for each of {len(pictures)} pictures, received "
            f"{labels.dtype} {labels.shape}"
        )
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= MOST_CLASSES:
        raise DatasetError(
            f"{path}: the labels of y_{side} must be numbers from 0 to {MOST_CLASSES - 1}, received {low} to {high}"
        )


def _sized(images: NDArray[np.uint8], image_size: int, progress: Progress | None) -> NDArray[np.uint8]:
    """One picture at a time: in float32 all of them are twelve times as large as the file."""
    size = (image_size, image_size)
    if images.shape[1:3] == size:
        return images
    channels = images.shape[-1]
    sized = np.empty((len(images), *size, channels), np.uint8)
    for number, (row, picture) in enumerate(zip(sized, images, strict=True), start=1):
        if progress is not None and (number % _TOLD_EVERY == 0 or number == len(images)):
            progress(number, len(images))
        row[...] = to_bytes(resize(to_float(np.repeat(picture, 3 // channels, axis=-1)), size))[..., :channels]
    return sized


def _split(num_training: int, num: int, seed: int) -> Split:
    order = generator(derive_seed(seed, "validation")).permutation(num_training)
    num_validation = max(1, round(num_training * VALIDATION_SHARE))
    validation, training = np.sort(order[:num_validation]), np.sort(order[num_validation:])
    return Split(
        training.astype(np.int64),
        validation.astype(np.int64),
        np.arange(num_training, num, dtype=np.int64),
        f"test as the file has it, validation drawn from its training pictures with seed {seed}",
    )


NPZ = DatasetKind(
    name="npz",
    title="A file of arrays laid out as that of MNIST",
    layout="FILE.npz: x_train (n, H, W[, 1 or 3]) uint8, y_train (n,) whole numbers from 0, x_test, y_test",
    labels="the numbers of y_train and y_test are the labels, and the classes are called by them",
    citation="MNIST: LeCun, Bottou, Bengio, Haffner, Gradient-based learning applied to document recognition (1998)",
    licence="MNIST: CC BY-SA 3.0",
    matches=lambda path: path.suffix.lower() == ".npz",
    read=read_npz,
    download="python -c \"import keras; keras.datasets.mnist.load_data('mnist.npz')\"",
    image_size=28,
)
