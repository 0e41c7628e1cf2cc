"""One picture fading into another."""

from __future__ import annotations

from artforge.core.errors import ShapeError
from artforge.core.steps import step
from artforge.core.values import Image, Unit, size_text
from artforge.engine.attention.settings import check_range
from artforge.ops.blend import blend
from artforge.ops.color_spaces import Space


@step("crossfade", version=1)
def crossfade(image: Image, other: Image, *, share: Unit = 0.5, space: Space = "linear") -> Image:
    """Fade a picture into another: share 0 shows the one, 1 the other, both bit for bit.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1], the picture that goes.
        other: same size, the picture that comes.
        share: how far it has come.
        space: `linear` mixes light, as two projectors do; `oklab` mixes what the eye sees, so that the way looks even
            from the first to the last; `srgb` mixes the stored numbers, in which the middle is too dark.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        ShapeError: the sizes differ.
        ChoiceError: no such space, or a share beyond [0, 1].
    """
    check_range("share", share, "[0, 1]")
    if image.shape != other.shape:
        sizes = " and ".join(size_text(each) for each in (image, other))
        raise ShapeError(f"pictures of one size are wanted, received {sizes}")
    return other.copy() if share == 1 else blend(image, other, opacity=share, space=space)
