"""What workers of a cluster are asked to do, and which of a recipe's work is worth asking for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from artforge.recipes.artifacts import Artifact, node_of
from artforge.recipes.nodes import Node, walk
from artforge.recipes.overrides import Overrides
from artforge.recipes.plan import Planner
from artforge.recipes.render import Renderer
from artforge.recipes.variants import Variant


@dataclass(frozen=True)
class RecipeOrder:
    """A recipe as a worker reads it again: from its file, in the folder of the person who renders.

    Attributes:
        token: another one each time: what is read for one render may have changed by the next.
        source: the recipe's path, as it was typed.
        overrides: what the command line sets.
        scale: 1, or less for a preview.
        metadata: whether the files say how they were made.
    """

    token: str
    source: str
    overrides: Overrides
    scale: float
    metadata: bool


@dataclass(frozen=True)
class Task:
    """One thing that a worker makes and puts into the shared store.

    Attributes:
        key: of the node or, for a whole file, of the file.
        artifact: the file that needs it; its variants stand for themselves by their numbers.
        places: which variants they are: from 0 of the sweep, from -1 down without it.
        frame: the frame of a film.
        needs: keys of shared nodes that are computed before.
        is_file: whether the file is made too; else only its pictures are, those of other machines put together here.
    """

    key: str
    artifact: Artifact
    places: tuple[int, ...]
    frame: int
    needs: tuple[str, ...] = ()
    is_file: bool = False

    def artifact_of(self, planner: Planner) -> Artifact:
        """The file, with the variants of this planner."""
        own = (planner.variants[place] if place >= 0 else planner.base_variants[-1 - place] for place in self.places)
        return replace(self.artifact, variants=tuple(own))


@dataclass
class Tasks:
    """The work of one recipe that is not in the store yet.

    Attributes:
        tasks: sources first.
        nodes: what is computed, by key.
        films: the tasks of each film's frames, by the key of any of them.
    """

    tasks: list[Task] = field(default_factory=list)
    nodes: dict[str, Node] = field(default_factory=dict)
    films: dict[str, tuple[str, ...]] = field(default_factory=dict)


def tasks_of(renderer: Renderer) -> Tasks:
    """A task for every still, every frame of a film and every picture of a sheet, and for what several of them share.

    What only one of them needs is computed with it. Stills are made whole; sheets and films are put together by
    whoever asked.
    """
    found = Tasks()
    tops: dict[str, tuple[Task, Node]] = {}
    for artifact in renderer.artifacts:
        if renderer.is_cached(artifact):
            continue
        own = {task.key: (task, node) for task, node in _tops(renderer, artifact)}
        if artifact.kind == "film":
            found.films |= dict.fromkeys(own, tuple(own))
        tops |= {key: each for key, each in own.items() if key not in tops}  # in the order of the files
    shared = _shared([node for _, node in tops.values()])
    tasks: dict[str, Task] = {}
    for top, node in tops.values():
        below = list(walk([node]))
        found.nodes |= {each.key: each for each in below}
        needs = tuple(each.key for each in below if each.key in shared and each.key != top.key)
        for place, key in enumerate(needs):
            tasks.setdefault(key, replace(top, key=key, needs=needs[:place], is_file=False))
        tasks.setdefault(top.key, replace(top, needs=needs))
    found.tasks += tasks.values()
    return found


def _tops(renderer: Renderer, artifact: Artifact) -> Iterator[tuple[Task, Node]]:
    planner = renderer.planner
    for variant in artifact.variants:
        for frame in artifact.frames:
            node = node_of(planner, artifact, variant, frame)
            planner.forget_frames()
            places = (_place_of(planner, variant),)
            one = replace(artifact, variants=(variant,), frames=(frame,))
            if artifact.kind == "still":
                yield Task(renderer.file_key(artifact), one, places, frame, is_file=True), node
            elif not renderer.runner.is_known(node):
                yield Task(node.key, one, places, frame), node


def _shared(tops: Sequence[Node]) -> set[str]:
    """Keys of the nodes from which the ways to several of `tops` part."""
    counts: Counter[str] = Counter()
    nodes: dict[str, Node] = {}
    for top in tops:
        for node in walk([top]):
            counts[node.key] += 1
            nodes[node.key] = node
    parting = {
        source.key
        for node in nodes.values()
        for source in node.inputs.values()
        if counts[source.key] > counts[node.key]
    }
    return parting | {top.key for top in tops if counts[top.key] > 1}


def _place_of(planner: Planner, variant: Variant) -> int:
    bases = planner.base_variants
    return next((-1 - place for place, base in enumerate(bases) if base is variant), variant.index)
