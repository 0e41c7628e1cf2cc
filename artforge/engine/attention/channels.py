"""Which channels of a layer have a say in a map: by number, by rank, by kinship, by lot, or a sliding window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from artforge.core.errors import ChoiceError, did_you_mean
from artforge.core.seeds import generator
from artforge.core.values import FeatureMaps, Kind, Unit

_WAYS = ("index", "rank", "cluster", "random", "window")
_COMPANIONS = {"index": (), "rank": ("count", "share", "start"), "cluster": ("of", "seed"), "random": ("seed",)}
_KMEANS_ROUNDS, _KMEANS_CHANGE, _KMEANS_STARTS = 100, 1e-6, 8

_Count = Annotated[int, Field(ge=1)]
_Number = Annotated[int, Field(ge=0)]


class Channels(BaseModel):
    """A choice of channels, in one of five ways. Channels are counted from 0.

    * `{index: [3, 17]}`: these.
    * `{rank: gradient, count: 8}` or `{rank: energy, share: 0.25, start: 4}`: the strongest, from place `start` on, by
      |mean gradient| (how much each moves the class score) or by energy (the sum of squares of its map).
    * `{cluster: 0, of: 6}`: those that look alike. The maps are sorted into `of` clusters by k-means on their shapes
      (each brought to length 1); cluster 0 is the one with the most energy.
    * `{random: 12, seed: 4}`: drawn by lot, another draw for each seed.
    * `{window: 16, start: 32}`: a run; it slides round, so that the first channel follows the last.
    """

    KIND: ClassVar[Kind] = Kind.CHANNEL

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    index: tuple[_Number, ...] | None = None
    rank: Literal["gradient", "energy"] | None = None
    count: _Count | None = None
    share: Unit | None = None
    start: _Number = 0
    cluster: _Number | None = None
    of: _Count = 6
    random: _Count | None = None
    window: _Count | None = None
    seed: _Number = 0

    def __init__(self, **choice: Any) -> None:
        """Choose channels.

        Raises:
            ChoiceError: no such way to choose, or what does not go together.
        """
        try:
            super().__init__(**choice)
        except ValidationError as error:
            raise ChoiceError(_worded(error)) from None

    # pydantic builds one from a recipe without this __init__, and tells the recipe's check which key is wrong
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @model_validator(mode="before")
    @classmethod
    def _plain_numbers(cls, value: object) -> object:
        if isinstance(value, list | str | int | float):
            raise ValueError("channels are chosen by a mapping, such as {index: [3, 17]} or {window: 8}")
        if not isinstance(value, Mapping):
            return value
        choice = {key: _plain(part) for key, part in value.items()}
        if type(choice.get("index")) is int:
            choice["index"] = (choice["index"],)
        return choice

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [way for way in _WAYS if getattr(self, way) is not None]
        if len(ways) != 1:
            received = " and ".join(ways) or "none of them"
            raise ValueError(f"choose channels by exactly one of {', '.join(_WAYS)}, received {received}")
        allowed = {ways[0], *_COMPANIONS.get(ways[0], ("start",))}
        strangers = sorted(self.model_fields_set - allowed)
        if strangers:
            companions = ", ".join(sorted(allowed - {ways[0]})) or "nothing"
            raise ValueError(f"{', '.join(strangers)} does not go with {ways[0]}, which takes {companions} beside it")
        if self.rank is not None and (self.count is None) == (self.share is None):
            raise ValueError("rank takes either count or share beside it")
        if self.cluster is not None and self.cluster >= self.of:
            raise ValueError(f"no cluster {self.cluster} of {self.of} (numbers 0 to {self.of - 1})")
        return self


def _plain(value: Any) -> Any:
    """Numbers of NumPy as those of Python, and a list, range or array of them as a tuple."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    return tuple(map(_plain, value)) if isinstance(value, list | tuple | range) else value


def _worded(error: ValidationError) -> str:
    """What is wrong with a choice: the first fault, in one sentence."""
    fault = error.errors(include_url=False)[0]
    where = str(fault["loc"][0]) if fault["loc"] else ""
    if fault["type"] == "extra_forbidden":
        known = list(Channels.model_fields)
        return f"channels: unknown {where!r}{did_you_mean(where, known)} (known: {', '.join(known)})"
    message = fault["msg"].removeprefix("Value error, ").replace("Input", where).replace("valid tuple", "list")
    return f"channels: {message}" if not where else f"channels: {message}, received {fault['input']!r}"


def as_channels(channels: object) -> Channels | None:
    """A choice of channels, also as a recipe writes it; None, which stands for all, stays None.

    Args:
        channels: a choice, a mapping such as `{"window": 8}`, or the numbers of some, such as `[3, 17]`.

    Raises:
        ChoiceError: nothing of the kind, no such way to choose, or what does not go together.
    """
    if channels is None or isinstance(channels, Channels):
        return channels
    if isinstance(channels, Mapping):
        return Channels(**{str(key): value for key, value in channels.items()})
    if isinstance(channels, Sequence | np.ndarray) and not isinstance(channels, str | bytes):
        return Channels(index=channels)
    raise ChoiceError(
        f"channels are chosen by Channels(window=8), a mapping such as {{'window': 8}}, or a list of numbers; "
        f"received {channels!r}"
    )


def choose_channels(
    channels: Channels, *, feature_maps: FeatureMaps, gradients: FeatureMaps | None = None
) -> NDArray[np.intp]:
    """The numbers of the chosen channels.

    Args:
        channels: the choice.
        feature_maps: float32 (h, w, channels), the activations that energy and clusters are told from.
        gradients: same shape, d(class score)/d(feature_maps); only `rank: gradient` reads them.

    Returns:
        int (chosen,), each number once, in the order of the choice; may be empty (a share of 0).

    Raises:
        ChoiceError: the layer has fewer channels than the choice reaches for.
    """
    num_channels = feature_maps.shape[-1]
    if channels.index is not None:
        return _listed(channels.index, num_channels)
    if channels.rank is not None:
        return _ranked(channels, feature_maps, gradients)
    if channels.cluster is not None:
        return _clustered(channels.cluster, channels.of, channels.seed, feature_maps)
    if channels.random is not None:
        _check_count("random", channels.random, num_channels)
        drawn: NDArray[np.intp] = np.sort(generator(channels.seed).permutation(num_channels)[: channels.random])
        return drawn
    window = channels.window or 0
    _check_count("window", window, num_channels)
    return np.asarray((channels.start + np.arange(window)) % num_channels, np.intp)


def chosen_maps(feature_maps: FeatureMaps, channels: Channels, *, gradients: FeatureMaps | None = None) -> FeatureMaps:
    """The maps of the chosen channels, in the order of the choice: float32 (h, w, chosen).

    Raises:
        ChoiceError: the layer has fewer channels than the choice reaches for, or none are chosen.
    """
    numbers = choose_channels(channels, feature_maps=feature_maps, gradients=gradients)
    if not len(numbers):
        raise ChoiceError("channels: none are chosen, so there is nothing to show; choose at least one")
    return np.ascontiguousarray(feature_maps[..., numbers])


def _listed(index: tuple[int, ...], num_channels: int) -> NDArray[np.intp]:
    beyond = [number for number in index if number >= num_channels]
    if beyond:
        raise ChoiceError(
            f"channels: there is no channel {', '.join(map(str, beyond))}; the layer has {num_channels} "
            f"(numbers 0 to {num_channels - 1})"
        )
    return np.asarray(list(dict.fromkeys(index)), np.intp)


def _ranked(channels: Channels, feature_maps: FeatureMaps, gradients: FeatureMaps | None) -> NDArray[np.intp]:
    if channels.rank == "gradient":
        if gradients is None:
            raise ChoiceError("channels: rank: gradient needs a class to ask about; rank by energy here")
        strength = np.abs(gradients.mean(axis=(0, 1), dtype=np.float64))
    else:
        strength = energy_of(feature_maps)
    ranking = np.argsort(-strength, kind="stable")[channels.start :]
    if channels.start and not len(ranking):
        raise ChoiceError(f"channels: start {channels.start} is beyond the last of the {len(strength)} channels")
    if channels.count is not None:
        _check_count(f"from place {channels.start} on, count", channels.count, len(ranking))
        return ranking[: channels.count]
    share = channels.share or 0.0
    return ranking[: int(np.floor(share * feature_maps.shape[-1] + 0.5))]


def energy_of(feature_maps: FeatureMaps) -> NDArray[np.float64]:
    """The sum of squares of each channel's map: float64 (channels,)."""
    return np.asarray(np.square(feature_maps.astype(np.float64)).sum(axis=(0, 1)))


def _clustered(cluster: int, num_clusters: int, seed: int, feature_maps: FeatureMaps) -> NDArray[np.intp]:
    num_channels = feature_maps.shape[-1]
    _check_count("of", num_clusters, num_channels)
    shapes = feature_maps.reshape(-1, num_channels).T.astype(np.float32)
    lengths = np.linalg.norm(shapes, axis=1, keepdims=True)
    shapes = np.ascontiguousarray(shapes / np.where(lengths > 0, lengths, 1))
    rounds = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, _KMEANS_ROUNDS, _KMEANS_CHANGE)
    cv2.setRNGSeed(seed % 2**31)
    _, labels, _ = cv2.kmeans(shapes, num_clusters, None, rounds, _KMEANS_STARTS, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
    energies = np.bincount(labels[:, 0], weights=energy_of(feature_maps), minlength=num_clusters)
    wanted = np.argsort(-energies, kind="stable")[cluster]
    return np.flatnonzero(labels[:, 0] == wanted)


def _check_count(what: str, count: int, num_channels: int) -> None:
    if count > num_channels:
        raise ChoiceError(f"channels: {what} {count} is more than the {num_channels} channels there are")
