"""A heatmap on a stated scale: which evidence is 0, and which is 1."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Annotated, Any, Literal, get_args

import numpy as np
from pydantic import AfterValidator, Field

from artforge.core.errors import ChoiceError, ShapeError, StepError, check_choice
from artforge.core.steps import step
from artforge.core.values import Heatmap
from artforge.core.work import current_work


def _rising(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] >= pair[1]:
        raise ValueError("the first number must be smaller than the second")
    return pair


_Percent = Annotated[float, Field(ge=0, le=100)]
_Finite = Annotated[float, Field(allow_inf_nan=False)]
Percentiles = Annotated[tuple[_Percent, _Percent], AfterValidator(_rising)]
"""Two rising shares in percent, [0, 100]."""
Limits = Annotated[tuple[_Finite, _Finite], AfterValidator(_rising)]
"""Two rising numbers in the heatmap's own unit."""
Negative = Literal["drop", "keep"]
"""What becomes of evidence against the class."""


def one_scale(*, limits: Limits | None, percentiles: Percentiles | None, reference: int) -> None:
    """Raise unless the scale is stated once.

    Args:
        limits, percentiles: as `normalize`.
        reference: whether there is one.

    Raises:
        StepError: `limits` come together with another scale.
    """
    if limits is not None and (percentiles is not None or reference):
        other = "percentiles" if percentiles is not None else "a reference"
        raise StepError(f"'limits' and {other} both state the scale; leave one of them out")


@step("normalize", version=1, rules=[one_scale])
def normalize(
    heatmap: Heatmap,
    reference: Heatmap | None = None,
    *,
    percentiles: Percentiles | None = None,
    limits: Limits | None = None,
    negative: Negative = "drop",
) -> Heatmap:
    """Bring a heatmap to [0, 1] by a stated scale: its own, that of a reference, or fixed limits.

    With `negative: drop` evidence against the class counts as none (the ReLU of the Grad-CAM paper), 0 stays 0 and
    the peak becomes 1. With `negative: keep` 0 becomes 0.5, and the strongest evidence, for or against, becomes 1 or 0.
    What lies beyond the scale is cut off at 0 and 1.

    Args:
        heatmap: float32 (H, W), signed, any scale.
        reference: another heatmap, of any size, whose scale is used instead: one reference for a set or a film keeps
            its pictures comparable and free of flicker.
        percentiles: with `drop`, the values at these two percentiles (of the map without its negative evidence)
            become 0 and 1; with `keep`, the larger of the two in size becomes the strongest evidence.
        limits: these two values become 0 and 1; the map itself is not looked at.
        negative: `drop` or `keep` evidence against the class.

    Returns:
        float32 (H, W), [0, 1]. A map without evidence becomes all 0 (with `keep`, where 0 stands in the middle,
        all 0.5), never NaN; whoever runs the step is told.

    Raises:
        ShapeError: the heatmap or its reference is not finite.
        ChoiceError: `negative` is neither `drop` nor `keep`, or a pair is no two rising numbers in its range.
        StepError: `limits` come together with `percentiles` or a reference.

    Source: the ReLU is that of Selvaraju et al., Grad-CAM (2017), eq. 2, https://arxiv.org/abs/1610.02391
    """
    one_scale(limits=limits, percentiles=percentiles, reference=reference is not None)
    check_choice("negative", negative, get_args(Negative))
    _check_pair("percentiles", percentiles, 0, 100)
    _check_pair("limits", limits, -np.inf, np.inf)
    _check_finite("heatmap", heatmap)
    if reference is not None:
        _check_finite("reference", reference)
    _notice_emptiness(heatmap, negative)
    scale_of = heatmap if reference is None else reference
    if negative == "drop":
        heatmap, scale_of = np.maximum(heatmap, 0), np.maximum(scale_of, 0)
    low, high = limits if limits is not None else _own_scale(scale_of, percentiles, keep=negative == "keep")
    return _to_unit(heatmap, low, high, flat=0.5 if negative == "keep" else 0.0)


def normalize_set(
    heatmaps: Sequence[Heatmap], *, percentiles: Percentiles | None = None, negative: Negative = "drop"
) -> list[Heatmap]:
    """Bring a set of heatmaps to [0, 1] by one scale, that of all their values together, so that they can be compared.

    Args:
        heatmaps: float32 (H, W) each, of any sizes, signed.
        percentiles, negative: as `normalize`.

    Returns:
        float32 of the same shapes, [0, 1].
    """
    if not heatmaps:
        return []
    together = np.concatenate([heatmap.ravel() for heatmap in heatmaps])[None]
    return [normalize(heatmap, together, percentiles=percentiles, negative=negative) for heatmap in heatmaps]


def _check_pair(what: str, pair: Any, least: float, most: float) -> None:
    if pair is None:
        return
    numbers = pair if isinstance(pair, tuple | list) and all(isinstance(number, Real) for number in pair) else ()
    if len(numbers) != 2 or not least <= numbers[0] < numbers[1] <= most or not np.isfinite(numbers).all():
        within = "" if np.isinf(most) else f" in [{least:g}, {most:g}]"
        raise ChoiceError(f"{what} must be two numbers{within}, the first smaller than the second, received {pair!r}")


def _check_finite(what: str, heatmap: Heatmap) -> None:
    num_faults = heatmap.size - int(np.isfinite(heatmap).sum())
    if num_faults:
        raise ShapeError(f"the {what} must be finite, received {num_faults} NaN or infinite of {heatmap.size} numbers")


def _notice_emptiness(heatmap: Heatmap, negative: Negative) -> None:
    """Say that there is nothing to see, where there is not: a black picture alone does not tell why."""
    if not heatmap.any():
        current_work().noticed(
            "nothing to see: the heatmap is zero everywhere (no channel is chosen, or none tells of the class here)"
        )
    elif negative == "drop" and heatmap.max() <= 0:
        current_work().noticed(
            "nothing to see: all of the heatmap speaks against the class, and negative: drop leaves that out; "
            "negative: keep shows it"
        )


def _own_scale(heatmap: Heatmap, percentiles: Percentiles | None, *, keep: bool) -> tuple[float, float]:
    """The two values that become 0 and 1; they are equal where the map shows no difference."""
    if percentiles is None:
        low, high = (float(heatmap.min()), float(heatmap.max())) if keep else (0.0, float(heatmap.max()))
    else:
        low, high = map(float, np.percentile(heatmap, percentiles))
    if keep:
        strongest = max(abs(low), abs(high))
        return -strongest, strongest
    return low, high


def _to_unit(heatmap: Heatmap, low: float, high: float, *, flat: float) -> Heatmap:
    span = high - low
    if span > 0:
        # in float64: a map as faint as 1e-40 or as strong as 1e38 keeps its shape
        return np.clip((heatmap.astype(np.float64) - low) / span, 0, 1).astype(np.float32)
    # no span: what little stands above the single level is all that can be shown
    return np.where(heatmap > high, 1.0, np.where(heatmap < low, 0.0, flat)).astype(np.float32)
