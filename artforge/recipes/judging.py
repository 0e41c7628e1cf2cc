"""What the networks that a work was made with say of it, and of the picture that it was made from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ArtforgeError
from artforge.core.pictures import PICTURE_SUFFIXES, read_picture
from artforge.core.provenance import Ingredient, Provenance, Reading
from artforge.core.values import Image
from artforge.engine.models.handle import Model
from artforge.engine.models.store import load_model
from artforge.ops.embedded import PREFIX
from artforge.ops.load import load
from artforge.recipes.ingredients import find_ingredients

MOST_CLASSES = 5
"""Of a reading, before and after each; of a network of a thousand classes nobody wants to read more."""

_DIGITS = 4


class Judge:
    """Reads works; each network is opened once.

    Args:
        places: folders in which models and pictures are looked for, beside a work's own.
    """

    def __init__(self, places: Sequence[Path]) -> None:
        self._places = places
        self._models: dict[str, Model | None] = {}

    def __call__(self, artifact: Path, record: Provenance) -> list[Reading]:
        """One reading for each network that is found; none for films, sheets and drawings."""
        wanted = [one for one in record.ingredients if one.role == "model"]
        if record.kind != "still" or artifact.suffix.lower() not in PICTURE_SUFFIXES or not wanted:
            return []
        work, source = read_picture(artifact), self._source(record, artifact.parent)
        models = [(one.name, self._model(one, artifact.parent)) for one in wanted]
        return [reading_of(name, model, work, source) for name, model in models if model is not None]

    def _model(self, ingredient: Ingredient, beside: Path) -> Model | None:
        if ingredient.sha256 not in self._models:
            path = self._found(ingredient, beside)
            self._models[ingredient.sha256] = load_model(path) if path else None
        return self._models[ingredient.sha256]

    def _source(self, record: Provenance, beside: Path) -> Image | None:
        """The one picture that the work was made from; None where there are more, or it is not found."""
        paths = {str(node.settings.get("path", "")) for node in record.branch if node.step == "load"}
        pictures = [one for one in record.ingredients if one.role == "picture"]
        if len(paths) != 1:
            return None
        (path,) = paths
        if path.startswith(PREFIX):
            try:
                return load(path=path)
            except ArtforgeError:
                return None
        found = self._found(pictures[0], beside) if len(pictures) == 1 else None
        return read_picture(found) if found else None

    def _found(self, ingredient: Ingredient, beside: Path) -> Path | None:
        found, _ = find_ingredients([ingredient], beside, self._places)
        return found[0].path if found and found[0].exact else None


def reading_of(name: str, model: Model, work: Image, source: Image | None) -> Reading:
    """What a network says of a work and of its source, the classes that it is most sure of."""
    after = model.probabilities(work)[0]
    before = None if source is None else model.probabilities(source)[0]
    shown = {index for each in (after, before) if each is not None for index in np.argsort(-each)[:MOST_CLASSES]}
    return Reading(
        model=name, before={} if before is None else _told(before, shown, model), after=_told(after, shown, model)
    )


def _told(shares: NDArray[np.float32], shown: set[int], model: Model) -> dict[str, float]:
    return {model.class_names[index]: round(float(shares[index]), _DIGITS) for index in sorted(shown)}
