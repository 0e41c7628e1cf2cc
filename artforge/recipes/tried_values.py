"""Every value that a setting takes, in every variant and along the timeline, tried against the setting's type, and
every name that it takes looked up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from artforge.core.problems import Position, Problems
from artforge.core.steps import Setting
from artforge.core.values import Kind
from artforge.core.yaml_tree import Tree
from artforge.recipes.bindings import Binding, FromParam, Scope
from artforge.recipes.checked import CheckedCall
from artforge.recipes.expressions import VARIANT_NAMES, ExpressionError
from artforge.recipes.names import channel_fault, class_number_fault, named_thing_fault
from artforge.recipes.overrides import Overrides
from artforge.recipes.recipe import Recipe
from artforge.recipes.settings import is_accepted, rounded, setting_fault
from artforge.recipes.trust import Trust
from artforge.recipes.variants import Variant, base_folder, scope_of, thinned

MAX_SAMPLES = 240
"""A moving setting is tried at no more frames than this, spread evenly over the timeline."""

_PATHS = frozenset({Kind.PICTURE_SOURCE, Kind.PICTURE_FOLDER, Kind.MODEL})


@dataclass(frozen=True)
class ValueTrial:
    """Tries the settings of a recipe.

    Attributes:
        recipe: the recipe.
        overrides: what the command line sets.
        variants: those that are tried.
        problems: where faults are noted.
        trust: which files the recipe may name.
    """

    recipe: Recipe
    overrides: Overrides
    variants: Sequence[Variant]
    problems: Problems
    trust: Trust

    def try_call(self, checked: CheckedCall) -> list[str]:
        """Every setting that a call writes; those that the step takes at every moment."""
        written = {name: checked.step.settings[name] for name in checked.settings}
        sound = [name for name, each in written.items() if self._is_sound(checked, each)]
        layers = {name for name, each in checked.step.settings.items() if each.kind is Kind.LAYER}
        layers_are_sound = layers & checked.call.settings.keys() <= set(sound)
        for name in sound:
            self._look_up(checked, written[name])
            if layers_are_sound:
                self._look_up_channels(checked, written[name])
        return sound

    def moments(self, *bindings: Binding) -> Iterator[Scope]:
        """What settings can read in every variant that differs for them, at one frame or, where one moves, at many."""
        tried: set[str] = set()
        reads = sorted({name for binding in bindings for name in binding.reads})
        frames = self._sample_frames() if any(binding.moves for binding in bindings) else [0]
        for variant in self.variants:
            read = repr([_read(variant, name) for name in reads])
            if read in tried:
                continue
            tried.add(read)
            for frame in frames:
                yield scope_of(self.recipe, variant, len(self.variants), frame)

    def _sample_frames(self) -> list[int]:
        return thinned(range(self.recipe.timeline.num_frames if self.recipe.timeline else 1), MAX_SAMPLES)

    # -- types and ranges ----------------------------------------------------------------------------------------

    def _is_sound(self, checked: CheckedCall, setting: Setting) -> bool:
        """Try every value that a setting takes; whether all of them suit it."""
        binding = checked.settings[setting.name]
        tried: set[str] = set()
        for scope in self.moments(binding):
            try:
                value = binding.resolve(scope)
            except (ExpressionError, ValueError) as error:
                self.problems.add(checked.position_of(setting.name), f"{checked.step.name}.{setting.name}: {error}")
                return False
            if repr(value) in tried:
                continue
            tried.add(repr(value))
            fault = setting_fault(checked.step, setting, value)
            if fault is not None:
                self._fault(checked, setting, self._about_class_number(checked, setting, scope) or fault, scope)
                return False
        return True

    def _about_class_number(self, checked: CheckedCall, setting: Setting, scope: Scope) -> str | None:
        """What is said of a number in the place of a class, which its type only calls no text."""
        if setting.kind is not Kind.CLASS_NAME:
            return None
        value = checked.settings[setting.name].resolve(scope)
        fault = class_number_fault(value, self._model_beside(checked, scope))
        return fault and f"{checked.step.name}.{setting.name}: {fault}"

    def _fault(self, checked: CheckedCall, setting: Setting, fault: str, scope: Scope) -> None:
        """Note what is wrong with a setting at one moment."""
        binding = checked.settings[setting.name]
        moment = f" (at frame {scope.frame})" if binding.moves else ""
        if binding.moves and _lies_between_whole_numbers(setting, binding.resolve(scope)):
            moment += ": write =round(...), or keys with 'ease: hold'"
        place, origin = self.origin(checked, setting.name, scope)
        self.problems.add(place, f"{fault}{origin}{moment}")

    # -- names ---------------------------------------------------------------------------------------------------

    def _look_up(self, checked: CheckedCall, setting: Setting) -> None:
        """A picture, model, layer, class or colormap exists under every name that the setting takes."""
        if setting.kind in (None, Kind.CHANNEL, Kind.COLOR):
            return
        tried: set[tuple[str, tuple[str, Path] | None]] = set()
        for variant in self.variants:
            scope = scope_of(self.recipe, variant, len(self.variants))
            value, model = checked.settings[setting.name].resolve(scope), self._model_beside(checked, scope)
            listed = [] if setting.kind is Kind.PALETTE else _names_in(value)  # of colours, which its type knows
            for name in [value] if isinstance(value, str) else listed:
                if (name, model) in tried:
                    continue
                tried.add((name, model))
                fault = self._name_fault(checked, setting, name, model)
                if fault is not None:
                    place, origin = self.origin(checked, setting.name, scope)
                    inside = _place_of(name, checked.call.settings.get(setting.name))
                    self.problems.add(inside or place, f"{checked.step.name}.{setting.name}: {fault}{origin}")

    def _name_fault(
        self, checked: CheckedCall, setting: Setting, name: str, model: tuple[str, Path] | None
    ) -> str | None:
        base = self._base(checked, setting.name)
        outside = self.trust.path_fault(name, base) if setting.kind in _PATHS else None
        return outside or (named_thing_fault(setting.kind, name, base, model) if setting.kind else None)

    def _look_up_channels(self, checked: CheckedCall, setting: Setting) -> None:
        """The layer beside it has every channel that the setting takes."""
        if setting.kind is not Kind.CHANNEL or setting.adapter is None:
            return
        tried: set[str] = set()
        for variant in self.variants:
            for frame in self._sample_frames() if checked.settings[setting.name].moves else (0,):
                scope = scope_of(self.recipe, variant, len(self.variants), frame)
                value = checked.settings[setting.name].resolve(scope)
                model, layers = self._model_beside(checked, scope), self._layers_beside(checked, scope)
                if repr((value, model, layers)) in tried:
                    continue
                tried.add(repr((value, model, layers)))
                chosen = setting.adapter.validate_python(rounded(setting, value))
                fault = channel_fault(chosen, layers, model)
                if fault is not None:
                    self._fault(checked, setting, f"{checked.step.name}.{setting.name}: {fault}", scope)
                    return

    def _layers_beside(self, checked: CheckedCall, scope: Scope) -> list[str] | None:
        """The layers that a call names, or its step where the call does not; None stands for every layer."""
        for name, setting in checked.step.settings.items():
            if setting.kind is Kind.LAYER:
                value = checked.settings[name].resolve(scope) if name in checked.settings else setting.default
                return None if value is None else [value] if isinstance(value, str) else _names_in(value)
        return None

    def _model_beside(self, checked: CheckedCall, scope: Scope) -> tuple[str, Path] | None:
        for name, setting in checked.step.settings.items():
            if setting.kind is Kind.MODEL and name in checked.settings:
                with suppress(ExpressionError, ValueError):  # told where it stands
                    named, base = str(checked.settings[name].resolve(scope)), self._base(checked, name)
                    return (named, base) if self.trust.path_fault(named, base) is None else None
        return None

    def _base(self, checked: CheckedCall, name: str) -> Path:
        return base_folder(self.recipe, self.overrides, checked.settings.get(name), checked.position_of(name))

    def origin(self, checked: CheckedCall, name: str, scope: Scope) -> tuple[Position, str]:
        """Where a setting's value really comes from: the step, the param behind it, its sweep, or the command line."""
        binding = checked.settings.get(name)
        if not isinstance(binding, FromParam):
            return checked.position_of(name), ""
        if binding.name in self.overrides.params:
            return checked.position_of(name), f" (set by --set {binding.name}=...)"
        axes = (axis for block in self.recipe.sweep for axis in block.axes if axis.name == binding.name)
        swept = next(filter(None, (axis.place_of(scope.params[binding.name]) for axis in axes)), None)
        return swept or self.recipe.params[binding.name].position, ""


def _read(variant: Variant, name: str) -> object:
    """What a binding reads under a name."""
    if name in VARIANT_NAMES:
        return {"i": variant.index, "seed": variant.seed}.get(name)
    return variant.params.get(name)


def _names_in(value: object) -> list[str]:
    """The names in a list, or the keys of a mapping."""
    return [name for name in value if isinstance(name, str)] if isinstance(value, list | dict) else []


def _lies_between_whole_numbers(setting: Setting, value: object) -> bool:
    """Whether a number is refused only because the setting takes whole ones."""
    if not (isinstance(value, float) and value % 1 and isfinite(value)):
        return False
    return is_accepted(setting, round(value)) and not is_accepted(setting, float(round(value)))


def _place_of(name: str, tree: Tree | None) -> Position | None:
    """Where one name of a written list or mapping stands."""
    if tree is None:
        return None
    listed = next((item.position for item in tree.items if item.value == name), None)
    return listed or tree.key_positions.get(name)
