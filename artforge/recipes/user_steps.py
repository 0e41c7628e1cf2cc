"""Steps of the artist's own: Python files that a recipe names by `ops:`, and installed packages.

A package offers steps by an entry point of the group `artforge.steps`, whose module registers them. One file or
package that fails to import takes nothing else down: it is told of, with its traceback, where a step is not known.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from artforge.core.steps import Step, collecting_steps

ENTRY_POINT_GROUP = "artforge.steps"


@dataclass
class UserSteps:
    """The steps of a recipe's own files.

    Attributes:
        steps: by name.
        broken: what is said of each file that could not be imported.
    """

    steps: dict[str, Step] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def failures(self) -> list[str]:
        """What is said of the files and packages that may have the step that is not known."""
        return [*self.broken, *(told for _, told in sorted(packaged_steps().broken.items()))]


@dataclass(frozen=True)
class PackagedSteps:
    """The steps of installed packages; `broken` tells of those that could not be imported, by entry point."""

    steps: dict[str, Step]
    broken: dict[str, str]


def steps_of_file(path: Path) -> dict[str, Step]:
    """Run a Python file and give the steps that it registers.

    Raises:
        Exception: whatever the file raises.
    """
    content = path.read_bytes()
    digest = sha256(content).hexdigest()
    # the name is the content's own, so that two files of one name, or one that was edited, are two modules
    name = f"artforge_ops_{path.stem}_{digest[:16]}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is no Python file")
    module = module_from_spec(spec)
    sys.modules[name] = module  # where type hints and dataclasses look for their module
    with collecting_steps() as collected:
        try:
            exec(compile(content, str(path), "exec"), module.__dict__)  # noqa: S102 - the artist's own file
        except BaseException:
            del sys.modules[name]
            raise
    return {name: replace(step, source=digest) for name, step in collected.items()}


def load_user_steps(paths: Sequence[Path], known: dict[str, Step]) -> tuple[UserSteps, dict[Path, str]]:
    """The steps of several files.

    Args:
        paths: Python files, the later ones having the last word.
        known: the steps that come with artforge, whose names are taken.

    Returns:
        (the steps, what is wrong with a file although it can be imported).
    """
    user = UserSteps()
    faults = {}
    for path in paths:
        try:
            steps = steps_of_file(path)
        except (Exception, SystemExit):  # noqa: BLE001 - a stranger's code may raise anything; it is told with its traceback
            user.broken.append(told_failure(f"{path.name} cannot be imported"))
            continue
        taken = sorted(steps.keys() & known.keys())
        if taken:
            faults[path] = f"{path.name}: the name {taken[0]!r} is taken by a step that comes with artforge"
        elif not steps:
            faults[path] = f"{path.name} registers no steps: put @step('name', version=1) before a function"
        user.steps |= {name: step for name, step in steps.items() if name not in taken}
    return user, faults


@cache
def packaged_steps() -> PackagedSteps:
    """The steps of every installed package that offers some."""
    steps: dict[str, Step] = {}
    broken = {}
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        try:
            with collecting_steps() as collected:
                entry.load()
        except (Exception, SystemExit):  # noqa: BLE001 - as above
            broken[entry.name] = told_failure(f"the package behind {entry.value!r} cannot be imported")
            continue
        steps |= collected
    return PackagedSteps(steps, broken)


def told_failure(what: str) -> str:
    """What could not be done, and the traceback of the error that is handled now, from the artist's own lines on."""
    error = sys.exc_info()[1]
    lines = traceback.format_exception(error) if error else []
    ours = (f'File "{Path(__file__).parents[1]}{os.sep}', "importlib")
    own = [line for line in lines if not any(place in line for place in ours)]
    return f"{what}:\n" + "".join(f"    {line}" for line in "".join(own).splitlines(keepends=True)).rstrip()
