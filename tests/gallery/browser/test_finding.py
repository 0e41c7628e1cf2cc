"""Finding works: by words, by what they are made with, in an order; all of it in the address."""

from __future__ import annotations

import json
import re

import pytest
from browser_pages import BOTH, HOSTILE, PATIENCE_S, eventually, focused

TITLE = "#found-title"


def names(page):
    """What stands under the works that were found, in their order."""
    return page.locator("#found-works .name").all_inner_texts()


def find(page, words):
    page.get_by_role("searchbox").fill(words)
    page.wait_for_url(re.compile("#.*q=" if words else "[^=]*$"))


@BOTH
def test_words_find_what_has_them_all(page, base):
    page.goto(f"{base}/index.html")
    find(page, "TIDE intensity 0.75")
    page.locator(TITLE).filter(has_text=re.compile("^1 work$")).wait_for()
    assert names(page) == ["Tide, intensity 0.75"]
    assert not page.locator("section.recipe").first.is_visible()
    assert page.locator("#status").inner_text() == "1 work found"
    page.locator("#found-works img").evaluate("image => image.decode()")
    page.get_by_role("button", name="Clear").click()
    assert page.locator("section.recipe").first.is_visible()
    assert "=" not in page.url


def test_nothing_found_says_so(page, base):
    page.goto(f"{base}/index.html")
    find(page, "no such work")
    page.locator(TITLE).filter(has_text="Nothing found").wait_for()
    assert names(page) == []


def test_a_view_is_shared_by_its_address(page, open_page, base):
    page.goto(f"{base}/index.html")
    page.get_by_role("button", name="Filter").click()
    page.get_by_label("Recipe", exact=True).select_option("tide")
    page.get_by_label("Format", exact=True).select_option("png")
    page.get_by_label("Sort", exact=True).select_option("title")
    page.wait_for_url("**/index.html#*sort=title*")
    shown = names(page)
    assert len(shown) == 8
    other = open_page()
    other.goto(page.url)
    other.locator(TITLE).filter(has_text="8 works").wait_for()
    assert names(other) == shown
    assert other.get_by_label("Recipe", exact=True).input_value() == "tide"
    assert other.get_by_label("Format", exact=True).input_value() == "png"
    assert other.get_by_label("Sort", exact=True).input_value() == "title"


def test_a_class_is_called_by_its_words(page, base):
    page.goto(f"{base}/index.html#class=hand_made")
    page.locator(TITLE).filter(has_text="6 works").wait_for()
    assert page.get_by_label("Class", exact=True).locator("option").all_inner_texts() == ["All", "hand made (6)"]


def test_every_choice_says_how_many_works_it_leaves(page, base):
    page.goto(f"{base}/index.html#recipe=tide")
    page.locator(TITLE).filter(has_text="9 works").wait_for()
    options = page.get_by_label("Format", exact=True).locator("option").all_inner_texts()
    assert options == ["All", "gif (1)", "mp4 (1)", "png (8)"]
    recipes = page.get_by_label("Recipe", exact=True).locator("option").all_inner_texts()
    assert "Tide (9)" in recipes
    assert len(recipes) == 5


@BOTH
def test_back_goes_back_in_what_was_looked_for(page, base):
    page.goto(f"{base}/index.html")
    page.get_by_role("button", name="Filter").click()
    for suffix in ("gif", "png"):
        page.get_by_label("Format", exact=True).select_option(suffix)
        page.wait_for_url(f"**/index.html#*{suffix}*")
    page.go_back()
    page.locator(TITLE).filter(has_text="2 works").wait_for()
    page.go_back()
    page.locator("section.recipe").first.wait_for()
    page.go_forward()
    page.locator(TITLE).filter(has_text="2 works").wait_for()


def test_works_are_sorted_by_number_and_unknown_ones_come_last(page, base):
    page.goto(f"{base}/index.html#recipe=tide&format=png&q=intensity&sort=title")
    page.locator(TITLE).filter(has_text="5 works").wait_for()
    assert names(page) == [f"Tide, intensity {value}" for value in ("0", "0.25", "0.5", "0.75", "1")]
    orders = page.evaluate(
        """() => {
            const [one, two, three] = window.artforgeWorks.works;
            one.probability = 0.25; two.probability = null; three.probability = 0.75;
            one.date = "2026-01-02"; two.date = "2026-01-03"; three.date = "2026-01-01";
            window.artforgeWorks.works.splice(3);
            return [one, two, three].map(work => work.id);
        }"""
    )
    one, two, three = orders
    expected = {
        "certain": [three, one, two], "doubtful": [one, three, two], "newest": [two, one, three],
        "oldest": [three, one, two],
    }  # fmt: skip
    for sort, ids in expected.items():
        page.evaluate("sort => { location.hash = `#sort=${sort}` }", sort)
        assert eventually(page.get_by_label("Sort", exact=True).input_value, lambda value, sort=sort: value == sort)
        found = page.locator("#found-works .card").evaluate_all("cards => cards.map(card => card.dataset.work)")
        assert found == ids, sort


def test_a_hostile_title_is_found_as_text(page, base):
    page.goto(f"{base}/index.html#q=onerror")
    page.locator(TITLE).filter(has_text="1 work").wait_for()
    assert names(page)[0].startswith(HOSTILE)
    assert page.locator("#found-works img").get_attribute("alt") == HOSTILE
    page.locator("#found-works img").evaluate("image => image.decode()")
    assert page.title() == "Prints"


@pytest.mark.parametrize(
    "anchor",
    [
        "#q=%E0%A4%A",
        "#page=-3&q=t",
        "#page=1e9&sort=evil&q=t",
        "#recipe=__proto__",
        "#constructor=1&q=t",
        "#=",
        "#a=b",
        "#tide",
    ],
)
def test_no_address_breaks_the_page(page, base, anchor):
    page.goto(f"{base}/index.html{anchor}")
    page.get_by_role("searchbox").wait_for()
    assert page.locator("section.recipe").first.is_visible() or page.locator("#found").is_visible()


@BOTH
def test_previous_and_next_lead_through_what_was_found_and_back(page, base):
    page.goto(f"{base}/index.html#recipe=tide&format=png&q=intensity&sort=title")
    page.locator(TITLE).filter(has_text="5 works").wait_for()
    page.locator("#found-works a").nth(1).click()
    page.wait_for_url("**/works/*.html#find=*")
    page.locator("nav.path a[rel=prev][href*=find]").wait_for()
    page.keyboard.press("ArrowRight")
    page.locator(".variant").filter(has_text="intensity 0.5").wait_for()
    page.locator("nav.path a[rel=up][href*=at]").wait_for()
    page.keyboard.press("Escape")
    page.wait_for_url("**/index.html#*recipe=tide*")
    page.locator(TITLE).filter(has_text="5 works").wait_for()
    assert eventually(lambda: focused(page)) == "Tide, intensity 0.5"
    assert "&at=" not in page.url


def test_thousands_are_found_page_by_page(open_page, site, tmp_path):
    """5,000 works over file://: the list is read, sorted and searched, and no page holds more than 60."""
    for path in site.iterdir():
        if path.name != "works.js":
            (tmp_path / path.name).symlink_to(path)
    listed = json.loads((site / "works.js").read_text(encoding="utf-8").partition("=")[2].strip().rstrip(";"))
    some = [work for work in listed["works"] if not work["film"]]
    works = [{**some[index % len(some)], "id": f"{index:012x}", "name": f"number {index}"} for index in range(5000)]
    text = f"window.artforgeWorks = {json.dumps({**listed, 'works': works})};"
    (tmp_path / "works.js").write_text(text, encoding="utf-8")
    page = open_page()
    page.goto(f"{tmp_path.as_uri()}/index.html#q=number&sort=title")
    page.locator(TITLE).filter(has_text="5,000 works").wait_for()
    assert page.evaluate("performance.now()") < 1000 * PATIENCE_S
    assert page.locator("#found-works .card").count() == 60
    page.locator(".found-pages a[rel=next]").click()
    page.locator(".found-pages .place").filter(has_text="2 of 84").wait_for()
    assert focused(page) == "5,000 works"
    took = page.evaluate(
        """() => new Promise(done => {
            const title = document.getElementById("found-title");
            const begun = performance.now();
            new MutationObserver(() => done(performance.now() - begun)).observe(title, { childList: true });
            location.hash = "#q=number+4999";
        })"""
    )
    assert took < 3000  # a tenth of a second on a machine with nothing else to do
    assert len(names(page)) == 1
