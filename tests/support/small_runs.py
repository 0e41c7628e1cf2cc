"""Training runs of seconds: pictures of stripes, settings for them, and a watcher that remembers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PillowImage

from artforge.engine.models.store import load_model
from artforge.engine.training.config import TrainConfig


class Quiet:
    """A watcher that only remembers; it can press Ctrl-C after a batch."""

    def __init__(self, ctrl_c_at: tuple[int, int] | None = None) -> None:
        self.ctrl_c_at = ctrl_c_at
        self.rows: list[dict[str, float]] = []
        self.heard: list[str] = []

    def pictures_done(self, done: int, total: int) -> None: ...

    def data_ready(self, dataset: Any, split: Any, folder: Path) -> None:
        self.dataset, self.split = dataset, split

    def told(self, message: str) -> None:
        self.heard.append(message)

    def training_starts(self, first_epoch: int, num_epochs: int, num_parameters: int) -> None:
        self.first_epoch = first_epoch

    def batch_done(self, epoch: int, batch: int, num_batches: int, loss: float) -> None:
        if (epoch, batch) == self.ctrl_c_at:
            raise KeyboardInterrupt

    def epoch_done(self, row: dict[str, float], *, is_best: bool) -> None:
        self.rows.append(row)


def paint_folder(folder: Path, class_names: tuple[str, ...] = ("dots", "stripes"), count: int = 20) -> Path:
    """Classes that differ in texture: stripes of another width for each."""
    rng = np.random.default_rng(0)
    for width, name in enumerate(class_names, start=1):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            bars = (np.arange(40) // (width * 2) % 2)[:, None, None] * rng.integers(90, 160, 3)
            pixels = bars + rng.integers(0, 60, (40, 44, 3))
            PillowImage.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{number}.png")
    return folder


def settings(pictures: Path, **changes: Any) -> TrainConfig:
    """Three epochs of three batches of eight pictures of 32 px."""
    return TrainConfig(
        **{
            "data": str(pictures),
            "architecture": "mnist_cnn",  # is built and traced in half the time of the default
            "image_size": 32,
            "epochs": 3,
            "batch_size": 8,
            "views": 1,
            "learning_rate": 2e-3,
            **changes,
        }
    )


def weights_in(folder: Path) -> list[np.ndarray]:
    """The weights of a run's model."""
    return load_model(folder / "model.keras").keras_model.get_weights()


def assert_same_weights(first: list[np.ndarray], second: list[np.ndarray]) -> None:
    """Bit for bit."""
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
