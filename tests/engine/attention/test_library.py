"""The engine used alone: one import, and every method is at hand."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from artforge.engine import attention
from artforge.engine.attention.grad_cam import grad_cam

METHODS = attention.METHODS


def test_one_line_loads_no_network_library_and_names_everything():
    code = (
        "import sys\n"
        "from artforge.engine import attention\n"
        "assert set(attention.__all__) <= set(dir(attention))\n"
        "for name in attention.__all__: getattr(attention, name)\n"
        "print([name for name in ('tensorflow', 'keras', 'torch', 'jax') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_a_function_and_not_its_file(name):
    for wanted in (name, f"{name}_batch"):
        function = getattr(attention, wanted)
        assert callable(function)
        assert function.__name__ == wanted


def test_a_picture_can_be_looked_at_through_it_alone(residual, pictures):
    choice = attention.Channels(index=(0, 3))
    heatmap = attention.grad_cam(pictures[0], model=residual, target="red", channels=choice)
    np.testing.assert_array_equal(heatmap, grad_cam(pictures[0], model=residual, target="red", channels=choice))
    [found] = attention.see(pictures[:1], model=residual, layers=["late"]).evidence("red")
    [again] = attention.gather_evidence(pictures[:1], model=residual, layer="late", targets="red")
    np.testing.assert_array_equal(found["late"].gradients, again.gradients)


def test_what_it_does_not_have_is_told():
    with pytest.raises(AttributeError, match="has no attribute 'gradcam'"):
        attention.gradcam  # noqa: B018
