"""The small networks on sets of pictures, each trained for the same time: balanced accuracy as a table in Markdown.

    python benchmarks/architectures.py FOLDER... [--seconds 120] [--seeds 0,1,2] [--networks artforge,...] [--threads 2]
    python benchmarks/architectures.py FOLDER... --networks none --mobilenet mobilenet_v2.npz

The time is the processor time of all threads, so that a busy machine slows all of them alike; on a very busy one take
one thread, since those that wait for each other spin. Two epochs tell how long one takes, and each network is then
trained for as many as fit, along a whole schedule of its own; a baseline that is fitted in one go takes what it takes.
The split is by group and depends on the seed, the epoch is chosen by the validation loss, and the test is seen once.

With `--mobilenet` a file of ImageNet weights makes MobileNetV2 a frozen extractor: each channel's mean at six depths,
or at the last alone, standardised, under a logistic regression whose strength the validation loss chooses.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from timing import NUM_THREADS, limit_threads

from artforge.core.pictures import to_float
from artforge.engine.backend import load_keras
from artforge.engine.data.catalogue import open_dataset
from artforge.engine.data.splits import Split, split_by_group
from artforge.engine.models.architectures import build_architecture, find_architecture
from artforge.engine.training.config import TrainConfig
from artforge.engine.training.suites import SUITES
from artforge.engine.training.train import RunResult, start_run

NETWORKS: dict[str, Mapping[str, Any]] = {**SUITES["small"].members, "mnist_cnn": {"image_size": 64}}
DEPTHS = ("block_2_add", "block_5_add", "block_9_add", "block_12_add", "block_15_add", "out_relu")
STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
EXTRACTOR = "mobilenet_v2_transfer"


@dataclass(frozen=True)
class Outcome:
    """Balanced accuracy of one network on one set with one seed.

    Attributes:
        validation: on the pictures that chose the epoch.
        test: on pictures that were seen once.
        seconds: of the processor, in training.
        epochs: of it; 0 where there are none.
    """

    validation: float
    test: float
    seconds: float
    epochs: int = 0


@dataclass
class Watch:
    """Follows a run in silence, and notes the processor time after each epoch."""

    ends: list[float] = field(default_factory=list)
    begun: float = 0.0

    def pictures_done(self, *_: object) -> None: ...
    def data_ready(self, *_: object) -> None: ...
    def told(self, *_: object) -> None: ...
    def batch_done(self, *_: object) -> None: ...

    def training_starts(self, *_: object) -> None:
        """The clock starts."""
        self.begun = time.process_time()

    def epoch_done(self, *_: object, **__: object) -> None:
        """The clock is read."""
        self.ends.append(time.process_time())


def main() -> None:
    """Train, and print a line as soon as it is known; the table at the end."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--seconds", type=float, default=120.0, help="of processor time for each network")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--networks", default=",".join(NETWORKS), help="names with commas between them, or none")
    parser.add_argument("--mobilenet", type=Path, help="ImageNet weights of MobileNetV2 for the frozen extractor")
    parser.add_argument("--threads", type=int, default=NUM_THREADS)
    options = parser.parse_args()
    limit_threads(options.threads)
    seeds = [int(seed) for seed in options.seeds.split(",")]
    rows: dict[tuple[str, str], list[Outcome]] = {}
    for folder in options.folders:
        for name, seed, outcome in outcomes(folder, seeds, options):
            rows.setdefault((folder.name, name), []).append(outcome)
            print(
                f"{folder.name} {name} seed {seed}: validation {outcome.validation:.3f}, test {outcome.test:.3f}, "
                f"{outcome.epochs} epochs, {outcome.seconds:.0f} s of the processor",
                flush=True,
            )
    print_table(rows)


def outcomes(folder: Path, seeds: list[int], options: argparse.Namespace) -> Iterator[tuple[str, int, Outcome]]:
    """(network, seed, outcome) for everything that was asked for on one set."""
    names = [] if options.networks == "none" else options.networks.split(",")
    for name in names:
        for seed in seeds:
            yield name, seed, trained(name, folder, seed, options.seconds)
    if options.mobilenet:
        yield from frozen(folder, seeds, options.mobilenet)


def trained(name: str, folder: Path, seed: int, seconds: float) -> Outcome:
    """What a network reaches in so many seconds of processor time."""
    settings = {**NETWORKS.get(name, {}), "architecture": name, "data": str(folder), "seed": seed}
    if find_architecture(name).trained_by == "fit":
        begun = time.process_time()
        result, _ = run(TrainConfig(**settings))
        return outcome_of(result, time.process_time() - begun)
    _, probe = run(TrainConfig(**settings, epochs=2))
    epochs = max(1, round(seconds / (probe.ends[1] - probe.ends[0])))
    result, watch = run(TrainConfig(**settings, epochs=epochs, patience=epochs))
    return outcome_of(result, watch.ends[-1] - watch.begun)


def run(config: TrainConfig) -> tuple[RunResult, Watch]:
    """Train in a folder that is thrown away."""
    watch = Watch()
    with tempfile.TemporaryDirectory() as place:
        return start_run(config, Path(place) / "run", watch), watch


def outcome_of(result: RunResult, seconds: float) -> Outcome:
    """The best epoch's validation and the test of a run."""
    if result.scores is None:
        raise SystemExit("stopped before the first epoch was done")
    best = result.progress.epochs[result.progress.best_epoch - 1]
    validation, test = best["val_balanced_accuracy"], result.scores["balanced_accuracy"]
    return Outcome(validation, test, seconds, result.progress.num_epochs)


def frozen(folder: Path, seeds: list[int], weights: Path) -> Iterator[tuple[str, int, Outcome]]:
    """A logistic regression on what MobileNetV2 sees, of its last maps and of those at six depths."""
    architecture = find_architecture(EXTRACTOR)
    dataset = open_dataset(folder, image_size=architecture.image_size, seed=0)
    begun = time.process_time()
    features = features_of(dataset.images, weights, architecture.value_range)
    seconds = time.process_time() - begun
    for name, chosen in (("last maps", features[-1:]), ("six depths", features)):
        together = np.concatenate(chosen, axis=1)
        for seed in seeds:
            split = split_by_group(dataset.labels, dataset.groups, dataset.class_names, seed=seed)
            yield f"MobileNetV2 frozen, {name}", seed, regression(together, dataset.labels, split, seconds)


def features_of(images: Any, weights: Path, value_range: tuple[float, float]) -> list[np.ndarray]:
    """Mean of each channel at each of `DEPTHS`: float32 (n, channels)."""
    keras = load_keras()
    bias = np.zeros(1, np.float32)
    network = build_architecture(
        EXTRACTOR, 2, picture_shape=images.shape[1:], dropout=0.0, output_bias=bias, weights=weights
    )
    pool = keras.layers.GlobalAveragePooling2D()
    extractor = keras.Model(network.input, [pool(network.get_layer(name).output) for name in DEPTHS])
    low, high = value_range
    chunks = [np.arange(start, min(start + 32, len(images))) for start in range(0, len(images), 32)]
    seen = [extractor.predict_on_batch(to_float(images[chunk]) * (high - low) + low) for chunk in chunks]
    return [np.concatenate([np.asarray(one[depth]) for one in seen]) for depth in range(len(DEPTHS))]


def regression(features: np.ndarray, labels: np.ndarray, split: Split, seconds: float) -> Outcome:
    """The strength is chosen by the validation loss; the test is of that one alone."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import balanced_accuracy_score, log_loss
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def fitted(strength: float) -> Any:
        last = LogisticRegression(C=strength, class_weight="balanced", max_iter=1000)
        return make_pipeline(StandardScaler(), last).fit(features[split.training], labels[split.training])

    def loss(model: Any) -> float:
        return float(log_loss(labels[split.validation], model.predict_proba(features[split.validation])))

    best = min((fitted(strength) for strength in STRENGTHS), key=loss)
    validation, test = (
        float(balanced_accuracy_score(labels[part], best.predict(features[part])))
        for part in (split.validation, split.test)
    )
    return Outcome(validation, test, seconds)


def print_table(rows: Mapping[tuple[str, str], list[Outcome]]) -> None:
    """Means over the seeds, and each seed's test."""
    print("\n| set | network | validation | test | each seed | epochs | processor s |\n" + "| --- " * 7 + "|")
    for (folder, name), found in rows.items():
        validation, test, seconds, epochs = (
            statistics.mean(getattr(one, column) for one in found)
            for column in ("validation", "test", "seconds", "epochs")
        )
        each = " ".join(f"{one.test:.3f}" for one in found)
        print(f"| {folder} | {name} | {validation:.3f} | {test:.3f} | {each} | {epochs:.0f} | {seconds:.0f} |")


if __name__ == "__main__":
    main()
