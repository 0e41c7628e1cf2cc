"""`artforge evaluate`: a model put to the test, with intervals, charts and its worst mistakes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from artforge.cli.console import event, note, result, warn
from artforge.cli.paths import named_path
from artforge.cli.terminal import console, progress_bars
from artforge.core.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from artforge.engine.data.dataset import Dataset
    from artforge.engine.evaluation.evaluate import Evaluation
    from artforge.engine.models.handle import Model

METRICS_FILE, MISTAKES_FILE = "metrics.json", "mistakes.png"
NUM_FOLDERS_SHOWN = 12
_OF_ONE_CLASS = {"f1", "pr_auc", "precision"}


def evaluate_command(
    model: Annotated[
        str, typer.Argument(help="A shipped model's name, a run folder, or a .keras or .h5 file.", show_default=False)
    ],
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            parser=named_path,
            metavar="PATH",
            help="Pictures with their classes, as for `train`. Default: those of the run.",
        ),
    ] = None,
    dataset: Annotated[
        str | None, typer.Option("--dataset", help="Which layout the pictures have; it is recognised otherwise.")
    ] = None,
    split: Annotated[
        Literal["test", "all"] | None,
        typer.Option("--split", help="Default: the test part, where the run or the set says which that is, else all."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for charts and tables. Default: evaluation/MODEL-on-DATA.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="All scores as one JSON object on stdout.")] = False,
) -> None:
    """Put a model to the test. Example: artforge evaluate runs/hand_vs_algo-1 --data pictures/"""
    from artforge.core.files import check_writable, make_folder
    from artforge.engine.data.catalogue import check_there, open_dataset
    from artforge.engine.evaluation.doubts import looks_reversed
    from artforge.engine.evaluation.evaluate import choose_pictures, evaluate_model, match_classes
    from artforge.engine.evaluation.runs import SPLIT_FILE, read_parts, read_settings
    from artforge.engine.models.store import load_model, resolve_model

    path = resolve_model(model, base=Path())
    is_run = (path.parent / SPLIT_FILE).is_file()
    settings = read_settings(path.parent) if is_run else {}
    parts = read_parts(path.parent) if is_run else None
    if data is None and dataset != "embedded":
        data, dataset = _data_of_run(model, settings, dataset)
    check_there(data, dataset)
    with console.status("opening the model ..."):
        loaded = load_model(path)
    with progress_bars(console) as bars:
        reading = bars.add_task("pictures", total=None)
        opened = open_dataset(
            data,
            image_size=max(loaded.input_size),
            seed=int(settings.get("seed", 0)),
            kind=dataset,
            pictures_per_class=int(settings.get("pictures_per_class", 1500)),
            progress=lambda done, total: bars.update(reading, completed=done, total=total),
        )
        match_classes(loaded.class_names, opened.class_names, model_name=loaded.name)
        chosen = choose_pictures(opened, run_parts=parts, part=split)
        folder = out or Path("evaluation") / folder_name(loaded.name, data)
        make_folder(folder)
        check_writable(folder)
        testing = bars.add_task("testing", total=len(chosen.indices))
        evaluation = evaluate_model(
            loaded, opened, chosen.indices, progress=lambda done, _: bars.update(testing, completed=done)
        )
    heading = f"{loaded.name} on {chosen.told}"
    if chosen.are_known:
        warn(heading)
    else:
        (note if as_json else result)(heading)
    if parts is not None and not chosen.are_known:
        _warn_of_known(parts, settings, opened, chosen.indices)
    if opened.class_names != loaded.class_names:
        note(f"the set names its classes in another order; they are matched by name: {', '.join(loaded.class_names)}")
    if opened.skipped:
        warn(f"{len(opened.skipped)} files could not be read and were left out, such as {opened.skipped[0].path}")
    told = {"model": model, "data": str(data) if data is not None else None, "part": chosen.told}
    scores = {**told, "temperature": loaded.temperature, **evaluation.as_json()}
    files = _write(folder, evaluation, scores, model=loaded, dataset=opened, title=f"{loaded.name} on {_name_of(data)}")
    if looks_reversed(scores):
        warn(
            f"the ROC AUC is below 0.5 by more than chance: the labels may be reversed. Look whether the folders "
            f"{' and '.join(repr(name) for name in loaded.class_names)} hold what the model calls so"
        )
    if as_json:
        event({**scores, "files": [str(file) for file in files]})
    else:
        _tell(evaluation, scores)
        result("\n".join(map(str, files)))


def _data_of_run(model: str, settings: dict[str, Any], dataset: str | None) -> tuple[Path | None, str | None]:
    """The pictures of the run that a model comes from, and their layout."""
    if not settings:
        raise UsageError(f"--data is needed: {model} comes from no run that would say which pictures it was made for.")
    own = settings.get("data")
    return (Path(own) if own else None), dataset or settings.get("dataset")


def _warn_of_known(
    parts: dict[str, tuple[str, str]], settings: dict[str, Any], opened: Dataset, indices: NDArray[np.int64]
) -> None:
    """Tell of pictures that the run was trained on, where its pictures are still there to compare with."""
    from artforge.engine.evaluation.known_pictures import num_known, trained_on

    own = settings.get("data")
    if opened.root is None or not own or not Path(own).is_dir():
        return
    tested = [opened.root / opened.items[index] for index in indices.tolist()]
    known = num_known(tested, trained_on(Path(own), parts))
    if known:
        warn(
            f"{known} of these {len(tested)} pictures are byte for byte some that the model was trained on: the scores "
            "are too good"
        )


def _name_of(data: Path | None) -> str:
    return "embedded" if data is None else data.resolve().stem


def folder_name(model: str, data: Path | None) -> str:
    """A model's card may call it anything: letters that could lead elsewhere are left out."""
    return re.sub(r"[^\w.-]+", "_", f"{model}-on-{_name_of(data)}").lstrip(".")


def _write(
    folder: Path, evaluation: Evaluation, scores: dict[str, Any], *, model: Model, dataset: Dataset, title: str
) -> list[Path]:
    import numpy as np

    from artforge.core.files import write_text
    from artforge.engine.evaluation.chart_style import write_chart
    from artforge.engine.evaluation.mistakes import mistakes_sheet, worst_mistakes
    from artforge.engine.evaluation.predictions import PREDICTIONS_FILE, write_predictions
    from artforge.engine.evaluation.result_charts import write_test_charts

    predictions = evaluation.predictions
    write_text(folder / METRICS_FILE, json.dumps(scores, indent=1, ensure_ascii=False) + "\n")
    write_predictions(folder / PREDICTIONS_FILE, predictions)
    charts = write_test_charts(folder, predictions, title=title)
    worst = worst_mistakes(predictions)
    place = {item: index for index, item in enumerate(dataset.items)}
    indices = np.asarray([place[predictions.items[position]] for position in worst], np.int64)
    num_wrong = int((~predictions.right).sum())
    lead = f"the {len(worst)} surest of {num_wrong} mistakes" if num_wrong > len(worst) else f"all {num_wrong} mistakes"
    heading = f"{model.name}: {lead} among {len(predictions)} pictures"
    pictures = dataset.images[indices]
    write_chart(folder / MISTAKES_FILE, mistakes_sheet(pictures, worst, predictions, title=heading))
    return [folder / METRICS_FILE, folder / PREDICTIONS_FILE, *charts, folder / MISTAKES_FILE]


def _tell(evaluation: Evaluation, scores: dict[str, Any]) -> None:
    from artforge.engine.evaluation.names import MEASURE_NAMES

    num_groups = scores["num_groups"]
    drawn = f"95% intervals by 1,000 draws of {num_groups} groups" if num_groups > 1 else "no intervals: one group only"
    result(f"{drawn}; {evaluation.images_per_second:.0f} images/s")
    of = f" of {scores['positive_class']!r}" if "positive_class" in scores else ", mean"
    names = {key: f"{name}{of if key in _OF_ONE_CLASS else ''}" for key, name in MEASURE_NAMES.items()}
    del names["recall"]  # it is told of each class below
    recalls = {f"recall of {name!r}": recall for name, recall in scores["class_recall"].items()}
    width = 3 + max(map(len, [*names.values(), *recalls]))
    for key, name in names.items():
        value = scores.get(key, scores.get(f"macro_{key}"))
        interval = evaluation.intervals.get(key)
        shown = f"{value:.3f}" if value is not None else "unknown (one class only)"
        bounds = f"   {interval.low:.3f} to {interval.high:.3f}" if interval else ""
        result(f"{name:<{width}}{shown}{bounds}")
    for name, recall in recalls.items():
        result(f"{name:<{width}}{recall:.3f}")
    if "ece_untempered" in scores:
        result(f"temperature {scores['temperature']:.2f}: calibration error without it {scores['ece_untempered']:.3f}")
    folders = sorted(evaluation.by_folder.items(), key=lambda pair: pair[1]["accuracy"])
    if len(folders) > 1:
        result("accuracy by folder, the weakest first:")
        for name, one in folders[:NUM_FOLDERS_SHOWN]:
            result(f"  {name}: {one['accuracy']:.1%} of {one['num_pictures']:.0f}")
        if len(folders) > NUM_FOLDERS_SHOWN:
            result(f"  and {len(folders) - NUM_FOLDERS_SHOWN} more, see {METRICS_FILE}")
