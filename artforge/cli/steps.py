"""`artforge steps`: what a recipe can do, read from the signatures of the steps."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any

import typer

from artforge.cli.console import event, result

if TYPE_CHECKING:
    from artforge.core.steps import Step


def steps_command(
    name: Annotated[str | None, typer.Argument(help="One step, with all its settings.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per step on stdout.")] = False,
) -> None:
    """List the steps that recipes are made of, or tell all of one. Example: artforge steps grad_cam"""
    from artforge.core.steps import find_step, registered_steps
    from artforge.recipes.steps import load_steps

    load_steps()
    steps = [find_step(name)] if name is not None else [step for _, step in sorted(registered_steps().items())]
    if as_json:
        for step in steps:
            event(described(step))
        return
    if name is not None:
        result(told(steps[0]))
        return
    width = max(len(step.name) for step in steps)
    for step in steps:
        result(f"{step.name:{width}}  {_documentation(step).partition(chr(10))[0]}")


def told(step: Step) -> str:
    """A step in words: what flows in and out, every setting with its default, and its documentation."""
    facts = described(step)
    flows = [
        f"  {one['name']}: {one['kind']}{' (may be left out)' if one['optional'] else ''}" for one in facts["inputs"]
    ]
    settings = [
        f"  {one['name']}: needed" if one["required"] else f"  {one['name']}: {one['default']!r}"
        for one in facts["settings"]
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
    return {
        "step": step.name,
        "version": step.version,
        "inputs": [{"name": one.name, "kind": str(one.kind), "optional": one.optional} for one in step.inputs],
        "output": str(step.output),
        "settings": [
            {
                "name": setting.name,
                "required": setting.required,
                "default": _plain(setting.default),
                "kind": None if setting.kind is None else str(setting.kind),
                "moves": setting.numeric,
            }
            for setting in step.settings.values()
        ],
        "documentation": _documentation(step),
    }


def _documentation(step: Step) -> str:
    return inspect.getdoc(step.function) or ""


def _plain(value: Any) -> Any:
    """A default as a recipe would write it."""
    if hasattr(value, "model_dump"):
        return value.model_dump(exclude_defaults=True)
    return list(value) if isinstance(value, tuple) else value
