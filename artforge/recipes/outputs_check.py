"""Outputs against the rest of the recipe: a sheet's axes are swept, and texts read names that there are."""

from __future__ import annotations

from artforge.core.errors import did_you_mean
from artforge.recipes.binding_grammar import sample_texts
from artforge.recipes.problems import Problems
from artforge.recipes.recipe import Output, Recipe
from artforge.recipes.templates import template_fault


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
