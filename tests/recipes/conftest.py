"""A folder to write recipes into: two pictures, and a model whose card can be read without opening it."""

from __future__ import annotations

import textwrap

import pytest

from artforge.core.pictures import write_png
from artforge.engine.models.card import LayerInfo, ModelCard, write_card

HEADER = """\
artforge: 1
title: "Tide"
params:
  image: {type: image, default: one.png}
  intensity: {type: float, min: 0, max: 2, default: 0.5}
"""


@pytest.fixture
def studio(tmp_path, paint):
    """A folder with `one.png`, `two.png` and a card-only model `net/` (classes human, machine; layers conv1, conv2)."""
    write_png(tmp_path / "one.png", paint(1))
    write_png(tmp_path / "two.png", paint(2))
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "model.keras").write_bytes(b"never opened")
    card = ModelCard(
        name="net",
        class_names=("human", "machine"),
        input_size=(32, 32),
        layers=(
            LayerInfo(name="conv1", channels=4, kind="convolution"),
            LayerInfo(name="conv2", channels=8, kind="convolution"),
        ),
    )
    write_card(tmp_path / "net" / "model.keras", card)
    return tmp_path


@pytest.fixture
def write_recipe(studio):
    """`write_recipe(body)` writes a recipe under the usual header and gives its path."""

    def write(body: str, name: str = "tide.yaml", header: str = HEADER):
        path = studio / name
        path.write_text(header + textwrap.dedent(body), encoding="utf-8")
        return path

    return write
