"""What is told of a render while it goes on, and of each file that it has made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from artforge.core.errors import ArtforgeError
from artforge.recipes.artifacts import Artifact
from artforge.recipes.nodes import Node
from artforge.recipes.seam import Seam


class Reporter:
    """Who is told how the work goes on, from several threads; what is not of interest may stay as it is here."""

    def started(self, artifact: Artifact) -> None:
        """A file is begun; it takes `len(variants) * len(frames)` pictures."""

    def advanced(self, artifact: Artifact) -> None:
        """One more picture of it is drawn."""

    def computed(self, node: Node, seconds: float) -> None:
        """A node was computed; 0 seconds if it was found in the store."""

    def working(self, step: str, share: float, told: str) -> None:
        """A step that takes long is so far: the share in [0, 1], and how it stands."""

    def noticed(self, message: str) -> None:
        """What the person should know of a result."""

    def remarked(self, message: str) -> None:
        """What is good to know of a result and needs no mending."""

    def finished(self, artifact: Artifact, done: Rendered) -> None:
        """It stands in its place."""

    def failed(self, artifact: Artifact, error: ArtforgeError) -> None:
        """It cannot be made."""


@dataclass(frozen=True)
class Rendered:
    """A finished file.

    Attributes:
        path: where it stands.
        cached: whether it came whole from the store.
        seconds: how long it took.
        seam: how the film closes, if it is a loop.
    """

    path: Path
    cached: bool
    seconds: float
    seam: Seam | None = None
