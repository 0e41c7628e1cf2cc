"""Suites: networks that are trained on the same pictures one after another, to be compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artforge.core.errors import ArtforgeError, UsageError, check_choice
from artforge.engine.backend import load_keras
from artforge.engine.evaluation.runs import CONFIG_FILE, Run, is_finished, read_run, read_settings
from artforge.engine.training.config import MOST_EPOCHS, TrainConfig
from artforge.engine.training.train import RunResult, RunWatcher, resume_run, start_run

_AS_PUBLISHED: Mapping[str, Any] = {
    "image_size": 128,
    "batch_size": 32,
    "optimizer": "adam",
    "learning_rate": 1e-3,
    "schedule": "constant",
    "views": 1,
    "window": 0,
    "rescale": False,
    "flip": False,
    "jitter": 0.0,
    "jpeg": 0.0,
}
"""El Kholy's networks as his notebook trains them, at half its picture edge, which takes a quarter of the time."""


@dataclass(frozen=True)
class Suite:
    """Networks to compare.

    Attributes:
        name: as it is asked for.
        title: what they are, in a few words.
        members: settings by the name of the architecture; what is not set is as `artforge train` has it.
    """

    name: str
    title: str
    members: Mapping[str, Mapping[str, Any]]


SUITES: dict[str, Suite] = {
    suite.name: suite
    for suite in (
        Suite(
            "small",
            "small networks and the baselines they should beat",
            {
                "artforge": {},
                "artforge_small": {},
                "el_kholy_6_conv_6_pool": {**_AS_PUBLISHED, "image_size": 192},  # six poolings leave nothing of less
                "el_kholy_4_conv_2_pool": _AS_PUBLISHED,
                "el_kholy_example": _AS_PUBLISHED,
                "el_kholy_dropout_50_6_conv_2_pool": {**_AS_PUBLISHED, "dropout": 0.5},
                **{f"pca_{count}": {} for count in (2, 5, 10, 20, 50, 100)},
            },
        ),
        Suite("baselines", "principal components and a logistic regression", {f"pca_{n}": {} for n in (2, 10, 50)}),
    )
}


@dataclass(frozen=True)
class Planned:
    """A run of a suite before it is made: its folder, and what it is told."""

    folder: Path
    config: TrainConfig


@dataclass(frozen=True)
class Outcome:
    """How a run of a suite ended.

    Attributes:
        planned: what it was to be.
        run: as it lies there; None where it failed or was stopped.
        error: why it failed; empty where it did not.
        diverged: what is to be said where its loss was no longer a number, and an epoch before that was kept.
        was_there: whether it had been finished before, and was only read.
        interrupted: whether Ctrl-C stopped it.
    """

    planned: Planned
    run: Run | None
    error: str = ""
    diverged: str = ""
    was_there: bool = False
    interrupted: bool = False


def plan_suite(
    name: str,
    out: Path,
    *,
    seeds: Sequence[int],
    minutes: float | None = None,
    settings: Mapping[str, Any] | None = None,
) -> list[Planned]:
    """Every run of a suite, seed by seed, so that a suite that is stopped has whole comparisons.

    Args:
        name: of the suite.
        out: the folder for the run folders, `<architecture>-seed<seed>`.
        seeds: at least one.
        minutes: of training for each network alike; None trains each as long as its settings say.
        settings: for all of them, by the names of `TrainConfig`; they win over those of the suite.

    Raises:
        ChoiceError: no such suite.
        UsageError: no seed or one twice, or a run stands there that was told otherwise.
    """
    check_choice("suite", name, list(SUITES))
    if not seeds or len(set(seeds)) < len(seeds):
        raise UsageError(f"a suite needs seeds that differ, received {', '.join(map(str, seeds)) or 'none'}")
    same_time = {"minutes": minutes, "epochs": MOST_EPOCHS, "patience": MOST_EPOCHS} if minutes is not None else {}
    planned = []
    for seed in seeds:
        for architecture, own in SUITES[name].members.items():
            values = {**own, **same_time, **(settings or {}), "architecture": architecture, "seed": seed}
            planned.append(Planned(out / f"{architecture}-seed{seed}", TrainConfig.model_validate(values)))
    for one in planned:
        if (one.folder / CONFIG_FILE).is_file():
            _check_same(one)
    return planned


def run_suite(planned: Sequence[Planned], watcher_for: Callable[[Planned], RunWatcher]) -> Iterator[Outcome]:
    """Make each run, or read it where it is finished, or go on with it where it was stopped.

    A run that fails takes nothing else down; Ctrl-C ends the suite.

    Args:
        planned: as `plan_suite` gives them.
        watcher_for: gives who follows a run.
    """
    for one in planned:
        was_there = is_finished(one.folder)
        try:
            ended = None if was_there else _train(one, watcher_for(one))
            interrupted = ended is not None and ended.interrupted
            run = None if interrupted else read_run(one.folder)
        except KeyboardInterrupt:  # while pictures were read or a network was built; in training it ends the run itself
            yield Outcome(one, None, interrupted=True)
            return
        except ArtforgeError as error:
            yield Outcome(one, None, str(error))
        except Exception as error:  # noqa: BLE001 - whatever a library raises for one network says nothing of the others
            yield Outcome(one, None, f"{type(error).__name__}: {str(error).partition(chr(10))[0]}")
        else:
            diverged = (ended and ended.diverged) or ""
            yield Outcome(one, run, diverged=diverged, was_there=was_there, interrupted=interrupted)
            if interrupted:
                return


def _train(planned: Planned, watcher: RunWatcher) -> RunResult:
    load_keras().utils.clear_session()  # of the network before
    if (planned.folder / CONFIG_FILE).is_file():
        return resume_run(planned.folder, {}, watcher)
    return start_run(planned.config, planned.folder, watcher)


def _check_same(planned: Planned) -> None:
    """Raise where a folder holds a run that was told otherwise; what is fitted to the set is not compared."""
    there = read_settings(planned.folder)
    asked = planned.config.model_dump(exclude_unset=True)
    for name, value in asked.items():
        if name in there and there[name] != value:
            raise UsageError(
                f"{planned.folder}: holds a run with {name} {there[name]!r}, asked for is {value!r}. "
                "Choose another folder with --out, or take this one away."
            )
