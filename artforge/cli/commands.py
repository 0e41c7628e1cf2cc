"""Every command by name, imported when it is called: `artforge check` does not wait for what `train` needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any, cast

import typer
from typer.core import TyperGroup

COMMANDS = {
    "render": "render:render_command",
    "check": "check:check_command",
    "why": "why:why_command",
    "rerender": "rerender:rerender_command",
    "recipe": "recipe_of:recipe_command",
    "diff": "diff:diff_command",
    "new": "new:new_command",
    "steps": "steps:steps_command",
    "schema": "schema:schema_command",
    "look": "look:look_command",
    "atlas": "atlas:atlas_command",
    "train": "train:train_command",
    "evaluate": "evaluate:evaluate_command",
    "predict": "predict:predict_command",
    "compare": "compare:compare_command",
    "history": "history:history_command",
    "models": "models:models_app",
    "data": "data:data_app",
    "gallery": "gallery:gallery_app",
    "cache": "cache:cache_app",
}
"""In the order of the help: the module of `artforge.cli`, and the function or the group of commands in it."""


class LazyGroup(TyperGroup):
    """The commands of `COMMANDS`; the help, which shows a line of each, imports them all."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands: Any = _Commands()

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """Their names."""
        return list(self.commands)


class _Commands(Mapping[str, Any]):
    """Names -> commands, each built when it is asked for."""

    def __getitem__(self, name: str) -> Any:
        return _built(name)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


@cache
def _built(name: str) -> Any:
    module, _, attribute = COMMANDS[name].partition(":")
    command = getattr(import_module(f"artforge.cli.{module}"), attribute)
    holder = typer.Typer(add_completion=False, rich_markup_mode=None)
    holder.callback()(lambda: None)  # which makes it a group, whose only command it is
    if isinstance(command, typer.Typer):
        holder.add_typer(command, name=name)
    else:
        holder.command(name)(command)
    return cast(TyperGroup, typer.main.get_command(holder)).commands[name]
