"""Pictures of the embedded set, by name: `embedded:CLASS/FAMILY/SEED`."""

from __future__ import annotations

from artforge.core.errors import UsageError, check_choice
from artforge.engine.data.families import FAMILIES, VERSION

PREFIX = "embedded:"
_LARGEST_SEED = 2**63 - 1


def parse_embedded(source: str) -> tuple[str, str, int] | None:
    """Read `embedded:CLASS/FAMILY/SEED`, such as `embedded:hand_made/ink_brush/7`.

    Returns:
        (class name, family, seed), or None where `source` does not begin with `embedded:` and so names a file.

    Raises:
        UsageError: it is not of that form.
        ChoiceError: no such class, or no such family in that class; the nearest is named.
    """
    if not source.startswith(PREFIX):
        return None
    class_name, family, seed = _split(source)
    check_choice(f"{source}: class", class_name, sorted(FAMILIES))
    check_choice(f"{source}: family of {class_name}", family, sorted(FAMILIES[class_name]))
    return class_name, family, seed


def _split(source: str) -> tuple[str, str, int]:
    parts = source.removeprefix(PREFIX).split("/")
    form = "an embedded picture is written embedded:CLASS/FAMILY/SEED, such as embedded:algorithmic/flow_field/7"
    if len(parts) != 3 or not all(parts):
        raise UsageError(f"{source!r}: {form}")
    class_name, family, seed = parts
    if not (seed.isascii() and seed.isdigit()) or int(seed) > _LARGEST_SEED:
        raise UsageError(f"{source!r}: the seed must be a whole number from 0 to 2^63 - 1, received {seed!r}; {form}")
    return class_name, family, int(seed)


def embedded_version() -> int:
    """The version of the embedded set: another one means other pixels under the same name."""
    return VERSION
