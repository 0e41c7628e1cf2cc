"""`artforge data` as a user meets it: words, codes, the sheet."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image as PillowImage
from typer.testing import CliRunner

from artforge.cli.main import app
from artforge.core.errors import ChoiceError, DatasetError, OutputError, UsageError
from artforge.engine.data.catalogue import DATASETS


def data(*words: object):
    return CliRunner().invoke(app, ["data", *map(str, words)])


@pytest.fixture(autouse=True)
def small_forests(monkeypatch):
    monkeypatch.setattr("artforge.engine.data.leaks._NUM_TREES", 10)


def save(path, seed, size=(48, 48)):
    """A picture of random patches, another one for each seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    patches = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    PillowImage.fromarray(patches).resize(size, PillowImage.Resampling.BICUBIC).save(path)


@pytest.fixture
def clean(tmp_path):
    """Two classes of 12 pictures that share nothing and tell nothing; odd names are no trouble."""
    folder = tmp_path / 'it\'s "here" 🎨'
    for number in range(12):
        save(folder / "hand made" / f"{number}.png", number)
        save(folder / "machine[b]" / f"{number}.png", 100 + number)
    return folder


def test_every_kind_is_listed_with_what_to_type():
    said = data("list")
    assert said.exit_code == 0
    for kind in DATASETS.values():
        assert f"{kind.name}: {kind.title}" in said.stdout
        assert kind.citation in said.stdout
        assert kind.download in said.stdout
    assert "kaggle datasets download" in said.stdout


def test_the_list_is_told_as_json():
    lines = [json.loads(line) for line in data("list", "--json").stdout.splitlines()]
    assert [line["name"] for line in lines] == list(DATASETS)
    assert lines[0]["class_names"] == ["human", "ai"]


def test_a_summary_tells_labels_split_formats_and_sizes(clean):
    said = data("summary", clean)
    assert said.exit_code == 0
    assert "24 pictures, read as folder" in said.stdout
    assert "0 hand made: 12; 1 machine[b]: 12" in said.stdout
    assert "training 14 (hand made 7, machine[b] 7)" in said.stdout
    assert "hand made: PNG 12" in said.stdout
    assert "hand made: 48x48 12" in said.stdout


def test_a_class_folder_without_pictures_is_told_in_the_summary_and_found_by_the_check(clean):
    (clean / "later").mkdir()
    assert "left out no pictures in the class folder 'later'" in data("summary", clean).stdout
    assert "WARNING  no pictures in the class folder 'later'" in data("check", clean).stdout


def test_a_drawn_split_is_told_with_its_seed_and_a_small_set_in_kilobytes(clean):
    said = data("summary", clean, "--seed", 5).stdout
    assert "60/20/20% drawn by group with seed 5" in said
    assert re.search(r"on disk  [\d.]+ kB", said)


def test_classes_that_are_called_by_their_number_say_it_once(tmp_path):
    for name in "01":
        for number in range(6):
            save(tmp_path / name / f"{number}.png", 10 * int(name) + number)
    assert "classes  0: 6; 1: 6" in data("summary", tmp_path).stdout


def test_an_empty_name_is_not_the_current_folder(clean, monkeypatch):
    monkeypatch.chdir(clean)
    for verb in ("summary", "check"):
        said = data(verb, "")
        assert (said.exit_code, said.stdout) == (1, "")
        assert "empty name" in str(said.exception)


def test_each_stage_of_a_large_set_is_told_where_no_bar_is_shown(clean, monkeypatch):
    assert "to go through" not in data("check", clean).stderr
    monkeypatch.setattr("artforge.cli.data.MANY", 24)
    said = data("check", clean).stderr
    assert said.count("reading: 24 to go through") == said.count("colours: 24 to go through") == 1


def test_a_summary_as_json_adds_up(clean):
    summary = json.loads(data("summary", clean, "--json").stdout)
    assert summary["num_pictures"] == 24
    assert sum(sum(counts.values()) for counts in summary["part_counts"].values()) == 24
    assert summary["class_of_folder"] == {"hand made": "hand made", "machine[b]": "machine[b]"}
    assert summary["own_split"] is False


def test_a_clean_set_has_nothing_grave(clean, tmp_path):
    said = data("check", clean, "--sheet", tmp_path / "sheet.png")
    assert said.exit_code == 0
    assert "nothing grave" in said.stdout
    assert "there are no copies" in said.stderr
    assert not (tmp_path / "sheet.png").exists()


def test_a_picture_under_two_labels_is_grave_and_drawn(clean, tmp_path):
    shutil.copy(clean / "hand made" / "3.png", clean / "machine[b]" / "copy of 3.png")
    said = data("check", clean, "--sheet", tmp_path / "new" / "sheet.png")
    assert said.exit_code == 1
    assert "GRAVE    1 pair of copies (1 the same file) with different classes" in said.stdout
    assert "hand made/3.png (hand made, " in said.stdout
    with PillowImage.open(tmp_path / "new" / "sheet.png") as sheet:
        assert sheet.width > sheet.height > 100


def test_a_near_copy_on_two_sides_of_a_fixed_split_is_grave(tmp_path):
    for place, part in enumerate(("train", "val", "test")):
        for number in range(6):
            save(tmp_path / part / "a" / f"{number}.png", 100 * place + number)
            save(tmp_path / part / "b" / f"{number}.png", 100 * place + number + 50)
    with PillowImage.open(tmp_path / "train" / "a" / "2.png") as picture:
        picture.rotate(90).save(tmp_path / "test" / "a" / "turned.jpg", quality=60)
    shutil.copy(tmp_path / "train" / "b" / "1.png", tmp_path / "train" / "b" / "again.png")
    said = data("check", tmp_path, "--json")
    assert said.exit_code == 1
    told = json.loads(said.stdout)
    copy, harmless = told["copies"]
    assert (harmless["kind"], harmless["across_parts"]) == ("exact", False)
    assert (copy["kind"], copy["turned"], copy["across_parts"], copy["across_classes"]) == ("near", True, True, False)
    assert (copy["first"]["part"], copy["second"]["part"]) == ("test", "training")
    assert copy["likeness"] > 0.97
    assert told["findings"][0]["gravity"] == "grave"
    assert "on two sides of the split of the set" in told["findings"][0]["found"]
    assert data("check", tmp_path, "--not-turned").exit_code == 0


def test_a_summary_counts_the_copies_on_several_sides_of_a_fixed_split(tmp_path):
    for place, part in enumerate(("train", "val", "test")):
        for number in range(6):
            save(tmp_path / part / "a" / f"{number}.png", 100 * place + number)
            save(tmp_path / part / "b" / f"{number}.png", 100 * place + number + 50)
    for number in (1, 4):
        shutil.copy(tmp_path / "train" / "b" / f"{number}.png", tmp_path / "test" / "b" / f"known {number}.png")
    said = data("summary", tmp_path).stdout
    assert "groups   36, 2 of them on several sides" in said
    assert "2 of the 14 pictures of the test are copies of training pictures" in said
    assert "of the validation are copies" not in said


def test_copies_that_share_a_group_are_a_warning(clean):
    shutil.copy(clean / "hand made" / "3.png", clean / "hand made" / "again.png")
    said = data("check", clean)
    assert said.exit_code == 0
    assert "WARNING  1 pair of copies (1 the same file) on one side" in said.stdout


def test_sizes_that_give_the_class_away_are_told_with_what_reaches_the_network(tmp_path):
    for number in range(12):
        save(tmp_path / "a" / f"{number}.png", number, (64, 48))
        save(tmp_path / "b" / f"{number}.jpg", 100 + number, (80, 90))
    said = data("check", tmp_path)
    assert said.exit_code == 0
    assert "give the class away (balanced accuracy 1.00 ± 0.00, chance 0.50" in said.stdout
    assert "the size itself does not reach the network" in said.stdout


def test_the_gravest_stands_first_and_unreadable_files_are_named(clean):
    (clean / "hand made" / "broken.png").write_bytes(b"not a picture")
    shutil.copy(clean / "hand made" / "3.png", clean / "machine[b]" / "z.png")
    said = data("check", clean)
    gravities = [line.split()[0] for line in said.stdout.splitlines() if line[:7].strip().isupper()]
    assert gravities == sorted(gravities, key=["GRAVE", "WARNING", "NOTE"].index)
    assert "1 file cannot be read" in said.stdout
    assert "hand made/broken.png: not a picture that can be read" in said.stdout


def test_too_few_pictures_for_a_forest_are_told(tmp_path):
    for number in range(6):
        save(tmp_path / "a" / f"{number}.png", number)
        save(tmp_path / "b" / f"{number}.png", 100 + number)
    said = data("check", tmp_path)
    assert said.exit_code == 0
    assert "colour could not be put to the test" in said.stdout
    assert "the smallest class has 6 pictures" in said.stdout


def test_a_set_that_cannot_be_split_is_grave(tmp_path):
    rows = ["path,label,group"]
    for number in range(6):
        save(tmp_path / "a" / f"{number}.png", number)
        save(tmp_path / "b" / f"{number}.png", 100 + number)
        rows += [f"a/{number}.png,a,one artist", f"b/{number}.png,b,b{number}"]
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n")
    said = data("check", tmp_path)
    assert said.exit_code == 1
    assert "GRAVE    no split can be made" in said.stdout
    assert "its pictures come from 1 group" in said.stdout
    assert data("summary", tmp_path).exit_code == 0


def test_arrays_of_greys_are_checked_for_exact_repeats(tmp_path):
    pictures = np.random.default_rng(0).integers(0, 256, (40, 28, 28), np.uint8)
    labels = np.arange(40) % 2
    pictures[39] = pictures[1]
    np.savez(tmp_path / "set.npz", x_train=pictures[:30], y_train=labels[:30], x_test=pictures[30:], y_test=labels[30:])
    said = data("check", tmp_path / "set.npz")
    assert said.exit_code == 1
    assert "1 pair of copies (1 the same file) on two sides of the split of the set" in said.stdout
    assert "train/1 (1, " in said.stdout
    assert "near copies were not looked for" in said.stdout


@pytest.mark.parametrize("verb", ["check", "summary"])
@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        (("nowhere",), DatasetError, "no such folder"),
        (("empty",), DatasetError, "no pictures in class folders"),
        (("file.txt",), DatasetError, "neither a folder nor an .npz file"),
        (("one",), DatasetError, "only one class ('a')"),
        (("three",), DatasetError, "class 'a' has 3 readable pictures"),
        (("three", "--dataset", "cifake"), DatasetError, "no folder 'test' and no folder 'train' in it"),
        (("three", "--dataset", "cifak"), ChoiceError, "did you mean 'cifake'?"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path, monkeypatch, verb, words, error, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").write_text("no folder")
    for number in range(3):
        save(tmp_path / "one" / "a" / f"{number}.png", number)
        save(tmp_path / "three" / "a" / f"{number}.png", number)
        save(tmp_path / "three" / "b" / f"{number}.png", 10 + number)
    said = data(verb, *words)
    assert isinstance(said.exception, error)
    assert message in str(said.exception)


@pytest.mark.parametrize(
    ("sheet", "error", "message"),
    [("sheet.jpg", UsageError, "ends with .png"), ("file/sheet.png", OutputError, "cannot make the folder")],
)
def test_a_sheet_that_cannot_be_drawn_is_told_before_anything_is_read(tmp_path, monkeypatch, sheet, error, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("in the way")
    said = data("check", "nowhere", "--sheet", sheet)
    assert isinstance(said.exception, error)
    assert message in str(said.exception)


def test_a_folder_that_may_not_be_read_is_told(clean, monkeypatch):
    def refuse(path, **options):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("artforge.engine.data.catalogue.open_dataset", refuse)
    said = data("check", clean)
    assert isinstance(said.exception, DatasetError)
    assert str(said.exception) == f"{clean}: cannot be opened (Permission denied)."
