"""`artforge steps`: what a recipe can do, read from the signatures of the steps."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from artforge.cli.console import event, note, result, warn

if TYPE_CHECKING:
    from artforge.core.steps import Step


def steps_command(
    name: Annotated[str | None, typer.Argument(help="One step, with all its settings.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per step on stdout.")] = False,
    ops: Annotated[
        list[Path] | None, typer.Option("--ops", metavar="FILE", help="A Python file with steps of your own.")
    ] = None,
    picture: Annotated[
        bool, typer.Option("--picture/--no-picture", help="Render the example of a step, once, and print its path.")
    ] = True,
    reference: Annotated[bool, typer.Option("--reference", help="The whole reference page, as Markdown.")] = False,
) -> None:
    """List the steps that recipes are made of, or tell all of one. Example: artforge steps grad_cam"""
    from artforge.core.errors import check_choice
    from artforge.core.steps import registered_steps
    from artforge.recipes.steps import load_steps

    load_steps()
    if reference:
        from artforge.recipes.reference import reference_page

        result(reference_page(registered_steps().values()).rstrip())
        return
    known = {**_own_steps(ops or []), **registered_steps()}
    if name is not None:
        check_choice("step", name, sorted(known))
    steps = [known[name]] if name is not None else [step for _, step in sorted(known.items())]
    if as_json:
        for step in steps:
            event(described(step))
        return
    if name is not None:
        result(told(steps[0]))
        if picture and name in registered_steps():
            _show_example(steps[0])
        return
    width = max(len(step.name) for step in steps)
    for step in steps:
        result(f"{step.name:{width}}  {_documentation(step).partition(chr(10))[0]}")


def told(step: Step) -> str:
    """A step in words: what flows in and out, every setting with its default, and its documentation."""
    from artforge.recipes.step_docs import default_text, range_text

    facts = described(step)
    flows = [
        f"  {one['name']}: {one['kind']}{' (may be left out)' if one['optional'] else ''}" for one in facts["inputs"]
    ]
    settings = [
        f"  {name}: {default_text(setting)}  ({range_text(setting)}{', moves' if setting.numeric else ''})"
        for name, setting in step.settings.items()
    ]
    parts = [
        f"{step.name}, version {step.version}",
        "flows in:\n" + ("\n".join(flows) or "  nothing"),
        f"flows out:\n  {facts['output']}",
        "settings, with their defaults:\n" + ("\n".join(settings) or "  none"),
        _documentation(step),
    ]
    return "\n\n".join(parts)


def described(step: Step) -> dict[str, Any]:
    """A step as data."""
    from artforge.recipes.step_docs import plain_default

    return {
        "step": step.name,
        "version": step.version,
        "inputs": [{"name": one.name, "kind": str(one.kind), "optional": one.optional} for one in step.inputs],
        "output": str(step.output),
        "settings": [
            {
                "name": setting.name,
                "required": setting.required,
                "default": plain_default(setting.default),
                "kind": None if setting.kind is None else str(setting.kind),
                "moves": setting.numeric,
            }
            for setting in step.settings.values()
        ],
        "documentation": _documentation(step),
    }


def _own_steps(files: list[Path]) -> dict[str, Step]:
    """The steps of installed packages and of the artist's own files; one that is broken is told of, and passed over."""
    from artforge.core.errors import UsageError
    from artforge.core.steps import registered_steps
    from artforge.recipes.user_steps import load_user_steps, packaged_steps

    for path in files:
        if not path.is_file():
            raise UsageError(f"--ops {path}: no such file")
    user, faults = load_user_steps(files, registered_steps())
    for failure in [*user.failures(), *faults.values()]:
        warn(failure)
    return {**packaged_steps().steps, **user.steps}


def _show_example(step: Step) -> None:
    from artforge.core.errors import ArtforgeError
    from artforge.recipes.examples import example_picture, example_recipe

    result(f"\nexample:\n\n{_indented(example_recipe(step))}")
    try:
        result(f"example picture: {example_picture(step)}")
    except ArtforgeError as error:
        note(f"its picture cannot be rendered here: {error}")


def _indented(text: str) -> str:
    return "".join(f"  {line}" for line in text.splitlines(keepends=True))


def _documentation(step: Step) -> str:
    return inspect.getdoc(step.function) or ""
