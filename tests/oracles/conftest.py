"""Other people's libraries on the same weights. They come with the extra `oracles`; where it is missing the folder is
skipped with a reason, and where CI=true it fails."""

from __future__ import annotations

import importlib
import os
import sys
from importlib.util import find_spec
from types import ModuleType

import numpy as np
import pytest

NEEDED = ("torch", "captum", "pytorch_grad_cam", "tf_keras_vis")
MISSING = [name for name in NEEDED if find_spec(name) is None]

if MISSING:
    reason = f"the oracles {', '.join(MISSING)} are not installed: pip install 'artforge[oracles]'"
    if os.environ.get("CI") == "true":
        raise RuntimeError(reason)
    collect_ignore_glob = ["test_*.py"]


def pytest_terminal_summary(terminalreporter):
    if MISSING:
        terminalreporter.write_line(f"tests/oracles: not run, {', '.join(MISSING)} not installed")


def stand_in_for_torchvision():
    """pytorch-grad-cam imports torchvision for helpers that no test calls, and torchvision only starts beside a torch
    of its very own build: where it does not, an empty module takes its place."""
    try:
        importlib.import_module("torchvision")
    except (ImportError, RuntimeError, AttributeError):
        for name in [name for name in sys.modules if name.startswith("torchvision")]:
            del sys.modules[name]
        vision, transforms = ModuleType("torchvision"), ModuleType("torchvision.transforms")
        functional = ModuleType("torchvision.transforms.functional")
        transforms.Compose = transforms.Normalize = transforms.ToTensor = functional.resize = None
        vision.transforms, transforms.functional = transforms, functional
        sys.modules.update(
            {
                "torchvision": vision,
                "torchvision.transforms": transforms,
                "torchvision.transforms.functional": functional,
            }
        )


if not MISSING:
    stand_in_for_torchvision()


@pytest.fixture(scope="session")
def pictures():
    rng = np.random.default_rng(11)
    smooth = [rng.random((6, 5, 3)).repeat(4, axis=0).repeat(4, axis=1) for _ in range(3)]
    return [np.asarray(0.7 * base + 0.3 * rng.random(base.shape), np.float32) for base in smooth]
