"""A small recipe for every step, written from its signature: an example to read, and a picture of what it does.

Each picture is rendered once and kept with all else that can be made again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from artforge.core.cache_folder import user_cache
from artforge.core.drawings import Drawing
from artforge.core.inking import ink
from artforge.core.pictures import write_png
from artforge.core.steps import Setting, Step
from artforge.core.values import Kind
from artforge.recipes.cache import Cache, cache_folder, cache_limit
from artforge.recipes.check import check_recipe
from artforge.recipes.document import yaml_of
from artforge.recipes.plan import Planner
from artforge.recipes.run import Runner

EDGE = 320
"""Longer edge of an example's picture in pixels."""

_MODEL = "hand_vs_algo"
_SOURCES: dict[Kind, list[Any]] = {
    Kind.IMAGE: ["$art"],
    Kind.HEATMAP: ["$heat"],
    Kind.FEATURE_MAPS: ["$maps"],
    Kind.IMAGES: [
        "$maps",
        {"sort_channels": {"by": "energy"}},
        {"take_channels": {"count": 12}},
        {"upsample": {"like": "$art"}},
        "normalize",
        {"colorize": {"map": ["black", "tomato", "ivory"]}},
        {"blend": {"base": "$art", "mode": "hard_light", "opacity": 0.85}},
    ],
    Kind.DRAWING: ["$lines"],
}
_MOVING: dict[Kind, list[Any]] = {Kind.IMAGE: ["$passing"], Kind.HEATMAP: ["$passing_heat"]}
"""What flows into a step that reads several moments of it."""
_PIPES: dict[str, list[Any]] = {
    "art": [{"load": {"path": "embedded:hand_made/botanical/5", "long_edge": EDGE}}],
    "other": [{"load": {"path": "embedded:algorithmic/flow_field/7", "long_edge": EDGE}}],
    "heat": [
        {"grad_cam": {"model": _MODEL, "image": "$art", "target": "hand_made"}},
        {"normalize": {"percentiles": [1, 99]}},
    ],
    "passing": ["$art", {"camera": {"zoom": 2, "x": "=0.5+0.1*sin(tau*t)"}}],
    "passing_heat": ["$passing", {"grad_cam": {"model": _MODEL, "target": "hand_made"}}],
    "maps": [{"feature_maps": {"model": _MODEL, "image": "$art", "layer": "conv3"}}],
    "dark": ["$art", "darkness", {"normalize": {"percentiles": [2, 99]}}],
    "dots": ["$dark", {"stipple": {"num_dots": 5000, "page": "100x100mm", "margin": 6, "pen": 0.35}}],
    "lines": [
        "$heat",
        {"isolines": {"colors": ["goldenrod", "tomato"], "page": "100x100mm", "margin": 6}},
    ],
}
_SHOWN: dict[Kind, list[Any]] = {
    Kind.IMAGE: [],
    Kind.IMAGES: ["grid"],
    Kind.HEATMAP: [{"normalize": {"percentiles": [1, 99]}}, {"colorize": {"map": "crameri:lajolla"}}],
    Kind.FEATURE_MAPS: [{"sort_channels": {"by": "energy"}}, {"channel_grid": {"tile": 64, "columns": 8}}],
    Kind.DRAWING: [{"draw": {"long_edge": 2 * EDGE}}],
}
"""What makes a picture of a value."""

_SETTINGS: dict[str, dict[str, Any]] = {
    "adjust": {"saturation": 1.6, "contrast": 1.15, "hue": -30},
    "ascend": {"layer": "conv7", "filter": 100, "size": 256, "num_steps": 48},
    "blend": {"mode": "screen", "opacity": 0.7},
    "camera": {"heatmap": "$heat", "zoom": 2},
    "caption": {"title": "Botanical, 5", "text": "drawn by rule, as if by hand", "type_size": 0.045},
    "caricature": {"layer": "conv5", "num_steps": 8},
    "channel_across_layers": {"channel": 3},
    "classical_filter": {"filter": "sobel_x"},
    "colorize_like": {"like": "$art"},
    "crossfade": {"other": "$other"},
    "displace": {"amount": 0.1, "turn": 0.2},
    "dream": {"layer": "conv5"},
    "edges": {"operator": "scharr"},
    "feature_map": {"channel": 3, "layer": "conv3"},
    "feature_maps": {"layer": "conv3"},
    "filter_grid": {"layer": "conv6", "columns": 4, "rows": 4, "tile": 64, "num_steps": 32},
    "flow_lines": {"near": 0.7, "far": 3, "page": "100x100mm", "margin": 6},
    "fit": {"like": "$other", "rule": "contain"},
    "focus": {"fade": 0.6, "fringe": 1},
    "grain": {"amount": 0.25, "size": 0.004},
    "hatch": {
        "heatmap": "$dark",
        "spacing": 0.5,
        "smooth": 0.3,
        "elsewhere": 0.55,
        "page": "100x100mm",
        "margin": 6,
        "pen": 0.2,
    },
    "isolines": {"num_levels": 14, "colors": ["goldenrod", "tomato", "#3d1f4e"], "page": "100x100mm", "margin": 6},
    "kin_channels": {"filter": "sobel_x"},
    "label": {"text": "botanical 5", "type_size": 0.06},
    "load": {"path": "embedded:hand_made/ink_brush/7", "long_edge": EDGE},
    "mat": {"margin": 0.16, "bottom": 1.25, "line": 0.004},
    "match_color": {"like": "$other"},
    "match_histogram": {"like": "$other"},
    "morph": {"layer": "conv7", "filters": [96, 65], "size": 192, "num_frames": 12, "num_steps": 32, "at": 0.25},
    "mosaic": {"detail": 1.2},
    "normalize": {"percentiles": [1, 99]},
    "overprint": {"over": "$dots"},
    "paper": {"tooth": 0.8, "scale": 1.5},
    "polyptych": {"two": "$other", "labels": ["by hand", "by rule"], "type_size": 0.05},
    "poster": {"title": "Botanical", "subtitle": "after nature", "legend": {"seed": 5, "model": "hand_vs_algo"}},
    "posterize": {"by": "colors", "levels": 6},
    "pull": {"left": "hand_made", "right": "algorithmic", "size": 256, "num_steps": 48},
    "sequence": {"at": 0.06, "hold": 0.2},
    "slit_scan": {"heatmap": "$heat", "bend": 0.4, "softness": 0.6},
    "stipple": {"heatmap": "$dark", "num_dots": 6000, "page": "100x100mm", "margin": 6, "pen": 0.35},
    "take_channels": {"count": 8},
    "variations": {"layer": "conv7", "filter": 100, "tile": 128, "num_steps": 32},
    "verdict": {"before": "$other", "type_size": 0.045},
    "vignette": {"amount": 0.8},
    "zoom": {"layer": "conv5", "num_frames": 12, "at": 0.5},
}
"""What the defaults do not show well, or not soon."""
_WITHOUT_SOURCE = frozenset({"ascend", "pull"})
"""Steps that begin by themselves although a picture may flow in."""
_SECOND_PICTURES = frozenset({"like", "overlay"})
_TIMELINE = {"duration": "24f", "fps": 12, "loop": True}
_KEY_DIGITS = 12


def example_recipe(step: Step) -> str:
    """A recipe that checks, renders in a while and shows what the step does.

    Args:
        step: one whose settings all have a default, a place in the table above, or a kind that says what to take.
    """
    pipe: list[Any] = []
    wiring: dict[str, str] = {}
    for index, wanted in enumerate(step.inputs):
        if wanted.optional or step.name in _WITHOUT_SOURCE:
            continue
        still_or_moving = _MOVING if wanted.reach else _SOURCES
        source = ["$other"] if wanted.name in _SECOND_PICTURES else still_or_moving[wanted.given]
        if index == 0:
            pipe += source
        else:
            wiring[wanted.name] = source[0]
    settings = {**wiring, **_required(step), **_SETTINGS.get(step.name, {})}
    pipe += [{step.name: settings} if settings else step.name, *_SHOWN[step.output]]
    pipes = _needed({"example": pipe})
    recipe = {
        "artforge": 1,
        "title": step.name.replace("_", " "),
        "seed": 5,
        **({"timeline": _TIMELINE} if any(wanted.reach for wanted in step.inputs) else {}),
        "steps": pipes,
        "outputs": {"example": {"from": "$example", "per": "recipe", "formats": ["png"]}},
    }
    return yaml_of(recipe)


def example_picture(step: Step) -> Path:
    """Where the picture of a step's example stands; it is rendered where it is not there yet.

    Raises:
        RecipeError, StepError: the example cannot be rendered here.
        OutputError: the cache cannot be written to.
    """
    checked = check_recipe(example_recipe(step), f"{step.name}.yaml")
    planner = Planner(checked)
    node = planner.node("example", planner.base_variants[0])
    path = user_cache() / "examples" / f"{step.name}-{node.key[:_KEY_DIGITS]}.png"
    if not path.is_file():
        picture = Runner(checked.recipe.source, Cache(cache_folder(), cache_limit())).value(node)
        write_png(path, ink(picture) if isinstance(picture, Drawing) else picture)
    return path


def _required(step: Step) -> dict[str, Any]:
    return {name: _guess(setting) for name, setting in step.settings.items() if setting.required}


def _guess(setting: Setting) -> Any:
    if setting.kind is Kind.MODEL:
        return _MODEL
    return 0 if setting.numeric else "?"


def _needed(pipes: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The pipes and all that they refer to, sources first."""
    found: dict[str, list[Any]] = {}
    for name, pipe in pipes.items():
        for source in _references(pipe):
            found |= _needed({source: _PIPES[source]})
        found[name] = pipe
    return found


def _references(part: Any) -> list[str]:
    if isinstance(part, str):
        return [part[1:]] if part.startswith("$") else []
    parts = part.values() if isinstance(part, dict) else part if isinstance(part, list) else []
    return [name for each in parts for name in _references(each)]
