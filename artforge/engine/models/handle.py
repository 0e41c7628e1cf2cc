"""The handle of a model: it owns its input size, value range and class names, so callers hold pictures in [0, 1]."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import (
    ChoiceError,
    ModelError,
    ShapeError,
    check_choice,
    choice_message,
    listing,
    nearest_first,
)
from artforge.core.light import luma
from artforge.core.pictures import resize
from artforge.core.values import Image, Kind
from artforge.engine.backend import to_array
from artforge.engine.gradients import LONG_RUN, Compiled, compile_function
from artforge.engine.models.card import LAST_CONV, LayerInfo, last_conv_of
from artforge.engine.models.graph import Graph, read_graph, run_calls
from artforge.engine.models.head import LogitsTwin, as_class_scores, logits_twin, probabilities_from
from artforge.engine.models.layers import layers_to_look_at, multiply_adds_of
from artforge.engine.models.model_checks import (
    check_channels_last,
    check_is_model,
    check_names,
    check_size_and_range,
    check_temperature,
    check_weights,
    picture_shape,
)
from artforge.engine.models.picture_checks import check_shape, check_values

LONGEST_ASPECT = 4
"""A flexible network sees a picture undistorted up to this ratio of long to short edge."""
DEFAULT_SIZE = 224
"""Working edge of a network that takes any size and has no card to say better (pixels)."""
BATCH = 16
"""Pictures that go through the network at once: more is no faster on a CPU and only costs memory."""


@dataclass(frozen=True, eq=False)
class Model:
    """A classifier, ready to look through. Make one with `wrap_model` or `load_model`.

    Attributes:
        keras_model: the network as it was given.
        class_names: one for each class score, in order.
        input_size: (height, width) the network was trained at.
        value_range: (low, high) of the pixel values that the network itself expects.
        flexible_size: whether it takes pictures of any size.
        name: what it is called in captions and records.
        sha256: of its file, or empty.
        temperature: by which the logits are divided before they become probabilities (see
            `engine.evaluation.calibration`). Heatmaps and class scores are of the logits as they are.
    """

    KIND: ClassVar[Kind] = Kind.MODEL

    keras_model: Any = field(repr=False)
    class_names: tuple[str, ...]
    input_size: tuple[int, int]
    value_range: tuple[float, float] = (0.0, 1.0)
    flexible_size: bool = False
    name: str = "model"
    sha256: str = ""
    temperature: float = 1.0

    @cached_property
    def twin(self) -> LogitsTwin:
        """The network without its last sigmoid or softmax."""
        return logits_twin(read_graph(self.keras_model, input_size=self.input_size))

    @property
    def graph(self) -> Graph:
        """The network down to its logits as a flat list of calls, nested models seen through."""
        return self.twin.graph

    @cached_property
    def layers(self) -> tuple[LayerInfo, ...]:
        """The layers one can look at, in the order they are computed."""
        return layers_to_look_at(self.graph, self.input_size)

    @cached_property
    def multiply_adds(self) -> int:
        """About how many multiplications one picture of the input size costs on its way through."""
        return multiply_adds_of(self.graph, self.input_size)

    @property
    def layer_names(self) -> tuple[str, ...]:
        """The layers one can look at, by name."""
        return tuple(layer.name for layer in self.layers)

    def find_layer(self, name: str) -> LayerInfo:
        """A layer by name; `last_conv` is the last one before the maps are pooled away.

        Raises:
            ChoiceError: no such layer; the allowed ones are listed, nearest first. Or not a name.
            ModelError: `last_conv` is asked of a network without maps of more than one cell.
        """
        if not isinstance(name, str):
            raise ChoiceError(f"a layer is asked for by its name, such as {LAST_CONV!r}, received {name!r}")
        if name == LAST_CONV:
            found = last_conv_of(self.layers)
            if found is None:
                raise ModelError(
                    f"the model {self.name!r} has no convolution with a map of more than one cell to look at"
                )
            name = found
        if name in self.graph.value_of and name not in self.layer_names:
            shape = self.graph.shapes[self.graph.value_of[name]]
            raise ChoiceError(
                f"layer {name!r} puts out {shape}, not a map for each channel: it stands behind the flattening or the "
                f"pooling. Look at one of: {', '.join([LAST_CONV, *self.layer_names])}"
            )
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ChoiceError(choice_message("layer", name, nearest_first(name, [LAST_CONV, *self.layer_names])))

    def class_index(self, target: str | int | None) -> int | None:
        """The number of a class given by name or number; None stays None (the predicted class).

        Raises:
            ChoiceError: no such class, or neither a name nor a whole number; the allowed ones are listed.
        """
        if target is None:
            return None
        if isinstance(target, str):
            check_choice("class", target, self.class_names)
            return self.class_names.index(target)
        is_number = isinstance(target, int | np.integer) and not isinstance(target, bool)
        if not is_number or not 0 <= target < len(self.class_names):
            numbered = [f"{index} {name}" for index, name in enumerate(self.class_names)]
            raise ChoiceError(f"class {target} is not one of: {listing(numbered)}")
        return int(target)

    def working_size(self, image: Image) -> tuple[int, int]:
        """(height, width) at which the network sees this picture.

        A flexible network sees the whole picture undistorted: the short edge becomes that of the input size, the
        long edge follows, up to four times the short one. Any other sees it fitted to its input size.
        """
        check_shape(image)
        if not self.flexible_size:
            return self.input_size
        edge = min(self.input_size)
        height, width = image.shape[:2]
        scale = edge / min(height, width)
        return (
            min(round(height * scale), LONGEST_ASPECT * edge),
            min(round(width * scale), LONGEST_ASPECT * edge),
        )

    def prepare(self, images: Image | Sequence[Image]) -> NDArray[np.float32]:
        """Pictures -> one batch as the network expects it.

        Args:
            images: one Image or several, float32 (H, W, 3) in [0, 1]; other floats are taken as float32.

        Returns:
            float32 (n, h, w, 3), or 1 in place of 3 for a network that sees grey, in the network's value range.

        Raises:
            ShapeError: no pictures, or pictures of shapes that do not fit into one batch (see `batches`).
        """
        pictures = _one_by_one(images)
        if not pictures:
            raise ShapeError("no pictures given: expected at least one")
        sizes = {self.working_size(picture) for picture in pictures}
        if len(sizes) > 1:
            listed = ", ".join(f"{height}x{width}" for height, width in sorted(sizes))
            raise ShapeError(
                f"pictures of different proportions do not fit into one batch (they would be seen at {listed})"
            )
        return np.stack([self._prepare_one(picture) for picture in pictures])

    def _prepare_one(self, image: Image) -> NDArray[np.float32]:
        check_values(image)
        low, high = self.value_range
        seen = resize(np.asarray(image, np.float32), self.working_size(image))
        if self.graph.shapes[self.graph.picture][-1] == 1:
            seen = luma(seen)[..., None]
        return np.asarray(seen * np.float32(high - low) + np.float32(low), np.float32)

    def batches(
        self, images: Sequence[Image], *, at_most: int = BATCH
    ) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        """Pictures of any shapes as batches of one size, each with the positions of its pictures."""
        by_size: dict[tuple[int, int], list[int]] = {}
        for position, image in enumerate(images):
            by_size.setdefault(self.working_size(image), []).append(position)
        for positions in by_size.values():
            for start in range(0, len(positions), at_most):
                chunk = positions[start : start + at_most]
                yield chunk, self.prepare([images[position] for position in chunk])

    def class_scores(self, batch: NDArray[np.float32], *, long_run: bool = False) -> NDArray[np.float32]:
        """The logits of every class: float32 (n, classes). A one-sigmoid network gives the two columns -z and z.

        Args:
            batch: as `prepare` gives it.
            long_run: whether many batches of this shape are to come, worth seconds of deeper compiling first.
        """
        return to_array(self._scorer(batch, long_run=long_run))

    @cached_property
    def _scorer(self) -> Compiled:
        graph = self.graph

        def scores(batch: Any) -> Any:
            [logits] = run_calls(graph.calls, {graph.picture: batch}, [graph.output])
            return as_class_scores(logits)

        return compile_function(scores, graph.variables, [graph.tensor(graph.picture)])

    def is_long_run(self, num_pictures: int) -> bool:
        """Whether so many pictures are worth seconds of deeper compiling."""
        return num_pictures * self.multiply_adds >= LONG_RUN

    def probabilities(self, images: Image | Sequence[Image]) -> NDArray[np.float32]:
        """How sure the network is of each class: float32 (n, classes), each in [0, 1].

        Args:
            images: one Image or several, of any sizes.
        """
        pictures = _one_by_one(images)
        result = np.empty((len(pictures), len(self.class_names)), np.float32)
        for positions, batch in self.batches(pictures):
            result[positions] = self.probabilities_of(self.class_scores(batch))
        return result

    def probabilities_of(self, class_scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """What logits (n, classes) say as probabilities (n, classes), at the temperature of the model."""
        return probabilities_from(class_scores, twin=self.twin, temperature=self.temperature)


def wrap_model(
    keras_model: Any,
    *,
    class_names: Sequence[str] | None = None,
    input_size: tuple[int, int] | None = None,
    value_range: tuple[float, float] = (0.0, 1.0),
    name: str | None = None,
    sha256: str = "",
    temperature: float = 1.0,
) -> Model:
    """A handle for a Keras classifier: pictures in, one score a class out.

    Args:
        keras_model: functional, Sequential, or subclassed where its layers can be followed; channels last, 3 or 1
            channels; models may be nested. It is not changed.
        class_names: one for each class (two for a single sigmoid); `class_0`, `class_1`, ... where not given.
        input_size: (height, width) for a network that takes any size, or one that has not seen a picture and was built
            without `keras.Input`; else the network's own is used.
        value_range: (low, high) of the pixel values the network expects.
        name: what to call it; else the network's own name.
        sha256: of its file.
        temperature: by which the logits are divided before they become probabilities.

    Raises:
        ModelError: not a classifier of pictures, NaN or infinite weights, names that do not fit its classes, or an
            input size, a value range or a temperature that is none.
    """
    check_is_model(keras_model)
    check_size_and_range(input_size, value_range)
    check_temperature(temperature)
    own_name = name or str(keras_model.name)
    graph = read_graph(keras_model, input_size=input_size)
    height, width = picture_shape(graph, own_name)
    twin = logits_twin(graph)
    check_channels_last(graph)
    check_weights(keras_model, own_name)
    num_classes = 2 if twin.num_outputs == 1 else twin.num_outputs
    names = tuple(class_names) if class_names is not None else tuple(f"class_{index}" for index in range(num_classes))
    check_names(names, num_classes, own_name)
    wanted_height, wanted_width = input_size or (DEFAULT_SIZE, DEFAULT_SIZE)
    model = Model(
        keras_model=keras_model,
        class_names=names,
        input_size=(height or wanted_height, width or wanted_width),
        value_range=value_range,
        flexible_size=height is None and width is None,
        name=own_name,
        sha256=sha256,
        temperature=temperature,
    )
    model.__dict__["twin"] = twin  # found while checking: no need to build it again
    return model


def _one_by_one(images: Image | Sequence[Image]) -> list[Image]:
    """The pictures as a list; a lone array is one picture, unless it has the four axes of a batch."""
    return [images] if isinstance(images, np.ndarray) and images.ndim != 4 else list(images)
