"""AI-ArtBench: the ten styles of ArtBench by people, by latent diffusion and by Stable Diffusion."""

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

NAME = "ai_artbench"
TITLE = "AI-ArtBench"
FOLDER = "Real_AI_SD_LD_Dataset"
CLASS_NAMES = ("human", "ai")
PARTS = {"test": "test", "train": "training"}
LAYOUT = f"{FOLDER}/train|test/ with 30 folders: AI_LD_STYLE (10), AI_SD_STYLE (10), STYLE (10)"
SPLIT_SEED = 123

_STYLES = (
    "art_nouveau",
    "baroque",
    "expressionism",
    "impressionism",
    "post_impressionism",
    "realism",
    "renaissance",
    "romanticism",
    "surrealism",
)
AI_FOLDERS = tuple(f"AI_{maker}_{style}" for maker in ("LD", "SD") for style in (*_STYLES, "ukiyo-e"))
"""LD: latent diffusion, SD: Stable Diffusion (which the set calls standard diffusion)."""
HUMAN_FOLDERS = (*_STYLES, "ukiyo_e")
CLASS_OF_FOLDER = dict.fromkeys(AI_FOLDERS, "ai") | dict.fromkeys(HUMAN_FOLDERS, "human")


def read_ai_artbench(path: Path, options: ReadOptions) -> Dataset:
    """Read AI-ArtBench; a fifth of its training pictures, always the same ones, are for validation.

    Args:
        path: `Real_AI_SD_LD_Dataset`, or the folder that it lies in.
        options: the size, where to keep what is decoded, whom to tell; the seed of the split is the published one.

    Raises:
        DatasetError: its folders are not those of AI-ArtBench.
        OutputError: it is to be kept on disk, and that does not take it.
    """
    root = _root(path)
    check_part_folders(root, PARTS, LAYOUT, TITLE)
    listed = []
    for folder, part in PARTS.items():
        own = list_class_folders(root, folder, part)
        check_class_folders(sorted({one.label for one in own}), list(CLASS_OF_FOLDER), str(root / folder), TITLE)
        listed += [replace(one, label=CLASS_OF_FOLDER[one.label]) for one in own]
    options = replace(options, seed=SPLIT_SEED)
    return read_listed(root, listed, CLASS_NAMES, options, kind=NAME, class_of_folder=CLASS_OF_FOLDER)


def _root(path: Path) -> Path:
    return path / FOLDER if (path / FOLDER).is_dir() else path


def _matches(path: Path) -> bool:
    """A third of its folders is enough to be taken for it: what is missing is then told by name."""
    known = set(subfolders(_root(path) / "train")) & set(CLASS_OF_FOLDER)
    return (path / FOLDER).is_dir() or len(known) >= len(CLASS_OF_FOLDER) // 3


AI_ARTBENCH = DatasetKind(
    name=NAME,
    title=f"{TITLE}: art of ten styles by people and by two diffusion models",
    layout=LAYOUT,
    labels="AI_LD_* and AI_SD_*, the first 20 folders, are ai: 1; the ten called by their style are human: 0",
    citation="Silva, Lotfi, Ihianle, Shahtahmassebi, Bird, ArtBrain (2024), https://arxiv.org/abs/2412.01512; "
    "Liao et al., ArtBench (2022), https://arxiv.org/abs/2206.11404",
    licence="see its Kaggle page; the human pictures are those of ArtBench, shared as fair use",
    matches=_matches,
    read=read_ai_artbench,
    class_names=CLASS_NAMES,
    download="kaggle datasets download -d ravidussilva/real-ai-art -p ai-artbench --unzip",
    counts={"human": 60_000, "ai": 125_015},
    image_size=256,
)
