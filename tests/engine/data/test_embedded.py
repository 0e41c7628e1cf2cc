"""The embedded set: balanced, cached, and drawn again where the cache is no use."""

from __future__ import annotations

import numpy as np
import pytest

from artforge.core.pictures import to_bytes
from artforge.engine.data import embedded
from artforge.engine.data.procedural import draw


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ARTFORGE_CACHE", str(tmp_path))
    return tmp_path


def drawn(seed: int = 3):
    return embedded.embedded_dataset(6, 32, seed, num_workers=1)


def test_it_is_balanced_and_each_picture_is_a_group(cache):
    dataset = drawn()
    assert dataset.class_counts == {"algorithmic": 6, "hand_made": 6}
    assert len(set(dataset.groups)) == 12


def test_the_second_time_it_comes_from_the_cache(cache, monkeypatch):
    first = drawn()
    monkeypatch.setattr(embedded, "draw_set", None)
    again = drawn()
    np.testing.assert_array_equal(first.images, again.images)
    assert first.items == again.items


def test_another_seed_gives_other_pictures(cache):
    assert (drawn(3).images != drawn(4).images).any()


def test_a_damaged_cache_is_drawn_again(cache):
    first = drawn()
    (path,) = cache.iterdir()
    path.write_bytes(path.read_bytes()[:1000])
    np.testing.assert_array_equal(first.images, drawn().images)


def test_the_cache_keeps_the_newest_sets_only(cache):
    for seed in range(5):
        drawn(seed)
    assert sorted(path.name[-9:] for path in cache.iterdir()) == ["seed2.npy", "seed3.npy", "seed4.npy"]


def test_a_cache_that_cannot_be_written_only_costs_time(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ARTFORGE_CACHE", str(tmp_path / "file"))
    assert len(drawn()) == 12


def test_an_item_name_draws_its_picture_again(cache):
    dataset = drawn()
    class_name, family, seed = dataset.items[5].removeprefix("embedded:").split("/")
    np.testing.assert_array_equal(to_bytes(draw(class_name, family, int(seed), (32, 32))), dataset.images[5])
