"""How long one Grad-CAM takes: an eager tape over the whole network against artforge, in one run.

    python benchmarks/attention.py [--network vgg16|small] [--repeats 7]

Weights are random: they do not change the time. The two ways are alternated, and medians are compared, so that a
busy machine slows both. Read the ratios; the seconds belong to this machine. Runs on TensorFlow.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from artforge.engine.attention.grad_cam import grad_cam_batch, grad_cam_channels, grad_cam_map
from artforge.engine.backend import load_keras
from artforge.engine.models.handle import Model, wrap_model

NUM_SUBSETS = 50


def build(name: str) -> Model:
    """A network with random weights that ends in a softmax."""
    keras = load_keras()
    if name == "vgg16":
        return wrap_model(keras.applications.VGG16(weights=None))
    from artforge.engine.models.architectures import artforge_small  # noqa: PLC0415

    network = artforge_small(3, dropout=0.0, output_bias=np.zeros(3, np.float32))
    return wrap_model(network, input_size=(128, 128))


def eager_grad_cam(model: Model, target: int) -> Callable[[Any], Any]:
    """As most notebooks write it: one tape, everything watched, nothing compiled, the softmax left on."""
    import tensorflow  # noqa: PLC0415

    layer = model.keras_model.get_layer(model.find_layer("last_conv").name)
    outputs = [layer.output, model.keras_model.outputs[0]]
    both = load_keras().Model(model.keras_model.inputs[0], outputs)

    def run(image: Any) -> Any:
        with tensorflow.GradientTape() as tape:
            maps, probabilities = both(model.prepare(image))
            score = probabilities[:, target]
        return grad_cam_map(maps[0].numpy(), tape.gradient(score, maps)[0].numpy())

    return run


def medians(ways: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
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


def main() -> None:
    """Print a table of seconds and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--network", choices=["vgg16", "small"], default="small")
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    model = build(options.network)
    rng = np.random.default_rng(0)
    images = [rng.random((*model.input_size, 3), dtype=np.float32) for _ in range(8)]

    eager_way = eager_grad_cam(model, 1)

    def subsets() -> list[Any]:
        shares = grad_cam_channels(images[0], model=model, target=model.class_names[1])
        counts = np.linspace(1, shares.shape[-1], NUM_SUBSETS).astype(int)
        return [shares[..., :count].sum(axis=-1) for count in counts]

    found = medians(
        {
            "eager": lambda: eager_way(images[0]),
            "one": lambda: grad_cam_batch(images[:1], model=model, targets=1),
            "eight": lambda: grad_cam_batch(images, model=model, targets=1),
            "subsets": subsets,
        },
        options.repeats,
    )
    eager = found["eager"]
    print(f"{options.network}, {model.input_size[0]}x{model.input_size[1]}, median of {options.repeats}")
    print(f"  eager tape over the whole network, one picture   {eager:8.4f} s")
    print(f"  artforge, one picture                            {found['one']:8.4f} s   {eager / found['one']:6.1f}x")
    each = found["eight"] / 8
    print(f"  artforge, eight pictures in a batch, for each    {each:8.4f} s   {eager / each:6.1f}x")
    whole = NUM_SUBSETS * eager
    all_subsets = found["subsets"]
    subset_ratio = whole / all_subsets
    print(
        f"  artforge, heatmaps of {NUM_SUBSETS} channel subsets         {all_subsets:8.4f} s   {subset_ratio:6.1f}x *"
    )
    print(f"  * against {NUM_SUBSETS} eager runs (computed from one: {whole:.2f} s)")


if __name__ == "__main__":
    main()
