"""Words for those who cannot see a work: what it is and how it came about, from its record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from artforge.core.provenance import NodeRecord, Provenance
from artforge.gallery import words

_GENERATED = ("Picture “", "Film “", "Contact sheet of ")
"""How the alternative text that every record carries begins, where nobody wrote another."""

_UNSEEN = frozenset({"normalize", "mat", "sort_channels", "take_channels", "resize", "fit", "crop"})
"""Steps that nobody looking at the work would name."""

_METHODS = {
    "grad_cam": "Grad-CAM",
    "grad_cam_plus_plus": "Grad-CAM++",
    "hires_cam": "HiRes-CAM",
    "layer_cam": "Layer-CAM",
    "score_cam": "Score-CAM",
    "eigen_cam": "Eigen-CAM",
    "ablation_cam": "Ablation-CAM",
    "cam": "class activation map",
}
_MODES = {
    **dict.fromkeys(("normal", "seed"), "laid"),
    **{"screen": "screened", "multiply": "multiplied", "overlay": "overlaid", "difference": "subtracted"},
    **{"lighten": "laid where it is lighter", "darken": "laid where it is darker", "exclusion": "excluded"},
}
_PLACES = {"last_conv": "the last convolution"}


def describe(record: Provenance) -> str:
    """`Print of “lisa.png”: Grad-CAM of the last convolution, class hand made, coloured with lajolla, ...`."""
    alt = record.alt.strip()
    if not record.branch or (alt and not alt.startswith(_GENERATED)):
        return alt
    sources = list(dict.fromkeys(_source(node) for node in record.branch if node.step == "load"))
    made = list(dict.fromkeys(phrase for node in record.branch for phrase in _phrases(node, record)))
    kind = words.KIND_WORDS[record.kind]
    if record.kind == "sheet" and record.sweep:
        kind = f"{kind} of {words.count(len(record.sweep), 'picture')}{_swept(record)}"
        sources = [f"each from {' and '.join(sources)}"] if sources else []
    elif sources:
        kind, sources = f"{kind} of {' and '.join(sources)}", []
    told = ", ".join([*sources, *made])
    return f"{kind}: {told}." if told else f"{kind}."


def _swept(record: Provenance) -> str:
    """`, intensity 0 to 1`: what the pictures of a contact sheet differ in."""
    first, last = record.sweep[0], record.sweep[-1]
    moving = [name for name in first if any(one.get(name) != first[name] for one in record.sweep)]
    ranges = [
        f"{words.plain(name)} {words.format_value(first[name])} to {words.format_value(last.get(name))}"
        for name in moving
    ]
    return "".join(f", {one}" for one in ranges)


def _source(node: NodeRecord) -> str:
    path = str(node.settings.get("path", ""))
    if path.startswith(words.EMBEDDED):
        return f"the built-in picture {words.embedded_words(path)}"
    return f"“{PurePosixPath(path).name}”" if path else "a picture"


def _phrases(node: NodeRecord, record: Provenance) -> Iterator[str]:
    """What one step did; of a contact sheet without what its first picture alone was made with."""
    settings = node.settings
    if record.kind == "sheet" and record.sweep:
        first = [value for name, value in record.sweep[0].items() if name in record.params]
        settings = {name: value for name, value in settings.items() if value not in first}
    if node.step == "load" or node.step in _UNSEEN:
        return
    if node.step in _METHODS or "layer" in settings:
        method = _METHODS.get(node.step, node.step.replace("_", " "))
        yield f"{method}{_of_layer(settings)}"
        if isinstance(settings.get("target"), str):
            yield f"class {words.plain(settings['target'])}"
    elif node.step == "blend":
        mode = str(settings.get("mode", "normal"))
        yield f"{_MODES.get(mode, f'laid as {words.plain(mode)}')}{_strength(settings)}"
    elif isinstance(settings.get("map"), str):
        colors = settings["map"].rpartition(":")[2]
        yield f"coloured with {colors}" if node.step == "colorize" else f"{words.plain(node.step)} in {colors}"
    else:
        yield words.plain(node.step)


def _of_layer(settings: Mapping[str, Any]) -> str:
    layer = settings.get("layer")
    return f" of {_PLACES.get(layer, layer)}" if isinstance(layer, str) else ""


def _strength(settings: Mapping[str, Any]) -> str:
    opacity = settings.get("opacity")
    if isinstance(opacity, bool) or opacity is None:
        return " over the picture"
    if isinstance(opacity, (int, float)):
        return f" at {round(100 * opacity)}% over the picture"
    return " at a changing strength over the picture"
