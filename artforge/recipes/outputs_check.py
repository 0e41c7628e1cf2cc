"""Outputs against the rest of the recipe: a sheet's axes are swept, and texts read names that there are."""

from __future__ import annotations

from artforge.core.errors import PictureError, did_you_mean
from artforge.core.formats.gif import gif_every
from artforge.core.formats.known import DEEP_FORMATS, LINE_FORMATS
from artforge.core.formats.profiles import NO_FLOATS, converts_floats, read_profile
from artforge.core.problems import Problems
from artforge.core.values import Kind
from artforge.recipes.binding_grammar import sample_texts
from artforge.recipes.overrides import Overrides
from artforge.recipes.recipe import Output, Recipe
from artforge.recipes.templates import template_fault
from artforge.recipes.trust import Trust
from artforge.recipes.variants import base_folder, profile_path


def check_grid(recipe: Recipe, output: Output, problems: Problems) -> None:
    """A sheet's axes are swept in every block, as a grid, and none is left over where two are named."""
    blocks = [{axis.name for axis in block.axes} for block in recipe.sweep]
    swept = set().union(*blocks)
    what = f"grid of output {output.name!r}"
    for name in output.grid.axes:
        if name not in swept:
            problems.add(output.position, f"{what}: {name!r} is not swept{did_you_mean(name, sorted(swept))}")
        elif any(name not in block for block in blocks):
            problems.add(output.position, f"{what}: not every block of the sweep has {name!r}; use columns instead")
    if len(output.grid.axes) == 2 and (len(swept) > 2 or any(block.mode == "zip" for block in recipe.sweep)):
        problems.add(output.position, f"{what}: x and y show a sweep of two axes in mode grid; use columns instead")


def check_texts(recipe: Recipe, output: Output, problems: Problems) -> None:
    """Captions and file names read params, `i`, `n` and `seed`; a file name leads to no other folder."""
    for key, text in (("labels", output.caption), ("name", output.file_name)):
        fault = template_fault(text, sample_texts(recipe.params))
        if fault is None and key == "name" and {"/", "\\", "\0"} & set(text):
            fault = f"{text!r} is a file's name, without folders"
        if fault is not None:
            problems.add(output.texts[key], f"{key} of output {output.name!r}: {fault}")


def check_profile(recipe: Recipe, output: Output, overrides: Overrides, trust: Trust, problems: Problems) -> None:
    """A colour profile is there, and pictures can be converted to it."""
    named = output.target.icc
    if named is None:
        return
    fault = trust.path_fault(named.name, base_folder(recipe, overrides, None, named.position))
    if fault is None:
        try:
            profile = read_profile(profile_path(recipe, overrides, named))
            if DEEP_FORMATS & set(output.formats) and not converts_floats(profile):
                fault = f"{named.name}: {NO_FLOATS}"
        except PictureError as error:
            fault = str(error)
    if fault is not None:
        problems.add(named.position, f"icc of output {output.name!r}: {fault}")


def warn_of_own_pages(output: Output, kind: Kind | None, problems: Problems) -> None:
    """A drawing's lines stay on the page that its steps name, in sRGB: tell what is said of both in vain."""
    lines = [name for name in output.formats if name in LINE_FORMATS]
    if kind is not Kind.DRAWING or output.is_sheet or not lines:
        return
    target = output.target
    said = {
        "size": target.print_size is not None or target.long_edge is not None,
        "dpi": target.print_size is None and target.dpi is not None,
        "icc": target.icc is not None,
    }
    keys = " and ".join(key for key, is_said in said.items() if is_said)
    if keys:
        told = f"output {output.name!r}: only formats of pixels take {keys}"
        message = f"{told}: in {' and '.join(lines)} the lines stay on the page that the drawing's steps name, in sRGB"
        problems.warn(output.position, message)


def warn_of_gif_rates(recipe: Recipe, output: Output, problems: Problems) -> None:
    """A GIF cannot show more than 50 frames a second: tell what it shows instead."""
    if "gif" not in output.formats or recipe.timeline is None:
        return
    fps = recipe.timeline.fps
    every = gif_every(fps)
    if every > 1:
        kept = "every other frame" if every == 2 else f"every {every}{'rd' if every == 3 else 'th'} frame"
        told = f"output {output.name!r}: a GIF shows at most 50 frames a second"
        message = f"{told}: of {fps:g} it keeps {kept}, {fps / every:g} a second, and its length"
        problems.warn(output.position, message)
