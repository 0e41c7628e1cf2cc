"""Two inks for a picture."""

from __future__ import annotations

from artforge.core.steps import step
from artforge.core.values import Color, Image, Unit
from artforge.ops.colormaps import palette_table
from artforge.ops.tones import Balance, color_tones


@step("duotone", version=1)
def duotone(
    image: Image,
    *,
    shadows: Color = "#231a5e",
    lights: Color = "#ffd9b8",
    middle: Color | None = None,
    stretch: Unit = 1.0,
    balance: Balance = 0.0,
    amount: Unit = 1.0,
) -> Image:
    """Print a picture in two inks: its shadows in one colour, its lights in another.

    Between the two the way is straight in OKLab, so the tones keep their distances.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1].
        shadows: the colour of the darkest tone.
        lights: the colour of the lightest tone.
        middle: the colour of the middle tone, for a third ink.
        stretch: [0, 1]: at 1 the picture's own darkest and lightest tones take the outermost colours, at 0 only black
            and white do, which keeps the frames of a film alike.
        balance: [-1, 1]; above 0 more of the picture is light, below 0 dark.
        amount: [0, 1], from the picture's own colours to the inks; at 0 the picture comes back bit for bit.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        ChoiceError: no such colour, or a number beyond its range.
    """
    inks = [shadows, lights] if middle is None else [shadows, middle, lights]
    return color_tones(image, palette_table(inks), stretch=stretch, balance=balance, amount=amount)
