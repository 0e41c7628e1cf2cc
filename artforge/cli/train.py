"""`artforge train`: pictures in, a run folder with a model out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from artforge.cli.console import warn
from artforge.cli.paths import named_path
from artforge.core.errors import UsageError

if TYPE_CHECKING:
    from artforge.engine.training.cluster import Place

_MAY_CHANGE = ("data", "epochs", "minutes")


def train_command(
    config: Annotated[
        Path | None, typer.Argument(help="YAML file with settings by the names of the options; options win over it.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            parser=named_path,
            metavar="PATH",
            rich_help_panel="Pictures",
            help="Folder with one folder of pictures per class, or an .npz like MNIST's. Default: the embedded set.",
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            "--dataset",
            rich_help_panel="Pictures",
            help="Which published layout it is, e.g. cifake; recognised where not given.",
        ),
    ] = None,
    cache: Annotated[
        str | None,
        typer.Option(
            "--cache", rich_help_panel="Pictures", help="Where decoded pictures are kept: auto, memory, disk or none."
        ),
    ] = None,
    image_size: Annotated[
        int | None,
        typer.Option(
            "--image-size",
            min=16,
            max=1024,
            rich_help_panel="Pictures",
            help="Edge of the training pictures in pixels. Default: the network's own.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", rich_help_panel="Run", help="Run folder. Default: runs/NAME-1, -2, ...")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", rich_help_panel="Run", help="What the model is called.")] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", min=0, rich_help_panel="Run", help="Of the split, the weights, the order and the augmentation."
        ),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            "--resume",
            metavar="RUN",
            rich_help_panel="Run",
            help="Go on with this run; takes only --epochs, --minutes and --data.",
        ),
    ] = None,
    architecture: Annotated[
        str | None,
        typer.Option(
            "--architecture",
            rich_help_panel="Network",
            help="Which network, e.g. artforge; artforge models list shows all.",
        ),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            "--weights",
            rich_help_panel="Network",
            help="Start from these: imagenet, hand_vs_algo, random, or a file. Default: the network's own start.",
        ),
    ] = None,
    frozen_epochs: Annotated[
        int | None,
        typer.Option(
            "--frozen-epochs", min=0, rich_help_panel="Network", help="First train the head alone for so many epochs."
        ),
    ] = None,
    fine_tune_rate: Annotated[
        float | None, typer.Option("--fine-tune-rate", rich_help_panel="Network", help="Learning rate after those.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option("--epochs", min=1, rich_help_panel="Training", help="Most passes over the pictures.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option("--minutes", rich_help_panel="Training", help="Most minutes of training.")
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(
            "--patience",
            min=1,
            rich_help_panel="Training",
            help="Epochs without a lower validation loss before it ends.",
        ),
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", min=2, max=4096, rich_help_panel="Training", help="Pictures per step.")
    ] = None,
    gradient_accumulation: Annotated[
        int | None,
        typer.Option(
            "--gradient-accumulation", min=1, rich_help_panel="Training", help="Batches per step of the optimizer."
        ),
    ] = None,
    optimizer: Annotated[
        str | None, typer.Option("--optimizer", rich_help_panel="Training", help="adamw, adam, sgd or rmsprop.")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option("--learning-rate", rich_help_panel="Training", help="The highest one, above 0.")
    ] = None,
    schedule: Annotated[
        str | None, typer.Option("--schedule", rich_help_panel="Training", help="cosine, plateau or constant.")
    ] = None,
    mixed_precision: Annotated[
        str | None,
        typer.Option(
            "--mixed-precision", rich_help_panel="Device", help="auto, on or off; auto is on where the device gains."
        ),
    ] = None,
    jit: Annotated[
        str | None,
        typer.Option("--jit", rich_help_panel="Device", help="auto, on or off: compile by XLA; auto does on a GPU."),
    ] = None,
    devices: Annotated[
        str,
        typer.Option(
            "--devices",
            rich_help_panel="Device",
            help="How many of this machine's devices share each batch: a number, or all.",
        ),
    ] = "1",
    cluster: Annotated[
        str | None,
        typer.Option(
            "--cluster",
            metavar="HOST:PORT",
            rich_help_panel="Several machines",
            help="Train together with others, started alike: where worker 0 runs, and a free port there.",
        ),
    ] = None,
    num_workers: Annotated[
        int | None, typer.Option("--num-workers", rich_help_panel="Several machines", help="How many there are.")
    ] = None,
    worker: Annotated[
        int | None,
        typer.Option(
            "--worker", rich_help_panel="Several machines", help="Which one this is, from 0; 0 writes the run folder."
        ),
    ] = None,
    join_timeout: Annotated[
        int,
        typer.Option(
            "--join-timeout",
            min=1,
            metavar="SECONDS",
            rich_help_panel="Several machines",
            help="How long to wait for the others at the start.",
        ),
    ] = 300,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object per epoch and one for the test on stdout.")
    ] = False,
) -> None:
    """Train a classifier on your own folders or on the embedded set. Example: artforge train --data pictures/

    The config file takes more settings than there are options: augmentation, momentum, weight decay and others.
    """
    given = {
        "data": str(data) if data is not None else None,
        "dataset": dataset,
        "cache": cache,
        "image_size": image_size,
        "name": name,
        "seed": seed,
        "architecture": architecture,
        "weights": weights,
        "frozen_epochs": frozen_epochs,
        "fine_tune_rate": fine_tune_rate,
        "epochs": epochs,
        "minutes": minutes,
        "patience": patience,
        "batch_size": batch_size,
        "gradient_accumulation": gradient_accumulation,
        "optimizer": optimizer,
        "learning_rate": learning_rate,
        "schedule": schedule,
        "mixed_precision": mixed_precision,
        "jit": jit,
    }
    settings = {key: value for key, value in given.items() if value is not None}
    if resume is not None:
        _check_resume(settings, config, out)

    from artforge.cli.worker import Request, train_here, train_in_cluster
    from artforge.engine.training.config import TrainConfig
    from artforge.engine.training.config_file import check_options, read_config
    from artforge.engine.training.early import check_early, starts_from_random_filters

    check_options(settings)
    if config is not None:
        _check_config(config)
    resolved = None
    if resume is None:
        resolved = TrainConfig.model_validate({**(read_config(config) if config else {}), **settings})
    if resolved is not None:
        check_early(resolved, out if worker in (None, 0) else None)
        if starts_from_random_filters(resolved):
            warn(
                f"{resolved.architecture} starts from random filters; --weights imagenet or --weights FILE brings "
                "trained ones"
            )
    request = Request(resolved, settings, resume, out, devices=_device_choice(devices), as_json=as_json)
    if cluster is None and num_workers is None and worker is None:
        train_here(request)
    else:
        train_in_cluster(request, _place(cluster, num_workers, worker, join_timeout))


def _check_config(config: Path) -> None:
    """Tell of pictures in the place of settings, and of settings that several networks share under another name."""
    from artforge.engine.models.architectures import ARCHITECTURES

    if config.suffix.lower() == ".npz" or config.is_dir():
        raise UsageError(f"{config}: no file of settings. Pictures are given by an option: --data {config}")
    if not config.exists() and config.stem in ARCHITECTURES:
        where = config.with_name(Path(ARCHITECTURES[config.stem].recipe_file).name)
        raise UsageError(f"{config}: no such file. The settings of {config.stem} are in {where}.")


def _device_choice(text: str) -> Literal["all"] | int:
    if text == "all":
        return "all"
    if not (text.isascii() and text.isdigit() and int(text)):
        raise UsageError(f"--devices {text!r}: expected all, or how many of this machine's, e.g. 2.")
    return int(text)


def _place(address: str | None, num_workers: int | None, worker: int | None, join_timeout: int) -> Place:
    from artforge.engine.training.cluster import Place

    if address is None or num_workers is None or worker is None:
        raise UsageError(
            "several machines need --cluster HOST:PORT (of worker 0), --num-workers (how many in all) and --worker "
            "(which one this is, from 0), all three on each."
        )
    return Place(address, num_workers, worker, join_seconds=join_timeout)


def _check_resume(settings: dict[str, Any], config: Path | None, out: Path | None) -> None:
    fixed = [f"--{key.replace('_', '-')}" for key in settings if key not in _MAY_CHANGE]
    fixed += ["CONFIG"] if config is not None else []
    fixed += ["--out"] if out is not None else []
    if fixed:
        raise UsageError(
            f"--resume goes on with the settings of the run, so {', '.join(fixed)} cannot be given with it; "
            "only --epochs, --minutes and --data can."
        )
