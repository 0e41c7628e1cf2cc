"""Every page can be walked by keys alone, and by fingers."""

from __future__ import annotations

from browser_pages import BOTH, PHONE, eventually, focused


def box_of_focus(page):
    return page.evaluate("(({left, top}) => ({left, top}))(document.activeElement.getBoundingClientRect())")


def test_arrows_walk_the_wall(page, base):
    page.goto(f"{base}/index.html")
    cards = page.locator("section.recipe .card > a")
    texts = [text.strip() for text in cards.all_inner_texts()]
    page.keyboard.press("ArrowRight")
    assert focused(page) == texts[0]
    page.keyboard.press("End")
    assert focused(page) == texts[-1]
    page.keyboard.press("ArrowRight")
    assert focused(page) == texts[-1]
    page.keyboard.press("ArrowLeft")
    assert focused(page) == texts[-2]
    page.keyboard.press("Home")
    assert focused(page) == texts[0]
    page.keyboard.press("ArrowDown")
    below = box_of_focus(page)
    page.keyboard.press("ArrowUp")
    above = box_of_focus(page)
    assert below["top"] != above["top"]
    assert focused(page) == texts[0]
    page.keyboard.press("Enter")
    page.wait_for_url("**/works/*.html")


@BOTH
def test_arrows_walk_from_work_to_work_and_escape_leads_back_to_its_place(page, open_work):
    open_work(page, "tide-intensity-0-5")
    for key, expected in (("ArrowRight", "0.75"), ("ArrowLeft", "0.5"), ("End", "1"), ("Home", "0")):
        page.keyboard.press(key)
        page.locator(".variant").filter(has_text=f"intensity {expected}").wait_for()
    page.keyboard.press("Escape")
    page.wait_for_url("**/index.html#w-*")
    assert eventually(lambda: focused(page)) == "intensity 0"


def test_search_is_one_key_away_and_escape_leaves_it(page, base):
    page.goto(f"{base}/index.html")
    page.keyboard.press("/")
    page.keyboard.type("tide?d")
    assert page.get_by_role("searchbox").input_value() == "tide?d"
    assert page.locator("dialog[open]").count() == 0
    page.wait_for_url("**/index.html#*q=*")
    page.keyboard.press("Escape")
    page.locator("section.recipe").first.wait_for()
    assert page.get_by_role("searchbox").input_value() == ""


def test_help_lists_the_keys_and_gives_the_focus_back(page, base):
    page.goto(f"{base}/index.html")
    page.keyboard.press("ArrowRight")
    before = focused(page)
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    assert "search" in dialog.inner_text()
    assert focused(page) == "Close"
    page.keyboard.press("ArrowRight")
    assert focused(page) == "Close"
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert focused(page) == before
    page.get_by_role("button", name="Keys").click()
    dialog.get_by_role("button", name="Close").click()
    assert not dialog.is_visible()


def test_tab_goes_through_the_page_in_the_order_it_is_read(page, base):
    page.goto(f"{base}/index.html")
    page.keyboard.press("Tab")
    assert focused(page).startswith("Skip to")
    tops = []
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        tops.append(
            page.evaluate(
                """() => {
                    const here = document.activeElement;
                    return [...document.querySelectorAll("a, button, input, select, summary")].indexOf(here);
                }"""
            )
        )
    assert tops == sorted(tops)
    assert len(tops) >= 15


def test_keys_of_the_browser_are_left_to_it(page, base):
    page.goto(f"{base}/index.html")
    page.keyboard.press("Control+d")
    page.keyboard.press("Alt+ArrowRight")
    assert page.locator("html").get_attribute("data-theme") is None
    assert page.evaluate("document.activeElement === document.body")


SWIPE = """([piece, across]) => {
    const touch = (x) => new Touch({ identifier: 1, target: piece, clientX: x, clientY: 300 });
    const send = (name, x, held) => piece.dispatchEvent(new TouchEvent(name, {
        bubbles: true, touches: held ? [touch(x)] : [], changedTouches: [touch(x)],
    }));
    send("touchstart", 200, true);
    send("touchend", 200 + across, false);
}"""


def test_a_swipe_turns_to_the_next_work(open_page, open_work):
    page = open_page(**PHONE)
    open_work(page, "tide-intensity-0-5")
    piece = page.locator("#piece").element_handle()
    page.evaluate(SWIPE, [piece, -40])
    page.evaluate(SWIPE, [piece, -150])
    page.locator(".variant").filter(has_text="intensity 0.75").wait_for()
    page.evaluate(SWIPE, [page.locator("#piece").element_handle(), 150])
    page.locator(".variant").filter(has_text="intensity 0.5").wait_for()
