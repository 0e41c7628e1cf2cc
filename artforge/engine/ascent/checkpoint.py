"""A long ascent that was stopped goes on where it was: its state in one file, whole or not at all."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import OutputError
from artforge.core.files import atomic_path

State = dict[str, NDArray[np.generic]]

SAVE_EVERY = 30.0
"""Seconds between two savings."""
_RUN = "run"


@dataclass
class Checkpoint:
    """Where a run keeps its state.

    Attributes:
        path: the file; removed when the run is done.
        run: what the run is, as a digest: the state of another one is not taken up.
        every: seconds between two savings at least.
    """

    path: Path
    run: str
    every: float = SAVE_EVERY
    _saved_at: float = field(default_factory=time.monotonic)

    def load(self) -> State | None:
        """What was saved last, or None where nothing was.

        Raises:
            OutputError: the file is damaged, or of another run.
        """
        if not self.path.exists():
            return None
        try:
            with np.load(io.BytesIO(self.path.read_bytes()), allow_pickle=False) as saved:
                state = {name: saved[name] for name in saved.files}
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise OutputError(f"{self.path}: not the state of an ascent ({error}). Remove it to begin anew.") from error
        if str(state.pop(_RUN, "")) != self.run:
            raise OutputError(
                f"{self.path}: the state of another ascent (other settings, network or seed). Remove it to begin anew, "
                "or name another file."
            )
        return state

    def is_due(self) -> bool:
        """Whether it is time to save."""
        return time.monotonic() - self._saved_at >= self.every

    def save(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Save a state, whole or not at all.

        Raises:
            OutputError: the folder cannot be written to.
        """
        with atomic_path(self.path) as part, part.open("wb") as file:
            np.savez(file, **{**state, _RUN: np.asarray(self.run)})  # type: ignore[arg-type]
        self._saved_at = time.monotonic()

    def remove(self) -> None:
        """The run is done."""
        self.path.unlink(missing_ok=True)
