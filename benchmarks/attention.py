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
import warnings
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OMP_NUM_THREADS", "2")

import numpy as np
from timing import (
    Bench,
    Way,
    installed,
    medians,
    random_pictures,
    resident,
    table,
    torch_vgg16,
    torchvision_stand_in,
)

from artforge.engine.attention.cam import subset_maps
from artforge.engine.attention.evidence import gather_evidence, gather_evidence_of_layers, see
from artforge.engine.attention.grad_cam import grad_cam, grad_cam_batch, grad_cam_map, grad_cam_shares
from artforge.engine.attention.score_cam import score_cam_batch
from artforge.engine.backend import load_keras

NUM_PICTURES, NUM_SUBSETS, NUM_HEATMAPS, TARGET = 8, 100, 500, 3
HEAD_FLOPS = 2 * (25088 * 4096 + 4096 * 4096 + 4096 * 1000)
"""Of the dense layers of VGG16 behind block5_conv3, for one picture."""
LAYER = "block5_conv3"


def main() -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", default="grad_cam,second_class,subsets,layers,memory,score_cam")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    Maps(options.repeats).run(options.only.split(","))


class Maps(Bench):
    """The tables of maps; the network sees these pictures."""

    def __init__(self, repeats: int) -> None:
        super().__init__(repeats)
        self.images = random_pictures(NUM_PICTURES, 224)
        self.flops = 2 * self.model.multiply_adds
        """Of one picture on its way through."""

    def grad_cam(self) -> None:
        """Eight pictures, one class."""
        ways: dict[str, Way] = {
            "artforge": lambda: grad_cam_batch(self.images, model=self.model, layer=LAYER, targets=TARGET),
            **peers_of_grad_cam(self.keras_model, np.stack(self.images)),
        }
        flops = dict.fromkeys(ways, self.flops * NUM_PICTURES)
        table(f"Grad-CAM, {NUM_PICTURES} pictures, one class", medians(ways, self.repeats), self.peak, flops)

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
        flops = {"first class": self.flops * NUM_PICTURES, "second class": 2 * HEAD_FLOPS * NUM_PICTURES}
        table("a second class for the same pictures", found, self.peak, flops)

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
        table(f"{NUM_SUBSETS} filter subsets of one picture", found, self.peak, dict.fromkeys(found, self.flops))

    def layers(self) -> None:
        """All thirteen convolutions in one call, against the run a layer that notebooks show."""
        convolutions = [info.name for info in self.model.layers if info.kind == "convolution"]
        one = self.images[:1]
        found = medians(
            {
                "13 layers in one call": lambda: [
                    grad_cam_map(evidence.feature_maps, evidence.gradients)
                    for evidence in gather_evidence_of_layers(
                        one, model=self.model, layers=convolutions, targets=TARGET
                    )[0].values()
                ],
                "artforge, a run a layer": lambda: [
                    grad_cam_batch(one, model=self.model, layer=name, targets=TARGET) for name in convolutions
                ],
                "an eager tape a layer": lambda: [eager(self.keras_model, name, one[0]) for name in convolutions],
            },
            max(2, self.repeats // 2),
        )
        # forward once and back through every layer but the first
        table("Grad-CAM at all 13 convolutions", found, self.peak, {"13 layers in one call": 2 * self.flops})

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
        flops = dict.fromkeys(found, self.flops * 512) | {"artforge, top=32": self.flops * 32}
        table("Score-CAM, one picture", found, self.peak, flops)
        print(f"  peak memory of artforge: {peak / 1e6:.0f} MB, of which {before / 1e6:.0f} MB before it began")


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
    return installed(
        {
            "tf-keras-vis": lambda: tf_keras_vis_way(keras_model, batch),
            "xplique": lambda: xplique_way(keras_model, batch),
            "pytorch-grad-cam": lambda: pytorch_grad_cam_way(batch),
            "captum": lambda: captum_way(batch),
        }
    )


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


def pytorch_grad_cam_way(batch: Any) -> Way:
    import torch

    torchvision_stand_in()
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    network = torch_vgg16()
    pictures = torch.from_numpy(batch.transpose(0, 3, 1, 2).copy())
    method = GradCAM(model=network, target_layers=[network[28]])
    return lambda: method(pictures, targets=[ClassifierOutputTarget(TARGET)] * len(batch))


def captum_way(batch: Any) -> Way:
    import torch
    from captum.attr import LayerGradCam

    network = torch_vgg16()
    pictures = torch.from_numpy(batch.transpose(0, 3, 1, 2).copy())
    method = LayerGradCam(network, network[28])
    return lambda: method.attribute(pictures, target=TARGET)


def peers_of_score_cam(keras_model: Any, image: Any) -> dict[str, Way]:
    """Every peer that is installed; minutes each."""
    return installed({"tf-keras-vis": lambda: tf_keras_vis_score_cam_way(keras_model, image)})


def tf_keras_vis_score_cam_way(keras_model: Any, image: Any) -> Way:
    from tf_keras_vis.scorecam import Scorecam
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
    from tf_keras_vis.utils.scores import CategoricalScore

    method = Scorecam(keras_model, model_modifier=ReplaceToLinear(), clone=True)
    return lambda: method(CategoricalScore(TARGET), image[None], penultimate_layer=LAYER)


if __name__ == "__main__":
    main()
