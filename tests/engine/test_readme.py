"""What the README shows of the engine runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from artforge.core.pictures import write_png

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_the_engine_of_the_readme_runs(tmp_path, monkeypatch, paint, capsys):
    section = README.split("## The engine alone")[1].split("\n## ")[0]
    blocks = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    assert len(blocks) == 2
    write_png(tmp_path / "painting.png", paint(3, 96, 128))
    (tmp_path / "painting.png").rename(tmp_path / "painting.jpg")  # what a file is, its first bytes say
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)  # noqa: S102 - our own README
    assert names["heat"].shape == (96, 128)
    assert set(names["by_class"]) == set(names["model"].class_names)
    assert "HonestyReport" in capsys.readouterr().out
    growing = README.split("## Pictures that grow")[1].split("```python\n")[1].split("```")[0]
    exec(compile(growing.replace("(256, 256)", "(64, 64)"), "README.md", "exec"), names)  # noqa: S102
    assert names["grown"][1].picture.shape == (64, 64, 3)
