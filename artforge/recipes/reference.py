"""The reference page: the language in tables, and every step from its signature and docstring."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import get_args

from artforge.core.formats.known import DEEP_FORMATS, FILM_FORMATS, LOSSY_FORMATS, STILL_FORMATS
from artforge.core.print_sizes import DEFAULT_DPI, DPI_RANGE
from artforge.core.steps import Step
from artforge.core.values import Kind
from artforge.recipes.easing import EASINGS
from artforge.recipes.expressions import CONSTANT_NAMES, FUNCTION_NAMES, TIME_NAMES, VARIANT_NAMES
from artforge.recipes.recipe import Per
from artforge.recipes.step_docs import default_text, range_text, read_docs

_PARAM_TYPES = {
    "int, float": "a number; `min` and `max` bound it",
    "bool": "true or false",
    "text": "any text; `{names}` of numeric params and `{seed}` are filled in",
    "choice": "one of `choices`",
    "image": "a picture file, `embedded:CLASS/FAMILY/SEED`, or a folder: the recipe is done for each picture in it",
    "folder": "a folder of pictures",
    "model": "a shipped model by name, or a model file",
    "layer, class": "a layer or a class of the model, by name",
    "colormap": "a colormap of the `cmap` catalogue, such as `crameri:lajolla`",
    "palette": 'a colormap, or a list of colours: `["#120d18", tomato, ivory]`',
    "colour": "`#rrggbb` or a CSS name",
}

_LANGUAGE = Path(__file__).with_name("language.md")
"""What no signature says."""


def reference_page(steps: Iterable[Step]) -> str:
    """The page as Markdown.

    Args:
        steps: those that it tells of, in any order.
    """
    ordered = sorted(steps, key=lambda step: step.name)
    parts = [_LANGUAGE.read_text(encoding="utf-8"), _expressions(), _easings(), _params(), _outputs(), "## Steps\n"]
    parts += [_index(ordered), *map(_told, ordered)]
    return "\n".join(parts).rstrip() + "\n"


def _expressions() -> str:
    names = ", ".join(f"`{name}`" for name in (*TIME_NAMES, *VARIANT_NAMES, *CONSTANT_NAMES))
    functions = ", ".join(f"`{name}`" for name in FUNCTION_NAMES)
    return (
        f"In expressions stand numbers, numeric params, {names}, the operators `+ - * / // % **`\nand {functions}.\n"
        "`t` is the share of the film in [0, 1), `frame` the frame's number of `frames`, `i` the variant's of `n`.\n"
    )


def _easings() -> str:
    families: dict[str, list[str]] = {}
    for name in EASINGS:
        family, _, form = name.partition("_")
        families.setdefault(family, []).append(f"`{name}`" if form else f"`{family}`")
    rows = "\n".join(f"| {', '.join(names)} |" for names in families.values())
    return f"## Easings\n\n| {len(EASINGS)} curves from 0 to 1 |\n|---|\n{rows}\n"


def _params() -> str:
    rows = "\n".join(f"| {kind} | {takes} |" for kind, takes in _PARAM_TYPES.items())
    return f"## Types of params\n\n| type | takes |\n|---|---|\n{rows}\n"


def _outputs() -> str:
    still, film = (", ".join(sorted(formats)) for formats in (STILL_FORMATS, FILM_FORMATS))
    return (
        "## Outputs\n\n| key | is |\n|---|---|\n"
        f"| `from` | the pipe that it shows |\n| `per` | {', '.join(f'`{per}`' for per in get_args(Per))} |\n"
        f"| `formats` | stills: {still}; films: {film}; {', '.join(sorted(DEEP_FORMATS))} hold 16 bits a colour |\n"
        f"| `quality` | of {', '.join(sorted(LOSSY_FORMATS))}: 1 (small) to 100 (fine) |\n"
        "| `size` | longer edge, such as `1080px`; a sheet of paper, such as `A3@300dpi`, `594x841mm@300dpi` or "
        "`12x16in`, upright or lying as the picture is; its longer edge alone, such as `400mm@300dpi`; or `native` |\n"
        f"| `dpi` | pixels in an inch, {DPI_RANGE[0]:g} to {DPI_RANGE[1]:g}; of a sheet {DEFAULT_DPI:g} unless said |\n"
        "| `bleed` | of a sheet: what is printed beyond it at each side and cut off, such as `3mm` |\n"
        "| `fit` | of a sheet: `contain` shows the whole picture on a ground; `cover` fills the sheet and its bleed "
        "and cuts the same off at both sides, as is done where there is bleed, of all but contact sheets; nothing is "
        "ever stretched |\n"
        "| `ground` | of a sheet: its colour where the picture does not reach; white where nothing is said |\n"
        "| `icc` | the file of an RGB colour profile that stills are converted to; sRGB where nothing is said |\n"
        "| `at` | the moment of the timeline that a still shows |\n"
        "| `name` | the file's name, a text; 8 digits of its key come behind it |\n"
        "| `grid` | of a contact sheet (`per: sweep`): `{x, y}` the swept params along each side, or `{columns}` |\n"
        "| `cell`, `labels` | the longer edge of its cells; its captions and legend: true, false, or a text |\n"
    )


def _index(steps: list[Step]) -> str:
    rows = "\n".join(
        f"| [`{step.name}`](#{step.name}) | {_flows_in(step)} | {step.output} | {_cell(read_docs(step).summary)} |"
        for step in steps
    )
    return f"| step | takes | gives | does |\n|---|---|---|---|\n{rows}\n"


def _told(step: Step) -> str:
    docs = read_docs(step)
    lines = [f"### {step.name}\n", docs.summary, ""]
    if docs.body:
        lines += [docs.body, ""]
    lines += ["| setting | takes | default | is |", "|---|---|---|---|", *_rows(step)]
    if docs.source:
        lines += ["", f"Source: {docs.source}"]
    chance = " Draws by chance." if step.uses_rng else ""
    return "\n".join([*lines, "", f"Version {step.version}.{chance}", ""])


def _rows(step: Step) -> Iterator[str]:
    docs = read_docs(step)
    for wanted in step.inputs:
        needed = "may be left out" if wanted.optional else "flows in"
        said = _cell(docs.arguments.get(wanted.name, ""))
        yield f"| `{wanted.name}` | {wanted.given.with_article} | {needed} | {said} |"
    for name, setting in step.settings.items():
        moves = " ~" if setting.numeric and setting.kind is not Kind.CHANNEL else ""
        said = _cell(docs.arguments.get(name, ""))
        yield f"| `{name}`{moves} | {_cell(range_text(setting))} | `{default_text(setting)}` | {said} |"


def _flows_in(step: Step) -> str:
    return ", ".join(f"{one.given}{' (or none)' if one.optional else ''}" for one in step.inputs) or "nothing"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
