"""The built site in a real browser: over file:// without JavaScript, and over http."""

import os
import shutil
import threading
import time
from contextlib import contextmanager

import pytest

from artforge.gallery.server import open_server
from artforge.gallery.site import build_site

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HOSTILE = "<script>document.title='broken'</script> \"quoted\" 🕯 #1"
NUM_WORKS = 7
PATIENCE_S = 15
PICTURES = "img:not(video img)"  # inside a video stands what a browser without films shows


def miss(reason):
    """No browser: a reason to skip at home, and a failure where everything must be there."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser():
    executable = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
    if executable is None:
        miss("no Chromium on this machine (Debian: apt-get install chromium)")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        miss("the Python package playwright is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory, render_for_session):
    folder = tmp_path_factory.mktemp("browser")
    render = render_for_session
    render(folder / "out" / "loop.mp4", size=(90, 160), output="tide")
    render(folder / "out" / "loop.gif", size=(90, 160), output="tide")
    render(folder / "out" / "sheet.png", size=(120, 400), kind="sheet", output="sheet")
    for index in range(3):
        render(folder / "out" / f"{index}.png", size=(200, 300), shade=index / 2, variant={"intensity": index / 2})
    wide = "title: " + "very long line " * 60 + "\n"
    render(
        folder / "out" / 'odd "é" #🕯.png', size=(300, 90), title=HOSTILE, recipe_name="odd", recipe_text=wide,
        params={"a_very_long_name_" * 9: "x" * 300},
    )  # fmt: skip
    render(folder / "out" / "turn.gif", size=(64, 64), recipe_name="turn", title="Turn")
    return build_site(folder / "out", folder / "gallery").folder


@contextmanager
def served(site):
    with open_server(site, 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(params=["file", "http"])
def base(request, site):
    if request.param == "file":
        yield site.as_uri()
    else:
        with served(site) as address:
            yield address


@pytest.fixture
def page(browser, base):
    """A page whose own scripts are off; whatever the browser complains of fails the test."""
    context = browser.new_context(
        java_script_enabled=not base.startswith("file"), viewport={"width": 1440, "height": 900}
    )
    context.set_default_timeout(PATIENCE_S * 1000)
    page = context.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url} {request.failure}"))
    yield page
    context.close()
    complaints = [text for text in complaints if "ERR_ABORTED" not in text]  # a film let go when the page is left
    assert complaints == []


def eventually(read, is_wanted):
    """Ask again until the answer is the wanted one; where scripts are off, no event could tell."""
    until = time.monotonic() + PATIENCE_S
    while not is_wanted(answer := read()) and time.monotonic() < until:
        time.sleep(0.05)
    return answer


def see_all(page):
    """Bring every lazy picture into view; the width of each in pixels, 0 for one that never came."""
    pictures = page.locator(PICTURES)
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
    return eventually(lambda: pictures.evaluate_all("images => images.map(image => image.naturalWidth)"), all)


def open_page_of(page, thing):
    thing.click()
    page.wait_for_url("**/works/*.html")


def overflow(page):
    """Pixels by which the page is wider than the window."""
    return page.locator("html").evaluate("root => root.scrollWidth - root.clientWidth")


def test_the_wall_shows_every_work_and_leads_to_it(page, base):
    page.goto(f"{base}/index.html")
    widths = see_all(page)
    assert len(widths) == NUM_WORKS
    assert all(width > 0 for width in widths)
    shapes = page.locator(".picture img").evaluate_all(
        "images => images.map(i => [i.clientWidth / i.clientHeight, i.naturalWidth / i.naturalHeight])"
    )
    assert all(abs(shown / real - 1) < 0.02 for shown, real in shapes)
    open_page_of(page, page.get_by_text("intensity 0.5", exact=True))
    assert page.locator("h1").inner_text() == "Tide"
    assert page.locator(".variant").inner_text() == "intensity 0.5"
    assert all(width > 0 for width in see_all(page))


def test_a_film_has_a_length_and_can_be_sought(page, base):
    page.goto(f"{base}/index.html")
    open_page_of(page, page.locator(".mark").first)
    video = page.locator("video")
    facts = eventually(
        lambda: video.evaluate("film => [film.readyState, film.duration, film.videoWidth]"), lambda facts: facts[0] > 0
    )
    assert facts[1:] == pytest.approx([0.6, 160], abs=0.02)
    video.evaluate("film => { film.currentTime = 0.4 }")
    assert eventually(lambda: video.evaluate("film => !film.seeking && film.currentTime"), bool) == pytest.approx(
        0.4, abs=0.02
    )


def test_a_hostile_title_stays_text(page, base):
    page.goto(f"{base}/index.html")
    assert page.locator("h2").first.inner_text() == HOSTILE
    open_page_of(page, page.locator(".card a").first)
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.title().startswith(HOSTILE)


def test_a_picture_opens_the_full_file(page, base):
    page.goto(f"{base}/index.html")
    open_page_of(page, page.get_by_text("intensity 1", exact=True))
    page.locator(".piece a").click()
    page.wait_for_url("**/media/*.png")


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("base", ["file"], indirect=True)
def test_nothing_is_wider_than_the_window(page, base, site, width):
    page.set_viewport_size({"width": width, "height": 844})
    for address in ["index.html", *(f"works/{path.name}" for path in (site / "works").iterdir())]:
        page.goto(f"{base}/{address}")
        see_all(page)
        assert overflow(page) == 0, address


@pytest.mark.parametrize("base", ["file"], indirect=True)
def test_light_and_dark_follow_the_system(page, base):
    grounds = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto(f"{base}/index.html")
        grounds.append(page.locator("html").evaluate("root => getComputedStyle(root).backgroundColor"))
    assert grounds == ["rgb(250, 250, 248)", "rgb(18, 18, 17)"]


@pytest.mark.parametrize("base", ["http"], indirect=True)
def test_the_policy_lets_no_script_run(browser, base):
    page = browser.new_page()
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
    assert page.title() == "Gallery"
    page.close()
