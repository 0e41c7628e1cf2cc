"""Steps of the artist's own: used like any other, told of with their traceback where they are broken."""

import importlib.metadata

import numpy as np
import pytest

from artforge.core.errors import RecipeError
from artforge.core.steps import registered_steps, step
from artforge.core.values import Image
from artforge.recipes import user_steps
from artforge.recipes.cache import Cache
from artforge.recipes.check import check_file
from artforge.recipes.plan import Planner
from artforge.recipes.render import Renderer
from artforge.recipes.reporting import Reporter
from artforge.recipes.run import Runner

OPS = '''\
"""Steps of my own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from artforge.core.steps import step
from artforge.core.values import Image


@dataclass
class Amount:
    """Found again by its module's name."""

    value: float


@step("fade", version=1)
def fade(image: Image, *, share: Annotated[float, Field(ge=0, le=1)] = 0.5) -> Image:
    """Draw a picture towards black.

    Args:
        share: how far.
    """
    return image * (1 - Amount(share).value)
'''

BODY = """\
ops: ./my_ops.py
steps:
  art: [{load: {path: $image}}]
  dark: [$art, {fade: {share: $intensity}}]
outputs: {still: {from: $dark}}
"""

SWEPT = BODY.replace("outputs:", "sweep: {intensity: [0.25, 1]}\noutputs:")


class Failures(Reporter):
    """A reporter that notes what cannot be made."""

    def __init__(self):
        self.told = []

    def failed(self, artifact, error):
        self.told.append(str(error))


@pytest.fixture
def own(studio, write_recipe):
    """`own(ops, body)` writes `my_ops.py` and a recipe that uses it."""

    def write(ops: str = OPS, body: str = BODY, name: str = "tide.yaml"):
        (studio / "my_ops.py").write_text(ops)
        return write_recipe(body, name)

    return write


@pytest.fixture
def package(monkeypatch):
    """`package(function)` installs an entry point whose loading calls the function."""

    class Entry:
        def __init__(self, load):
            self.name, self.value, self.load = "mine", "mine.steps", load

    def install(load):
        user_steps.packaged_steps.cache_clear()
        monkeypatch.setattr(
            user_steps, "entry_points", lambda group: [Entry(load)] if group == "artforge.steps" else []
        )

    yield install
    user_steps.packaged_steps.cache_clear()


def fault(path) -> str:
    with pytest.raises(RecipeError) as caught:
        check_file(path)
    return str(caught.value)


def node(path):
    planner = Planner(check_file(path))
    return planner.node("dark", planner.base_variants[0])


def test_own_step_is_checked_and_run_like_any_other(own, tmp_path, paint):
    made = Runner("r", Cache(tmp_path / "store")).value(node(own()))
    np.testing.assert_allclose(made, np.rint(paint(1) * 255) / 255 * 0.5, atol=1e-6)
    assert "fade has no 'shar' - did you mean 'share'?" in fault(own(body=BODY.replace("share:", "shar:")))
    assert "fade.share: 3.5 is out of range" in fault(own(body=BODY.replace("$intensity", "3.5")))


@pytest.mark.parametrize("fault", ["1 / 0", "raise SystemExit(3)"])
def test_own_step_that_breaks_off_is_told_with_its_line_and_leaves_the_others(own, tmp_path, fault):
    path = own(OPS.replace("    return image *", f"    if share == 1:\n        {fault}\n    return image *"), SWEPT)
    planner = Planner(check_file(path))
    renderer = Renderer(planner, tmp_path / "out", Cache(tmp_path / "store"))
    reporter = Failures()
    assert len(renderer.render(reporter, keep_going=True)) == 1
    (told,) = reporter.told
    assert told.startswith(f"{path}:9:17: error: fade: it broke off:")
    assert 'my_ops.py", line 29, in fade' in told
    assert "recipes/run.py" not in told


def test_own_steps_stay_with_their_recipe(own):
    check_file(own())
    assert "fade" not in registered_steps()
    assert "unknown step 'fade'" in fault(own(body=BODY.replace("ops: ./my_ops.py\n", "")))


def test_key_follows_the_source_of_an_own_step(own):
    before = node(own()).key
    assert node(own()).key == before
    assert node(own(OPS.replace("1 - Amount", "1 - 0.5 * Amount"))).key != before


def test_two_recipes_may_have_steps_of_one_name(own, studio):
    first, second = own(name="a.yaml"), own(name="b.yaml", body=BODY.replace("my_ops", "other_ops"))
    (studio / "other_ops.py").write_text(OPS.replace("le=1", "le=5").replace("value: float", "value: int"))
    assert node(first).key != node(second).key


def test_broken_file_is_told_with_its_traceback_where_its_step_is_used(own):
    told = fault(own("import lost_module\n"))
    assert "tide.yaml:9:17: error: unknown step 'fade'" in told
    assert "my_ops.py cannot be imported" in told
    assert 'my_ops.py", line 1' in told
    assert "No module named 'lost_module'" in told


@pytest.mark.parametrize("ops", ["import lost_module\n", "raise SystemExit(3)\n", "def (:\n", "1 / 0\n", "\0"])
def test_broken_file_takes_nothing_else_down(own, ops):
    check_file(own(ops, BODY.replace("{fade: {share: $intensity}}", "mat")))
    assert "unknown step 'fade'" in fault(own(ops))


@pytest.mark.parametrize(
    ("ops", "message"),
    [
        (
            OPS.replace('"fade"', '"blend"'),
            "1:6: error: my_ops.py: the name 'blend' is taken by a step",
        ),
        ("", "my_ops.py registers no steps"),
        (OPS.replace("image: Image", "image: int"), "what flows in must be an array kind"),
        (OPS.replace("image: Image", "image"), "TypeError: step 'fade': image has no type; write it like image: Image"),
        (OPS.replace(" -> Image", ""), "TypeError: step 'fade': what flows out must be an array kind; write it like"),
    ],
)
def test_file_that_is_no_good_is_told(own, ops, message):
    told = fault(own(ops))
    assert message.removeprefix("1:6: ") in told
    assert "core/steps.py" not in told  # the artist's own lines alone


def test_step_of_a_package_is_found_by_its_entry_point(own, package):
    def load():
        def fade(image: Image, *, share: float = 0.5) -> Image:
            return image * share

        step("fade", version=1)(fade)

    package(load)
    path = own(body=BODY.replace("ops: ./my_ops.py\n", ""))
    assert node(path).step.source == ""


def test_broken_package_is_told_where_a_step_is_not_known_and_takes_nothing_else_down(own, package):
    def broken():
        raise ImportError("its own trouble")

    package(broken)
    told = fault(own(body=BODY.replace("ops: ./my_ops.py\n", "")))
    assert "the package behind 'mine.steps' cannot be imported" in told
    assert "its own trouble" in told
    check_file(own(body=BODY.replace("{fade: {share: $intensity}}", "mat")))


def test_packages_are_not_asked_where_every_step_is_known(own, package):
    def asked():
        raise AssertionError("asked")

    package(asked)
    check_file(own())
    assert user_steps.packaged_steps.cache_info().currsize == 0


def test_the_group_is_the_one_that_packages_name():
    assert user_steps.ENTRY_POINT_GROUP == "artforge.steps"
    assert list(importlib.metadata.entry_points(group=user_steps.ENTRY_POINT_GROUP)) is not None
