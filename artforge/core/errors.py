"""One tree of errors: each message says what, where, expected, received, the nearest name and the way out."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


class ArtforgeError(Exception):
    """Anything a user can mend. The command line prints it without a traceback and exits with `exit_code`."""

    exit_code = 1


class UsageError(ArtforgeError):
    """The command's own words are off: a missing file, an impossible option."""

    exit_code = 2


class RecipeError(ArtforgeError):
    """A recipe that cannot be planned; the message carries every problem found, each at file:line:column."""

    exit_code = 2


class ChoiceError(ArtforgeError):
    """A name that is not among the allowed ones."""

    exit_code = 2


class ShapeError(ArtforgeError):
    """Arrays whose shapes or sizes do not fit together."""


class PictureError(ArtforgeError):
    """A picture or film file that cannot be read or written."""


class DatasetError(ArtforgeError):
    """A folder of pictures that cannot be trained on."""


class ModelError(ArtforgeError):
    """A model file that cannot be opened, or that cannot do what is asked of it."""


class OutputError(ArtforgeError):
    """A place that cannot be written to."""


class StepError(ArtforgeError):
    """A step that failed while a recipe ran."""


def nearest_name(name: str, allowed: Sequence[str]) -> str | None:
    """The allowed name most like `name`, or None where none is near."""
    by_folded = {candidate.casefold(): candidate for candidate in allowed}
    near = difflib.get_close_matches(name.casefold(), list(by_folded), n=1, cutoff=0.55)
    return by_folded[near[0]] if near else None


def did_you_mean(name: str, allowed: Sequence[str]) -> str:
    """` - did you mean 'x'?`, or nothing where no allowed name is near."""
    near = nearest_name(name, allowed)
    return f" - did you mean {near!r}?" if near else ""


def nearest_first(name: str, allowed: Sequence[str]) -> list[str]:
    """The allowed names, those most like `name` first; equals keep their order."""
    return sorted(allowed, key=lambda one: -difflib.SequenceMatcher(None, one, name).ratio())


def listing(names: Sequence[str], *, most: int = 40) -> str:
    """The names with commas between them; of more than `most` the first ones, and how many more there are."""
    more = [f"... ({len(names) - most} more)"] if len(names) > most else []
    return ", ".join([*names[:most], *more])


def choice_message(what: str, value: object, allowed: Sequence[str], *, most: int = 40) -> str:
    """One sentence: the bad value, the allowed ones (at most `most`, nearest first), the nearest."""
    listed = listing(allowed if len(allowed) <= most else nearest_first(str(value), allowed), most=most)
    return f"{what} {value!r} is not one of: {listed}{did_you_mean(str(value), allowed)}"


def check_choice(what: str, value: object, allowed: Sequence[str]) -> None:
    """Raise unless `value` is one of `allowed`.

    Raises:
        ChoiceError: names the value, the allowed ones and the nearest.
    """
    if value not in allowed:
        raise ChoiceError(choice_message(what, value, allowed))
