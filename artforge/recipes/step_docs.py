"""What a step's signature and docstring say, as data: the source of help, reference page and schema."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Any

from artforge.core.steps import Setting, Step
from artforge.core.values import Kind

_SECTION = re.compile(r"^(Args|Returns|Raises|Source):(.*)$")
_ARGUMENT = re.compile(r"^    (\w+(?:, \w+)*): (.*)$")
_BY_NAME = frozenset(
    {
        Kind.MODEL,
        Kind.PICTURE_SOURCE,
        Kind.PICTURE_FOLDER,
        Kind.LAYER,
        Kind.CLASS_NAME,
        Kind.COLORMAP,
        Kind.COLOR,
    }
)


@dataclass(frozen=True)
class StepDocs:
    """A docstring taken apart.

    Attributes:
        summary: its first line.
        body: what stands between the summary and the arguments.
        arguments: what is said of each, by name.
        returns: what flows out.
        source: the paper or page that the step is from.
    """

    summary: str
    body: str
    arguments: dict[str, str]
    returns: str
    source: str


def read_docs(step: Step) -> StepDocs:
    """The docstring of a step's function."""
    summary, _, rest = (inspect.getdoc(step.function) or "").partition("\n")
    sections: dict[str, list[str]] = {"": []}
    current = ""
    for line in rest.strip("\n").splitlines():
        found = _SECTION.match(line)
        if found is not None:
            current = found[1]
            sections[current] = [found[2].strip()] if found[2].strip() else []
        else:
            sections[current].append(line)
    return StepDocs(
        summary,
        "\n".join(sections[""]).strip(),
        _arguments(sections.get("Args", [])),
        _joined(sections.get("Returns", [])),
        _joined(sections.get("Source", [])),
    )


def default_text(setting: Setting) -> str:
    """A default as a recipe would write it."""
    return "needed" if setting.required else _yaml_like(plain_default(setting.default))


def plain_default(value: Any) -> Any:
    """A default as plain data."""
    if hasattr(value, "model_dump"):
        return value.model_dump(exclude_defaults=True)
    return list(value) if isinstance(value, tuple) else value


def range_text(setting: Setting) -> str:
    """What a setting takes, in a few words: `number in [0, 1]`, `one of normal, screen`, `model`."""
    if setting.kind is Kind.PALETTE:
        return "colormap or list of colours"
    words = _schema_words(setting_schema(setting))
    return words.replace("text", str(setting.kind)) if setting.kind in _BY_NAME else words


def setting_schema(setting: Setting) -> dict[str, Any]:
    """The JSON schema of a setting's own type."""
    return {"type": "string"} if setting.adapter is None else setting.adapter.json_schema()


def _schema_words(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        words = [_schema_words(each) for each in schema["anyOf"]]
        return " or ".join(dict.fromkeys(word for word in words if word != "null"))
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    kind = {"integer": "whole number", "number": "number", "string": "text", "boolean": "true or false"}
    match schema.get("type"):
        case "array":
            inner = schema.get("items")
            return f"list of {_schema_words(inner)}" if isinstance(inner, dict) else "list"
        case "object":
            return "mapping"
        case str() as name:
            return kind.get(name, name) + _bounds(schema)
    return "mapping" if "$ref" in schema else "value"


def _bounds(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if low is None and high is None and above is None and below is None:
        return ""
    left = f"({above:g}" if above is not None else f"[{low:g}" if low is not None else "(-inf"
    right = f"{below:g})" if below is not None else f"{high:g}]" if high is not None else "inf)"
    return f" in {left}, {right}"


def _arguments(lines: list[str]) -> dict[str, str]:
    arguments: dict[str, str] = {}
    names: list[str] = []
    for line in lines:
        found = _ARGUMENT.match(line)
        if found is not None:
            names = found[1].split(", ")
            arguments |= dict.fromkeys(names, found[2])
        elif line.strip():
            arguments |= {name: f"{arguments[name]} {line.strip()}" for name in names}
    return arguments


def _joined(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines if line.strip())


def _yaml_like(value: Any) -> str:
    if value is None:
        return "~"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(_yaml_like(each) for each in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_yaml_like(each)}" for name, each in value.items()) + "}"
    return str(value)
