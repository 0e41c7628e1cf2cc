"""The tones of one picture spread like those of another."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from artforge.core.bands import in_bands
from artforge.core.errors import check_choice
from artforge.core.oklab import to_oklab, to_screen
from artforge.core.steps import step
from artforge.core.values import Image, Unit
from artforge.engine.attention.settings import check_range
from artforge.ops.samples import sample_pixels

MatchBy = Literal["channels", "lightness"]
Curve = tuple[NDArray[np.floating], NDArray[np.floating]]

_NUM_QUANTILES = 1025


@step("match_histogram", version=1)
def match_histogram(image: Image, like: Image, *, by: MatchBy = "channels", amount: Unit = 1.0) -> Image:
    """Give a picture the tones of another: as much dark, middle and light as that one has, in the same order.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1].
        like: float32 (h, w, 3), of any size, the picture whose tones are taken.
        by: `channels` matches red, green and blue by themselves, so the colours come along; `lightness` matches only
            how light it is and keeps the hues.
        amount: [0, 1], how far to go; at 0 the picture comes back bit for bit.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        ChoiceError: no such way, or an amount beyond [0, 1].

    Source: histogram specification, Gonzalez and Woods, Digital Image Processing, section 3.3
    """
    check_choice("by", by, get_args(MatchBy))
    check_range("amount", amount, "[0, 1]")
    if amount == 0:
        return image.copy()
    have, want = sample_pixels(image), sample_pixels(like)
    share = np.float32(amount)
    if by == "channels":
        curves = [_curve(have[:, channel], want[:, channel]) for channel in range(3)]

        def matched(rows: Image) -> Image:
            full = np.stack([_bent(rows[..., channel], curve) for channel, curve in enumerate(curves)], axis=-1)
            return np.clip(rows + share * (full - rows), 0, 1)

        return in_bands(image, matched)
    curve = _curve(to_oklab(have)[:, 0], to_oklab(want)[:, 0])

    def lit(rows: Image) -> Image:
        lab = to_oklab(rows)
        lab[..., 0] += share * (_bent(lab[..., 0], curve) - lab[..., 0])
        return to_screen(lab)

    return in_bands(image, lit)


def _curve(have: NDArray[np.float32], want: NDArray[np.float32]) -> Curve:
    """The rising curve that brings the numbers of one picture to the spread of another's."""
    shares = np.linspace(0, 1, _NUM_QUANTILES)
    found, places = np.unique(np.quantile(have, shares), return_inverse=True)
    # one number that a whole area has takes the mean of all that its area would take
    wanted = np.bincount(places, np.quantile(want, shares)) / np.bincount(places)
    return found, wanted


def _bent(numbers: NDArray[np.float32], curve: Curve) -> NDArray[np.float32]:
    return np.interp(numbers, *curve).astype(np.float32)
