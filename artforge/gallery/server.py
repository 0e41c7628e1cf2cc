"""A small web server for one built site, for this machine only: files, byte ranges, and likes in a session."""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO

from artforge.core.errors import OutputError, UsageError
from artforge.gallery.requests import MEDIA_TYPES, allowed_hosts, is_same_origin, parse_range, parse_wish, resolve_path
from artforge.gallery.session import Session
from artforge.gallery.works import SITE_MARKER

LOOPBACK = "127.0.0.1"
_BLOCK = 1 << 18
_MOST_WISHED = 1024
"""Bytes of a request's body that are read at most."""
_STATE = "/-/state"
_LIKE = "/-/like"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up in the middle of a film is nothing to report."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


def open_server(site: Path, port: int, session: Session | None = None) -> ThreadingHTTPServer:
    """A server for `site` on 127.0.0.1, listening; call `serve_forever` on it.

    Args:
        site: a built gallery.
        port: 0 takes a free one.
        session: what its pages can do; None serves files alone, as they are.

    Raises:
        UsageError: `site` is not a built gallery.
        OutputError: the port cannot be listened on.
    """
    if not (site / SITE_MARKER).is_file():
        raise UsageError(f"{site}: no gallery here. Build one first: artforge gallery build --from out --to {site}")
    try:
        return _Server((LOOPBACK, port), partial(_Handler, site.resolve(), session))
    except OSError as error:
        raise OutputError(
            f"cannot listen on {LOOPBACK}:{port}: {error.strerror}. "
            "Choose another with --port, or any free one with --port 0."
        ) from error


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "artforge"
    sys_version = ""
    timeout = 60

    def __init__(self, site: Path, session: Session | None, *arguments: Any) -> None:
        self.site = site
        self.session = session
        super().__init__(*arguments)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_POST(self) -> None:
        self.close_connection = True  # whatever of the body is left unread must not be taken for a request
        length = self.headers.get("Content-Length", "")
        if not self._is_for_us():
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
        elif self.session is None:
            self._refuse(HTTPStatus.NOT_IMPLEMENTED)
        elif self.path != _LIKE:
            self._refuse(HTTPStatus.NOT_FOUND)
        elif not self._is_from_us() or not self._is_admitted(self.session):
            self._refuse(HTTPStatus.FORBIDDEN)
        elif self.headers.get_content_type() != "application/json":
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        elif not (length.isascii() and length.isdigit()) or self.headers.get("Transfer-Encoding"):
            self._refuse(HTTPStatus.LENGTH_REQUIRED)
        elif len(length) > 6 or int(length) > _MOST_WISHED:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        elif (wish := parse_wish(self.rfile.read(int(length)))) is None:
            self._refuse(HTTPStatus.BAD_REQUEST)
        else:
            self._send_json(self.session.set_liked(wish[0], liked=wish[1]))

    def log_message(self, *_: Any) -> None:
        """Say nothing: a line for each request would bury the address on the terminal."""

    def _answer(self, *, with_body: bool) -> None:
        if not self._is_for_us():
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST, with_body=with_body)
            return
        if self.session is not None and self.path == _STATE and with_body:
            if self._is_from_us() and self._is_admitted(self.session):
                self._send_json(self.session.state())
            else:
                self._refuse(HTTPStatus.FORBIDDEN)
            return
        try:
            path = resolve_path(self.site, self.path)
            file = path.open("rb") if path else None
        except (OSError, ValueError):
            path, file = None, None
        if path is None or file is None:
            self._refuse(HTTPStatus.NOT_FOUND, with_body=with_body)
            return
        with file:
            if self.session is not None and path.suffix == ".html":
                page = self.session.admit(file.read())
                self._send_bytes(page, MEDIA_TYPES[".html"], with_body=with_body)
            else:
                self._send_file(path, file, with_body=with_body)

    def _is_for_us(self) -> bool:
        hosts = self.headers.get_all("Host", [])
        port = self.connection.getsockname()[1]
        return len(hosts) == 1 and hosts[0].strip().lower() in allowed_hosts(port)

    def _is_from_us(self) -> bool:
        host = self.headers["Host"].strip().lower()
        origins, fetch_sites = (self.headers.get_all(name, []) for name in ("Origin", "Sec-Fetch-Site"))
        return is_same_origin(host, origins, fetch_sites)

    def _is_admitted(self, session: Session) -> bool:
        return session.knows(self.headers.get("X-Artforge-Token", ""))

    def _send_json(self, told: dict[str, Any]) -> None:
        self._send_bytes(json.dumps(told).encode(), "application/json", with_body=True)

    def _send_bytes(self, body: bytes, content_type: str, *, with_body: bool) -> None:
        headers = {"Content-Type": content_type, "Content-Length": str(len(body)), "Cache-Control": "no-store"}
        self._send_head(HTTPStatus.OK, headers)
        if with_body:
            self.wfile.write(body)

    def _send_file(self, path: Path, file: BinaryIO, *, with_body: bool) -> None:
        facts = os.fstat(file.fileno())  # of the file in hand: a new build may have swapped the one on disk
        size = facts.st_size
        tag = f'"{facts.st_mtime_ns:x}-{size:x}"'
        if tag in self.headers.get("If-None-Match", ""):
            self._send_head(HTTPStatus.NOT_MODIFIED, {"ETag": tag})
            return
        extent = None
        if self.command == "GET" and self.headers.get("If-Range", tag) == tag:
            try:
                extent = parse_range(self.headers.get("Range", ""), size)
            except ValueError:
                self._refuse(
                    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
                    {"Content-Range": f"bytes */{size}"},
                    with_body=with_body,
                )
                return
        start, stop = extent or (0, size)
        headers = {
            "Content-Type": MEDIA_TYPES.get(path.suffix, "application/octet-stream"),
            "Content-Length": str(stop - start),
            "Accept-Ranges": "bytes",
            "ETag": tag,
        }
        if extent:
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
        self._send_head(HTTPStatus.PARTIAL_CONTENT if extent else HTTPStatus.OK, headers)
        if with_body:
            self._copy(file, start, stop)

    def _copy(self, file: BinaryIO, start: int, stop: int) -> None:
        file.seek(start)
        left = stop - start
        while left > 0 and (block := file.read(min(_BLOCK, left))):
            self.wfile.write(block)
            left -= len(block)
        if left:
            self.close_connection = True  # the file shrank meanwhile: the length promised cannot be kept

    def _refuse(self, status: HTTPStatus, headers: dict[str, str] | None = None, *, with_body: bool = True) -> None:
        body = f"{status.value} {status.phrase}\n".encode()
        self._send_head(
            status, {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body))} | (headers or {})
        )
        if with_body:
            self.wfile.write(body)

    def _send_head(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        common = {
            "Cache-Control": "no-cache",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Content-Security-Policy": "frame-ancestors 'none'",
            "Referrer-Policy": "no-referrer",
        }
        self.send_response(status)
        for name, value in (common | headers).items():
            self.send_header(name, value)
        self.end_headers()
