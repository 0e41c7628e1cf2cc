"""Rendering with workers: the files are those of one process, whoever dies meanwhile, and each model is loaded once."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("distributed", reason="the extra [cluster] is not installed")

from artforge.core.errors import OutputError, StepError
from artforge.recipes.cache import Cache
from artforge.recipes.check import check_file
from artforge.recipes.cluster import Farm
from artforge.recipes.cluster_tasks import RecipeOrder, tasks_of
from artforge.recipes.cluster_worker import Done, RenderWorker
from artforge.recipes.plan import Planner
from artforge.recipes.render import Renderer

SLOW_STEP = '''
import os
import time
from pathlib import Path

import numpy as np

from artforge.core.steps import step
from artforge.core.values import Image, Unit


@step("slow_fade", version=1)
def slow_fade(image: Image, *, share: Unit = 0.5) -> Image:
    """Fade, and leave a trace of who did it."""
    trace = f"{share:.4f}-{os.getpid()}-{os.environ.get('TF_NUM_INTRAOP_THREADS', 'all')}"
    Path(f"began-{trace}").touch()
    time.sleep(0.3)
    Path(f"ended-{trace}").touch()
    return image * np.float32(share)
'''
MODEL_STEP = '''
from artforge.core.steps import step
from artforge.core.values import Image, Unit
from artforge.engine.models.handle import Model


@step("seen", version=1)
def seen(image: Image, *, model: Model, share: Unit) -> Image:
    """Fade."""
    return image * image.dtype.type(share)
'''
BODY = """\
ops: ./slow.py
timeline: {duration: 4f, fps: 4, loop: true}
steps:
  art: [{load: {path: $image}}, {slow_fade: {share: 0.9}}]
  fade: [$art, {slow_fade: {share: =intensity/4}}]
  tide: [$art, {slow_fade: {share: "=0.55+0.4*t"}}]
sweep: {intensity: [0.5, 1, 2]}
outputs:
  still: {from: $fade}
  sheet: {from: $fade, per: sweep}
  loop: {from: $tide, per: recipe, formats: [mp4]}
"""


@pytest.fixture
def slow(write_recipe, studio):
    (studio / "slow.py").write_text(SLOW_STEP)
    return write_recipe(BODY)


def command(recipe, *words: str) -> tuple[list[str], dict]:
    environment = {**os.environ, "ARTFORGE_CACHE": str(recipe.parent / f"cache{len(words)}")}
    return [sys.executable, "-m", "artforge", "render", recipe.name, *words], {
        "cwd": recipe.parent,
        "env": environment,
        "text": True,
    }


def traces(folder, what: str) -> list[list[str]]:
    return [path.name.split("-")[1:] for path in folder.glob(f"{what}-*")]


def test_work_of_a_worker_that_is_killed_is_done_again_and_the_files_are_those_of_one_process(slow, studio):
    words, options = command(slow, "--out", "here")
    assert subprocess.run(words, check=False, capture_output=True, **options).returncode == 0
    for trace in studio.glob("*-*-*"):
        trace.unlink()
    words, options = command(slow, "--out", "there", "--workers", "2", "--json")
    running = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    deadline = time.monotonic() + 90
    killed: list[str] = []
    while not killed and time.monotonic() < deadline:
        ended = traces(studio, "ended")
        killed = next((each for each in traces(studio, "began") if each not in ended and each[0] != "0.9000"), [])
    os.kill(int(killed[1]), signal.SIGKILL)
    printed, said = running.communicate(timeout=120)
    assert running.returncode == 0, said
    events = [json.loads(line) for line in printed.splitlines()]
    assert [event["cached"] for event in events if event["event"] == "file"] == [False] * 5
    assert sum(event["event"] == "node" for event in events if event.get("step") == "slow_fade") >= 1 + 3 + 4
    assert killed not in traces(studio, "ended")
    again = [each for each in traces(studio, "ended") if each[0] == killed[0]]
    assert len(again) == 1
    assert str(running.pid) not in {each[1] for each in traces(studio, "ended")}  # all of it was done by workers
    assert {each[2] for each in again} == {str(max(1, os.cpu_count() // 2))}
    here = {path.name: path.read_bytes() for path in (studio / "here" / "tide").iterdir()}
    assert here == {path.name: path.read_bytes() for path in (studio / "there" / "tide").iterdir()}


@pytest.fixture
def renderer(slow, studio, monkeypatch):
    monkeypatch.chdir(studio)
    return Renderer(Planner(check_file(Path(slow.name))), studio / "out", Cache(studio / "store"))


def test_what_several_files_need_is_one_task_that_comes_before_them(renderer):
    tasks = tasks_of(renderer).tasks
    assert Counter(task.is_file for task in tasks) == {True: 3, False: 1 + 3 + 4}  # art, the faded ones, the frames
    places = {task.key: place for place, task in enumerate(tasks)}
    assert all(places[need] < places[task.key] for task in tasks for need in task.needs)
    art = renderer.planner.node("art", renderer.planner.base_variants[0]).key
    assert all(art in task.needs for task in tasks if task.key != art)


def test_what_is_in_the_store_is_no_task(renderer):
    still = renderer.artifacts[0]
    renderer.keep(still)
    keys = {task.key for task in tasks_of(renderer).tasks}
    assert renderer.file_key(still) not in keys
    assert renderer.file_key(renderer.artifacts[1]) in keys


def order(renderer, render="first"):
    return RecipeOrder(render, renderer.planner.checked.recipe.source, renderer.planner.overrides, 1.0, metadata=True)


def travelled(value):
    return pickle.loads(pickle.dumps(value))  # noqa: S301 - our own, as it comes out of the cluster


@pytest.fixture
def worker(renderer, studio):
    (studio / "store").mkdir()
    worker = RenderWorker("worker", renderer.store, None)
    worker.setup(None)
    return worker


def test_tasks_travel_and_leave_in_the_store_what_the_render_takes(renderer, worker):
    for task in tasks_of(renderer).tasks:
        assert worker.carry_out(*travelled((order(renderer), task))).is_kept
    left = tasks_of(renderer)
    assert left.tasks == []


def test_a_worker_tells_which_nodes_it_computed(renderer, worker):
    work = tasks_of(renderer)
    first = worker.carry_out(order(renderer), work.tasks[0])
    assert [work.nodes[key].checked.id for key in first.seconds] == ["art.load", "art.slow_fade"]
    assert first.seconds[work.tasks[0].key] > 0.25
    second = worker.carry_out(order(renderer), work.tasks[1])
    assert [work.nodes[key].checked.id for key in second.seconds] == ["fade.slow_fade"]


TALKATIVE_STEP = '''
from artforge.core.steps import step
from artforge.core.values import Image
from artforge.core.work import current_work


@step("talk", version=1)
def talk(image: Image) -> Image:
    """Say much."""
    work = current_work()
    for done in range(101):
        work.advanced(done / 100, f"word {done}")
    work.noticed("too many words")
    work.remarked("100 words")
    return image
'''


@pytest.fixture
def talkative(write_recipe, studio, monkeypatch):
    monkeypatch.chdir(studio)
    (studio / "talk.py").write_text(TALKATIVE_STEP)
    (studio / "store").mkdir()
    recipe = write_recipe(
        "ops: ./talk.py\nsteps: {art: [{load: {path: $image}}, talk]}\noutputs: {still: {from: $art}}"
    )
    return Renderer(Planner(check_file(Path(recipe.name))), studio / "out", Cache(studio / "store"))


def test_a_worker_tells_how_far_a_step_is_but_not_at_every_turn(talkative):
    told = []
    worker = RenderWorker("worker", talkative.store, None)
    worker.setup(SimpleNamespace(log_event=lambda topic, message: told.append((topic, message))))
    (task,) = tasks_of(talkative).tasks
    done = worker.carry_out(order(talkative), task)
    assert told == [("worker", ("talk", 0.0, "word 0")), ("worker", ("talk", 1.0, "word 100"))]
    assert [notice.rpartition(": ")[2] for notice in done.notices] == ["too many words"]
    assert done.remarks == ("art.talk: 100 words",)


def test_what_workers_tell_reaches_the_person(talkative):
    done = Future()
    topics = {}
    client = SimpleNamespace(
        submit=lambda *_, **__: done, subscribe_topic=lambda topic, handler: topics.update({topic: handler})
    )
    Farm(client, "worker").prepare(talkative)
    heard = []
    talkative.runner.advanced = lambda *told: heard.append(told)
    talkative.runner.noticed, talkative.runner.remarked = heard.append, heard.append
    topics["worker"]((time.time(), ("talk", 0.5, "word 50")))
    done.set_result(Done({}, ("too many words",), ("100 words",), is_kept=True))
    talkative.runner.awaited(talkative.file_key(talkative.artifacts[0]))
    assert heard == [("talk", 0.5, "word 50"), "too many words", "100 words"]


@pytest.mark.parametrize("words", [(), ("--workers", "1")], ids=["here", "by workers"])
def test_a_program_hears_how_far_a_long_step_is(talkative, studio, words):
    del talkative
    words, options = command(studio / "tide.yaml", "--json", *words)
    done = subprocess.run(words, check=False, capture_output=True, timeout=120, **options)
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    first = next(each for each in told if each["event"] == "progress")
    assert first == {"event": "progress", "recipe": "tide", "step": "talk", "share": 0.0, "told": "word 0"}


def test_a_failure_on_a_worker_is_told_at_its_line(renderer, worker, studio):
    work = tasks_of(renderer)
    (studio / "one.png").write_bytes(b"no picture")
    with pytest.raises(StepError, match="a worker reads another recipe, other pictures or another model"):
        worker.carry_out(order(renderer), work.tasks[0])
    other = Renderer(Planner(check_file(Path("tide.yaml"))), studio, renderer.store)
    with pytest.raises(StepError, match=r"^tide\.yaml:\d+:\d+: error: load: one\.png") as failed:
        worker.carry_out(order(other, "second"), tasks_of(other).tasks[0])
    assert str(travelled(failed.value)) == str(failed.value)


def test_a_worker_with_other_libraries_is_refused(renderer, studio, monkeypatch):
    (studio / "store").mkdir()
    worker = RenderWorker("worker", renderer.store, None)
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    with pytest.raises(StepError, match="other libraries"):
        worker.setup(None)


def test_a_worker_that_sees_other_folders_is_refused(renderer):
    with pytest.raises(OutputError, match="all machines must see the same folders"):
        RenderWorker("worker", renderer.store, None).setup(None)  # whose store nobody has made


def test_a_model_is_loaded_once_for_all_tasks_and_recipes_of_a_worker(write_recipe, studio, monkeypatch):
    from artforge.engine.models import store as models

    opened = []
    monkeypatch.setattr(models, "load_model", lambda path: opened.append(path) or object())
    monkeypatch.chdir(studio)
    (studio / "net.py").write_text(MODEL_STEP)
    recipe = write_recipe("""\
    ops: ./net.py
    steps: {art: [{load: {path: $image}}, {seen: {model: net, share: =intensity/2}}]}
    sweep: {intensity: [0, 1, 2]}
    outputs: {still: {from: $art}}
    """)
    renderer = Renderer(Planner(check_file(recipe)), studio / "out", Cache(studio / "store"))
    (studio / "store").mkdir()
    worker = RenderWorker("worker", renderer.store, None)
    worker.setup(None)
    for token in ("first", "second"):
        for task in tasks_of(renderer).tasks:
            worker.carry_out(order(renderer, token), task)
        shutil.rmtree(studio / "store")  # so that there is something to do again
        (studio / "store").mkdir()
    assert len(opened) == 1


def run(studio, monkeypatch, *words):
    from typer.testing import CliRunner

    from artforge.cli.main import app

    monkeypatch.chdir(studio)
    return CliRunner().invoke(app, ["render", "tide.yaml", *words])


def test_a_scheduler_that_does_not_answer_is_an_error(slow, studio, monkeypatch):
    monkeypatch.setattr("artforge.recipes.cluster.CONNECT_SECONDS", 0.2)
    done = run(studio, monkeypatch, "--scheduler", "tcp://127.0.0.1:1")
    assert isinstance(done.exception, OutputError)
    assert "tcp://127.0.0.1:1: no scheduler answers there" in str(done.exception)


def test_workers_and_a_scheduler_are_not_taken_together(slow, studio, monkeypatch):
    done = run(studio, monkeypatch, "--scheduler", "tcp://127.0.0.1:1", "--workers", "2")
    assert "take one" in str(done.exception)


def test_where_the_extra_is_not_installed_it_is_named(slow, studio, monkeypatch):
    monkeypatch.delitem(sys.modules, "artforge.recipes.cluster")
    monkeypatch.setitem(sys.modules, "distributed", None)
    done = run(studio, monkeypatch, "--workers", "2")
    assert "pip install 'artforge[cluster]'" in str(done.exception)
