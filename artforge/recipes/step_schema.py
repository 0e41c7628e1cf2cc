"""One step as a JSON schema: its settings with their types, ranges, defaults and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from artforge.core.steps import Input, Setting, Step
from artforge.core.values import ITEM_OF
from artforge.recipes.step_docs import plain_default, read_docs, setting_schema

REFERENCE = {"type": "string", "pattern": r"^\$"}
EXPRESSION = {"type": "string", "pattern": "^="}
TEXT = {"type": "string"}


def call_schema(steps: Mapping[str, Step]) -> dict[str, Any]:
    """One item of a pipe: `$pipe`, a step's name, or a step with its settings."""
    properties = {
        name: {"anyOf": [{"$ref": f"#/definitions/step.{name}"}, {"type": "null"}], "description": help_of(step)}
        for name, step in steps.items()
    }
    # a step of the artist's own has any name, and its settings are known to its file alone
    own = {"type": ["object", "null"]}
    one = {"type": "object", "minProperties": 1, "maxProperties": 1}
    return {
        "anyOf": [
            {**one, "properties": properties, "additionalProperties": own},
            {"enum": list(steps)},
            TEXT,
        ]
    }


def known_call_schema(steps: Mapping[str, Step]) -> dict[str, Any]:
    """One item of a pipe of a recipe that has no steps but these."""
    return {
        "anyOf": [
            {"type": "object", "propertyNames": {"enum": list(steps)}},
            {"type": "string", "anyOf": [REFERENCE, {"enum": list(steps)}]},
        ]
    }


def settings_schema(step: Step) -> dict[str, Any]:
    """The settings of one step."""
    docs = read_docs(step)
    properties: dict[str, Any] = {
        each.name: told(_source(each), docs.arguments.get(each.name, f"{each.given.with_article} of another pipe"))
        for each in step.inputs
    }
    definitions: dict[str, Any] = {}
    for name, setting in step.settings.items():
        own = dict(setting_schema(setting))
        definitions |= own.pop("$defs", {})
        properties[name] = {"anyOf": _ways(setting, own), "description": docs.arguments.get(name, "")}
        default = plain_default(setting.default)
        if not setting.required and default is not None:
            properties[name]["default"] = default
    schema = {
        "type": "object",
        "description": help_of(step),
        "additionalProperties": False,
        "properties": properties,
        "required": [name for name, setting in step.settings.items() if setting.required],
    }
    whole = {**schema, "definitions": definitions} if definitions else schema
    readdressed: dict[str, Any] = _readdressed(whole, f"step.{step.name}")
    return readdressed


def _source(wanted: Input) -> dict[str, Any]:
    """A pipe, or a list of them where several values are put together."""
    if wanted.given not in ITEM_OF:
        return REFERENCE
    return {"anyOf": [REFERENCE, {"type": "array", "minItems": 1, "items": REFERENCE}]}


def _ways(setting: Setting, own: dict[str, Any]) -> list[dict[str, Any]]:
    """As it is, from a param, and for a number computed or moving."""
    loose = [_loosened(each) for each in own.pop("anyOf", [own])]
    ways = [*loose, REFERENCE]
    return [*ways, EXPRESSION, {"$ref": "#/definitions/keys"}] if setting.numeric else ways


def _loosened(schema: Any) -> Any:
    """A type whose parts may each be a param or an expression too, since a recipe is read before they are known."""
    if not isinstance(schema, dict):
        return schema
    loose = dict(schema)
    if isinstance(loose.get("prefixItems"), list):  # draft 7 has this under another name
        loose["items"] = [_or_moving(each) for each in loose.pop("prefixItems")]
    elif isinstance(loose.get("items"), dict):
        loose["items"] = _or_moving(loose["items"])
    if isinstance(loose.get("additionalProperties"), dict):
        loose["additionalProperties"] = _or_moving(loose["additionalProperties"])
    if isinstance(loose.get("properties"), dict):
        loose["properties"] = {name: _or_moving(each) for name, each in loose["properties"].items()}
    return loose


def _or_moving(schema: Any) -> dict[str, Any]:
    return {"anyOf": [_loosened(schema), REFERENCE, EXPRESSION, {"$ref": "#/definitions/keys"}]}


def _readdressed(schema: Any, definition: str) -> Any:
    """pydantic's own references, pointing to where they stand here."""
    if isinstance(schema, list):
        return [_readdressed(each, definition) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found: dict[str, Any] = {}
    for key, each in schema.items():
        if key == "$ref" and isinstance(each, str):
            found[key] = each.replace("#/$defs/", f"#/definitions/{definition}/definitions/")
        elif key == "definitions":
            found[key] = {name: _readdressed(_loosened(own), definition) for name, own in each.items()}
        else:
            found[key] = _readdressed(each, definition)
    return found


def help_of(step: Step) -> str:
    """What a step does."""
    docs = read_docs(step)
    return "\n\n".join(part for part in (docs.summary, docs.body) if part)


def told(schema: Mapping[str, Any], description: str) -> dict[str, Any]:
    """A schema with what is said of it."""
    return {**schema, "description": description}
