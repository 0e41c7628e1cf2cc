"""Which part of a picture counts: a heatmap cut off softly."""

from __future__ import annotations

import numpy as np

from artforge.core.curves import smoothstep
from artforge.core.errors import StepError
from artforge.core.steps import step
from artforge.core.values import Heatmap, Unit
from artforge.engine.attention.settings import check_range

_KEPT = 0.3


def one_limit(*, keep: float | None, threshold: float | None) -> None:
    """Raise unless at most one of them says where the heatmap is cut off.

    Raises:
        StepError: both do.
    """
    if keep is not None and threshold is not None:
        raise StepError("'keep' and 'threshold' both say how much is kept; leave one of them out")


@step("mask", version=1, rules=[one_limit])
def mask(
    heatmap: Heatmap,
    *,
    keep: Unit | None = None,
    threshold: Unit | None = None,
    softness: Unit = 0.3,
    invert: bool = False,
) -> Heatmap:
    """Cut a heatmap off: 1 where it is hot, 0 where it is not, and a soft edge between.

    Args:
        heatmap: float32 (H, W); with `threshold` a normalised one, else of any scale.
        keep: the share of the picture that is kept, the hottest; 0.3 where neither this nor `threshold` is given.
        threshold: the heat at which the mask is 0.5.
        softness: width of the edge: with `keep`, 1 spreads it as far as it goes without reaching the other half; with
            `threshold`, in heat. 0 is a hard edge.
        invert: keep the coldest instead, 1 and 0 exchanged.

    Returns:
        float32 (H, W), [0, 1]. With `keep` 0 all 0, with `keep` 1 all 1; where the limit falls into heat that is the
        same over a whole part of the picture, that part takes the share that remains to be kept, without a jump.

    Raises:
        StepError: both `keep` and `threshold` are given.
        ChoiceError: a share beyond [0, 1].
    """
    for what, value in (("keep", keep), ("threshold", threshold), ("softness", softness)):
        if value is not None:
            check_range(what, value, "[0, 1]")
    one_limit(keep=keep, threshold=threshold)
    if threshold is not None:
        cut = _ramp(heatmap, threshold - softness / 2, threshold + softness / 2, level=1.0)
    else:
        cut = _hottest(heatmap, _KEPT if keep is None else keep, softness)
    return 1 - cut if invert else cut


def _hottest(heatmap: Heatmap, keep: float, softness: float) -> Heatmap:
    if keep in (0, 1):
        return np.full(heatmap.shape, keep, np.float32)
    reach = softness * min(keep, 1 - keep)
    low, high = (float(end) for end in np.quantile(heatmap, [1 - keep - reach, 1 - keep + reach]))
    hotter, equal = float((heatmap > low).mean()), float((heatmap == low).mean())
    return _ramp(heatmap, low, high, level=min(max((keep - hotter) / equal, 0.0), 1.0) if equal else 1.0)


def _ramp(heatmap: Heatmap, low: float, high: float, *, level: float) -> Heatmap:
    """0 up to `low`, 1 from `high` on; where the two are one, `level` there."""
    if high > low:
        return smoothstep((heatmap - np.float32(low)) / np.float32(high - low))
    at = np.float32(low)
    return np.where(heatmap == at, np.float32(level), (heatmap > at).astype(np.float32))
