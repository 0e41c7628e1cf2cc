"""What holds for every step of `ops`, read from the registry: a new step is tested the day it is registered."""

import importlib
import inspect
import pkgutil
import subprocess
import sys

import numpy as np
import pytest

from artforge import ops
from artforge.core.errors import ArtforgeError
from artforge.core.seeds import generator
from artforge.core.steps import registered_steps
from artforge.core.values import Kind, array_fault
from artforge.recipes.settings import is_accepted

for module in pkgutil.iter_modules(ops.__path__):
    importlib.import_module(f"artforge.ops.{module.name}")

STEPS = {
    name: step
    for name, step in registered_steps().items()
    if step.function.__module__.startswith("artforge.ops.")
    and not any(s.kind is Kind.MODEL for s in step.settings.values())
}
NEEDED = {  # settings without a default
    "caption": {"title": "Attention tide"},
    "label": {"text": "intensity 0.5"},
    "poster": {"title": "Attention tide"},
    "load": {"path": "embedded:algorithmic/truchet/3", "long_edge": 32},
    "take_channels": {"count": 2},
}
OTHER_SIZE = {"caption", "channel_grid", "grid", "load", "mat", "polyptych", "poster"}
"""Steps that give another height and width than they take; all others keep it."""


def inputs_of(step, height, width):
    """What flows in, each input different from every other; heat in [0, 1], for some steps take nothing else."""
    arrays = []
    for number, wanted in enumerate(step.inputs):
        shape = {Kind.IMAGE: (height, width, 3), Kind.HEATMAP: (height, width)}
        shape |= {Kind.FEATURE_MAPS: (height, width, 5), Kind.IMAGES: (5, height, width, 3)}
        arrays.append(np.random.default_rng(number + 10).random(shape[wanted.kind], dtype=np.float32))
    return arrays


def run(step, arrays, **settings):
    """One call of a step: settings that it needs are filled in, chance is the same each time."""
    chance = {"rng": generator(3)} if step.uses_rng else {}
    return step.function(*arrays, **{**NEEDED.get(step.name, {}), **settings}, **chance)


@pytest.mark.parametrize(("height", "width"), [(17, 23), (30, 12), (1, 1)])
@pytest.mark.parametrize("name", STEPS)
def test_every_step_gives_what_it_declares_and_leaves_its_inputs_alone(name, height, width):
    step = STEPS[name]
    arrays = inputs_of(step, height, width)
    copies = [array.copy() for array in arrays]
    result = run(step, arrays)
    assert array_fault(result, step.output) is None
    for array, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(array, copy)
        assert not np.shares_memory(array, result)
    if name not in OTHER_SIZE:
        assert result.shape[:2] == (height, width)


@pytest.mark.parametrize("name", STEPS)
def test_every_step_takes_read_only_arrays_and_gives_the_same_twice(name):
    step = STEPS[name]
    arrays = inputs_of(step, 9, 14)
    for array in arrays:
        array.setflags(write=False)  # as they come out of the cache
    first, second = (run(step, arrays) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", STEPS)
def test_every_step_takes_arrays_that_are_views(name):
    step = STEPS[name]
    arrays = inputs_of(step, 18, 28)
    strided = [array[:, ::2, ::2] if array.ndim == 4 else array[::2, ::2] for array in arrays]
    packed = [np.ascontiguousarray(array) for array in strided]
    np.testing.assert_array_equal(run(step, strided), run(step, packed))


@pytest.mark.parametrize("name", STEPS)
def test_every_default_is_a_value_that_the_checker_allows(name):
    for setting in STEPS[name].settings.values():
        if not setting.required:
            setting.adapter.validate_python(setting.default)


@pytest.mark.parametrize("name", STEPS)
def test_every_setting_refuses_what_it_is_not(name):
    for setting in STEPS[name].settings.values():
        with pytest.raises(ValueError, match="validation error"):
            setting.adapter.validate_python({"no": ["such", "thing"]})
        if setting.numeric:
            for wrong in ("0.5", True, float("nan")):
                with pytest.raises(ValueError, match="validation error"):
                    setting.adapter.validate_python(wrong)


@pytest.mark.parametrize("wrong", ["no such thing", -1, float("nan")])
@pytest.mark.parametrize("name", STEPS)
def test_every_step_refuses_in_a_call_from_python_what_its_checker_refuses(name, wrong):
    step = STEPS[name]
    for setting in step.settings.values():
        if isinstance(setting.default, bool) or setting.kind is Kind.PICTURE_SOURCE:
            continue  # any value is true or false, and any text may be a file
        if setting.kind in (None, Kind.DEGREES) and is_accepted(setting, wrong):
            continue  # any text may be a title
        with pytest.raises(ArtforgeError):
            run(step, inputs_of(step, 6, 7), **{setting.name: wrong})


@pytest.mark.parametrize("name", STEPS)
def test_no_step_says_its_own_name_which_whoever_runs_it_puts_in_front(name):
    step = STEPS[name]
    too_bright = [np.full_like(array, 9) for array in inputs_of(step, 6, 7)]
    for setting in step.settings.values():
        try:
            run(step, too_bright, **{setting.name: "no such thing"})
        except ArtforgeError as error:
            assert not str(error).startswith((f"{name}:", f"{name} needs"))


@pytest.mark.parametrize("name", STEPS)
def test_every_step_says_what_it_does_in_one_line(name):
    assert len((inspect.getdoc(STEPS[name].function) or "").partition("\n")[0]) > 15


def test_the_steps_need_no_keras():
    modules = [f"artforge.ops.{module.name}" for module in pkgutil.iter_modules(ops.__path__)]
    code = (
        f"import sys, importlib\nfor name in {modules!r}: importlib.import_module(name)\n"
        "print([name for name in ('keras', 'tensorflow', 'av', 'cmap') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
