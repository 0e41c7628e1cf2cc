"""The `artforge` command: puts the groups together, prints every error, decides the exit code."""

from __future__ import annotations

import sys
import traceback
from typing import Annotated

import typer

from artforge import __version__
from artforge.cli.atlas import atlas_command
from artforge.cli.cache import cache_app
from artforge.cli.check import check_command
from artforge.cli.compare import compare_command
from artforge.cli.console import report_error
from artforge.cli.data import data_app
from artforge.cli.diff import diff_command
from artforge.cli.evaluate import evaluate_command
from artforge.cli.gallery import gallery_app
from artforge.cli.history import history_command
from artforge.cli.look import look_command
from artforge.cli.models import models_app
from artforge.cli.new import new_command
from artforge.cli.predict import predict_command
from artforge.cli.recipe_of import recipe_command
from artforge.cli.render import render_command
from artforge.cli.rerender import rerender_command
from artforge.cli.schema import schema_command
from artforge.cli.steps import steps_command
from artforge.cli.train import train_command
from artforge.cli.why import why_command
from artforge.core.errors import ArtforgeError

app = typer.Typer(
    name="artforge",
    help="Art from what a neural network sees: train a classifier, turn its attention into prints and films.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("render")(render_command)
app.command("check")(check_command)
app.command("why")(why_command)
app.command("rerender")(rerender_command)
app.command("recipe")(recipe_command)
app.command("diff")(diff_command)
app.command("new")(new_command)
app.command("steps")(steps_command)
app.command("schema")(schema_command)
app.command("look")(look_command)
app.command("atlas")(atlas_command)
app.command("train")(train_command)
app.command("evaluate")(evaluate_command)
app.command("predict")(predict_command)
app.command("compare")(compare_command)
app.command("history")(history_command)
app.add_typer(models_app, name="models")
app.add_typer(data_app, name="data")
app.add_typer(gallery_app, name="gallery")
app.add_typer(cache_app, name="cache")


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
    debug = "--debug" in sys.argv
    sys.argv = [word for word in sys.argv if word != "--debug"]
    try:
        app()
    except ArtforgeError as error:
        if debug:
            traceback.print_exc()
        report_error(str(error))
        sys.exit(error.exit_code)
