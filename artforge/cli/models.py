"""`artforge models`: the networks that can be trained, the models that come along, and what any one of them is."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from artforge.cli.console import event, numbered, result
from artforge.cli.terminal import console
from artforge.core.errors import ChoiceError, ModelError, did_you_mean

if TYPE_CHECKING:
    from artforge.engine.models.architectures import Architecture
    from artforge.engine.models.card import LayerInfo, ModelCard
    from artforge.engine.models.handle import Model

models_app = typer.Typer(
    help="The networks that can be trained, by name. Example: artforge models info vgg16",
    no_args_is_help=True,
    rich_markup_mode=None,
)

JsonOption = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]

AllLayersOption = Annotated[
    bool, typer.Option("--layers", help="Build or open the network: its cost, and every layer. Takes seconds.")
]

MOST_LAYERS = 24
"""Up to so many are listed unasked; of more, the last one of each stage."""

NUM_CLASSES = 2
"""Of the network that is built to be told of; with more only the last layer grows."""


@models_app.command("list")
def list_command(as_json: JsonOption = False) -> None:
    """List all networks and the models that come along: size, picture, origin. Example: artforge models list"""
    from artforge.engine.models.architectures import ARCHITECTURES
    from artforge.engine.models.store import shipped_models

    networks = [declared(one) for one in ARCHITECTURES.values()]
    trained = [of_card(shipped_card(name)) for name in shipped_models()]
    if as_json:
        for facts in (*networks, *trained):
            event(facts)
        return
    result("networks to train (artforge train --architecture NAME)\n")
    result(table([network_row(facts) for facts in networks], ("name", "parameters", "picture", "pretrained", "origin")))
    result("\nmodels that come along (artforge look --model NAME)\n")
    result(table([model_row(facts) for facts in trained], ("name", "parameters", "picture", "classes")))


@models_app.command("info")
def info_command(
    name: Annotated[
        str, typer.Argument(help="A network's name, a shipped model's, a run folder, or a .keras or .h5 file.")
    ],
    all_layers: AllLayersOption = False,
    as_json: JsonOption = False,
) -> None:
    """Tell what a network or a trained model is: size, origin, layers. Example: artforge models info vgg16 --layers"""
    from artforge.engine.models.architectures import ARCHITECTURES

    if name in ARCHITECTURES:
        facts, model = declared(ARCHITECTURES[name]), built(ARCHITECTURES[name]) if all_layers else None
    else:
        facts, model = of_file(_found(name), opened=all_layers)
    if model is not None:
        facts |= seen_inside(model)
    if as_json:
        event(facts)
    else:
        result("\n".join(told(facts, all_layers=all_layers)))


def _found(name: str) -> Path:
    from artforge.engine.models.architectures import ARCHITECTURES
    from artforge.engine.models.store import resolve_model, shipped_models

    try:
        return resolve_model(name, base=Path())
    except ChoiceError as error:
        names = [*ARCHITECTURES, *shipped_models()]
        raise ChoiceError(
            f"{name!r} is neither a network nor a model that comes along (artforge models list), nor a run folder or a "
            f"model file{did_you_mean(name, names)}"
        ) from error


def shipped_card(name: str) -> ModelCard:
    """The card of a model that comes with artforge."""
    from artforge.engine.models.card import read_card
    from artforge.engine.models.store import resolve_model

    return read_card(resolve_model(name, base=Path()))


def declared(architecture: Architecture) -> dict[str, Any]:
    """What is known of a network without building it."""
    return {
        "name": architecture.name,
        "kind": "network",
        "title": architecture.title,
        "parameters": architecture.num_parameters,
        "picture": [architecture.image_size, architecture.image_size, architecture.channels],
        "any_size": not architecture.fixed_size,
        "value_range": list(architecture.value_range),
        "origin": architecture.origin,
        "source": architecture.source,
        "pretrained": list(architecture.pretrained),
        "pretrained_note": architecture.pretrained_note,
        "start": architecture.start or "random",
        "needs": f"artforge[{architecture.extra}]" if architecture.extra else None,
        "trained_by": architecture.trained_by,
        "recipe": architecture.recipe_file,
    }


def of_card(card: ModelCard) -> dict[str, Any]:
    """What the card of a trained model says of it."""
    return {
        "name": card.name,
        "kind": "model",
        "parameters": card.num_parameters or None,
        "picture": list(card.input_size),
        "any_size": card.flexible_size,
        "value_range": list(card.value_range),
        "classes": list(card.class_names),
        "temperature": card.temperature,
        "scores": card.scores,
        "last_conv": card.last_conv,
        "layers": described(card.layers),
    }


def of_file(path: Path, *, opened: bool) -> tuple[dict[str, Any], Model | None]:
    """What a model file says of itself, and the model where it was opened: if that is asked for or it has no card."""
    from artforge.engine.models.card import has_card, read_card
    from artforge.engine.models.store import check_file, load_model, make_card

    check_file(path)
    if has_card(path) and not opened:
        card = read_card(path)
        return {**of_card(card), "file": str(path), "sha256": card.sha256}, None
    with console.status("opening the model ..."):
        model = load_model(path)
    card = read_card(path) if has_card(path) else make_card(model)
    return {**of_card(card), "file": str(path), "sha256": model.sha256}, model


def built(architecture: Architecture) -> Model | None:
    """The network with random weights, for two classes, or None where an extra that it needs is not installed."""
    import numpy as np

    from artforge.engine.models.architectures import build_architecture
    from artforge.engine.models.handle import wrap_model

    edge = architecture.image_size
    shape = (edge, edge, architecture.channels)
    try:
        with console.status("building the network ..."):
            network = build_architecture(
                architecture.name, NUM_CLASSES, picture_shape=shape, dropout=0.0, output_bias=np.zeros(1, np.float32)
            )
            return wrap_model(network, input_size=(edge, edge), value_range=architecture.value_range)
    except ModelError:
        if architecture.extra is None:
            raise
        return None


def seen_inside(model: Model) -> dict[str, Any]:
    """What only the network itself tells: its weights, its cost, the layers one can look at."""
    from artforge.engine.models.card import last_conv_of

    return {
        "parameters": model.keras_model.count_params(),
        "flops": 2 * model.multiply_adds,
        "last_conv": last_conv_of(model.layers),
        "layers": described(model.layers),
    }


def described(layers: Sequence[LayerInfo]) -> list[dict[str, Any]]:
    """Layers as plain values."""
    return [
        {"name": one.name, "kind": one.kind, "size": list(one.size) if one.size else None, "channels": one.channels}
        for one in layers
    ]


def one_a_stage(layers: Sequence[dict[str, Any]], last_conv: str | None) -> list[dict[str, Any]]:
    """Of each run of layers whose maps are of one size, the last one: what its stage has come to; and `last_conv`."""
    lookable = [one for one in layers if one["kind"] not in ("pooling", "other")]  # padding makes runs of its own
    following = [*lookable[1:], None]
    return [
        one
        for one, after in zip(lookable, following, strict=True)
        if after is None or after["size"] != one["size"] or one["name"] == last_conv
    ]


def told(facts: dict[str, Any], *, all_layers: bool = False) -> list[str]:
    """A network or a model in words."""
    lines = [f"{facts['name']}{': ' + facts['title'] if 'title' in facts else ''}", ""]
    lines += [f"{name + ':':15}{value}" for name, value in _told_facts(facts) if value]
    command = f"artforge models info {shlex.quote(facts.get('file', facts['name']))} --layers"
    if "layers" not in facts and not all_layers:
        return [*lines, "", f"its layers and its cost: {command}"]
    if "layers" not in facts:
        return [*lines, "", f"its layers are told where it can be built: pip install '{facts['needs']}'"]
    if not facts["layers"]:
        return [*lines, "", "it has no layers with maps to look at; methods that look at pixels work"]
    shown, more = facts["layers"], []
    if len(shown) > MOST_LAYERS and not all_layers:
        shown = one_a_stage(shown, facts["last_conv"])
        more = ["", f"the last of each stage; all {len(facts['layers'])}: {command}"]
    lines += ["", "layers to look at (artforge look --layer NAME):", ""]
    rows = [
        (one["name"], one["kind"], "x".join(map(str, one["size"] or "?")), str(one["channels"]),
         "last_conv" if one["name"] == facts["last_conv"] else "")
        for one in shown
    ]  # fmt: skip
    return [*lines, table(rows, ("layer", "kind", "maps", "channels", "")), *more]


def _told_facts(facts: dict[str, Any]) -> list[tuple[str, str]]:
    low, high = facts["value_range"]
    size = "x".join(map(str, facts["picture"][:2]))
    is_choice = facts["kind"] == "network"
    one_size = (
        f"{size}, or what image_size says when it is built; then of that size only" if is_choice else f"{size} only"
    )
    seen = f"{size}, or any other size" if facts["any_size"] else one_size
    scores = {name: value for name, value in facts.get("scores", {}).items() if isinstance(value, int | float)}
    return [
        ("parameters", f"{facts['parameters']:,}" if facts["parameters"] else ""),
        ("cost", _cost(facts["flops"], size) if "flops" in facts else ""),
        ("pictures", f"{seen}; the network itself takes values in [{low:g}, {high:g}]"),
        ("classes", ", ".join(numbered(facts.get("classes", ())))),
        ("scores", ", ".join(f"{name} {_number(value)}" for name, value in scores.items())),
        ("temperature", f"{facts['temperature']:.4g}" if "temperature" in facts else ""),
        ("source", facts.get("source", "")),
        ("weights", _told_weights(facts) if facts["kind"] == "network" else ""),
        ("needs", f"pip install '{facts['needs']}'" if facts.get("needs") else ""),
        ("recipe", facts.get("recipe", "")),
        ("file", facts.get("file", "")),
    ]


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _cost(flops: int, size: str) -> str:
    scale, unit = (1e9, "GFLOP") if flops >= 1e9 else (1e6, "MFLOP")
    return f"{flops / scale:.3g} {unit} for a picture of {size}"


def _told_weights(facts: dict[str, Any]) -> str:
    if facts["trained_by"] == "fit":
        return "fitted in one go"
    others = [name for name in ("random", *facts["pretrained"]) if name != facts["start"]]
    fetched = "".join(f"--weights {name}, " for name in others)
    note = f" ({facts['pretrained_note']})" if facts["pretrained_note"] else ""
    return f"starts from {facts['start']}; or {fetched}--weights FILE{note}"


def network_row(facts: dict[str, Any]) -> tuple[str, ...]:
    """A line of the list of networks."""
    needs = f"; needs {facts['needs']}" if facts["needs"] else ""
    weights = "fitted" if facts["trained_by"] == "fit" else ", ".join(facts["pretrained"]) or "-"
    return facts["name"], f"{facts['parameters']:,}", _picture(facts), weights, f"{facts['origin']}{needs}"


def model_row(facts: dict[str, Any]) -> tuple[str, ...]:
    """A line of the list of models."""
    parameters = f"{facts['parameters']:,}" if facts["parameters"] else "-"
    return facts["name"], parameters, _picture(facts), ", ".join(facts["classes"])


def _picture(facts: dict[str, Any]) -> str:
    grey = " grey" if facts["picture"][2:] == [1] else ""
    return f"{'x'.join(map(str, facts['picture'][:2]))}{grey}{', any' if facts['any_size'] else ''}"


def table(rows: Sequence[tuple[str, ...]], head: tuple[str, ...]) -> str:
    """Columns as wide as they must be; numbers to the right."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    numeric = [all(row[column].replace(",", "").isdecimal() for row in rows) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in lines
    )
