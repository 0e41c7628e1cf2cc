"""All honesty checks of one picture's map, gathered in one report."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.core.values import Image
from artforge.engine.attention.baselines import baseline_of
from artforge.engine.attention.methods import find_method
from artforge.engine.attention.scores import settled_target
from artforge.engine.attention.targets import ClassTarget, weights_of_target
from artforge.engine.attention.upsample import upsample_heatmap
from artforge.engine.honesty.deletion import deletion_curve, insertion_curve, random_area
from artforge.engine.honesty.drop import confidence_drop
from artforge.engine.honesty.probability import probability_of, watched_class
from artforge.engine.honesty.randomised import sanity_check
from artforge.engine.honesty.road import road_score
from artforge.engine.models.handle import Model

DECIMALS = 2
"""The numbers of a report are told, and judged, with so many decimals: what is equal then is no better than chance."""

MOST_ALIKE = 0.5
"""A map of a network without what it learned may be this much (rank correlation) like the true one, and no more."""


@dataclass(frozen=True)
class HonestyReport:
    """What the checks of one map found. Probabilities are those of the class the map speaks for.

    Attributes:
        flat: whether the map is the same everywhere, so that there is nothing to test and no verdict is True.
        deletion, deletion_random: area under the probability while the hottest (or random) pixels go; lower is better.
        insertion, insertion_random: area while the hottest (or random) pixels come; higher is better.
        drop: the share of the probability that is lost when only what is hot is seen; lower is better.
        increases: whether it rises instead.
        road: how much more losing the hottest pixels costs than losing the coldest; above 0 is good.
        randomised: (share of layers randomised, rank correlation with the true map), from the class scores down.
    """

    flat: bool
    deletion: float
    deletion_random: float
    insertion: float
    insertion_random: float
    drop: float
    increases: bool
    road: float
    randomised: tuple[tuple[float, float], ...]

    @property
    def follows_score(self) -> bool:
        """Whether deletion, insertion and ROAD all find the map's order better than chance."""
        return self.deletion_beats_chance and self.insertion_beats_chance and self.road_beats_chance

    @property
    def deletion_beats_chance(self) -> bool:
        """Whether the probability falls faster with the hottest pixels than with random ones."""
        return not self.flat and round(self.deletion, DECIMALS) < round(self.deletion_random, DECIMALS)

    @property
    def insertion_beats_chance(self) -> bool:
        """Whether the probability rises faster with the hottest pixels than with random ones."""
        return not self.flat and round(self.insertion, DECIMALS) > round(self.insertion_random, DECIMALS)

    @property
    def road_beats_chance(self) -> bool:
        """Whether losing the hottest pixels costs more than losing the coldest."""
        return not self.flat and round(self.road, DECIMALS) > 0

    @property
    def depends_on_learning(self) -> bool:
        """Whether the map changes once everything that was learned is gone; turned over, it is still the same map."""
        return not self.flat and abs(self.likeness) < MOST_ALIKE

    @property
    def likeness(self) -> float:
        """Rank correlation of the map of a network that has learned nothing with the true one: 1 the same, -1 turned
        over, 0 unlike.
        """
        return self.randomised[-1][1]

    def as_json(self) -> dict[str, Any]:
        """Plain values, for a machine to read."""
        verdicts = {"follows_score": self.follows_score, "depends_on_learning": self.depends_on_learning}
        return {**asdict(self), **verdicts}


def check_heatmap(
    image: Image,
    *,
    model: Model,
    method: str = "grad_cam",
    layer: str = "last_conv",
    target: ClassTarget | None = None,
    seed: int = 0,
) -> HonestyReport:
    """Make a map and put it through every check.

    Where pixels are taken away, the picture's mean colour stands in their place; where they are still to come, the
    blurred picture.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: the network; it is as before afterwards.
        method: a name of `METHODS`.
        layer: a layer's name, or `last_conv`, for methods that look at one.
        target: the class the map speaks for; None takes the predicted one. Of a mix, the class with the most weight
            is watched.
        seed: of the random orders, of the noise and of the shuffled weights.

    Returns:
        what each check found; the same for the same image, model, settings and seed.

    Raises:
        ChoiceError: unknown method, layer or class, or a target that only speaks against classes.
        ShapeError: not a picture.
        ModelError: the method cannot look through this network, the network gives numbers that are not finite, or it
            has no weights to shuffle.
    """
    looking = find_method(method)
    asked = settled_target(image, target, model=model)
    score = probability_of(watched_class(weights_of_target(asked, model=model), model=model), model=model)

    def raw() -> NDArray[np.float32]:
        [heatmap] = looking.batch([image], model=model, layer=layer, targets=[asked])
        return heatmap

    picture, own = model.prepare(image)[0], raw()
    heatmap = upsample_heatmap(own, picture.shape[:2])
    blurred = baseline_of(picture, "blurred", model=model)
    mean = baseline_of(picture, "mean", model=model)
    drop = confidence_drop(picture, heatmap, mean, score)
    return HonestyReport(
        flat=bool(own.min() == own.max()),
        deletion=deletion_curve(picture, heatmap, mean, score).area,
        deletion_random=random_area(picture, mean, score, seed=seed),
        insertion=insertion_curve(picture, heatmap, blurred, score).area,
        insertion_random=random_area(picture, blurred, score, insertion=True, seed=seed),
        drop=drop.drop,
        increases=drop.increases,
        road=road_score(picture, heatmap, score, seed=seed),
        randomised=tuple(sanity_check(model, raw, seed=seed)),
    )
