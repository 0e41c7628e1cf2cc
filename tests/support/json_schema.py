"""As much of JSON Schema, draft 7, as the schema of recipes uses: a check that is independent of who wrote it."""

from __future__ import annotations

import re
from typing import Any

_SAYING_NOTHING = {"$schema", "title", "description", "default", "definitions"}
_TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "number": int | float,
    "integer": int,
}


def schema_faults(value: Any, schema: dict[str, Any], root: dict[str, Any], path: str = "") -> list[str]:
    """Where `value` breaks `schema`; empty where it does not.

    Raises:
        KeyError: the schema uses a word that is not known here.
    """
    faults = []
    for word, wanted in schema.items():
        if word not in _SAYING_NOTHING:
            faults += [f"{path or '/'}: {fault}" for fault in _WORDS[word](value, wanted, schema, root, path)]
    return faults


def _resolve(reference: str, root: dict[str, Any]) -> dict[str, Any]:
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def _type(value, wanted, schema, root, path):
    names = wanted if isinstance(wanted, list) else [wanted]
    fits = any(isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool)) for name in names)
    return [] if fits else [f"{value!r} is no {wanted}"]


def _any_of(value, wanted, schema, root, path):
    each = [schema_faults(value, one, root, path) for one in wanted]
    return (
        [] if any(not faults for faults in each) else [f"{value!r} is none of {len(wanted)}: {min(each, key=len)[:1]}"]
    )


def _items(value, wanted, schema, root, path):
    if not isinstance(value, list):
        return []
    wanted = wanted if isinstance(wanted, list) else [wanted] * len(value)
    return [
        fault
        for index, (item, one) in enumerate(zip(value, wanted, strict=False))
        for fault in schema_faults(item, one, root, f"{path}/{index}")
    ]


def _properties(value, wanted, schema, root, path):
    known = wanted.keys() & value.keys() if isinstance(value, dict) else ()
    return [fault for name in known for fault in schema_faults(value[name], wanted[name], root, f"{path}/{name}")]


def _additional(value, wanted, schema, root, path):
    if not isinstance(value, dict) or wanted is True:
        return []
    patterns = schema.get("patternProperties", {})
    others = [
        name
        for name in value
        if name not in schema.get("properties", {}) and not any(re.search(p, name) for p in patterns)
    ]
    if wanted is False:
        return [f"unknown {name!r}" for name in others]
    return [fault for name in others for fault in schema_faults(value[name], wanted, root, f"{path}/{name}")]


def _pattern_properties(value, wanted, schema, root, path):
    if not isinstance(value, dict):
        return []
    return [
        fault
        for pattern, one in wanted.items()
        for name in value
        if re.search(pattern, name)
        for fault in schema_faults(value[name], one, root, f"{path}/{name}")
    ]


def _property_names(value, wanted, schema, root, path):
    names = value if isinstance(value, dict) else ()
    return [fault for name in names for fault in schema_faults(name, wanted, root, path)]


def _bound(fits):
    def check(value, wanted, schema, root, path):
        counts = isinstance(value, int | float) and not isinstance(value, bool)
        return [f"{value!r} is out of range"] if counts and not fits(value, wanted) else []

    return check


def _length(kind, fits):
    def check(value, wanted, schema, root, path):
        return [f"{len(value)} entries"] if isinstance(value, kind) and not fits(len(value), wanted) else []

    return check


_WORDS = {
    "type": _type,
    "anyOf": _any_of,
    "items": _items,
    "properties": _properties,
    "additionalProperties": _additional,
    "patternProperties": _pattern_properties,
    "$ref": lambda value, wanted, schema, root, path: schema_faults(value, _resolve(wanted, root), root, path),
    "enum": lambda value, wanted, *_: [] if value in wanted else [f"{value!r} is not among {wanted}"],
    "const": lambda value, wanted, *_: [] if value == wanted else [f"{value!r} is not {wanted!r}"],
    "required": lambda value, wanted, *_: [f"no {n!r}" for n in wanted if isinstance(value, dict) and n not in value],
    "pattern": lambda value, wanted, *_: (
        [f"{value!r} does not match {wanted}"] if isinstance(value, str) and not re.search(wanted, value) else []
    ),
    "propertyNames": _property_names,
    "minimum": _bound(lambda value, wanted: value >= wanted),
    "maximum": _bound(lambda value, wanted: value <= wanted),
    "exclusiveMinimum": _bound(lambda value, wanted: value > wanted),
    "exclusiveMaximum": _bound(lambda value, wanted: value < wanted),
    "minItems": _length(list, lambda count, wanted: count >= wanted),
    "maxItems": _length(list, lambda count, wanted: count <= wanted),
    "minProperties": _length(dict, lambda count, wanted: count >= wanted),
    "maxProperties": _length(dict, lambda count, wanted: count <= wanted),
}
