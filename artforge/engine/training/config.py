"""What a training run is told: one set of names for the command line, the config file and the record of the run."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from artforge.engine.data.kinds import CacheChoice
from artforge.engine.training.augment import Augmentation

NPZ = ".npz"
MOST_EPOCHS = 10_000
Switch = Literal["auto", "on", "off"]


class TrainConfig(BaseModel):
    """Every setting of `artforge train`; a config file has the same names.

    Attributes:
        data: folder with one folder per class, or an .npz file laid out as that of MNIST; None is the embedded set.
        dataset: a name of `engine.data.catalogue.DATASETS`; None recognises the layout.
        cache: where decoded pictures are kept, see `open_dataset`.
        pictures_per_class: of the embedded set.
        name: what the model is called; None takes `hand_vs_algo` for the embedded set, else the folder's name.
        architecture: a name of `engine.models.architectures`.
        image_size: edge of the training pictures in pixels; None takes the architecture's own.
        weights: to start from: a name that the architecture lists, such as `imagenet`, a file, or `random`; None takes
            the architecture's own start for pictures in colour that are not the embedded set, else random ones.
        dropout: share of the features before the last layer that is dropped in training.
        epochs: most passes over the training pictures; `patience` may end it sooner. 0 fits them to the set's size.
        minutes: of training, validation included, after which it ends, in the middle of an epoch if need be.
        patience: epochs without a lower validation loss before training stops.
        batch_size: pictures per batch.
        gradient_accumulation: batches per step of the optimizer.
        optimizer: which one.
        learning_rate: the highest one.
        schedule: `cosine`, it rises over the first epoch and falls as a cosine to nearly 0; `plateau`, it falls to a
            tenth after each 3 epochs without a lower validation loss; or `constant`.
        momentum: of `sgd` and `rmsprop`.
        weight_decay: of `adamw`.
        label_smoothing: share of the target that is spread over all classes.
        frozen_epochs: at first so many epochs train the head alone, on held layers; then all learn.
        fine_tune_rate: the highest learning rate after those; None keeps `learning_rate`.
        balance_classes: weigh the loss so that each class counts the same, however many pictures it has.
        mixed_precision: compute in half precision; `auto` does on a device that gains.
        jit: compile the step by XLA; `auto` does on a GPU.
        seed: of the split, the weights, the order and the augmentation.
        views: how often each picture is shown in an epoch, changed by chance anew each time; None: 4 where windows
            are cut, else 1.
        window: see `Augmentation`; None: 64 for a network that sees any size, else 0.
        rescale, flip, jitter, jpeg: see `Augmentation`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    data: str | None = None
    dataset: str | None = None
    cache: CacheChoice = "auto"
    pictures_per_class: int = Field(default=1500, ge=10, le=100_000)
    name: str | None = Field(default=None, min_length=1, max_length=80)
    architecture: str = "artforge"
    image_size: int | None = Field(default=None, ge=16, le=1024)
    weights: str | None = Field(default=None, min_length=1)
    dropout: float = Field(default=0.2, ge=0, lt=1)
    epochs: int = Field(default=0, ge=0, le=MOST_EPOCHS)
    minutes: float | None = Field(default=None, gt=0, le=100_000)
    patience: int = Field(default=20, ge=1)
    batch_size: int = Field(default=64, ge=2, le=4096)
    gradient_accumulation: int = Field(default=1, ge=1, le=1024)
    optimizer: Literal["adamw", "adam", "sgd", "rmsprop"] = "adamw"
    learning_rate: float = Field(default=4e-3, gt=0, le=1)
    schedule: Literal["cosine", "constant", "plateau"] = "cosine"
    momentum: float = Field(default=0.9, ge=0, lt=1)
    weight_decay: float = Field(default=1e-3, ge=0, le=1)
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    frozen_epochs: int = Field(default=0, ge=0, le=MOST_EPOCHS)
    fine_tune_rate: float | None = Field(default=None, gt=0, le=1)
    balance_classes: bool = True
    mixed_precision: Switch = "auto"
    jit: Switch = "auto"
    seed: int = Field(default=0, ge=0)
    views: int | None = Field(default=None, ge=1, le=64)
    window: int | None = Field(default=None, ge=0, le=1024)
    rescale: bool = True
    flip: bool = True
    jitter: float = Field(default=0.1, ge=0, le=1)
    jpeg: float = Field(default=0.2, ge=0, le=1)

    @property
    def model_name(self) -> str:
        """What the model is called."""
        if self.name is not None:
            return self.name
        return "hand_vs_algo" if self.data is None else Path(self.data).resolve().name.removesuffix(NPZ)

    @property
    def augmentation(self) -> Augmentation:
        """The part that changes pictures."""
        return Augmentation(
            rescale=self.rescale, flip=self.flip, window=self.window or 0, jitter=self.jitter, jpeg=self.jpeg
        )

    @property
    def num_views(self) -> int:
        """How often each picture is shown in an epoch."""
        return self.views or 1
