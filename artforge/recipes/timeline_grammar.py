"""The `timeline:` section: how long a film is, how fast, and whether it closes on itself."""

from __future__ import annotations

from artforge.core.yaml_tree import Tree
from artforge.recipes.readers import Readers, value_place
from artforge.recipes.timeline import MAX_FRAMES, Timeline, parse_moment

_STAND_IN = Timeline(MAX_FRAMES, 25, loop=False)  # for a timeline with a fault, so that what follows is still checked
MAX_FPS = 240
BOOMERANG = "boomerang"
CROSSFADE = "crossfade"


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
        duration = section.mapping.get("duration")
        if fps is None or not 0 < fps <= MAX_FPS:
            message = f"fps is a number above 0, at most {MAX_FPS}, received {fps!r}"
            self.problems.add(value_place(section, "fps"), message)
            return _STAND_IN
        if duration is None:
            self.problems.add(section.position, "timeline needs a duration, such as 6s or 150f")
            return _STAND_IN
        num_shown = self._num_frames("duration", duration, fps)
        return self._closed(section.mapping.get("loop"), duration, fps, num_shown) if num_shown else _STAND_IN

    def _closed(self, loop: Tree | None, duration: Tree, fps: float, num_shown: int) -> Timeline:
        """A timeline whose finished film has so many frames."""
        if loop is None or isinstance(loop.value, bool):
            return Timeline(num_shown, fps, loop is not None and loop.value is True)
        if loop.value == BOOMERANG:
            return self._boomerang(duration, fps, num_shown)
        if loop.mapping.keys() == {CROSSFADE}:
            most = min(num_shown, MAX_FRAMES - num_shown)
            fade = self._num_frames(CROSSFADE, loop.mapping[CROSSFADE], fps, most) or 0
            return Timeline(num_shown + fade, fps, loop=False, fade=fade)
        message = f"loop is true, false, {BOOMERANG} or {{{CROSSFADE}: 1s}}, received {loop.plain()!r}"
        self.problems.add(loop.position, message)
        return Timeline(num_shown, fps, loop=False)

    def _boomerang(self, duration: Tree, fps: float, num_shown: int) -> Timeline:
        number, unit = parse_moment(str(duration.value))
        way = round(number * fps / 2) if unit == "s" else num_shown // 2
        if unit == "f" and num_shown % 2:
            told = "a boomerang shows its first and its last frame once and all others twice"
            message = f"{told}: write {num_shown - 1}f or {num_shown + 1}f, received {duration.plain()!r}"
            self.problems.add(duration.position, message)
        return Timeline(max(1, way) + 1, fps, loop=False, boomerang=True)

    def _num_frames(self, key: str, tree: Tree, fps: float, most: int = MAX_FRAMES) -> int | None:
        try:
            number, unit = parse_moment(str(tree.value))
        except ValueError:
            number, unit = 0.0, "%"
        frames = round(number * fps) if unit == "s" else round(number)
        if unit == "%" or not 1 <= frames <= most:
            form = f"seconds ({'6s' if key == 'duration' else '1s'}) or frames (150f), 1 to {most} frames in all"
            self.problems.add(tree.position, f"{key} is {form}, received {tree.plain()!r}")
            return None
        return frames
