"""A run of channels."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from artforge.core.errors import ShapeError
from artforge.core.steps import step
from artforge.core.values import FeatureMaps
from artforge.engine.attention.settings import check_count


@step("take_channels", version=1)
def take_channels(
    maps: FeatureMaps, *, count: Annotated[int, Field(ge=1)], start: Annotated[int, Field(ge=0)] = 0
) -> FeatureMaps:
    """Keep `count` channels from number `start` on; channels are counted from 0.

    Args:
        maps: float32 (h, w, channels).
        count: how many to keep.
        start: the first one.

    Returns:
        float32 (h, w, count).

    Raises:
        ShapeError: there are not that many channels.
        ChoiceError: fewer than 1, or from a number below 0 on.
    """
    check_count("count", count)
    check_count("start", start, least=0)
    num_channels = maps.shape[-1]
    if start + count > num_channels:
        raise ShapeError(
            f"{count} from number {start} on reaches past the last of {num_channels} channels "
            f"(numbers 0 to {num_channels - 1}); start + count may be at most {num_channels}"
        )
    return maps[..., start : start + count].copy()
