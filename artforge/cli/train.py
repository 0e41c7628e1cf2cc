"""`artforge train`: pictures in, a run folder with a model out."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer
from rich.console import Console

from artforge.cli.console import console, event, note, progress_bars, result, warn
from artforge.core.errors import UsageError

if TYPE_CHECKING:
    from artforge.engine.data.dataset import Dataset
    from artforge.engine.data.splits import Split
    from artforge.engine.training.train import RunResult

INTERRUPTED = 130
NUM_SKIPPED_SHOWN = 5
_MAY_CHANGE = ("data", "epochs")


def train_command(
    config: Annotated[
        Path | None, typer.Argument(help="YAML file with settings by the names of the options; options win over it.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help="Folder with one folder of pictures per class, or an .npz like MNIST's. Default: the embedded set.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Run folder. Default: runs/NAME-1, -2, ...")] = None,
    name: Annotated[str | None, typer.Option("--name", help="What the model is called.")] = None,
    epochs: Annotated[int | None, typer.Option("--epochs", min=1, help="Most passes over the pictures.")] = None,
    image_size: Annotated[
        int | None, typer.Option("--image-size", min=16, max=1024, help="Edge of the training pictures in pixels.")
    ] = None,
    batch_size: Annotated[int | None, typer.Option("--batch-size", min=2, max=1024, help="Pictures per step.")] = None,
    learning_rate: Annotated[float | None, typer.Option("--learning-rate", help="The highest one, above 0.")] = None,
    architecture: Annotated[
        str | None, typer.Option("--architecture", help="Which network, e.g. artforge_small.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Of the split, the weights, the order and the augmentation.")
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option("--resume", metavar="RUN", help="Go on with this run; takes only --epochs and --data."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object per epoch and one for the test on stdout.")
    ] = False,
) -> None:
    """Train a classifier on your own folders or on the embedded set. Example: artforge train --data pictures/"""
    given = {
        "data": str(data) if data is not None else None,
        "name": name,
        "epochs": epochs,
        "image_size": image_size,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "architecture": architecture,
        "seed": seed,
    }
    settings = {key: value for key, value in given.items() if value is not None}
    if resume is not None:
        _check_resume(settings, config, out)

    from artforge.engine.training.config import TrainConfig, check_settings, read_config
    from artforge.engine.training.train import resume_run, start_run

    begun = time.perf_counter()
    check_settings(settings, "options")
    with TrainingProgress(console, as_json=as_json) as watcher:
        if resume is not None:
            ended = resume_run(resume, settings, watcher)
        else:
            resolved = TrainConfig.model_validate({**(read_config(config) if config else {}), **settings})
            ended = start_run(resolved, out, watcher)
    _tell_end(ended, seconds=time.perf_counter() - begun, as_json=as_json)


def _check_resume(settings: dict[str, Any], config: Path | None, out: Path | None) -> None:
    fixed = [f"--{key.replace('_', '-')}" for key in settings if key not in _MAY_CHANGE]
    fixed += ["CONFIG"] if config is not None else []
    fixed += ["--out"] if out is not None else []
    if fixed:
        raise UsageError(
            f"--resume goes on with the settings of the run, so {', '.join(fixed)} cannot be given with it; "
            "only --epochs and --data can."
        )


class TrainingProgress:
    """Follows a run: bars with the time left on a terminal, plain lines elsewhere; all of it on stderr."""

    def __init__(self, to: Console, *, as_json: bool) -> None:
        self._console = to
        self._as_json = as_json
        self._progress = progress_bars(to)
        self._pictures = self._progress.add_task("pictures", total=None, visible=False)
        self._training = self._progress.add_task("training", total=None, visible=False)
        self._first_epoch = 1
        self._num_epochs = 1

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def pictures_done(self, done: int, total: int) -> None:
        """While pictures are drawn or read."""
        self._progress.update(self._pictures, completed=done, total=total, visible=done < total)

    def data_ready(self, dataset: Dataset, split: Split, folder: Path) -> None:
        """The classes in the order of the model, how many pictures each has, and what was left out."""
        counts = ", ".join(f"{name} {count}" for name, count in dataset.class_counts.items())
        sides = f"{len(split.training)} training, {len(split.validation)} validation, {len(split.test)} test"
        note(f"classes: {counts}\npictures: {len(dataset)} ({sides})")
        num_groups = len(set(dataset.groups))
        if num_groups < len(dataset):
            note(f"groups: {num_groups}, each on one side only")
        if dataset.num_duplicates:
            warn(f"{dataset.num_duplicates} pictures are copies of another one; copies stay on one side")
        if dataset.skipped:
            shown = [f"\n  {one.path}: {one.reason}" for one in dataset.skipped[:NUM_SKIPPED_SHOWN]]
            more = len(dataset.skipped) - len(shown)
            rest = f"\n  and {more} more, see {folder / 'skipped.csv'}" if more else ""
            warn(f"{len(dataset.skipped)} files could not be read and were skipped:{''.join(shown)}{rest}")

    def training_starts(self, first_epoch: int, num_epochs: int, num_parameters: int) -> None:
        """The network is built."""
        self._first_epoch, self._num_epochs = first_epoch, num_epochs
        note(f"network: {num_parameters:,} parameters; epochs {first_epoch} to {num_epochs}")
        if first_epoch > num_epochs:
            warn(f"all {num_epochs} epochs are done already; --epochs asks for more")

    def batch_done(self, epoch: int, batch: int, num_batches: int, loss: float) -> None:
        """After each optimizer step."""
        self._progress.update(
            self._training,
            completed=(epoch - self._first_epoch) * num_batches + batch,
            total=(self._num_epochs - self._first_epoch + 1) * num_batches,
            description=f"epoch {epoch}/{self._num_epochs}, loss {loss:.3f}",
            visible=True,
        )

    def epoch_done(self, row: dict[str, float], *, is_best: bool) -> None:
        """After each epoch."""
        if self._as_json:
            event({"event": "epoch", "best": is_best, **row})
        self._console.print(
            f"epoch {row['epoch']:>{len(str(self._num_epochs))}}/{self._num_epochs}  loss {row['loss']:.4f}  "
            f"val_loss {row['val_loss']:.4f}  val_balanced_accuracy {row['val_balanced_accuracy']:.3f}  "
            f"{row['seconds']:.1f} s  {row['images_per_second']:.0f} images/s{'  best' if is_best else ''}",
            markup=False,
        )


def _tell_end(ended: RunResult, *, seconds: float, as_json: bool) -> None:
    go_on = f"artforge train --resume {shlex.quote(str(ended.folder))}"
    if ended.scores is None:
        warn(f"stopped by Ctrl-C before the first epoch was done, so there is no model yet. Begin again with: {go_on}")
        raise typer.Exit(INTERRUPTED)
    scores, best = ended.scores, ended.progress.best_epoch
    if ended.progress.stopped_early and not ended.interrupted:
        note(f"stopped after epoch {ended.progress.num_epochs}: none since epoch {best} was better")
    auc = scores.get("roc_auc", scores.get("macro_roc_auc"))
    note(
        f"test ({scores['num_pictures']} pictures, epoch {best}): accuracy {scores['accuracy']:.3f}, "
        f"balanced accuracy {scores['balanced_accuracy']:.3f}, ROC AUC {auc:.3f}; {seconds:.0f} s"
    )
    if as_json:
        event(
            {"event": "test", "folder": str(ended.folder), "best_epoch": best, "seconds": round(seconds, 1), **scores}
        )
    else:
        result(str(ended.folder))
    if ended.interrupted:
        warn(f"stopped by Ctrl-C; the best epoch so far ({best}) is kept. Go on with: {go_on}")
        raise typer.Exit(INTERRUPTED)
