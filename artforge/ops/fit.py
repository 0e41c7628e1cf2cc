"""Pictures of many shapes, brought to the size of one."""

from __future__ import annotations

from typing import Literal, get_args

from artforge.core.errors import check_choice
from artforge.core.pictures import resize
from artforge.core.steps import step
from artforge.core.values import Color, Image
from artforge.ops.layout import blank

FitRule = Literal["cover", "contain"]


@step("fit", version=1)
def fit(image: Image, like: Image, *, rule: FitRule = "cover", ground: Color = "#f4f0e8") -> Image:
    """Bring a picture to the size of another without stretching it, so that the two can be blended or shown in turn.

    Args:
        image: float32 (h, w, 3), sRGB, [0, 1], of any size.
        like: float32 (H, W, 3), sRGB, [0, 1], the picture whose size it gets.
        rule: `cover` fills the size and cuts off as much at both sides, `contain` shows all of it on `ground`.
        ground: colour beside a contained picture, as `#rrggbb` or a CSS name.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1]; the picture itself where it fits already.

    Raises:
        ChoiceError: no such rule or colour.
    """
    check_choice("rule", rule, get_args(FitRule))
    height, width = like.shape[:2]
    sheet = blank(height, width, ground)
    chosen = max if rule == "cover" else min
    scale = chosen(height / image.shape[0], width / image.shape[1])
    sized = resize(image, (max(1, round(image.shape[0] * scale)), max(1, round(image.shape[1] * scale))))
    rows, columns = min(height, sized.shape[0]), min(width, sized.shape[1])
    from_top, from_left = (sized.shape[0] - rows) // 2, (sized.shape[1] - columns) // 2
    top, left = (height - rows) // 2, (width - columns) // 2
    sheet[top : top + rows, left : left + columns] = sized[from_top : from_top + rows, from_left : from_left + columns]
    return sheet
