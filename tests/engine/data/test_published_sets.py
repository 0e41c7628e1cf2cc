"""The published sets, in miniatures of their exact layouts: labels, splits, and what is wrong with a folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from artforge.core.errors import DatasetError
from artforge.engine.data import ai_artbench, cifake, combined_ai_artwork
from artforge.engine.data.catalogue import open_dataset, recognise
from artforge.engine.data.dataset import Dataset
from tests.support.picture_sets import make_folders, save_picture

STYLES = [
    "art_nouveau", "baroque", "expressionism", "impressionism", "post_impressionism",
    "realism", "renaissance", "romanticism", "surrealism",
]  # fmt: skip
ARTBENCH = sorted(
    [f"AI_{maker}_{style}" for maker in ("LD", "SD") for style in [*STYLES, "ukiyo-e"]] + [*STYLES, "ukiyo_e"]
)
HUMAN_STYLES = [
    "Abstract_Expressionism", "Action_painting", "Analytical_Cubism", "Art_Nouveau_Modern", "Baroque",
    "Color_Field_Painting", "Contemporary_Realism", "Cubism", "Early_Renaissance", "Expressionism", "Fauvism",
    "High_Renaissance", "Impressionism", "Mannerism_Late_Renaissance", "Minimalism", "Naive_Art_Primitivism",
    "New_Realism", "Northern_Renaissance", "Pointillism", "Pop_Art", "Post_Impressionism", "Realism", "Rococo",
    "Romanticism", "Symbolism", "Synthetic_Cubism", "Ukiyo_e",
]  # fmt: skip
COMBINED = sorted(ARTBENCH[:20] + [f"AI_more_{n}" for n in range(5)] + [f"Human_{style}" for style in HUMAN_STYLES])


def open_at(path: Path, seed: int = 0, **options) -> Dataset:
    return open_dataset(path, image_size=12, seed=seed, **options)


def parts_of(dataset: Dataset) -> dict[str, str]:
    return dict(zip(dataset.items, dataset.split.names(), strict=True))


@pytest.fixture(scope="module")
def made_combined(tmp_path_factory):
    return make_folders(tmp_path_factory.mktemp("combined") / "data", COMBINED, 2)


@pytest.fixture(scope="module")
def made_artbench(tmp_path_factory):
    parent = tmp_path_factory.mktemp("artbench")
    root = parent / "Real_AI_SD_LD_Dataset"
    make_folders(root / "train", ARTBENCH, 3)
    make_folders(root / "test", ARTBENCH, 1, suffix=".png")
    return parent


@pytest.fixture(scope="module")
def made_cifake(tmp_path_factory):
    root = tmp_path_factory.mktemp("cifake")
    make_folders(root / "train", ["FAKE", "REAL"], 20)
    make_folders(root / "test", ["FAKE", "REAL"], 4, suffix=".png")
    return root


@pytest.fixture
def combined(made_combined, tmp_path):
    return shutil.copytree(made_combined, tmp_path / "data")


@pytest.fixture
def artbench(made_artbench, tmp_path):
    return shutil.copytree(made_artbench, tmp_path / "set")


def test_there_are_52_and_30_folders_in_the_miniatures():
    assert (len(COMBINED), len(ARTBENCH)) == (52, 30)


# --- Combined AI-Artwork


def test_the_first_25_folders_of_the_combined_set_are_ai_and_1(made_combined):
    dataset = open_at(made_combined)
    assert dataset.kind == "combined_ai_artwork"
    assert dataset.class_names == ("human", "ai")
    assert [dataset.class_of_folder[name] for name in COMBINED] == ["ai"] * 25 + ["human"] * 27
    for item, label in zip(dataset.items, dataset.labels, strict=True):
        assert label == (COMBINED.index(Path(item).parent.name) < 25)
    assert dataset.class_counts == {"human": 54, "ai": 50}


def test_the_combined_set_is_split_60_20_20_the_same_whatever_the_seed_of_the_run(made_combined):
    dataset, other = open_at(made_combined, seed=1), open_at(made_combined, seed=2)
    for part, share in zip(("training", "validation", "test"), (0.6, 0.2, 0.2), strict=True):
        counts = np.bincount(dataset.labels[getattr(dataset.split, part)])
        np.testing.assert_allclose(counts / np.bincount(dataset.labels), share, atol=0.03)
    assert parts_of(dataset) == parts_of(other)


@pytest.mark.parametrize("inside", ["", "data", "data/data"])
def test_the_combined_set_is_found_where_the_download_unpacks_it(combined, tmp_path, inside):
    target = tmp_path / "unpacked"
    if inside:
        (target / inside).parent.mkdir(parents=True)
    shutil.move(combined, target / inside)
    assert open_at(target).kind == "combined_ai_artwork"


@pytest.mark.parametrize(
    ("old", "new", "turned"),
    [
        ("AI_SD_baroque", "ai_SD_baroque", r"ai_SD_baroque \(is 'AI_SD_baroque' meant\?\)"),
        ("Human_Rococo", "Humn_Rococo", r"Humn_Rococo \(is 'Human_Rococo' meant\?\)"),
        ("AI_more_0", "midjourney", "midjourney:"),
    ],
)
def test_a_folder_that_would_get_the_other_label_by_its_place_is_refused(combined, old, new, turned):
    (combined / old).rename(combined / new)
    with pytest.raises(DatasetError, match=f"labels would be reversed for {turned}"):
        open_at(combined)


def test_a_missing_folder_of_the_combined_set_is_named(combined):
    shutil.rmtree(combined / "AI_SD_realism")
    with pytest.raises(DatasetError, match=r"found 24 and 27; missing \(or empty\): AI_SD_realism"):
        open_at(combined)


@pytest.mark.parametrize("name", ["Huma_Rococo", "Homan_Rococo"])
def test_a_misspelt_folder_of_the_combined_set_is_told_the_right_name(combined, name):
    (combined / "Human_Rococo").rename(combined / name)
    with pytest.raises(DatasetError, match=rf"found 26 and 26; .*{name} \(is 'Human_Rococo' meant\?\)"):
        open_at(combined)


def test_of_a_renamed_folder_only_the_likeliest_is_named_and_not_all_that_are_unknown(combined):
    (combined / "Human_Rococo").rename(combined / "Huma_Rococo")
    with pytest.raises(DatasetError) as told:
        open_at(combined)
    assert "extra: Huma_Rococo (is 'Human_Rococo' meant?)." in str(told.value)
    assert "AI_more_0" not in str(told.value)


def test_an_extra_folder_of_the_combined_set_is_named(combined):
    save_picture(combined / "AI_SD_barock" / "0.jpg", 5)
    with pytest.raises(DatasetError, match=r"found 26 and 27; extra: .*AI_SD_barock"):
        open_at(combined)


# --- AI-ArtBench


@pytest.mark.parametrize("inside", ["", "Real_AI_SD_LD_Dataset"])
def test_the_first_20_folders_of_artbench_are_ai_and_1(made_artbench, inside):
    dataset = open_at(made_artbench / inside)
    assert dataset.kind == "ai_artbench"
    assert dataset.class_names == ("human", "ai")
    for item, label in zip(dataset.items, dataset.labels, strict=True):
        assert label == (ARTBENCH.index(Path(item).parent.name) < 20)
    assert dataset.class_counts == {"human": 40, "ai": 80}


def test_artbench_keeps_its_test_and_gives_a_fifth_of_training_to_validation(made_artbench):
    dataset, other = open_at(made_artbench, seed=1), open_at(made_artbench, seed=2)
    parts = parts_of(dataset)
    assert {part for item, part in parts.items() if item.startswith("test/")} == {"test"}
    assert [len(getattr(dataset.split, part)) for part in ("training", "validation", "test")] == [72, 18, 30]
    np.testing.assert_array_equal(np.bincount(dataset.labels[dataset.split.validation]), [6, 12])
    assert parts_of(other) == parts


def test_folders_that_are_missing_extra_or_empty_in_artbench_are_named_with_the_nearest_name(artbench):
    train = artbench / "Real_AI_SD_LD_Dataset" / "train"
    (train / "ukiyo_e").rename(train / "ukiyo-e")
    for path in (train / "baroque").iterdir():
        path.unlink()
    with pytest.raises(
        DatasetError, match=r"missing \(or empty\): baroque, ukiyo_e; extra: ukiyo-e \(is 'ukiyo_e' meant\?\)"
    ):
        open_at(artbench)


def test_artbench_without_its_test_folder_is_refused(artbench):
    shutil.rmtree(artbench / "Real_AI_SD_LD_Dataset" / "test")
    with pytest.raises(DatasetError, match="no folder 'test' in it"):
        open_at(artbench)


# --- CIFAKE


def test_cifake_is_fake_0_and_real_1_with_its_own_test_and_a_fifth_for_validation(made_cifake):
    dataset, other = open_at(made_cifake, seed=1), open_at(made_cifake, seed=2)
    assert dataset.kind == "cifake"
    assert dataset.class_names == ("FAKE", "REAL")
    for item, label in zip(dataset.items, dataset.labels, strict=True):
        assert dataset.class_names[label] == Path(item).parent.name
    np.testing.assert_array_equal(np.bincount(dataset.labels[dataset.split.validation]), [4, 4])
    np.testing.assert_array_equal(np.bincount(dataset.labels[dataset.split.test]), [4, 4])
    assert all(dataset.items[index].startswith("test/") for index in dataset.split.test)
    assert parts_of(other) == parts_of(dataset)


def test_cifake_can_be_enlarged_for_deep_networks(made_cifake):
    assert open_dataset(made_cifake, image_size=224, seed=0).images.shape == (48, 224, 224, 3)


def test_cifake_with_a_folder_missing_in_its_test_is_refused(made_cifake, tmp_path):
    root = shutil.copytree(made_cifake, tmp_path / "cifake")
    (root / "test" / "REAL").rename(root / "test" / "Real")
    with pytest.raises(DatasetError, match=r"test: .*missing \(or empty\): REAL; extra: Real \(is 'REAL' meant\?\)"):
        open_at(root)


def test_what_is_not_laid_out_as_cifake_is_told_how_it_should_be_and_how_it_is(tmp_path):
    make_folders(tmp_path, ["cats", "dogs"], 1)
    with pytest.raises(DatasetError, match=r"no folder 'test' and no folder 'train'.*FAKE\|REAL.*folders cats, dogs"):
        open_at(tmp_path, kind="cifake")


def test_each_set_says_how_its_split_came_about(made_combined, made_cifake, made_artbench):
    assert open_at(made_combined, seed=7).split.origin == "60/20/20% drawn by group with seed 123"
    drawn = "test as the set has it, validation drawn from its training pictures with seed"
    assert open_at(made_cifake, seed=7).split.origin == f"{drawn} 42"
    assert open_at(made_artbench, seed=7).split.origin == f"{drawn} 123"


# --- the catalogue


def test_a_copy_in_training_never_stands_in_validation_too(made_cifake, tmp_path):
    root = shutil.copytree(made_cifake, tmp_path / "cifake")
    for number in range(10):
        shutil.copy(root / "train" / "FAKE" / f"{number}.jpg", root / "train" / "FAKE" / f"copy-{number}.jpg")
    dataset = open_at(root)
    parts = parts_of(dataset)
    assert dataset.num_duplicates == 10
    for number in range(10):
        assert parts[f"train/FAKE/{number}.jpg"] == parts[f"train/FAKE/copy-{number}.jpg"]


def test_a_kind_that_is_named_is_not_guessed(made_cifake):
    dataset = open_at(made_cifake, kind="folder")
    assert dataset.kind == "folder"
    assert dataset.class_names == ("FAKE", "REAL")
    with pytest.raises(DatasetError, match=r"no folder|class folders are not those of AI-ArtBench"):
        open_at(made_cifake, kind="ai_artbench")


def test_folders_of_your_own_are_not_taken_for_a_published_set(tmp_path):
    make_folders(tmp_path, ["Human_portraits", "AI_portraits"], 5)
    assert recognise(tmp_path).name == "folder"


def test_published_counts_belong_to_the_classes():
    for kind in (combined_ai_artwork.COMBINED_AI_ARTWORK, ai_artbench.AI_ARTBENCH, cifake.CIFAKE):
        assert tuple(kind.counts) == kind.class_names
        assert kind.download.startswith("kaggle datasets download -d ")
    assert combined_ai_artwork.COMBINED_AI_ARTWORK.counts == {"human": 81_457, "ai": 190_549}
    assert ai_artbench.AI_ARTBENCH.counts == {"human": 60_000, "ai": 125_015}
