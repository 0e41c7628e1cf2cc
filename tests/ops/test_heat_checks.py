"""What every step that works on a picture by its heat asks of the heat, read from the registry."""

import pytest

from artforge.core.errors import ShapeError, StepError
from artforge.core.seeds import generator
from artforge.core.steps import registered_steps
from artforge.core.values import Kind
from artforge.recipes.steps import load_steps
from tests.support.heat_pictures import hill, soft_picture

load_steps()
STEPS = {
    name: step
    for name, step in registered_steps().items()
    if step.function.__module__.startswith("artforge.ops.")
    and [(wanted.kind, wanted.optional) for wanted in step.inputs] == [(Kind.IMAGE, False), (Kind.HEATMAP, False)]
}


def run(step, image, heatmap):
    chance = {"rng": generator(1)} if step.uses_rng else {}
    return step.function(image, heatmap, **chance)


def test_the_steps_that_are_meant_are_among_those_that_are_found():
    assert {"displace", "erode", "flow_field", "focus", "mosaic", "overlay", "pixel_sort"} <= set(STEPS)


@pytest.mark.parametrize("name", STEPS)
def test_heat_of_another_size_is_told_with_the_way_out(name):
    with pytest.raises(ShapeError, match=r"heatmap 200x160.*picture 20x10.*'upsample'"):
        run(STEPS[name], soft_picture(10, 20), hill(160, 200))


@pytest.mark.parametrize("beyond", [3.0, -0.1])
@pytest.mark.parametrize("name", STEPS)
def test_heat_that_leaves_its_range_is_told_with_the_way_out(name, beyond):
    with pytest.raises(StepError, match=r"must stay in \[0, 1\], received .*'normalize'"):
        run(STEPS[name], soft_picture(16, 20), hill(16, 20) * beyond)
