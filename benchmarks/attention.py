"""How long maps take, and how much memory: artforge beside its peers, in one run.

    python benchmarks/attention.py [--repeats 5] [--only grad_cam,score_cam,...]

VGG16 at 224x224 with random weights (they do not change the time), two threads for everyone. The ways are run in turn,
once to warm up and then `--repeats` times, and medians are compared, so that a busy machine slows all of them. Read the
ratios; the seconds belong to this machine. Each is also given as a share of the machine's measured matrix product
(GEMM) peak, with the floating point operations counted: the distance to what is possible. Peers that are not installed
are left out (`pip install 'artforge[oracles]'` and xplique bring them). Runs on TensorFlow.
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OMP_NUM_THREADS", "2")

import numpy as np

from artforge.engine.attention.cam import subset_maps
from artforge.engine.attention.evidence import gather_evidence, gather_evidence_of_layers, see
from artforge.engine.attention.grad_cam import grad_cam, grad_cam_batch, grad_cam_map, grad_cam_shares
from artforge.engine.attention.score_cam import score_cam_batch
from artforge.engine.backend import load_keras
from artforge.engine.models.handle import Model, wrap_model

NUM_PICTURES, NUM_SUBSETS, NUM_HEATMAPS, TARGET = 8, 100, 500, 3
LAYER = "block5_conv3"
Way = Callable[[], object]


def main() -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", default="grad_cam,second_class,subsets,layers,memory,score_cam")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    bench = Bench(options.repeats)
    print(f"matrix products: {bench.peak / 1e9:.0f} GFLOP/s at best (TensorFlow, 3000x3000, float32)")
    for name in options.only.split(","):
        getattr(bench, name)()


class Bench:
    """The network, the pictures and the measured peak."""

    def __init__(self, repeats: int) -> None:
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(2)
        self.repeats = repeats
        self.peak = gemm_peak()
        self.keras_model = load_keras().applications.VGG16(weights=None)
        self.model: Model = wrap_model(self.keras_model)
        rng = np.random.default_rng(0)
        self.images = [rng.random((224, 224, 3), dtype=np.float32) for _ in range(NUM_PICTURES)]

    def grad_cam(self) -> None:
        """Eight pictures, one class."""
        ways: dict[str, Way] = {
            "artforge": lambda: grad_cam_batch(self.images, model=self.model, layer=LAYER, targets=TARGET),
            **peers_of_grad_cam(self.keras_model, np.stack(self.images)),
        }
        flops = 2 * self.model.multiply_adds * NUM_PICTURES
        self.table(f"Grad-CAM, {NUM_PICTURES} pictures, one class", medians(ways, self.repeats), flops)

    def second_class(self) -> None:
        """Another class for pictures that have been seen."""
        seen = see(self.images, model=self.model, layers=[LAYER])
        found = medians(
            {
                "first class": lambda: grad_cam_batch(self.images, model=self.model, layer=LAYER, targets=TARGET),
                "second class": lambda: [
                    grad_cam_map(e[LAYER].feature_maps, e[LAYER].gradients) for e in seen.evidence(5)
                ],
            },
            self.repeats,
        )
        self.table("a second class for the same pictures", found)

    def subsets(self) -> None:
        """A hundred subsets of the channels of one picture."""
        subsets = [np.random.default_rng(seed).permutation(512)[: 5 * seed + 1] for seed in range(NUM_SUBSETS)]

        def all_subsets() -> object:
            [evidence] = gather_evidence(self.images[:1], model=self.model, layer=LAYER, targets=TARGET)
            return subset_maps(grad_cam_shares(evidence.feature_maps, evidence.gradients), subsets)

        found = medians(
            {
                "one Grad-CAM": lambda: grad_cam_batch(self.images[:1], model=self.model, layer=LAYER, targets=TARGET),
                f"{NUM_SUBSETS} filter subsets": all_subsets,
            },
            2 * self.repeats,
        )
        self.table(f"{NUM_SUBSETS} filter subsets of one picture", found)

    def layers(self) -> None:
        """All thirteen convolutions in one call, against the run a layer that notebooks show."""
        convolutions = [info.name for info in self.model.layers if info.kind == "convolution"]
        one = self.images[:1]
        found = medians(
            {
                "13 layers in one call": lambda: gather_evidence_of_layers(
                    one, model=self.model, layers=convolutions, targets=TARGET
                ),
                "an eager tape a layer": lambda: [eager(self.keras_model, name, one[0]) for name in convolutions],
            },
            max(2, self.repeats // 2),
        )
        self.table("Grad-CAM at all 13 convolutions", found)

    def memory(self) -> None:
        """Many heatmaps in a row."""
        sizes = []
        for number in range(NUM_HEATMAPS):
            grad_cam(self.images[number % NUM_PICTURES], model=self.model, layer=LAYER)
            if number in (49, NUM_HEATMAPS - 1):
                gc.collect()
                sizes.append(resident())
        grown = (sizes[1] - sizes[0]) / 1e6
        print(
            f"\n{NUM_HEATMAPS} heatmaps in a row: {grown:+.1f} MB from the 50th to the last ({sizes[1] / 1e6:.0f} MB)"
        )

    def score_cam(self) -> None:
        """One picture, every channel; artforge first, so that its peak of memory is its own."""
        before = resident()
        ways: dict[str, Way] = {
            "artforge": lambda: score_cam_batch(self.images[:1], model=self.model, layer=LAYER, targets=TARGET),
            "artforge, top=32": lambda: score_cam_batch(
                self.images[:1], model=self.model, layer=LAYER, targets=TARGET, top=32
            ),
        }
        medians(ways, 1)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        found = medians(ways | peers_of_score_cam(self.keras_model, self.images[0]), 1)
        flops = 2 * self.model.multiply_adds * 512
        self.table("Score-CAM, one picture", found, flops)
        print(f"  peak memory of artforge: {peak / 1e6:.0f} MB, of which {before / 1e6:.0f} MB before it began")

    def table(self, title: str, found: dict[str, float], flops: float | None = None) -> None:
        """Seconds, ratios to the first way, and the share of the peak."""
        print(f"\n{title}")
        first = next(iter(found.values()))
        for name, seconds in found.items():
            share = f"   {flops / seconds / self.peak:4.0%} of the peak" if flops and "top" not in name else ""
            print(f"  {name:26} {seconds:9.3f} s   {seconds / first:7.2f}x{share}")
        sys.stdout.flush()


def gemm_peak() -> float:
    """Floating point operations a second in large matrix products."""
    import tensorflow

    edge = 3000
    left, right = (tensorflow.random.uniform((edge, edge)) for _ in range(2))

    def run() -> float:
        started = time.perf_counter()
        tensorflow.linalg.matmul(left, right).numpy()
        return time.perf_counter() - started

    return 2 * edge**3 / min(run() for _ in range(8))


def medians(ways: dict[str, Way], repeats: int) -> dict[str, float]:
    """Seconds of each way: all are run once to warm up, then in turn."""
    for way in ways.values():
        way()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in seconds.items()}


def resident() -> int:
    """Bytes of memory in use."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def eager(keras_model: Any, layer: str, image: Any) -> Any:
    """As most notebooks write it: one tape, everything watched, nothing compiled, the softmax left on."""
    import tensorflow

    both = load_keras().Model(keras_model.inputs, [keras_model.get_layer(layer).output, keras_model.output])
    with tensorflow.GradientTape() as tape:
        maps, probabilities = both(image[None])
        score = probabilities[:, TARGET]
    return grad_cam_map(maps[0].numpy(), tape.gradient(score, maps)[0].numpy())


# peers


def peers_of_grad_cam(keras_model: Any, batch: Any) -> dict[str, Way]:
    """Every peer that is installed."""
    found: dict[str, Way] = {}
    for name, build in (
        ("tf-keras-vis", tf_keras_vis_way),
        ("xplique", xplique_way),
        ("pytorch-grad-cam", pytorch_grad_cam_way),
        ("captum", captum_way),
    ):
        try:
            found[name] = build(keras_model, batch)
        except ImportError as error:
            print(f"  {name} is left out: {error}")
    return found


def tf_keras_vis_way(keras_model: Any, batch: Any) -> Way:
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
    from tf_keras_vis.utils.scores import CategoricalScore

    method = Gradcam(keras_model, model_modifier=ReplaceToLinear(), clone=True)
    return lambda: method(CategoricalScore([TARGET] * len(batch)), batch, penultimate_layer=LAYER)


def xplique_way(keras_model: Any, batch: Any) -> Way:
    from xplique.attributions import GradCAM

    method = GradCAM(keras_model, conv_layer=LAYER, batch_size=len(batch))
    targets = np.eye(1000, dtype=np.float32)[[TARGET] * len(batch)]
    return lambda: method.explain(batch, targets)


def torch_vgg16() -> Any:
    """The same architecture in torch, random weights."""
    import torch
    from torch import nn

    torch.set_num_threads(2)
    layers: list[Any] = []
    channels = 3
    for size in (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0):
        layers += [nn.Conv2d(channels, size, 3, padding=1), nn.ReLU()] if size else [nn.MaxPool2d(2)]
        channels = size or channels
    head = [nn.Flatten(), nn.Linear(25088, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 1000)]
    return nn.Sequential(*layers, *head).eval()


def pytorch_grad_cam_way(keras_model: Any, batch: Any) -> Way:  # noqa: ARG001
    from types import ModuleType

    import torch

    if "torchvision" not in sys.modules:  # it only starts beside a torch of its own build, and is not used here
        for name in ("torchvision", "torchvision.transforms", "torchvision.transforms.functional"):
            sys.modules[name] = ModuleType(name)
        for name in ("Compose", "Normalize", "ToTensor", "resize"):
            setattr(sys.modules["torchvision.transforms"], name, None)
            setattr(sys.modules["torchvision.transforms.functional"], name, None)
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    network = torch_vgg16()
    pictures = torch.from_numpy(batch.transpose(0, 3, 1, 2).copy())
    method = GradCAM(model=network, target_layers=[network[28]])
    return lambda: method(pictures, targets=[ClassifierOutputTarget(TARGET)] * len(batch))


def captum_way(keras_model: Any, batch: Any) -> Way:  # noqa: ARG001
    import torch
    from captum.attr import LayerGradCam

    network = torch_vgg16()
    pictures = torch.from_numpy(batch.transpose(0, 3, 1, 2).copy())
    method = LayerGradCam(network, network[28])
    return lambda: method.attribute(pictures, target=TARGET)


def peers_of_score_cam(keras_model: Any, image: Any) -> dict[str, Way]:
    """Every peer that is installed; minutes each."""
    try:
        from tf_keras_vis.scorecam import Scorecam
        from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
        from tf_keras_vis.utils.scores import CategoricalScore
    except ImportError as error:
        print(f"  tf-keras-vis is left out: {error}")
        return {}
    method = Scorecam(keras_model, model_modifier=ReplaceToLinear(), clone=True)
    return {"tf-keras-vis": lambda: method(CategoricalScore(TARGET), image[None], penultimate_layer=LAYER)}


if __name__ == "__main__":
    main()
