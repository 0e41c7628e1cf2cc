"""A work is looked at closely, compared with what it came from, turned through its series, taken along."""

from __future__ import annotations

import pytest
from browser_pages import BOTH, PHONE, eventually


@pytest.fixture
def open_zoom(open_work):
    """`open_zoom(page)` looks closely at a work of 2000 x 1400 pixels: the picture there."""

    def run(page):
        open_work(page, "large")
        page.locator("#piece a").click()
        page.locator("dialog.zoom[open]").wait_for()
        return page.locator(".zoom-stage img")

    return run


def transform(image):
    """(left, top, scale) of the picture in its stage."""
    return image.evaluate("image => { const m = new DOMMatrix(image.style.transform); return [m.e, m.f, m.a]; }")


@BOTH
def test_a_click_opens_the_whole_picture_and_escape_closes_it(page, open_zoom):
    image = open_zoom(page)
    box = image.bounding_box()
    assert box["width"] <= 1440.5
    assert box["height"] <= 900.5
    assert box["width"] / box["height"] == pytest.approx(2000 / 1400, rel=0.01)
    assert eventually(lambda: image.evaluate("image => image.naturalWidth"), lambda width: width == 2000) == 2000
    page.keyboard.press("Escape")
    assert page.locator("dialog.zoom[open]").count() == 0
    assert page.url.split("/")[-2] == "works"


def test_a_double_click_shows_pixel_by_pixel_where_it_was_done(page, open_zoom):
    image = open_zoom(page)
    fitted = transform(image)[2]
    assert fitted < 1
    at = (700, 300)
    before = transform(image)
    page.mouse.dblclick(*at)
    left, top, scale = transform(image)
    assert scale == 1
    assert (at[0] - left) / scale == pytest.approx((at[0] - before[0]) / fitted, abs=1)
    assert (at[1] - top) / scale == pytest.approx((at[1] - before[1]) / fitted, abs=1)
    assert page.locator(".zoom-level").inner_text() == "100 %"
    page.mouse.dblclick(*at)
    assert transform(image)[2] == pytest.approx(fitted)


def test_the_wheel_grows_what_is_under_it_and_a_drag_moves_it(page, open_zoom):
    image = open_zoom(page)
    page.mouse.move(500, 400)
    for _ in range(8):
        page.mouse.wheel(0, -200)
    grown = eventually(lambda: transform(image), lambda state: state[2] > 2)
    assert image.evaluate("image => getComputedStyle(image).imageRendering") == "pixelated"
    page.mouse.down()
    page.mouse.move(450, 380)
    page.mouse.up()
    moved = transform(image)
    assert moved[0] - grown[0] == pytest.approx(-50)
    assert moved[1] - grown[1] == pytest.approx(-20)
    page.mouse.move(100, 100)
    assert transform(image) == moved


def test_keys_zoom_and_pan_and_never_lose_the_picture(page, open_zoom):
    image = open_zoom(page)
    fitted = transform(image)
    page.keyboard.press("1")
    assert transform(image)[2] == 1
    for _ in range(60):
        page.keyboard.press("ArrowLeft")
    assert transform(image)[0] == 0
    for _ in range(20):
        page.keyboard.press("+")
    assert transform(image)[2] == 32
    for _ in range(60):
        page.keyboard.press("-")
    assert transform(image) == pytest.approx(fitted)
    page.keyboard.press("0")
    assert transform(image) == pytest.approx(fitted)


def test_two_fingers_pinch(open_page, open_zoom):
    page = open_page(**PHONE)
    image = open_zoom(page)
    fitted = transform(image)[2]
    page.locator(".zoom-stage").evaluate(
        """stage => {
            stage.setPointerCapture = () => {};
            const send = (name, id, x) => stage.dispatchEvent(
                new PointerEvent(name, { pointerId: id, clientX: x, clientY: 300, bubbles: true }));
            send("pointerdown", 1, 150); send("pointerdown", 2, 250);
            send("pointermove", 2, 350);
            send("pointerup", 1, 150); send("pointerup", 2, 350);
            send("pointermove", 2, 390);
        }"""
    )
    assert transform(image)[2] == pytest.approx(2 * fitted)


def test_a_modified_click_is_the_browsers(page, open_work):
    open_work(page, "large")
    with page.context.expect_page() as opened:
        page.locator("#piece a").click(modifiers=["Control"])
    assert "/media/" in opened.value.url or opened.value.url == "about:blank"
    assert page.locator("dialog[open]").count() == 0


def at(page):
    return page.locator("#compare").evaluate("home => parseFloat(home.style.getPropertyValue('--at'))")


@BOTH
def test_the_line_of_a_comparison_is_dragged(page, open_work):
    open_work(page, "tide-intensity-0-75")
    frame = page.locator(".compare-frame")
    frame.scroll_into_view_if_needed()
    page.locator(".layer.over img").evaluate("image => image.decode()")
    box = frame.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, middle, steps=4)
    page.mouse.up()
    assert at(page) == pytest.approx(25, abs=1)
    line = page.locator(".compare-frame .line").bounding_box()
    assert line["x"] - box["x"] == pytest.approx(box["width"] / 4, abs=0.02 * box["width"])
    shown = page.locator(".layer.over").evaluate("layer => getComputedStyle(layer).clipPath")
    assert shown == f"inset(0px {100 - at(page):g}% 0px 0px)"


def test_a_comparison_is_worked_by_keys_and_says_what_it_shows(page, open_work):
    open_work(page, "tide-intensity-0-75")
    slider = page.get_by_role("slider", name="Where the line stands")
    slider.focus()
    page.keyboard.press("Home")
    assert at(page) == 0
    page.keyboard.press("ArrowRight")
    assert at(page) == 0.5
    page.keyboard.press("End")
    assert slider.get_attribute("aria-valuetext").startswith("100 % Source")
    left = page.get_by_label("Left of the line")
    options = left.locator("option").all_inner_texts()
    assert options[:2] == ["Source", "Heat"]
    over = page.locator(".layer.over img")
    before = over.get_attribute("src")
    left.select_option(label="Heat")
    assert over.get_attribute("src") != before
    assert slider.get_attribute("aria-valuetext").startswith("100 % Heat")
    assert page.url.endswith(".html")


def test_a_slider_turns_through_the_series_in_the_works_place(page, open_work):
    open_work(page, "tide-intensity-0-5")
    slider = page.get_by_role("slider", name="intensity")
    assert slider.get_attribute("aria-valuetext") == "0.5"
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "0.75"
    view = page.locator(".series-view")
    assert view.is_visible()
    view.locator("img").evaluate("image => image.decode()")
    piece, shown = page.locator("#piece").bounding_box(), view.bounding_box()
    assert shown == pytest.approx(piece, abs=1)
    page.keyboard.press("ArrowLeft")
    assert not view.is_visible()
    page.keyboard.press("End")
    page.locator("#series-slider output a").click()
    page.locator(".variant").filter(has_text="intensity 1").wait_for()


@BOTH
def test_the_recipe_is_copied_as_it_is(open_page, site, open_work):
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    open_work(page, "img-src-x*")
    page.locator("#recipe-tools").get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    address = page.locator("#recipe-tools a").get_attribute("href").removeprefix("../")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == (site / address).read_text(encoding="utf-8").strip()


def test_where_the_clipboard_is_shut_the_recipe_is_marked(page, open_work):
    open_work(page, "tide-intensity-0-5")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('shut')) }")
    page.locator("#recipe-tools").get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Press Ctrl+C").wait_for()
    assert page.evaluate("getSelection().toString()").startswith("artforge: 1")
