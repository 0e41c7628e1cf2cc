"""What prints cost in every format of stills: seconds of the processor, bytes of memory a pixel, size of the file.

Usage: python benchmarks/prints.py [--size A0@300dpi] [--source 2400] [--formats png pdf ...] [--recipe]

Each format is written in a process of its own, from a picture of `--source` pixels that is enlarged band by band, with
fine grain over it, which packs badly: real works are faster and smaller. `--recipe` renders the size from a recipe
whose steps all work on pictures as large as the print, the most that memory is asked for. Peaks are those of the whole
process (ru_maxrss), Python and its libraries included. `prints.md` has them for A0.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from artforge.core.banded_images import BandedImage, laid_on
from artforge.core.formats.known import FORMATS
from artforge.core.formats.medium import Medium
from artforge.core.formats.stills import write_still
from artforge.core.pictures import write_png
from artforge.core.print_sizes import parse_print_size
from artforge.core.values import Image

STILLS = [name for name, info in FORMATS.items() if info.pixels and not info.film]
RECIPE = """\
artforge: 1
title: "Print"
steps:
  art: [{{load: {{path: art.png, long_edge: {edge}}}}}]
  other: [{{load: {{path: other.png, long_edge: {edge}}}}}]
  mixed: [$art, {{blend: {{overlay: $other, mode: screen, opacity: 0.5}}}}]
outputs: {{print: {{from: $mixed, per: recipe, formats: [{format}], size: {size}, fit: cover}}}}
"""


def peak() -> float:
    """Bytes of memory that this process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def source_picture(edge: int) -> Image:
    """Soft colours with an edge, upright, float32 (edge, about 0.7 edge, 3)."""
    y, x = np.mgrid[0:edge, 0 : round(edge / 2**0.5)].astype(np.float32) / edge
    return np.stack([0.5 + 0.5 * np.sin(9 * x + k + 7 * y * y) for k in range(3)], axis=-1)


def grained(picture: BandedImage) -> BandedImage:
    """A picture with noise of three levels over it, other noise in each band."""

    def draw(top: int, bottom: int) -> Image:
        band = picture.draw(top, bottom)
        band += np.random.default_rng(top).normal(0, 3 / 255, band.shape).astype(np.float32)
        return np.clip(band, 0, 1, out=band)

    return BandedImage(picture.height, picture.width, draw)


def write_one(name: str, size: str, edge: int) -> None:
    """Write a print in one format and tell what it took."""
    source = source_picture(edge)
    print_size, _ = parse_print_size(size)
    sheet = print_size.sheet(*source.shape[:2])
    picture = grained(laid_on(source, sheet, np.ones(3, np.float32)))
    medium = Medium(print_size.dpi, page=print_size.page(sheet.height, sheet.width))
    before, pixels = peak(), sheet.height * sheet.width
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"print{FORMATS[name].suffix}"
        started = time.process_time()
        write_still(path, picture, name, medium=medium)
        seconds = time.process_time() - started
        share = (peak() - before) / pixels
        print(
            f"| {name} | {sheet.width}x{sheet.height} | {seconds:.0f} s | {peak() / 1e9:.2f} GB | {share:.1f} | "
            f"{path.stat().st_size / 1e6:.0f} MB |",
            flush=True,
        )


def render_one(name: str, size: str, edge: int) -> None:
    """Render a print from pictures that are as large, and tell what it took."""
    from artforge.recipes.cache import Cache
    from artforge.recipes.check import check_file
    from artforge.recipes.plan import Planner
    from artforge.recipes.render import Renderer

    longest = max(parse_print_size(size)[0].pixels())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "print.yaml"
        path.write_text(RECIPE.format(edge=longest, format=name, size=size), encoding="utf-8")
        for number, source in enumerate(("art.png", "other.png")):
            write_png(Path(folder) / source, np.roll(source_picture(edge), number, axis=2))
        renderer = Renderer(Planner(check_file(path)), Path(folder) / "out", Cache(Path(folder) / "cache"))
        started = time.process_time()
        artifact = renderer.artifacts[0]
        renderer.keep(artifact)
        print(
            f"{name} {size} from steps of {longest} pixels: {time.process_time() - started:.0f} s, "
            f"{peak() / 1e9:.2f} GB at most"
        )


def main() -> None:
    """Every format in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="A0@300dpi")
    parser.add_argument("--source", type=int, default=2400)
    parser.add_argument("--formats", nargs="+", choices=STILLS, default=STILLS)
    parser.add_argument("--recipe", action="store_true")
    parser.add_argument("--one", choices=STILLS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        render_one(given.one, given.size, given.source) if given.recipe else write_one(
            given.one, given.size, given.source
        )
        return
    if not given.recipe:
        print("| format | pixels | processor | peak | bytes a pixel | file |\n|---|---|---|---|---|---|", flush=True)
    for name in given.formats:
        most = FORMATS[name].longest_edge
        if most is not None and max(parse_print_size(given.size)[0].pixels()) > most:
            continue
        command = [sys.executable, __file__, "--one", name, "--size", given.size, "--source", str(given.source)]
        subprocess.run([*command, *(["--recipe"] if given.recipe else [])], check=True)  # noqa: S603 - itself


if __name__ == "__main__":
    main()
