"""Chance that comes again: every random draw starts from a seed derived by name, never from a shared state."""

from __future__ import annotations

import hashlib

import numpy as np


def derive_seed(root: int, *names: str | int) -> int:
    """A 63-bit seed for one named use of `root`.

    Each (root, names) has a seed of its own, so adding a use never reshuffles another.
    """
    text = "\x1f".join([str(root), *map(str, names)])
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def draw_seed(rng: np.random.Generator) -> int:
    """A 63-bit seed by chance, for what derives its own seeds by name from it."""
    return int(rng.integers(2**63))


def generator(seed: int) -> np.random.Generator:
    """The one random generator of the project: PCG64, the same stream on every platform."""
    return np.random.Generator(np.random.PCG64(seed))
