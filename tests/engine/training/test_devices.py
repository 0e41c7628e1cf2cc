"""One device or two virtual ones: the same steps, the same predictions, and what cannot be shared is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from artforge.core.errors import UsageError
from artforge.engine.training import devices, parallel
from artforge.engine.training.config import TrainConfig

STEPS = Path(__file__).parents[2] / "support" / "parallel_steps.py"


@pytest.fixture(scope="module", params=["tensorflow", "jax"])
def left(request):
    """What five steps leave on one device and on two, in a process whose CPU is split in two."""
    environment = {key: value for key, value in os.environ.items() if key not in ("KERAS_BACKEND", "XLA_FLAGS")}
    ended = subprocess.run(
        [sys.executable, str(STEPS), request.param],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


def arrays(left, name):
    return [np.asarray(left[devices][name]) for devices in ("one", "two")]


def test_two_devices_leave_the_weights_of_one(left):
    # Adam divides by the size of a gradient, so it blows up the rounding of the small ones; all moved by about 0.02
    for one, two in zip(left["one"]["weights"], left["two"]["weights"], strict=True):
        np.testing.assert_allclose(two, one, atol=2e-4)


def test_the_loss_of_a_step_is_that_of_the_whole_batch(left):
    one, two = arrays(left, "losses")
    np.testing.assert_allclose(two, one, atol=1e-5)
    assert np.ptp(one) > 0.01


def test_a_step_tells_the_probabilities_of_the_whole_batch_in_its_order(left):
    one, two = arrays(left, "probabilities")
    np.testing.assert_allclose(two, one, atol=1e-4)
    assert np.ptp(one[:, 0]) > 0.01


def test_pictures_that_cannot_be_shared_equally_are_all_predicted_in_their_order(left):
    one, two = arrays(left, "predicted")
    assert one.shape == (13, 2)
    np.testing.assert_allclose(two, one, atol=1e-4)
    assert np.ptp(one[:, 0]) > 1e-3


def test_each_process_asks_for_its_share_of_the_pictures_once(left):
    assert left["one"]["asked"] == [13]
    assert left["two"]["asked"] == [14]


def test_more_devices_than_there_are_is_an_error_that_counts_them(left):
    assert "--devices 3" in left["many"]
    assert "finds 2 here" in left["many"]


def test_a_batch_that_cannot_be_shared_equally_is_an_error_that_names_those_that_can(left):
    assert left["unequal"] == "--batch-size 9: 2 devices cannot share it equally. Take 8 or 10."


def test_one_device_is_described_by_its_name(monkeypatch):
    cards = [devices.Card("Tesla T4", is_gpu=True)] * 2 + [devices.Card("A100", is_gpu=True)]
    monkeypatch.setattr(devices, "local_cards", lambda: cards)
    assert devices.describe() == "Tesla T4"
    assert devices.describe(3) == "2 x Tesla T4, A100"


def test_a_cpu_is_described_with_its_cores():
    assert devices.describe().startswith("CPU, ")
    assert not devices.has_gpu()


@pytest.mark.parametrize(
    ("capability", "policy"), [((0, 0), None), ((6, 1), None), ((7, 5), "mixed_float16"), ((9, 0), "mixed_bfloat16")]
)
def test_half_precision_is_what_the_tensor_cores_take(monkeypatch, capability, policy):
    monkeypatch.setattr(devices, "local_cards", lambda: [devices.Card("card", is_gpu=True, capability=capability)])
    assert devices.half_precision() == policy


def test_torch_on_several_devices_is_an_error_that_names_the_others(monkeypatch):
    monkeypatch.setattr(parallel, "local_cards", lambda: [devices.Card("card", is_gpu=True)] * 2)
    monkeypatch.setattr(parallel, "backend_name", lambda: "torch")
    with pytest.raises(UsageError, match="KERAS_BACKEND=tensorflow or KERAS_BACKEND=jax"):
        parallel.open_devices(parallel.Machines("all"), TrainConfig(batch_size=8))


def test_all_devices_are_one_where_there_is_one():
    opened = parallel.open_devices(parallel.Machines("all"), TrainConfig(batch_size=9))
    assert (opened.num_devices, opened.is_first, opened.share(9)) == (1, True, slice(0, 9))
