"""One step of training: the network learns from a batch and tells what it thought of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from artforge.engine.backend import load_keras, to_array
from artforge.engine.training.batches import Batch
from artforge.engine.training.config import TrainConfig

_OUTPUTS = "outputs"


@dataclass(frozen=True)
class StepOutcome:
    """What a step leaves.

    Attributes:
        loss: of the whole batch before the step, weighed.
        probabilities: float32 (n, classes): what the network made of the whole batch before the step, in training mode.
    """

    loss: float
    probabilities: NDArray[np.float32]


class Step(Protocol):
    """Whoever makes the steps, on one device or on many."""

    def __call__(self, batch: Batch, learning_rate: float) -> StepOutcome:
        """Let the network learn from a batch."""


class LocalStep:
    """Steps by Keras, the same on every backend.

    Args:
        network: as `compile_network` leaves it.
        rows: of every batch whose pictures this process prepares.
    """

    def __init__(self, network: Any, rows: slice = slice(None)) -> None:
        self._network = network
        self._rows = rows
        self._learning_rate: float | None = None

    def __call__(self, batch: Batch, learning_rate: float) -> StepOutcome:
        """Let the network learn from a batch."""
        if learning_rate != self._learning_rate:
            self._network.optimizer.learning_rate = self._learning_rate = learning_rate
        told = self._network.train_on_batch(
            batch.images, batch.targets[self._rows], sample_weight=batch.weights[self._rows], return_dict=True
        )
        # asked of the metric, for its variable is whole in every worker of a cluster, and what was told is not
        outputs = to_array(self._network.get_metrics_result()[_OUTPUTS]).reshape(-1, self._network.outputs[0].shape[-1])
        return StepOutcome(float(told["loss"]), as_probabilities(outputs))


def compile_network(network: Any, config: TrainConfig, *, batch_size: int, fused: bool) -> None:
    """Give the network its optimizer and loss, and a metric that keeps what it puts out.

    Args:
        network: with the layers trainable that are to learn.
        config: the settings.
        batch_size: pictures in every batch.
        fused: whether XLA compiles the step.

    Sources: Loshchilov & Hutter (2019), https://arxiv.org/abs/1711.05101 (AdamW); Kingma & Ba (2015),
        https://arxiv.org/abs/1412.6980 (Adam)
    """
    keras = load_keras()
    num_outputs = network.outputs[0].shape[-1]
    smoothing = config.label_smoothing
    loss = (
        keras.losses.BinaryCrossentropy(label_smoothing=smoothing)
        if num_outputs == 1
        else keras.losses.CategoricalCrossentropy(label_smoothing=smoothing)
    )
    network.compile(
        optimizer=new_optimizer(config),
        loss=loss,
        metrics=[_outputs_metric((batch_size, num_outputs))],
        jit_compile=fused,
    )
    network.optimizer.build(network.trainable_variables)  # a checkpoint can be put into it before the first step


def new_optimizer(config: TrainConfig) -> Any:
    """The optimizer of the settings; its learning rate is set before each step."""
    optimizers = load_keras().optimizers
    shared = {
        "learning_rate": config.learning_rate,
        "gradient_accumulation_steps": config.gradient_accumulation if config.gradient_accumulation > 1 else None,
    }
    if config.optimizer == "adam":
        return optimizers.Adam(**shared)
    if config.optimizer == "sgd":
        return optimizers.SGD(momentum=config.momentum, **shared)
    if config.optimizer == "rmsprop":
        return optimizers.RMSprop(momentum=config.momentum, **shared)
    adamw = optimizers.AdamW(weight_decay=config.weight_decay, **shared)
    adamw.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
    return adamw


def as_probabilities(outputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Outputs (n, 1) of a sigmoid or (n, classes) of a softmax -> (n, classes), rows adding up to 1."""
    return np.concatenate([1 - outputs, outputs], axis=1) if outputs.shape[1] == 1 else outputs


def _outputs_metric(shape: tuple[int, int]) -> Any:
    """A metric that is no number but the outputs of the last batch: Keras hands them back on every backend."""
    keras = load_keras()

    class Outputs(keras.metrics.Metric):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__(name=_OUTPUTS)
            self.kept = self.add_variable(shape, initializer="zeros", name="kept")

        def update_state(self, targets: Any, outputs: Any, sample_weight: Any = None) -> None:  # noqa: ARG002
            self.kept.assign(keras.ops.cast(outputs, self.kept.dtype))

        def result(self) -> Any:
            return self.kept.value

    return Outputs()
