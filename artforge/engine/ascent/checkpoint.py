"""A long ascent that was stopped goes on where it was: its state in one file, whole or not at all."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import OutputError
from artforge.core.files import atomic_path

State = dict[str, NDArray[np.generic]]

SAVE_EVERY = 30.0
"""Seconds between two savings."""
MOST_SHARE = 0.05
"""Of the time that saving may take: the state of a large print is written less often."""
_RUN = "run"


@dataclass(frozen=True)
class StateFile:
    """Where an ascent keeps its state on the way.

    Attributes:
        path: the file.
        spare: whether it can be done without: what is damaged or of another ascent is then passed over, and so is a
            disk that is full.
        stays: whether it is left when the ascent is done, for work that is made of several.
    """

    path: Path
    spare: bool = False
    stays: bool = False

    def part(self, number: int) -> StateFile:
        """That of one of several ascents, which stays until the work is done."""
        return replace(self, path=self.path.with_name(f"{self.path.name}.{number}"), stays=True)

    def remove(self) -> None:
        """The work is done."""
        with suppress(OSError):  # where it could not be written there is none
            self.path.unlink(missing_ok=True)


@dataclass
class Checkpoint:
    """A run's state on disk.

    Attributes:
        file: where it is kept.
        run: what the run is, as a digest: the state of another one is not taken up.
        every: seconds between two savings at least.
    """

    file: StateFile
    run: str
    every: float = SAVE_EVERY
    _saved_at: float = field(default_factory=time.monotonic)

    def load(self) -> State | None:
        """What was saved last, or None where nothing was.

        Raises:
            OutputError: the file is damaged, or of another run, and not spare.
        """
        try:
            return self._read()
        except FileNotFoundError:
            return None
        except OutputError:
            if self.file.spare:
                return None
            raise

    def _read(self) -> State:
        path = self.file.path
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
                state = {name: saved[name] for name in saved.files}
        except FileNotFoundError:
            raise
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise OutputError(f"{path}: not the state of an ascent, or damaged. Remove it to begin anew.") from error
        if str(state.pop(_RUN, "")) != self.run:
            raise OutputError(
                f"{path}: the state of another ascent (other settings, network or seed). Remove it to begin anew, "
                "or name another file."
            )
        return state

    def is_due(self) -> bool:
        """Whether it is time to save."""
        return time.monotonic() - self._saved_at >= self.every

    def save(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Save a state, whole or not at all.

        Raises:
            OutputError: the folder cannot be written to, and the file is not spare.
        """
        begun = time.monotonic()
        try:
            with atomic_path(self.file.path) as part, part.open("wb") as file:
                np.savez(file, **{**state, _RUN: np.asarray(self.run)})  # type: ignore[arg-type]
        except OutputError:
            if not self.file.spare:
                raise
        self._saved_at = time.monotonic()
        self.every = max(self.every, (self._saved_at - begun) / MOST_SHARE)

    def end(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """The run is done: its last state stays where it was to stay."""
        if self.file.stays:
            self.save(state)
        else:
            self.file.remove()
