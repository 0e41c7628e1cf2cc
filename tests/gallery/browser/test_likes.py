"""A served gallery: works are liked from its pages, and a page comes again by itself when there is a new work."""

from __future__ import annotations

import shutil

import pytest
from browser_pages import eventually, served

from artforge.gallery.likes import Likes
from artforge.gallery.session import Session
from artforge.gallery.site import build_site
from artforge.gallery.watching import Watch


@pytest.fixture
def studio(works, tmp_path, monkeypatch):
    """Works of its own, a site, and where likes are kept: (folder of works, watch, likes, address)."""
    monkeypatch.setattr("artforge.gallery.watching.LOOK_SECONDS", 0.05)
    own = tmp_path / "out"
    own.mkdir()
    for name in ("0.png", "1.png", "2.png"):
        for path in (works / name, works / f"{name}.json"):
            shutil.copy2(path, own)
    site = tmp_path / "gallery"
    watch = Watch(own, (), lambda: bool(build_site(own, site)))
    build_site(own, site)
    likes = Likes(tmp_path / "liked", own, lambda record, _: (f"artforge: 1\ntitle: {record.title}\n", ()))
    session = Session(likes, lambda: watch.number)
    with watch, served(site, session) as address:
        yield own, likes, address


def test_a_work_is_liked_from_its_page_and_from_the_wall(studio, page):
    _, likes, address = studio
    page.goto(f"{address}/index.html")
    page.locator(".card a").first.click()
    page.wait_for_url("**/works/*.html")
    page.get_by_role("button", name="Like").click()
    button = page.get_by_role("button", name="Liked")
    button.wait_for()
    assert button.get_attribute("aria-pressed") == "true"
    (liked,) = likes.ids()
    assert page.locator("main").get_attribute("data-work") == liked
    assert f"{liked}.yaml" in page.locator(".notice").inner_text()
    page.keyboard.press("Escape")
    page.wait_for_url("**/index.html#w-*")
    page.locator(".card.liked").wait_for()
    page.keyboard.press("l")
    assert eventually(lambda: likes.ids() == [])
    assert eventually(lambda: page.locator(".card.liked").count() == 0)


def test_liked_works_are_found(studio, page):
    _, likes, address = studio
    page.goto(f"{address}/index.html")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("l")
    assert eventually(lambda: len(likes.ids()) == 1)
    page.goto(f"{address}/index.html#liked=yes")
    page.locator("#found-title").filter(has_text="1 work").wait_for()
    assert page.get_by_label("Liked only").is_checked()


def test_a_new_work_appears_by_itself(studio, page, works):
    own, _, address = studio
    page.goto(f"{address}/index.html")
    assert page.locator("section.recipe .card").count() == 3
    for path in (works / "3.png", works / "3.png.json"):
        shutil.copy(path, own)
    assert eventually(lambda: page.locator("section.recipe .card").count() == 4)


def test_a_static_page_has_no_likes(page, open_work):
    open_work(page, "tide-intensity-0-5")
    assert page.get_by_role("button", name="Like").count() == 0
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.keyboard.press("l")
    page.wait_for_timeout(200)
    assert not [url for url in requests if "/-/" in url]


def test_another_page_cannot_like_in_ones_name(studio, browser, site):
    """A page of another origin: neither its requests nor its frames reach what is behind the token."""
    _, likes, address = studio
    with served(site) as stranger:
        page = browser.new_page()
        page.goto(f"{stranger}/style.css")
        answers = page.evaluate(
            """async address => {
                const wish = JSON.stringify({ work: "000000000000", liked: true });
                const tries = [
                    fetch(`${address}/-/state`),
                    fetch(`${address}/index.html`),
                    fetch(`${address}/-/like`, { method: "POST", body: wish, headers: { "X-Artforge-Token": "a" } }),
                    fetch(`${address}/-/like`, { method: "POST", body: wish, mode: "no-cors" }),
                ];
                return (await Promise.allSettled(tries)).map(({ status, value }) => value?.type ?? status);
            }""",
            address,
        )
        page.close()
    assert answers[:3] == ["rejected"] * 3
    assert answers[3] in ("opaque", "rejected")
    assert likes.ids() == []
