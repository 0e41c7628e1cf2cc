"""The options that stand beside every verb."""

from __future__ import annotations

import sys

import pytest

from artforge.cli.main import main


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["render", "lost.yaml", "--debug"], True),
        (["--debug", "render", "lost.yaml"], True),
        (["render", "lost.yaml"], False),
    ],
)
def test_debug_shows_the_traceback_before_and_behind_the_verb(tmp_path, monkeypatch, capsys, words, shown):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["artforge", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert ("Traceback" in said) == shown
    assert "lost.yaml" in said


def test_debug_is_told_in_the_help(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["artforge", "--help"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert "--debug" in capsys.readouterr().out
