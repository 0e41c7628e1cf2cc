"""Work in several threads: begun ahead, never twice, and networks one at a time."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from artforge.core.values import Kind
from artforge.recipes.ahead import Ahead
from artforge.recipes.cache import Cache
from artforge.recipes.check import check_file
from artforge.recipes.plan import Planner
from artforge.recipes.run import Runner

BODY = """\
steps:
  art: [{load: {path: $image}}]
  glow: [{load: {path: two.png}}, {blend: {base: $art, opacity: =intensity/2}}]
sweep: {intensity: {from: 0, to: 2, count: 8}}
outputs: {still: {from: $glow}}
"""


@pytest.fixture
def pool():
    with ThreadPoolExecutor(3) as pool:
        yield pool


def noting(begun: list[int]):
    def prepare(index: int):
        begun.append(index)
        return lambda: index * index

    return prepare


def test_results_are_those_of_their_numbers_whatever_the_window(pool):
    for window in range(4):
        ahead = Ahead(pool, noting([]), 7, window)
        assert [ahead.result(index) for index in range(7)] == [0, 1, 4, 9, 16, 25, 36]


def test_the_next_numbers_are_begun_and_none_beyond_the_last(pool):
    begun: list[int] = []
    ahead = Ahead(pool, noting(begun), 5, 2)
    ahead.result(0)
    assert begun == [0, 1, 2]
    ahead.result(3)  # a leap of three: 6 would be next
    assert begun == [0, 1, 2, 3]
    assert ahead.result(1) == 1


def test_without_a_window_the_work_runs_in_the_thread_that_asks(pool):
    here = Ahead(pool, lambda _: threading.get_ident, 1, 0)
    assert here.result(0) == threading.get_ident()
    assert Ahead(pool, lambda _: threading.get_ident, 1, 1).result(0) != threading.get_ident()


def test_after_a_stop_what_runs_has_a_result_and_nothing_more_is_begun(pool):
    gate, begun = threading.Event(), []

    def prepare(index: int):
        begun.append(index)
        return lambda: gate.wait(5) and index

    ahead = Ahead(pool, prepare, 99, 6)
    asked = threading.Timer(0.1, gate.set)
    asked.start()
    assert ahead.result(0) == 0
    ended = ahead.stop()
    before = list(begun)
    assert [ahead.result(index) for index in ended] == ended
    assert begun == before == list(range(7))
    asked.join()


def test_each_node_is_computed_once_however_many_threads_want_it(write_recipe, studio, pool, tmp_path):
    planner = Planner(check_file(write_recipe(BODY)))
    calls: list[str] = []
    runner = Runner("tide.yaml", Cache(tmp_path / "store"), computed=lambda node, _: calls.append(node.checked.id))
    nodes = [planner.node("glow", variant) for variant in planner.variants]
    values = list(pool.map(runner.value, nodes))
    assert sorted(calls) == ["art.load"] + ["glow.blend"] * 8 + ["glow.load"]
    alone = Runner("tide.yaml", Cache(tmp_path / "other"))
    for node, value in zip(nodes, values, strict=True):
        np.testing.assert_array_equal(value, alone.value(node))


def slow_steps(planner, change):
    """The nodes of the glow with a step that tells how many run at once; `change` makes the step another one."""
    running, most = [], []

    def blend(base, overlay, opacity):
        running.append(1)
        most.append(len(running))
        time.sleep(0.03)
        running.pop()
        return base * np.float32(opacity)

    blend.__module__ = "artforge.ops.blend"
    nodes = []
    for variant in planner.variants:
        node = planner.node("glow", variant)
        step = change(replace(node.step, function=blend))
        settings = {"opacity": node.settings["opacity"]}
        nodes.append(replace(node, checked=replace(node.checked, step=step), settings=settings))
    return nodes, most


def with_a_model(step):
    unused = {name: setting for name, setting in step.settings.items() if name == "opacity"}
    model = replace(unused["opacity"], name="model", kind=Kind.MODEL)
    return replace(step, settings={**unused, "model": model})


def of_a_stranger(step):
    step.function.__module__ = "their_ops"
    return step


@pytest.mark.parametrize(("change", "alone"), [(lambda step: step, False), (with_a_model, True), (of_a_stranger, True)])
def test_networks_and_steps_of_others_run_one_at_a_time(write_recipe, studio, pool, tmp_path, change, alone):
    planner = Planner(check_file(write_recipe(BODY)))
    nodes, most = slow_steps(planner, change)
    list(pool.map(Runner("tide.yaml", Cache(tmp_path / "store")).value, nodes))
    assert (max(most) == 1) == alone


def test_what_fails_in_one_thread_fails_in_all_that_wait_for_it(write_recipe, studio, pool, tmp_path):
    planner = Planner(check_file(write_recipe(BODY)))
    (studio / "one.png").write_bytes(b"no picture")
    runner = Runner("tide.yaml", Cache(tmp_path / "store"))
    faults = [pool.submit(runner.value, planner.node("glow", variant)).exception() for variant in planner.variants]
    assert all("one.png" in str(fault) for fault in faults)
