"""`artforge cache`: how large the cache is, and how it gets smaller."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from artforge.cli.console import event, note, result
from artforge.core.errors import UsageError

cache_app = typer.Typer(
    help="Look at the cache of renders, or clean it. Example: artforge cache info", rich_markup_mode=None
)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_BYTES = {"kb": 10**3, "mb": 10**6, "gb": 10**9}


@cache_app.command("info")
def info_command(as_json: AsJson = False) -> None:
    """Say where the cache is and what is in it. Example: artforge cache info"""
    from artforge.gallery.words import format_bytes
    from artforge.recipes.cache import Cache, cache_folder, cache_limit

    held = Cache(cache_folder(), cache_limit()).contents()
    if as_json:
        kinds = {kind: {"entries": count, "bytes": size} for kind, (count, size) in held.kinds.items()}
        told = {"folder": str(held.folder), "bytes": held.num_bytes, "limit": held.limit, "kinds": kinds}
        event({"event": "cache", **told, "oldest_seconds": held.oldest_seconds})
        return
    result(f"{held.folder}: {format_bytes(held.num_bytes)} of at most {format_bytes(held.limit)}")
    for kind, (count, size) in held.kinds.items():
        result(f"  {kind}: {count}, {format_bytes(size)}")
    if held.oldest_seconds is not None:
        result(f"  used longest ago: {held.oldest_seconds / 86_400:.1f} days")


@cache_app.command("clean")
def clean_command(
    older_than: Annotated[
        str | None, typer.Option("--older-than", metavar="AGE", help="Drop what was not used for so long: 12h, 30d.")
    ] = None,
    to_size: Annotated[
        str | None, typer.Option("--to-size", metavar="SIZE", help="Drop what was used longest ago: 500MB, 2GB.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Empty the cache, or a part of it; all can be made again. Example: artforge cache clean --older-than 30d"""
    from artforge.gallery.words import format_bytes
    from artforge.recipes.cache import Cache, cache_folder, cache_limit

    seconds = None if older_than is None else _read(older_than, _SECONDS, "--older-than", "12h or 30d")
    limit = None if to_size is None else _read(to_size, _BYTES, "--to-size", "500MB or 2GB")
    store = Cache(cache_folder(), cache_limit())
    count, size = store.clean(older_than=seconds, to_size=limit)
    if as_json:
        event({"event": "cleaned", "files": count, "bytes": size})
    else:
        note(f"dropped {count} files, {format_bytes(size)}")


def _read(text: str, units: dict[str, int], option: str, example: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]+)", text.strip().lower())
    if found is None or found[2] not in units:
        raise UsageError(f"{option} {text!r}: write it like {example} (units: {', '.join(units)})")
    return round(float(found[1]) * units[found[2]])
