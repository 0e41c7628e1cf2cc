"""A small web server for one built site, for this machine only: files, byte ranges, and nothing else."""

from __future__ import annotations

import os
import re
import sys
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from artforge.core.errors import OutputError, UsageError
from artforge.gallery.works import SITE_MARKER

LOOPBACK = "127.0.0.1"
MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".yaml": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".jpg": "image/jpeg",
    ".avif": "image/avif",
    ".apng": "image/apng",
    ".tif": "image/tiff",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
}
_BLOCK = 1 << 18


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up in the middle of a film is nothing to report."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


def open_server(site: Path, port: int) -> ThreadingHTTPServer:
    """A server for `site` on 127.0.0.1, listening; call `serve_forever` on it. Port 0 takes a free one.

    Raises:
        UsageError: `site` is not a built gallery.
        OutputError: the port cannot be listened on.
    """
    if not (site / SITE_MARKER).is_file():
        raise UsageError(f"{site}: no gallery here. Build one first: artforge gallery build --from out --to {site}")
    try:
        return _Server((LOOPBACK, port), partial(_Handler, site.resolve()))
    except OSError as error:
        raise OutputError(
            f"cannot listen on {LOOPBACK}:{port}: {error.strerror}. "
            "Choose another with --port, or any free one with --port 0."
        ) from error


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """The one byte range a `Range` header asks for, as (start, stop) with stop excluded.

    Args:
        header: such as `bytes=0-99`, `bytes=100-` or `bytes=-100`.
        size: bytes in the file.

    Returns:
        None where the header is to be ignored: several ranges, another unit, or not well formed.

    Raises:
        ValueError: well formed, but no byte of the file lies in it.

    Source: RFC 9110, section 14, https://www.rfc-editor.org/rfc/rfc9110#section-14
    """
    match = re.fullmatch(r"bytes=([0-9]{0,18})-([0-9]{0,18})", header.strip())
    if match is None or match[0].endswith("=-"):
        return None
    first, last = match[1], match[2]
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= stop:
        raise ValueError(f"{header} lies outside {size} bytes")
    return start, stop


def resolve_path(site: Path, target: str) -> Path | None:
    """The file of `site` that a request target names, or None: outside of it, hidden, or not there.

    Args:
        site: the resolved folder.
        target: the request's target, percent-encoded, perhaps with a query.
    """
    parts = [part for part in unquote(urlsplit(target).path).split("/") if part]
    if any(part.startswith(".") or "\\" in part or "\0" in part for part in parts):
        return None
    if parts == ["favicon.ico"]:  # asked for where a picture is opened by itself: no page names the icon then
        parts = ["icon.svg"]
    path = site.joinpath(*parts)
    if path.is_dir():
        path /= "index.html"
    resolved = path.resolve()
    return resolved if resolved.is_relative_to(site) and resolved.is_file() else None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "artforge"
    sys_version = ""
    timeout = 60

    def __init__(self, site: Path, *arguments: Any) -> None:
        self.site = site
        super().__init__(*arguments)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, *_: Any) -> None:
        """Say nothing: a line for each request would bury the address on the terminal."""

    def _answer(self, *, with_body: bool) -> None:
        if not self._is_for_us():
            # a name that an outsider points at 127.0.0.1 must not open the gallery to that outsider's pages
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST, with_body=with_body)
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
            self._send_file(path, file, with_body=with_body)

    def _is_for_us(self) -> bool:
        port = self.connection.getsockname()[1]
        hosts = self.headers.get_all("Host", [])
        allowed = {f"{name}:{port}" for name in ("localhost", LOOPBACK)}
        if port == 80:
            allowed |= {"localhost", LOOPBACK}
        return len(hosts) == 1 and hosts[0].strip().lower() in allowed

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

    def _refuse(self, status: HTTPStatus, headers: dict[str, str] | None = None, *, with_body: bool) -> None:
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
