"""A colormap for the tones of a picture."""

from __future__ import annotations

from artforge.core.steps import step
from artforge.core.values import Image, Palette, Unit
from artforge.ops.colormaps import notice_uneven, palette_table
from artforge.ops.tones import Balance, color_tones


@step("gradient_map", version=1)
def gradient_map(
    image: Image,
    *,
    map: Palette = "crameri:lipari",  # noqa: A002
    reverse: bool = False,
    stretch: Unit = 1.0,
    balance: Balance = 0.0,
    amount: Unit = 1.0,
) -> Image:
    """Colour a picture by its tones: the darkest takes the first colour of the colormap, the lightest the last.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1]; its lightness in OKLab is what counts.
        map: a colormap of the `cmap` catalogue, such as `crameri:lipari` or `magma`, or a list of colours.
        reverse: run the colormap backwards.
        stretch: [0, 1]: at 1 the picture's own darkest and lightest tones take the outermost colours, at 0 only black
            and white do, which keeps the frames of a film alike.
        balance: [-1, 1]; above 0 more of the picture takes the last colours, below 0 the first.
        amount: [0, 1], from the picture's own colours to those of the map; at 0 the picture comes back bit for bit.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        ChoiceError: no such colormap (the nearest are named), or a number beyond its range.
    """
    table = palette_table(map)
    notice_uneven(map)
    return color_tones(image, table[::-1] if reverse else table, stretch=stretch, balance=balance, amount=amount)
