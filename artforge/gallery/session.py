"""What a served gallery can do beyond showing files, for the pages that it has served itself."""

from __future__ import annotations

import hmac
import html
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from artforge.gallery.likes import Likes

_NO_CONNECTIONS = re.compile(rb"form-action ('|&#39;)none\1")
_OWN_CONNECTIONS = rb"\g<0>; connect-src \1self\1"


@dataclass(frozen=True)
class Session:
    """One run of a server.

    Attributes:
        likes: what is liked.
        num_builds: says how often the site was built anew since the start.
        token: known to the pages of this run alone; nothing is written for a request without it.
    """

    likes: Likes
    num_builds: Callable[[], int]
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    def knows(self, token: str) -> bool:
        """Whether a request carries this session's token."""
        return hmac.compare_digest(token.encode(), self.token.encode())

    def state(self) -> dict[str, Any]:
        """What pages ask for again and again."""
        return {"build": self.num_builds(), "liked": self.likes.ids()}

    def set_liked(self, work_id: str, *, liked: bool) -> dict[str, Any]:
        """Like a work or no longer, and what has become of it."""
        message = self.likes.set_liked(work_id, liked=liked)
        return {"message": message, **self.state()}

    def admit(self, page: bytes) -> bytes:
        """A page of the site with the token in it, allowed to ask this server; the file itself stays as it is."""
        meta = f'<meta name="artforge-token" content="{html.escape(self.token)}">\n'.encode()
        return _NO_CONNECTIONS.sub(_OWN_CONNECTIONS, page, count=1).replace(b"</head>", meta + b"</head>", 1)
