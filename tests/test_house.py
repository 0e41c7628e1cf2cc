"""The house: imports go one way, light commands stay light, the project speaks of itself alone."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "artforge"
FLOORS = ["core", "engine", "ops", "recipes", "gallery", "cli"]
MAY_ALSO = {"gallery": {"core"}, "core": {"core"}, "engine": {"core", "engine"}}
"""A floor imports from those above it in the list; these import even less."""


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def imported_floors(path: Path) -> set[str]:
    floors = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        floors |= {name.split(".")[1] for name in names if name.startswith("artforge.")}
    return floors


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down_the_house_only(path):
    floor = path.relative_to(PACKAGE).parts[0]
    if floor not in FLOORS:  # artforge/__init__.py and __main__.py
        return
    allowed = MAY_ALSO.get(floor, set(FLOORS[: FLOORS.index(floor) + 1])) | {floor}
    assert imported_floors(path) <= allowed


BACKENDS = re.compile(r"""(?:^\s*(?:import|from)\s+|import_module\(["'])(tensorflow|jax|torch)\b""", re.MULTILINE)


NAME_A_BACKEND = {"engine/gradients.py", *(f"engine/training/{name}.py" for name in ("cluster", "devices", "parallel"))}


def test_only_the_modules_that_must_name_a_backend():
    naming = {str(path.relative_to(PACKAGE)) for path in modules() if BACKENDS.search(path.read_text(encoding="utf-8"))}
    assert naming == NAME_A_BACKEND


LIGHT = [
    "import artforge",
    "import sys; sys.argv = ['artforge', '--help']; from artforge.cli.main import main; main()",
    "import sys; sys.argv = ['artforge', 'render', '--help']; from artforge.cli.main import main; main()",
    "import glob, sys; sys.argv = ['artforge', 'check', *glob.glob('recipes/*.yaml')]\n"
    "from artforge.cli.main import main; main()",
    "import artforge.gallery.site, artforge.gallery.server, artforge.cli.gallery",
]


@pytest.mark.parametrize("code", LIGHT)
def test_light_commands_never_import_a_network_library(code):
    watched = (
        "import atexit, sys\n"
        "def tell():\n"
        "    watched = ('tensorflow', 'keras', 'torch', 'jax', 'sklearn', 'scipy', 'matplotlib')\n"
        "    heavy = [name for name in watched if name in sys.modules]\n"
        "    print('HEAVY', heavy)\n"
        "atexit.register(tell)\n"
    )
    done = subprocess.run([sys.executable, "-c", watched + code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "HEAVY []" in done.stdout


def test_building_a_gallery_loads_nothing_of_the_network():
    code = "import sys, artforge.cli.gallery, artforge.gallery.site; print({'http.client', 'ssl'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "set()\n"  # no light command waits for them


def test_help_of_the_module_is_the_help_of_the_command():
    shown = subprocess.run([sys.executable, "-m", "artforge", "--help"], capture_output=True, text=True, check=True)
    command = subprocess.run(
        [Path(sys.executable).with_name("artforge"), "--help"], capture_output=True, text=True, check=True
    )
    assert shown.stdout.splitlines()[1:] == command.stdout.splitlines()[1:]


def test_no_tracked_text_names_a_registry_or_a_folder_of_a_machine():
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=False, cwd=ROOT)
    if listed.returncode != 0:
        pytest.skip("not a git checkout: there is no list of tracked files")
    # spelled in pieces, so that this file does not name them either
    names = ("pypi", "org"), ("python", "hosted.org"), ("registry", "npmjs"), ("deb", "debian.org")
    hosts = "|".join(rf"{first}\.?{re.escape(rest)}" for first, rest in names)
    forbidden = re.compile(rf"{hosts}|(?<![\w.])/(?:home|root|Users|work)/\w")
    this = Path(__file__).relative_to(ROOT).as_posix()
    for name in listed.stdout.split("\n"):
        path = ROOT / name
        if not name or name == this or not path.is_file() or b"\0" in path.read_bytes()[:8000]:
            continue
        assert not forbidden.search(path.read_text(encoding="utf-8")), name


def test_environment_of_the_tests_has_its_own_cache():
    assert "cache" in os.environ["ARTFORGE_CACHE"]
