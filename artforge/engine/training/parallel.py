"""One device or many: the backend's own data parallelism behind a few functions that the training loop calls.

Each device takes an equal share of the rows of every batch, and what the optimizer sees is the mean over the whole
batch, as on one device.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import UsageError
from artforge.engine.backend import backend_name, load_keras, no_warnings, to_array
from artforge.engine.models.architectures import find_architecture
from artforge.engine.training.batches import Batch, ahead
from artforge.engine.training.devices import describe, has_gpu, local_cards
from artforge.engine.training.step import LocalStep, Step, StepOutcome, as_probabilities

if TYPE_CHECKING:
    from artforge.engine.training.cluster import Cluster
    from artforge.engine.training.config import TrainConfig

PREDICT_BATCH = 64
"""Pictures that one device predicts in one go."""

DeviceChoice = Literal["all"] | int
ImagesOf = Callable[[NDArray[np.int64]], NDArray[np.float32]]
Predictor = Callable[[ImagesOf, NDArray[np.int64]], NDArray[np.float32]]


@dataclass(frozen=True)
class Machines:
    """What a run is given to compute on; no setting of the run, which may go on elsewhere.

    Attributes:
        devices: how many of this machine's, or `all`.
        cluster: the workers that it has joined.
    """

    devices: DeviceChoice = 1
    cluster: Cluster | None = None

    @property
    def is_first(self) -> bool:
        """Whether the run folder belongs to this process."""
        return self.cluster is None or self.cluster.place.worker == 0


ONE_DEVICE = Machines()


class Devices:
    """What a run computes on; this one is a single device, and its subclasses are many.

    Attributes:
        description: in words, for the start of a run.
        num_devices: over which every batch is shared, those of other workers included.
        worker: the number of this process among those that train together.
        num_workers: how many they are.
        batch_size: pictures in a step, over all of them.
        can_fuse: whether Keras may compile a network with XLA here.
    """

    can_fuse = True

    def __init__(self, description: str, num_devices: int = 1, *, worker: int = 0, num_workers: int = 1) -> None:
        self.description = description
        self.num_devices = num_devices
        self.worker = worker
        self.num_workers = num_workers
        self.batch_size = num_devices

    @property
    def is_first(self) -> bool:
        """Whether this process writes the run folder."""
        return self.worker == 0

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Build, compile, restore and train a network inside it."""
        yield

    def prepare(self, network: Any) -> None:
        """Fit a new network to the devices, before it is compiled."""

    def share(self, batch_size: int) -> slice:
        """The rows of every batch that this process has to prepare."""
        return slice(0, batch_size)

    def check_batch(self, batch_size: int) -> None:
        """Settle how many pictures a step has.

        Raises:
            UsageError: the devices cannot share them equally.
        """
        if batch_size % self.num_devices:
            less = batch_size // self.num_devices * self.num_devices
            nearest = f"{less} or {less + self.num_devices}" if less else str(self.num_devices)
            raise UsageError(
                f"--batch-size {batch_size}: {self.num_devices} devices cannot share it equally. Take {nearest}."
            )
        self.batch_size = batch_size

    def make_step(self, network: Any) -> Step:
        """One optimizer step of a compiled network, to be made anew when other layers begin to learn."""
        return LocalStep(network)

    def predictor(self, network: Any) -> Predictor:
        """What a network makes of pictures: (images_of, indices (n,)) -> float32 (n, classes), rows adding up to 1.

        `images_of(indices)` gives the pictures as the network takes them. Each device asks for its share of them only,
        and every process receives all the rows.
        """

        def predict(images_of: ImagesOf, indices: NDArray[np.int64]) -> NDArray[np.float32]:
            chunks = [indices[start : start + PREDICT_BATCH] for start in range(0, len(indices), PREDICT_BATCH)]
            opened = ahead(lambda number: images_of(chunks[number]), len(chunks), num_threads=1)
            return as_probabilities(np.concatenate([to_array(network.predict_on_batch(images)) for images in opened]))

        return predict

    def agree(self, value: float) -> float:
        """The first worker's value, in every worker: their clocks and the last digits of their sums differ."""
        return value

    def leave(self) -> None:
        """Part from other workers after the last step."""


def open_devices(machines: Machines, config: TrainConfig) -> Devices:
    """What a run is to compute on.

    Args:
        machines: that it is given.
        config: its settings.

    Raises:
        UsageError: more devices than there are, shares that would not be equal, or a backend that cannot.
    """
    if machines == ONE_DEVICE:
        return Devices(describe())
    if find_architecture(config.architecture).trained_by == "fit":
        raise UsageError(
            f"{config.architecture} is fitted in one go and has no steps to share. Leave out --devices and --cluster."
        )
    cards = local_cards()
    count = len(cards) if machines.devices == "all" else machines.devices
    if not 1 <= count <= len(cards):
        raise UsageError(
            f"--devices {count}: {backend_name()} finds {len(cards)} here ({describe(len(cards))}). "
            f"Give 1 to {len(cards)}, or all."
        )
    if count == 1 and machines.cluster is None:
        return Devices(describe())
    if backend_name() == "tensorflow":
        found: Devices = _MirroredDevices(count)
    elif backend_name() == "jax":
        found = _ShardedDevices(count, machines.cluster)
    else:
        raise UsageError(
            f"--devices {machines.devices}: on torch artforge trains on one device. "
            "Set KERAS_BACKEND=tensorflow or KERAS_BACKEND=jax, which share a batch over several."
        )
    found.check_batch(config.batch_size)
    return found


class _MirroredDevices(Devices):
    """TensorFlow's MirroredStrategy: every device holds all weights and adds its gradients to those of the others.

    Keras' own `train_on_batch` would give every device the whole batch, so the step is written out here.
    """

    can_fuse = False  # XLA compiles for one device at a time

    def __init__(self, count: int) -> None:
        self._tensorflow = importlib.import_module("tensorflow")
        kind = "GPU" if has_gpu() else "CPU"
        with no_warnings():
            self._strategy = self._tensorflow.distribute.MirroredStrategy([f"{kind}:{n}" for n in range(count)])
        super().__init__(describe(count), count)

    @contextmanager
    def scope(self) -> Iterator[None]:
        with self._strategy.scope():
            yield

    def prepare(self, network: Any) -> None:
        for layer in layers_of(network):
            if isinstance(layer, load_keras().layers.BatchNormalization):
                layer.synchronized = True  # mean and variance of the whole batch, not of the share

    def make_step(self, network: Any) -> Step:
        if isinstance(network.optimizer, load_keras().optimizers.LossScaleOptimizer):
            raise UsageError(
                "float16 needs its loss scaled, which TensorFlow cannot do over several devices. "
                "Switch mixed precision off, take one device, or set KERAS_BACKEND=jax."
            )
        if network.optimizer.gradient_accumulation_steps:
            raise UsageError(
                "TensorFlow cannot accumulate gradients over several devices. "
                "Take a larger --batch-size in place of it, one device, or KERAS_BACKEND=jax."
            )
        tensorflow = self._tensorflow

        def on_each(images: Any, targets: Any, weights: Any) -> Any:
            with tensorflow.GradientTape() as tape:
                outputs = network(images, training=True)
                # Keras divides it by the number of devices here, so that the sum over them is the mean of the batch
                loss = network.compute_loss(images, targets, outputs, weights, training=True)
            gradients = tape.gradient(loss, network.trainable_variables)
            network.optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))
            return loss, outputs

        def on_all(*shares: Any) -> Any:
            losses, outputs = self._strategy.run(on_each, args=shares)
            return self._strategy.reduce(tensorflow.distribute.ReduceOp.SUM, losses, axis=None), outputs

        program = tensorflow.function(on_all, autograph=False)

        def step(batch: Batch, learning_rate: float) -> StepOutcome:
            network.optimizer.learning_rate = learning_rate
            loss, outputs = program(*(self._spread(rows) for rows in (batch.images, batch.targets, batch.weights)))
            return StepOutcome(float(loss), as_probabilities(self._gather(outputs)))

        return step

    def predictor(self, network: Any) -> Predictor:
        def on_all(images: Any) -> Any:
            return self._strategy.run(lambda share: network(share, training=False), args=(images,))

        program = self._tensorflow.function(on_all, autograph=False, reduce_retracing=True)

        def predict(images_of: ImagesOf, indices: NDArray[np.int64]) -> NDArray[np.float32]:
            chunks = _equal_chunks(indices, self.num_devices)
            gathered = [self._gather(program(self._spread(images_of(chunk)))) for chunk in chunks]
            return as_probabilities(np.concatenate(gathered)[: len(indices)])

        return predict

    def _spread(self, rows: NDArray[np.float32]) -> Any:
        shares = np.split(rows, self.num_devices)

        def share_of(context: Any) -> Any:
            return self._tensorflow.convert_to_tensor(shares[context.replica_id_in_sync_group])

        return self._strategy.experimental_distribute_values_from_function(share_of)

    def _gather(self, rows: Any) -> NDArray[np.float32]:
        return np.concatenate([to_array(share) for share in self._strategy.experimental_local_results(rows)])


class _ShardedDevices(Devices):
    """Keras' DataParallel on JAX: arrays whose rows lie on many devices, here or in all workers of a cluster."""

    def __init__(self, count: int, cluster: Cluster | None) -> None:
        self._jax = jax = importlib.import_module("jax")
        owners = range(jax.process_count())
        devices = [device for owner in owners for device in jax.local_devices(process_index=owner)[:count]]
        own = [number for number, device in enumerate(devices) if device.process_index == jax.process_index()]
        self._own = (own[0], own[-1] + 1)
        self._cluster = cluster
        self._parallel = load_keras().distribution.DataParallel(
            devices=[f"{device.platform}:{device.id}" for device in devices], auto_shard_dataset=False
        )
        words = f"{describe(count)} in each of {len(owners)} workers" if cluster else describe(count)
        super().__init__(words, len(devices), worker=jax.process_index(), num_workers=len(owners))

    @contextmanager
    def scope(self) -> Iterator[None]:
        with self._parallel.scope():
            yield

    def share(self, batch_size: int) -> slice:
        rows = batch_size // self.num_devices
        return slice(self._own[0] * rows, self._own[1] * rows)

    def make_step(self, network: Any) -> Step:
        return LocalStep(network, rows=self.share(self.batch_size))

    def predictor(self, network: Any) -> Predictor:
        sharding = self._jax.sharding
        whole = sharding.NamedSharding(self._parallel.device_mesh.backend_mesh, sharding.PartitionSpec())

        def forward(trainable: Any, others: Any, images: Any) -> Any:
            return network.stateless_call(trainable, others, images, training=False)[0]

        program = self._jax.jit(forward, out_shardings=whole)  # every worker gets all the rows

        def on_all(own_images: NDArray[np.float32]) -> NDArray[np.float32]:
            layout = self._parallel.get_data_layout(own_images.shape).backend_layout
            images = self._jax.make_array_from_process_local_data(layout, own_images)
            weights = ([one.value for one in network.trainable_variables],)
            return to_array(program(*weights, [one.value for one in network.non_trainable_variables], images))

        def predict(images_of: ImagesOf, indices: NDArray[np.int64]) -> NDArray[np.float32]:
            chunks = _equal_chunks(indices, self.num_devices)
            gathered = [on_all(images_of(chunk[self.share(len(chunk))])) for chunk in chunks]
            return as_probabilities(np.concatenate(gathered)[: len(indices)])

        return predict

    def agree(self, value: float) -> float:
        return self._cluster.agree(value) if self._cluster else value

    def leave(self) -> None:
        if self._cluster:
            self._cluster.leave()


def _equal_chunks(indices: NDArray[np.int64], num_devices: int) -> list[NDArray[np.int64]]:
    """Chunks of one size (so that one program serves all), the last one filled up with its last index."""
    size = num_devices * min(PREDICT_BATCH, -(-len(indices) // num_devices))
    filled = np.concatenate([indices, np.repeat(indices[-1:], -len(indices) % size)])
    return [filled[start : start + size] for start in range(0, len(filled), size)]


def layers_of(network: Any) -> list[Any]:
    """All layers, those of networks within the network too."""
    return [inner for layer in getattr(network, "layers", ()) for inner in (layer, *layers_of(layer))]
