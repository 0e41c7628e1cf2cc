"""Pictures one after the other."""

from __future__ import annotations

from math import floor

from artforge.core.errors import check_choice
from artforge.core.steps import step
from artforge.core.values import Image, Images, Turn, Unit
from artforge.engine.attention.settings import check_range
from artforge.ops.color_spaces import SPACES, Space
from artforge.ops.crossfade import crossfade


@step("sequence", version=1)
def sequence(
    images: Images, *, at: Turn = 0.0, hold: Unit = 0.4, closed: bool = True, space: Space = "linear"
) -> Image:
    """Show pictures one after the other, each fading into the next; `at: "=t"` makes the film.

    Args:
        images: float32 (n, H, W, 3), sRGB, [0, 1], in the order of the film; in a recipe also a list of pipes.
        at: the place in the film.
        hold: for which share of its time each picture stands still before it fades; 0 fades all the time, 1 cuts.
        closed: whether the last picture fades into the first, as a loop wants it; else the film ends with the last.
        space: what the fading is reckoned in, as for `crossfade`.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1]; a picture that stands still is there bit for bit.

    Raises:
        ChoiceError: no such space, or a number beyond [0, 1].
    """
    check_range("at", at, "[0, 1]")
    check_range("hold", hold, "[0, 1]")
    check_choice("space", space, SPACES)
    count = len(images)
    place = at * (count if closed else count - 1 + hold)
    number = min(floor(place), count if closed else count - 1)
    share = fading(place - number, hold)
    image, other = images[number % count], images[(number + 1) % count]
    return crossfade(image, other, share=share, space=space)


def fading(place: float, hold: float) -> float:
    """How far a picture has faded at one place of its time, both [0, 1]: not before `hold`, then slow at both ends."""
    if place <= hold:
        return 0.0
    share = (place - hold) / (1 - hold)
    return share * share * (3 - 2 * share)
