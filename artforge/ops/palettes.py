"""The palette of a picture or of a whole body of pictures: which colours they are made of."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import PictureError
from artforge.core.oklab import to_oklab, to_screen
from artforge.core.picture_folders import sample_of_folder, tell_unread
from artforge.core.pictures import read_picture, resize
from artforge.core.values import Image
from artforge.ops.colormaps import table_through
from artforge.ops.layout import fit_within

SEEN_EDGE = 128
"""Pictures are looked at with so many pixels along their longer edge: colours need no more."""
MOST_PICTURES = 200
"""Of a larger folder so many are taken, evenly spread by name."""
_CANDIDATES = 4
"""So many clusters are found for each colour wanted; the palette is chosen among their centres."""
_COLOR_COUNTS = 2.0
"""So much farther apart than their lightnesses are colours taken to be: a palette is for hues."""
_RARE = 0.2
"""A colour's weight is its area to this power: a small accent counts beside a large ground."""


def seen_small(image: Image) -> NDArray[np.float32]:
    """(n, 3): the pixels of a picture as far as colours go."""
    return resize(image, fit_within(image, min(SEEN_EDGE, max(image.shape[:2])))).reshape(-1, 3)


def colors_of(pixels: NDArray[np.float32], num_colors: int) -> NDArray[np.float32]:
    """The colours that stand best for many: centres of clusters in OKLab, of those the ones that differ most.

    Args:
        pixels: float32 (n, 3), sRGB, [0, 1].
        num_colors: how many to find; fewer come back where there are not so many.

    Returns:
        float32 (k, 3), sRGB, [0, 1], from dark to light; the same for the same pixels.

    Source: the clusters are k-means, Lloyd, Least squares quantization in PCM (1982); from their centres the one
    farthest from all chosen ones is taken next, Gonzalez, Clustering to minimize the maximum intercluster distance
    (1985).
    """
    centres, areas = _clusters(pixels, _CANDIDATES * num_colors)
    weights = areas**_RARE
    chosen = [int(areas.argmax())]
    distance = np.full(len(centres), np.inf)
    while len(chosen) < min(num_colors, len(centres)):
        distance = np.minimum(distance, np.linalg.norm(centres - centres[chosen[-1]], axis=-1))
        chosen.append(int((distance * weights).argmax()))
    lab = centres[chosen] / (1, _COLOR_COUNTS, _COLOR_COUNTS)
    return to_screen(lab[lab[:, 0].argsort()].astype(np.float32))


def _clusters(pixels: NDArray[np.float32], num_clusters: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The centres of clusters, (k, 3), in OKLab with its colours farther apart, and their shares of the pixels."""
    from sklearn.cluster import KMeans  # noqa: PLC0415 - a second that only palettes of pictures pay
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # noqa: PLC0415 - comes with scikit-learn

    places = to_oklab(pixels) * np.array([1, _COLOR_COUNTS, _COLOR_COUNTS])
    num_different = len(np.unique(np.rint(places * 1024), axis=0))
    with threadpool_limits(1):  # threads add up in any order, and the last digit with it
        found = KMeans(min(num_clusters, num_different), n_init=1, random_state=0).fit(places)
    return found.cluster_centers_, np.bincount(found.labels_, minlength=len(found.cluster_centers_)) / len(pixels)


def pixels_of_folder(folder: Path) -> NDArray[np.float32]:
    """(n, 3): the pixels of all pictures in a folder and the folders in it, every picture with about as many.

    Raises:
        DatasetError: no such folder, or no picture in it that can be read.
    """
    chosen = sample_of_folder(folder, "a palette", MOST_PICTURES)
    pixels, faults = _read_pixels(tuple((path, path.stat().st_mtime_ns) for path in chosen))
    tell_unread(folder, faults, len(chosen))
    return pixels


@lru_cache(maxsize=4)  # a film asks again for every frame
def _read_pixels(dated: tuple[tuple[Path, int], ...]) -> tuple[NDArray[np.float32], list[str]]:
    """The pixels of pictures, and what is wrong with those that cannot be read.

    Args:
        dated: each file and when it was last changed.
    """
    thinning = max(1, len(dated) // 16)
    seen, faults = [np.empty((0, 3), np.float32)], []
    for path, _ in dated:
        try:
            seen.append(seen_small(read_picture(path, shortest_edge=SEEN_EDGE))[::thinning])
        except PictureError as error:
            faults.append(str(error))
    return np.concatenate(seen), faults


def even_table(colors: NDArray[np.float32]) -> NDArray[np.float32]:
    """A colormap by way of some colours, along which equal steps look equal.

    Args:
        colors: float32 (k, 3), sRGB, [0, 1], in their order.

    Returns:
        float32 (`NUM_ENTRIES` of `colormaps`, 3), sRGB, [0, 1]: straight in OKLab from colour to colour, at one speed.
    """
    stops = to_oklab(colors)
    lengths = np.linalg.norm(np.diff(stops, axis=0), axis=-1)
    return table_through(stops, [0.0, *np.cumsum(lengths)])
