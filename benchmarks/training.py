"""Training the published network against the published way: images per second, and the share of the machine's peak.

Run: python benchmarks/training.py [--pictures 192] [--batch 32] [--repeats 3]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PillowImage
from timing import gemm_peak, limit_threads

from artforge.engine.backend import load_keras
from artforge.engine.data.catalogue import open_dataset
from artforge.engine.data.splits import Split
from artforge.engine.training.batch_scores import batch_scores
from artforge.engine.training.config import TrainConfig
from artforge.engine.training.epoch import Clock, Task, train_steps
from artforge.engine.training.networks import network_to_train
from artforge.engine.training.parallel import Devices
from artforge.engine.training.phases import phase_of
from artforge.engine.training.precision import compiles
from artforge.engine.training.step import compile_network

EDGE = 256
ARCHITECTURE = "el_kholy_example"


class Silent:
    """A watcher that does nothing."""

    def batch_done(self, epoch: int, batch: int, num_batches: int, loss: float) -> None: ...

    def epoch_done(self, row: dict[str, float], *, is_best: bool) -> None: ...


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=192)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--augmented", action="store_true", help="change the pictures by chance, as `train` does")
    given = parser.parse_args()
    load_keras()
    limit_threads()
    with tempfile.TemporaryDirectory() as name:
        folder = paint(Path(name), given.pictures)
        ours, flops = our_way(folder, given.batch, augmented=given.augmented)
        ways = {"artforge": ours, "notebook: fit": notebook_way(folder, given.batch)}
        for way in ways.values():
            way()  # traces the graph, fills the cache
        rates: dict[str, list[float]] = {one: [] for one in ways}
        spent: dict[str, list[float]] = {one: [] for one in ways}
        peaks = [gemm_peak()]
        for _ in range(given.repeats):
            for one, way in ways.items():
                begun, worked = time.perf_counter(), time.process_time()
                count = way()
                rates[one].append(count / (time.perf_counter() - begun))
                spent[one].append((time.process_time() - worked) / count)
                peaks.append(gemm_peak())
    print(
        f"{ARCHITECTURE}, {EDGE} px, batches of {given.batch}, {flops / 1e9:.2f} GFLOP a picture and step, TensorFlow"
    )
    print(f"matrix products: {max(peaks) / 1e9:.0f} GFLOP/s at best, {np.median(peaks) / 1e9:.0f} in the middle")
    for one, found in rates.items():
        best, middle = max(found), float(np.median(found))
        shares = (
            f"{best * flops / max(peaks):4.0%} of the best peak, {middle * flops / np.median(peaks):4.0%} in the middle"
        )
        print(f"  {one:16} {best:6.2f} images/s at best, {middle:6.2f} in the middle   {shares}")
        # of all threads: what others do on the machine hardly changes it
        print(f"  {'':16} {np.median(spent[one]):6.3f} processor seconds a picture")
    step = given.batch / max(rates["artforge"])
    print(f"measures of a batch: {1e3 * seconds_of_scores(given.batch):.2f} ms, a step {1e3 * step:.0f} ms")


def paint(folder: Path, count: int) -> Path:
    """Two classes of JPEGs of 512x512, as noisy as photographs are."""
    rng = np.random.default_rng(0)
    for number in range(count):
        coarse = rng.integers(0, 256, (16, 16, 3), np.uint8)
        smooth = np.asarray(PillowImage.fromarray(coarse).resize((512, 512), PillowImage.Resampling.BICUBIC), np.int16)
        pixels = np.clip(smooth + rng.integers(-12, 13, smooth.shape), 0, 255).astype(np.uint8)
        path = folder / ("ai", "human")[number % 2] / f"{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        PillowImage.fromarray(pixels).save(path, quality=90)
    return folder


def our_way(folder: Path, batch: int, *, augmented: bool) -> tuple[Callable[[], int], float]:
    """An epoch of artforge's loop over all pictures, and the floating point operations a picture takes in it."""
    dataset = open_dataset(folder, image_size=EDGE, seed=0, kind="folder")
    everything = np.arange(len(dataset.labels))
    off = {} if augmented else {"rescale": False, "flip": False, "jitter": 0.0, "jpeg": 0.0}
    config = TrainConfig(
        architecture=ARCHITECTURE,
        batch_size=batch,
        optimizer="adam",
        schedule="constant",
        learning_rate=1e-3,
        epochs=1,
        dropout=0.0,
        window=0,
        views=1,
        **off,
    )
    split = Split(everything, everything[:2], everything[:2])
    task = Task(dataset, split, config, value_range=(0.0, 255.0), devices=Devices("this machine"))
    network = network_to_train(task, print, with_weights=False)
    compile_network(network, config, batch_size=batch, fused=compiles(config.jit))
    step = task.devices.make_step(network)

    def run() -> int:
        done = train_steps(
            task, step, phase=phase_of(config, 1), epoch=1, val_losses=[], clock=Clock(None, 0.0), watcher=Silent()
        )
        return done.num_pictures

    return run, flops_of(network)


def notebook_way(folder: Path, batch: int) -> Callable[[], int]:
    """An epoch as the notebook has it: `image_dataset_from_directory`, `fit`, its eleven metrics."""
    keras = load_keras()
    metrics = keras.metrics
    network = keras.Sequential([keras.Input((EDGE, EDGE, 3)), keras.layers.Rescaling(1 / 255)])
    for group in (3, 3):
        for _ in range(group):
            network.add(keras.layers.Conv2D(32, 3, activation="relu"))
        network.add(keras.layers.MaxPooling2D(2))
    for layer in (keras.layers.Flatten(), keras.layers.Dense(128, activation="relu")):
        network.add(layer)
    network.add(keras.layers.Dense(1, activation="sigmoid"))
    network.compile(
        optimizer="adam",
        loss=keras.losses.BinaryCrossentropy(),
        metrics=[
            metrics.BinaryCrossentropy(name="cross entropy"),
            metrics.MeanSquaredError(name="Brier score"),
            *(metrics.TruePositives(), metrics.FalsePositives(), metrics.TrueNegatives(), metrics.FalseNegatives()),
            *(metrics.BinaryAccuracy(), metrics.Precision(), metrics.Recall()),
            *(metrics.AUC(name="auc"), metrics.AUC(name="prc", curve="PR")),
        ],
    )
    pictures: Any = keras.utils.image_dataset_from_directory(
        folder, image_size=(EDGE, EDGE), batch_size=batch, label_mode="binary", seed=123, verbose=False
    )
    count = sum(len(files) for _, _, files in os.walk(folder))

    def run() -> int:
        network.fit(pictures, epochs=1, verbose=0)
        return count

    return run


def flops_of(network: Any) -> float:
    """Of a training step on one picture: forwards, and backwards to the weights and to all inputs but the picture."""
    total = 0.0
    for layer in network.layers:
        if not hasattr(layer, "kernel"):
            continue
        cells = np.prod(layer.output.shape[1:-1]) if len(layer.output.shape) == 4 else 1
        total += 2.0 * np.prod(layer.kernel.shape) * cells * (3 if total else 2)
    return float(total)


def seconds_of_scores(batch: int) -> float:
    """Of the measures of one batch, at best."""
    rng = np.random.default_rng(0)
    shares = rng.random(batch, dtype=np.float32)
    labels, probabilities = rng.integers(0, 2, batch), np.stack([1 - shares, shares], axis=1)

    def run() -> float:
        begun = time.perf_counter()
        batch_scores(labels, probabilities, 0.0)
        return time.perf_counter() - begun

    return min(run() for _ in range(100))


if __name__ == "__main__":
    main()
