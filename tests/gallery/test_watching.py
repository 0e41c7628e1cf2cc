import threading

import pytest

from artforge.gallery.watching import Watch, stamps_of
from artforge.gallery.works import SITE_MARKER


@pytest.fixture
def source(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.png").write_bytes(b"old")
    return tmp_path / "out"


def test_a_new_work_is_built_once_it_stands_still(source):
    watch = Watch(source, (), lambda: True)
    watch.look()
    (source / "new.png").write_bytes(b"1")
    watch.look()
    (source / "new.png").write_bytes(b"12")
    watch.look()
    assert watch.number == 0
    watch.look()
    watch.look()
    assert watch.number == 1


def test_a_build_that_fails_is_not_counted_and_waits_for_the_next_change(source):
    builds = []

    def build():
        builds.append(len(builds))
        return len(builds) > 1

    watch = Watch(source, (), build)
    for number in ("one", "two"):
        (source / f"{number}.png").touch()
        for _ in range(4):
            watch.look()
    assert builds == [0, 1]
    assert watch.number == 1


def test_settings_outside_and_works_that_go_are_seen(source, tmp_path):
    settings = tmp_path / "gallery.yaml"
    watch = Watch(source, [settings], lambda: True)
    settings.write_text("title: T")
    watch.look()
    watch.look()
    (source / "old.png").unlink()
    watch.look()
    watch.look()
    assert watch.number == 2


def test_sites_and_hidden_files_are_not_watched(source):
    (source / "site").mkdir()
    (source / "site" / SITE_MARKER).touch()
    (source / ".hidden").mkdir()
    for name in ("site/index.html", ".hidden/a.png", ".part-x.png"):
        (source / name).touch()
    assert [path.name for path in stamps_of(source)] == ["old.png"]


def test_it_looks_by_itself_until_it_is_left(source, monkeypatch):
    monkeypatch.setattr("artforge.gallery.watching.LOOK_SECONDS", 0.01)
    built = threading.Event()
    with Watch(source, (), lambda: built.set() or True) as watch:
        (source / "new.png").touch()
        assert built.wait(10)
    assert not watch._thread.is_alive()
