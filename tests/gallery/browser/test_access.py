"""axe-core finds nothing to complain of, on any kind of page, in any state, in light and dark."""

from __future__ import annotations

import pytest
from browser_pages import PHONE, miss

THEMES = ["light", "dark"]


@pytest.fixture
def check():
    """`check(page)` runs axe-core on the page as it stands."""
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        miss("the Python package axe-playwright-python is not installed")

    def run(page):
        results = Axe().run(page, options={"preload": False})  # the policy lets nothing be fetched
        assert results.violations_count == 0, results.generate_report()

    return run


@pytest.mark.parametrize("theme", THEMES)
def test_the_wall_is_open_to_all(open_page, site, check, theme):
    page = open_page(color_scheme=theme)
    page.goto((site / "index.html").as_uri())
    check(page)


@pytest.mark.parametrize("theme", THEMES)
def test_what_is_found_is_open_to_all(open_page, site, check, theme):
    page = open_page(color_scheme=theme)
    page.goto(f"{site.as_uri()}/index.html#recipe=tide&sort=title")
    page.locator("#found-title").filter(has_text="9 works").wait_for()
    page.locator("#found-works a").first.focus()
    check(page)
    page.keyboard.press("?")
    check(page)


@pytest.mark.parametrize("theme", THEMES)
def test_a_work_is_open_to_all(open_page, check, theme, open_work):
    page = open_page(color_scheme=theme)
    open_work(page, "tide-intensity-0-75")
    check(page)
    page.get_by_role("slider", name="intensity").focus()
    page.keyboard.press("End")
    check(page)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Home")
    page.locator(".variant").filter(has_text="intensity 0").wait_for()
    page.keyboard.press("z")
    page.locator("dialog.zoom[open]").wait_for()
    check(page)


@pytest.mark.parametrize("name", ["odd", "film"])
def test_odd_works_and_films_are_open_to_all_on_a_phone(open_page, site, check, name):
    page = open_page(**PHONE)
    page.goto((site / "index.html").as_uri())
    check(page)
    page.locator(
        {"odd": "section.recipe .card:has([alt*=onerror]) a", "film": ".card[data-film] a"}[name]
    ).first.click()
    page.wait_for_url("**/works/*.html")
    check(page)


def test_nothing_shifts_while_a_page_comes_in(page, site):
    for address in ("index.html", "index.html#recipe=tide"):
        page.goto("about:blank")
        page.goto(f"{site.as_uri()}/{address}")
        page.locator(".card img").first.evaluate("image => image.decode()")
        page.wait_for_timeout(200)
        shift = page.evaluate(
            """() => new Promise(done => {
                let sum = 0;
                new PerformanceObserver(list => { for (const one of list.getEntries()) sum += one.value; })
                    .observe({ type: "layout-shift", buffered: true });
                setTimeout(() => done(sum), 50);
            })"""
        )
        assert shift < 0.05, address


def test_pictures_below_the_fold_wait(page, site):
    page.goto((site / "index.html").as_uri())
    lazy = page.locator("section.recipe img").evaluate_all("images => images.map(image => image.loading)")
    assert lazy.count("lazy") >= len(lazy) - 4
