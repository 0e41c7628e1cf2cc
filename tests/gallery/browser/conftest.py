"""One site in one browser: over file:// and http, with scripts and without; whatever the browser complains of fails."""

from __future__ import annotations

import shutil

import pytest
from browser_pages import DESKTOP, HOSTILE, PATIENCE_S, miss, served

from artforge.core.provenance import Ingredient, NodeRecord
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
STEPS = {
    "source": [("load", {"path": "summer.jpg"})],
    "heat": [("grad_cam", {"model": "hand_vs_algo", "target": "hand_made"})],
    "glow": [("colorize", {"map": "magma"}), ("blend", {"mode": "screen"})],
}


@pytest.fixture(scope="session")
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


def branch(*parts, **settings):
    """The steps up to a part, each flowing into the next; `settings` are those of the last."""
    calls = [call for part in parts for call in STEPS[part]]
    calls[-1] = (calls[-1][0], {**calls[-1][1], **settings})
    names = ["", *(f"{index}-{step}" for index, (step, _) in enumerate(calls))]
    return [
        NodeRecord(id=name, step=step, version=1, settings=given, inputs={"image": before} if before else {})
        for before, name, (step, given) in zip(names, names[1:], calls, strict=False)
    ]


@pytest.fixture(scope="session")
def works(tmp_path_factory, render_for_session):
    """A folder of rendered works: a recipe of five strengths with its stages, a film and a sheet; odd ones; a turn."""
    out = tmp_path_factory.mktemp("browser") / "out"
    render = render_for_session
    model = Ingredient(role="model", name="hand_vs_algo", sha256="cd" * 32)
    render(out / "loop.mp4", size=(90, 160), output="tide")
    render(out / "loop.gif", size=(90, 160), output="tide")
    render(out / "sheet.png", size=(120, 400), kind="sheet", output="sheet")
    render(out / "source.png", size=(200, 300), shade=0.9, output="source", branch=branch("source"))
    render(
        out / "heat.png",
        size=(200, 300),
        shade=0.1,
        output="heat",
        branch=branch("source", "heat"),
        ingredients=[model],
    )
    for index in range(5):
        render(
            out / f"{index}.png", size=(200, 300), shade=index / 5, variant={"intensity": index / 4},
            branch=branch("source", "heat", "glow", opacity=index / 4), ingredients=[model],
        )  # fmt: skip
    wide = "title: " + "very long line " * 60 + "\n# </code></pre><script>document.title='broken'</script>\n"
    render(
        out / 'odd "é" #🕯 \'%2e.png', size=(300, 90), title=HOSTILE, alt=HOSTILE, description=HOSTILE,
        recipe_name='odd "<b>', recipe_text=wide, variant={"na<b>me": HOSTILE},
        params={"a_very_long_name_" * 9: "x" * 300, "<script>alert(1)</script>": HOSTILE},
    )  # fmt: skip
    render(out / "turn.gif", size=(64, 64), recipe_name="turn", title="Turn")
    render(out / "large.png", size=(1400, 2000), recipe_name="large", title="Large", shade=0.3)
    return out


@pytest.fixture(scope="session")
def site(works):
    return build_site(works, works.with_name("gallery"), title="Prints").folder


@pytest.fixture(scope="session")
def over_http(site):
    with served(site) as address:
        yield address


@pytest.fixture
def base(request, site):
    """The site's address without a slash at the end: of its files, unless a test asks for http."""
    return request.getfixturevalue("over_http") if getattr(request, "param", "file") == "http" else site.as_uri()


@pytest.fixture
def open_page(browser):
    """`open_page(**options)` gives a page of a fresh profile; what the browser complains of fails the test."""
    contexts, complaints = [], []

    def run(**options):
        context = browser.new_context(**{**DESKTOP, **options})
        context.set_default_timeout(PATIENCE_S * 1000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url} {request.failure}"))
        return page

    run.complaints = complaints
    yield run
    for context in contexts:
        context.close()
    assert [text for text in complaints if "ERR_ABORTED" not in text] == []  # a film let go when the page is left


@pytest.fixture
def page(open_page):
    """A page as most have it: a desktop, scripts allowed."""
    return open_page()


@pytest.fixture
def plain(open_page):
    """A page without scripts."""
    return open_page(java_script_enabled=False)


@pytest.fixture
def open_work(base, site):
    """`open_work(page, slug)` goes to the page of a work, known by the beginning of its file's name."""

    def run(page, slug):
        (path,) = site.glob(f"works/{slug}-{8 * '[0-9a-f]'}.html")
        page.goto(f"{base}/works/{path.name}")

    return run
