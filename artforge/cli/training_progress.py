"""How a training run is shown: bars with the time left on a terminal, plain lines elsewhere, and its end."""

from __future__ import annotations

import shlex
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from artforge.cli.console import event, note, report_error, result, warn
from artforge.cli.terminal import console, progress_bars
from artforge.engine.data.splits import num_met_in_training, torn_groups
from artforge.engine.evaluation.doubts import chance_of, is_like_guessing
from artforge.engine.training.config import MOST_EPOCHS

if TYPE_CHECKING:
    from artforge.engine.data.dataset import Dataset
    from artforge.engine.data.splits import Split
    from artforge.engine.training.checkpoint import Progress
    from artforge.engine.training.train import RunResult

INTERRUPTED = 130
NUM_SKIPPED_SHOWN = 5


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
        _tell_groups(dataset, split)
        for one in dataset.left_out:
            warn(one.found)
        if dataset.skipped:
            shown = [f"\n  {one.path}: {one.reason}" for one in dataset.skipped[:NUM_SKIPPED_SHOWN]]
            more = len(dataset.skipped) - len(shown)
            rest = f"\n  and {more} more, see {folder / 'skipped.csv'}" if more else ""
            warn(f"{len(dataset.skipped)} files could not be read and were skipped:{''.join(shown)}{rest}")

    def told(self, message: str) -> None:
        """The device, and what became of weights from a file."""
        note(message)

    def training_starts(self, first_epoch: int, num_epochs: int, num_parameters: int) -> None:
        """The network is built."""
        self._first_epoch, self._num_epochs = first_epoch, num_epochs
        epochs = (
            f"epochs {first_epoch} to {num_epochs}" if num_epochs < MOST_EPOCHS else "as many epochs as there is time"
        )
        if first_epoch > num_epochs:
            epochs = f"all {num_epochs} epochs are done; --epochs asks for more"
        note(f"network: {num_parameters:,} parameters; {epochs}")

    def batch_done(self, epoch: int, batch: int, num_batches: int, loss: float) -> None:
        """After each optimizer step."""
        self._progress.update(
            self._training,
            completed=(epoch - self._first_epoch) * num_batches + batch,
            total=(self._num_epochs - self._first_epoch + 1) * num_batches if self._num_epochs < MOST_EPOCHS else None,
            description=f"epoch {self._of_all(epoch).strip()}, loss {loss:.3f}",
            visible=True,
        )

    def epoch_done(self, row: dict[str, float], *, is_best: bool) -> None:
        """After each epoch."""
        if self._as_json:
            event({"event": "epoch", "best": is_best, **row})
        waiting = f"  waiting {row['waiting']:.0%}" if row["waiting"] >= 0.005 else ""
        self._console.print(
            f"epoch {self._of_all(row['epoch'])}  loss {row['loss']:.4f}  "
            f"val_loss {row['val_loss']:.4f}  val_balanced_accuracy {row['val_balanced_accuracy']:.3f}  "
            f"{row['seconds']:.1f} s  {row['images_per_second']:.0f} images/s{waiting}{'  best' if is_best else ''}",
            markup=False,
        )

    def _of_all(self, epoch: float) -> str:
        width = len(str(self._num_epochs))
        return f"{epoch:>{width}}/{self._num_epochs}" if self._num_epochs < MOST_EPOCHS else f"{epoch:>3}"


def _tell_groups(dataset: Dataset, split: Split) -> None:
    """How many groups there are, and whether the split tears some of them apart: that of a set's own folders can."""
    torn, met = torn_groups(split, dataset.groups), num_met_in_training(split, dataset.groups)
    num_groups = len(set(dataset.groups))
    if torn:
        note(f"groups: {num_groups}, {len(torn)} of them on several sides of the set's own split")
    elif num_groups < len(dataset):
        note(f"groups: {num_groups}, each on one side only")
    if dataset.num_duplicates and not torn:
        warn(f"{dataset.num_duplicates} pictures are copies of another one; copies stay on one side")
    place = f"; artforge data check {shlex.quote(str(dataset.root))} names them" if dataset.root else ""
    if met["test"]:
        warn(
            f"{met['test']} of the {len(split.test)} pictures of the test are copies of training pictures: the test "
            f"score says nothing of new pictures{place}"
        )
    if met["validation"]:
        warn(
            f"{met['validation']} of the {len(split.validation)} pictures of the validation are copies of training "
            f"pictures: the epoch that is kept may be one that knows them by heart{place if not met['test'] else ''}"
        )


def tell_end(ended: RunResult, *, seconds: float, as_json: bool) -> None:
    """How a run went, where everything lies, and what can be done with it.

    Raises:
        typer.Exit: 130 after Ctrl-C, 1 where the loss was no longer a number.
    """
    folder = shlex.quote(str(ended.folder))
    go_on = f"artforge train --resume {folder}"
    if ended.scores is None:
        warn(f"stopped by Ctrl-C before the first epoch was done, so there is no model yet. Begin again with: {go_on}")
        raise typer.Exit(INTERRUPTED)
    scores, best = ended.scores, ended.progress.best_epoch
    if ended.was_done:
        _tell_done(ended, as_json=as_json)
        return
    if ended.progress.stopped_early and not ended.interrupted:
        note(f"stopped after epoch {ended.progress.num_epochs}: none since epoch {best} was better")
    note(f"test of epoch {best} on {scores['num_pictures']} pictures, after {_duration(seconds)}:")
    console.print(_scores_table(scores))
    _tell_doubts(ended.progress, scores)
    note(_what_next(folder))
    if as_json:
        event(
            {"event": "test", "folder": str(ended.folder), "best_epoch": best, "seconds": round(seconds, 1), **scores}
        )
    else:
        result(str(ended.folder))
    if ended.interrupted:
        warn(f"stopped by Ctrl-C; the best epoch so far ({best}) is kept. Go on with: {go_on}")
        raise typer.Exit(INTERRUPTED)
    if ended.diverged is not None:
        report_error(f"{ended.diverged} The best epoch before ({best}) is kept and tested.")
        raise typer.Exit(1)


def _tell_done(ended: RunResult, *, as_json: bool) -> None:
    progress = ended.progress
    over = f"ended after epoch {progress.num_epochs}" if progress.stopped_early else "are done"
    told = "the run has" if progress.stopped_early else f"all {progress.num_epochs} epochs"
    note(f"{told} {over}, and the test of epoch {progress.best_epoch} is written; --epochs asks for more")
    if as_json:
        event({"event": "test", "folder": str(ended.folder), "best_epoch": progress.best_epoch, **(ended.scores or {})})
    else:
        result(str(ended.folder))


def _tell_doubts(progress: Progress, scores: dict[str, Any]) -> None:
    chance = chance_of(scores)
    kept = progress.epochs[progress.best_epoch - 1]["val_balanced_accuracy"]
    if is_like_guessing(scores) or (chance < 1 and kept <= chance):
        interval = scores["intervals"]["balanced_accuracy"]
        bounds = f", 95% between {interval[0]:.3f} and {interval[1]:.3f}" if interval else ""
        warn(
            f"this model cannot be told from guessing, which reaches {chance:.3f}: balanced accuracy "
            f"{scores['balanced_accuracy']:.3f}{bounds} in the test, {kept:.3f} in validation. More pictures help "
            "most; else try another --learning-rate, a longer --patience, or another --architecture"
        )


def _scores_table(scores: dict[str, Any]) -> Table:
    of = f" of {scores['positive_class']!r}" if "positive_class" in scores else ", mean over the classes"
    names = {
        "balanced_accuracy": "balanced accuracy",
        "accuracy": "accuracy",
        **{f"{lead}f1": f"F1{of}" for lead in ("", "macro_")},
        **{f"{lead}roc_auc": "ROC AUC" for lead in ("", "macro_")},
        "ece": "calibration error",
    }
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, title in names.items():
        if scores.get(name) is not None:
            table.add_row(Text(f"  {title}"), f"{scores[name]:.3f}")
    return table


def _what_next(folder: str) -> str:
    return (
        f"model: {folder}/model.keras; charts and tables beside it. What to do with it:\n"
        f"  artforge look PICTURE --model {folder}       what it sees in a picture\n"
        f"  artforge predict {folder} PICTURES...        what it says of pictures\n"
        f"  artforge evaluate {folder} --data FOLDER     how well it does on other pictures"
    )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
