"""What to maximise: frozen values that can be added, subtracted, scaled and multiplied.

channel("conv4", 3) + 0.5 * class_score("hand_made") - layer_energy("conv1")
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Integral

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ChoiceError, ShapeError
from artforge.core.values import Image, Kind, LayerName, array_fault
from artforge.engine.attention.targets import Target

Position = tuple[float, float]
"""(down, across) in [0, 1]: a place on a map, whatever its size; (0.5, 0.5) is the middle."""


@dataclass(frozen=True)
class Response:
    """How strongly channels of a layer respond: their weighted sum, averaged over the map or at one place.

    Attributes:
        layer: the layer.
        weights: (channel, weight) pairs.
        position: the one cell that counts, or None for all.
        border: cells left out at every edge of the map, where padding speaks and not the picture.
    """

    layer: LayerName
    weights: tuple[tuple[int, float], ...]
    position: Position | None = None
    border: int = 0


@dataclass(frozen=True, eq=False)
class ClassScore:
    """The logit of a class, of several, or a weighted mix."""

    target: Target


@dataclass(frozen=True, eq=False)
class Probability:
    """The probability of a class, of several, or a weighted mix: behind the softmax or sigmoid."""

    target: Target


@dataclass(frozen=True)
class Energy:
    """The mean square of everything that a layer puts out."""

    layer: LayerName


@dataclass(frozen=True)
class Direction:
    """How far the activations of every cell point along a vector; `power` prefers cells that point nowhere else."""

    layer: LayerName
    vector: tuple[float, ...]
    power: float = 0.0


@dataclass(frozen=True, eq=False)
class Likeness:
    """How much a layer's maps are those of another picture, exaggerated."""

    layer: LayerName
    picture: Image
    power: float = 1.0


@dataclass(frozen=True)
class Diversity:
    """How unlike the textures of the pictures of one batch are (Gram matrices)."""

    layer: LayerName


@dataclass(frozen=True)
class Alignment:
    """How little the maps of neighbours in a batch differ: for the frames of a film."""

    layer: LayerName


Measure = Response | ClassScore | Probability | Energy | Direction | Likeness | Diversity | Alignment


@dataclass(frozen=True, eq=False)
class Term:
    """A weight times one measure or the product of several.

    Attributes:
        mask: (H, W) in [0, 1], where in the picture this term may change it; None is everywhere.
    """

    weight: float
    measures: tuple[Measure, ...]
    mask: NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False)
class Objective:
    """A sum of terms. Make one with the functions of this module, combine them with `+`, `-` and `*`."""

    terms: tuple[Term, ...]

    def __add__(self, other: Objective) -> Objective:
        return Objective(self.terms + other.terms) if isinstance(other, Objective) else NotImplemented

    def __sub__(self, other: Objective) -> Objective:
        return self + -other if isinstance(other, Objective) else NotImplemented

    def __neg__(self) -> Objective:
        return self * -1.0

    def __mul__(self, other: Objective | float) -> Objective:
        if isinstance(other, Objective):
            return Objective(tuple(_product(left, right) for left in self.terms for right in other.terms))
        if isinstance(other, bool) or not isinstance(other, int | float | np.number):
            return NotImplemented
        if not np.isfinite(other):
            raise ChoiceError(f"an objective is multiplied by a finite number, received {other}")
        return Objective(tuple(replace(term, weight=term.weight * float(other)) for term in self.terms))

    __rmul__ = __mul__

    def __truediv__(self, number: float) -> Objective:
        return self * (1 / number)

    def __radd__(self, nothing: int) -> Objective:
        """So that `sum` of objectives, which begins with 0, is their sum."""
        return self if nothing == 0 else NotImplemented

    def within(self, mask: NDArray[np.float32]) -> Objective:
        """The same objective, which sees the whole picture but may change it only where the mask says.

        Args:
            mask: float32 (H, W) in [0, 1], brought to the picture's size; shares between 0 and 1 change it less.

        Raises:
            ShapeError: not such a mask.
        """
        if mask.ndim != 2 or 0 in mask.shape or not (mask.min() >= 0 and mask.max() <= 1):
            raise ShapeError(
                f"a mask must be (height, width) in [0, 1], received {mask.shape} "
                f"in [{np.min(mask, initial=np.inf):.9g}, {np.max(mask, initial=-np.inf):.9g}]"
            )
        return Objective(
            tuple(replace(term, mask=mask if term.mask is None else term.mask * mask) for term in self.terms)
        )


def _product(left: Term, right: Term) -> Term:
    if left.mask is not right.mask:
        raise ShapeError("the factors of a product must share one mask: multiply first, then say `within`")
    return Term(left.weight * right.weight, left.measures + right.measures, left.mask)


def _one(measure: Measure) -> Objective:
    return Objective((Term(1.0, (measure,)),))


def channel(layer: LayerName, index: int, *, border: int = 0) -> Objective:
    """The mean of one channel: patterns that fill the picture.

    Args:
        layer: a layer's name, or `last_conv`.
        index: the channel.
        border: cells left out at every edge of the map.
    """
    return channels(layer, {index: 1.0}, border=border)


def channels(layer: LayerName, weights: Mapping[int, float], *, border: int = 0) -> Objective:
    """Several channels at once, each with its weight: `channels("conv3", {4: 1, 9: -0.5})`.

    Raises:
        ChoiceError: no channels, a number that is not whole, a weight that is not finite, or a negative border.
    """
    if not isinstance(weights, Mapping) or not weights:
        raise ChoiceError(f"channels map numbers to weights, such as {{4: 1, 9: -0.5}}; received {weights!r}")
    for index, weight in weights.items():
        if isinstance(index, bool) or not isinstance(index, Integral) or not np.isfinite(weight):
            raise ChoiceError(
                f"a channel is a whole number and its weight finite, received {index!r} with weight {weight!r}"
            )
    if border < 0:
        raise ChoiceError(f"a border is a number of cells, at least 0; received {border}")
    return _one(Response(layer, tuple((int(index), float(weight)) for index, weight in weights.items()), None, border))


def neuron(layer: LayerName, index: int, *, position: Position = (0.5, 0.5)) -> Objective:
    """One channel at one place: the single pattern it waits for, as large as its receptive field."""
    if not all(0 <= share <= 1 for share in position):
        raise ShapeError(f"a position is (down, across), each in [0, 1], received {position}")
    return _one(Response(layer, ((index, 1.0),), position))


def direction(layer: LayerName, vector: Sequence[float], *, power: float = 0.0) -> Objective:
    """Mean over the cells of dot(a, v) · max(0.1, cos(a, v))^power.

    Args:
        layer: a layer's name, or `last_conv`.
        vector: one number a channel.
        power: 0 only asks for more along the vector; higher powers punish whatever points elsewhere.

    Source: Olah et al., Feature Visualization (2017), https://doi.org/10.23915/distill.00007
    """
    if not np.any(vector) or not np.isfinite(vector).all() or not power >= 0:
        raise ChoiceError(
            "a direction is a vector of finite numbers that are not all 0, and a power of at least 0; received "
            f"{len(vector)} numbers and {power}"
        )
    return _one(Direction(layer, tuple(map(float, vector)), power))


def class_score(target: Target) -> Objective:
    """The logit of a class by name or number, the sum of several, or a weighted mix by a mapping."""
    return _one(ClassScore(target))


def probability(target: Target) -> Objective:
    """The probability of a class, where `class_score` is better: it also rises when the other classes fall.

    Where the network is sure, or sure of another class, it hardly moves at all, and neither does the picture. It is
    here to show that.

    Source: Simonyan et al., Deep Inside Convolutional Networks (2013), section 2, https://arxiv.org/abs/1312.6034
    """
    return _one(Probability(target))


def layer_energy(layer: LayerName) -> Objective:
    """The mean square of a layer: whatever it sees, more of it, as DeepDream does.

    Source: Mordvintsev et al., Inceptionism (2015)
    """
    return _one(Energy(layer))


def caricature(layer: LayerName, picture: Image, *, power: float = 1.0) -> Objective:
    """What a layer finds in a picture, exaggerated: dot(a, r) / |r|² · max(0.1, cos(a, r))^power.

    Args:
        layer: a layer's name, or `last_conv`.
        picture: float32 (H, W, 3) in [0, 1]; its maps r are taken under the same transforms at every step.
        power: how much the maps must point the same way and not only be strong.

    Source: Olah et al., Feature Visualization (2017), https://doi.org/10.23915/distill.00007
    """
    fault = array_fault(picture, Kind.IMAGE)
    if fault is not None:
        raise ShapeError(f"the picture of a caricature: {fault}")
    return _one(Likeness(layer, picture, power))


def diversity(layer: LayerName) -> Objective:
    """Pictures of one batch that do not repeat each other: minus the likeness of their Gram matrices.

    Source: Olah et al., Feature Visualization (2017), https://doi.org/10.23915/distill.00007
    """
    return _one(Diversity(layer))


def alignment(layer: LayerName) -> Objective:
    """Neighbours of a batch that keep their things in place: minus the mean square of what differs between them.

    Neighbours at distances 1 to 4 count, each distance half as much as the one before.

    Source: Mordvintsev et al., Differentiable Image Parameterizations (2018), https://doi.org/10.23915/distill.00012
    """
    return _one(Alignment(layer))


def interpolate(start: Objective, end: Objective, num: int) -> list[Objective]:
    """A row of objectives from one to the other: picture i climbs (1 - i/(num-1)) · start + i/(num-1) · end.

    Raises:
        ChoiceError: fewer than one.
    """
    if num < 1:
        raise ChoiceError(f"a row has at least 1 objective, received {num}")
    shares = np.linspace(0, 1, num) if num > 1 else [0.0]
    return [start * float(1 - share) + end * float(share) for share in shares]


def pull(left: Objective, right: Objective, mask: NDArray[np.float32]) -> Objective:
    """Two objectives that share one picture: `right` works where the mask is 1, `left` where it is 0."""
    return left.within(np.float32(1) - mask) + right.within(mask)
