"""From a checked recipe to nodes: what exactly has to be computed, each thing under a key that says all of it.

key = sha256(step, step version, settings, keys of the inputs, content of the files and models it reads, its seed).
Equal work has equal keys, whichever pipe, variant or frame it stands in.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from artforge.core.files import sha256_of, sha256_of_all
from artforge.core.pictures import pictures_in
from artforge.core.seeds import derive_seed
from artforge.core.steps import Setting, find_step
from artforge.core.values import Kind
from artforge.engine.models.card import card_path, has_card
from artforge.engine.models.store import resolve_model
from artforge.ops.embedded import embedded_version, parse_embedded
from artforge.recipes.checked import CheckedCall, CheckedRecipe
from artforge.recipes.nodes import Node
from artforge.recipes.overrides import Overrides
from artforge.recipes.preview import FROM_AFAR, is_drawn_for_print, with_own_size
from artforge.recipes.settings import is_accepted, resolve_settings, rounded
from artforge.recipes.timeline import Shown
from artforge.recipes.variants import (
    Variant,
    base_folder,
    default_variants,
    expand_variants,
    scope_of,
    source_folders,
)

PREVIEW_SCALE = 0.25


@dataclass
class Planner:
    """Makes the nodes of a recipe, for any variant and frame.

    Attributes:
        checked: the recipe.
        overrides: what the command line sets.
        scale: 1, or less for a preview: every setting in pixels is multiplied by it.
    """

    checked: CheckedRecipe
    overrides: Overrides = field(default_factory=Overrides)
    scale: float = 1.0

    _nodes: dict[tuple[str, int, int, int], Node] = field(default_factory=dict)
    _digests: dict[Path, str] = field(default_factory=dict)

    @cached_property
    def variants(self) -> list[Variant]:
        """The sweep, spread out."""
        return expand_variants(self.checked.recipe, self.overrides)

    @cached_property
    def base_variants(self) -> list[Variant]:
        """Every param at its default or override; one for each picture where a param names a folder of them."""
        return default_variants(self.checked.recipe, self.overrides)

    @cached_property
    def moving_pipes(self) -> frozenset[str]:
        """The pipes that change from frame to frame; all others are computed once for a whole film."""
        moving: set[str] = set()
        for name, pipe in self.checked.pipes.items():  # sources come first
            if pipe.sources & moving or any(each.moves for call in pipe.calls for each in call.settings.values()):
                moving.add(name)
        return frozenset(moving)

    def node(self, pipe: str, variant: Variant, frame: int = 0) -> Node:
        """The node whose value is the pipe's, for one variant at one drawn frame."""
        return self._after(pipe, len(self.checked.pipes[pipe].calls), variant, frame)

    def shown(self, pipe: str, variant: Variant, index: int) -> Node:
        """The node of frame `index` of the finished film: a drawn frame, or one that is fading into another."""
        timeline = self.checked.recipe.timeline
        shown = Shown(index) if timeline is None else timeline.shown(index)
        node = self.node(pipe, variant, shown.frame)
        if shown.into is None or pipe not in self.moving_pipes:
            return node
        call = CheckedCall(node.checked.call, find_step("crossfade"), f"{pipe}, closed", {}, {})
        inputs = {"image": node, "other": self.node(pipe, variant, shown.into)}
        defaults = {name: setting.default for name, setting in call.step.settings.items()}
        return self._node(call, variant, inputs, {**defaults, "share": shown.share}, scale=1)

    def forget_frames(self) -> None:
        """Drop the nodes of a film's frames but the first: there may be a great many."""
        self._nodes = {place: node for place, node in self._nodes.items() if place[-1] == 0}

    # -- making nodes --------------------------------------------------------------------------------------------

    def _after(self, pipe: str, num_calls: int, variant: Variant, frame: int) -> Node:
        """The node whose value a pipe has after so many of its calls."""
        if pipe not in self.moving_pipes:
            frame = 0
        place = (pipe, num_calls, self._variant_id(variant), frame)
        if place not in self._nodes:
            self._nodes[place] = self._make(pipe, num_calls, variant, frame)
        return self._nodes[place]

    def _make(self, pipe: str, num_calls: int, variant: Variant, frame: int) -> Node:
        checked_pipe = self.checked.pipes[pipe]
        flowing = self.node(checked_pipe.start, variant, frame) if checked_pipe.start else None
        for index, call in enumerate(checked_pipe.calls[:num_calls]):
            inputs: dict[str, Node] = {}
            for wanted in call.step.inputs:
                if wanted.name not in call.wiring:
                    continue
                source = call.wiring[wanted.name]
                if isinstance(source, tuple):
                    several = {f"{wanted.name} {place}": each for place, each in enumerate(source, 1)}
                    inputs |= {name: self.node(each, variant, frame) for name, each in several.items()}
                elif wanted.reach is not None:
                    before = partial(self._after, pipe, index) if source is None else partial(self.node, source)
                    moments = self._moments(call, wanted.reach, variant, frame)
                    inputs |= {f"{wanted.name} {off:+}": before(variant, each) for off, each in moments.items()}
                else:
                    reading = self.node(source, variant, frame) if source else flowing
                    if reading is None:
                        raise AssertionError(f"{call.id}: nothing flows into {wanted.name}")
                    inputs[wanted.name] = reading
            flowing = self._node_of(call, variant, frame, inputs)
        if flowing is None:
            raise AssertionError(f"pipe {pipe} is empty")
        return flowing

    def _moments(self, call: CheckedCall, setting: str, variant: Variant, frame: int) -> dict[int, int]:
        """The drawn frames around one, by how far they are from it, as many as a call's setting says."""
        timeline = self.checked.recipe.timeline
        if timeline is None:
            return {0: frame}
        scope = scope_of(self.checked.recipe, variant, len(self.variants), frame)
        reach = int(resolve_settings(call, scope)[setting])
        return dict(zip(range(-reach, reach + 1), timeline.around(frame, reach), strict=True))

    def _node_of(self, call: CheckedCall, variant: Variant, frame: int, inputs: dict[str, Node]) -> Node:
        scope = scope_of(self.checked.recipe, variant, len(self.variants), frame)
        values = resolve_settings(call, scope)
        if self.scale == 1:
            return self._node(call, variant, inputs, values, scale=1)
        source = next((name for name, each in call.step.settings.items() if each.kind is Kind.PICTURE_SOURCE), None)
        if source is None:
            return self._node(call, variant, inputs, values, scale=self.scale)
        values = with_own_size(call.step.settings, values, values[source], self._base(call, source))
        seen = self._node(call, variant, inputs, values, scale=self.scale)
        if not is_drawn_for_print(values[source], values.get("long_edge")):
            return seen
        printed = self._node(call, variant, inputs, values, scale=1)
        afar = CheckedCall(call.call, FROM_AFAR, f"{call.id}, from afar", {"image": None}, {})
        return self._node(afar, variant, {"image": printed}, {"long_edge": seen.settings["long_edge"]}, scale=1)

    def _node(
        self, call: CheckedCall, variant: Variant, inputs: dict[str, Node], values: dict[str, Any], *, scale: float
    ) -> Node:
        settings: dict[str, Any] = {}
        identity: dict[str, Any] = {}
        for name, setting in call.step.settings.items():
            settings[name], identity[name] = self._settle(call, setting, values[name], scale)
        seed = derive_seed(variant.seed, call.id) if call.step.uses_rng else None
        parts = {
            "step": call.step.name,
            "version": call.step.version,
            "settings": identity,
            "inputs": {name: node.key for name, node in inputs.items()},
            "seed": seed,
        }
        if call.step.source:
            parts["source"] = call.step.source
        if call.mapped:
            parts["mapped"] = sorted(call.mapped)
        return Node(_digest_of(parts), call, settings, inputs, seed, call.mapped, parts)

    def _settle(self, call: CheckedCall, setting: Setting, value: Any, scale: float) -> tuple[Any, Any]:
        """A setting as its function takes it, and as it enters the key."""
        binding = call.settings.get(setting.name)
        if value is None:
            return None, None
        if setting.kind is Kind.MODEL:
            path = resolve_model(value, base=self._base(call, setting.name))
            return str(path), [self.digest(path), *([self.digest(card_path(path))] if has_card(path) else [])]
        if setting.kind is Kind.PICTURE_SOURCE:
            if parse_embedded(value) is not None:
                return value, [value, embedded_version()]
            path = self._base(call, setting.name) / value
            return str(path), self.digest(path)
        if setting.kind is Kind.PICTURE_FOLDER:
            folder = self._base(call, setting.name) / value
            return str(folder), self.digest_of_folder(folder)
        if setting.adapter is not None and binding is not None:
            value = setting.adapter.validate_python(rounded(setting, value))
        if setting.kind is Kind.PIXELS:
            value = _scaled(setting, value, scale)
        return value, value

    def _base(self, call: CheckedCall, name: str) -> Path:
        return base_folder(self.checked.recipe, self.overrides, call.settings.get(name), call.position_of(name))

    def files_read(self) -> frozenset[Path]:
        """The pictures, models and folders that entered a key so far, and the folders of sources."""
        return frozenset(self._digests) | source_folders(self.checked.recipe, self.overrides)

    def digest(self, path: Path) -> str:
        """The SHA-256 of a file, read once."""
        if path not in self._digests:
            self._digests[path] = sha256_of(path)
        return self._digests[path]

    def digest_of_folder(self, folder: Path) -> str:
        """One SHA-256 for all pictures in a folder, read once."""
        if folder not in self._digests:
            self._digests[folder] = sha256_of_all(pictures_in(folder))
        return self._digests[folder]

    def _variant_id(self, variant: Variant) -> int:
        return next((-1 - place for place, base in enumerate(self.base_variants) if base is variant), variant.index)


def _scaled(setting: Setting, pixels: int, scale: float) -> int:
    """A length at the preview's scale; one that would fall below what its step takes stays as it is."""
    scaled = round(pixels * scale)
    return scaled if is_accepted(setting, scaled) else pixels


def _digest_of(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_jsonable)
    return hashlib.sha256(text.encode()).hexdigest()


def _jsonable(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    raise TypeError(f"a setting of type {type(value).__name__} cannot enter a key")
