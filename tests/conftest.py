"""Shared by all tests: a cache of their own, and small things to work on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as of jobs in the background of a script
    signal.signal(signal.SIGINT, signal.default_int_handler)  # commands started by tests are to heed Ctrl-C


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test reads or fills the cache of the person who runs it; commands started by tests inherit this one."""
    folder = tmp_path_factory.mktemp("cache")
    before = os.environ.get("ARTFORGE_CACHE")
    os.environ["ARTFORGE_CACHE"] = str(folder)
    yield folder
    if before is None:
        del os.environ["ARTFORGE_CACHE"]
    else:
        os.environ["ARTFORGE_CACHE"] = before


def painted(seed: int, height: int = 48, width: int = 64) -> np.ndarray:
    """An Image with soft colour and an edge, another one for each seed: float32 (height, width, 3) in [0, 1]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = [np.sin(x / rng.uniform(4, 20) + y / rng.uniform(4, 20) + rng.uniform(0, 6)) for _ in range(3)]
    image = np.stack(waves, axis=-1) * 0.4 + 0.5
    image[: height // 3, : width // 4] = rng.uniform(0, 1, 3)
    return np.clip(image, 0, 1).astype(np.float32)


@pytest.fixture
def paint():
    """`paint(seed, height, width)` draws an Image."""
    return painted
