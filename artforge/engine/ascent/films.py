"""What all films of an ascent share: one scale for all frames, so that nothing flickers, and which of them is shown."""

from __future__ import annotations

from artforge.core.errors import ChoiceError
from artforge.core.values import Image
from artforge.engine.ascent.deprocess import Finish, finished
from artforge.engine.ascent.run import Ascended

_SLACK = 1e-6  # rounding of whoever divided


def path_frames(result: Ascended, finish: Finish) -> list[Image]:
    """The pictures on the way, all on the scale of the last.

    Args:
        result: of an ascent with `keep_every`.
        finish: how they are shown.

    Raises:
        ChoiceError: no path has been kept.
    """
    if not result.path:
        raise ChoiceError("no path has been kept: ascend with keep_every=1, or more for a shorter film")
    return [finished(raw, finish, like=result.raw) for _, raw in sorted(result.path.items())]


def frame_number(share: float, num_frames: int, *, is_loop: bool) -> int:
    """Which frame is shown at a share of a film.

    Args:
        share: in [0, 1]. Of a loop i/n is frame i, and 1 is frame 0. A film with an end is shown from its first frame
            at 0 to its last at 1 by i/(n-1), and by i/n as a loop is: both are frame i.
        num_frames: n.
        is_loop: whether its end meets its beginning.
    """
    if is_loop:
        return round(share * num_frames) % num_frames
    along = share * (num_frames - 1)
    return round(along) if abs(along - round(along)) < _SLACK else min(round(share * num_frames), num_frames - 1)
