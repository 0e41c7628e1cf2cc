import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
import zipfile
from contextlib import contextmanager

import numpy as np
import pytest

from artforge.cli.main import main
from artforge.core.pictures import read_picture, write_png
from artforge.core.provenance import Provenance, write_sidecar

RECIPE = """\
artforge: 1
title: Mix
params:
  picture: {type: image, default: one.png}
  opacity: {type: float, min: 0, max: 1, default: 1}
steps:
  art:
    - load: {path: $picture}
  mixed:
    - load: {path: two.png}
    - blend: {base: $art, opacity: $opacity}
sweep:
  opacity: [0, 0.25, 0.75]
outputs:
  still: {from: $mixed}
"""


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
        (["serve", "--from", "nowhere"], "there is no such folder"),
        (["zip", "--dir", "out"], "no gallery here"),
    ],
)
def test_a_mistake_is_one_message_and_code_2(monkeypatch, out, capsys, arguments, expected):
    assert run(monkeypatch, "gallery", *arguments) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert "Traceback" not in error


@contextmanager
def serving(folder, *arguments):
    """`artforge gallery serve` in a process of its own, ended by Ctrl-C: its address."""
    command = [sys.executable, "-m", "artforge", "gallery", "serve", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder) as server:
        yield server.stdout.readline().strip()
        server.send_signal(signal.SIGINT)
        _, said = server.communicate(timeout=30)
    assert server.returncode == 0
    assert "Traceback" not in said


def read(url, **headers):
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - our own loopback address
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return answer.read().decode()


def test_a_served_gallery_is_built_from_the_works_and_says_its_address(tmp_path, out):
    with serving(tmp_path) as url:
        assert url.startswith("http://127.0.0.1:")
        assert "Tide" in read(url)
    assert (tmp_path / "gallery" / "index.html").is_file()


def test_a_gallery_without_its_works_is_served_as_it_is(monkeypatch, tmp_path, out):
    assert run(monkeypatch, "gallery", "--to", "site") == 0
    (tmp_path / "out").rename(tmp_path / "elsewhere")
    with serving(tmp_path, "--dir", "site") as url:
        assert "artforge-token" not in read(url)


def test_a_liked_work_is_kept_as_a_recipe_that_gives_its_picture_again(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARTFORGE_CACHE", str(tmp_path / "cache"))
    for name, shade in (("one", 0.2), ("two", 0.7)):
        write_png(tmp_path / "recipes" / f"{name}.png", np.full((16, 24, 3), (shade, 0.4, 1 - shade), np.float32))
    (tmp_path / "recipes" / "mix.yaml").write_text(RECIPE)
    assert run(monkeypatch, "render", "recipes/mix.yaml") == 0
    with serving(tmp_path) as url:
        token = re.search('name="artforge-token" content="([^"]+)"', read(url))[1]
        works = json.loads(read(f"{url}works.js").partition("=")[2].strip().rstrip(";"))["works"]
        work = next(each for each in works if "0.25" in each["name"])
        wish = json.dumps({"work": work["id"], "liked": True}).encode()
        headers = {"X-Artforge-Token": token, "Content-Type": "application/json"}
        request = urllib.request.Request(f"{url}-/like", wish, headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            told = json.load(answer)
    assert told["message"] == f"Kept as recipes/liked/{work['id']}.yaml"
    assert run(monkeypatch, "render", f"recipes/liked/{work['id']}.yaml") == 0
    (again,) = (tmp_path / "out" / work["id"]).glob("*.png")
    (first,) = (tmp_path / "out" / "mix").glob("*opacity0.25*.png")
    np.testing.assert_array_equal(read_picture(again), read_picture(first))


def test_a_gallery_is_packed_into_one_file(monkeypatch, tmp_path, out, capsys):
    assert run(monkeypatch, "gallery") == 0
    assert run(monkeypatch, "gallery", "zip") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "gallery.zip"
    assert any(name.endswith("index.html") for name in zipfile.ZipFile(tmp_path / "gallery.zip").namelist())


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
