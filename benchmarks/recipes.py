"""How fast recipes render: films against a plain script and against the encoder alone, workers, checks, the cache.

Usage: python benchmarks/recipes.py [film] [workers] [commands] [--repeats 3] [--frames 100]

Each table's ways run in turn in one process on the same machine; what counts are the ratios. The plain script is what
one writes without artforge: a matplotlib colormap, cv2.addWeighted and the same encoder with the same settings, frame
by frame.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np

from artforge.core.formats.video import write_mp4
from artforge.core.pictures import to_bytes, to_float, write_png
from artforge.core.values import Frames
from artforge.recipes.cache import Cache
from artforge.recipes.check import check_file
from artforge.recipes.plan import Planner
from artforge.recipes.render import Renderer
from artforge.recipes.reporting import Reporter

RECIPES = Path(__file__).parents[1] / "recipes"
HEIGHT, WIDTH = 1080, 1920
CORES = os.cpu_count() or 1

FILM = """\
artforge: 1
title: "Sweep"
ops: ./red.py
params: {opacity: {type: float, min: 0, max: 1, default: 1}}
timeline: {duration: COUNTf, fps: 25}
steps:
  art: [{load: {path: art.png}}]
  heat: [{load: {path: heat.png}}, red, {colorize: {map: magma}}]
  sweep: [$heat, {blend: {base: $art, mode: MODE, opacity: {keys: {0%: 0, 100%: $opacity}}}}]
outputs: {film: {from: $sweep, per: recipe, formats: [mp4]}}
"""
RED = """\
from artforge.core.steps import step
from artforge.core.values import Heatmap, Image


@step("red", version=1)
def red(image: Image) -> Heatmap:
    '''A heatmap that is known already.'''
    return image[..., 0].copy()
"""
BUSY = """\
import time

from artforge.core.steps import step
from artforge.core.values import Image, Unit


@step("busy", version=1)
def busy(image: Image, *, seconds: float, share: Unit) -> Image:
    '''Compute for so long on one core.'''
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
    return image * image.dtype.type(share)
"""
PRINTS = """\
artforge: 1
title: "Prints"
ops: ./busy.py
params: {share: {type: float, min: 0, max: 1, default: 1}}
steps:
  art: [{load: {path: small.png}}, {busy: {seconds: SECONDS, share: $share}}]
sweep: {share: {from: 0.1, to: 1, count: COUNT}}
outputs: {print: {from: $art}}
"""


class Quiet(Reporter):
    """Hears nothing."""


def processor_seconds_of(way: Callable[[], object]) -> float:
    """How much of all cores one run takes: on a machine that others use too, the fairer measure."""
    started = time.process_time()
    way()
    return time.process_time() - started


def seconds_of(way: Callable[[], object]) -> float:
    """How long one run takes."""
    started = time.perf_counter()
    way()
    return time.perf_counter() - started


def in_turn(
    ways: dict[str, Callable[[], object]], repeats: int, measure: Callable[[Callable[[], object]], float] = seconds_of
) -> dict[str, float]:
    """Median seconds of each way, run in turn."""
    runs = [{name: measure(way) for name, way in ways.items()} for _ in range(repeats)]
    return {name: statistics.median(run[name] for run in runs) for name in ways}


def tell(title: str, found: dict[str, float], unit: float) -> None:
    """Seconds, and ratios to `unit` seconds."""
    print(f"\n{title}")
    for name, seconds in found.items():
        print(f"  {name:44} {seconds:8.2f} s   {seconds / unit:6.2f}x")
    sys.stdout.flush()


def render(recipe: Path, folder: Path, *, jobs: int = CORES) -> None:
    """From an empty store."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        planner = Planner(check_file(recipe))
        Renderer(planner, Path(place) / "out", Cache(Path(place) / "store"), jobs).render(Quiet())


def film(folder: Path, repeats: int, num_frames: int) -> None:
    """A sweep of the intensity over a heatmap that is known."""
    import matplotlib

    rng = np.random.default_rng(0)
    art = cv2.GaussianBlur(rng.random((HEIGHT, WIDTH, 3), dtype=np.float32), (0, 0), 4)
    heat = cv2.resize(rng.random((14, 14), dtype=np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
    (folder / "red.py").write_text(RED)
    write_png(folder / "art.png", art)
    write_png(folder / "heat.png", np.repeat(heat[..., None], 3, axis=2))
    bytes_of_art, colors = to_bytes(art), matplotlib.colormaps["magma"]

    def drawn(index: int) -> np.ndarray:
        share = index / (num_frames - 1)
        glow = (colors(heat)[..., :3] * 255).astype(np.uint8)
        return cv2.addWeighted(bytes_of_art, 1 - share, glow, share, 0)

    faded = [drawn(index) for index in range(num_frames)]

    def encode(draw: Callable[[int], np.ndarray]) -> None:
        write_mp4(folder / "film.mp4", Frames(num_frames, 25, draw))

    ways: dict[str, Callable[[], object]] = {
        "the encoder alone, frames at hand": lambda: encode(lambda index: to_float(faded[index])),
        "plain script": lambda: encode(lambda index: to_float(drawn(index))),
        "plain script, drawing alone": lambda: [drawn(index) for index in range(num_frames)],
    }
    for mode in ("normal", "hard_light"):
        recipe = folder / f"{mode}.yaml"
        recipe.write_text(FILM.replace("MODE", mode).replace("COUNT", str(num_frames)))
        ways[f"artforge, {mode}, {CORES} jobs"] = lambda recipe=recipe: render(recipe, folder)
        ways[f"artforge, {mode}, drawing alone"] = lambda recipe=recipe: draw_only(recipe, folder)
    found = in_turn(ways, repeats, processor_seconds_of)
    tell(
        f"film of {num_frames} frames, {WIDTH}x{HEIGHT}, H.264, seconds of all cores together",
        found,
        next(iter(found.values())),
    )


def draw_only(recipe: Path, folder: Path) -> None:
    """Every frame as bytes, by one thread."""
    renderer = Renderer(Planner(check_file(recipe)), folder, Cache(folder / "no store"))
    (artifact,) = renderer.artifacts
    for frame in artifact.frames:
        to_bytes(renderer.runner.value(renderer.planner.node("sweep", artifact.variant, frame)))


def workers(folder: Path, repeats: int, num_frames: int) -> None:  # noqa: ARG001
    """Processes of this machine, started beforehand: what they cost where nothing is to do, and what they gain."""
    from artforge.recipes.cluster import local_farm

    rng = np.random.default_rng(1)
    write_png(folder / "small.png", rng.random((96, 128, 3), dtype=np.float32))
    (folder / "busy.py").write_text(BUSY)

    def alone(recipe: Path) -> float:
        return seconds_of(lambda: render(recipe, folder, jobs=1))

    def farmed(recipe: Path, num_workers: int) -> float:
        store = Cache(Path(tempfile.mkdtemp(dir=folder)))
        with local_farm(store, num_workers) as farm:
            started = time.perf_counter()
            renderer = Renderer(Planner(check_file(recipe)), store.folder / "out", store)
            farm.prepare(renderer)
            renderer.render(Quiet())
            return time.perf_counter() - started

    os.chdir(folder)
    for name, seconds, count in (("nothing to compute", 0.0, 200), ("a second each on one core", 1.0, 16)):
        recipe = folder / "prints.yaml"
        recipe.write_text(PRINTS.replace("SECONDS", f"{seconds}").replace("COUNT", f"{count}"))
        runs: dict[str, list[float]] = {}
        for _ in range(repeats):
            runs.setdefault("no workers, one job", []).append(alone(recipe))
            for num_workers in (1, 2):
                runs.setdefault(f"--workers {num_workers}", []).append(farmed(recipe, num_workers))
        found = {way: statistics.median(taken) for way, taken in runs.items()}
        tell(f"{count} prints, {name}", found, next(iter(found.values())))
        cost = (found["--workers 1"] - found["no workers, one job"]) / count
        print(f"  one worker costs {cost * 1e3:.1f} ms a print more than none")


def commands(folder: Path, repeats: int, num_frames: int) -> None:  # noqa: ARG001
    """As a person types them, the start of Python included."""
    environment = {**os.environ, "ARTFORGE_CACHE": str(folder / "cache")}

    def artforge(*words: object) -> None:
        command = [sys.executable, "-m", "artforge", *map(str, words)]
        subprocess.run(command, check=True, capture_output=True, env=environment)  # noqa: S603

    shipped = sorted(RECIPES.glob("*.yaml"))
    sweep = ["render", RECIPES / "heatmap_sweep.yaml", "--out", folder / "out", "--preview"]
    with suppress(subprocess.CalledProcessError):
        artforge(*sweep)
    ways: dict[str, Callable[[], object]] = {
        f"check of all {len(shipped)} shipped recipes": lambda: artforge("check", *shipped),
        "render, every file in the cache": lambda: artforge(*sweep),
    }
    found = in_turn(ways, repeats)
    tell("commands (ratios to a second)", found, 1)


def main() -> None:
    """Run the tables that are named, or all."""
    tables = {"film": film, "workers": workers, "commands": commands}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", choices=[*tables, []], default=[])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--frames", type=int, default=100, help="of the film")
    chosen = parser.parse_args()
    print(f"{CORES} cores, load {os.getloadavg()[0]:.1f}")
    for name in chosen.tables or tables:
        with tempfile.TemporaryDirectory() as folder:
            tables[name](Path(folder), chosen.repeats, chosen.frames)


if __name__ == "__main__":
    main()
