"""`artforge look`: what a model says of a picture, and where it saw it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from artforge.cli.console import event, numbered, report_error, result, warn
from artforge.cli.terminal import console
from artforge.core.errors import ChoiceError, PictureError, check_choice, listing

if TYPE_CHECKING:
    from artforge.core.values import Heatmap, Image
    from artforge.engine.honesty.check import HonestyReport
    from artforge.engine.models.card import ModelCard
    from artforge.engine.models.handle import Model

ALL_FAILED, SOME_FAILED = 1, 3
NUM_CLASSES_SHOWN = 5
METHOD = "grad_cam"

LONGEST_OVERLAY = 4096
"""Longer edge of an overlay at most, in pixels: a look is not a print, and memory grows with the picture."""

COLORMAP = "crameri:lajolla"
STRONGEST = 0.82
"""Opacity of the heat at its peak: the lines underneath stay to be seen."""
COLOUR_KEPT, LIGHT_KEPT = 0.65, 0.7
"""Shares of its own colour and light that the picture keeps: on white paper, heat would pale without."""


def look_command(
    pictures: Annotated[list[Path], typer.Argument(metavar="PICTURE...", help="Picture files.", show_default=False)],
    model: Annotated[
        str, typer.Option("--model", help="A shipped model's name, a run folder, or a .keras or .h5 file.")
    ] = "hand_vs_algo",
    layer: Annotated[
        str, typer.Option("--layer", help="Where to look, for methods that look at a layer: late ones see things.")
    ] = "last_conv",
    target: Annotated[
        str | None,
        typer.Option("--target", metavar="CLASS", help="Ask about this class (name or number), not the predicted one."),
    ] = None,
    method: Annotated[
        str, typer.Option("--method", help="How to look: grad_cam, layer_cam, integrated_gradients, rise, ...")
    ] = METHOD,
    check: Annotated[
        bool, typer.Option("--check", help="Put the heatmap to the test: can it be trusted? Takes seconds.")
    ] = False,
    out: Annotated[Path, typer.Option("--out", help="Folder for the overlays.")] = Path("look"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per picture on stdout.")] = False,
) -> None:
    """See what a model makes of pictures, and where it looks. Example: artforge look painting.jpg --target hand_made"""
    from artforge.core.pictures import resize, write_png
    from artforge.engine.attention.layers import layer_named
    from artforge.engine.attention.methods import find_method
    from artforge.engine.honesty.check import check_heatmap
    from artforge.engine.models.card import has_card, read_card
    from artforge.engine.models.store import load_model, resolve_model
    from artforge.ops.layout import fit_within

    looking = find_method(method)
    path = resolve_model(model, base=Path())
    if has_card(path):
        _check_by_card(read_card(path), target, layer if looking.looks_at_layer else None)
    if not any(picture.is_file() for picture in pictures):  # told before the model is opened, which takes seconds
        for picture in pictures:
            _read(picture, as_json=as_json)
        raise typer.Exit(ALL_FAILED)
    with console.status("opening the model ..."):
        loaded = load_model(path)
        if looking.looks_at_layer:
            layer_named(layer, model=loaded)  # a wrong name is told before the first picture is read
        target = class_asked(target, loaded.class_names)
    num_failed = 0
    for picture, overlay_path in zip(pictures, overlay_paths(pictures, out, method=method), strict=True):
        image = _read(picture, as_json=as_json)
        if image is None:
            num_failed += 1
            continue
        if max(image.shape[:2]) > LONGEST_OVERLAY:
            image = resize(image, fit_within(image, LONGEST_OVERLAY))
        seen = look_at(image, model=loaded, layer=layer, target=target, method=method)
        if check:
            seen["check"] = check_heatmap(image, model=loaded, method=method, layer=layer, target=seen["target"])
        write_png(overlay_path, seen["overlay"])
        _tell(picture, overlay_path, seen, as_json=as_json)
    if num_failed:
        raise typer.Exit(ALL_FAILED if num_failed == len(pictures) else SOME_FAILED)


def _check_by_card(card: ModelCard, target: str | None, layer: str | None) -> None:
    """A wrong name, told without opening the model."""
    from artforge.engine.models.card import LAST_CONV, layer_fault

    class_asked(target, card.class_names)
    fault = layer_fault(layer, card) if layer not in (None, LAST_CONV) else None
    if fault:
        raise ChoiceError(fault)


def _read(picture: Path, *, as_json: bool) -> Image | None:
    """The picture, or None where it cannot be read, which is then told."""
    from artforge.core.pictures import read_picture

    try:
        return read_picture(picture, shortest_edge=LONGEST_OVERLAY)
    except PictureError as error:
        report_error(str(error))
        if as_json:
            event({"picture": str(picture), "error": str(error)})
        return None


def class_asked(target: str | None, class_names: Sequence[str]) -> str | None:
    """The name of the class asked about: as it is written, or, where no class is called so, by its number.

    Raises:
        ChoiceError: no class of that name or number; the allowed ones are listed.
    """
    if target is not None and target.isdecimal() and target not in class_names:
        if int(target) >= len(class_names):
            raise ChoiceError(f"class {target} is not one of: {listing(numbered(class_names))}")
        return class_names[int(target)]
    if target is not None:
        check_choice("class", target, class_names)
    return target


def look_at(image: Image, *, model: Model, layer: str, target: str | None, method: str = METHOD) -> dict[str, Any]:
    """What the model says of one picture: probabilities by class, the class looked for, and the overlay picture.

    The layer is None for a method that looks at none.
    """
    from artforge.engine.attention.methods import find_method
    from artforge.engine.attention.upsample import upsample_heatmap

    probabilities = {
        name: float(share) for name, share in zip(model.class_names, model.probabilities(image)[0], strict=True)
    }
    predicted = max(probabilities, key=probabilities.__getitem__)
    looking = find_method(method)
    [raw] = looking.batch([image], model=model, layer=layer, targets=[target or predicted])
    heatmap = upsample_heatmap(raw, image.shape[:2])
    return {
        "class": predicted,
        "probabilities": probabilities,
        "target": target or predicted,
        "layer": model.find_layer(layer).name if looking.looks_at_layer else None,
        "method": method,
        "found": bool(heatmap.max() > 0),
        "overlay": lay_over(image, heatmap),
    }


def lay_over(image: Image, heatmap: Heatmap) -> Image:
    """The picture in a dusk of itself, with the heat glowing on it, as strong as the evidence.

    Args:
        image: float32 (H, W, 3), [0, 1].
        heatmap: float32 (H, W), signed; evidence against the class is left out.
    """
    import numpy as np

    from artforge.core.light import luma
    from artforge.ops.blend import blend
    from artforge.ops.colorize import colorize
    from artforge.ops.normalize import normalize

    grey = luma(image)[..., None]
    dusk = (grey + np.float32(COLOUR_KEPT) * (image - grey)) * np.float32(LIGHT_KEPT)
    heat = normalize(heatmap, percentiles=(0, 99.8))
    return blend(np.clip(dusk, 0, 1), colorize(heat, map=COLORMAP), heat, opacity=STRONGEST)


def overlay_paths(pictures: Sequence[Path], out: Path, *, method: str = METHOD) -> Iterator[Path]:
    """`<stem>-look.png` in `out` for each picture, numbered where that name is taken by a picture or by another.

    Of any other method than the usual one it is `<stem>-look-<method>.png`, so that several can be laid side by side.
    """
    look = "look" if method == METHOD else f"look-{method}"
    taken = {picture.resolve() for picture in pictures}
    for picture in pictures:
        path, number = out / f"{picture.stem}-{look}.png", 2
        while path.resolve() in taken:
            path, number = out / f"{picture.stem}-{look}-{number}.png", number + 1
        taken.add(path.resolve())
        yield path


def _tell(picture: Path, overlay_path: Path, seen: dict[str, Any], *, as_json: bool) -> None:
    probabilities: dict[str, float] = seen["probabilities"]
    if not seen["found"]:
        where = f" at layer {seen['layer']!r}" if seen["layer"] else ""
        warn(f"{picture}: nothing speaks for {seen['target']!r}{where}, so the overlay shows no heat")
    if as_json:
        event(
            {
                "picture": str(picture),
                "class": seen["class"],
                "probability": probabilities[seen["class"]],
                "probabilities": probabilities,
                "target": seen["target"],
                "layer": seen["layer"],
                "method": seen["method"],
                "overlay": str(overlay_path),
                **({"check": seen["check"].as_json()} if "check" in seen else {}),
            }
        )
        return
    ranked = sorted(probabilities.items(), key=lambda pair: -pair[1])[:NUM_CLASSES_SHOWN]
    told = ", ".join(f"{name} {share:.1%}" for name, share in ranked)
    result(f"{picture}: {told}\n  {overlay_path}")
    if "check" in seen:
        result("\n".join(f"  {line}" for line in check_lines(seen["check"], target=seen["target"])))


def check_lines(report: HonestyReport, *, target: str) -> Iterator[str]:
    """A report in words; the probability is that of the class the heatmap speaks for."""
    yield f"can this heatmap be trusted? (probability of {target})"
    if report.flat:
        yield "  there is no heatmap to test: it is the same everywhere, so no pixel is hotter than another"
        return
    yield (
        f"  hottest pixels taken away first    mean probability {report.deletion:.2f}, by chance "
        f"{report.deletion_random:.2f}: {_verdict(report.deletion_beats_chance)} (lower is better)"
    )
    yield (
        f"  hottest pixels shown first         mean probability {report.insertion:.2f}, by chance "
        f"{report.insertion_random:.2f}: {_verdict(report.insertion_beats_chance)} (higher is better)"
    )
    left = "the probability rises" if report.increases else f"{report.drop:.0%} of the probability is lost"
    yield f"  only what is hot is seen           {left}"
    yield (
        f"  hottest against coldest (ROAD)     {report.road:+z.2f}: "
        f"{_verdict(report.road_beats_chance)} (above 0: the hot pixels matter more)"
    )
    stages = ", ".join(f"{share:.0%} of layers {correlation:+z.2f}" for share, correlation in report.randomised)
    yield (
        f"  learned weights shuffled           {_change(report)}: likeness (1 = the same, 0 = another, "
        f"-1 = turned over) {stages}"
    )
    yield f"  in short: {_in_short(report)}"


def _verdict(better: bool) -> str:
    return "better than chance" if better else "NOT better than chance"


def _change(report: HonestyReport) -> str:
    if report.depends_on_learning:
        return "the map changes"
    return "THE MAP HARDLY CHANGES" if report.likeness > 0 else "THE MAP ONLY TURNS OVER, hot for cold"


def _in_short(report: HonestyReport) -> str:
    if not report.depends_on_learning:
        return "it shows the picture rather than what the network learned; do not read it as an explanation"
    if report.follows_score:
        return "on this picture the score follows the map, and the map depends on what was learned"
    return "it depends on what was learned, but not every test finds it better than chance: read it with care"
