"""How a climbed picture is shown: its numbers may have left [0, 1]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ChoiceError, check_choice
from artforge.core.values import Image

FinishName = Literal["clip", "contrast", "stretch"]


@dataclass(frozen=True)
class Finish:
    """How numbers become a picture.

    Attributes:
        how: `clip` shows them as they are; `contrast` brings mean and standard deviation to 0.5 and `contrast`, as
            Chollet's notebooks and keras-vis do; `stretch` spreads the middle 99.6 % over the whole range.
        contrast: the standard deviation that `contrast` gives.
    """

    how: FinishName = "clip"
    contrast: float = 0.1

    def __post_init__(self) -> None:
        check_choice("finish", self.how, get_args(FinishName))
        if not 0 < self.contrast <= 1:
            raise ChoiceError(f"a contrast lies in (0, 1], received {self.contrast}")


def finished(raw: NDArray[np.float32], finish: Finish, *, like: NDArray[np.float32] | None = None) -> Image:
    """A climbed picture as it is shown.

    Args:
        raw: float32 (H, W, 3), or several (n, H, W, 3) on one scale.
        finish: how.
        like: a raw picture whose scale is taken, so that the frames of a film do not flicker; None takes its own.

    Returns:
        the same shape in [0, 1].
    """
    scale = raw if like is None else like
    if finish.how == "contrast":
        mean, spread = scale.mean(dtype=np.float64), scale.std(dtype=np.float64)
        raw = (raw - np.float32(mean)) * np.float32(finish.contrast / max(spread, 1e-5)) + np.float32(0.5)
    elif finish.how == "stretch":
        low, high = np.percentile(scale, [0.2, 99.8])
        raw = (raw - np.float32(low)) / np.float32(max(high - low, 1e-5))
    return np.asarray(np.clip(raw, 0, 1), np.float32)
