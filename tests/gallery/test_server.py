import http.client
import socket
import threading
from contextlib import closing

import pytest

from artforge.core.errors import OutputError, UsageError
from artforge.gallery.server import open_server, parse_range, resolve_path
from artforge.gallery.works import SITE_MARKER

FILM = bytes(range(256)) * 8


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site"
    (folder / "media").mkdir(parents=True)
    (folder / SITE_MARKER).touch()
    (folder / "index.html").write_text("<p>wall</p>")
    (folder / "media" / "film.mp4").write_bytes(FILM)
    (tmp_path / "secret.txt").write_text("secret")
    return folder


@pytest.fixture
def ask(site):
    """Send one request to a running server: (target, headers, method) -> (status, headers, body)."""
    with open_server(site, 0) as server:
        port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()

        def send(target="/", headers=None, method="GET"):
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
                connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
                for name, value in ({"Host": f"127.0.0.1:{port}"} | (headers or {})).items():
                    if value is not None:
                        connection.putheader(name, value.format(port=port))
                connection.endheaders()
                answer = connection.getresponse()
                return answer.status, answer.headers, answer.read()

        yield send
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=10-19", (10, 20)),
        ("bytes=90-", (90, 100)),
        ("bytes=90-1000", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-1000", (0, 100)),
        ("bytes=20-10", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("lines=0-1", None),
        ("bytes=a-b", None),
        ("", None),
    ],
)
def test_a_range_counts_bytes_as_the_rfc_does(header, expected):
    assert parse_range(header, 100) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_behind_the_end_is_refused(header):
    with pytest.raises(ValueError, match="outside 100 bytes"):
        parse_range(header, 100)


@pytest.mark.parametrize(
    ("target", "content_type"),
    [("/", "text/html"), ("/index.html?x=1#y", "text/html"), ("/media/film.mp4", "video/mp4")],
)
def test_a_file_of_the_site_comes_with_its_type(ask, target, content_type):
    status, headers, _ = ask(target)
    assert status == 200
    assert headers["Content-Type"].startswith(content_type)
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/media/..%2f..%2fsecret.txt",
        "/..%5csecret.txt",
        "/secret.txt",
        "/link.txt",
        "/media/",
        f"/{SITE_MARKER}",
        "/index.html%00.png",
        "/no/such/file",
        "//[",
    ],
)
def test_nothing_but_the_site_is_served(ask, site, target):
    (site / "link.txt").symlink_to(site.parent / "secret.txt")
    status, _, body = ask(target)
    assert status == 404
    assert b"secret" not in body


def test_a_path_is_resolved_inside_the_site_only(site):
    assert resolve_path(site, "/media/film.mp4") == site / "media" / "film.mp4"
    assert resolve_path(site, "/..") is None


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:{port}", 200),
        ("localhost:{port}", 200),
        ("LOCALHOST:{port}", 200),
        ("evil.example:{port}", 421),
        ("127.0.0.1", 421),
        ("127.0.0.1:1", 421),
        ("localhost.evil.example:{port}", 421),
        (None, 421),
    ],
)
def test_only_this_machine_by_its_own_name_is_answered(ask, host, status):
    assert ask("/", {"Host": host})[0] == status


def test_a_part_of_a_film_is_that_part(ask):
    status, headers, body = ask("/media/film.mp4", {"Range": "bytes=100-299"})
    assert status == 206
    assert body == FILM[100:300]
    assert headers["Content-Range"] == "bytes 100-299/2048"
    assert headers["Accept-Ranges"] == "bytes"


def test_a_part_that_is_not_there_is_refused_with_the_length(ask):
    status, headers, _ = ask("/media/film.mp4", {"Range": "bytes=5000-"})
    assert (status, headers["Content-Range"]) == (416, "bytes */2048")


def test_a_part_of_another_version_is_the_whole(ask):
    tag = ask("/media/film.mp4")[1]["ETag"]
    part = {"Range": "bytes=0-9"}
    assert ask("/media/film.mp4", part | {"If-Range": tag})[0] == 206
    assert ask("/media/film.mp4", part | {"If-Range": '"old"'})[::2] == (200, FILM)


def test_what_the_browser_has_is_not_sent_again(ask):
    tag = ask("/media/film.mp4")[1]["ETag"]
    assert ask("/media/film.mp4", {"If-None-Match": tag})[::2] == (304, b"")


def test_a_head_has_the_length_and_no_body(ask):
    status, headers, body = ask("/media/film.mp4", method="HEAD")
    assert (status, headers["Content-Length"], body) == (200, "2048", b"")


def test_nothing_can_be_sent_to_the_server(ask):
    assert ask("/", method="POST")[0] == 501


def test_the_server_listens_to_this_machine_only(site):
    with open_server(site, 0) as server:
        assert server.server_address[0] == "127.0.0.1"


def test_a_taken_port_is_said(site):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OutputError, match=f"127.0.0.1:{port}.*--port"):
            open_server(site, port)


def test_a_folder_without_a_gallery_is_not_served(tmp_path):
    with pytest.raises(UsageError, match="no gallery here"):
        open_server(tmp_path, 0)


def test_a_new_build_is_served_without_a_restart(ask, site):
    site.rename(site.with_name("old"))
    site.mkdir()
    (site / "index.html").write_text("new")
    assert ask("/")[2] == b"new"
