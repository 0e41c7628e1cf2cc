"""Which files a recipe makes: one record for each, with its name and its key, before anything is computed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from artforge.recipes.plan import Node, Planner
from artforge.recipes.recipe import STILL_FORMATS, Format, Output
from artforge.recipes.variants import Variant

HASH_DIGITS = 8
_UNSAFE = re.compile(r"[^A-Za-z0-9.+-]+")


@dataclass(frozen=True)
class Artifact:
    """One file to be made.

    Attributes:
        output: the recipe's output that asks for it.
        format: the file's ending.
        kind: a still, a contact sheet or a film.
        variants: the variant it shows; all of them for a contact sheet.
        frames: the frame it shows; all of them for a film.
        key: stands for every pixel of it, whatever the format: the film and the GIF of one output share it.
    """

    output: Output
    format: Format
    kind: Literal["still", "sheet", "film"]
    variants: tuple[Variant, ...]
    frames: tuple[int, ...]
    key: str

    @property
    def file_name(self) -> str:
        """`<output>[-<axis><value>...]-<hash8>.<ext>`."""
        swept = (
            ""
            if self.kind == "sheet"
            else "".join(f"-{name}{_safe(value)}" for name, value in self.variant.swept.items())
        )
        return f"{self.output.name}{swept}-{self.key[:HASH_DIGITS]}.{self.format}"

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
            yield planner.node(artifact.output.source.name, variant, frame)


def _of_output(planner: Planner, output: Output) -> Iterator[Artifact]:
    timeline = planner.checked.recipe.timeline
    last = timeline.num_frames if timeline else 1
    moment = min(last - 1, round(output.moment * (last if timeline and timeline.loop else last - 1)))
    for variants in _groups(planner, output):
        for file_format in output.formats:
            film = file_format not in STILL_FORMATS
            frames = tuple(range(last)) if film else (moment,)
            kind: Literal["still", "sheet", "film"] = "film" if film else "sheet" if output.is_sheet else "still"
            yield Artifact(output, file_format, kind, variants, frames, _key(planner, output, kind, variants, frames))


def _groups(planner: Planner, output: Output) -> list[tuple[Variant, ...]]:
    """The variants that go into each file of an output."""
    if output.per == "variant":
        return [(variant,) for variant in planner.variants]
    return [tuple(planner.variants)] if output.per == "sweep" else [(planner.base_variant,)]


def _key(planner: Planner, output: Output, kind: str, variants: tuple[Variant, ...], frames: tuple[int, ...]) -> str:
    pipe = output.source.name
    keys = []
    for variant in variants:
        for frame in frames:
            keys.append(planner.node(pipe, variant, frame).key)
            planner.forget_frame(frame)
    timeline = planner.checked.recipe.timeline
    parts: dict[str, Any] = {
        "output": output.name,
        "kind": kind,
        "nodes": keys,
        "fps": timeline.fps if timeline and kind == "film" else None,
        "long_edge": output.long_edge,
        "scale": planner.scale,
    }
    if kind == "sheet":
        swept = [variant.swept for variant in variants]
        grid = [output.grid.x, output.grid.y, output.grid.columns]
        parts["sheet"] = [output.cell, grid, output.labels, planner.checked.recipe.title, swept]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _safe(value: Any) -> str:
    """A value as part of a file name: short, and without anything a file system or a shell could stumble over."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    stem = (
        text.replace("\\", "/").rsplit("/", 1)[-1]
        if not text.startswith("embedded:")
        else text.removeprefix("embedded:")
    )
    return _UNSAFE.sub("-", stem).strip("-.")[:40] or "x"
