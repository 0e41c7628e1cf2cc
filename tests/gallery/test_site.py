import base64
import hashlib
import os
import re
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from gallery_pages import Tags, files_of

from artforge.core.errors import OutputError, UsageError
from artforge.core.pictures import read_picture
from artforge.core.provenance import read_sidecar, write_sidecar
from artforge.gallery import site as site_module
from artforge.gallery.pictures import fit_box
from artforge.gallery.site import build_site

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)> ' & {{ 7*7 }} 🕯 #1"


@pytest.fixture
def out(tmp_path, render):
    """A film in two formats, a sheet and three variants, of one recipe."""
    folder = tmp_path / "out"
    render(folder / "tide" / "loop.mp4")
    render(folder / "tide" / "loop.gif")
    render(folder / "tide" / "sheet.png", size=(40, 90), kind="sheet", output="sheet")
    for index, value in enumerate([0.0, 0.5, 1.0]):
        render(folder / "tide" / f"still-{index}.png", shade=value, variant={"intensity": value})
    return folder


def test_every_work_has_a_page_and_every_address_leads_to_a_file(tmp_path, out):
    built = build_site(out, tmp_path / "gallery")
    assert (built.num_works, built.num_recipes, built.warnings) == (5, 1, ())
    pages = sorted((tmp_path / "gallery").rglob("*.html"))
    assert len(pages) == 6
    for page in pages:
        parsed = Tags(page)
        addresses = [
            attributes[name]
            for _, attributes in parsed.tags
            for name in ("href", "src", "poster")
            if name in attributes
        ]
        sets = [attributes["srcset"] for _, attributes in parsed.tags if "srcset" in attributes]
        addresses += [part.split()[0] for value in sets for part in value.split(", ")]
        assert len(addresses) > 5
        for address in addresses:
            parts = urlsplit(address)
            assert parts.scheme == ""
            lands = (page.parent / (parts.path or page.name)).resolve()
            assert lands.is_file(), address
            if parts.fragment:
                assert parts.fragment in [attributes.get("id") for _, attributes in Tags(lands).tags], address
        (script,) = parsed.all("script")[:-1]
        assert script["src"].endswith("gallery.js")
        assert parsed.all("script")[-1] == {"type": "application/ld+json"}
        assert not any(name.startswith("on") or name == "style" for _, attributes in parsed.tags for name in attributes)
        assert all(image["alt"] and int(image["width"]) > 0 and int(image["height"]) > 0 for image in parsed.all("img"))


def test_two_builds_give_the_same_bytes(tmp_path, out):
    build_site(out, tmp_path / "one")
    shutil.copytree(out, tmp_path / "elsewhere" / "out")
    build_site(tmp_path / "elsewhere" / "out", tmp_path / "two")
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")


def test_a_work_keeps_the_day_it_was_hung(tmp_path, render):
    work = render(tmp_path / "out" / "a.png")
    os.utime(work, (86400 * 365, 86400 * 365))
    build_site(tmp_path / "out", tmp_path / "gallery")
    work.touch()
    build_site(tmp_path / "out", tmp_path / "gallery")
    (page,) = (tmp_path / "gallery" / "works").iterdir()
    assert [time["datetime"] for time in Tags(page).all("time")] == ["1971-01-01T00:00:00Z"]
    assert "1 January 1971" in Tags(page).text


def test_the_works_themselves_are_copied_unchanged(tmp_path, out):
    build_site(out, tmp_path / "gallery")
    sources = sorted(path.read_bytes() for path in out.rglob("*") if path.suffix in (".png", ".mp4", ".gif"))
    assert sorted(path.read_bytes() for path in (tmp_path / "gallery" / "media").iterdir()) == sources


def test_a_thumbnail_has_the_shape_of_its_work(tmp_path, render):
    render(tmp_path / "out" / "tall.png", size=(1500, 600))
    build_site(tmp_path / "out", tmp_path / "gallery")
    sizes = [read_picture(path).shape[:2] for path in (tmp_path / "gallery" / "thumbs").iterdir()]
    assert sorted(set(sizes)) == [(320, 128), (640, 256)]
    assert len(sizes) == 2 * len(set(sizes))  # in both formats


@pytest.mark.parametrize(
    ("size", "expected"),
    [((100, 50), (100, 50)), ((900, 300), (450, 150)), ((300, 6000), (30, 600)), ((9000, 2), (450, 1))],
)
def test_a_thumbnail_fits_its_box_and_never_grows(size, expected):
    assert fit_box(size, (450, 600)) == expected


def test_a_film_page_plays_without_a_script_and_offers_both_files(tmp_path, out):
    build_site(out, tmp_path / "gallery")
    page = next(page for page in (tmp_path / "gallery" / "works").iterdir() if "<video" in page.read_text())
    parsed = Tags(page)
    (video,) = parsed.all("video")
    assert {"controls", "loop", "muted", "playsinline", "poster"} <= video.keys()
    assert "autoplay" not in video
    assert [link["download"] for link in parsed.all("a") if "media" in link["href"] and "download" in link] == [
        "loop.mp4",
        "loop.gif",
    ]
    assert "0.6 s, 6 frames at 10 a second" in parsed.text


def test_a_film_that_is_only_a_gif_holds_still_where_motion_is_unwanted(tmp_path, render):
    render(tmp_path / "out" / "loop.gif")
    build_site(tmp_path / "out", tmp_path / "gallery")
    (page,) = (tmp_path / "gallery" / "works").iterdir()
    parsed = Tags(page)
    assert not parsed.all("video")
    assert [source["media"] for source in parsed.all("source")] == ["(prefers-reduced-motion: reduce)"]


def test_a_page_tells_of_its_making(tmp_path, render):
    render(
        tmp_path / "out" / "a.png", variant={"intensity": 0.25}, params={"intensity": 0.5, "layer": "conv3"}, seed=4711
    )
    build_site(tmp_path / "out", tmp_path / "gallery")
    (page,) = (tmp_path / "gallery" / "works").iterdir()
    text = Tags(page).text
    for words in [
        "Tide",
        "intensity 0.25",
        "4711",
        "48 × 32 pixels",
        "conv3",
        "lisa.png",
        "abababababab",
        "load",
        "numpy 2.1.0",
    ]:
        assert words in text
    assert "0.5" not in text


def test_the_recipe_is_shown_and_offered_as_it_was_written(tmp_path, render):
    recipe = "\n\ntitle: <b>Tide</b>\n# é 🕯 {{ 7*7 }}\n"
    render(tmp_path / "out" / "a.png", recipe_text=recipe, recipe_name="../../évil")
    build_site(tmp_path / "out", tmp_path / "gallery")
    (copy,) = (tmp_path / "gallery" / "recipes").iterdir()
    assert copy.read_text(encoding="utf-8") == recipe
    assert re.fullmatch(r"evil-[0-9a-f]{8}\.yaml", copy.name)
    (page,) = (tmp_path / "gallery" / "works").iterdir()
    assert recipe in Tags(page).text
    assert not Tags(page).all("b")[1:]  # the one <b> is the step's name


def test_neighbours_lead_through_the_whole_gallery(tmp_path, out):
    build_site(out, tmp_path / "gallery")
    wall = tmp_path / "gallery" / "index.html"
    hung = [link["href"] for link in Tags(wall).all("a") if link["href"].startswith("works/")]
    walked = [hung[0]]
    while following := [link["href"] for link in Tags(wall.parent / walked[-1]).all("a") if link.get("rel") == "next"]:
        walked.append(following[0].removeprefix("../"))
    assert walked == hung
    assert not [link for link in Tags(wall.parent / hung[0]).all("a") if link.get("rel") == "prev"]


def test_the_series_marks_the_work_of_the_page(tmp_path, out):
    build_site(out, tmp_path / "gallery")
    for page in (tmp_path / "gallery" / "works").glob("tide-intensity*"):
        (current,) = [link["href"] for link in Tags(page).all("a") if link.get("aria-current") == "page"]
        assert current == f"../works/{page.name}"


def test_a_long_series_is_cut_around_its_work_and_leads_to_the_rest(tmp_path, render):
    for index in range(30):
        render(tmp_path / "out" / f"{index}.png", size=(4, 6), shade=index / 30, variant={"step": index})
    build_site(tmp_path / "out", tmp_path / "gallery")
    for page in (tmp_path / "gallery" / "works").iterdir():
        parsed = Tags(page)
        assert sum("title" in link and "works/" in link["href"] for link in parsed.all("a")) == 24
        assert sum(link.get("aria-current") == "page" for link in parsed.all("a")) == 1
        assert "All 30" in parsed.text
    middle = Tags(next((tmp_path / "gallery" / "works").glob("tide-step-15-*")))
    shown = {link["title"] for link in middle.all("a") if "title" in link}
    assert {"step 4", "step 14", "step 16", "step 26"} <= shown


def test_a_hostile_text_stays_text_wherever_it_stands(tmp_path, render):
    name = 'a "b" <i> 🕯 #1\'.png'
    render(
        tmp_path / "out" / name,
        title=HOSTILE,
        description=HOSTILE,
        alt=HOSTILE,
        recipe_text=HOSTILE,
        recipe_name=HOSTILE,
        output=HOSTILE,
        params={HOSTILE: HOSTILE},
        variant={HOSTILE: HOSTILE},
        packages={HOSTILE: HOSTILE},
        ingredients=[{"role": "model", "name": HOSTILE, "sha256": HOSTILE}],
        branch=[{"id": HOSTILE, "step": HOSTILE, "version": 1, "settings": {HOSTILE: HOSTILE}, "inputs": {}}],
    )
    build_site(tmp_path / "out", tmp_path / "gallery", title=HOSTILE)
    pages = list((tmp_path / "gallery").rglob("*.html"))
    assert len(pages) == 2
    for page in pages:
        parsed = Tags(page)
        assert [set(script) for script in parsed.all("script")] == [{"src", "defer", "blocking"}, {"type"}]
        assert not parsed.all("i")
        assert not [image for image in parsed.all("img") if image["src"] == "x"]
        assert not any(attribute.startswith("on") for _, attributes in parsed.tags for attribute in attributes)
        assert HOSTILE in parsed.text
    (work,) = (tmp_path / "gallery" / "works").iterdir()
    assert name in [link.get("download") for link in Tags(work).all("a")]


def test_every_page_forbids_whatever_is_not_its_own(tmp_path, out):
    build_site(out, tmp_path / "gallery")
    for page in (tmp_path / "gallery").rglob("*.html"):
        (policy,) = [meta["content"] for meta in Tags(page).all("meta") if "http-equiv" in meta]
        assert "default-src 'none'; script-src 'self' file:; style-src 'self' file: 'sha256-" in policy
        assert "unsafe" not in policy
        assert "connect-src" not in policy
        style = re.search(r"<style>(.*?)</style>", page.read_text(encoding="utf-8"), re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


@pytest.mark.parametrize(
    ("licence", "links"),
    [
        ("https://creativecommons.org/licenses/by/4.0/", ["https://creativecommons.org/licenses/by/4.0/"]),
        ("javascript:alert(1)", []),
        ('https://x/" onclick=alert(1)', []),
        ("CC BY 4.0", []),
    ],
)
def test_a_licence_that_is_an_address_can_be_gone_to(tmp_path, render, licence, links):
    render(tmp_path / "out" / "a.png", licence=licence)
    (page,) = (build_site(tmp_path / "out", tmp_path / "gallery").folder / "works").iterdir()
    assert [link["href"] for link in Tags(page).all("a") if link.get("rel") == "license"] == links
    assert licence in Tags(page).text


def test_two_works_of_one_title_have_two_pages(tmp_path, render):
    for index in range(2):
        render(tmp_path / "out" / f"{index}.png", shade=index, title="Same", key=str(index))
    assert build_site(tmp_path / "out", tmp_path / "gallery").num_works == 2
    assert len(list((tmp_path / "gallery" / "works").iterdir())) == 2


def test_two_recipes_of_one_slug_have_two_anchors(tmp_path, render):
    for index, name in enumerate(["tide!", "tide?"]):
        render(tmp_path / "out" / f"{index}.png", recipe_name=name)
    build_site(tmp_path / "out", tmp_path / "gallery")
    ids = [section["id"] for section in Tags(tmp_path / "gallery" / "index.html").all("section")]
    assert sorted(ids) == ["found", "tide", "tide--2"]


def test_a_work_that_is_cut_short_is_named_and_left_out(tmp_path, out, render):
    for name, work in {
        "cut.png": render(out / "cut.png", size=(64, 64), key="c"),
        "cut.mp4": render(out / "cut.mp4", key="d"),
    }.items():
        whole = work.read_bytes()
        (out / name).write_bytes(whole[: len(whole) * 3 // 5])
    (out / "empty.gif").touch()
    write_sidecar(out / "empty.gif", read_sidecar(out / "tide" / "loop.gif").model_copy(update={"key": "e"}))
    built = build_site(out, tmp_path / "gallery")
    assert built.num_works == 5
    assert [
        name for name in ["cut.mp4", "cut.png", "empty.gif"] if sum(name in warning for warning in built.warnings) == 1
    ] == [
        "cut.mp4",
        "cut.png",
        "empty.gif",
    ]


def test_a_work_whose_film_is_damaged_is_shown_by_its_gif(tmp_path, out):
    (out / "tide" / "loop.mp4").write_bytes(b"no film")
    built = build_site(out, tmp_path / "gallery")
    assert built.num_works == 5
    assert len(built.warnings) == 1
    assert "loop.mp4" in built.warnings[0]
    assert not any("<video" in page.read_text() for page in (tmp_path / "gallery" / "works").iterdir())


def test_an_empty_source_is_said_and_nothing_is_made(tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(UsageError, match=r"no works in .*out"):
        build_site(tmp_path / "out", tmp_path / "gallery")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_source_of_damaged_works_names_them(tmp_path, render):
    render(tmp_path / "out" / "bad.png").write_bytes(b"bad")
    with pytest.raises(UsageError, match=r"no works in(.|\n)*bad\.png"):
        build_site(tmp_path / "out", tmp_path / "gallery")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_missing_source_is_said(tmp_path):
    with pytest.raises(UsageError, match="there is no such folder"):
        build_site(tmp_path / "nowhere", tmp_path / "gallery")


@pytest.mark.parametrize("target", [".", "..", "../out"])
def test_a_gallery_never_replaces_its_own_sources(tmp_path, out, target):
    before = files_of(tmp_path)
    with pytest.raises(UsageError, match="would replace its own sources"):
        build_site(out, out / target)
    assert files_of(tmp_path) == before


def test_a_gallery_inside_its_source_is_not_its_own_source(tmp_path, out):
    first = build_site(out, out / "gallery")
    again = build_site(out, out / "gallery")
    assert (first.num_works, again.num_works, again.warnings) == (5, 5, ())


@pytest.mark.parametrize("name", ["thesis.txt", ".hidden"])
def test_a_folder_that_is_not_ours_is_left_as_it_is(tmp_path, out, name):
    (tmp_path / "gallery").mkdir()
    (tmp_path / "gallery" / name).write_text("mine")
    with pytest.raises(UsageError, match="not empty and not a gallery"):
        build_site(out, tmp_path / "gallery")
    assert files_of(tmp_path / "gallery") == {name: b"mine"}


def test_an_empty_folder_is_taken_and_a_file_is_not(tmp_path, out):
    (tmp_path / "gallery").mkdir()
    assert build_site(out, tmp_path / "gallery").index.is_file()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        build_site(out, tmp_path / "file")


def test_a_new_build_leaves_nothing_of_the_old(tmp_path, out):
    build_site(out, tmp_path / "gallery")
    for path in out.rglob("still-*"):
        path.unlink()
    assert build_site(out, tmp_path / "gallery").num_works == 2
    assert len(list((tmp_path / "gallery" / "works").iterdir())) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gallery", "out"]


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt(), MemoryError()])
def test_a_build_that_fails_leaves_the_old_gallery_whole(tmp_path, out, monkeypatch, fault):
    def fail(*_):
        raise fault

    build_site(out, tmp_path / "gallery")
    before = files_of(tmp_path / "gallery")
    monkeypatch.setattr(site_module, "text_files", fail)
    with pytest.raises(OutputError if isinstance(fault, OSError) else type(fault)):
        build_site(out, tmp_path / "gallery")
    assert files_of(tmp_path / "gallery") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gallery", "out"]


def test_a_swap_that_fails_puts_the_old_gallery_back(tmp_path, out, monkeypatch):
    build_site(out, tmp_path / "gallery")
    before = files_of(tmp_path / "gallery")
    rename = Path.rename

    def rename_all_but_the_new(path, target):
        if ".building-" in path.name:
            raise OSError(18, "Invalid cross-device link")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", rename_all_but_the_new)
    with pytest.raises(OutputError, match="untouched"):
        build_site(out, tmp_path / "gallery")
    assert files_of(tmp_path / "gallery") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gallery", "out"]


def test_a_link_to_a_gallery_stays_a_link(tmp_path, out):
    build_site(out, tmp_path / "real")
    (tmp_path / "gallery").symlink_to(tmp_path / "real")
    build_site(out, tmp_path / "gallery")
    assert (tmp_path / "gallery").is_symlink()
    assert (tmp_path / "real" / "index.html").is_file()


def test_the_site_can_be_read_by_others(tmp_path, out):
    mask = os.umask(0o022)
    try:
        build_site(out, tmp_path / "gallery")
    finally:
        os.umask(mask)
    assert (tmp_path / "gallery").stat().st_mode & 0o777 == 0o755


def test_no_absolute_path_stands_in_the_site(tmp_path, out):
    build_site(out, tmp_path / "gallery")
    assert not [name for name, content in files_of(tmp_path / "gallery").items() if str(tmp_path).encode() in content]
