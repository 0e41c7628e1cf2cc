"""Where artforge keeps what it can make again."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from artforge.core.errors import UsageError

FOLDER_VARIABLE = "ARTFORGE_CACHE"


def user_cache() -> Path:
    """The folder that `ARTFORGE_CACHE` names, else the user's cache folder; it need not exist yet."""
    return Path(os.environ.get(FOLDER_VARIABLE) or platformdirs.user_cache_dir("artforge"))


def size_limit(variable: str, default: int, unit: int, unit_name: str) -> int:
    """How large a store may grow, in bytes.

    Args:
        variable: of the environment, which may say so as a whole number of units.
        default: units where it says nothing.
        unit: bytes of one.
        unit_name: its name in the plural, for the message.

    Raises:
        UsageError: the variable holds no whole number.
    """
    text = os.environ.get(variable, str(default))
    try:
        return max(0, int(text)) * unit
    except ValueError as error:
        raise UsageError(f"{variable}={text!r} is not a whole number of {unit_name}") from error
