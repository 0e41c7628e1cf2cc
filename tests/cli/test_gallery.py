import json
import os
import signal
import subprocess
import sys
import urllib.request

import numpy as np
import pytest

from artforge.cli.main import main
from artforge.core.pictures import write_png
from artforge.core.provenance import Provenance, write_sidecar


@pytest.fixture
def out(tmp_path, monkeypatch):
    """One rendered work in ./out."""
    monkeypatch.chdir(tmp_path)
    write_png(tmp_path / "out" / "work.png", np.full((8, 12, 3), 0.25, np.float32))
    record = {
        "artforge": "0.1.0", "title": "Tide", "alt": "Grey.", "kind": "still", "recipe_name": "tide",
        "recipe_text": "a: 1", "recipe_sha256": "0", "output": "still", "params": {}, "variant": {}, "seed": 1,
        "branch": [], "ingredients": [], "packages": {}, "width": 12, "height": 8, "key": "0",
    }  # fmt: skip
    write_sidecar(tmp_path / "out" / "work.png", Provenance(**record))
    return tmp_path / "out"


def run(monkeypatch, *arguments):
    """The exit code of `artforge ARGUMENTS`."""
    monkeypatch.setattr(sys, "argv", ["artforge", *arguments])
    with pytest.raises(SystemExit) as exit_info:
        main()
    return exit_info.value.code or 0


@pytest.mark.parametrize("verb", [[], ["build"]])
def test_a_gallery_is_built_with_and_without_the_verb(monkeypatch, tmp_path, out, capsys, verb):
    assert run(monkeypatch, "gallery", *verb, "--from", "out", "--to", "site", "--title", "Prints") == 0
    captured = capsys.readouterr()
    assert captured.out == "site/index.html\n"
    assert "1 work from 1 recipe" in captured.err
    assert '<h1 dir="auto">Prints</h1>' in (tmp_path / "site" / "index.html").read_text()


def test_without_options_it_goes_from_out_to_gallery(monkeypatch, tmp_path, out):
    assert run(monkeypatch, "gallery") == 0
    assert (tmp_path / "gallery" / "index.html").is_file()


def test_what_is_left_out_is_named_on_stderr(monkeypatch, out, capsys):
    (out / "lone.png").write_bytes(b"")
    assert run(monkeypatch, "gallery") == 0
    assert "warning: skipped 'lone.png'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["build", "--from", "nowhere"], "there is no such folder"),
        (["--to", "."], "would replace its own sources"),
        (["--to", "out"], "would replace its own sources"),
        (["--from", "out", "serve"], "options go behind the verb"),
        (["serve", "--dir", "out"], "no gallery here"),
    ],
)
def test_a_mistake_is_one_message_and_code_2(monkeypatch, out, capsys, arguments, expected):
    assert run(monkeypatch, "gallery", *arguments) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert "Traceback" not in error


def test_a_served_gallery_says_its_address_and_ends_quietly(monkeypatch, tmp_path, out):
    assert run(monkeypatch, "gallery") == 0
    command = [sys.executable, "-m", "artforge", "gallery", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as server:
        url = server.stdout.readline().strip()
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own loopback address
            page = answer.read().decode()
        server.send_signal(signal.SIGINT)
        _, said = server.communicate(timeout=10)
    assert "Tide" in page
    assert server.returncode == 0
    assert "Traceback" not in said


def test_the_gallery_never_loads_tensorflow(tmp_path, out):
    code = (
        "import json, sys; sys.argv = ['artforge', 'gallery']\n"
        "from artforge.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "import artforge.gallery.server\n"
        "heavy = {'tensorflow', 'keras', 'artforge.engine', 'artforge.ops', 'artforge.recipes'}\n"
        "print(json.dumps(sorted(heavy & set(sys.modules))))"
    )
    environment = os.environ | {"NO_COLOR": "1"}
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert json.loads(answer.stdout.splitlines()[-1]) == []
