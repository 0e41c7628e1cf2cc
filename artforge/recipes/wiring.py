"""Wiring: each call's step found, its inputs connected, its settings bound; every unknown name is a fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from artforge.core.errors import did_you_mean
from artforge.core.problems import Position, Problems
from artforge.core.steps import Input, Setting, Step
from artforge.core.values import ITEM_OF
from artforge.core.yaml_tree import Tree
from artforge.recipes.binding_grammar import bind
from artforge.recipes.bindings import Binding, Mapped
from artforge.recipes.checked import CheckedCall, Source
from artforge.recipes.recipe import Call, Pipe, Recipe
from artforge.recipes.user_steps import UserSteps


@dataclass(frozen=True)
class Wiring:
    """Connects the calls of a recipe."""

    recipe: Recipe
    problems: Problems
    steps: Mapping[str, Step]
    user_steps: UserSteps

    def wire(self, pipe: Pipe) -> tuple[str | None, tuple[CheckedCall, ...]]:
        """The pipe whose value flows in first, if any, and the calls whose steps are known."""
        start = pipe.start.name if pipe.start and self.known_pipe(pipe.start.name, pipe.start.position) else None
        calls: list[CheckedCall] = []
        for call in pipe.calls:
            step = self.steps.get(call.step)
            if step is None:
                self.problems.add(call.position, self._unknown_step(call.step))
                self._foreign_references(call)
                continue
            flows = bool(calls) or pipe.start is not None or call is not pipe.calls[0]
            earlier = sum(other.step is step for other in calls)
            call_id = f"{pipe.name}.{call.step}" + (f"#{earlier + 1}" if earlier else "")
            wiring, settings = self._inputs(call, step, flows=flows), self._settings(call, step)
            calls.append(CheckedCall(call, step, call_id, wiring, settings))
        return start, tuple(calls)

    def order(self) -> list[str]:
        """The pipes, sources first; a circle is a fault."""
        graph = {name: set(_sources(pipe)) & self.recipe.pipes.keys() for name, pipe in self.recipe.pipes.items()}
        try:
            return list(TopologicalSorter(graph).static_order())
        except CycleError as error:
            circle = list(error.args[1])
            first = self.recipe.pipes[circle[0]]
            self.problems.add(first.position, f"a circle: {' -> '.join(reversed(circle))}")
            return []

    def known_pipe(self, name: str, place: Position) -> bool:
        """Whether there is such a pipe; a fault where not."""
        if name in self.recipe.pipes:
            return True
        if name in self.recipe.params:
            kind = self.recipe.params[name].type
            self.problems.add(place, f"'${name}' is a param ({kind}), not a pipe; load it in a pipe first")
        else:
            self.problems.add(place, f"unknown reference '${name}'{did_you_mean(name, list(self.recipe.pipes))}")
        return False

    def _unknown_step(self, name: str) -> str:
        hint = did_you_mean(name, list(self.steps))
        message = f"unknown step {name!r}{hint or ' (artforge steps lists them all)'}"
        return message + "".join(f"\n  {each}" for each in self.user_steps.failures())

    def _foreign_references(self, call: Call) -> None:
        """Of a step that is not known, what begins with `$` must still be a pipe or a param."""
        known = [*self.recipe.pipes, *self.recipe.params]
        for tree in call.settings.values():
            if isinstance(tree.value, str) and tree.value.startswith("$") and tree.value[1:] not in known:
                hint = did_you_mean(tree.value[1:], known)
                self.problems.add(tree.position, f"unknown reference {tree.value!r}{hint}")

    def _inputs(self, call: Call, step: Step, *, flows: bool) -> dict[str, Source]:
        wiring: dict[str, Source] = {}
        for wanted in step.inputs:
            tree = call.settings.get(wanted.name)
            if tree is None:
                continue
            if tree.items and wanted.given in ITEM_OF:
                sound = [each for each in tree.items if self._is_reference(each, step, wanted)]
                if len(sound) == len(tree.items):
                    wiring[wanted.name] = tuple(str(each.value)[1:] for each in sound)
            elif self._is_reference(tree, step, wanted):
                wiring[wanted.name] = str(tree.value)[1:]
        open_inputs = [wanted for wanted in step.inputs if wanted.name not in call.settings]
        if flows and open_inputs:
            wiring[open_inputs.pop(0).name] = None
        elif flows:
            names = ", ".join(wanted.name for wanted in step.inputs) or "nothing"
            message = f"{step.name} takes {names}: the value that flows down the pipe has no place left"
            self.problems.add(call.position, message)
        for missing in open_inputs:
            if not missing.optional:
                what = f"{missing.name} ({missing.given.with_article})"
                self.problems.add(call.position, f"{step.name} needs its {what}: write {missing.name}: $pipe")
        return wiring

    def _is_reference(self, tree: Tree, step: Step, wanted: Input) -> bool:
        if isinstance(tree.value, str) and tree.value.startswith("$"):
            return self.known_pipe(tree.value[1:], tree.position)
        what = f"{step.name}.{wanted.name} is {wanted.given.with_article} from another pipe"
        several = ", or a list of them" if wanted.given in ITEM_OF else ""
        self.problems.add(tree.position, f"{what}: write a reference such as $art{several}")
        return False

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
                continue
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


def _sources(pipe: Pipe) -> Iterator[str]:
    """Every name that a pipe refers to."""
    if pipe.start is not None:
        yield pipe.start.name
    for call in pipe.calls:
        for tree in call.settings.values():
            for each in tree.items or [tree]:
                if isinstance(each.value, str) and each.value.startswith("$"):
                    yield each.value[1:]
