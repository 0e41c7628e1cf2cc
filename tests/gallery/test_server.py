import http.client
import json
import re
import socket
import threading
from contextlib import closing, contextmanager

import pytest

from artforge.core.errors import OutputError, UsageError
from artforge.gallery.likes import Likes
from artforge.gallery.requests import allowed_hosts, is_same_origin, parse_range, parse_wish, resolve_path
from artforge.gallery.server import open_server
from artforge.gallery.session import Session
from artforge.gallery.works import SITE_MARKER, find_artifacts, group_works

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


@contextmanager
def served(site, session=None):
    """Send requests to a running server: (target, headers, method, body) -> (status, headers, body)."""
    with open_server(site, 0, session) as server:
        port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()

        def send(target="/", headers=None, method="GET", body=b""):
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
                connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
                for name, value in ({"Host": f"127.0.0.1:{port}"} | (headers or {})).items():
                    if value is not None:
                        connection.putheader(name, value.format(port=port))
                connection.endheaders(body)
                answer = connection.getresponse()
                return answer.status, answer.headers, answer.read()

        try:
            yield send
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def ask(site):
    with served(site) as send:
        yield send


@pytest.fixture
def likes(tmp_path, render):
    """Likes of a folder with two works."""
    for index in range(2):
        render(tmp_path / "out" / f"{index}.png", variant={"intensity": index}, shade=index / 2)
    return Likes(tmp_path / "liked", tmp_path / "out", lambda record, beside: (f"{record.variant} {beside.name}\n", ()))


@pytest.fixture
def work_ids(likes):
    return [work.id for work in group_works(find_artifacts(likes.source)[0])]


@pytest.fixture
def like(site, likes):
    """Ask for a like, as a page of the gallery does unless told otherwise: the status and what was told."""
    session = Session(likes, lambda: 3)
    usual = {"Content-Type": "application/json", "X-Artforge-Token": session.token, "Origin": "http://127.0.0.1:{port}"}

    with served(site, session) as send:

        def run(work, liked=True, headers=None, body=None, target="/-/like"):
            content = json.dumps({"work": work, "liked": liked}).encode() if body is None else body
            given = usual | {"Content-Length": str(len(content))} | (headers or {})
            status, _, told = send(target, given, "POST", content)
            return status, json.loads(told) if status == 200 else told.decode()

        run.send = send
        run.session = session
        yield run


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


def test_a_liked_work_keeps_its_recipe_and_loses_it_again(like, likes, work_ids):
    status, told = like(work_ids[1])
    assert (status, told["liked"]) == (200, [work_ids[1]])
    path = likes.folder / f"{work_ids[1]}.yaml"
    assert path.read_text() == "{'intensity': 1} out\n"
    assert str(path) in told["message"]
    assert like(work_ids[1])[1]["message"].startswith("Kept before")
    assert like(work_ids[1], liked=False)[1]["liked"] == []
    assert not path.exists()


def test_a_kept_recipe_that_was_changed_by_hand_stays(like, likes, work_ids):
    like(work_ids[0])
    path = likes.folder / f"{work_ids[0]}.yaml"
    path.write_text("mine")
    _, told = like(work_ids[0], liked=False)
    assert "by hand" in told["message"]
    assert told["liked"] == [work_ids[0]]
    assert path.read_text() == "mine"


def test_a_like_of_a_work_that_is_gone_writes_nothing(like, likes):
    _, told = like("0" * 12)
    assert "no work 000000000000" in told["message"]
    assert not likes.folder.exists()


def test_why_a_recipe_may_give_another_picture_is_told(likes, work_ids):
    doubtful = Likes(likes.folder, likes.source, lambda *_: ("a: 1", ["lisa.png was not found"]))
    assert doubtful.set_liked(work_ids[0], liked=True).endswith(".yaml, but lisa.png was not found")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"headers": {"X-Artforge-Token": None}}, 403),
        ({"headers": {"X-Artforge-Token": "guessed"}}, 403),
        ({"headers": {"X-Artforge-Token": "\u00e9"}}, 403),
        ({"headers": {"Origin": "http://evil.example"}}, 403),
        ({"headers": {"Origin": "null"}}, 403),
        ({"headers": {"Origin": "http://localhost:{port}"}}, 403),
        ({"headers": {"Sec-Fetch-Site": "cross-site"}}, 403),
        ({"headers": {"Host": "evil.example:{port}"}}, 421),
        ({"headers": {"Content-Type": "text/plain"}}, 415),
        ({"headers": {"Content-Length": None}}, 411),
        ({"headers": {"Content-Length": "-1"}}, 411),
        ({"headers": {"Content-Length": "2000"}}, 413),
        ({"headers": {"Content-Length": "9" * 5000}}, 413),
        ({"body": b"{"}, 400),
        ({"body": b"[" * 1000}, 400),
        ({"target": "/index.html"}, 404),
        ({"target": "/-/state"}, 404),
    ],
)
def test_nothing_is_written_for_anyone_but_a_page_of_this_run(like, likes, work_ids, changes, status):
    assert like(work_ids[0], **changes)[0] == status
    assert not likes.folder.exists()
    assert like(work_ids[0])[0] == 200


@pytest.mark.parametrize(
    "wish",
    [
        {"work": "../../evil000", "liked": True},
        {"work": "0123456789AB", "liked": True},
        {"work": "0123456789ab\n", "liked": True},
        {"work": 1, "liked": True},
        {"work": "0123456789ab", "liked": 1},
        {"work": "0123456789ab"},
        {"work": "0123456789ab", "liked": True, "more": 1},
        ["0123456789ab", True],
    ],
)
def test_a_wish_names_a_work_and_nothing_else(wish):
    assert parse_wish(json.dumps(wish).encode()) is None


def test_the_state_is_told_to_pages_of_this_run_alone(like, likes, work_ids):
    like(work_ids[0])
    token = {"X-Artforge-Token": like.session.token}
    assert json.loads(like.send("/-/state", token)[2]) == {"build": 3, "liked": [work_ids[0]]}
    assert like.send("/-/state")[0] == 403
    assert like.send("/-/state", token | {"Origin": "http://evil.example"})[0] == 403


@pytest.mark.parametrize("quote", ["'", "&#39;"])
def test_a_served_page_holds_the_token_and_the_file_does_not(like, site, quote):
    page = "<head><meta content=\"default-src 'none'; form-action 'none'\"></head>".replace("'", quote)
    page += "<p>form-action 'none' </head>"
    (site / "index.html").write_text(page)
    status, headers, body = like.send("/")
    admitted = body.decode()
    assert (status, headers["Cache-Control"]) == (200, "no-store")
    assert int(headers["Content-Length"]) == len(body)
    assert re.findall(r'name="artforge-token" content="([^"]+)"', admitted) == [like.session.token]
    assert admitted.count(f'form-action {quote}none{quote}; connect-src {quote}self{quote}"') == 1
    assert admitted.count("connect-src") == 1
    assert admitted.endswith("</head><p>form-action 'none' </head>")
    assert (site / "index.html").read_text() == page
    assert like.send("/", method="HEAD")[2] == b""


def test_every_session_has_a_token_of_its_own(likes):
    tokens = {Session(likes, lambda: 0).token for _ in range(5)}
    assert len(tokens) == 5
    assert min(map(len, tokens)) >= 43  # 32 bytes of chance


def test_a_plain_server_has_no_state(ask):
    assert ask("/-/state")[0] == 404


def test_the_usual_port_of_the_web_needs_no_number():
    assert allowed_hosts(80) == {"localhost", "localhost:80", "127.0.0.1", "127.0.0.1:80"}


@pytest.mark.parametrize(
    ("origins", "sites", "expected"),
    [
        ([], [], True),
        (["http://localhost:80"], ["same-origin"], True),
        (["https://localhost:80"], [], False),
        (["http://localhost:80", "http://evil.example"], [], False),
        ([], ["none"], False),
    ],
)
def test_a_request_from_elsewhere_is_known_by_its_headers(origins, sites, expected):
    assert is_same_origin("localhost:80", origins, sites) is expected
