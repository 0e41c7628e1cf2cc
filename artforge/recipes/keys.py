"""What a node's key is made of, as a person reads it, and as it was the last time: so that a miss has a reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artforge.core.errors import OutputError
from artforge.core.files import write_text
from artforge.core.values import Kind
from artforge.recipes.artifacts import Artifact, node_of
from artforge.recipes.nodes import Node, walk_at_once
from artforge.recipes.plan import Planner
from artforge.recipes.portable import portable
from artforge.recipes.provenance import package_versions
from artforge.recipes.records import portable_params

MAX_PLACES = 2000
"""Nodes of one recipe whose parts are remembered."""
MAX_RECIPES = 200
"""Recipes that are remembered; those rendered longest ago are forgotten first."""
_FILES = (Kind.PICTURE_SOURCE, Kind.PICTURE_FOLDER, Kind.MODEL)
_DIGITS = 12


@dataclass(frozen=True)
class Place:
    """A node where it stands in a recipe.

    Attributes:
        id: `pipe.step`, or `pipe.step#2`.
        variant: what tells its variant from the others.
        node: what is to be computed there.
    """

    id: str
    variant: dict[str, Any]
    node: Node

    @property
    def name(self) -> str:
        """The id and the variant in one text."""
        return f"{self.id} {json.dumps(self.variant, sort_keys=True, ensure_ascii=False)}"


def stored_key(node: Node) -> str:
    """The node's key in this environment: another version of a library may give other pixels."""
    return hashlib.sha256(f"{node.key} {json.dumps(package_versions(), sort_keys=True)}".encode()).hexdigest()


def key_parts(node: Node) -> dict[str, Any]:
    """All that the stored key is made of, under the words for it: equal parts are equal keys."""
    parts: dict[str, Any] = {"step": node.step.name, "step version": node.step.version}
    for name, value in node.parts["settings"].items():
        kind = node.step.settings[name].kind
        if kind in _FILES and value is not None:
            digests = ", ".join(str(one)[:_DIGITS] for one in (value if isinstance(value, list) else [value]))
            label = "model" if kind is Kind.MODEL else "content"
            parts[f"{label} of {name}"] = f"{portable(kind, node.settings[name])} ({digests})"
        else:
            parts[f"setting {name}"] = _plain(value)
    parts |= {f"input {name}": f"{source.checked.id} ({source.key[:_DIGITS]})" for name, source in node.inputs.items()}
    parts |= {name: node.parts[name] for name in ("seed", "source", "mapped") if node.parts.get(name) is not None}
    return parts | {f"package {name}": version for name, version in package_versions().items()}


def places_of(planner: Planner, artifacts: Iterable[Artifact]) -> Iterator[Place]:
    """Every node that the files need, sources first; of a film, those that stand at its first frame."""
    seen = set()
    for artifact in artifacts:
        for variant in artifact.variants:
            told = portable_params(planner.checked.recipe, variant.distinct)
            for node in walk_at_once([node_of(planner, artifact, variant, artifact.frames[0])]):
                place = Place(node.checked.id, told, node)
                if (place.id, node.key) not in seen:
                    seen.add((place.id, node.key))
                    yield place


@dataclass(frozen=True)
class KeyMemory:
    """The parts of the keys that recipes had when they were last rendered; a small file for each recipe.

    It only explains: a render neither reads nor needs it, and what is lost or damaged is taken for unknown.
    """

    folder: Path

    @classmethod
    def beside(cls, store: Path) -> KeyMemory:
        """The memory that belongs to a store."""
        return cls(store / "places")

    def remember(self, planner: Planner, artifacts: Iterable[Artifact]) -> None:
        """Note the parts of a recipe that has been rendered, where that is possible."""
        known: dict[str, dict[str, Any]] = {}
        for place in places_of(planner, artifacts):
            if len(known) == MAX_PLACES:
                break
            known[place.name] = key_parts(place.node)
        with suppress(OSError, OutputError):
            write_text(self._file(planner), json.dumps(known, ensure_ascii=False))
            self._forget()

    def recall(self, planner: Planner) -> dict[str, dict[str, Any]]:
        """The parts by place; empty where nothing is known."""
        try:
            known = json.loads(self._file(planner).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(known, dict):
            return {}
        return {name: parts for name, parts in known.items() if isinstance(parts, dict)}

    def _file(self, planner: Planner) -> Path:
        source = Path(planner.checked.recipe.source).absolute()
        digest = hashlib.sha256(f"{source} {planner.scale}".encode()).hexdigest()
        return self.folder / f"{digest[:32]}.json"

    def _forget(self) -> None:
        files = sorted(self.folder.glob("*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
        for file in files[MAX_RECIPES:]:
            file.unlink(missing_ok=True)


def _plain(value: Any) -> Any:
    """A value as JSON gives it back."""
    return json.loads(
        json.dumps(value, default=lambda one: one.model_dump(mode="json") if hasattr(one, "model_dump") else str(one))
    )
