"""Check the texts that a step is given, for callers that no recipe has checked."""

from __future__ import annotations

from collections.abc import Mapping

from artforge.core.errors import ChoiceError, ShapeError


def check_text(what: str, value: object) -> None:
    """Raise unless `value` is a text.

    Raises:
        ChoiceError: names the setting and what was received.
    """
    if not isinstance(value, str):
        raise ChoiceError(f"{what} must be a text, received {value!r}")


def check_labels(value: object, count: int) -> None:
    """Raise unless `value` is None or a list of `count` texts.

    Raises:
        ChoiceError: names what was received in place of texts.
        ShapeError: it is another number of texts than of pictures.
    """
    if value is None:
        return
    if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
        raise ChoiceError(f"labels must be a list of texts, received {value!r}")
    if len(value) != count:
        told = f"received {len(value)} labels for {count} pictures"
        raise ShapeError(f"one label a picture is wanted, {told}; write '' where one has none")


def check_legend(value: object) -> None:
    """Raise unless `value` is None or a mapping from names to texts or numbers.

    Raises:
        ChoiceError: names what was received.
    """
    sound = value is None or (
        isinstance(value, Mapping)
        and all(isinstance(name, str) and isinstance(told, str | int | float) for name, told in value.items())
    )
    if not sound:
        raise ChoiceError(f"legend must be a mapping such as {{model: hand_vs_algo}}, received {value!r}")
