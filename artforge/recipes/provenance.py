"""The record that a work carries: built from the plan, so that a picture can tell how it was made."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from artforge import __version__
from artforge.core.provenance import NodeRecord, Provenance
from artforge.core.values import Kind
from artforge.recipes.artifacts import Artifact, nodes_of
from artforge.recipes.plan import Planner, portable
from artforge.recipes.templates import fill_template
from artforge.recipes.variants import scope_of

TEXT_KEY = "artforge"
"""Under this key the record stands in a PNG's text chunks and in a film's tags."""

_PACKAGES = ("tensorflow", "keras", "numpy", "opencv-python-headless", "pillow", "av", "cmap")
_KIND_OF_PARAM = {"image": Kind.PICTURE_SOURCE, "model": Kind.MODEL}


def build_provenance(planner: Planner, artifact: Artifact, size: tuple[int, int]) -> Provenance:
    """The whole record of one file.

    Args:
        planner: of the recipe that makes it.
        artifact: the file.
        size: its (height, width) in pixels.
    """
    recipe = planner.checked.recipe
    variant = artifact.variant
    scope = scope_of(recipe, variant, len(planner.variants))
    title = fill_template(recipe.title, scope.texts)
    first = next(nodes_of(planner, artifact))
    branch = planner.records(artifact.output.source.name, variant)
    film = artifact.kind == "film" and recipe.timeline is not None
    return Provenance(
        artforge=__version__,
        title=title,
        description=fill_template(recipe.description, scope.texts),
        alt=describe(artifact, title, branch),
        kind=artifact.kind,
        recipe_name=recipe.name,
        recipe_text=recipe.text,
        recipe_sha256=hashlib.sha256(recipe.text.encode()).hexdigest(),
        output=artifact.output.name,
        params={
            name: portable(_KIND_OF_PARAM.get(recipe.params[name].type), value)
            for name, value in variant.params.items()
        },
        variant=variant.swept if artifact.kind != "sheet" else {},
        seed=variant.seed,
        preview=planner.scale != 1,
        branch=branch,
        ingredients=planner.ingredients(first),
        packages=package_versions(),
        width=size[1],
        height=size[0],
        num_frames=len(artifact.frames),
        fps=recipe.timeline.fps if film and recipe.timeline else None,
        key=artifact.key,
    )


def describe(artifact: Artifact, title: str, branch: list[NodeRecord]) -> str:
    """Words for those who cannot see the work: what it is, of which picture, and what was done to it."""
    shown = {"still": "Picture", "sheet": f"Contact sheet of {len(artifact.variants)} pictures", "film": "Film"}[
        artifact.kind
    ]
    swept = ", ".join(f"{name} {_short(value)}" for name, value in artifact.variant.swept.items())
    sweep = f" at {swept}" if swept and artifact.kind != "sheet" else ""
    done = "; ".join(_phrase(record) for record in branch)
    return f"{shown} “{title}”{sweep}: {done}."


@cache
def package_versions() -> dict[str, str]:
    """Versions of what decides the pixels, read without importing any of it."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _phrase(record: NodeRecord) -> str:
    telling = ("path", "layer", "target", "map", "mode", "rank")
    told = [str(record.settings[name]) for name in telling if isinstance(record.settings.get(name), str)]
    words = record.step.replace("_", " ")
    return f"{words} ({', '.join(told)})" if told else words


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
