"""Small rendered works, made for one test: a picture or film with its sidecar."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artforge.core.formats.gif import write_gif
from artforge.core.formats.video import write_mp4
from artforge.core.pictures import write_png
from artforge.core.provenance import Ingredient, NodeRecord, Provenance, write_sidecar
from artforge.core.values import Frames

FPS = 10.0

Render = Callable[..., Path]


def make_provenance(**changes: Any) -> Provenance:
    """A whole record; `changes` replace its fields."""
    recipe_text = changes.get("recipe_text", "artforge: 1\ntitle: Tide\n")
    fields: dict[str, Any] = {
        "artforge": "0.1.0",
        "title": "Tide",
        "description": "",
        "alt": "Bands of colour.",
        "kind": "still",
        "recipe_name": "tide",
        "recipe_text": recipe_text,
        "recipe_sha256": hashlib.sha256(recipe_text.encode()).hexdigest(),
        "output": "still",
        "params": {"intensity": 0.5},
        "variant": {},
        "seed": 7,
        "branch": [NodeRecord(id="art", step="load", version=1, settings={"path": "lisa.png"}, inputs={})],
        "ingredients": [Ingredient(role="picture", name="lisa.png", sha256="ab" * 32)],
        "packages": {"numpy": "2.1.0"},
        "width": 48,
        "height": 32,
    } | changes
    identity = repr((fields["recipe_name"], fields["output"], fields["variant"]))
    return Provenance(**({"key": hashlib.sha256(identity.encode()).hexdigest()} | fields))


@pytest.fixture
def record() -> Callable[..., Provenance]:
    return make_provenance


@pytest.fixture
def render() -> Render:
    return render_work


@pytest.fixture(scope="session")
def render_for_session() -> Render:
    return render_work


def render_work(path: Path, *, size: tuple[int, int] = (32, 48), shade: float = 0.5, **changes: Any) -> Path:
    """Write a work of `size` (height, width) and its sidecar; the ending of `path` decides what it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".png":
        write_png(path, _bands(size, shade))
        film = {}
    else:
        frames = Frames(6, FPS, lambda index: _bands(size, (index + 1) / 8))
        (write_mp4 if path.suffix == ".mp4" else write_gif)(path, frames)
        film = {"kind": "film", "num_frames": 6, "fps": FPS, "output": "loop"}
    write_sidecar(path, make_provenance(**({"height": size[0], "width": size[1]} | film | changes)))
    return path


def _bands(size: tuple[int, int], shade: float) -> np.ndarray:
    height, width = size
    image = np.empty((height, width, 3), np.float32)
    image[..., 0] = np.linspace(0, 1, width)
    image[..., 1] = np.linspace(1, 0, height)[:, None]
    image[..., 2] = shade
    return image
