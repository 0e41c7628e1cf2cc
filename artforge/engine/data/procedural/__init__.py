"""The embedded picture set: drawn from a seed, in two classes that share colour, ground, format and amount of ink.

`algorithmic` pictures are exact, machine-made marks. `hand_made` pictures are simulated gestures (the sigma-lognormal
model of human movement) in simulated media; they are not scans of anyone's drawings. What sets the classes apart is
how marks are made.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ArtforgeError, ShapeError, check_choice
from artforge.core.pictures import resize, to_bytes
from artforge.core.seeds import derive_seed, generator
from artforge.core.values import Image
from artforge.engine.data.families import CLASS_NAMES, FAMILIES, NUM_FAMILIES
from artforge.engine.data.procedural.canvas import Canvas
from artforge.engine.data.procedural.grounds import finish, prepare_sheet

SIDES = (16, 8192)
"""Shortest and longest side in pixels that can be drawn."""

DRAWN_LARGER = (1, 3, 1)
"""How many times larger the pictures of a set are drawn, one round of all families after the other."""


@dataclass(frozen=True)
class ProceduralSet:
    """Pictures to train on.

    Attributes:
        images: uint8 (n, H, W, 3), sRGB.
        labels: int64 (n,), indices into CLASS_NAMES.
        families: the family of each picture, n names.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    families: tuple[str, ...]


def draw(class_name: str, family: str, seed: int, size: tuple[int, int]) -> Image:
    """Draw one picture; the same seed at another size of the same shape is the same composition, more or less finely.

    Args:
        class_name: one of CLASS_NAMES.
        family: one of FAMILIES[class_name].
        seed: decides everything but the size.
        size: (height, width) in pixels, each from 16 to 8192.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        ChoiceError: unknown class or family; names the allowed ones and the nearest.
        ShapeError: a side too short or too long.
    """
    check_choice("class", class_name, CLASS_NAMES)
    check_choice(f"{class_name} family", family, FAMILIES[class_name])
    check_size(size)
    own_seed = derive_seed(seed, class_name, family)
    canvas = prepare_sheet(size, own_seed)
    _drawer(class_name, family)(canvas, generator(derive_seed(own_seed, "marks")))
    return finish(canvas, size, own_seed)


def _drawer(class_name: str, family: str) -> Callable[[Canvas, np.random.Generator], None]:
    """What draws a family: the function of its name in the file of its name."""
    module = import_module(f"artforge.engine.data.procedural.{class_name}.{family}")
    drawer: Callable[[Canvas, np.random.Generator], None] = getattr(module, family)
    return drawer


def check_size(size: tuple[int, int]) -> None:
    """Raise unless both sides can be drawn.

    Raises:
        ShapeError: names the size and the limits.
    """
    if min(size) < SIDES[0] or max(size) > SIDES[1]:
        raise ShapeError(
            f"a drawn picture must be {SIDES[0]} to {SIDES[1]} pixels high and wide, "
            f"received {size[0]} x {size[1]} (height x width)"
        )


def draw_set(
    num_per_class: int,
    size: tuple[int, int],
    seed: int,
    *,
    progress: Callable[[int], None] | None = None,
    num_workers: int = 1,
) -> ProceduralSet:
    """Draw a balanced set: classes take turns, and within each class the families do.

    Picture i depends on (seed, i) alone: a longer set begins with the shorter one, however many workers draw it.

    Args:
        num_per_class: pictures in each class.
        size: (height, width) in pixels.
        progress: told the number of pictures done after each one.
        num_workers: more than 1 draws in that many processes.

    Raises:
        ArtforgeError: fewer than one picture or worker.
        ShapeError: a side too short or too long.
    """
    for what, number in (("num_per_class", num_per_class), ("num_workers", num_workers)):
        if number < 1:
            raise ArtforgeError(f"{what} must be at least 1, received {number}")
    check_size(size)
    num_pictures = 2 * num_per_class
    images = np.empty((num_pictures, *size, 3), np.uint8)
    for index, image in enumerate(drawn_in_order(num_pictures, size, seed, num_workers)):
        images[index] = image
        if progress is not None:
            progress(index + 1)
    items = [item_kind(index) for index in range(num_pictures)]
    labels = np.array([CLASS_NAMES.index(class_name) for class_name, _ in items], np.int64)
    return ProceduralSet(images, labels, tuple(family for _, family in items))


def item_kind(index: int) -> tuple[str, str]:
    """Class and family of picture `index` of any set."""
    class_name = CLASS_NAMES[index % 2]
    families = FAMILIES[class_name]
    return class_name, families[index // 2 % len(families)]


def draw_item(index: int, size: tuple[int, int], seed: int) -> NDArray[np.uint8]:
    """Picture `index` of a set, uint8 (H, W, 3).

    Real pictures come large and are shrunk for a network, which leaves other traces than drawing them small: so some
    are drawn larger here and averaged down.
    """
    class_name, family = item_kind(index)
    factor = DRAWN_LARGER[index // NUM_FAMILIES % len(DRAWN_LARGER)]
    drawn = draw(class_name, family, derive_seed(seed, index), (size[0] * factor, size[1] * factor))
    return to_bytes(resize(drawn, size))


def drawn_in_order(
    num_pictures: int, size: tuple[int, int], seed: int, num_workers: int
) -> Iterator[NDArray[np.uint8]]:
    """All pictures of a set, one after the other."""
    draw_one = partial(draw_item, size=size, seed=seed)
    if num_workers == 1:
        yield from map(draw_one, range(num_pictures))
        return
    # Spawned, not forked: the parent may hold TensorFlow's threads, which do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(num_workers, mp_context=context) as pool:
        yield from pool.map(draw_one, range(num_pictures), chunksize=8)
