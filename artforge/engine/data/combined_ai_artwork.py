"""The Combined AI-Artwork set of El Kholy: 52 folders, of which the first 25 in alphabetical order are made by AI."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from artforge.core.errors import DatasetError, nearest_name
from artforge.engine.data.ai_artbench import AI_FOLDERS
from artforge.engine.data.class_folders import (
    describe_difference,
    list_class_folders,
    listing_with_nearest,
    subfolders,
)
from artforge.engine.data.dataset import Dataset
from artforge.engine.data.kinds import DatasetKind, ReadOptions
from artforge.engine.data.reading import read_listed
from artforge.engine.data.splits import split_by_group

NAME = "combined_ai_artwork"
TITLE = "Combined AI-Artwork"
CLASS_NAMES = ("human", "ai")
NUM_AI, NUM_HUMAN = 25, 27
AI_PREFIX, HUMAN_PREFIX = "AI_", "Human_"
WIKIART_STYLES = (
    *("Abstract_Expressionism", "Action_painting", "Analytical_Cubism", "Art_Nouveau_Modern", "Baroque"),
    *("Color_Field_Painting", "Contemporary_Realism", "Cubism", "Early_Renaissance", "Expressionism", "Fauvism"),
    *("High_Renaissance", "Impressionism", "Mannerism_Late_Renaissance", "Minimalism", "Naive_Art_Primitivism"),
    *("New_Realism", "Northern_Renaissance", "Pointillism", "Pop_Art", "Post_Impressionism", "Realism", "Rococo"),
    *("Romanticism", "Symbolism", "Synthetic_Cubism", "Ukiyo_e"),
)
"""The 27 styles by which WikiArt's pictures are filed. Of the 52 names, 20 are those of AI-ArtBench and 27 are these;
the other 5, of AI, are not published, so a set is judged by the number and the order of its names, and these only help
to say what is wrong."""
SPLIT_SEED = 123
_NESTED = ("data", "data/data")
"""Where unpacking the download may have put the class folders."""


def read_combined_ai_artwork(path: Path, options: ReadOptions) -> Dataset:
    """Read the set; 60% of its pictures are for training, 20% for validation, 20% for the test, always the same ones.

    Args:
        path: holds the 52 class folders, or a folder `data` that does.
        options: the size, where to keep what is decoded, whom to tell; the seed of the split is the published one.

    Raises:
        DatasetError: its folders are not those of the set, or their order would turn labels over.
        OutputError: it is to be kept on disk, and that does not take it.
    """
    root = _root(path)
    listed = list_class_folders(root)
    class_of_folder = label_folders(sorted({one.label for one in listed}), str(root))
    labelled = [replace(one, label=class_of_folder[one.label]) for one in listed]
    dataset = read_listed(root, labelled, CLASS_NAMES, options, kind=NAME, class_of_folder=class_of_folder)
    return replace(dataset, split=split_by_group(dataset.labels, dataset.groups, dataset.class_names, seed=SPLIT_SEED))


def label_folders(folders: Sequence[str], where: str) -> dict[str, str]:
    """The class of each folder: by its place in the order, as published, which its name must confirm.

    Args:
        folders: names of the folders that hold pictures, sorted.
        where: the folder that holds them.

    Raises:
        DatasetError: not 25 folders of AI and 27 of people, or a name that speaks against its place in the order.
    """
    human = [name for name in folders if name.startswith(HUMAN_PREFIX)]
    others = [name for name in folders if name not in human]
    known = [*AI_FOLDERS, *(HUMAN_PREFIX + style for style in WIKIART_STYLES)]
    missing = [name for name in known if name not in folders]
    turned = [name for name in others if name > HUMAN_PREFIX]
    if turned:
        raise DatasetError(
            f"{where}: the labels would be reversed for {listing_with_nearest(turned, missing)}: the first {NUM_AI} "
            f"folders in alphabetical order (capitals first) are those of AI, and these come after {HUMAN_PREFIX}*. "
            "Give them the names of the download again, such as AI_SD_baroque, or take away what is no part of the set."
        )
    if (len(others), len(human)) != (NUM_AI, NUM_HUMAN):
        extra = [name for name in folders if name not in known and _is_suspicious(name, len(others))]
        renamed = {nearest_name(name, extra) for name in missing} - {None}
        extra = [name for name in extra if name in renamed] or extra  # the other unknown names may be those of the set
        raise DatasetError(
            f"{where}: {TITLE} has {NUM_AI} folders of AI pictures and {NUM_HUMAN} called {HUMAN_PREFIX}STYLE; found "
            f"{len(others)} and {len(human)}{describe_difference(missing, extra)}. "
            "Labels come from these folders, so nothing is guessed: mend them, or unpack the download again."
        )
    return dict.fromkeys(others, "ai") | dict.fromkeys(human, "human")


def _is_suspicious(name: str, num_ai: int) -> bool:
    """Among the AI folders there are five whose names nobody can tell, unless there are too many of them."""
    return not name.startswith(AI_PREFIX) or num_ai > NUM_AI


def _root(path: Path) -> Path:
    return next((path / inside for inside in _NESTED if _holds_both(path / inside)), path)


def _holds_both(folder: Path) -> bool:
    """A few folders of each sort are enough to be taken for the set: what is missing is then told."""
    names = subfolders(folder)
    return sum(name.startswith(HUMAN_PREFIX) for name in names) >= 3 and any(name in AI_FOLDERS for name in names)


def _matches(path: Path) -> bool:
    return _holds_both(_root(path))


COMBINED_AI_ARTWORK = DatasetKind(
    name=NAME,
    title=f"{TITLE}: art by several generators and by people",
    layout="FOLDER/ with 52 folders: 25 of AI pictures (AI_LD_STYLE, AI_SD_STYLE and others), 27 called Human_STYLE",
    labels="the first 25 folders in alphabetical order are ai: 1; the others, called Human_*, are human: 0",
    citation="El Kholy, Model Attention in CNNs for Classification of AI-Generated and Human-Made Artworks (2024), "
    "https://github.com/adamelkholyy/ai-artwork-attention",
    licence="see its Kaggle page; its parts keep the licences of AI-ArtBench and WikiArt",
    matches=_matches,
    read=read_combined_ai_artwork,
    class_names=CLASS_NAMES,
    download="kaggle datasets download -d adamelkholy/human-ai-artwork -p ai-artwork --unzip",
    counts={"human": 81_457, "ai": 190_549},
    image_size=256,
)
