"""SmoothGrad: the mean saliency of many slightly noisy copies; what only noise moves averages away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from artforge.core.errors import check_choice
from artforge.core.seeds import derive_seed, generator
from artforge.core.steps import step
from artforge.core.values import Heatmap, Image, Unit
from artforge.engine.attention.inputs import maps_wanted
from artforge.engine.attention.saliency import Colours, over_colours
from artforge.engine.attention.scores import batches_asked, mean_gradient
from artforge.engine.attention.settings import check_count, check_range
from artforge.engine.attention.targets import ClassTarget, Targets
from artforge.engine.attention.upsample import upsample_heatmap
from artforge.engine.models.handle import BATCH, Model

_Count = Annotated[int, Field(ge=1)]


def smooth_grad_batch(
    images: Sequence[Image],
    *,
    model: Model,
    targets: Targets = None,
    num_samples: int = 32,
    noise: float = 0.15,
    seed: int = 0,
    colours: Colours = "strongest",
) -> list[Heatmap]:
    """Raw SmoothGrad maps of several pictures; every picture meets the same noise, so a batch changes nothing.

    Args:
        images: pictures in [0, 1], of any sizes.
        model: the network to look through.
        targets: a class or mix for all, a list of one for each picture, or None for the predicted class.
        num_samples: how many noisy copies of each picture.
        noise: standard deviation of the noise as a share of the picture's own range (its maximum - minimum).
        seed: another seed, other noise.
        colours: the largest |mean gradient| of the three colours, or their signed sum.

    Returns:
        one float32 (h, w) for each picture at the size the network sees it at, in class score per unit of pixel value.

    Raises:
        ChoiceError: unknown class, no samples, noise beyond [0, 1], or no such way with colours.
        ShapeError: the number of targets is not the number of pictures.
        ModelError: the network gives numbers that are not finite.
    """
    check_count("num_samples", num_samples)
    check_choice("colours", colours, get_args(Colours))
    check_range("noise", noise, "[0, 1]")
    found = maps_wanted(images, model=model)
    for positions, batch, weights in batches_asked(images, model=model, targets=targets):
        for position, picture, row in zip(positions, batch, weights, strict=True):
            noisy = _noisy_copies(picture, num_samples, noise, seed)
            mean = mean_gradient(noisy, row, model=model, long_run=model.is_long_run(2 * num_samples))
            found[position] = over_colours(mean, colours)
    return found


def _noisy_copies(
    picture: NDArray[np.float32], num_samples: int, noise: float, seed: int
) -> Iterator[NDArray[np.float32]]:
    rng = generator(derive_seed(seed, "smooth_grad"))
    spread = np.float32(noise * (picture.max() - picture.min()))
    for start in range(0, num_samples, BATCH):
        shape = (min(BATCH, num_samples - start), *picture.shape)
        yield picture + spread * rng.standard_normal(shape, dtype=np.float32)


@step("smooth_grad", version=2)
def smooth_grad(
    image: Image,
    *,
    model: Model,
    target: ClassTarget | None = None,
    num_samples: _Count = 32,
    noise: Unit = 0.15,
    seed: int = 0,
    colours: Colours = "strongest",
) -> Heatmap:
    """Saliency without its grain: the mean gradient over many slightly noisy copies of the picture.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: the network to look through.
        target: the class asked about, several, or a weighted mix; None asks about the one the network predicts.
        num_samples: how many noisy copies.
        noise: standard deviation of the noise as a share of the picture's own range.
        seed: another seed, other noise.
        colours: `strongest` takes the largest |mean gradient| of the three colours, `sum` adds them with their signs.

    Returns:
        float32 (H, W), of the picture's size, unnormalised; never negative with `strongest`.

    Raises:
        ChoiceError: unknown class.

    Source: Smilkov et al., SmoothGrad (2017), https://arxiv.org/abs/1706.03825
    """
    [raw] = smooth_grad_batch(
        [image], model=model, targets=[target], num_samples=num_samples, noise=noise, seed=seed, colours=colours
    )
    return upsample_heatmap(raw, image.shape[:2])
