"""What a picture is compared with: the picture that is thought to show nothing."""

from __future__ import annotations

from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import check_choice
from artforge.engine.attention.inputs import described
from artforge.engine.models.handle import Model

Baseline = Literal["black", "grey", "white", "mean", "blurred"]

_BLUR = 0.1  # standard deviation as a share of the short edge: forms are gone, colours stay
_LEVELS = {"black": 0.0, "grey": 0.5, "white": 1.0}


def check_baseline(what: str, value: object) -> None:
    """Raise unless `value` is the name of a baseline.

    Raises:
        ChoiceError: names the setting, what was received, the allowed names and the nearest.
    """
    name = value if isinstance(value, str) else described(value)  # an array cannot be looked for among names
    check_choice(what, name, get_args(Baseline))


def baseline_of(picture: NDArray[np.float32], baseline: Baseline, *, model: Model) -> NDArray[np.float32]:
    """A picture that shows nothing, beside one of a batch.

    Args:
        picture: float32 (h, w, channels), as `Model.prepare` gives it.
        baseline: one level of grey, the picture's own mean colour, or the picture blurred beyond recognition.
        model: whose value range it is.

    Returns:
        float32, shaped like `picture`, in the same value range.

    Raises:
        ChoiceError: no such baseline.
    """
    check_baseline("baseline", baseline)
    if baseline in _LEVELS:
        low, high = model.value_range
        return np.full_like(picture, low + (high - low) * _LEVELS[baseline])
    if baseline == "mean":
        return np.broadcast_to(picture.mean(axis=(0, 1)), picture.shape).astype(np.float32)
    sigma = max(_BLUR * min(picture.shape[:2]), 0.5)
    blurred = cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred, np.float32).reshape(picture.shape)
