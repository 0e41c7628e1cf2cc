"""Other people's libraries on the same weights. `.ci/run` installs them; where one is missing the folder is skipped
with a reason, and on a machine that sets CI, where nobody reads reasons, it fails."""

from __future__ import annotations

import importlib
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

# only whole libraries are asked for: one that is there but does not import is a failure, never a reason to skip
NEEDED = ("torch", "captum", "pytorch_grad_cam", "tf_keras_vis")
MISSING = [name for name in NEEDED if find_spec(name) is None]
REASON = f"the oracles {', '.join(MISSING)} are not installed; .ci/run shows how"

if MISSING and os.environ.get("CI"):
    raise RuntimeError(REASON)

# `--import-mode=importlib` puts no folder of tests on the path, and every file here needs the same twins
sys.path.append(str(Path(__file__).parent))


class NotInstalled(pytest.Module):
    """A file of tests that is not even imported."""

    def collect(self):
        pytest.skip(REASON, allow_module_level=True)


def pytest_pycollect_makemodule(module_path, parent):
    return NotInstalled.from_parent(parent, path=module_path) if MISSING else None


def stand_in_for_torchvision():
    """pytorch-grad-cam imports torchvision for helpers that no test calls, and torchvision only starts beside a torch
    of its very own build ("operator torchvision::nms does not exist"): where it does not, an empty module takes its
    place."""
    try:
        importlib.import_module("torchvision")
    except (ImportError, RuntimeError, AttributeError):
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        vision, transforms = ModuleType("torchvision"), ModuleType("torchvision.transforms")
        functional = ModuleType("torchvision.transforms.functional")
        transforms.Compose = transforms.Normalize = transforms.ToTensor = functional.resize = None
        vision.transforms, transforms.functional = transforms, functional
        sys.modules.update({module.__name__: module for module in (vision, transforms, functional)})


if not MISSING:
    stand_in_for_torchvision()


@pytest.fixture(scope="session")
def pictures():
    rng = np.random.default_rng(11)
    smooth = [rng.random((6, 5, 3)).repeat(4, axis=0).repeat(4, axis=1) for _ in range(3)]
    return [np.asarray(0.7 * base + 0.3 * rng.random(base.shape), np.float32) for base in smooth]


@pytest.fixture(scope="session", params=["pooled", "flattened", "residual", "one_sigmoid"])
def pair(request):
    """An artforge handle and a torch module of one network."""
    return importlib.import_module("twins").twins(request.param)
