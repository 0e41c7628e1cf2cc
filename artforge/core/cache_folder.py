"""Where artforge keeps what it can make again."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

FOLDER_VARIABLE = "ARTFORGE_CACHE"


def user_cache() -> Path:
    """The folder that `ARTFORGE_CACHE` names, else the user's cache folder; it need not exist yet."""
    return Path(os.environ.get(FOLDER_VARIABLE) or platformdirs.user_cache_dir("artforge"))
