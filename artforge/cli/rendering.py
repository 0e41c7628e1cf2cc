"""What `artforge render` was asked for, carried out for one recipe after the other, and told of."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from artforge.cli.console import event, note, report_error, result, tell_error, warn
from artforge.cli.progress import RenderProgress
from artforge.cli.terminal import console
from artforge.core.errors import ArtforgeError, RecipeError, UsageError
from artforge.recipes.cache import Cache
from artforge.recipes.check import check_file
from artforge.recipes.checked import CheckedRecipe
from artforge.recipes.overrides import Overrides
from artforge.recipes.plan import Planner
from artforge.recipes.render import Renderer, render_plan
from artforge.recipes.reporting import Rendered
from artforge.recipes.variants import MANY_VARIANTS, count_variants

ALL_FAILED, SOME_FAILED = 1, 3


@dataclass
class Session:
    """One call of `artforge render`.

    Attributes:
        out: the folder in which each recipe gets one of its own.
        overrides: what the command line sets.
        store: the cache on disk.
        scale: 1, or less for a preview.
        jobs: files and frames computed at once.
        metadata: whether the files say how they were made, inside and beside.
        keep_going: whether one failure leaves the others be.
        as_json: whether stdout is for a program.
        many: whether somebody has said that sweeps may be very large.
        prepared: called with each renderer before it begins.
        num_failed: files and recipes that could not be made.
        done: the files that were made.
        begun: when, on `time.perf_counter`.
    """

    out: Path
    overrides: Overrides
    store: Cache
    scale: float = 1.0
    jobs: int = 1
    metadata: bool = True
    keep_going: bool = False
    as_json: bool = False
    many: bool = False
    prepared: Callable[[Renderer], None] = lambda _: None
    num_failed: int = 0
    done: list[Rendered] = field(default_factory=list)
    begun: float = field(default_factory=time.perf_counter)

    def check(self, paths: list[Path]) -> list[CheckedRecipe]:
        """Every recipe is checked before the first one is rendered.

        Raises:
            RecipeError: faults, of some where nothing else is to go on, or of all.
        """
        checked, faults = [], []
        for path in paths:
            try:
                checked.append(check_file(path, self.overrides))
            except RecipeError as error:
                faults.append(str(error))
                tell_error(str(error), as_json=self.as_json, recipe=str(path))
        if faults and not (self.keep_going and checked):
            raise RecipeError("\n".join(faults))
        for fault in faults:
            report_error(fault)
        self.num_failed += len(faults)
        for each in checked:
            for warning in each.warnings:
                warn(warning)
        return checked

    def renderer(self, checked: CheckedRecipe) -> Renderer:
        """What makes a recipe's files."""
        planner = Planner(checked, self.overrides, self.scale)
        return Renderer(planner, self.out / checked.recipe.name, self.store, self.jobs, self.metadata)

    def show_plan(self, checked: CheckedRecipe) -> None:
        """Tell what would be made; of a very large sweep the numbers only."""
        count = count_variants(checked.recipe, self.overrides)
        if count <= MANY_VARIANTS:
            for planned in render_plan(self.renderer(checked)):
                self._show_planned(planned)
            return
        for output in checked.recipe.outputs.values():
            files = count * len(output.formats) if output.per == "variant" else len(output.formats)
            if self.as_json:
                event({"event": "plan", "output": output.name, "files": files, "variants": count})
            else:
                result(f"{output.name}: {files:,} files of {count:,} variants; a render asks for --yes")

    def refuse_many(self, checked: CheckedRecipe) -> None:
        """Raise where a sweep is so large that somebody must have meant it.

        Raises:
            UsageError: it is, and nobody has said so.
        """
        count = count_variants(checked.recipe, self.overrides)
        if count > MANY_VARIANTS and not self.many:
            raise UsageError(
                f"{checked.recipe.source}: {count:,} variants, more than {MANY_VARIANTS:,}. Look with --dry-run, "
                "sweep less (--set sweep.NAME.count=...), or say --yes"
            )

    def render(self, checked: CheckedRecipe, is_stopped: Callable[[], bool] = lambda: False) -> None:
        """Make one recipe's files.

        Raises:
            ArtforgeError: a file cannot be made, unless the others are to be.
            KeyboardInterrupt: Ctrl-C came; the person knows by now how to go on.
        """
        self.run(self.renderer(checked), is_stopped)

    def run(self, renderer: Renderer, is_stopped: Callable[[], bool]) -> None:
        """As `render`, with a renderer that exists."""
        self.prepared(renderer)
        name = renderer.planner.checked.recipe.name
        reporter = RenderProgress(name, renderer.artifacts, console, as_json=self.as_json, keep_going=self.keep_going)
        try:
            with reporter:
                renderer.render(reporter, keep_going=self.keep_going, is_stopped=is_stopped)
        except ArtforgeError as error:  # of no single file, or nothing else is to be made
            if not reporter.num_failed:
                reporter.num_failed = 1
                tell_error(str(error), as_json=self.as_json, recipe=name)
                if self.keep_going:
                    report_error(str(error))
            if not self.keep_going:
                raise
        finally:
            self.done += reporter.done
            self.num_failed += reporter.num_failed

    def tell_end(self, *, stopped: bool = False) -> None:
        """Say what was made in all."""
        for fault in self.store.faults:
            warn(fault)
        seconds = time.perf_counter() - self.begun
        num_cached = sum(done.cached for done in self.done)
        works = "1 work" if len(self.done) == 1 else f"{len(self.done)} works"
        if self.as_json:
            counts = {"files": len(self.done), "cached": num_cached, "failed": self.num_failed}
            event({"event": "finished", **counts, "stopped": stopped, "seconds": round(seconds, 3)})
        if stopped:
            note(f"stopped by Ctrl-C: {works} finished; the same command goes on from there")
            return
        failed = f", {self.num_failed} failed: mend what is said above, the same command makes the rest"
        if not self.as_json:
            note(f"{works} in {seconds:.1f} s ({num_cached} from the cache){failed if self.num_failed else ''}")

    @property
    def exit_code(self) -> int:
        """What the command ends with where nothing held it up."""
        return 0 if not self.num_failed else SOME_FAILED if self.done else ALL_FAILED

    def _show_planned(self, planned: dict[str, Any]) -> None:
        if self.as_json:
            event({"event": "plan", **planned})
            return
        work = "in the cache" if planned["cached"] else f"{planned['pictures']} pictures to draw"
        result(f"{planned['file']}  ({planned['kind']}, {work})")
