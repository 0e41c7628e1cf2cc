"""Time: how long a film is, how it closes, and which moment each frame shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

_MOMENT = re.compile(r"(-?\d{1,12}(?:\.\d+)?)\s*(%|s|f)")  # no film has more digits, and a float holds no 400
MAX_FRAMES = 100_000


class Shown(NamedTuple):
    """What stands at one place of the finished film.

    Attributes:
        frame: the drawn frame.
        into: the drawn frame that it fades into, or None.
        share: how far it has faded, in (0, 1).
    """

    frame: int
    into: int | None = None
    share: float = 0.0


@dataclass(frozen=True)
class Timeline:
    """A film's length, and how it closes.

    Frames are drawn from the first to the last moment; the finished film shows them in this order, there and back, or
    with its end faded into its beginning.

    Attributes:
        num_frames: how many frames are drawn.
        fps: frames per second.
        loop: whether time goes round: then frame `num_frames` would be frame 0, and is never drawn.
        boomerang: whether the film shows the frames there and back, its first and its last one once.
        fade: over how many frames the end of the film is faded into its beginning; 0 for none.
    """

    num_frames: int
    fps: float
    loop: bool
    boomerang: bool = False
    fade: int = 0

    @property
    def closes(self) -> bool:
        """Whether the film goes on at its start when it has come to its end."""
        return self.loop or self.boomerang or self.fade > 0

    @property
    def num_shown(self) -> int:
        """How many frames the finished film has."""
        return 2 * self.num_frames - 2 if self.boomerang else self.num_frames - self.fade

    @property
    def duration(self) -> float:
        """Seconds from the first moment to the last; of a boomerang, of the way there."""
        return (self.num_frames - 1 if self.boomerang else self.num_frames) / self.fps

    @property
    def extent(self) -> str:
        """From where to where it goes, in each unit that a moment is written in."""
        return f"0s to {self.duration:g}s, 0f to {self.num_frames if self.loop else self.num_frames - 1}f"

    def moment(self, frame: int) -> float:
        """The share of the film at a drawn frame: i/N where time goes round, i/(N-1) where both ends are drawn."""
        if self.loop:
            return frame / self.num_frames
        return frame / (self.num_frames - 1) if self.num_frames > 1 else 0.0

    def shown(self, index: int) -> Shown:
        """What frame `index` of the finished film shows.

        A film that is faded begins where its first frames have been left behind: so its last frames are those between
        its end and its beginning, and frame 0 is one that was drawn.
        """
        if self.boomerang:
            return Shown(self._mirrored(index))
        faded = index - (self.num_shown - self.fade)
        if self.fade and faded >= 0:
            return Shown(index + self.fade, faded, (faded + 1) / (self.fade + 1))
        return Shown(index + self.fade)

    def frame_at(self, share: float) -> int:
        """The drawn frame that shows the moment at `share`."""
        return min(self.num_frames - 1, round(share * (self.num_frames if self.loop else self.num_frames - 1)))

    def around(self, frame: int, reach: int) -> list[int]:
        """The drawn frames from `reach` before one to `reach` behind it.

        Round a loop they go on at its other end, at the ends of a boomerang they turn back; in any other film its
        first and its last frame are held.
        """
        wanted = range(frame - reach, frame + reach + 1)
        if self.loop:
            return [each % self.num_frames for each in wanted]
        if self.boomerang:
            return [self._mirrored(each) for each in wanted]
        return [min(max(each, 0), self.num_frames - 1) for each in wanted]

    def _mirrored(self, place: int) -> int:
        place %= self.num_shown
        return min(place, self.num_shown - place)

    def share(self, text: str) -> float:
        """A moment such as `25%`, `1.5s` or `30f`, as a share of the film.

        Raises:
            ValueError: no such moment.
        """
        number, unit = parse_moment(text)
        if unit == "%":
            return number / 100
        if unit == "s":  # the last second is the film's end, where a film without loop shows its last frame
            return number / self.duration
        return number / (self.num_frames if self.loop else max(1, self.num_frames - 1))


def parse_moment(text: str) -> tuple[float, str]:
    """`25%` -> (25, '%'), `1.5s` -> (1.5, 's'), `30f` -> (30, 'f').

    Raises:
        ValueError: neither of them.
    """
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a moment: write a percentage (25%), seconds (1.5s) or frames (30f)")
    return float(found[1]), found[2]
