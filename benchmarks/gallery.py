"""How fast galleries are built and opened: against sigal on the same pictures, one new work, the weight of a view.

Usage: python benchmarks/gallery.py [--works 1000] [--sigal path/to/sigal] [--large 5000]

sigal makes two JPEG files of each picture, as large as artforge's two sizes, with two processes; artforge makes each
size as WebP and as JPEG and a page for each work. The works are JPEG files of 1200 x 800 pixels, all different. Views
are opened in Chromium over file://, each file that it loads counted with its size on disk, a wall of 60 works.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import cv2
import numpy as np

from artforge.core.provenance import Ingredient, NodeRecord, Provenance, write_sidecar
from artforge.gallery.pictures import THUMB_BOXES
from artforge.gallery.site import build_site

RECIPES, VARIANTS = 20, 50
SHORT, LONG = 800, 1200
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
MISSING = "left out: playwright or Chromium is missing"
SIGAL = """\
source = {source!r}
destination = {target!r}
img_size = ({large[1]}, {large[0]})
thumb_size = ({small[1]}, {small[0]})
thumb_fit = False
use_assets_cdn = False
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", type=int, default=1000)
    parser.add_argument("--large", type=int, default=5000, help="works of the wall that is opened; 0 for none")
    parser.add_argument("--sigal", type=Path, help="its command, in an environment of its own")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["ARTFORGE_CACHE"] = str(folder / "cache")
        out = folder / "out"
        make_works(out, options.works)
        builds(out, folder, options.works, options.sigal)
        one_more(out, folder / "site")
        views(folder)
        if options.large:
            opened(folder, options.large)


def make_works(out: Path, count: int, size: tuple[int, int] = (SHORT, LONG)) -> None:
    """`count` JPEG files with their sidecars, in recipes of fifty variants."""
    out.mkdir()
    height, width = size
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / height
    for index in range(count):
        a, b, c, d = rng.uniform(2, 19, 4)
        waves = [np.sin(a * x + b * y * (k + 1) + np.sin(c * x - d * y)) for k in range(3)]
        grain = rng.normal(0, 9, (height // 2, width // 2, 1)).astype(np.float32)
        grain = cv2.resize(grain, (width, height), interpolation=cv2.INTER_LINEAR)[..., None]
        pixels = np.clip(128 + 100 * np.stack(waves, -1) + grain, 0, 255).astype(np.uint8)
        path = out / f"work-{index}.jpg"
        cv2.imwrite(str(path), pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])
        write_sidecar(path, record_of(index, size))


def record_of(index: int, size: tuple[int, int]) -> Provenance:
    """What a work of a sweep says of itself."""
    recipe, variant = divmod(index, VARIANTS)
    settings = {"model": "hand_vs_algo", "layer": "last_conv", "target": "hand_made", "opacity": variant / VARIANTS}
    text = "artforge: 1\ntitle: Tide\n" + "".join(f"# line {line} of recipe {recipe}\n" for line in range(60))
    key = hashlib.sha256(str(index).encode()).hexdigest()
    nodes = [
        NodeRecord(id=f"n{place}", step=step, version=1, settings=settings, inputs={})
        for place, step in enumerate(("load", "grad_cam", "normalize", "colorize", "blend"))
    ]
    return Provenance(
        artforge="0.1.0",
        title=f"Tide {recipe}",
        alt="",
        kind="still",
        recipe_name=f"tide_{recipe}",
        recipe_text=text,
        recipe_sha256=hashlib.sha256(text.encode()).hexdigest(),
        output="still",
        format="jpeg",
        params=settings,
        variant={"opacity": variant / VARIANTS},
        seed=recipe,
        branch=nodes,
        ingredients=[Ingredient(role="model", name="hand_vs_algo", sha256="ab" * 32)],
        packages={"numpy": "2.4.6"},
        width=size[1],
        height=size[0],
        key=key,
    )


def timed(run: Callable[[], object]) -> float:
    """Seconds that it takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def builds(out: Path, folder: Path, count: int, sigal: Path | None) -> None:
    """A whole build by each, in turn, each twice into a new folder; the better time of each."""
    ways: dict[str, Callable[[], object]] = {"artforge": lambda: build_site(out, fresh(folder / "site"))}
    if sigal:
        ways["sigal"] = lambda: run_sigal(sigal, out, fresh(folder / "sigal"))
    seconds = {name: min(timed(way) for _ in range(2)) for name, way in ways.items()}
    made = {"artforge": len(list((folder / "site" / "thumbs").iterdir()))}
    if sigal:
        made["sigal"] = sum(path.suffix == ".jpg" for path in (folder / "sigal").rglob("*"))
    print(f"\n{count} works, {os.cpu_count()} cores")
    for name, taken in seconds.items():
        files = made[name]
        print(f"  {name:10} {taken:7.1f} s   {count / taken:6.1f} works/s   {files} thumbnails, {files / taken:6.1f}/s")
    if not sigal:
        print("  sigal is left out: name it with --sigal")


def fresh(folder: Path) -> Path:
    """The folder, not there."""
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def run_sigal(sigal: Path, out: Path, target: Path) -> None:
    """Build a site by sigal's own command."""
    small, large = THUMB_BOXES
    settings = target.with_name("sigal.conf.py")
    settings.write_text(SIGAL.format(source=str(out), target=str(target), small=small, large=large))
    command = [str(sigal), "build", "--force", "--ncpu", "2", "--config", str(settings)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - named by whoever measures


def one_more(out: Path, site: Path) -> None:
    """One new work among many: the build alone, and the whole command."""
    time.sleep(3)  # files as fresh as the works were are read again, whatever is remembered of them
    build_site(out, site)
    taken = []
    for index in (10_000, 10_001, 10_002):
        pixels = np.full((SHORT, LONG, 3), index % 251, np.uint8)
        path = out / f"work-{index}.jpg"
        cv2.imwrite(str(path), pixels)
        write_sidecar(path, record_of(index, (SHORT, LONG)))
        taken.append(timed(lambda: build_site(out, site)))
    command = [sys.executable, "-m", "artforge", "gallery", "build", "--from", str(out), "--to", str(site)]
    whole = timed(lambda: subprocess.run(command, check=True, capture_output=True))  # noqa: S603 - ourselves
    print(f"\none new work: {min(taken):.2f} s at best of {len(taken)}; the command with nothing new: {whole:.2f} s")


def views(folder: Path) -> None:
    """Bytes of the first view of a wall of 60 works, and of all of it."""
    make_works(folder / "sixty", 60)
    site = build_site(folder / "sixty", folder / "sixty-site").folder
    for width, height, fine in ((1440, 900, 1), (1440, 900, 2), (390, 844, 3)):
        weights = in_browser(lambda page: weigh(page, site), width, height, fine)
        if weights is None:
            print(MISSING)
            return
        first, whole = weights
        print(f"{width} x {height} at {fine}x: first view {first / 1e3:.0f} kB, all 60 works {whole / 1e3:.0f} kB")


def weigh(page, site: Path) -> tuple[int, int]:
    """Bytes of the files that the browser asks for: at first, and after a walk to the end."""
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(unquote(urlsplit(request.url).path)))
    page.goto((site / "index.html").as_uri(), wait_until="networkidle")
    first = sum(Path(path).stat().st_size for path in asked)
    for _ in range(60):
        page.mouse.wheel(0, 600)
        page.wait_for_timeout(50)
    return first, sum(Path(path).stat().st_size for path in asked)


def opened(folder: Path, count: int) -> None:
    """How soon a wall of many works answers, and how large its data is."""
    make_works(folder / "many", count, (80, 120))
    site = build_site(folder / "many", folder / "many-site").folder
    seconds = in_browser(lambda page: [interactive(page, site) for _ in range(5)], 1440, 900, 1)
    if seconds is None:
        print(MISSING)
        return
    data = (site / "works.js").stat().st_size / 1e6
    print(f"{count} works: interactive after {sorted(seconds)[2]:.0f} ms (median of 5); their data {data:.1f} MB")


def interactive(page, site: Path) -> float:
    """Milliseconds until the page is read and its script has run."""
    page.goto((site / "index.html").as_uri())
    return page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")


def in_browser(look: Callable, width: int, height: int, fine: int):
    """What `look` finds on a page of Chromium; None where there is no browser."""
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    if executable is None:
        return None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=fine)
        found = look(page)
        browser.close()
    return found


if __name__ == "__main__":
    main()
