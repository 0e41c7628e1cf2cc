"""The language as a JSON schema, from the registry and the grammar: editors complete and explain recipes with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from artforge.core.print_sizes import DPI_RANGE, Fit
from artforge.core.steps import Step
from artforge.recipes.easing import EASINGS
from artforge.recipes.grammar import LANGUAGE_VERSION
from artforge.recipes.recipe import Format, ParamType, Per
from artforge.recipes.step_schema import (
    EXPRESSION,
    REFERENCE,
    TEXT,
    call_schema,
    known_call_schema,
    settings_schema,
    told,
)
from artforge.recipes.timeline_grammar import BOOMERANG, CROSSFADE

DRAFT = "http://json-schema.org/draft-07/schema#"
"""The draft that editors' YAML servers know best."""

_NAME = "^[A-Za-z_][A-Za-z0-9_]*$"
_MOMENT = r"^-?\d+(\.\d+)?\s*(%|s|f)$"
_TIME = r"^\d+(\.\d+)?\s*(s|f)$"
_PIXELS = r"^(native|\d+\s*px)$"
_SIZE = r"^(native|\d+\s*px|([A-Za-z]\w*|(\d+(\.\d+)?\s*[x×]\s*)?\d+(\.\d+)?\s*(mm|cm|in))(\s*@\s*\d+(\.\d+)?\s*dpi)?)$"
_LENGTH = r"^\d+(\.\d+)?\s*(mm|cm|in)$"
_DROPPED = {"type": "null", "description": "Dropped from the recipe that this one extends."}


def recipe_schema(steps: Iterable[Step]) -> dict[str, Any]:
    """The schema of a whole recipe.

    Args:
        steps: those that it may use.
    """
    by_name = {step.name: step for step in sorted(steps, key=lambda step: step.name)}
    definitions = {
        "keys": _keys(),
        "param": _param(),
        "axis": _axis(),
        "output": _output(),
        "call": call_schema(by_name),
        "known_call": known_call_schema(by_name),
        **{f"step.{name}": settings_schema(step) for name, step in by_name.items()},
    }
    return {
        "$schema": DRAFT,
        "title": "artforge recipe",
        "description": "Named pipes of steps that turn what a network sees into prints, sheets and films.",
        "type": "object",
        "required": ["artforge"],
        "additionalProperties": False,
        "properties": _sections(),
        # only files of the artist's own bring more steps, and the recipe that this one extends may name some
        "if": {"not": {"anyOf": [{"required": ["ops"]}, {"required": ["extends"]}]}},
        "then": {"properties": {"steps": {"additionalProperties": {"items": {"$ref": "#/definitions/known_call"}}}}},
        "definitions": definitions,
    }


def _sections() -> dict[str, Any]:
    block = {
        "type": "object",
        "properties": {
            "mode": {"enum": ["grid", "zip"], "description": "Every combination of the values, or side by side."}
        },
        "additionalProperties": {"$ref": "#/definitions/axis"},
    }
    return {
        "artforge": {"const": LANGUAGE_VERSION, "description": "The version of the recipe language."},
        "extends": told(TEXT, "Another recipe, whose params, steps, outputs and texts this one takes over."),
        "title": told(TEXT, "What the works are called; {names} of params are filled in."),
        "description": told(TEXT, "What they are about; {names} of params are filled in."),
        "creator": told(TEXT, "Who made them."),
        "rights": told(TEXT, "Whose they are, such as (c) 2026 Jane Doe."),
        "licence": told(TEXT, "What others may do with them: a web address, or the terms in words."),
        "params": _named("param", "The dials of the recipe: $name in a step, --set name=value on the command line."),
        "seed": {"type": "integer", "minimum": 0, "description": "Where all chance starts from."},
        "timeline": {
            "type": "object",
            "description": "How long a film is.",
            "additionalProperties": False,
            "properties": {
                "duration": {"type": "string", "pattern": _MOMENT, "description": "Such as 6s or 150f."},
                "fps": {"type": "number", "exclusiveMinimum": 0, "maximum": 240, "description": "Frames per second."},
                "loop": _loop(),
            },
        },
        "ops": told(
            {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}, "Python files with steps of your own: ./my_ops.py"
        ),
        "steps": {
            "type": "object",
            "description": "Named pipes: the value flows down from step to step.",
            "propertyNames": {"pattern": _NAME},
            "additionalProperties": {
                "anyOf": [
                    {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/call"}},
                    _DROPPED,
                ]
            },
        },
        "sweep": {
            "description": "Which params are varied, and over what.",
            "anyOf": [block, {"type": "array", "items": block}, _DROPPED],
        },
        "outputs": _named("output", "What is delivered, in which formats and sizes."),
    }


def _loop() -> dict[str, Any]:
    length = {"type": "string", "pattern": _TIME, "description": "Such as 1s or 25f."}
    faded = {
        "type": "object",
        "required": [CROSSFADE],
        "additionalProperties": False,
        "properties": {CROSSFADE: told(length, "How long the end is faded into the beginning.")},
    }
    words = "Whether the film closes: by itself, there and back, or with its end faded into its beginning."
    return told({"anyOf": [{"type": "boolean"}, {"const": BOOMERANG}, faded]}, words)


def _named(definition: str, description: str) -> dict[str, Any]:
    either = {"anyOf": [{"$ref": f"#/definitions/{definition}"}, _DROPPED]}
    return {
        "type": "object",
        "description": description,
        "propertyNames": {"pattern": _NAME},
        "additionalProperties": either,
    }


def _keys() -> dict[str, Any]:
    value = {"anyOf": [{"type": "number"}, REFERENCE, EXPRESSION]}
    ease = {"enum": list(EASINGS), "description": "How the setting gets from one key to the next."}
    own = {
        "type": "object",
        "required": ["value"],
        "additionalProperties": False,
        "properties": {"value": value, "ease": ease},
    }
    return {
        "type": "object",
        "description": "A setting that moves from key to key: {keys: {0%: 0, 50%: 1}, ease: sine_in_out}",
        "required": ["keys"],
        "additionalProperties": False,
        "properties": {
            "keys": {
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": _MOMENT},
                "additionalProperties": {"anyOf": [value, own]},
            },
            "ease": ease,
        },
    }


def _param() -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "type": {"enum": list(get_args(ParamType)), "description": "What it takes."},
            "default": {"description": "Its value where nothing else is said."},
            "min": {"type": "number", "description": "The lowest number."},
            "max": {"type": "number", "description": "The highest number."},
            "choices": {"type": "array", "items": TEXT, "minItems": 1, "description": "The texts of a choice."},
            "help": told(TEXT, "What it does, in a few words."),
        },
    }


def _axis() -> dict[str, Any]:
    number = {"type": "number"}
    whole = {"type": "integer", "minimum": 1}
    even = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"from": number, "to": number, "count": whole},
    }
    words = "A list of values, or {from, to, count}: even steps with both ends. Seeds: {from, to} or {count}."
    return {"anyOf": [{"type": "array", "minItems": 1}, even], "description": words}


def _output() -> dict[str, Any]:
    size, pixels, length = ({"type": "string", "pattern": form} for form in (_SIZE, _PIXELS, _LENGTH))
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "from": told(REFERENCE, "The pipe that it shows."),
            "per": {"enum": list(get_args(Per)), "description": "One for every variant, for the sweep, or in all."},
            "formats": {
                "type": "array",
                "minItems": 1,
                "items": {"enum": list(get_args(Format))},
                "description": "What the files are.",
            },
            "quality": {
                "type": "integer",
                "minimum": 1,
                "maximum": 100,
                "description": "How finely formats that lose something are packed.",
            },
            "size": told(
                size,
                "Longer edge, such as 1080px, or a sheet of paper, such as A3@300dpi or 594x841mm@300dpi; "
                "native leaves the size of the pipe's picture.",
            ),
            "dpi": {
                "type": "number",
                "minimum": DPI_RANGE[0],
                "maximum": DPI_RANGE[1],
                "description": "Pixels in an inch, which stills tell of themselves.",
            },
            "bleed": told(length, "What is printed beyond the sheet at each side and cut off, such as 3mm."),
            "fit": {
                "enum": list(get_args(Fit)),
                "description": "contain: the whole picture on a ground; cover: it fills the sheet, the rest is cut.",
            },
            "ground": told(TEXT, "The sheet's colour where the picture does not reach: #rrggbb or a CSS name."),
            "icc": told(TEXT, "The file of an RGB colour profile that stills are converted to; else they are sRGB."),
            "at": {"type": "string", "pattern": _MOMENT, "description": "Which moment of the timeline a still shows."},
            "name": told(TEXT, "Name of the file, a text with {names}; 8 digits of its key are put behind it."),
            "grid": {
                "type": "object",
                "description": "How a contact sheet is laid out.",
                "additionalProperties": False,
                "properties": {
                    "x": told(TEXT, "The swept param whose values stand side by side."),
                    "y": told(TEXT, "The swept param whose values stand below each other."),
                    "columns": {"type": "integer", "minimum": 1, "maximum": 100, "description": "Cells in a row."},
                },
            },
            "cell": told(pixels, "Longer edge of a cell of a contact sheet."),
            "labels": {
                "type": ["boolean", "string"],
                "description": "Captions of a contact sheet: true, false, or a text with {names}.",
            },
        },
    }
