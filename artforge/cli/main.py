"""The `artforge` command: puts the groups together, prints every error, decides the exit code."""

from __future__ import annotations

import atexit
import gc
import sys
import traceback
from typing import Annotated

import typer

from artforge import __version__
from artforge.cli.commands import LazyGroup
from artforge.cli.console import report_error
from artforge.core.errors import ArtforgeError

app = typer.Typer(
    name="artforge",
    cls=LazyGroup,
    help="Art from what a neural network sees: train a classifier, turn its attention into prints and films.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"artforge {__version__}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Art from what a neural network sees: train a classifier, turn its attention into prints and films."""
    del debug  # stands here for the help: `main` acts on it, before or behind the verb
    del version  # acted on by its callback


def main() -> None:
    """Run the command line; every mistake of a user ends in one message and a code, never in a traceback."""
    atexit.register(gc.freeze)  # what is left goes with the process: to look through it takes a fifth of a second
    debug = "--debug" in sys.argv
    sys.argv = [word for word in sys.argv if word != "--debug"]
    try:
        app()
    except ArtforgeError as error:
        if debug:
            traceback.print_exc()
        report_error(str(error))
        sys.exit(error.exit_code)
