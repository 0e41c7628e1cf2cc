"""How long it takes to grow pictures, and how much memory: artforge beside its peers, in one run.

    python benchmarks/ascent.py [--repeats 3] [--only grid,large,prints,compiling]

VGG16 with random weights (they do not change the time), two threads for everyone. The ways are run in turn, once to
warm up and then `--repeats` times, and medians are compared, so that a busy machine slows all of them. Read the ratios;
the seconds belong to this machine. Each is also given as a share of the machine's measured matrix product (GEMM) peak,
with the floating point operations that the way really computes. Peers that are not installed are left out
(`pip install 'artforge[oracles]'`, torch-lucent). Where a way takes minutes, fewer filters or steps are run and the
time is scaled, which its name says. Runs on TensorFlow.

`--only prints` also says the peak of memory, each size and preset in a process of its own: `--sizes 8192 --presets
lucid` measures others.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OMP_NUM_THREADS", "2")

import numpy as np
from timing import (
    VGG16,
    Bench,
    Way,
    installed,
    limit_threads,
    medians,
    random_pictures,
    table,
    torch_trunk,
    torchvision_stand_in,
)

from artforge.engine.ascent.ascend import ascend, begin
from artforge.engine.ascent.form import form_of
from artforge.engine.ascent.objectives import channel
from artforge.engine.ascent.optimisers import PlainStep
from artforge.engine.ascent.pixels import Pixels
from artforge.engine.ascent.presets import PresetName, chollet, find_preset, lucid
from artforge.engine.ascent.program import program_of
from artforge.engine.ascent.settings import Ascent
from artforge.engine.ascent.transforms import Jitter
from artforge.engine.backend import load_keras
from artforge.engine.models.store import load_model, resolve_model

LAYER, NUM_CONVOLUTIONS = "block3_conv1", 5
NUM_FILTERS, EDGE, NUM_STEPS = 64, 64, 40
PRINT_LAYER, PRINT_STEPS, PRINT_SIZES = "conv7", 20, (1024, 2048, 4096)
PRINT_PRESETS = ("chollet", "lucid")


def main() -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", default="grid,large,compiling,prints")
    parser.add_argument("--sizes", type=int, nargs="*", default=PRINT_SIZES)
    parser.add_argument("--presets", nargs="*", default=PRINT_PRESETS)
    parser.add_argument("--one-print", nargs=2, metavar=("PRESET", "SIZE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.one_print:
        preset, size = options.one_print
        print(json.dumps(one_print(preset, int(size))))
        return
    names = options.only.split(",")
    if tables := [name for name in names if name != "prints"]:
        Ascents(options.repeats).run(tables)
    if "prints" in names:
        for preset in options.presets:
            prints(preset, options.sizes)


class Ascents(Bench):
    """The tables of pictures that grow."""

    def grid(self) -> None:
        """Chollet's grid."""
        objectives = [channel(LAYER, index) for index in range(NUM_FILTERS)]
        starts = np.stack(random_pictures(NUM_FILTERS, EDGE))
        trunk = load_keras().applications.VGG16(weights=None, include_top=False)
        extractor = load_keras().Model(trunk.inputs, trunk.get_layer(LAYER).output)
        ways: dict[str, Way] = {
            "artforge": lambda: ascend(objectives, model=self.model, ascent=chollet(), size=(EDGE, EDGE)),
            "notebook, eager, 1 filter x 64": lambda: notebook_loop(extractor, starts[:1], compiled=False),
            "notebook, compiled, 1 filter x 64": lambda: notebook_loop(extractor, starts[:1], compiled=True),
            **installed(
                {
                    "tf-keras-vis, batched, 8 steps x 5": lambda: tf_keras_vis_way(starts, 8),
                    "plain torch, channels last, x 5": lambda: torch_way(starts, 8),
                }
            ),
        }
        found = scaled(medians(ways, self.repeats), {"1 filter": NUM_FILTERS, "x 5": NUM_STEPS / 8})
        # forward and back for every filter and step, and once more to find the filters that are dead
        whole = 2 * NUM_FILTERS * NUM_STEPS * trunk_flops(EDGE)
        flops = dict.fromkeys(found, whole)
        flops["artforge"] = 2 * NUM_FILTERS * (NUM_STEPS + 1) * trunk_flops(EDGE, last=NUM_FILTERS)
        table(f"{NUM_FILTERS} filters of {LAYER}, {EDGE} px, {NUM_STEPS} steps", found, self.peak, flops)

    def large(self) -> None:
        """One step of one large pattern."""
        edge = 1024
        starts = np.stack(random_pictures(1, edge))
        runs = {
            name: begin([channel(LAYER, 3)], model=self.model, ascent=ascent, size=(edge, edge))
            for name, ascent in (("artforge", chollet(num_steps=9999)), ("artforge, lucid", lucid(num_steps=9999)))
        }
        ways: dict[str, Way] = {
            **{name: (lambda run=run: run.take_step(None)) for name, run in runs.items()},
            **installed(
                {
                    "tf-keras-vis": lambda: tf_keras_vis_way(starts, 1),
                    "torch-lucent": lambda: lucent_way(edge),
                    "plain torch, channels last": lambda: torch_way(starts, 1),
                }
            ),
        }
        flops = {"tf-keras-vis": 2 * trunk_flops(edge), "plain torch, channels last": 2 * trunk_flops(edge)}
        flops["artforge"] = 2 * trunk_flops(edge, last=8)
        table(f"one {edge}x{edge} pattern of {LAYER}, one step", medians(ways, self.repeats), self.peak, flops)

    def compiling(self) -> None:
        """Programs that have been built: filters, tiles and octaves of one size share them."""
        pixels = Ascent(Pixels(), (Jitter(8),), (), PlainStep(0.01), num_steps=2, rescue=False)
        model = load_model(resolve_model("hand_vs_algo", base=Path()))
        for index in (1, 2, 3):
            ascend([channel(PRINT_LAYER, index)], model=model, ascent=pixels, size=(256, 256))
            ascend([channel(PRINT_LAYER, index)], model=model, ascent=pixels, size=(512, 512), memory=2e7)
        form, _ = form_of([channel(PRINT_LAYER, 1)], model)
        counts = {
            name: program_of(model, form, has_view=has_view).compiled.num_traces
            for name, has_view in (("seen through transforms", True), ("in regions", False))
        }
        print(f"\nprograms built for three filters, each at two sizes, one of them in regions: {counts}")


def trunk_flops(edge: int, *, last: int | None = None) -> float:
    """Floating point operations of the convolutions up to `LAYER`, `last` channels of it, once through."""
    total, channels, count = 0.0, 3, 0
    for size in VGG16:
        if count == NUM_CONVOLUTIONS:
            break
        if not size:
            edge //= 2
            continue
        count += 1
        wanted = last if last is not None and count == NUM_CONVOLUTIONS else size
        total += 2.0 * edge**2 * channels * 9 * wanted
        channels = size
    return total


def scaled(found: dict[str, float], factors: dict[str, float]) -> dict[str, float]:
    """Seconds times the factor whose mark is in the name."""
    return {
        name: seconds * next((factor for mark, factor in factors.items() if mark in name), 1.0)
        for name, seconds in found.items()
    }


def prints(preset: PresetName, sizes: list[int]) -> None:
    """Large patterns of the shipped model, each in a process of its own."""
    print(f"\n{PRINT_LAYER} of the shipped model, {PRINT_STEPS} steps of the preset {preset}")
    first = None
    for size in sizes:
        ended = subprocess.run(  # noqa: S603 - this very file
            [sys.executable, __file__, "--one-print", preset, str(size)], capture_output=True, text=True, check=True
        )
        told = json.loads(ended.stdout.splitlines()[-1])
        per_pixel = told["seconds"] / size**2
        first = first or per_pixel
        print(
            f"  {size:5} px   {told['seconds']:8.1f} s   {1e6 * per_pixel:6.2f} µs a pixel   {per_pixel / first:5.2f}x"
            f"   peak memory {told['peak'] / 1e9:.2f} GB, of which {told['before'] / 1e9:.2f} GB before it began"
        )
        sys.stdout.flush()


def one_print(preset: PresetName, size: int) -> dict[str, float]:
    """Seconds and peak memory of one pattern."""
    limit_threads()
    model = load_model(resolve_model("hand_vs_algo", base=Path()))
    ascent = find_preset(preset, num_steps=PRINT_STEPS)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    started = time.perf_counter()
    ascend([channel(PRINT_LAYER, 100)], model=model, ascent=ascent, size=(size, size))
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": seconds, "peak": float(peak), "before": float(before)}


# the notebook and the peers


def notebook_loop(extractor: Any, starts: np.ndarray, *, compiled: bool) -> np.ndarray:
    """The loop of the notebooks: a tape and a step, filter by filter, traced anew for each where it is compiled."""
    import tensorflow

    def step(picture: Any) -> Any:
        with tensorflow.GradientTape() as tape:
            tape.watch(picture)
            loss = tensorflow.reduce_mean(extractor(picture)[..., 3])
        gradient = tape.gradient(loss, picture)
        return picture + gradient / (tensorflow.sqrt(tensorflow.reduce_mean(gradient**2)) + 1e-5)

    run = tensorflow.function(step) if compiled else step
    picture = tensorflow.constant(starts * 255)
    for _ in range(NUM_STEPS):
        picture = run(picture)
    return picture.numpy()


def tf_keras_vis_way(starts: np.ndarray, num_steps: int) -> Way:
    from tf_keras_vis.activation_maximization import ActivationMaximization
    from tf_keras_vis.utils.model_modifiers import ExtractIntermediateLayer
    from tf_keras_vis.utils.scores import CategoricalScore

    # its models keep the input size: the trunk is built for this one
    keras = load_keras()
    trunk = keras.applications.VGG16(weights=None, include_top=False, input_shape=starts.shape[1:])
    method = ActivationMaximization(trunk, model_modifier=ExtractIntermediateLayer(LAYER), clone=False)
    score = CategoricalScore(list(range(len(starts))))
    settings: dict[str, Any] = {"regularizers": [], "input_modifiers": [], "steps": num_steps}
    return lambda: method(score, seed_input=starts * 255, **settings)


def torch_way(starts: np.ndarray, num_steps: int) -> Way:
    """The same work written straight down in torch."""
    import torch
    from torch import nn

    trunk = nn.Sequential(*torch_trunk(NUM_CONVOLUTIONS)).eval().to(memory_format=torch.channels_last)
    for parameter in trunk.parameters():
        parameter.requires_grad_(False)
    pictures = torch.from_numpy(starts.transpose(0, 3, 1, 2).copy()).to(memory_format=torch.channels_last)
    at_once = 8

    def run() -> list[Any]:
        grown = []
        for start in range(0, len(starts), at_once):
            batch = pictures[start : start + at_once]
            filters = torch.arange(start, start + len(batch))
            for _ in range(num_steps):
                batch = batch.detach().requires_grad_(True)
                maps = trunk(batch)
                score = maps[torch.arange(len(batch)), filters].mean(dim=(1, 2)).sum()
                (gradient,) = torch.autograd.grad(score, batch)
                size = gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt() + 1e-5
                batch = batch.detach() + gradient / size
            grown.append(batch)
        return grown

    return run


def lucent_way(edge: int) -> Way:
    torchvision_stand_in()
    from lucent.optvis import param, render
    from torch import nn

    # it runs the whole stack of convolutions, whatever layer is asked for
    network = nn.Sequential(*torch_trunk(13)).eval()

    def picture() -> Any:
        return param.image(edge, fft=False, decorrelate=False)

    return lambda: render.render_vis(
        network,
        "10:3",
        picture,
        transforms=[],
        thresholds=(1,),
        preprocess=False,
        progress=False,
        show_image=False,
    )


if __name__ == "__main__":
    main()
