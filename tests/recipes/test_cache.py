"""The store gives back what was put in, notices damage, and stays within its limit."""

from __future__ import annotations

import os
import shutil
import time

import numpy as np
import pytest

from artforge.core.errors import UsageError
from artforge.recipes.cache import Cache, cache_folder, cache_limit

KEY, OTHER = "ab" * 32, "cd" * 32


@pytest.fixture
def store(tmp_path):
    return Cache(tmp_path / "store")


def test_array_comes_back_bit_for_bit_and_only_under_its_key(store):
    array = np.random.default_rng(0).standard_normal((3, 5, 2)).astype(np.float32)
    store.store_value(KEY, array)
    np.testing.assert_array_equal(store.load_value(KEY), array)
    assert store.load_value(OTHER) is None


@pytest.mark.parametrize(
    "damage", [lambda content: content[:-7], lambda content: content[:60] + b"x" + content[61:], lambda _: b""]
)
def test_damaged_array_is_dropped_not_returned(store, damage):
    store.store_value(KEY, np.ones((4, 4), np.float32))
    (path,) = [path for path in store.folder.rglob("*") if path.is_file()]
    path.write_bytes(damage(path.read_bytes()))
    assert store.load_value(KEY) is None
    assert not path.exists()


def test_no_pickle_is_ever_read(store):
    with pytest.raises(ValueError, match="allow_pickle"):
        store.store_value(KEY, np.array([{"a": 1}], dtype=object))


def test_file_comes_back_whole_with_its_record(store, tmp_path):
    made = tmp_path / "made.png"
    made.write_bytes(b"pixels")
    store.store_file(KEY, made, "record é\nsecond line")
    restored = tmp_path / "deep" / "restored.png"
    assert store.restore_file(KEY, restored) == "record é\nsecond line"
    assert restored.read_bytes() == b"pixels"


def test_damaged_file_is_not_restored(store, tmp_path):
    made = tmp_path / "made.png"
    made.write_bytes(b"pixels")
    store.store_file(KEY, made, "record")
    (kept,) = store.folder.rglob("*.file")
    assert store.has_sound_file(KEY)
    kept.write_bytes(b"pixelz")
    assert store.restore_file(KEY, tmp_path / "restored.png") is None
    assert not (tmp_path / "restored.png").exists()
    assert not store.has_file(KEY)


@pytest.mark.parametrize("kind", ["file", "record"])
def test_damage_of_a_file_or_its_record_is_told_without_restoring_it(store, tmp_path, kind):
    made = tmp_path / "made.png"
    made.write_bytes(b"pixels")
    store.store_file(KEY, made, "record")
    (kept,) = store.folder.rglob(f"*.{kind}")
    kept.write_bytes(kept.read_bytes()[:-1])
    assert not store.has_sound_file(KEY)
    assert not store.has_file(KEY)
    assert not store.has_sound_file("ab" * 32)


def test_trimming_drops_what_was_used_longest_ago(tmp_path):
    store = Cache(tmp_path / "store", limit=3000)
    for index, key in enumerate((KEY, OTHER, "ef" * 32)):
        store.store_value(key, np.full(256, index, np.float32))  # about 1.2 kB each
        (path,) = store.folder.rglob(f"{key}*")
        os.utime(path, (1000 + index, 1000 + index))
    store.load_value(KEY)  # used again, just now
    store.trim()
    assert store.load_value(KEY) is not None
    assert store.load_value(OTHER) is None


def test_folder_and_limit_follow_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("ARTFORGE_CACHE", str(tmp_path))
    monkeypatch.setenv("ARTFORGE_CACHE_LIMIT_MB", "12")
    assert cache_folder().parent == tmp_path
    assert cache_limit() == 12_000_000
    monkeypatch.setenv("ARTFORGE_CACHE_LIMIT_MB", "much")
    with pytest.raises(UsageError, match="much"):
        cache_limit()


def test_store_that_cannot_be_written_to_is_noted_and_does_without(tmp_path):
    (tmp_path / "taken").write_text("a file")
    store = Cache(tmp_path / "taken" / "works")
    store.store_value(KEY, np.ones(3, np.float32))
    assert store.load_value(KEY) is None
    assert "nothing can be kept in the cache" in next(iter(store.faults))


def test_entry_that_is_trimmed_while_it_is_restored_still_comes_out_whole(store, tmp_path, monkeypatch):
    made = tmp_path / "made.png"
    made.write_bytes(b"pixels")
    store.store_file(KEY, made, "record")
    (kept,) = store.folder.rglob("*.file")
    copy = shutil.copyfileobj

    def copy_while_another_trims(source, destination):
        kept.unlink()
        copy(source, destination)

    monkeypatch.setattr("artforge.recipes.cache.shutil.copyfileobj", copy_while_another_trims)
    assert store.restore_file(KEY, tmp_path / "restored.png") == "record"
    assert (tmp_path / "restored.png").read_bytes() == b"pixels"
    assert not kept.exists()  # and no empty file is left in its place


def test_contents_are_told_by_kind_with_their_size_and_age(store, tmp_path):
    assert store.contents().num_bytes == 0
    assert store.contents().oldest_seconds is None
    store.store_value(KEY, np.ones(256, np.float32))
    made = tmp_path / "made.png"
    made.write_bytes(b"x" * 500)
    store.store_file(OTHER, made, "record")
    (array,) = store.folder.rglob("*.array")
    os.utime(array, (time.time() - 7200, time.time() - 7200))
    held = store.contents()
    assert held.kinds["results of steps"] == (1, array.stat().st_size)
    assert held.kinds["finished files"] == (1, 500)
    assert held.kinds["records of files"][0] == 1
    assert held.num_bytes == sum(size for _, size in held.kinds.values())
    assert held.oldest_seconds == pytest.approx(7200, abs=60)


@pytest.mark.parametrize(
    ("conditions", "left"),
    [
        ({}, []),
        ({"older_than": 7000}, [OTHER, "ef" * 32]),
        ({"to_size": 1500}, ["ef" * 32]),
        ({"older_than": 10**9}, [KEY, OTHER, "ef" * 32]),
        ({"older_than": 7000, "to_size": 1500}, ["ef" * 32]),
    ],
)
def test_cleaning_spares_what_it_should(store, conditions, left):
    for index, key in enumerate((KEY, OTHER, "ef" * 32)):
        store.store_value(key, np.full(256, index, np.float32))
        (path,) = store.folder.rglob(f"{key}*")
        used = time.time() - 3000 * (3 - index)
        os.utime(path, (used, used))
    before = store.contents().num_bytes
    count, size = store.clean(**conditions)
    assert [key for key in (KEY, OTHER, "ef" * 32) if store.has_value(key)] == left
    assert (count, size) == (3 - len(left), before - store.contents().num_bytes)


def test_what_a_killed_render_left_half_written_goes_and_what_one_writes_now_stays(store):
    store.store_value(KEY, np.ones(4, np.float32))
    folder = store.folder / KEY[:2]
    old, new = folder / ".part-old.array", folder / ".part-new.array"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    store.clean()
    assert not old.exists()
    assert new.exists()
