"""CIFAKE: photographs of CIFAR-10 against pictures that Stable Diffusion made of its classes, 32x32."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from artforge.engine.data.class_folders import (
    check_class_folders,
    check_part_folders,
    list_class_folders,
    subfolders,
)
from artforge.engine.data.dataset import Dataset
from artforge.engine.data.kinds import DatasetKind, ReadOptions
from artforge.engine.data.reading import read_listed

NAME = "cifake"
TITLE = "CIFAKE"
CLASS_NAMES = ("FAKE", "REAL")
PARTS = {"test": "test", "train": "training"}
LAYOUT = "FOLDER/train|test/FAKE|REAL/*.jpg"
SPLIT_SEED = 42


def read_cifake(root: Path, options: ReadOptions) -> Dataset:
    """Read CIFAKE; a fifth of its training pictures, always the same ones, are for validation.

    Args:
        root: holds train and test, each with FAKE and REAL.
        options: the size, where to keep what is decoded, whom to tell; the seed of the split is the published one.

    Raises:
        DatasetError: its folders are not those of CIFAKE.
        OutputError: it is to be kept on disk, and that does not take it.
    """
    check_part_folders(root, PARTS, LAYOUT, TITLE)
    listed = []
    for folder, part in PARTS.items():
        own = list_class_folders(root, folder, part)
        check_class_folders(sorted({picture.label for picture in own}), CLASS_NAMES, str(root / folder), TITLE)
        listed += own
    folders = {name: name for name in CLASS_NAMES}
    options = replace(options, seed=SPLIT_SEED)
    return read_listed(root, listed, CLASS_NAMES, options, kind=NAME, class_of_folder=folders)


def _matches(path: Path) -> bool:
    return set(CLASS_NAMES) <= set(subfolders(path / "train"))


CIFAKE = DatasetKind(
    name=NAME,
    title=f"{TITLE}: real and AI-generated photographs, 32x32",
    layout=f"{LAYOUT}: 100,000 pictures for training, 20,000 for the test",
    labels="FAKE is 0, REAL is 1",
    citation="Bird & Lotfi, CIFAKE (2023), https://arxiv.org/abs/2303.14126; Krizhevsky, CIFAR-10 (2009)",
    licence="MIT, as its makers state",
    matches=_matches,
    read=read_cifake,
    class_names=CLASS_NAMES,
    download="kaggle datasets download -d birdy654/cifake-real-and-ai-generated-synthetic-images -p cifake --unzip",
    counts={"FAKE": 60_000, "REAL": 60_000},
    image_size=32,
)
