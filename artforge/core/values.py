"""The values that flow from step to step, and the marks by which the registry knows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from artforge.core.colors import canonical_color, canonical_palette


class Kind(StrEnum):
    """What a step takes or gives; written into a type by `Annotated[..., Kind.X]`."""

    IMAGE = "image"
    IMAGES = "images"
    HEATMAP = "heatmap"
    FEATURE_MAPS = "feature maps"
    DRAWING = "drawing"
    MODEL = "model"
    COLOR_PROFILE = "colour profile"
    PICTURE_SOURCE = "picture"
    PICTURE_FOLDER = "picture folder"
    LAYER = "layer"
    CLASS_NAME = "class"
    CHANNEL = "channel"
    COLORMAP = "colormap"
    PALETTE = "palette"
    COLOR = "colour"
    TURN = "turn"  # a share of a round: 1 is 0 again
    DEGREES = "degrees"  # of a round of 360
    PIXELS = "pixels"  # a length on the finished work: a preview at a quarter of the size takes a quarter of it

    @property
    def with_article(self) -> str:
        """`an image`, `a heatmap`, `feature maps`."""
        if self in (Kind.FEATURE_MAPS, Kind.IMAGES):
            return str(self)
        return f"{'an' if self[0] in 'aeiou' else 'a'} {self}"

    @property
    def plural(self) -> str:
        """`images`, `heatmaps`."""
        return f"{self}s"


@dataclass(frozen=True)
class Moments:
    """Marks a stack that flows in as one value at several moments of a film: `Annotated[Images, Moments("frames")]`.

    Attributes:
        setting: the one of the step that says how many frames before and as many behind are read; the middle of the
            stack is the moment itself.
    """

    setting: str


Image = Annotated[NDArray[np.float32], Kind.IMAGE]
"""float32 (H, W, 3), sRGB, [0, 1]."""

Images = Annotated[NDArray[np.float32], Kind.IMAGES]
"""float32 (n, H, W, 3), several Images of one size."""

Heatmap = Annotated[NDArray[np.float32], Kind.HEATMAP]
"""float32 (H, W), signed and unnormalised as the method gives it, until `normalize` maps it to [0, 1]."""

FeatureMaps = Annotated[NDArray[np.float32], Kind.FEATURE_MAPS]
"""float32 (h, w, channels), one image's activations at one layer."""

PictureSource = Annotated[str, Kind.PICTURE_SOURCE]
"""A picture file's path, or `embedded:CLASS/FAMILY/SEED` for a picture of the embedded set."""

PictureFolder = Annotated[str, Kind.PICTURE_FOLDER]
"""A folder of picture files; those in the folders below count too."""

LayerName = Annotated[str, Kind.LAYER]
"""A layer of the model beside it: its name, or `last_conv`."""

ClassName = Annotated[str, Kind.CLASS_NAME]
"""A class of the model beside it, by name."""

ChannelNumber = Annotated[int, Kind.CHANNEL, Field(ge=0)]
"""A channel of the layer beside it, counted from 0."""

Color = Annotated[str, Kind.COLOR, AfterValidator(canonical_color)]
"""An sRGB colour: `#f4f0e8`, or a CSS name such as `ivory`."""

Palette = Annotated[str | list[str], Kind.PALETTE, AfterValidator(canonical_palette)]
"""Colours from low to high: a colormap of the `cmap` catalogue by name, or a list of at least two colours."""

Unit = Annotated[float, Field(ge=0, le=1)]
"""A share in [0, 1]."""

Turn = Annotated[float, Kind.TURN, Field(ge=0, le=1)]
"""A share of a round in [0, 1]: 1 is 0 again."""

ROUNDS = {Kind.TURN: 1.0, Kind.DEGREES: 360.0}
"""After how much a number that goes round is the same again."""

ARRAY_KINDS: dict[Kind, tuple[int, int | None]] = {
    Kind.IMAGE: (3, 3),
    Kind.IMAGES: (4, 3),
    Kind.HEATMAP: (2, None),
    Kind.FEATURE_MAPS: (3, None),
}
"""The array kinds: number of axes, and the size of the last axis where it is fixed."""

FLOWING_KINDS = frozenset({*ARRAY_KINDS, Kind.DRAWING})
"""What flows from step to step."""

ITEM_OF = {Kind.IMAGES: Kind.IMAGE, Kind.FEATURE_MAPS: Kind.HEATMAP}
"""Kinds that hold several of another: a step that takes one maps over them."""
STACK_OF = {item: stack for stack, item in ITEM_OF.items()}


@dataclass(frozen=True)
class Frames:
    """A lazy sequence of Images of one size: frame i is drawn when it is asked for.

    Attributes:
        num_frames: how many there are; frame `num_frames` of a loop would be frame 0 and is never drawn.
        fps: frames per second.
        draw: frame index -> Image.
    """

    num_frames: int
    fps: float
    draw: Callable[[int], Image]

    def __len__(self) -> int:
        return self.num_frames

    def __iter__(self) -> Iterator[Image]:
        return (self.draw(index) for index in range(self.num_frames))


def size_text(array: NDArray[Any]) -> str:
    """`64x48`: the width and height of an array (H, W, ...), for messages."""
    return f"{array.shape[1]}x{array.shape[0]}"


def array_fault(value: object, kind: Kind) -> str | None:
    """What is wrong with `value` as a `kind`, or None: dtype, axes, finite numbers, and [0, 1] for an Image."""
    num_axes, last = ARRAY_KINDS[kind]
    what = kind.with_article
    if not isinstance(value, np.ndarray):
        return f"{what} must be an array, received {type(value).__name__}"
    if value.dtype != np.float32:
        return f"{what} must be float32, received {value.dtype}"
    if value.ndim != num_axes or (last is not None and value.shape[-1] != last):
        return f"{what} must have {num_axes} axes{f' and end in {last}' if last else ''}, received shape {value.shape}"
    if 0 in value.shape:
        return f"{what} must not be empty, received shape {value.shape}"
    low, high = value.min(), value.max()  # both are NaN where one number is
    if not (np.isfinite(low) and np.isfinite(high)):
        return f"{what} must be finite, received {int((~np.isfinite(value)).sum())} NaN or infinite numbers"
    if kind in (Kind.IMAGE, Kind.IMAGES) and not (low >= 0 and high <= 1):
        return f"{what} must stay in [0, 1], received [{low:.9g}, {high:.9g}]"
    return None
