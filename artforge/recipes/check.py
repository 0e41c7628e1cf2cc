"""Checking before work: every fault of a recipe, found at once, before anything is loaded or computed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from artforge.core.errors import RecipeError, did_you_mean
from artforge.core.steps import Setting, Step, registered_steps
from artforge.core.values import Kind
from artforge.recipes.bindings import Binding, FromParam, Mapped, Scope, bind, sample_texts
from artforge.recipes.checked import CheckedCall, CheckedPipe, CheckedRecipe
from artforge.recipes.document import Tree
from artforge.recipes.expressions import ExpressionError
from artforge.recipes.grammar import read_recipe
from artforge.recipes.names import channel_fault, class_number_fault, named_thing_fault
from artforge.recipes.problems import Position, Problems
from artforge.recipes.recipe import NUMERIC_TYPES, Call, Output, Pipe, Recipe
from artforge.recipes.settings import rounded, setting_fault
from artforge.recipes.steps import load_steps
from artforge.recipes.templates import template_fault
from artforge.recipes.variants import Overrides, Variant, base_folder, check_overrides, expand_variants, scope_of

MAX_SAMPLES = 240
"""A moving setting is tried at no more frames than this, spread evenly over the timeline."""


def check_recipe(text: str, source: str, overrides: Overrides | None = None) -> CheckedRecipe:
    """Check a recipe's text.

    Args:
        text: the YAML.
        source: the path it came from, as it was typed; relative pictures and models are found from its folder.
        overrides: what the command line sets; its values are checked like the recipe's own.

    Returns:
        The recipe, ready to be planned.

    Raises:
        RecipeError: carries every fault found.
        UsageError: an override that the recipe has no param for.
    """
    load_steps()
    problems = Problems(source, text)
    recipe = read_recipe(text, source, problems)
    if recipe is None:
        problems.raise_if_any()
        raise AssertionError("a recipe that cannot be read has at least one problem")
    overrides = overrides or Overrides()
    if not problems.found:
        check_overrides(recipe, overrides)
    checked = _Checker(recipe, overrides, problems).check()
    problems.raise_if_any()
    return checked


@dataclass
class _Checker:
    recipe: Recipe
    overrides: Overrides
    problems: Problems
    steps: dict[str, Step] = field(default_factory=registered_steps)

    def check(self) -> CheckedRecipe:
        recipe = self.recipe
        wired = {name: self._wire(pipe) for name, pipe in recipe.pipes.items()}
        kinds: dict[str, Kind | None] = {}
        pipes = {}
        for name in self._order():
            start, calls = wired[name]
            kinds[name] = self._flow(recipe.pipes[name], start, calls, kinds)
            pipes[name] = CheckedPipe(name, start, calls, kinds[name])
        for output in recipe.outputs.values():
            self._output(output, kinds)
        self._texts()
        self._values([call for _, calls in wired.values() for call in calls])
        return CheckedRecipe(recipe, pipes)

    def _texts(self) -> None:
        """Title and description may read every param; a param's own text the numeric ones and the seed."""
        params = self.recipe.params
        for what, text in (("title", self.recipe.title), ("description", self.recipe.description)):
            fault = template_fault(text, sample_texts(params))
            if fault is not None:
                self.problems.add(self.recipe.text_positions[what], f"{what}: {fault}")
        numbers = {name: param.default for name, param in params.items() if param.type in NUMERIC_TYPES}
        for param in params.values():
            fault = template_fault(param.default, {**numbers, "seed": 0}) if isinstance(param.default, str) else None
            if fault is not None:
                self.problems.add(param.position, fault)

    # -- names and wiring ----------------------------------------------------------------------------------------

    def _wire(self, pipe: Pipe) -> tuple[str | None, tuple[CheckedCall, ...]]:
        start = pipe.start.name if pipe.start and self._known_pipe(pipe.start.name, pipe.start.position) else None
        calls: list[CheckedCall] = []
        for call in pipe.calls:
            step = self.steps.get(call.step)
            if step is None:
                hint = did_you_mean(call.step, list(self.steps))
                message = f"unknown step {call.step!r}{hint or ' (known: ' + ', '.join(sorted(self.steps)) + ')'}"
                self.problems.add(call.position, message)
                continue
            flows = bool(calls) or pipe.start is not None
            earlier = sum(other.step is step for other in calls)
            call_id = f"{pipe.name}.{call.step}" + (f"#{earlier + 1}" if earlier else "")
            calls.append(
                CheckedCall(call, step, call_id, self._inputs(call, step, flows=flows), self._settings(call, step))
            )
        return start, tuple(calls)

    def _inputs(self, call: Call, step: Step, *, flows: bool) -> dict[str, str | None]:
        wiring: dict[str, str | None] = {}
        for wanted in step.inputs:
            tree = call.settings.get(wanted.name)
            if tree is None:
                continue
            if not isinstance(tree.value, str) or not tree.value.startswith("$"):
                what = f"{step.name}.{wanted.name} is {wanted.kind.with_article} from another pipe"
                message = f"{what}: write a reference such as $art"
                self.problems.add(tree.position, message)
            elif self._known_pipe(tree.value[1:], tree.position):
                wiring[wanted.name] = tree.value[1:]
        open_inputs = [wanted for wanted in step.inputs if wanted.name not in call.settings]
        if flows and open_inputs:
            wiring[open_inputs.pop(0).name] = None
        elif flows:
            names = ", ".join(wanted.name for wanted in step.inputs) or "nothing"
            self.problems.add(
                call.position, f"{step.name} takes {names}: the value that flows down the pipe has no place left"
            )
        for missing in open_inputs:
            if not missing.optional:
                message = (
                    f"{step.name} needs its {missing.name} ({missing.kind.with_article}): write {missing.name}: $pipe"
                )
                self.problems.add(call.position, message)
        return wiring

    def _settings(self, call: Call, step: Step) -> dict[str, Binding]:
        inputs = {wanted.name for wanted in step.inputs}
        bound = {}
        for name, tree in call.settings.items():
            if name in inputs:
                continue
            if name not in step.settings:
                known = [*sorted(inputs), *step.settings]
                message = f"{step.name} has no {name!r}{did_you_mean(name, known)} (it takes: {', '.join(known)})"
                self.problems.add(call.key_positions[name], message)
                continue
            setting = step.settings[name]
            binding = bind(tree, self.recipe.params, self.recipe.timeline, self.problems, mapping=setting.mapping)
            if binding is None or not self._knows_keys(step, setting, tree):
                continue
            if binding.moves and not setting.numeric and not isinstance(binding, Mapped):
                self.problems.add(tree.position, f"{step.name}.{name} is no number: it cannot move along the timeline")
            bound[name] = binding
        for name, setting in step.settings.items():
            if setting.required and name not in call.settings:
                self.problems.add(call.position, f"{step.name} needs {name!r}")
        return bound

    def _knows_keys(self, step: Step, setting: Setting, tree: Tree) -> bool:
        """Whether a mapping has only keys that its setting has; any may stand where the setting fixes none."""
        unknown = [key for key in tree.mapping if setting.fields and key not in setting.fields]
        for key in unknown:
            hint = did_you_mean(key, setting.fields)
            message = f"{step.name}.{setting.name} has no {key!r}{hint} (it takes: {', '.join(setting.fields)})"
            self.problems.add(tree.key_positions[key], message)
        return not unknown

    def _known_pipe(self, name: str, place: Position) -> bool:
        if name in self.recipe.pipes:
            return True
        if name in self.recipe.params:
            self.problems.add(
                place, f"'${name}' is a param ({self.recipe.params[name].type}), not a pipe; load it in a pipe first"
            )
        else:
            self.problems.add(place, f"unknown reference '${name}'{did_you_mean(name, list(self.recipe.pipes))}")
        return False

    # -- flow ----------------------------------------------------------------------------------------------------

    def _order(self) -> list[str]:
        """The pipes, sources first; a cycle is a fault."""
        graph = {name: set(_sources(pipe)) & self.recipe.pipes.keys() for name, pipe in self.recipe.pipes.items()}
        try:
            return list(TopologicalSorter(graph).static_order())
        except CycleError as error:
            circle = list(error.args[1])
            first = self.recipe.pipes[circle[0]]
            self.problems.add(first.position, f"a circle: {' -> '.join(reversed(circle))}")
            return []

    def _flow(
        self, pipe: Pipe, start: str | None, calls: tuple[CheckedCall, ...], kinds: dict[str, Kind | None]
    ) -> Kind | None:
        flowing = kinds.get(start) if start else None
        for checked in calls:
            for wanted in checked.step.inputs:
                if wanted.name not in checked.wiring:
                    continue
                source = checked.wiring[wanted.name]
                received = flowing if source is None else kinds.get(source)
                if received is not None and received is not wanted.kind:
                    place = checked.position_of(wanted.name)
                    origin = f"${source} gives" if source else "the pipe brings"
                    way_out = _way_out(received, wanted.kind)
                    what = f"{checked.step.name}.{wanted.name} wants {wanted.kind.with_article}"
                    message = f"{what}, {origin} {received.with_article}{way_out}"
                    self.problems.add(place, message)
            flowing = checked.step.output
        if not pipe.calls and pipe.start is None and not self.problems.found:
            self.problems.add(pipe.position, f"pipe {pipe.name!r} does nothing")
        return flowing if len(calls) == len(pipe.calls) else None

    def _output(self, output: Output, kinds: dict[str, Kind | None]) -> None:
        if not self._known_pipe(output.source.name, output.source.position):
            return
        kind = kinds.get(output.source.name)
        if kind is not None and kind is not Kind.IMAGE:
            way_out = _way_out(kind, Kind.IMAGE)
            message = f"output {output.name!r} shows an image, ${output.source.name} gives {kind.with_article}{way_out}"
            self.problems.add(output.source.position, message)
        self._grid(output)

    def _grid(self, output: Output) -> None:
        """A sheet's axes are swept in every block, as a grid, and none is left over where two are named."""
        blocks = [{axis.name for axis in block.axes} for block in self.recipe.sweep]
        swept = set().union(*blocks)
        what = f"grid of output {output.name!r}"
        for name in output.grid.axes:
            if name not in swept:
                self.problems.add(output.position, f"{what}: {name!r} is not swept{did_you_mean(name, sorted(swept))}")
            elif any(name not in block for block in blocks):
                self.problems.add(
                    output.position, f"{what}: not every block of the sweep has {name!r}; use columns instead"
                )
        if len(output.grid.axes) == 2 and (len(swept) > 2 or any(block.mode == "zip" for block in self.recipe.sweep)):
            self.problems.add(
                output.position, f"{what}: x and y show a sweep of two axes in mode grid; use columns instead"
            )

    # -- values --------------------------------------------------------------------------------------------------

    def _values(self, calls: list[CheckedCall]) -> None:
        variants = expand_variants(self.recipe, self.overrides)
        for checked in calls:
            written = {name: checked.step.settings[name] for name in checked.settings}
            sound = [
                name for name, each in written.items() if self._setting(checked, each, checked.settings[name], variants)
            ]
            layers_are_sound = all(name in sound for name, each in written.items() if each.kind is Kind.LAYER)
            for name in sound:
                self._named_thing(checked, written[name], variants)
                if layers_are_sound:
                    self._channels(checked, written[name], variants)

    def _setting(self, checked: CheckedCall, setting: Setting, binding: Binding, variants: list[Variant]) -> bool:
        """Try every value that a setting takes; whether all of them suit it."""
        tried: set[str] = set()
        for scope in self._moments(binding, variants):
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
        moment = f" (at frame {scope.frame})" if checked.settings[setting.name].moves else ""
        place, origin = self._origin(checked, setting.name)
        self.problems.add(place, f"{fault}{origin}{moment}")

    def _moments(self, binding: Binding, variants: list[Variant]) -> Iterator[Scope]:
        """What a setting can read in every variant, at one frame or, where it moves, at many."""
        for variant in variants:
            for frame in self._sample_frames() if binding.moves else (0,):
                yield scope_of(self.recipe, variant, len(variants), frame)

    def _sample_frames(self) -> Iterator[int]:
        num_frames = self.recipe.timeline.num_frames if self.recipe.timeline else 1
        stride = max(1, num_frames // MAX_SAMPLES)
        yield from range(0, num_frames, stride)

    def _named_thing(self, checked: CheckedCall, setting: Setting, variants: list[Variant]) -> None:
        """A picture, model, layer, class or colormap exists under every name that the setting takes."""
        if setting.kind in (None, Kind.CHANNEL):
            return
        tried: set[tuple[str, tuple[str, Path] | None]] = set()
        for variant in variants:
            scope = scope_of(self.recipe, variant, len(variants))
            value, model = checked.settings[setting.name].resolve(scope), self._model_beside(checked, scope)
            for name in [value] if isinstance(value, str) else _names_in(value):
                if (name, model) in tried:
                    continue
                tried.add((name, model))
                fault = named_thing_fault(setting.kind, name, self._base(checked, setting.name), model)
                if fault is not None:
                    place, origin = self._origin(checked, setting.name)
                    inside = _place_of(name, checked.call.settings.get(setting.name))
                    self.problems.add(inside or place, f"{checked.step.name}.{setting.name}: {fault}{origin}")

    def _channels(self, checked: CheckedCall, setting: Setting, variants: list[Variant]) -> None:
        """The layer beside it has every channel that the setting takes."""
        if setting.kind is not Kind.CHANNEL or setting.adapter is None:
            return
        tried: set[str] = set()
        for scope in self._moments(checked.settings[setting.name], variants):
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
                    return str(checked.settings[name].resolve(scope)), self._base(checked, name)
        return None

    def _base(self, checked: CheckedCall, name: str) -> Path:
        return base_folder(self.recipe, self.overrides, checked.settings.get(name))

    def _origin(self, checked: CheckedCall, name: str) -> tuple[Position, str]:
        """Where a setting's value really comes from: the step, the param behind it, or the command line."""
        binding = checked.settings.get(name)
        if not isinstance(binding, FromParam):
            return checked.position_of(name), ""
        if binding.name in self.overrides.params:
            return checked.position_of(name), f" (set by --set {binding.name}=...)"
        return self.recipe.params[binding.name].position, ""


def _names_in(value: object) -> list[str]:
    """The names in a list, or the keys of a mapping."""
    return [name for name in value if isinstance(name, str)] if isinstance(value, list | dict) else []


def _place_of(name: str, tree: Tree | None) -> Position | None:
    """Where one name of a written list or mapping stands."""
    if tree is None:
        return None
    listed = next((item.position for item in tree.items if item.value == name), None)
    return listed or tree.key_positions.get(name)


def _sources(pipe: Pipe) -> Iterator[str]:
    """Every name that a pipe refers to."""
    if pipe.start is not None:
        yield pipe.start.name
    for call in pipe.calls:
        for tree in call.settings.values():
            if isinstance(tree.value, str) and tree.value.startswith("$"):
                yield tree.value[1:]


def _way_out(received: Kind, wanted: Kind) -> str:
    ways = {
        (Kind.HEATMAP, Kind.IMAGE): ": put '- normalize' and '- colorize' behind it",
        (Kind.FEATURE_MAPS, Kind.IMAGE): ": put '- channel_grid' behind it",
        (Kind.FEATURE_MAPS, Kind.HEATMAP): ": put '- add_channels' behind it",
    }
    return ways.get((received, wanted), "")


def check_file(path: Path, overrides: Overrides | None = None) -> CheckedRecipe:
    """Check the recipe in `path`.

    Raises:
        RecipeError: carries every fault, or says that there is no such file or that it cannot be read.
        UsageError: an override that the recipe has no param for.
    """
    if not path.is_file():
        raise RecipeError(f"{path}: error: no such recipe file")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}:1:1: error: not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise RecipeError(f"{path}:1:1: error: cannot be read ({error.strerror})") from error
    return check_recipe(text, str(path), overrides)
