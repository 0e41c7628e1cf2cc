"""A build over an older site makes only what is new, and gives what a build from nothing gives."""

import os
import time

import pytest
from gallery_pages import files_of

from artforge.core.errors import PictureError
from artforge.core.provenance import Reading, read_sidecar, write_sidecar
from artforge.gallery import media
from artforge.gallery.known import Digests
from artforge.gallery.site import build_site
from artforge.gallery.works import SITE_MARKER

NUM = 6


@pytest.fixture
def out(tmp_path, render):
    for index in range(NUM):
        path = render(tmp_path / "out" / f"{index}.png", shade=index / NUM, variant={"step": index})
        os.utime(path, (1000, 1000))
    return tmp_path / "out"


@pytest.fixture
def decoded(monkeypatch):
    """Names of the files that a build has decoded."""
    names = []
    decode = media.decode

    def noting(path, **options):
        names.append(path.name)
        return decode(path, **options)

    monkeypatch.setattr(media, "decode", noting)
    return names


def test_only_a_new_work_is_made_and_the_site_is_as_if_built_at_once(tmp_path, out, render, decoded):
    assert build_site(out, tmp_path / "site").num_made == NUM
    decoded.clear()
    os.utime(render(out / "new.png", shade=0.9, variant={"step": 2.5}), (1000, 1000))
    assert build_site(out, tmp_path / "site").num_made == 1
    assert decoded == ["new.png"]
    build_site(out, tmp_path / "whole")
    assert files_of(tmp_path / "site") == files_of(tmp_path / "whole")


def test_pages_that_show_nothing_new_are_the_same_files(tmp_path, out, render):
    render(out / "far.png", recipe_name="zebra", title="Zebra", key="z")
    render(out / "near.png", recipe_name="arc", title="Arc", key="a")
    build_site(out, tmp_path / "site")
    before = {path.name: path.stat().st_ino for path in (tmp_path / "site" / "works").iterdir()}
    record = read_sidecar(out / "far.png")
    write_sidecar(out / "far.png", record.model_copy(update={"description": "Other words."}))
    build_site(out, tmp_path / "site")
    changed = {p.name for p in (tmp_path / "site" / "works").iterdir() if p.stat().st_ino != before[p.name]}
    assert {name[:5] for name in changed} == {"zebra"}


def test_a_work_taken_away_leaves_nothing(tmp_path, out):
    build_site(out, tmp_path / "site")
    (out / "3.png").unlink()
    build_site(out, tmp_path / "site")
    build_site(out, tmp_path / "whole")
    assert files_of(tmp_path / "site") == files_of(tmp_path / "whole")


@pytest.mark.parametrize("folder", ["works", "thumbs", "media"])
def test_what_was_edited_or_lost_in_a_site_is_mended(tmp_path, out, folder):
    build_site(out, tmp_path / "site")
    before = files_of(tmp_path / "site")
    first, second = sorted((tmp_path / "site" / folder).iterdir())[:2]
    first.unlink()
    if folder == "works":
        second.write_text("edited")
    build_site(out, tmp_path / "site")
    assert files_of(tmp_path / "site") == before


@pytest.mark.parametrize("state", ["", "{}", "[]", '{"maker": 1, "pictures": [], "pages": {"x": 1}}', "\x00"])
def test_a_site_whose_state_is_lost_is_built_anew(tmp_path, out, state):
    build_site(out, tmp_path / "site")
    before = files_of(tmp_path / "site")
    (tmp_path / "site" / SITE_MARKER).write_text(state)
    assert build_site(out, tmp_path / "site").num_made == NUM
    assert files_of(tmp_path / "site") == before


def test_a_damaged_work_is_told_again_and_hangs_once_it_can_be_read(tmp_path, out, render, monkeypatch):
    def unable(path, **options):
        raise PictureError(f"{path}: a format from the future")

    render(out / "odd.png", shade=0.77, variant={"step": 9})
    with monkeypatch.context() as older:
        decode = media.decode
        older.setattr(media, "decode", lambda path, **kw: (unable if path.name == "odd.png" else decode)(path, **kw))
        told = build_site(out, tmp_path / "site").warnings
        assert told == ("skipped 'odd.png': a format from the future",)
        assert build_site(out, tmp_path / "site").warnings == told
    built = build_site(out, tmp_path / "site")
    assert built.warnings == ()
    assert built.num_made == 1


def test_what_the_wall_was_called_stays_until_somebody_says_otherwise(tmp_path, out):
    build_site(out, tmp_path / "site", title="Prints", base_url="https://example.org")
    build_site(out, tmp_path / "site")
    assert "<title>Prints</title>" in (tmp_path / "site" / "index.html").read_text()
    assert (tmp_path / "site" / "sitemap.xml").is_file()
    (out / "gallery.yaml").write_text("title: Films")
    build_site(out, tmp_path / "site")
    assert "<title>Films</title>" in (tmp_path / "site" / "index.html").read_text()


def test_a_file_is_read_once_and_again_when_it_is_touched(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_bytes(b"one")
    monkeypatch.setattr(time, "time_ns", lambda: path.stat().st_ctime_ns + 10**11)
    reads = []
    monkeypatch.setattr("artforge.gallery.known.sha256_of", lambda path: reads.append(path) or str(len(reads)))
    for expected in ("1", "1"):
        digests = Digests(tmp_path / "store.json")
        assert digests.sha256_of(path) == expected
        digests.save()
    os.utime(path, (1, 1))
    assert Digests(tmp_path / "store.json").sha256_of(path) == "2"


def test_a_file_that_was_just_written_is_not_remembered(tmp_path):
    (tmp_path / "a").write_bytes(b"one")
    digests = Digests(tmp_path / "store.json")
    digests.sha256_of(tmp_path / "a")
    digests.save()
    assert not (tmp_path / "store.json").exists()


@pytest.mark.parametrize("content", ["", "[]", '{"x": 1}', "\x00"])
def test_a_broken_memory_is_no_fault(tmp_path, content):
    (tmp_path / "a").write_bytes(b"one")
    (tmp_path / "store.json").write_text(content)
    assert len(Digests(tmp_path / "store.json").sha256_of(tmp_path / "a")) == 64


def test_networks_are_asked_once_for_each_work(tmp_path, out, render):
    asked = []

    def judge(path, record):
        asked.append(path.name)
        return [Reading(model="m", before={"a": 0.25}, after={"a": 0.75})]

    build_site(out, tmp_path / "site", judge=judge)
    render(out / "new.png", shade=0.9, variant={"step": 2.5})
    build_site(out, tmp_path / "site", judge=judge)
    build_site(out, tmp_path / "site")
    assert sorted(asked) == sorted([*(f"{index}.png" for index in range(NUM)), "new.png"])
    assert all("What the network sees" in page.read_text() for page in (tmp_path / "site" / "works").iterdir())
