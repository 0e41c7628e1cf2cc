"""What a network says of a picture, as a strip of bars to hang under it."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from artforge.core.errors import ChoiceError, check_choice, listing
from artforge.core.steps import step
from artforge.core.values import ClassName, Color, Image
from artforge.engine.attention.inputs import check_model
from artforge.engine.attention.settings import check_count, check_range
from artforge.engine.models.handle import Model
from artforge.ops.bars import Bar, bars_strip
from artforge.ops.layout import color_to_rgb


@step("verdict", version=1)
def verdict(
    image: Image,
    before: Image | None = None,
    *,
    model: Model,
    classes: list[ClassName] | None = None,
    num_classes: Annotated[int, Field(ge=1, le=100)] = 6,
    width: Annotated[float, Field(gt=0, le=8)] = 1.0,
    type_size: Annotated[float, Field(gt=0, le=0.2)] = 0.036,
    background: Color = "#f4f0e8",
    ink: Color = "#26221d",
    accent: Color = "#b5482f",
) -> Image:
    """Draw how sure the network is of each class: a strip of bars as wide as the picture, to hang under it.

    `polyptych: {one: $art, two: $strip, rows: [1, 1]}` hangs it there.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1], the picture that the network judges.
        before: what the picture was before; its bars are drawn in grey above the others, its figures beside them.
        model: the network.
        classes: which classes, in this order; left out, all of them in the network's order, or of more than
            `num_classes` those that it is most sure of, the strongest first, and of `before` where there is one, so
            that in a film of a changing picture all stay in their places.
        num_classes: how many at most, where `classes` is left out.
        width: of the strip, as a multiple of the picture's: 2 to hang under a pair, (0, 8].
        type_size: of the type (its em) as a share of the picture's short edge, (0, 0.2].
        background: sRGB, as `#rrggbb` or a CSS name.
        ink: colour of the type, as `#rrggbb` or a CSS name.
        accent: colour of the bars, as `#rrggbb` or a CSS name.

    Returns:
        float32 (H', width * W, 3), sRGB, [0, 1].

    Raises:
        ChoiceError: no such class or colour, or a type size or number out of range.
        ModelError: it is no network.
    """
    check_model(model)
    check_count("num_classes", num_classes, most=100)
    check_range("width", width, "(0, 8]")
    check_range("type_size", type_size, "(0, 0.2]")
    for color in (ink, accent):
        color_to_rgb(color)
    shares = model.probabilities(image)[0]
    shares_before = model.probabilities(before)[0] if before is not None else None
    asked_first = shares if shares_before is None else shares_before
    indices = shown_classes(asked_first, num_classes) if classes is None else _numbers(classes, model)
    bars = [
        Bar(
            model.class_names[index],
            float(shares[index]),
            None if shares_before is None else float(shares_before[index]),
        )
        for index in indices
    ]
    em = type_size * min(image.shape[:2])
    return bars_strip(bars, max(1, round(width * image.shape[1])), em, background=background, ink=ink, accent=accent)


def shown_classes(shares: NDArray[np.float32], most: int) -> list[int]:
    """All classes in their order; of more than `most` the strongest, the strongest first."""
    if len(shares) <= most:
        return list(range(len(shares)))
    return [int(index) for index in np.argsort(-shares, kind="stable")[:most]]


def _numbers(classes: list[str], model: Model) -> list[int]:
    if not classes:
        raise ChoiceError(f"classes names none: leave it out, or name some of {listing(model.class_names)}")
    for name in classes:
        check_choice("class", name, model.class_names)
    return [model.class_names.index(name) for name in classes]
