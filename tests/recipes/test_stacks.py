"""A step that takes one value maps over several: one by one, in their order, each with chance of its own."""

from __future__ import annotations

import numpy as np
import pytest

from artforge.core.errors import RecipeError, ShapeError, StepError
from artforge.core.problems import Position
from artforge.core.seeds import derive_seed
from artforge.core.steps import registered_steps
from artforge.core.values import Kind
from artforge.ops.average import average
from artforge.ops.colorize import colorize
from artforge.ops.grid import grid
from artforge.ops.normalize import normalize
from artforge.recipes import mapping
from artforge.recipes.check import check_file
from artforge.recipes.checked import CheckedCall
from artforge.recipes.mapping import run_step
from artforge.recipes.nodes import Node
from artforge.recipes.plan import Planner
from artforge.recipes.recipe import Call
from artforge.recipes.steps import load_steps

BODY = """\
steps:
  art: [{load: {path: $image}}]
  maps: [{feature_maps: {model: net, image: $art, layer: conv1}}]
  heat: [{grad_cam: {model: net, image: $art}}]
  pictures: [$maps, normalize, {colorize: {map: magma}}]
  page: [$pictures, {grid: {columns: 2, gutter: 3}}]
  over: [$pictures, {blend: {base: $art, opacity: 0.5}}, average]
outputs: {page: {from: $page, per: recipe}, over: {from: $over, per: recipe}}
"""


def node(step: str, mapped: tuple[str, ...], seed: int | None = None) -> Node:
    load_steps()
    call = CheckedCall(Call(step, {}, {}, Position(1, 1)), registered_steps()[step], step, {}, {}, mapped)
    return Node("key", call, {}, {}, seed, mapped)


def test_kinds_follow_the_pipes(write_recipe):
    checked = check_file(write_recipe(BODY))
    kinds = {name: pipe.kind for name, pipe in checked.pipes.items()}
    assert kinds["maps"] is Kind.FEATURE_MAPS
    assert kinds["pictures"] is Kind.IMAGES
    assert kinds["page"] is kinds["over"] is Kind.IMAGE
    assert [call.mapped for call in checked.pipes["pictures"].calls] == [("heatmap",), ("heatmap",)]
    assert [call.mapped for call in checked.pipes["over"].calls] == [("overlay",), ()]


def test_mapping_is_the_step_on_each_item(paint):
    maps = np.random.default_rng(2).normal(size=(6, 5, 3)).astype(np.float32)
    mapped = run_step(node("normalize", ("heatmap",)), {"heatmap": maps}, {})
    assert mapped.shape == maps.shape
    for channel in range(3):
        np.testing.assert_array_equal(mapped[..., channel], normalize(np.ascontiguousarray(maps[..., channel])))
    pictures = run_step(node("colorize", ("heatmap",)), {"heatmap": mapped}, {"map": "magma"})
    assert pictures.shape == (3, 6, 5, 3)
    np.testing.assert_array_equal(pictures[1], colorize(np.ascontiguousarray(mapped[..., 1]), map="magma"))


def test_one_value_beside_several_meets_each_of_them(paint):
    base, overlays = paint(1, 8, 9), np.stack([paint(2, 8, 9), paint(3, 8, 9)])
    mixed = run_step(node("blend", ("overlay",)), {"base": base, "overlay": overlays}, {"opacity": 0.5})
    np.testing.assert_allclose(mixed, (base + overlays) / 2, atol=1e-6)
    pairwise = run_step(
        node("blend", ("base", "overlay")), {"base": overlays, "overlay": overlays[::-1]}, {"opacity": 1.0}
    )
    np.testing.assert_array_equal(pairwise, overlays[::-1])


def test_several_of_different_number_do_not_meet(paint):
    base, overlay = (np.stack([paint(seed, 8, 9) for seed in range(count)]) for count in (2, 3))
    with pytest.raises(ShapeError, match="base has 2, overlay has 3"):
        run_step(node("blend", ("base", "overlay")), {"base": base, "overlay": overlay}, {})


def test_each_item_draws_by_chance_of_its_own():
    def noise(image, *, rng):
        return np.full_like(image, rng.random())

    drawn = node("blend", ("image",), seed=9)
    step = registered_steps()["mat"]
    object.__setattr__(drawn.checked, "step", type(step)("noise", 1, noise, step.inputs, {}, Kind.IMAGE, uses_rng=True))
    given = run_step(drawn, {"image": np.zeros((3, 2, 2, 3), np.float32)}, {})
    expected = [np.random.Generator(np.random.PCG64(derive_seed(9, index))).random() for index in range(3)]
    np.testing.assert_allclose(given[:, 0, 0, 0], expected, rtol=1e-6)
    assert len(set(expected)) == 3


def test_more_than_fits_is_refused_after_the_first(monkeypatch):
    monkeypatch.setattr(mapping, "MAX_STACK_BYTES", 100)
    with pytest.raises(StepError, match=r"3 of 5 x 6 are .* together: take fewer"):
        run_step(node("normalize", ("heatmap",)), {"heatmap": np.ones((6, 5, 3), np.float32)}, {})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            BODY.replace("from: $page", "from: $pictures"),
            "$pictures gives images: put '- grid' behind it",
        ),
        (BODY.replace("[$pictures, {grid", "[$heat, {grid"), "grid.images wants images, the pipe brings a heatmap"),
        (BODY.replace("from: $page", "from: $maps"), "gives feature maps: put '- channel_grid' behind it"),
        (
            BODY.replace("image: $art, layer: conv1", "image: $pictures, layer: conv1"),
            "a circle",
        ),
        (
            BODY.replace("  page: [", "  more: [$pictures, {feature_maps: {model: net, layer: conv1}}]\n  page: ["),
            "feature_maps.image wants an image, the pipe brings images",
        ),
    ],
)
def test_what_cannot_be_mapped_is_told(write_recipe, body, message):
    with pytest.raises(RecipeError) as caught:
        check_file(write_recipe(body))
    assert message in str(caught.value)


def test_mapped_work_has_another_key_than_the_same_work_on_one_value(write_recipe):
    planner = Planner(check_file(write_recipe(BODY)))
    mapped = planner.node("pictures", planner.base_variants[0])
    assert mapped.mapped == ("heatmap",)
    assert planner.node("over", planner.base_variants[0]).mapped == ()


def test_pictures_stand_on_the_page_in_their_order(paint):
    pictures = np.stack([paint(seed, 6, 8) for seed in range(3)])
    page = grid(pictures, columns=2, gutter=2, background="black")
    assert page.shape == (2 * 6 + 6, 2 * 8 + 6, 3)
    np.testing.assert_array_equal(page[2:8, 2:10], pictures[0])
    np.testing.assert_array_equal(page[2:8, 12:20], pictures[1])
    np.testing.assert_array_equal(page[10:16, 2:10], pictures[2])
    assert page[10:16, 12:20].max() == 0


def test_average_of_two_exposures_is_their_middle(paint):
    pictures = np.stack([paint(1), paint(2)])
    np.testing.assert_allclose(average(pictures), (paint(1) + paint(2)) / 2, atol=1e-6)
    np.testing.assert_array_equal(average(pictures[:1]), paint(1))
