"""Folders of pictures: what is read, what is skipped and named, what is refused."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from artforge.core import pictures
from artforge.core.errors import DatasetError
from artforge.engine.data.folder import list_pictures
from artforge.engine.data.folder import read_folder as read_with
from artforge.engine.data.kinds import ReadOptions
from tests.support.picture_sets import decoded_square


def read_folder(folder: Path, image_size: int):
    return read_with(folder, ReadOptions(image_size))


def noise(seed: int, height: int = 40, width: int = 50) -> np.ndarray:
    """Different smooth pixels for each seed, brighter to the left."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(220, 30, width)[None, :, None] * rng.uniform(0.4, 1, 3)
    return np.broadcast_to(ramp, (height, width, 3)).astype(np.uint8) + rng.integers(
        0, 20, (height, width, 3), np.uint8
    )


def save(path: Path, seed: int, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    PillowImage.fromarray(noise(seed)).save(path, **options)
    return path


@pytest.fixture
def folder(tmp_path):
    """Two classes of six pictures; one folder is nested."""
    for number in range(6):
        save(tmp_path / "hand" / f"{number}.png", number)
        save(tmp_path / "algo" / "deep" / "deeper" / f"{number}.jpg", 100 + number)
    return tmp_path


def test_classes_come_in_alphabetical_order_and_nested_folders_belong_to_their_class(folder):
    dataset = read_folder(folder, 32)
    assert dataset.class_names == ("algo", "hand")
    assert dataset.class_counts == {"algo": 6, "hand": 6}
    assert dataset.items[0] == "algo/deep/deeper/0.jpg"
    assert dataset.images.shape == (12, 32, 32, 3)
    assert dataset.images.dtype == np.uint8


def test_every_picture_is_its_centre_square_resized(folder):
    dataset = read_folder(folder, 20)
    pixels = np.asarray(PillowImage.open(folder / "hand" / "3.png"))[:, 5:45]
    halved = pixels.reshape(20, 2, 20, 2, 3).mean(axis=(1, 3))
    position = dataset.items.index("hand/3.png")
    np.testing.assert_allclose(dataset.images[position], halved, atol=0.51)


@pytest.mark.parametrize(
    ("name", "content"), [("empty.png", b""), ("text.jpg", b"no picture at all"), ("cut.png", None)]
)
def test_a_file_that_cannot_be_read_is_named_and_counted(folder, name, content):
    if content is None:
        content = (folder / "hand" / "0.png").read_bytes()[:200]
    (folder / "hand" / name).write_bytes(content)
    dataset = read_folder(folder, 32)
    assert [one.path for one in dataset.skipped] == [f"hand/{name}"]
    assert str(folder) not in dataset.skipped[0].reason
    assert len(dataset) == 12


def test_a_giant_picture_is_skipped_by_its_header(folder, monkeypatch):
    monkeypatch.setattr(pictures, "MAX_PIXELS", 3000)
    PillowImage.new("RGB", (80, 60)).save(folder / "algo" / "giant.png")
    dataset = read_folder(folder, 32)
    assert [one.path for one in dataset.skipped] == ["algo/giant.png"]


def stripes() -> np.ndarray:
    """Red above, blue below: uint8 (40, 40, 3)."""
    return np.repeat(np.array([[[200, 20, 20]], [[20, 20, 200]]], np.uint8), 20, axis=0).repeat(40, axis=1)


def as_cmyk(path: Path) -> None:
    PillowImage.fromarray(stripes()).convert("CMYK").save(path.with_suffix(".tif"))


def as_palette(path: Path) -> None:
    PillowImage.fromarray(stripes()).quantize(4).save(path.with_suffix(".png"))


def as_rgba(path: Path) -> None:
    PillowImage.fromarray(np.dstack([stripes(), np.full((40, 40), 255, np.uint8)])).save(path.with_suffix(".png"))


def as_turned_by_exif(path: Path) -> None:
    exif = PillowImage.Exif()
    exif[0x0112] = 3  # to be shown turned by 180 degrees
    PillowImage.fromarray(stripes()[::-1]).save(path.with_suffix(".jpg"), exif=exif, quality=95, subsampling=0)


@pytest.mark.parametrize("write", [as_cmyk, as_palette, as_rgba, as_turned_by_exif])
def test_odd_kinds_of_files_come_in_upright_and_in_colour(tmp_path, write):
    write(tmp_path / "picture")
    (path,) = tmp_path.iterdir()
    np.testing.assert_allclose(decoded_square(path, 40), stripes(), atol=12)


def test_sixteen_bit_grey_keeps_its_level(tmp_path):
    PillowImage.fromarray(np.full((40, 40), 65535 // 4, np.uint16)).save(tmp_path / "grey.png")
    np.testing.assert_allclose(decoded_square(tmp_path / "grey.png", 32), 64, atol=1)


def test_hidden_files_and_other_files_are_passed_over(folder):
    save(folder / "hand" / ".hidden.png", 7)
    save(folder / "hand" / ".thumbs" / "0.png", 8)
    save(folder / ".git" / "0.png", 9)
    (folder / "hand" / "notes.txt").write_text("not a picture")
    dataset = read_folder(folder, 32)
    assert len(dataset) == 12
    assert dataset.skipped == ()


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no symbolic links here")
@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("hand/again", "hand"),
        ("algo/up", ""),
        ("algo/deep/other", "hand"),
        ("algo/out", ".."),
        ("all", ""),
        ("up", ".."),
    ],
)
def test_a_link_to_what_is_listed_already_gives_no_picture_another_label(folder, link, target):
    before = list_pictures(folder)
    (folder / link).symlink_to(folder / target, target_is_directory=True)
    assert list_pictures(folder) == before


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no symbolic links here")
def test_a_class_folder_may_be_a_link_to_where_its_pictures_lie(folder, tmp_path_factory):
    before = list_pictures(folder)
    elsewhere = tmp_path_factory.mktemp("disk") / "drawings"
    (folder / "hand").rename(elsewhere)
    (folder / "hand").symlink_to(elsewhere, target_is_directory=True)
    (elsewhere / "again").symlink_to(elsewhere, target_is_directory=True)
    assert list_pictures(folder) == before


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no symbolic links here")
def test_a_link_within_a_class_to_pictures_outside_of_the_set_is_refused(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("disk")
    (folder / "algo" / "deep" / "more").symlink_to(elsewhere, target_is_directory=True)
    with pytest.raises(DatasetError, match=rf"deep/more: a link to the folder {elsewhere}, .*class folder 'algo'"):
        list_pictures(folder)


def test_a_folder_around_the_class_folders_is_told_where_they_are(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "around" / "unpacked")
    with pytest.raises(DatasetError, match=r"only one class \('unpacked'\).*\(algo, hand\), give --data .*unpacked"):
        list_pictures(tmp_path / "around")


def test_copies_share_a_group_and_are_counted(folder):
    shutil.copy(folder / "hand" / "2.png", folder / "hand" / "copy.png")
    dataset = read_folder(folder, 32)
    groups = dict(zip(dataset.items, dataset.groups, strict=True))
    assert groups["hand/2.png"] == groups["hand/copy.png"]
    assert groups["hand/2.png"] != groups["hand/3.png"]
    assert dataset.num_duplicates == 1


def write_manifest(folder: Path, lines: list[str]) -> None:
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_a_manifest_decides_labels_and_groups(folder):
    lines = [f"hand/{n}.png,drawn,artist-{n % 2}" for n in range(5)]
    lines += [f"algo/deep/deeper/{n}.jpg,coded," for n in range(5)]
    write_manifest(folder, ["path,label,group", *lines])
    dataset = read_folder(folder, 32)
    assert dataset.class_counts == {"coded": 5, "drawn": 5}
    groups = dict(zip(dataset.items, dataset.groups, strict=True))
    assert groups["hand/0.png"] == groups["hand/2.png"] != groups["hand/1.png"]
    assert groups["algo/deep/deeper/0.jpg"] != groups["algo/deep/deeper/1.jpg"]


def test_a_copy_ties_two_groups_together(folder):
    shutil.copy(folder / "hand" / "0.png", folder / "hand" / "1.png")
    lines = [f"hand/{n}.png,hand,artist-{n % 2}" for n in range(6)]
    write_manifest(folder, ["path,label,group", *lines, *(f"algo/deep/deeper/{n}.jpg,algo,g{n}" for n in range(6))])
    dataset = read_folder(folder, 32)
    assert len({group for item, group in zip(dataset.items, dataset.groups, strict=True) if item[0] == "h"}) == 1


def test_a_file_that_the_manifest_names_but_is_not_there_is_skipped(folder):
    lines = [f"hand/{n}.png,hand" for n in range(7)] + [f"algo/deep/deeper/{n}.jpg,algo" for n in range(6)]
    write_manifest(folder, ["path,label", *lines])
    assert [one.path for one in read_folder(folder, 32).skipped] == ["hand/6.png"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["file,label", "a,b"], "column 'path' is missing"),
        (["path,label", "../outside.png,hand"], "manifest.csv:2: .* leads out of the folder"),
        (["path,label", "/etc/passwd,hand"], "leads out of the folder"),
        (["path,label", "hand/0.png,"], "manifest.csv:2: path and label"),
        (["path,label", "hand/0.png,hand", "hand/0.png,algo"], "stands in it twice"),
        (["path,label", "hand/0.png,hand"], "only one class .'hand'."),
    ],
)
def test_a_wrong_manifest_is_refused(folder, lines, message):
    write_manifest(folder, lines)
    with pytest.raises(DatasetError, match=message):
        read_folder(folder, 32)


def test_a_class_folder_without_pictures_is_told(folder):
    (folder / "later").mkdir()
    (folder / "later" / "sketch.psd").touch()
    (folder / ".hidden").mkdir()
    (told,) = read_folder(folder, 32).left_out
    assert told.found == "no pictures in the class folder 'later'"


def test_a_class_folder_that_is_empty_in_every_part_is_told(fixed):
    for part in ("train", "test"):
        (fixed / part / "later").mkdir()
    (told,) = read_folder(fixed, 32).left_out
    assert "'test/later', 'train/later'" in told.found


def test_one_full_class_beside_an_empty_one_is_told_which_holds_nothing(folder):
    shutil.rmtree(folder / "algo" / "deep")
    with pytest.raises(DatasetError, match=r"no pictures in the class folder 'algo'.*two classes.*\.jpg") as told:
        read_folder(folder, 32)
    assert "only one class" not in str(told.value)


def test_pictures_that_the_manifest_does_not_list_are_counted(folder):
    lines = [f"hand/{n}.png,hand" for n in range(5)] + [f"algo/deep/deeper/{n}.jpg,algo" for n in range(6)]
    write_manifest(folder, ["path,label", *lines])
    save(folder / "loose.png", 77)
    (told,) = read_folder(folder, 32).left_out
    assert told.found == "2 pictures lie in the folder that manifest.csv does not list, such as loose.png"


def test_a_manifest_that_lists_all_leaves_nothing_out(folder):
    lines = [f"./hand/{n}.png,hand" for n in range(6)] + [f"algo/deep/deeper/{n}.jpg,algo" for n in range(6)]
    write_manifest(folder, ["path,label", *lines])
    assert read_folder(folder, 32).left_out == ()


def test_a_manifest_whose_files_are_not_there_names_lines_and_nearest_files(folder):
    lines = [f"hands/{n}.png,hand" for n in range(6)] + [f"algo/deep/deeper/{n}.jpg,algo" for n in range(6)]
    write_manifest(folder, ["path,label", *lines])
    with pytest.raises(DatasetError, match=r"6 of the 12 files that it names are not there") as told:
        read_folder(folder, 32)
    assert "manifest.csv:2: hands/0.png (is 'hand/0.png' meant?)" in str(told.value)
    assert "and 3 more" in str(told.value)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"no such folder.*one folder per class"):
        read_folder(tmp_path / "nowhere", 32)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=re.escape(f"{tmp_path}: no pictures in class folders")):
        read_folder(tmp_path, 32)


def test_one_class_only_is_refused(folder):
    shutil.rmtree(folder / "algo")
    with pytest.raises(DatasetError, match=r"only one class .'hand'.*Add a folder"):
        read_folder(folder, 32)


def test_a_class_with_too_few_readable_pictures_is_refused(folder):
    for number in range(2):
        (folder / "hand" / f"{number}.png").write_bytes(b"")
    with pytest.raises(DatasetError, match="'hand' has 4 readable pictures, and needs at least 5"):
        read_folder(folder, 32)


@pytest.fixture
def fixed(tmp_path):
    """train and test, each with two classes."""
    for part, count in (("train", 10), ("test", 3)):
        for number in range(count):
            save(tmp_path / part / "hand" / f"{number}.png", number + 50 * (part == "test"))
            save(tmp_path / part / "algo" / f"{number}.png", 100 + number + 50 * (part == "test"))
    return tmp_path


def test_a_fixed_split_is_kept_and_a_missing_validation_is_drawn_from_training(fixed):
    dataset = read_folder(fixed, 32)
    assert dataset.class_names == ("algo", "hand")
    parts = dict(zip(dataset.items, dataset.split.names(), strict=True))
    assert {part for item, part in parts.items() if item.startswith("test/")} == {"test"}
    np.testing.assert_array_equal(np.bincount(dataset.labels[dataset.split.validation]), [2, 2])
    drawn = {seed: read_with(fixed, ReadOptions(32, seed=seed)).split.validation.tolist() for seed in (0, 1)}
    assert drawn[0] == dataset.split.validation.tolist() != drawn[1]


@pytest.mark.parametrize("name", ["val", "valid", "validation"])
def test_a_validation_folder_is_the_validation(fixed, name):
    for number in range(2):
        save(fixed / name / "hand" / f"{number}.png", 300 + number)
        save(fixed / name / "algo" / f"{number}.png", 310 + number)
    dataset = read_folder(fixed, 32)
    assert {dataset.items[index].split("/")[0] for index in dataset.split.validation} == {name}
    assert len(dataset.split.training) == 20


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda root: (root / "test" / "hand").rename(root / "test" / "Hand"), r"extra: Hand \(is 'hand' meant\?\)"),
        (lambda root: shutil.rmtree(root / "test" / "algo"), r"test has not .* missing \(or empty\): algo"),
        (lambda root: save(root / "test" / "new" / "0.png", 1), "extra: new"),
        (
            lambda root: save(root / "spare" / "0.png", 1),
            r"holds folders of a fixed split \(test, train\) and beside.*spare",
        ),
        (lambda root: shutil.copytree(root / "test", root / "testing"), "'testing' is one folder too many for test"),
    ],
    ids=["other spelling", "missing", "new", "beside", "twice"],
)
def test_a_fixed_split_whose_classes_do_not_agree_is_refused(fixed, change, told):
    change(fixed)
    with pytest.raises(DatasetError, match=told):
        read_folder(fixed, 32)


@pytest.mark.parametrize("inside", ["", "deep"])
def test_a_class_called_train_is_a_class(tmp_path, inside):
    save(tmp_path / "train" / "0.png", 0)
    for number in range(1, 6):
        save(tmp_path / "train" / inside / f"{number}.png", number)
        save(tmp_path / "test" / "deep" / f"{number}.png", 100 + number)
    dataset = read_folder(tmp_path, 32)
    assert dataset.class_names == ("test", "train")
    assert dataset.split is None


def test_each_folder_tells_its_class_but_a_manifest_has_none(folder):
    assert read_folder(folder, 32).class_of_folder == {"algo": "algo", "hand": "hand"}
    lines = [f"hand/{n}.png,a" for n in range(5)] + [f"algo/deep/deeper/{n}.jpg,b" for n in range(5)]
    write_manifest(folder, ["path,label", *lines])
    assert read_folder(folder, 32).class_of_folder == {}
