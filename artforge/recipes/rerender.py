"""A work made again from the record that it carries: the same pixels, or what differs by name."""

from __future__ import annotations

import filecmp
import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from artforge import __version__
from artforge.core.errors import PictureError, RecipeError, UsageError
from artforge.core.provenance import Provenance, read_provenance
from artforge.core.steps import registered_steps
from artforge.recipes.artifacts import Artifact
from artforge.recipes.cache import Cache
from artforge.recipes.check import check_recipe
from artforge.recipes.checked import CheckedRecipe
from artforge.recipes.comparison import compare_shown
from artforge.recipes.embedded_recipe import read_embedded, to_text
from artforge.recipes.ingredients import Found, find_ingredients
from artforge.recipes.names import named_thing_fault
from artforge.recipes.overrides import Overrides
from artforge.recipes.plan import PREVIEW_SCALE, Planner
from artforge.recipes.provenance import package_versions
from artforge.recipes.recipe import PATH_KINDS
from artforge.recipes.records import portable_params
from artforge.recipes.render import Renderer
from artforge.recipes.reporting import Reporter
from artforge.recipes.shown import Shown
from artforge.recipes.staging import Stage
from artforge.recipes.steps import load_steps
from artforge.recipes.trust import Trust
from artforge.recipes.variants import MANY_VARIANTS, count_variants


@dataclass(frozen=True)
class Again:
    """A work that was made again.

    Attributes:
        path: where it stands.
        identical: whether the file has the same bytes as the one it was made from.
        shown: how far it shows the same; None where the bytes are the same, or the old file cannot be read.
        differences: what is not as it was, in sentences; all that could change the pixels.
    """

    path: Path
    identical: bool
    shown: Shown | None
    differences: tuple[str, ...]

    @property
    def same_pixels(self) -> bool | None:
        """Whether it shows the same: pixels, lines or pages; None where the old file cannot be read."""
        if self.identical:
            return True
        return None if self.shown is None else self.shown.same


@dataclass(frozen=True)
class Request:
    """What is to be made again, and how.

    Attributes:
        file: the work.
        out: the folder for the new one.
        overrides: what is set otherwise.
        places: folders in which ingredients are looked for.
        trust_ops: whether Python files that the recipe names may be run.
    """

    file: Path
    out: Path
    overrides: Overrides
    places: Sequence[Path] = ()
    trust_ops: bool = False


def rerender(request: Request, store: Cache, noticed: Callable[[str], None]) -> Again:
    """Make a work again.

    The recipe in it is a stranger's: it reads only what is laid out for it, and runs no Python unless trusted.

    Args:
        request: what, and how.
        store: the cache on disk.
        noticed: told what the person should know of the result.

    Raises:
        PictureError: the file carries no record, or one of its ingredients is not found.
        RecipeError: the recipe in it is not one that can be rendered here.
        UsageError: the new file would take the place of the old one.
    """
    load_steps()
    provenance = read_provenance(request.file)
    data = read_embedded(provenance)
    given = _given_paths(data, request.overrides)
    found, missing = find_ingredients(provenance.ingredients, request.file.parent, request.places)
    missing = [one for one in missing if one.name not in {provenance.params.get(name) for name in given}]
    if missing:
        names = ", ".join(f"{one.name} ({one.role}, sha256 {one.sha256[:12]})" for one in missing)
        raise PictureError(f"{request.file}: not found: {names}. Name the folder that has it with --ingredients")
    overrides = _overrides(data, provenance, request.overrides, set(given))
    with TemporaryDirectory(prefix="artforge-") as folder:
        stage = Stage(Path(folder).resolve() / file_stem(provenance), found, given)
        checked = _checked(data, provenance, stage, overrides, request)
        planner = Planner(checked, overrides, PREVIEW_SCALE if provenance.preview else 1.0)
        renderer = Renderer(planner, request.out, store)
        artifact = next((one for one in renderer.artifacts if _is_it(one, provenance, planner)), None)
        if artifact is None:
            raise PictureError(f"{request.file}: the recipe inside makes no such work as its record tells of")
        target = request.out / artifact.file_name
        if target.exists() and target.samefile(request.file):
            raise UsageError(f"{target} is the work itself, which stays as it is; choose another folder with --out")
        renderer.artifacts = [artifact]
        (done,) = renderer.render(_OnlyNotices(noticed))
    if filecmp.cmp(request.file, done.path, shallow=False):
        return Again(done.path, identical=True, shown=None, differences=())
    told = tuple(differences(provenance, found))
    try:
        shown = compare_shown(request.file, done.path)
    except PictureError as error:  # a file that is damaged behind its record can be made anew
        return Again(done.path, identical=False, shown=None, differences=(str(error), *told))
    return Again(done.path, identical=False, shown=shown, differences=told or (_unrecorded(),))


class _OnlyNotices(Reporter):
    """For a single file: it passes on what the person should know, and no progress."""

    def __init__(self, told: Callable[[str], None]) -> None:
        self._told = told

    def noticed(self, message: str) -> None:
        """What the person should know of a result."""
        self._told(message)


def file_stem(provenance: Provenance) -> str:
    """The recipe's name as the name of a folder and a file, whatever stands in the record."""
    name = "".join(letter if letter.isalnum() or letter in "-_. " else "_" for letter in provenance.recipe_name)
    return name.strip(". ")[:80] or "recipe"


def differences(provenance: Provenance, found: Sequence[Found]) -> Iterator[str]:
    """What is here not as it was there: versions, steps, ingredients."""
    if provenance.artforge != __version__:
        yield f"artforge is {__version__} here, was {provenance.artforge}"
    here = package_versions()
    for name in sorted({*here, *provenance.packages}):
        now, then = here.get(name, "not installed"), provenance.packages.get(name, "not used")
        if now != then:
            yield f"{name} is {now} here, was {then}"
    steps = registered_steps()
    for record in provenance.branch:
        step = steps.get(record.step)
        if step is not None and step.version != record.version:
            yield f"step {record.step} is version {step.version} here, was {record.version}"
    for one in found:
        if not one.exact:
            was = one.ingredient
            yield f"{was.role} {was.name} has another content (was sha256 {was.sha256[:12]})"


def _unrecorded() -> str:
    """What is left where all that is recorded is the same: an edit, or a processor that rounds otherwise."""
    here = f"{platform.machine()}, {platform.system()}"
    return f"nothing that the record tells of: the file was edited since, or made on another machine (here {here})"


def _checked(
    data: dict[str, Any], provenance: Provenance, stage: Stage, overrides: Overrides, request: Request
) -> CheckedRecipe:
    data, home = stage.set_up(data, provenance)
    if request.trust_ops:
        _lay_out_ops(data, home, request)
    source = home / f"{file_stem(provenance)}.yaml"
    trust = Trust.of_stranger(stage.project, ops=request.trust_ops)
    try:
        checked = check_recipe(to_text(data), str(source), overrides, trust)
    except (RecipeError, UsageError) as error:
        told = str(error).replace(str(source), f"{request.file.name}: {source.name}").replace(str(home), "the project")
        raise type(error)(told) from error
    count = count_variants(checked.recipe, overrides)
    if count > MANY_VARIANTS:
        raise UsageError(f"{request.file}: {count:,} variants, and at most {MANY_VARIANTS:,} are looked through")
    text = checked.recipe.text if overrides.places else provenance.recipe_text
    return replace(checked, recipe=replace(checked.recipe, text=text, name=provenance.recipe_name))


def _lay_out_ops(data: dict[str, Any], home: Path, request: Request) -> None:
    """Put trusted Python files where the recipe names them."""
    named = data.get("ops")
    for name in named if isinstance(named, list) else [named]:
        for place in (request.file.parent, *request.places):
            if not isinstance(name, str) or not (place / Path(name).name).is_file():
                continue
            target = (home / name).resolve()
            if target.is_relative_to(home) and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes((place / Path(name).name).read_bytes())


def _given_paths(data: dict[str, Any], overrides: Overrides) -> dict[str, str]:
    """The params that the person sets to other pictures or models, with what they are set to."""
    given = {}
    for name, value in overrides.params.items():
        param = _params(data).get(name)
        kind = PATH_KINDS.get(str(param.get("type"))) if isinstance(param, dict) else None
        if kind is None:
            continue
        fault = named_thing_fault(kind, str(value), Path(), None)
        if fault is not None:
            raise UsageError(f"--set {name}={value}: {fault}")
        given[name] = str(value)
    return given


def _overrides(data: dict[str, Any], provenance: Provenance, set_now: Overrides, given: set[str]) -> Overrides:
    """What was set when the work was made, and what is set now; paths are put into the recipe itself."""
    swept = {*provenance.variant, *(name for each in provenance.sweep for name in each)}
    params: dict[str, Any] = {}
    for name, param in _params(data).items():
        if not isinstance(param, dict) or str(param.get("type")) in PATH_KINDS or name in swept:
            continue
        default = param.get("default")
        if provenance.params.get(name, default) != default:
            params[name] = provenance.params[name]
    params |= {name: value for name, value in set_now.params.items() if name not in given}
    seed = set_now.seed
    if seed is None and "seed" not in swept and provenance.seed != data.get("seed", 0):
        seed = provenance.seed
    return Overrides(params, seed, set_now.places)


def _params(data: dict[str, Any]) -> dict[str, Any]:
    params = data.get("params")
    return params if isinstance(params, dict) else {}


def _is_it(artifact: Artifact, provenance: Provenance, planner: Planner) -> bool:
    """Whether a file of the recipe is the one that the record tells of; what is set is no mark of it."""
    if (artifact.output.name, artifact.kind) != (provenance.output, provenance.kind):
        return False
    if artifact.format != (provenance.format or artifact.format):
        return False
    told = portable_params(planner.checked.recipe, artifact.variant.distinct)
    fixed = {*planner.overrides.params, *(["seed"] if planner.overrides.seed is not None else [])}
    recorded = {name: value for name, value in provenance.variant.items() if name not in fixed and name in told}
    return artifact.kind == "sheet" or all(told[name] == value for name, value in recorded.items())
