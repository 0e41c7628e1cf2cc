"""What the tests in a browser share: devices, a server that ends, and questions to a page."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager

import pytest

from artforge.gallery.server import open_server

HOSTILE = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script> \"q\" 'e' 🕯 #1"
PATIENCE_S = 30
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
BOTH = pytest.mark.parametrize("base", ["file", "http"], indirect=True)
"""For what a browser may allow to one and not to the other."""
DESKTOP = {"viewport": {"width": 1440, "height": 900}}


def miss(reason):
    """No browser: a reason to skip at home, and a failure where everything must be there."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def served(site, session=None):
    """The address of a running server."""
    with open_server(site, 0, session) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def eventually(read, is_wanted=bool):
    """Ask again until the answer is the wanted one; the last answer.

    Not Playwright's `wait_for_function`: all but its first look evaluate a text in the page, which the site's policy
    forbids.
    """
    until = time.monotonic() + PATIENCE_S
    while not is_wanted(answer := read()) and time.monotonic() < until:
        time.sleep(0.02)
    return answer


def overflow(page):
    """Pixels by which the page is wider than the window."""
    return page.locator("html").evaluate("root => root.scrollWidth - root.clientWidth")


def focused(page):
    """The text of what has the focus."""
    return page.evaluate("document.activeElement.innerText.trim()")
