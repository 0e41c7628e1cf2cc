"""What is known of a network before it is built: a declaration, readable without Keras."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

PictureShape = tuple[int, int, int]
"""(height, width, channels) of the training pictures; 1 channel for greys."""

CLASS_SCORES = "class_scores"
"""The dense layer that gives each class its logit: the last layer with weights of every network built here."""

IMAGENET = "imagenet"
"""The name of the weights that were trained on the thousand classes of ImageNet."""

SHIPPED = "hand_vs_algo"
"""The name of the model that comes with artforge: its filters have seen drawn pictures of the embedded set only."""


@dataclass(frozen=True)
class Architecture:
    """A network by name.

    Attributes:
        name: as it is asked for.
        title: what it is, in one line.
        origin: where it comes from in a few words.
        source: where it comes from: who, when, and an address.
        build: `(num_classes, *, picture_shape, dropout, output_bias)` -> functional Keras model with random weights.
        num_parameters: of the network for two classes at `image_size`, all weights counted.
        image_size: edge of the pictures it was made for, in pixels.
        channels: of those pictures; 1 for greys.
        fixed_size: whether a network, once built, sees pictures of one size only.
        value_range: (low, high) of the pixel values that the built network expects.
        pretrained: names of the weights that come with artforge or that its library can fetch.
        pretrained_note: what should be known of them; empty where there is nothing to say.
        extra: the extra of artforge that has to be installed for it, or None.
        head: names of the layers that depend on the classes, or that are new beside pretrained ones.
        start: the one of `pretrained` that training on one's own pictures in colour starts from unasked; empty: none.
        recipe: name of its file of settings in `recipes/training`; empty where that is its own name.
        trained_by: "gradient", or "fit" where the weights are found by scikit-learn in one go.
    """

    name: str
    title: str
    origin: str
    source: str
    build: Callable[..., Any]
    num_parameters: int
    image_size: int
    channels: int = 3
    fixed_size: bool = True
    value_range: tuple[float, float] = (0.0, 1.0)
    pretrained: tuple[str, ...] = ()
    pretrained_note: str = ""
    extra: str | None = None
    head: tuple[str, ...] = (CLASS_SCORES,)
    start: str = ""
    recipe: str = ""
    trained_by: Literal["gradient", "fit"] = "gradient"

    @property
    def recipe_file(self) -> str:
        """The file of settings to train it with, in the repository of artforge."""
        return f"recipes/training/{self.recipe or self.name}.yaml"

    def frozen(self, network: Any) -> list[Any]:
        """The layers to hold still while the head learns: all that have weights, except the head."""
        return [layer for layer in network.layers if layer.weights and layer.name not in self.head]
