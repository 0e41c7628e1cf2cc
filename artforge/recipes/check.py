"""Checking before work: every fault of a recipe, found at once, before anything is loaded or computed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from artforge.core.pictures import pictures_in
from artforge.core.problems import Problems
from artforge.core.steps import Step, registered_steps
from artforge.core.values import Kind
from artforge.recipes.binding_grammar import sample_texts
from artforge.recipes.bindings import FromParam
from artforge.recipes.checked import CheckedCall, CheckedPipe, CheckedRecipe
from artforge.recipes.extending import read_text
from artforge.recipes.flow import Flow
from artforge.recipes.grammar import read_recipe
from artforge.recipes.loops import warn_of_open_loops
from artforge.recipes.names import named_thing_fault
from artforge.recipes.outputs_check import (
    check_grid,
    check_profile,
    check_texts,
    warn_of_gif_rates,
    warn_of_own_pages,
)
from artforge.recipes.overrides import Overrides, check_overrides
from artforge.recipes.recipe import NAMED_KINDS, NUMERIC_TYPES, PATH_KINDS, Recipe
from artforge.recipes.steps import load_steps
from artforge.recipes.templates import template_fault
from artforge.recipes.tried_rules import try_rules
from artforge.recipes.tried_values import ValueTrial
from artforge.recipes.trust import Trust
from artforge.recipes.unread import warn_of_unread_params
from artforge.recipes.user_steps import UserSteps, load_user_steps, packaged_steps
from artforge.recipes.variants import base_folder, scope_of, spread_variants
from artforge.recipes.wiring import Wiring


def check_recipe(
    text: str, source: str, overrides: Overrides | None = None, trust: Trust | None = None
) -> CheckedRecipe:
    """Check a recipe's text.

    Args:
        text: the YAML.
        source: the path it came from, as it was typed; relative pictures and models are found from its folder.
        overrides: what the command line sets; its values are checked like the recipe's own.
        trust: what it may do; anything, where nothing is said.

    Returns:
        The recipe, ready to be planned.

    Raises:
        RecipeError: carries every fault found.
        UsageError: an override that the recipe has no param or place for.
    """
    load_steps()
    overrides, trust = overrides or Overrides(), trust or Trust()
    problems = Problems(source, text)
    recipe = read_recipe(text, source, problems, places=overrides.places, trust=trust)
    if recipe is None:
        problems.raise_if_any()
        raise AssertionError("a recipe that cannot be read has at least one problem")
    if not problems.found:
        check_overrides(recipe, overrides)
    checked = _Checker(recipe, overrides, problems, trust).check()
    problems.raise_if_any()
    return checked


def check_file(path: Path, overrides: Overrides | None = None, trust: Trust | None = None) -> CheckedRecipe:
    """Check the recipe in `path`.

    Raises:
        RecipeError: carries every fault, or says that there is no such file or that it cannot be read.
        UsageError: an override that the recipe has no param or place for.
    """
    return check_recipe(read_text(path), str(path), overrides, trust)


@dataclass
class _Checker:
    recipe: Recipe
    overrides: Overrides
    problems: Problems
    trust: Trust
    steps: dict[str, Step] = field(default_factory=registered_steps)

    def check(self) -> CheckedRecipe:
        recipe = self.recipe
        user_steps = self._user_steps()
        wiring = Wiring(recipe, self.problems, self._known_steps(user_steps), user_steps)
        wired = {name: wiring.wire(pipe) for name, pipe in recipe.pipes.items()}
        flow = Flow(self.problems, recipe.timeline)
        kinds: dict[str, Kind | None] = {}
        pipes: dict[str, CheckedPipe] = {}
        for name in wiring.order():
            pipes[name] = flow.follow(recipe.pipes[name], *wired[name], kinds)
            kinds[name] = pipes[name].kind
        for output in recipe.outputs.values():
            if wiring.known_pipe(output.source.name, output.source.position):
                flow.show(output, kinds.get(output.source.name))
            check_grid(recipe, output, self.problems)
            check_texts(recipe, output, self.problems)
            check_profile(recipe, output, self.overrides, self.trust, self.problems)
            warn_of_gif_rates(recipe, output, self.problems)
            warn_of_own_pages(output, kinds.get(output.source.name), self.problems)
        self._texts()
        warn_of_unread_params(recipe, self.problems)
        if self._params():
            self._values([call for _, calls in wired.values() for call in calls])
        return CheckedRecipe(recipe, pipes, tuple(self.problems.warnings()))

    def _user_steps(self) -> UserSteps:
        if not self.recipe.ops:
            return UserSteps()
        paths = {}
        for named in self.recipe.ops:
            folder = base_folder(self.recipe, self.overrides, None, named.position)
            fault = self.trust.path_fault(named.name, folder)
            if fault is None and not self.trust.ops:
                fault = f"{named.name} is Python that a recipe from a picture wants to run: allow it by --trust-ops"
            if fault is None and not (folder / named.name).is_file():
                fault = f"there is no file {named.name!r} (looked in {folder})"
            if fault is None:
                paths[folder / named.name] = named.position
            else:
                self.problems.add(named.position, fault)
        user_steps, faults = load_user_steps(list(paths), self.steps)
        for path, fault in faults.items():
            self.problems.add(paths[path], fault)
        return user_steps

    def _known_steps(self, user_steps: UserSteps) -> dict[str, Step]:
        """The steps that come with artforge and the recipe's own; packages are asked only for one that is neither."""
        known = {**self.steps, **user_steps.steps}
        if all(call.step in known for pipe in self.recipe.pipes.values() for call in pipe.calls):
            return known
        return {**packaged_steps().steps, **known}

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

    def _params(self) -> bool:
        """Paths stay where they may lead; of what no step reads, the names are looked up here. Whether paths do."""
        read = {
            binding_name
            for pipe in self.recipe.pipes.values()
            for call in pipe.calls
            for binding_name in (str(tree.value)[1:] for tree in call.settings.values() if not tree.mapping)
        }
        inside = True
        for name, param in self.recipe.params.items():
            if not isinstance(param.default, str) or name in self.overrides.params or param.type not in NAMED_KINDS:
                continue
            folder = base_folder(self.recipe, self.overrides, FromParam(name))
            outside = self.trust.path_fault(param.default, folder) if param.type in PATH_KINDS else None
            inside = inside and outside is None
            fault = outside
            is_folder = param.type == "image" and bool(pictures_in(folder / param.default))  # of sources
            if fault is None and name not in read and "{" not in param.default and not is_folder:
                fault = named_thing_fault(NAMED_KINDS[param.type], param.default, folder, None)
            if fault is not None:
                self.problems.add(param.position, f"param {name!r}: {fault}")
        return inside

    def _values(self, calls: list[CheckedCall]) -> None:
        variants = spread_variants(self.recipe, self.overrides)
        trial = ValueTrial(self.recipe, self.overrides, variants, self.problems, self.trust)
        for checked in calls:
            try_rules(trial, checked, trial.try_call(checked))
            warn_of_open_loops(checked, scope_of(self.recipe, variants[0], len(variants)), self.problems)
