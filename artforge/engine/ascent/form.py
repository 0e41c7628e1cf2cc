"""Objectives as numbers: what a batch of them has in common is its form, what differs are arrays.

Pictures whose objectives share a form, such as sixty-four filters of one layer, climb in one compiled program, and
another filter is only another number in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ChoiceError, ShapeError
from artforge.core.values import Image
from artforge.engine.ascent.objectives import (
    ClassScore,
    Direction,
    Energy,
    Likeness,
    Measure,
    Objective,
    Probability,
    Response,
    Term,
)
from artforge.engine.attention.targets import weights_of_target
from artforge.engine.models.handle import Model

LOCAL = (Response, Energy, Direction)
"""Measures that are a weighted sum over the cells of a map: only these can be computed tile by tile."""

_OF_CLASSES = (ClassScore, Probability)
_WEIGHED = (Response, ClassScore, Probability, Direction)

Place = tuple[tuple[float, float] | None, int]
"""Which cells count: (the position of the only one or None, the border that is left out)."""
EVERYWHERE: Place = (None, 0)


@dataclass(frozen=True)
class Slot:
    """One measure of a form, without its numbers.

    Attributes:
        kind: the measure's class.
        layer: its layer's own name, empty for class scores and probabilities.
        power: of directions and likenesses.
        mask: which of the picture's masks it works within.
        number: tells apart measures of one objective that are equal in all this.
    """

    kind: type[Measure]
    layer: str
    power: float = 0.0
    mask: int = 0
    number: int = 0


@dataclass(frozen=True)
class Form:
    """What objectives of one batch have in common: a sum of products of slots, each product with a coefficient."""

    monomials: tuple[tuple[Slot, ...], ...]
    num_masks: int
    has_masks: bool

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Every slot, once, in order."""
        return tuple(dict.fromkeys(slot for monomial in self.monomials for slot in monomial))

    @property
    def layers(self) -> tuple[str, ...]:
        """Every layer looked at, once, in order."""
        return tuple(dict.fromkeys(slot.layer for slot in self.slots if slot.layer))

    @property
    def is_local(self) -> bool:
        """Whether it can be computed tile by tile: plain sums of measures that add up over cells."""
        return all(len(monomial) == 1 and monomial[0].kind in LOCAL for monomial in self.monomials)


@dataclass
class Numbers:
    """The arrays of one form for n pictures.

    Attributes:
        coefficients: float32 (n, monomials).
        weights: by slot, float32 (n, channels) or (n, classes): of responses, directions, class scores and
            probabilities.
        places: by slot, for each picture which cells count.
        references: the pictures that likenesses look at.
        chosen: by slot, int32 (n,): which of the references.
        masks: for each picture its masks, as many as the form has, None where it may change everything.
    """

    coefficients: NDArray[np.float32]
    weights: dict[Slot, NDArray[np.float32]]
    places: dict[Slot, list[Place]]
    references: list[Image]
    chosen: dict[Slot, NDArray[np.int32]]
    masks: list[list[NDArray[np.float32] | None]]

    def of(self, pictures: NDArray[np.int64]) -> Numbers:
        """Those of some of the pictures."""
        return Numbers(
            self.coefficients[pictures],
            {slot: rows[pictures] for slot, rows in self.weights.items()},
            {slot: [places[picture] for picture in pictures] for slot, places in self.places.items()},
            self.references,
            {slot: numbers[pictures] for slot, numbers in self.chosen.items()},
            [self.masks[picture] for picture in pictures],
        )

    def of_monomials(self, columns: Sequence[int]) -> Numbers:
        """Those of some of the form's terms."""
        return replace(self, coefficients=self.coefficients[:, list(columns)])


def form_of(objectives: Sequence[Objective], model: Model) -> tuple[Form, Numbers]:
    """The common form of a batch of objectives, one for each picture, and their numbers.

    An objective that lacks one of the form's terms has the coefficient 0 there.

    Raises:
        ChoiceError: unknown layer or class, or a channel that the layer does not have.
        ShapeError: no objectives, one without terms, or a direction that does not fit its layer.
    """
    if not objectives:
        raise ShapeError("no objectives given: expected one for each picture")
    sorted_ones = [_sort(objective, model) for objective in objectives]
    monomials = tuple(dict.fromkeys(monomial for one in sorted_ones for monomial in one.coefficients))
    num_masks = max(len(one.masks) for one in sorted_ones)
    has_masks = any(mask is not None for one in sorted_ones for mask in one.masks)
    form = Form(monomials, num_masks, has_masks)
    return form, _numbers_of(form, sorted_ones, model)


@dataclass
class _Sorted:
    """One objective, taken apart."""

    coefficients: dict[tuple[Slot, ...], float] = field(default_factory=dict)
    measures: dict[Slot, Measure] = field(default_factory=dict)
    weights: dict[Slot, NDArray[np.float32]] = field(default_factory=dict)
    masks: list[NDArray[np.float32] | None] = field(default_factory=list)

    def mask_number(self, mask: NDArray[np.float32] | None) -> int:
        for number, known in enumerate(self.masks):
            if known is mask:
                return number
        self.masks.append(mask)
        return len(self.masks) - 1


def _sort(objective: Objective, model: Model) -> _Sorted:
    one = _Sorted()
    if not objective.terms:
        raise ShapeError("an objective without terms asks for nothing: expected at least one")
    for term in objective.terms:
        if len(term.measures) == 1 and isinstance(term.measures[0], Response | ClassScore | Probability):
            _add_linear(term, term.measures[0], one, model)
        else:
            slots = tuple(_new_slot(measure, term, one, model) for measure in term.measures)
            one.coefficients[slots] = term.weight
    return one


def _add_linear(term: Term, measure: Response | ClassScore | Probability, one: _Sorted, model: Model) -> None:
    """Responses of one layer and place are one row of weights, and so are class scores."""
    layer = _layer_of(measure, model)
    rows = _weights_of(measure, layer, model) * np.float32(term.weight)
    mask = one.mask_number(term.mask)
    for slot, known in one.measures.items():
        is_alike = (slot.kind, slot.layer, slot.mask) == (type(measure), layer, mask) and (slot,) in one.coefficients
        if is_alike and _place_of(known) == _place_of(measure):
            one.weights[slot] = one.weights[slot] + rows
            return
    slot = _new_slot(measure, term, one, model)
    one.weights[slot] = rows
    one.coefficients[(slot,)] = 1.0


def _new_slot(measure: Measure, term: Term, one: _Sorted, model: Model) -> Slot:
    layer = _layer_of(measure, model)
    mask = one.mask_number(term.mask)
    power = float(getattr(measure, "power", 0.0))
    slot = Slot(type(measure), layer, power, mask)
    while slot in one.measures:
        slot = replace(slot, number=slot.number + 1)
    one.measures[slot] = measure
    if isinstance(measure, _WEIGHED):
        one.weights[slot] = _weights_of(measure, layer, model)
    return slot


def _layer_of(measure: Measure, model: Model) -> str:
    return "" if isinstance(measure, _OF_CLASSES) else model.find_layer(measure.layer).name


def _place_of(measure: Measure) -> Place:
    return (measure.position, measure.border) if isinstance(measure, Response) else EVERYWHERE


def _weights_of(
    measure: Response | ClassScore | Probability | Direction, layer: str, model: Model
) -> NDArray[np.float32]:
    if isinstance(measure, _OF_CLASSES):
        return weights_of_target(measure.target, model=model)
    num_channels = model.find_layer(layer).channels
    if isinstance(measure, Direction):
        if len(measure.vector) != num_channels:
            raise ShapeError(
                f"a direction at {layer!r} has {num_channels} numbers, one a channel; received {len(measure.vector)}"
            )
        return np.asarray(measure.vector, np.float32)
    row = np.zeros(num_channels, np.float32)
    for index, weight in measure.weights:
        if not 0 <= index < num_channels:
            raise ChoiceError(
                f"layer {layer!r} has no filter {index}: it has {num_channels}, numbered 0 to {num_channels - 1}"
            )
        row[index] += weight
    return row


def _numbers_of(form: Form, sorted_ones: Sequence[_Sorted], model: Model) -> Numbers:
    num = len(sorted_ones)
    references: list[Image] = []
    numbers = Numbers(
        np.zeros((num, len(form.monomials)), np.float32),
        weights={},
        places={},
        references=references,
        chosen={},
        masks=[[*one.masks, *[None] * (form.num_masks - len(one.masks))] for one in sorted_ones],
    )
    for column, monomial in enumerate(form.monomials):
        numbers.coefficients[:, column] = [one.coefficients.get(monomial, 0.0) for one in sorted_ones]
    for slot in form.slots:
        measures = [one.measures.get(slot) for one in sorted_ones]
        if slot.kind in _WEIGHED:
            width = len(model.class_names) if slot.kind in _OF_CLASSES else model.find_layer(slot.layer).channels
            nothing = np.zeros(width, np.float32)
            numbers.weights[slot] = np.stack([one.weights.get(slot, nothing) for one in sorted_ones])
        if slot.kind in LOCAL:
            numbers.places[slot] = [EVERYWHERE if measure is None else _place_of(measure) for measure in measures]
        if slot.kind is Likeness:
            numbers.chosen[slot] = np.asarray([_reference(measure, references) for measure in measures], np.int32)
    return numbers


def _reference(measure: Measure | None, references: list[Image]) -> int:
    if not isinstance(measure, Likeness):
        return 0
    for number, known in enumerate(references):
        if known is measure.picture:
            return number
    references.append(measure.picture)
    return len(references) - 1
