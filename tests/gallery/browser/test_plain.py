"""Without a script every page is whole: pictures, films, the ways between pages, and no control that is dead."""

from __future__ import annotations

import pytest
from browser_pages import BOTH, HOSTILE, PHONE, eventually, overflow

NUM_WORKS = 12
PICTURES = "img:not(video img)"  # inside a video stands what a browser without films shows


def see_all(page):
    """Bring every lazy picture into view; the width of each in pixels, 0 for one that never came."""
    pictures = page.locator(PICTURES)
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
    return eventually(lambda: pictures.evaluate_all("images => images.map(image => image.naturalWidth)"), all)


@BOTH
def test_the_wall_shows_every_work_and_leads_to_it(plain, base):
    plain.goto(f"{base}/index.html")
    widths = see_all(plain)
    assert len(widths) == NUM_WORKS
    assert all(width > 0 for width in widths)
    shapes = plain.locator(".picture img").evaluate_all(
        "images => images.map(i => [i.clientWidth / i.clientHeight, i.naturalWidth / i.naturalHeight])"
    )
    assert all(abs(shown / real - 1) < 0.02 for shown, real in shapes)
    plain.get_by_text("intensity 0.5", exact=True).first.click()
    plain.wait_for_url("**/works/*.html")
    assert plain.locator("h1").inner_text() == "Tide"
    assert plain.locator(".variant").inner_text() == "intensity 0.5"
    assert all(width > 0 for width in see_all(plain))


def test_nothing_of_the_script_shows_without_it(plain, base):
    plain.goto(f"{base}/index.html")
    assert not plain.locator("#tools, #found").first.is_visible()
    plain.get_by_text("intensity 0.5", exact=True).first.click()
    plain.wait_for_url("**/works/*.html")
    assert [plain.locator(place).is_visible() for place in ("#tools", "#compare", "#series-slider")] == [False] * 3
    assert plain.locator("#stages li").count() == 3
    assert plain.locator("button, dialog").count() == 0


@BOTH
def test_a_film_has_a_length_and_can_be_sought(plain, base):
    plain.goto(f"{base}/index.html")
    plain.locator("section.recipe .card[data-film] a").click()
    plain.wait_for_url("**/works/*.html")
    video = plain.locator("video")
    facts = eventually(
        lambda: video.evaluate("film => [film.readyState, film.duration, film.videoWidth]"), lambda facts: facts[0] > 0
    )
    assert facts[1:] == pytest.approx([0.6, 160], abs=0.02)
    video.evaluate("film => { film.currentTime = 0.4 }")
    assert eventually(lambda: video.evaluate("film => !film.seeking && film.currentTime")) == pytest.approx(
        0.4, abs=0.02
    )


@BOTH
def test_a_picture_opens_the_full_file(plain, base):
    plain.goto(f"{base}/index.html")
    plain.get_by_text("intensity 1", exact=True).first.click()
    plain.wait_for_url("**/works/*.html")
    plain.locator("#piece a").click()
    plain.wait_for_url("**/media/*.png")


@pytest.mark.parametrize("size", [PHONE, {"viewport": {"width": 1440, "height": 900}}], ids=["phone", "desktop"])
@pytest.mark.parametrize("script", [True, False], ids=["scripted", "plain"])
def test_nothing_is_wider_than_the_window(open_page, site, size, script):
    page = open_page(**size, java_script_enabled=script)
    pages = {path.name.rpartition("-")[0]: path for path in (site / "works").iterdir()}
    for path in [site / "index.html", pages["tide-intensity-0-5"], pages["large"], next(site.glob("works/img-src*"))]:
        page.goto(path.as_uri())
        page.locator("select option, #series-slider label, #series-slider output").evaluate_all(
            "all => all.forEach(one => { one.textContent += 'W'.repeat(99) })"
        )
        assert overflow(page) == 0, path.name


@BOTH
@pytest.mark.parametrize("script", [True, False], ids=["scripted", "plain"])
def test_hostile_texts_stay_texts(open_page, base, script):
    page = open_page(java_script_enabled=script)
    page.goto(f"{base}/index.html")
    card = page.locator("section.recipe .card").filter(has=page.locator("[alt*=onerror]"))
    assert "<img src=x" in card.inner_text()
    assert page.title() == "Prints"
    card.locator("a").click()
    page.wait_for_url("**/works/*.html")
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.locator("#piece img").get_attribute("alt") == HOSTILE
    assert page.title().startswith(HOSTILE)
    assert "</code></pre><script>" in page.locator("#recipe").inner_text()
    assert page.locator("script:not([src], [type='application/ld+json']), img[src=x]").count() == 0


@BOTH
def test_the_policy_lets_no_foreign_script_run(page, base):
    page.goto(f"{base}/index.html")
    blocked = page.evaluate(
        """() => new Promise(done => {
            document.addEventListener("securitypolicyviolation", event => done(event.effectiveDirective));
            const script = document.createElement("script");
            script.textContent = "document.title = 'broken'";
            document.head.append(script);
        })"""
    )
    assert blocked == "script-src-elem"
    assert page.title() == "Prints"


@pytest.fixture(autouse=True)
def _own_complaint_is_expected(request, open_page):
    """The test that breaks the policy on purpose is told so by the browser."""
    yield
    if request.node.originalname == "test_the_policy_lets_no_foreign_script_run":
        assert len(open_page.complaints) == 1
        open_page.complaints.clear()
