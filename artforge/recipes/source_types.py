"""How a work came to be, in the words of the IPTC: this project asks that of pictures, so its own must say it.

Source: IPTC NewsCodes, Digital Source Type, http://cv.iptc.org/newscodes/digitalsourcetype/
"""

from __future__ import annotations

from collections.abc import Sequence

from artforge.core.provenance import Ingredient, NodeRecord

VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
EDITED_BY_MODEL = VOCABULARY + "compositeWithTrainedAlgorithmicMedia"
MADE_BY_MODEL = VOCABULARY + "trainedAlgorithmicMedia"
ALTERED = VOCABULARY + "algorithmicallyEnhanced"
ALGORITHMIC = VOCABULARY + "algorithmicMedia"


def digital_source_type(ingredients: Sequence[Ingredient], branch: Sequence[NodeRecord]) -> str:
    """The address of the term that applies.

    A network together with a picture is an edit by a trained model; a network alone, as in gradient ascent, makes the
    picture itself. Without a network it is a picture altered by algorithm, or, where no picture of the world or only
    those drawn by artforge went in, a purely algorithmic one. A source that a network has made stays one.
    """
    uses_model = any(ingredient.role == "model" for ingredient in ingredients)
    pictures = [ingredient for ingredient in ingredients if ingredient.role != "model"]
    told = [(ingredient.provenance or {}).get("source_type") for ingredient in pictures]
    if uses_model:
        return EDITED_BY_MODEL if pictures or _shows_embedded(branch) else MADE_BY_MODEL
    if any(term in (EDITED_BY_MODEL, MADE_BY_MODEL) for term in told):
        return EDITED_BY_MODEL
    return ALGORITHMIC if all(term == ALGORITHMIC for term in told) else ALTERED


def _shows_embedded(branch: Sequence[NodeRecord]) -> bool:
    """Whether a picture of the embedded set goes in."""
    return any(
        isinstance(value, str) and value.startswith("embedded:")
        for record in branch
        for value in record.settings.values()
    )
