"""The site for machines, and as one file."""

import html
import json
import os
import re
import zipfile
from xml.etree import ElementTree

import pytest
from gallery_pages import Tags

from artforge.core.errors import UsageError
from artforge.gallery.archive import zip_site
from artforge.gallery.highlight import highlight
from artforge.gallery.site import build_site

ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
BASE = "https://example.org/art"
ODD = "Tide <&> \x00\x0b ]]> 🕯"


def tree_of(path):
    return ElementTree.parse(path).getroot()  # noqa: S314 - what was just written


@pytest.fixture
def out(tmp_path, render):
    for index in range(3):
        path = render(tmp_path / "out" / f"{index}.png", shade=index / 3, title=ODD, variant={"step": index})
        os.utime(path, (86400 * (index + 1), 86400 * (index + 1)))
    return tmp_path / "out"


def test_the_feed_has_the_latest_first_and_whole_addresses(tmp_path, out):
    site = build_site(out, tmp_path / "site", base_url=BASE).folder
    feed = tree_of(site / "feed.xml")
    entries = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}updated") for entry in entries] == [f"1970-01-0{day}T00:00:00Z" for day in (4, 3, 2)]
    assert feed.findtext(f"{ATOM}updated") == "1970-01-04T00:00:00Z"
    assert entries[0].findtext(f"{ATOM}title") == "Tide <&>  ]]> 🕯, step 2"
    assert len({entry.findtext(f"{ATOM}id") for entry in entries}) == 3
    for entry in entries:
        address = entry.find(f"{ATOM}link").get("href")
        assert (site / address.removeprefix(f"{BASE}/")).is_file()
        (picture,) = re.findall(r'src="(.*?)"', entry.findtext(f"{ATOM}content"))
        assert (site / picture.removeprefix(f"{BASE}/")).is_file()


def test_a_new_work_leaves_the_feed_the_same_feed(tmp_path, out, render):
    before = tree_of(build_site(out, tmp_path / "site").folder / "feed.xml").findtext(f"{ATOM}id")
    render(out / "new.png", shade=0.9, variant={"step": 9})
    assert tree_of(build_site(out, tmp_path / "site").folder / "feed.xml").findtext(f"{ATOM}id") == before


def test_a_feed_without_a_base_url_leads_to_the_files_beside_it(tmp_path, out):
    site = build_site(out, tmp_path / "site").folder
    links = tree_of(site / "feed.xml").findall(f".//{ATOM}link")
    assert all((site / link.get("href")).is_file() for link in links)
    assert not (site / "sitemap.xml").exists()


def test_the_sitemap_names_every_page(tmp_path, out):
    site = build_site(out, tmp_path / "site", base_url=BASE).folder
    named = [element.text for element in tree_of(site / "sitemap.xml").iter(f"{MAP}loc")]
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert sorted(named) == sorted(f"{BASE}/{'' if page == 'index.html' else page}" for page in pages)


def test_a_shared_link_shows_the_picture(tmp_path, out):
    site = build_site(out, tmp_path / "site", base_url=BASE).folder
    for page in site.rglob("*.html"):
        told = {tag["property"]: tag["content"] for tag in Tags(page).all("meta") if "property" in tag}
        assert (site / told["og:image"].removeprefix(f"{BASE}/")).is_file()
        assert (site / (told["og:url"].removeprefix(f"{BASE}/") or "index.html")) == page
        assert told["og:title"]


def test_a_work_is_told_in_the_words_of_schema_org(tmp_path, out):
    site = build_site(out, tmp_path / "site").folder
    for page in (site / "works").iterdir():
        text = re.search(r'<script type="application/ld\+json">(.*?)</script>', page.read_text(), re.DOTALL)[1]
        told = json.loads(text)
        assert told["@type"] == "VisualArtwork"
        assert (told["width"]["value"], told["height"]["value"]) == (48, 32)
        assert (page.parent / told["associatedMedia"]["contentUrl"]).is_file()


def test_a_zip_holds_the_site_under_one_folder_and_is_the_same_each_time(tmp_path, out):
    site = build_site(out, tmp_path / "site").folder
    first = zip_site(site, tmp_path / "one.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        names = archive.namelist()
        assert archive.read("site/index.html") == (site / "index.html").read_bytes()
    assert sorted(names) == sorted(
        f"site/{p.relative_to(site).as_posix()}" for p in site.rglob("*.*") if p.name[0] != "."
    )
    os.utime(site / "index.html", (1, 1))
    assert zip_site(site, tmp_path / "two.zip").read_bytes() == first


def test_only_a_gallery_is_zipped_and_never_into_itself(tmp_path, out):
    with pytest.raises(UsageError, match="no gallery here"):
        zip_site(out, tmp_path / "out.zip")
    site = build_site(out, tmp_path / "site").folder
    with pytest.raises(UsageError, match="lies inside"):
        zip_site(site, site / "site.zip")


@pytest.mark.parametrize(
    "recipe",
    ["\n\na: 1\n", "a: 1\r\nb: 2", "", "no newline", "\ta: {", "k: '$x' # <b>\n", "x: &a [*a]\n\x85", "é: 🕯\n\n"],
)
def test_a_recipe_in_colours_is_the_recipe(recipe):
    assert html.unescape(re.sub("<[^>]*>", "", highlight(recipe))) == recipe


def test_keys_references_texts_and_comments_have_their_colours():
    marked = highlight("steps: $art # <b>\n")
    assert '<span class="k">steps</span>' in marked
    assert '<span class="r">$art</span>' in marked
    assert '<span class="c"># &lt;b&gt;</span>' in marked
