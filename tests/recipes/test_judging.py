"""What networks say of works and of what they were made from."""

import numpy as np
import pytest

from artforge.core.files import sha256_of
from artforge.core.pictures import read_picture, write_png
from artforge.core.provenance import Ingredient, NodeRecord, Provenance
from artforge.recipes import judging
from artforge.recipes.judging import Judge, reading_of


class Brightness:
    """A network that says how bright a picture is, and of many more classes nothing."""

    class_names = ("dark", "bright", *(f"other {index}" for index in range(20)))

    def probabilities(self, image):
        bright = float(image.mean())
        return np.array([[1 - bright, bright, *[0.0] * 20]], np.float32)


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A dark work made from a bright picture, by a network that lies beside them."""
    write_png(tmp_path / "lisa.png", np.full((8, 8, 3), 0.8, np.float32))
    write_png(tmp_path / "work.png", np.full((8, 8, 3), 0.2, np.float32))
    (tmp_path / "net.keras").write_bytes(b"weights")
    opened = []
    monkeypatch.setattr(judging, "load_model", lambda path: opened.append(path.name) or Brightness())
    return tmp_path / "work.png", opened


def record_of(folder, **changes):
    files = {"picture": "lisa.png", "model": "net.keras"}
    fields = {
        "artforge": "0.1.0", "title": "", "alt": "", "kind": "still", "recipe_name": "r", "recipe_text": "",
        "recipe_sha256": "", "output": "o", "params": {}, "variant": {}, "seed": 1, "packages": {}, "width": 8,
        "height": 8, "key": "k",
        "branch": [NodeRecord(id="a", step="load", version=1, settings={"path": "lisa.png"}, inputs={})],
        "ingredients": [
            Ingredient(role=role, name=name, sha256=sha256_of(folder / name)) for role, name in files.items()
        ],
    }  # fmt: skip
    return Provenance(**(fields | changes))


def test_a_work_is_read_before_and_after(work):
    path, opened = work
    judge = Judge([])
    for _ in range(2):
        (reading,) = judge(path, record_of(path.parent))
    assert reading.model == "net.keras"
    assert (reading.before["bright"], reading.after["bright"]) == pytest.approx((0.8, 0.2), abs=0.003)
    assert len(reading.after) == judging.MOST_CLASSES
    assert opened == ["net.keras"]


def test_without_its_own_source_a_work_is_read_alone(work):
    path, _ = work
    other = record_of(path.parent)
    write_png(path.with_name("lisa.png"), np.zeros((8, 8, 3), np.float32))  # another picture by that name
    (reading,) = Judge([])(path, other)
    assert reading.before == {}
    assert reading.after["dark"] == pytest.approx(0.8, abs=0.003)


@pytest.mark.parametrize("changes", [{"kind": "sheet"}, {"kind": "film"}, {"ingredients": []}])
def test_films_sheets_and_works_without_a_network_are_not_read(work, changes):
    path, opened = work
    assert Judge([])(path, record_of(path.parent, **changes)) == []
    assert opened == []


def test_a_network_that_is_another_one_now_is_not_asked(work):
    path, opened = work
    record = record_of(path.parent)
    path.with_name("net.keras").write_bytes(b"other weights")
    assert Judge([])(path, record) == []
    assert opened == []


def test_both_readings_tell_of_the_same_classes(work):
    path, _ = work
    reading = reading_of("net", Brightness(), read_picture(path), np.ones((8, 8, 3), np.float32))
    assert reading.before.keys() == reading.after.keys()
