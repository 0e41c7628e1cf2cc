"""The door to Keras: quiet, and clear about what is missing."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys

import pytest

from artforge.core.errors import ModelError
from artforge.engine import backend


@pytest.mark.parametrize(("name", "command"), [("jax", "'artforge[jax]'"), ("torch", "pip install torch")])
def test_a_backend_that_is_not_installed_is_told_with_the_command_that_installs_it(monkeypatch, name, command):
    def missing(_):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setenv("KERAS_BACKEND", name)
    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ModelError) as told:
        backend.load_keras.__wrapped__()
    assert command in str(told.value)


def test_seeding_on_jax_says_nothing_though_tensorflow_is_imported_for_it():
    code = "from artforge.engine.backend import set_random_seed; set_random_seed(3)"
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == ("", "")
