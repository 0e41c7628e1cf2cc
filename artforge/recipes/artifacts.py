"""Which files a recipe makes: one record for each, with its name and its key, before anything is computed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal

from artforge.core.formats.known import FORMATS
from artforge.recipes.nodes import Node
from artforge.recipes.plan import Planner
from artforge.recipes.recipe import Format, Output
from artforge.recipes.templates import fill_template
from artforge.recipes.variants import Variant, scope_of

HASH_DIGITS = 8
MAX_NAME = 120
"""Characters of a file's name that an artist may choose."""
SHEET_VERSION = 2
"""Bumped when the pixels of contact sheets change: it enters their names, so that they are drawn anew."""
_UNSAFE_NAME = re.compile(r"[^\w .+,=-]+")
_UNSAFE = re.compile(r"[^A-Za-z0-9.+-]+")


@dataclass(frozen=True)
class Artifact:
    """One file to be made.

    Attributes:
        output: the recipe's output that asks for it.
        format: what the file is.
        kind: a still, a contact sheet or a film.
        variants: the variant it shows; all of them for a contact sheet.
        frames: the drawn frame that it shows; of a film, the places of all its frames.
        key: stands for every pixel of it, whatever the format: the film and the GIF of one output share it.
        name: the artist's own name for the file, filled in; empty for the usual one.
    """

    output: Output
    format: Format
    kind: Literal["still", "sheet", "film"]
    variants: tuple[Variant, ...]
    frames: tuple[int, ...]
    key: str
    name: str = ""

    @property
    def file_name(self) -> str:
        """`<output>[-<source>][-<axis><value>...]-<hash8>[-16bit].<ext>`; an artist's name stands before the hash."""
        info = FORMATS[self.format]
        ending = f"-{self.key[:HASH_DIGITS]}{info.mark}{info.suffix}"
        if self.name:
            return f"{self.name}{ending}"
        sources = "".join(f"-{_safe(PurePath(value).stem)}" for value in self.variant.source.values())
        swept = "" if self.kind == "sheet" else "".join(f"-{_axis(*each)}" for each in self.variant.swept.items())
        return f"{self.output.name}{sources}{swept}{ending}"

    @property
    def variant(self) -> Variant:
        """The variant it shows; the first one of a contact sheet."""
        return self.variants[0]


def plan_artifacts(planner: Planner) -> list[Artifact]:
    """Every file of the recipe, in the order of its outputs."""
    return [artifact for output in planner.checked.recipe.outputs.values() for artifact in _of_output(planner, output)]


def nodes_of(planner: Planner, artifact: Artifact) -> Iterator[Node]:
    """The nodes whose values the file shows, in order."""
    for variant in artifact.variants:
        for frame in artifact.frames:
            yield node_of(planner, artifact, variant, frame)


def node_of(planner: Planner, artifact: Artifact, variant: Variant, frame: int) -> Node:
    """The node whose value the file shows of one variant at one of its frames."""
    return _node(planner, artifact.output, artifact.kind, variant, frame)


def _node(planner: Planner, output: Output, kind: str, variant: Variant, frame: int) -> Node:
    return (planner.shown if kind == "film" else planner.node)(output.source.name, variant, frame)


def _of_output(planner: Planner, output: Output) -> Iterator[Artifact]:
    timeline = planner.checked.recipe.timeline
    moment = timeline.frame_at(output.moment) if timeline else 0
    for variants in _groups(planner, output):
        for file_format in output.formats:
            film = FORMATS[file_format].film
            frames = tuple(range(timeline.num_shown)) if film and timeline else (moment,)
            kind: Literal["still", "sheet", "film"] = "film" if film else "sheet" if output.is_sheet else "still"
            key = _key(planner, output, kind, variants, frames)
            name = _own_name(planner, output, variants[0])
            yield Artifact(output, file_format, kind, variants, frames, key, name)


def _groups(planner: Planner, output: Output) -> list[tuple[Variant, ...]]:
    """The variants that go into each file of an output."""
    if output.per == "variant":
        return [(variant,) for variant in planner.variants]
    if output.per == "recipe":
        return [(variant,) for variant in planner.base_variants]
    by_source: dict[tuple[str, ...], list[Variant]] = {}
    for variant in planner.variants:
        by_source.setdefault(tuple(variant.source.values()), []).append(variant)
    return [tuple(variants) for variants in by_source.values()]


def _own_name(planner: Planner, output: Output, variant: Variant) -> str:
    if not output.file_name:
        return ""
    recipe = planner.checked.recipe
    texts = scope_of(recipe, variant, len(planner.variants)).texts
    plain = {name: value if isinstance(value, int | float) else _safe(value) for name, value in texts.items()}
    return _UNSAFE_NAME.sub("-", fill_template(output.file_name, plain)).strip("-. ")[:MAX_NAME] or output.name


def _key(planner: Planner, output: Output, kind: str, variants: tuple[Variant, ...], frames: tuple[int, ...]) -> str:
    keys = []
    for variant in variants:
        for frame in frames:
            keys.append(_node(planner, output, kind, variant, frame).key)
            planner.forget_frames()
    timeline = planner.checked.recipe.timeline
    parts: dict[str, Any] = {
        "output": output.name,
        "kind": kind,
        "nodes": keys,
        "fps": timeline.fps if timeline and kind == "film" else None,
        **output.target.identity,
        "scale": planner.scale,
    }
    if kind == "sheet":
        swept = [variant.swept for variant in variants]
        grid = [output.grid.x, output.grid.y, output.grid.columns]
        labels = output.caption or output.labels
        parts["sheet"] = [
            SHEET_VERSION,
            output.cell,
            grid,
            labels,
            planner.checked.recipe.title,
            swept,
            variants[0].seed,
        ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _axis(name: str, value: Any) -> str:
    return f"{name}{_safe(value)}"


def _safe(value: Any) -> str:
    """A value as part of a file name: short, and without anything a file system or a shell could stumble over."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    stem = (
        text.replace("\\", "/").rsplit("/", 1)[-1]
        if not text.startswith("embedded:")
        else text.removeprefix("embedded:")
    )
    return _UNSAFE.sub("-", stem).strip("-.")[:40] or "x"
