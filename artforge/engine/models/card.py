"""What a model file says of itself, readable without Keras: classes, input, layers, scores."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from artforge.core.errors import ModelError, choice_message, nearest_first
from artforge.core.files import write_text

CARD_SUFFIX = ".json"
LAST_CONV = "last_conv"
LayerKind = Literal[
    "convolution", "activation", "normalisation", "merge", "pooling", "self_attention", "model", "other"
]

_OWN_FIELDS = frozenset({"schema_version", "class_names"})
_LOOKABLE_ENDS: frozenset[LayerKind] = frozenset({"convolution", "activation", "normalisation", "merge", "model"})
_SEES_PATTERNS: frozenset[LayerKind] = frozenset({"convolution", "model"})


class LayerInfo(BaseModel):
    """A layer with one map per channel.

    Attributes:
        name: its path.
        channels: how many maps it has.
        size: (height, width) of its maps at the model's input size.
        kind: what sort of layer it is.
        reads: of a self-attention, the layer whose maps it looks at.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    channels: int
    size: tuple[int, int] | None = None
    kind: LayerKind = "other"
    reads: str | None = None


class ModelCard(BaseModel):
    """The record beside a model file.

    Attributes:
        name: what the model is called in recipes and captions.
        class_names: one name for each class score, in order.
        input_size: (height, width) the network was trained at.
        value_range: (low, high) of the pixel values that the network itself expects.
        flexible_size: whether it takes pictures of any size.
        layers: the layers one can look at, in the order they are computed.
        sha256: of the model file.
        scores: how well it does, by name of the measure.
        temperature: by which the logits are divided before they become probabilities, fitted on the validation
            pictures; 1 leaves them as the network puts them.
        num_parameters: numbers that the network has learned or keeps; 0 where the card does not say.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    schema_version: int = 1
    name: str
    class_names: tuple[str, ...] = Field(min_length=1)
    input_size: tuple[int, int]
    value_range: tuple[float, float] = (0.0, 1.0)
    flexible_size: bool = False
    layers: tuple[LayerInfo, ...] = ()
    sha256: str = ""
    scores: dict[str, Any] = {}
    temperature: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    num_parameters: int = Field(default=0, ge=0)

    @property
    def layer_names(self) -> tuple[str, ...]:
        """The layers one can look at, by name."""
        return tuple(layer.name for layer in self.layers)

    @property
    def last_conv(self) -> str | None:
        """The layer that `last_conv` stands for, or None where the network has no map of more than one cell."""
        return last_conv_of(self.layers)


def last_conv_of(layers: Sequence[LayerInfo]) -> str | None:
    """The last layer before the maps are pooled away: a convolution, or what directly follows it.

    Maps of a single cell are passed over (squeezed or pooled ones show nothing), and so are pooling layers and
    whatever stands before the first convolution. Where no convolution sees the maps after a self-attention, as in a
    transformer, it is what the last self-attention reads: behind it the class token alone counts, and the tokens of
    the picture no longer move any score.
    """
    for index in range(len(layers) - 1, -1, -1):
        layer = layers[index]
        if layer.reads is not None:
            return layer.reads
        if layer.kind in _SEES_PATTERNS and _has_cells(layer):
            break
    for index in range(len(layers) - 1, -1, -1):
        layer = layers[index]
        sees = any(earlier.kind in _SEES_PATTERNS for earlier in layers[: index + 1])
        if layer.kind in _LOOKABLE_ENDS and _has_cells(layer) and sees:
            return layer.name
    return None


def _has_cells(layer: LayerInfo) -> bool:
    return layer.size is None or layer.size[0] * layer.size[1] > 1


def layer_fault(name: str, card: ModelCard) -> str | None:
    """What is wrong with a layer asked for by name, as far as the card knows; None where nothing is."""
    allowed = [LAST_CONV, *card.layer_names]
    if card.layers and name not in allowed:
        return choice_message("layer", name, nearest_first(name, allowed))
    if card.layers and name == LAST_CONV and card.last_conv is None:
        return f"the model {card.name!r} has no convolution with a map of more than one cell to look at"
    return None


def card_path(model_file: Path) -> Path:
    """Where the card of a model file stands: `model.keras` -> `model.json`."""
    return model_file.with_suffix(CARD_SUFFIX)


def has_card(path: Path) -> bool:
    """Whether a card stands beside a model file, sound or damaged; other JSON there, such as Keras writes, is none.

    Args:
        path: the card's own or that of the model file.
    """
    path = card_path(path)
    if not path.is_file():
        return False
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return True  # `read_card` says what is wrong
    return isinstance(content, dict) and not _OWN_FIELDS.isdisjoint(content)


def read_card(path: Path) -> ModelCard:
    """Read a card, given its own path or that of the model file beside it.

    Raises:
        ModelError: there is none, or it is damaged.
    """
    path = card_path(path)
    try:
        return ModelCard.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{path}: no model card there ({error.strerror})") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "file"
        raise ModelError(
            f"{path}: not a model card of artforge ({place}: {first['msg']}). Remove it or train again."
        ) from error


def write_card(path: Path, card: ModelCard) -> None:
    """Write a card, given its own path or that of the model file beside it; whole or not at all."""
    write_text(card_path(path), card.model_dump_json(indent=1) + "\n")
