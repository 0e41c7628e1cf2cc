"""RISE: look through many random masks; a place matters where the score is high whenever it is seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from artforge.core.seeds import derive_seed, generator
from artforge.core.steps import step
from artforge.core.values import Heatmap, Image
from artforge.engine.attention.baselines import baseline_of
from artforge.engine.attention.finite import as_heatmap
from artforge.engine.attention.inputs import maps_wanted
from artforge.engine.attention.scores import batches_asked, target_scores
from artforge.engine.attention.settings import check_count, check_range
from artforge.engine.attention.targets import ClassTarget, Targets
from artforge.engine.attention.upsample import upsample_heatmap
from artforge.engine.models.handle import BATCH, Model

_Masks = Annotated[int, Field(ge=2)]
_Cells = Annotated[int, Field(ge=1, le=64)]
_Share = Annotated[float, Field(gt=0, lt=1)]


def rise_batch(
    images: Sequence[Image],
    *,
    model: Model,
    targets: Targets = None,
    num_masks: int = 800,
    cells: int = 7,
    visible: float = 0.5,
    seed: int = 0,
) -> list[Heatmap]:
    """Raw RISE maps of several pictures; every picture is seen through the same masks, so a batch changes nothing.

    Args:
        images: pictures in [0, 1], of any sizes.
        model: the network to look through.
        targets: a class or mix for all, a list of one for each picture, or None for the predicted class.
        num_masks: how many masks; the noise of the map falls with their square root.
        cells: a mask has cells x cells random fields.
        visible: the chance of a field to be open.
        seed: another seed, other masks.

    Returns:
        one float32 (h, w) for each picture at the size the network sees it at, signed: at each pixel, the sum over the
        masks of mask x (class score - its mean over all masks), divided by num_masks x visible. So it is how much
        higher than the mean the score is on average while the pixel is seen. (The paper takes no mean off, which lifts
        every pixel by about the mean score, and more where the masks happen to be open more often.) A network gives
        its scores in float32: differences are exact to a ten-millionth of the score itself, so a bias of hundreds
        leaves less of them.

    Raises:
        ChoiceError: unknown class, fewer than 2 masks, or cells or a chance that cannot be.
        ShapeError: the number of targets is not the number of pictures.
        ModelError: the network gives numbers that are not finite.
    """
    check_count("num_masks", num_masks, least=2)
    check_count("cells", cells, most=64)
    check_range("visible", visible, "(0, 1)")
    found = maps_wanted(images, model=model)
    for positions, batch, weights in batches_asked(images, model=model, targets=targets):
        for position, picture, row in zip(positions, batch, weights, strict=True):
            black = baseline_of(picture, "black", model=model)
            rng = generator(derive_seed(seed, "rise"))
            size = (picture.shape[0], picture.shape[1])
            seen, masks_sum, scores_sum = np.zeros(size), np.zeros(size), 0.0
            for start in range(0, num_masks, BATCH):
                count = min(BATCH, num_masks - start)
                masks = random_masks(count, size, cells=cells, visible=visible, rng=rng)
                masked = black + masks[..., None] * (picture - black)
                scores = target_scores(masked, row, model=model, long_run=model.is_long_run(num_masks))
                seen += np.tensordot(scores.astype(np.float64), masks, axes=1)
                masks_sum += masks.sum(axis=0, dtype=np.float64)
                scores_sum += float(scores.sum(dtype=np.float64))
            found[position] = as_heatmap((seen - masks_sum * scores_sum / num_masks) / (num_masks * visible))
    return found


def random_masks(
    count: int, size: tuple[int, int], *, cells: int, visible: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Soft random masks: coarse fields, open or shut by chance, enlarged and shifted by a part of a field.

    Args:
        count: how many.
        size: (height, width) of each, pixels.
        cells: a mask has cells x cells fields, and parts of one more row and column.
        visible: [0, 1], the chance of a field to be open.
        rng: draws the fields of one mask, then its shift, then the next mask.

    Returns:
        float32 (count, height, width), [0, 1]: open is 1, and the light between fields goes over linearly.

    Source: Petsiuk, Das and Saenko, RISE (2018), section 3.2, https://arxiv.org/abs/1806.07421
    """
    height, width = size
    field_height, field_width = -(-height // cells), -(-width // cells)
    enlarged = ((cells + 1) * field_width, (cells + 1) * field_height)
    masks = np.empty((count, height, width), np.float32)
    for mask in masks:
        fields = (rng.random((cells + 1, cells + 1)) < visible).astype(np.float32)
        top, left = rng.integers(field_height), rng.integers(field_width)
        smooth = cv2.resize(fields, enlarged, interpolation=cv2.INTER_LINEAR)
        mask[:] = smooth[top : top + height, left : left + width]
    return masks


@step("rise", version=2)
def rise(
    image: Image,
    *,
    model: Model,
    target: ClassTarget | None = None,
    num_masks: _Masks = 800,
    cells: _Cells = 7,
    visible: _Share = 0.5,
    seed: int = 0,
) -> Heatmap:
    """Look through many random masks: a place matters where the class score is high whenever it is seen.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: the network to look through; nothing but its answers is used.
        target: the class asked about, several, or a weighted mix; None asks about the one the network predicts.
        num_masks: how many masks; the paper takes 4000 to 8000, each costs one forward pass.
        cells: a mask has cells x cells random fields.
        visible: the chance of a field to be open.
        seed: another seed, other masks.

    Returns:
        float32 (H, W), of the picture's size, signed, in class score: 0 is where it does not matter whether a pixel is
        seen.

    Raises:
        ChoiceError: unknown class.

    Source: Petsiuk, Das and Saenko, RISE (2018), https://arxiv.org/abs/1806.07421
    """
    [raw] = rise_batch(
        [image], model=model, targets=[target], num_masks=num_masks, cells=cells, visible=visible, seed=seed
    )
    return upsample_heatmap(raw, image.shape[:2])
