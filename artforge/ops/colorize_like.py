"""Heat in the colours of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from artforge.core.errors import StepError
from artforge.core.oklab import to_oklab
from artforge.core.steps import step
from artforge.core.values import Heatmap, Image, PictureFolder
from artforge.core.work import current_work
from artforge.engine.attention.settings import check_count
from artforge.ops.colorize import look_up
from artforge.ops.heat_fields import check_heat
from artforge.ops.palettes import colors_of, even_table, pixels_of_folder, seen_small

_ALIKE = 0.02
"""OKLab: colours that lie no farther apart look the same (W3C, CSS Color Level 4, section 13.2.2)."""


def one_source(*, like: int, folder: PictureFolder | None) -> None:
    """Raise unless it is said once whose colours are taken.

    Args:
        like: whether there is a picture.
        folder: as `colorize_like`.

    Raises:
        StepError: neither a picture nor a folder, or both.
    """
    if like and folder is not None:
        raise StepError("'like' and 'folder' both say whose colours to take; leave one of them out")
    if not like and folder is None:
        raise StepError("whose colours? Give a picture (like: $art) or a folder of pictures (folder: paintings)")


@step("colorize_like", version=1, rules=[one_source])
def colorize_like(
    heatmap: Heatmap,
    like: Image | None = None,
    *,
    folder: PictureFolder | None = None,
    num_colors: Annotated[int, Field(ge=2, le=32)] = 6,
    reverse: bool = False,
) -> Image:
    """Colour a normalised heatmap in the palette of a picture, or of all pictures in a folder.

    The palette is found by clustering in OKLab and runs from its darkest colour to its lightest, at one speed to the
    eye: the map is as even as one from the catalogue.

    Args:
        heatmap: float32 (H, W), [0, 1].
        like: float32 (h, w, 3), sRGB, [0, 1], of any size, the picture whose colours are taken.
        folder: a folder of pictures whose colours are taken instead, such as the works of one artist.
        num_colors: [2, 32], how many colours make the palette.
        reverse: 0 takes the lightest colour, 1 the darkest.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1]. Where all colours look the same, whoever runs the step is told.

    Raises:
        StepError: neither a picture nor a folder, or both; or the heatmap leaves [0, 1].
        DatasetError: no such folder, or no picture in it that can be read.
        ChoiceError: not so many colours, or no whole number of them.
    """
    check_count("num_colors", num_colors, least=2, most=32)
    colors = colors_of(_pixels_from(like, folder), num_colors)
    check_heat(heatmap)
    _notice_sameness(colors)
    table = even_table(colors)
    return look_up(heatmap, table[::-1] if reverse else table)


def _pixels_from(like: Image | None, folder: PictureFolder | None) -> NDArray[np.float32]:
    one_source(like=like is not None, folder=folder)
    return pixels_of_folder(Path(str(folder))) if like is None else seen_small(like)


def _notice_sameness(colors: NDArray[np.float32]) -> None:
    """Say that heat cannot be seen in these colours, where it cannot."""
    lab = to_oklab(colors)
    if np.linalg.norm(lab.max(axis=0) - lab.min(axis=0)) <= _ALIKE:
        current_work().noticed(
            "nothing to see: the colours that are taken all look the same, so hot and cold cannot be told apart; take "
            "those of another picture, or name some: 'colorize: {map: [midnightblue, ivory]}'"
        )
