"""The record that a work carries: built from the plan, so that a picture can tell how it was made."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from artforge import __version__
from artforge.core.formats.gif import gif_every
from artforge.core.provenance import Ingredient, NodeRecord, Provenance
from artforge.engine.backend import backend_name
from artforge.recipes.artifacts import Artifact
from artforge.recipes.plan import Planner
from artforge.recipes.portable import portable_text
from artforge.recipes.records import Records, portable_params
from artforge.recipes.source_types import digital_source_type
from artforge.recipes.templates import fill_template
from artforge.recipes.variants import profile_path, scope_of

_PACKAGES = ("keras", "numpy", "scipy", "opencv-python-headless", "pillow", "av", "cmap", "contourpy", "matplotlib")


def build_provenance(planner: Planner, artifact: Artifact, size: tuple[int, int]) -> Provenance:
    """The whole record of one file.

    Args:
        planner: of the recipe that makes it.
        artifact: the file.
        size: its (height, width) in pixels.
    """
    recipe = planner.checked.recipe
    variant = artifact.variant
    params = portable_params(recipe, variant.params)
    swept = [portable_params(recipe, each.swept) for each in artifact.variants]
    told = portable_params(recipe, variant.distinct)
    texts = {**scope_of(recipe, variant, len(planner.variants)).texts, **params}
    title = fill_template(recipe.title, texts)
    records = Records(planner)
    branch = records.branch(artifact.output.source.name, variant)
    ingredients = records.ingredients(planner.node(artifact.output.source.name, each) for each in artifact.variants)
    text = portable_text(recipe)
    every = gif_every(recipe.timeline.fps) if artifact.format == "gif" and recipe.timeline else 1
    is_sheet, is_film = artifact.kind == "sheet", artifact.kind == "film"
    return Provenance(
        artforge=__version__,
        title=title,
        description=fill_template(recipe.description, texts),
        creator=recipe.creator,
        rights=recipe.rights,
        licence=recipe.licence,
        source_type=digital_source_type(ingredients, branch),
        alt=describe(artifact, title, portable_params(recipe, variant.source) if is_sheet else told, branch),
        kind=artifact.kind,
        recipe_name=recipe.name,
        recipe_text=text,
        recipe_sha256=hashlib.sha256(text.encode()).hexdigest(),
        output=artifact.output.name,
        format=artifact.format,
        params=params,
        variant=portable_params(recipe, variant.source) if is_sheet else told,
        sweep=swept if is_sheet else [],
        seed=variant.seed,
        preview=planner.scale != 1,
        branch=branch,
        ingredients=[*ingredients, *_profile_of(planner, artifact)],
        packages=package_versions(),
        width=size[1],
        height=size[0],
        num_frames=len(artifact.frames[::every]),
        fps=recipe.timeline.fps / every if is_film and recipe.timeline else None,
        key=artifact.key,
    )


def _profile_of(planner: Planner, artifact: Artifact) -> list[Ingredient]:
    """The colour profile that a work is written in, where it names one."""
    icc = artifact.output.target.icc
    if icc is None:
        return []
    path = profile_path(planner.checked.recipe, planner.overrides, icc)
    return [Ingredient(role="profile", name=path.name, sha256=planner.digest(path))]


def describe(artifact: Artifact, title: str, swept: dict[str, Any], branch: list[NodeRecord]) -> str:
    """Words for those who cannot see the work: what it is, of which picture, and what was done to it."""
    sheet = f"Contact sheet of {len(artifact.variants)} pictures"
    shown = {"still": "Picture", "sheet": sheet, "film": "Film"}[artifact.kind]
    place = f" at {label_of(swept)}" if swept else ""
    done = "; ".join(_phrase(record) for record in branch)
    return f"{shown} “{title}”{place}: {done}."


def label_of(swept: dict[str, Any], between: str = ", ") -> str:
    """`intensity 0.5, seed 7`: where in a sweep a picture stands."""
    return between.join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in swept.items()
    )


def package_versions() -> dict[str, str]:
    """Versions of what decides the pixels, and Keras' backend; read without importing any of it."""
    backend = backend_name()
    return {**_installed((*_PACKAGES, backend)), "keras_backend": backend}


@cache
def _installed(packages: tuple[str, ...]) -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in packages:
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
