"""A fall into a picture: each frame is the one before, enlarged around its middle, climbing on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ChoiceError
from artforge.core.values import Image
from artforge.engine.ascent.ascend import OnStep, ascend, begin
from artforge.engine.ascent.at_work import all_living, further, tell_of_frames
from artforge.engine.ascent.checkpoint import Checkpoint, State
from artforge.engine.ascent.deprocess import finished
from artforge.engine.ascent.groups import bytes_of
from artforge.engine.ascent.life import awakened
from artforge.engine.ascent.objectives import Objective
from artforge.engine.ascent.run import RESCUE_STEPS
from artforge.engine.ascent.settings import Ascent
from artforge.engine.models.handle import Model

Array = NDArray[np.float32]

HELD_BYTES = 1_000_000_000
"""How much the beginning of a loop may take, which is held until its end is laid over it."""


def overlap_fits(*, overlap: int, num_frames: int) -> None:
    """Raise unless an overlap is at most half the film.

    Raises:
        ChoiceError: it is longer, or below 0.
    """
    if not 0 <= overlap <= num_frames // 2:
        raise ChoiceError(f"an overlap is at most half the film of {num_frames} frames, received {overlap}")


@dataclass(frozen=True, eq=False)
class Zoom:
    """What a fall is told.

    Attributes:
        objective: what it climbs for.
        name: what that is, for messages.
        start_image: float32 (H, W, 3) in [0, 1], where it begins.
        ascent: how a frame climbs.
        num_frames: of the film.
        factor: how much larger from frame to frame; 1.05 is the 5 % of the first DeepDream films.
        degrees: how far it turns from frame to frame.
        steps_per_frame: how far each frame climbs.
        overlap: so many frames more are drawn at the end, into which the beginning is faded, so that the film is a
            loop.
        seed: of the transforms.

    Raises:
        ChoiceError: a factor that is not above 0, or an overlap that is longer than half the film or more than memory
            is to hold.
    """

    objective: Objective
    name: str
    start_image: Image
    ascent: Ascent
    num_frames: int
    factor: float = 1.05
    degrees: float = 0.0
    steps_per_frame: int = 4
    overlap: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.factor > 0:
            raise ChoiceError(f"a zoom enlarges by a factor above 0, received {self.factor}")
        overlap_fits(overlap=self.overlap, num_frames=self.num_frames)
        height, width = self.start_image.shape[:2]
        held = self.overlap * bytes_of((height, width))
        if held > HELD_BYTES:
            raise ChoiceError(
                f"an overlap of {self.overlap} frames of {height}x{width} is {held / 1e9:.1f} GB to hold, expected at "
                f"most {HELD_BYTES / 1e9:.1f} GB: take a shorter overlap or a smaller picture"
            )


@dataclass(frozen=True, eq=False)
class Fall:
    """A fall on its way; all pictures are raw.

    Attributes:
        num_done: frames drawn so far.
        start: float32 (H, W, 3), what the next one begins with.
        last: float32 (H, W, 3), the one drawn last.
        first: float32 (H, W, 3), the first one, whose scale is that of the film.
        held: float32 (k, H, W, 3), those that the end is faded into.
    """

    num_done: int
    start: Array
    last: Array
    first: Array
    held: Array

    @property
    def num_bytes(self) -> int:
        """What it takes."""
        return sum(array.nbytes for array in (self.start, self.last, self.first, self.held))

    def state(self) -> State:
        """Everything, as arrays."""
        return {
            "num_done": np.asarray(self.num_done),
            "start": self.start,
            "last": self.last,
            "first": self.first,
            "held": self.held,
        }


def fall_of(state: State) -> Fall:
    """The fall that had this state."""
    pictures = {name: np.asarray(state[name], np.float32) for name in ("start", "last", "first", "held")}
    return Fall(int(state["num_done"]), **pictures)


def begin_fall(zoom: Zoom, model: Model) -> Fall:
    """A fall before its first frame; where nothing responds to the start image, it begins with one that is helped.

    Raises:
        ChoiceError: no picture moves it.
    """
    start = np.asarray(zoom.start_image, np.float32)
    run = begin(
        [zoom.objective],
        model=model,
        ascent=replace(zoom.ascent, num_steps=RESCUE_STEPS + 1),
        start_images=[start],
        seed=zoom.seed,
    )
    [found] = awakened(run).results()
    all_living([found], [zoom.name])
    start = found.raw if found.was_dead else start
    return Fall(0, start, start, start, np.zeros((0, *start.shape), np.float32))


def fall_further(
    zoom: Zoom,
    fall: Fall,
    num_frames: int,
    *,
    model: Model,
    on_step: OnStep | None = None,
    keeper: Checkpoint | None = None,
) -> Fall:
    """The fall after so many frames.

    Args:
        zoom: what it is told.
        fall: where it is, at most there.
        num_frames: where it is to be.
        model: the network.
        on_step: told of every step.
        keeper: keeps its state on the way.
    """
    short = replace(zoom.ascent, num_steps=zoom.steps_per_frame, rescue=False)
    for number in range(num_frames - fall.num_done):
        [moved] = ascend(
            [zoom.objective],
            model=model,
            ascent=short,
            start_images=[np.clip(fall.start, 0, 1)],
            seed=zoom.seed,
            on_step=further(on_step, number * zoom.steps_per_frame),
        )
        tell_of_frames([moved], zoom.name)
        fall = Fall(
            num_done=fall.num_done + 1,
            start=_nearer(moved.raw, zoom.factor, zoom.degrees),
            last=moved.raw,
            first=fall.first if fall.num_done else moved.raw,
            held=np.concatenate([fall.held, moved.raw[None]]) if fall.num_done < zoom.overlap else fall.held,
        )
        if keeper is not None and keeper.is_due():
            keeper.save(fall.state())
    return fall


def num_drawn(zoom: Zoom, number: int) -> int:
    """How many frames of the fall are drawn when frame `number` of the film is: a loop begins behind its overlap."""
    return number + zoom.overlap + 1


def shown_last(zoom: Zoom, fall: Fall) -> Image:
    """The frame drawn last, as it is shown: towards the end of a loop, faded into the frames before its beginning."""
    last = finished(fall.last, zoom.ascent.finish, like=fall.first)
    number = fall.num_done - 1 - zoom.num_frames
    if number < 0:
        return last
    share = np.float32((number + 1) / (zoom.overlap + 1))
    return last * (1 - share) + finished(fall.held[number], zoom.ascent.finish, like=fall.first) * share


def zoom_frames(zoom: Zoom, model: Model, *, on_step: OnStep | None = None) -> Iterator[Image]:
    """The frames of a film, one after the other.

    Args:
        zoom: what it is told.
        model: the network.
        on_step: told of every step.

    Yields:
        float32 (H, W, 3) in [0, 1], `num_frames` of them.

    Raises:
        ChoiceError: no picture moves it.
    """
    fall = begin_fall(zoom, model)
    for number in range(zoom.num_frames):
        told = further(on_step, fall.num_done * zoom.steps_per_frame)
        fall = fall_further(zoom, fall, num_drawn(zoom, number), model=model, on_step=told)
        yield shown_last(zoom, fall)


def _nearer(raw: Array, factor: float, degrees: float) -> Array:
    height, width = raw.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, factor)
    moved = cv2.warpAffine(raw, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(moved, np.float32)
