"""Many files become Pictures: the same from memory, from disk and on demand; a damaged cache is found."""

from __future__ import annotations

import os
import shutil
import time
from collections import namedtuple

import numpy as np
import pytest

from artforge.core.errors import DatasetError, OutputError, UsageError
from artforge.engine.data import loading, pixel_store
from artforge.engine.data.kinds import ReadOptions
from artforge.engine.data.loading import FilesOnDemand, load_files
from tests.support.picture_sets import decoded_square, save_picture

NAMES = tuple(f"{number}.png" for number in range(9))
BAD = NAMES[4]


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Nine files, of which the fifth is no picture, and an empty cache."""
    monkeypatch.setenv("ARTFORGE_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "files"
    for seed, name in enumerate(NAMES):
        save_picture(folder / name, seed)
    (folder / BAD).write_bytes(b"no picture")
    return folder


def load(folder, cache="disk", image_size=12, names=NAMES, **options):
    return load_files(folder, names, ReadOptions(image_size, cache=cache, **options))


def no_decoding(monkeypatch):
    monkeypatch.setattr(loading, "decode_file", None)


@pytest.mark.parametrize("cache", ["memory", "disk", "none", "auto"])
def test_the_readable_pictures_come_in_order_wherever_they_are_kept(files, cache):
    loaded = load(files, cache)
    readable = [name for name in NAMES if name != BAD]
    assert loaded.images.shape == (8, 12, 12, 3)
    assert len(loaded.images) == 8
    assert [bool(reason) for reason in loaded.reasons] == [name == BAD for name in NAMES]
    for order in ([0, 1, 2], [7, 3, 3, 0]):
        batch = loaded.images[np.asarray(order)]
        assert batch.dtype == np.uint8
        np.testing.assert_array_equal(batch, [decoded_square(files / readable[index], 12) for index in order])


def test_the_second_time_nothing_is_decoded(files, monkeypatch):
    first = load(files)
    no_decoding(monkeypatch)
    again = load(files)
    assert again.sha256 == first.sha256
    assert again.reasons == first.reasons
    np.testing.assert_array_equal(again.images[np.arange(8)], first.images[np.arange(8)])


def test_on_demand_the_files_are_judged_once(files, monkeypatch):
    first = load(files, "none")
    monkeypatch.setattr(loading, "_decode_all", None)
    again = load(files, "none")
    assert (again.sha256, again.reasons) == (first.sha256, first.reasons)


def test_on_demand_a_short_record_is_made_again(files):
    first = load(files, "none")
    (record,) = pixel_store.store_folder().glob("*.json")
    record.write_text('{"sha256": ["a"], "reasons": [""], "sample": []}')
    assert load(files, "none").sha256 == first.sha256


def test_another_size_and_a_changed_file_are_decoded_anew(files):
    assert load(files, image_size=6).images.shape == (8, 6, 6, 3)
    before = load(files).images[np.asarray([2])]
    save_picture(files / NAMES[2], seed=99)
    os.utime(files / NAMES[2], (10, 10))
    after = load(files).images[np.asarray([2])]
    assert (before != after).any()


@pytest.mark.parametrize("damage", ["cut", "flipped", "retyped", "reshaped", "gone", "emptied", "not json", "short"])
def test_a_damaged_entry_is_found_and_made_again(files, damage):
    first = load(files)
    expected = np.array(first.images[np.arange(8)])
    del first
    (array,) = pixel_store.store_folder().glob("*.npy")
    (record,) = pixel_store.store_folder().glob("*.json")
    content = array.read_bytes()
    if damage == "cut":
        array.write_bytes(content[:-50])
    elif damage == "flipped":
        array.write_bytes(content[:-50] + bytes([content[-50] ^ 255]) + content[-49:])
    elif damage == "retyped":
        array.write_bytes(content.replace(b"|u1", b"|i1", 1))
    elif damage == "reshaped":
        array.write_bytes(content.replace(b"(8, 12, 12, 3)", b"(8, 3, 12, 12)", 1))
    elif damage == "gone":
        array.unlink()
    elif damage == "emptied":
        array.write_bytes(b"")
    elif damage == "not json":
        record.write_text("{")
    else:
        record.write_text('{"sha256": [], "reasons": [], "sample": []}')
    again = load(files)
    np.testing.assert_array_equal(again.images[np.arange(8)], expected)
    assert len(list(pixel_store.store_folder().iterdir())) == 2


def test_a_picture_that_goes_bad_while_training_is_named(files):
    images = load(files, "none").images
    (files / NAMES[6]).write_bytes(b"")
    with pytest.raises(DatasetError, match=r"6\.png: could be read when the set was opened, and no more"):
        images[np.asarray([0, 5])]


def test_nothing_readable_is_an_empty_array(files):
    for cache in ("memory", "disk", "disk", "none"):
        assert load(files, cache, names=(BAD,)).images.shape == (0, 12, 12, 3)


def test_progress_is_told_after_each_file(files):
    told = []
    load(files, "memory", progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 9) for done in range(1, 10)]


def test_no_more_files_are_decoded_ahead_than_wait_to_be_taken(files, monkeypatch):
    begun = []
    real = loading.decode_file
    monkeypatch.setattr(loading, "decode_file", lambda path, size: begun.append(path) or real(path, size))
    monkeypatch.setattr(loading, "_AHEAD", 1)
    decoded = loading._decode_all(files, NAMES, ReadOptions(12, num_threads=2))
    next(decoded)
    time.sleep(0.1)
    assert len(begun) == 2
    assert len(list(decoded)) == 8


Usage = namedtuple("Usage", "total used free")


def disk_with(monkeypatch, free: int):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(free, 0, free))


def test_auto_takes_the_disk_for_what_is_too_much_for_memory_and_nothing_where_neither_has_room(files, monkeypatch):
    monkeypatch.setattr(loading, "MEMORY_BYTES", 100)
    assert isinstance(load(files, "auto", image_size=9).images, np.memmap)
    disk_with(monkeypatch, pixel_store.KEPT_FREE + 100)
    assert isinstance(load(files, "auto", image_size=10).images, FilesOnDemand)
    assert isinstance(load(files, "auto", image_size=9).images, np.memmap), "what is already there needs no room"


def test_a_disk_without_room_is_told_before_anything_is_decoded(files, monkeypatch):
    disk_with(monkeypatch, pixel_store.KEPT_FREE + 100)
    no_decoding(monkeypatch)
    with pytest.raises(OutputError, match=r"no room for .* GB of decoded pictures.*--cache none"):
        load(files)


def test_a_disk_that_fills_up_meanwhile_leaves_no_part_and_auto_goes_on_without(files, monkeypatch):
    monkeypatch.setattr(loading, "MEMORY_BYTES", 100)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pixel_store, "_write_header", full)
    with pytest.raises(OutputError, match="No space left"):
        load(files)
    assert isinstance(load(files, "auto").images, FilesOnDemand)
    assert not list(pixel_store.store_folder().glob("*.npy"))


def test_the_entries_used_longest_ago_are_dropped_for_a_new_one(files, monkeypatch):
    for age, image_size in enumerate((100, 101, 102)):
        load(files, image_size=image_size)
        newest = max(pixel_store.store_folder().glob("*.json"), key=lambda path: path.stat().st_mtime)
        os.utime(newest, (1000 + age, 1000 + age))
    load(files, image_size=100)  # used again: now the one of 101 is the oldest
    monkeypatch.setattr(pixel_store, "store_limit", lambda: 3 * 9 * 103 * 103 * 3)
    load(files, image_size=103)
    kept = sorted(np.load(path, mmap_mode="r").shape[1] for path in pixel_store.store_folder().glob("*.npy"))
    assert kept == [100, 102, 103]


def test_a_set_larger_than_the_cap_is_not_kept(files, monkeypatch):
    monkeypatch.setenv("ARTFORGE_PICTURES_LIMIT_GB", "0")
    with pytest.raises(OutputError, match="ARTFORGE_PICTURES_LIMIT_GB"):
        load(files)


def test_a_cap_that_is_no_number_is_told(files, monkeypatch):
    monkeypatch.setenv("ARTFORGE_PICTURES_LIMIT_GB", "many")
    with pytest.raises(UsageError, match="'many' is not a whole number of gigabytes"):
        load(files)


def test_a_name_that_is_not_utf8_is_read_and_kept(files):
    odd = os.fsdecode(b"sunset-\xe9.png")
    shutil.copy(files / NAMES[0], files / odd)
    loaded = load(files, names=(odd,))
    np.testing.assert_array_equal(loaded.images[np.asarray([0])][0], decoded_square(files / NAMES[0], 12))
