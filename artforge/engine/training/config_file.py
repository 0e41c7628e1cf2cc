"""A training config as a file: every fault at its line, and a record that reads back as it was."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from artforge.core.errors import UsageError, choice_message, did_you_mean
from artforge.core.problems import Position, Problems
from artforge.core.wording import worded_faults
from artforge.core.yaml_tree import DocumentKind, Tree, parse_tree
from artforge.engine.models.architectures import ARCHITECTURES
from artforge.engine.training.config import TrainConfig

_CONFIG = DocumentKind("a training config", max_characters=100_000)
_START = Position(1, 1)


def read_config(path: Path) -> dict[str, Any]:
    """The settings of a YAML 1.2 file, checked; only those it gives.

    Raises:
        UsageError: no such file, not YAML, an unknown key or a value out of range; every fault at file:line:column.
    """
    text = _read_text(path)
    problems = Problems(str(path), text, UsageError)
    tree = parse_tree(text, problems, _CONFIG) or Tree({}, _START)
    if not isinstance(tree.value, dict):
        problems.add(tree.position, "a config is a mapping, one `name: value` a line")
    problems.raise_if_any()
    settings = tree.plain()
    for key, fault in _faults(settings).items():
        if key in TrainConfig.model_fields:
            problems.add(tree.mapping[key].position, f"{key}: {fault}")
        else:
            problems.add(tree.key_positions[key], fault)
    problems.raise_if_any()
    return TrainConfig.model_validate(settings).model_dump(exclude_unset=True)


def check_options(options: Mapping[str, Any]) -> None:
    """Check settings that were given on the command line.

    Raises:
        UsageError: every fault on a line of its own: the option, the value received, what is expected.
    """
    faults = [f"options: error: --{key.replace('_', '-')}: {fault}" for key, fault in _faults(options).items()]
    if faults:
        raise UsageError("\n".join(faults))


def config_text(config: TrainConfig) -> str:
    """The whole config as YAML that `read_config` reads back."""
    from ruamel.yaml import YAML

    stream = io.StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.dump(config.model_dump(), stream)
    return stream.getvalue()


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        near = did_you_mean(path.name, [one.name for one in path.parent.glob("*.y*ml")])
        raise UsageError(f"{path}: cannot read the config file ({error.strerror}){near}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not a text file in UTF-8") from error


def _faults(settings: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with each setting that cannot be taken."""
    found: dict[str, list[Any]] = {}
    try:
        TrainConfig.model_validate(settings)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            found.setdefault(str(fault["loc"][0]), []).append(fault)
    keys, names = list(TrainConfig.model_fields), list(ARCHITECTURES)
    told = {
        key: worded_faults(faults, settings[key]) if key in keys else choice_message("the setting", key, keys)
        for key, faults in found.items()
    }
    network = settings.get("architecture")
    if isinstance(network, str) and network not in names:
        told["architecture"] = f"{network!r} is not one of: {', '.join(names)}{did_you_mean(network, names)}"
    return told
