"""Workers that train together: how they meet, that they are one, and what is told when one is lost."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import worker_ends

from artforge.core.errors import UsageError
from artforge.engine.training import cluster as clusters
from artforge.engine.training.checkpoint import read_checkpoint
from artforge.engine.training.cluster import ClusterError, Place, check_place, join
from artforge.engine.training.config import TrainConfig
from artforge.engine.training.supervisor import LOST, Report, explain_end, supervise
from artforge.engine.training.together import LostError, check_same_settings, run_together

SETTINGS = """\
data: digits.npz
architecture: mnist_cnn
image_size: 28
batch_size: 8
dropout: 0.0
learning_rate: 0.001
schedule: constant
patience: 1000
"""


def place(**changes) -> Place:
    return Place(**{"address": "127.0.0.1:7777", "num_workers": 2, "worker": 0, **changes})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Told:
    """A cluster in which the others say what they are told to."""

    def __init__(self, others: dict | None = None, *, reasons: dict | None = None, missing: tuple = ()) -> None:
        self.place = place()
        self.hosts = ("alpha", "beta")
        self.is_left = False
        self.stopped: list[str] = []
        self._others, self._reasons, self._missing = others or {}, reasons or {}, list(missing)

    def named(self, worker):
        return clusters.named(self.hosts, worker)

    def exchange(self, topic, text):
        return [text, json.dumps({**json.loads(text), **self._others})]

    def stop(self, reason):
        self.stopped.append(reason)

    def reasons(self):
        return self._reasons

    def missing(self):
        return self._missing


# where a worker stands


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"address": "7777"}, "expected HOST:PORT"),
        ({"address": "host:"}, "expected HOST:PORT"),
        ({"address": "host:70000"}, "port from 1 to 65535"),
        ({"num_workers": 1}, "at least 2 workers"),
        ({"worker": 2}, "numbered from 0 to 1"),
        ({"worker": -1}, "numbered from 0 to 1"),
    ],
)
def test_a_place_where_no_worker_can_stand_is_refused(monkeypatch, changes, says):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    with pytest.raises(UsageError, match=says):
        check_place(place(**changes))


def test_an_address_of_ipv6_has_its_host_without_brackets():
    assert place(address="[::1]:7777").host_and_port == ("::1", 7777)


@pytest.mark.parametrize("backend", ["tensorflow", "torch"])
def test_another_backend_is_told_which_one_to_set(monkeypatch, backend):
    monkeypatch.setenv("KERAS_BACKEND", backend)
    with pytest.raises(UsageError, match=f"run on {backend}. Set KERAS_BACKEND=jax"):
        check_place(place())


def test_a_port_that_another_program_has_is_told_before_anything_waits():
    with socket.socket() as other:
        other.bind(("", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match=f"cannot take port {port} here"):
            join(place(address=f"127.0.0.1:{port}"))


def test_an_address_where_nobody_answers_is_told_when_the_time_is_up():
    with pytest.raises(ClusterError, match="nobody answered there for 0 s"):
        join(place(address=f"127.0.0.1:{free_port()}", worker=1, join_seconds=0))


def test_a_machine_of_no_known_name_is_told_at_once():
    with pytest.raises(UsageError, match=r"no machine of the name 'nowhere\.invalid'"):
        join(place(address="nowhere.invalid:7777", worker=1))


# beginning alike


def test_a_setting_that_differs_is_named_with_both_values_and_machines():
    with pytest.raises(UsageError, match=r"batch_size: 16 in worker 0 \(alpha\), 32 in worker 1 \(beta\)"):
        check_same_settings(Told({"batch_size": 32}), TrainConfig(batch_size=16))


def test_versions_that_differ_are_named():
    with pytest.raises(UsageError, match=r"version of jax: .* 0\.0\.1 in worker 1"):
        check_same_settings(Told({"version of jax": "0.0.1"}), TrainConfig())


def test_the_pictures_may_lie_elsewhere_on_each_machine():
    check_same_settings(Told({"data": "/elsewhere"}), TrainConfig(data="here"))


# ending before the others


def test_a_worker_that_fails_tells_the_others_why():
    cluster = Told()

    def fails():
        raise UsageError("no room left")

    with pytest.raises(UsageError):
        run_together(cluster, fails)
    assert cluster.stopped == ["no room left"]


def breaks():
    raise ValueError("Gloo AllGather failed: Connection reset by peer")


def test_a_sum_that_breaks_is_laid_to_the_workers_that_do_not_answer():
    with pytest.raises(LostError) as caught:
        run_together(Told(missing=(1,)), breaks)
    assert (caught.value.workers, caught.value.reasons) == ([1], {})


def test_a_sum_that_breaks_is_laid_to_the_worker_that_said_why_it_stops():
    with pytest.raises(LostError) as caught:
        run_together(Told(reasons={1: "no room left"}, missing=(0,)), breaks)
    assert (caught.value.workers, caught.value.reasons) == ([1], {1: "no room left"})


def test_a_fault_of_our_own_stays_one_when_all_answer():
    with pytest.raises(ValueError, match="Gloo"):
        run_together(Told(), breaks)


def test_what_is_said_of_a_lost_worker_names_it_the_checkpoint_and_both_ways_on():
    report = Report(hosts=("alpha", "beta"), folder=Path("runs/x 1"), num_epochs=3, lost=(1,))
    said = explain_end(place(), report, LOST, "")
    assert said.startswith("worker 1 (beta) was lost in epoch 4.")
    assert "checkpoint of epoch 3 is kept in runs/x 1." in said
    assert "--resume 'runs/x 1' --cluster 127.0.0.1:7777 --num-workers 2 --worker 0" in said
    assert "or on one machine by: artforge train --resume 'runs/x 1'" in said


def test_what_is_said_before_the_first_checkpoint_is_to_begin_again():
    said = explain_end(place(), Report(hosts=("alpha", "beta"), lost=(1,)), LOST, "")
    assert "No epoch was done" in said
    assert "--resume" not in said


def test_the_reason_of_a_worker_that_could_give_one_is_passed_on():
    report = Report(hosts=("alpha", "beta"), num_epochs=1, lost=(1,), reasons={1: "no room left"})
    assert "no room left" in explain_end(place(), report, LOST, "")


def test_workers_that_did_not_all_join_are_told_after_what_time():
    said = explain_end(place(join_seconds=7), Report(), -signal.SIGABRT, "DEADLINE_EXCEEDED: RegisterTask")
    assert "2 workers did not all join within 7 s" in said


def test_a_worker_other_than_the_first_lays_an_unexplained_end_to_the_first():
    report = Report(hosts=("alpha", "beta"), num_epochs=2)
    said = explain_end(place(worker=1), report, -signal.SIGABRT, "Deadline Exceeded: Heartbeat")
    assert said.startswith(
        "worker 0 (alpha) was lost in epoch 3.\nThe checkpoint of epoch 2 is kept on worker 0 (alpha)"
    )


# the process that watches


def test_the_code_of_a_worker_that_ends_in_peace_is_handed_on():
    assert supervise(place(), worker_ends.in_peace, (3,)) == 3


def test_a_worker_that_a_library_ends_leaves_an_error_that_names_the_silent_one(tmp_path, capfd):
    with pytest.raises(ClusterError, match=r"worker 1 \(beta\) was lost in epoch 4"):
        supervise(place(), worker_ends.aborted_by_library, (str(tmp_path),))
    assert "Terminating" not in capfd.readouterr().err


def test_a_killed_worker_is_told_with_its_signal():
    with pytest.raises(ClusterError, match=r"this process, worker 0, was ended by SIGKILL"):
        supervise(place(), worker_ends.killed, ())


def test_what_libraries_write_does_not_reach_the_person(capfd):
    assert supervise(place(), worker_ends.talks, ("a result", "[Gloo] noise")) == 0
    assert capfd.readouterr().out == "a result\n"


def test_a_fault_of_our_own_shows_its_traceback(capfd):
    assert supervise(place(), worker_ends.raises, ()) == 1
    assert "ZeroDivisionError: a fault of our own" in capfd.readouterr().err


def test_ctrl_c_that_comes_twice_reaches_the_worker_once(tmp_path):
    started = tmp_path / "started"

    def press():
        while not started.exists():
            time.sleep(0.02)
        for _ in range(2):  # a terminal presses it for the worker and for the process that watches it
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)

    threading.Thread(target=press, daemon=True).start()
    assert supervise(place(), worker_ends.waits_for_ctrl_c, (str(started),)) == 130


# all of it: two workers on one machine


def write_digits(folder: Path) -> None:
    """Bars on the left or on the right, hard enough that the loss goes on falling."""
    rng = np.random.default_rng(0)
    parts = {}
    for name, count in (("train", 40), ("test", 8)):
        labels = (np.arange(count) % 2).astype(np.uint8)
        pixels = rng.integers(0, 200, (count, 28, 28))
        pixels[np.arange(count), :, 5 + 14 * labels.astype(int)] += 40
        parts |= {f"x_{name}": pixels.astype(np.uint8), f"y_{name}": labels}
    np.savez(folder / "digits.npz", **parts)
    (folder / "settings.yaml").write_text(SETTINGS, encoding="utf-8")


def begin(folder: Path, *words: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    return subprocess.Popen(
        [sys.executable, "-m", "artforge", "train", *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def as_worker(number: int, port: int) -> list[str]:
    return ["--cluster", f"127.0.0.1:{port}", "--num-workers", "2", "--worker", str(number)]


@pytest.fixture(scope="module")
def lost(tmp_path_factory):
    """Two workers; the second one's machine goes dark after two epochs."""
    folder = tmp_path_factory.mktemp("lost")
    write_digits(folder)
    port = free_port()
    first = begin(folder, "settings.yaml", "--epochs", "9999", "--out", "run", *as_worker(0, port))
    second = begin(folder, "settings.yaml", "--epochs", "9999", *as_worker(1, port))
    said: list[str] = []
    try:
        for line in first.stderr:
            said.append(line)
            if line.startswith("epoch") and sum(one.startswith("epoch") for one in said) == 2:
                os.killpg(second.pid, signal.SIGKILL)
                killed_at = time.monotonic()
        first.wait(timeout=60)
    finally:
        for process in (first, second):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    return {"folder": folder, "said": "".join(said), "code": first.returncode, "seconds": time.monotonic() - killed_at}


@pytest.fixture(scope="module")
def resumed(lost):
    """The same two workers go on for two epochs more; the second one has no run folder."""
    folder = lost["folder"]
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    epochs = read_checkpoint(folder / "run" / "checkpoint.npz").progress.num_epochs + 2
    port = free_port()
    more = ["--resume", "run", "--epochs", str(epochs)]
    first = begin(folder, *more, *as_worker(0, port))
    second = begin(elsewhere, *more, "--data", "../digits.npz", *as_worker(1, port))
    ends = [process.communicate(timeout=300) for process in (first, second)]
    return {"epochs": epochs, "codes": (first.returncode, second.returncode), "ends": ends, "elsewhere": elsewhere}


def test_a_lost_worker_ends_the_other_in_a_clear_message_with_the_checkpoint_kept(lost):
    done = read_checkpoint(lost["folder"] / "run" / "checkpoint.npz").progress.num_epochs
    assert lost["code"] == 1
    assert f"error: worker 1 ({socket.gethostname()}) was lost in epoch {done + 1}." in lost["said"]
    assert f"The checkpoint of epoch {done} is kept in run." in lost["said"]
    assert "Traceback" not in lost["said"]
    assert lost["seconds"] < 30


def test_all_workers_go_on_from_the_checkpoint_and_the_first_alone_writes(lost, resumed):
    assert resumed["codes"] == (0, 0), resumed["ends"]
    assert (lost["folder"] / "run" / "model.keras").exists()
    assert list(resumed["elsewhere"].iterdir()) == []


def test_two_workers_end_with_the_weights_of_one_with_the_same_whole_batch(lost, resumed):
    folder = lost["folder"]
    alone = begin(folder, "settings.yaml", "--epochs", str(resumed["epochs"]), "--out", "alone")
    _, said = alone.communicate(timeout=300)
    assert alone.returncode == 0, said
    together, single = (read_checkpoint(folder / name / "checkpoint.npz") for name in ("run", "alone"))
    for one, two in zip(single.variables, together.variables, strict=True):
        # Adam divides by the size of a gradient, so it blows up the rounding of the small ones
        np.testing.assert_allclose(two, one, atol=5e-4)
    losses = [[row["loss"] for row in one.progress.epochs] for one in (single, together)]
    np.testing.assert_allclose(losses[1], losses[0], atol=1e-5)
    assert np.ptp(losses[0]) > 0.01


def test_a_worker_that_nobody_joins_is_told_when_the_time_is_up(tmp_path):
    write_digits(tmp_path)
    waiting = begin(tmp_path, "settings.yaml", "--join-timeout", "1", *as_worker(0, free_port()))
    _, said = waiting.communicate(timeout=120)
    assert waiting.returncode == 1
    assert "the 2 workers did not all join within 1 s" in said
    assert not (tmp_path / "runs").exists()
