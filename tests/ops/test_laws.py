"""What holds for every step of `ops`, read from the registry: a new step is tested the day it is registered."""

import importlib
import inspect
import pkgutil
import subprocess
import sys

import numpy as np
import pytest

from artforge import ops
from artforge.core.drawings import Drawing, Pen, layer_of, pack_drawing, value_fault
from artforge.core.errors import ArtforgeError
from artforge.core.seeds import generator
from artforge.core.steps import registered_steps
from artforge.core.values import Kind
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
    "draw": {"long_edge": 200},  # soon done, as these are
    "flow_lines": {"near": 2, "page": "A6"},
    "label": {"text": "intensity 0.5"},
    "poster": {"title": "Attention tide"},
    "load": {"path": "embedded:algorithmic/truchet/3", "long_edge": 32},
    "stipple": {"num_dots": 60, "rounds": 4},
    "take_channels": {"count": 2},
}
OTHER_SIZE = {"caption", "channel_grid", "draw", "grid", "load", "mat", "polyptych", "poster"}
"""Steps that give another height and width than they take; all others keep it."""


def inputs_of(step, height, width):
    """What flows in, each input different from every other; heat in [0, 1], for some steps take nothing else."""
    arrays = []
    for number, wanted in enumerate(step.inputs):
        if wanted.kind is Kind.DRAWING:
            arrays.append(scribble(number, height, width))
            continue
        shape = {Kind.IMAGE: (height, width, 3), Kind.HEATMAP: (height, width)}
        shape |= {Kind.FEATURE_MAPS: (height, width, 5), Kind.IMAGES: (5, height, width, 3)}
        arrays.append(np.random.default_rng(number + 10).random(shape[wanted.kind], dtype=np.float32))
    return arrays


def scribble(number, height, width):
    """A drawing of three lines and two dots."""
    rng = np.random.default_rng(number + 20)
    lines = [rng.random((count, 2)) * [width, height] for count in (2, 5, 3)]
    return Drawing(width, height, (layer_of(Pen("#102030", 0.3), lines, 0.1 + rng.random((2, 3))),))


def copied(value):
    """What is compared of a value, and does not change with it."""
    return pack_drawing(value) if isinstance(value, Drawing) else value.copy()


def lock(value):
    """Let nobody write to a value, as it comes out of the cache."""
    if isinstance(value, Drawing):
        value.freeze()
    else:
        value.setflags(write=False)


def run(step, arrays, **settings):
    """One call of a step: settings that it needs are filled in, chance is the same each time."""
    chance = {"rng": generator(3)} if step.uses_rng else {}
    return step.function(*arrays, **{**NEEDED.get(step.name, {}), **settings}, **chance)


@pytest.mark.parametrize(("height", "width"), [(17, 23), (30, 12), (1, 1)])
@pytest.mark.parametrize("name", STEPS)
def test_every_step_gives_what_it_declares_and_leaves_its_inputs_alone(name, height, width):
    step = STEPS[name]
    arrays = inputs_of(step, height, width)
    copies = [copied(array) for array in arrays]
    result = run(step, arrays)
    assert value_fault(result, step.output) is None
    for array, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(copied(array), copy)
        if isinstance(array, np.ndarray) and isinstance(result, np.ndarray):
            assert not np.shares_memory(array, result)
    if name not in OTHER_SIZE and step.output is not Kind.DRAWING:
        assert result.shape[:2] == (height, width)


@pytest.mark.parametrize("name", STEPS)
def test_every_step_takes_read_only_arrays_and_gives_the_same_twice(name):
    step = STEPS[name]
    arrays = inputs_of(step, 9, 14)
    for array in arrays:
        lock(array)
    first, second = (copied(run(step, arrays)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def every_second(array):
    if isinstance(array, Drawing):
        return array
    return array[:, ::2, ::2] if array.ndim == 4 else array[::2, ::2]


@pytest.mark.parametrize("name", STEPS)
def test_every_step_takes_arrays_that_are_views(name):
    step = STEPS[name]
    arrays = inputs_of(step, 18, 28)
    strided = [every_second(array) for array in arrays]
    packed = [np.ascontiguousarray(each) if isinstance(each, np.ndarray) else each for each in strided]
    np.testing.assert_array_equal(copied(run(step, strided)), copied(run(step, packed)))


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
    given = inputs_of(step, 6, 7)
    too_bright = [np.full_like(each, 9) if isinstance(each, np.ndarray) else each for each in given]
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
