"""The `timeline:` section: how long a film is, how fast, and whether it closes on itself."""

from __future__ import annotations

from artforge.recipes.document import Tree
from artforge.recipes.readers import Readers, value_place
from artforge.recipes.timeline import MAX_FRAMES, Timeline, parse_moment

_STAND_IN = Timeline(MAX_FRAMES, 25, loop=False)  # for a timeline with a fault, so that what follows is still checked
MAX_FPS = 240


class TimelineReader(Readers):
    """Reads the `timeline:` section."""

    def timeline(self, section: Tree | None) -> Timeline | None:
        """The timeline, or None where there is none."""
        if section is None:
            return None
        if not isinstance(section.value, dict):
            self.problems.add(section.position, "timeline is written like {duration: 6s, fps: 25, loop: true}")
            return _STAND_IN
        self.unknown_keys(section, ("duration", "fps", "loop"), "timeline")
        fps = self.number(section, "fps", default=25.0)
        loop = section.mapping.get("loop")
        if loop is not None and not isinstance(loop.value, bool):
            self.problems.add(loop.position, f"loop is true or false, received {loop.plain()!r}")
        duration = section.mapping.get("duration")
        if fps is None or not 0 < fps <= MAX_FPS:
            message = f"fps is a number above 0, at most {MAX_FPS}, received {fps!r}"
            self.problems.add(value_place(section, "fps"), message)
            return _STAND_IN
        if duration is None:
            self.problems.add(section.position, "timeline needs a duration, such as 6s or 150f")
            return _STAND_IN
        num_frames = self._num_frames(duration, fps)
        return Timeline(num_frames, fps, loop is not None and loop.value is True) if num_frames else _STAND_IN

    def _num_frames(self, duration: Tree, fps: float) -> int | None:
        try:
            number, unit = parse_moment(str(duration.value))
        except ValueError:
            number, unit = 0.0, "%"
        frames = round(number * fps) if unit == "s" else round(number)
        if unit == "%" or not 1 <= frames <= MAX_FRAMES:
            form = f"seconds (6s) or frames (150f), 1 to {MAX_FRAMES} frames in all"
            self.problems.add(duration.position, f"duration is {form}, received {duration.plain()!r}")
            return None
        return frames
