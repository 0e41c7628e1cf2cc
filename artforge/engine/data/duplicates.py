"""Copies in a set of pictures: the same file twice, and the same picture resized, encoded anew, cropped or turned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from artforge.engine.data.kinds import Progress

Kind = Literal["exact", "near"]

ALIKE = 0.8
"""Cosine of two difference signatures from which a pair is looked at closely."""
COPY = 0.97
"""Correlation of two small grey pictures, laid onto each other as well as they go, from which they are one picture."""
SAME_TINT = 8.0
"""Distance of two mean colours (red-green, blue-yellow in 8 bits of CIELAB) up to which they may be one picture."""
SAME_CONTRAST = 1.6
"""Ratio of two standard deviations of grey up to which they may be one picture."""
FLATTEST = 4.0
"""Standard deviation in grey levels under which a picture has nothing on it to be recognised by."""

_SIGNATURE = 8
_DIRECTIONS = 32
_ROUNDING = 1e-4
_BLOCK = 512
_MOST_ALIKE = 8
"""Of each picture only so many others are looked at closely: among a thousand blots all are alike."""
_UNDECIDED = 0.08
"""Of the standard deviation: quarters whose means differ by less may change places when the picture is cropped."""
_BLUR = 0.8
"""In pixels of a thumbnail: a crop moves fine lines by parts of a pixel."""
_EDGES = (32, 31, 33, 30, 34, 29, 35, 28, 36)
"""To which a thumbnail is zoomed, the nearest first."""
_TEMPLATE = 26
_HOPELESS = 0.6


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures that are copies: indices into the set, the first the lower one.

    `likeness` is 1 for the same file, else the correlation of small grey pictures; `turned` says that one is mirrored
    or rotated.
    """

    first: int
    second: int
    kind: Kind
    likeness: float
    turned: bool = False


def find_duplicates(
    thumbnails: NDArray[np.uint8],
    tints: NDArray[np.float32],
    digest_of: Callable[[int], str],
    sizes: Sequence[int] | None = None,
    *,
    near: bool = True,
    turned: bool = True,
    progress: Progress | None = None,
) -> tuple[Pair, ...]:
    """Every pair of copies, ordered by their indices; the same for the same pictures.

    Of files that are the same byte for byte, each later one makes a pair with the first, and only the first is compared
    with other pictures.

    Args:
        thumbnails: uint8 (n, 32, 32), grey.
        tints: float32 (n, 2), the mean red-green and blue-yellow of each picture, in 8 bits of CIELAB.
        digest_of: hashes the content of picture i; asked only where two pictures look the same to the last bit.
        sizes: bytes of each file, where they are known: files of other sizes are never hashed.
        near: whether near copies are looked for too.
        turned: whether near copies may be mirrored or rotated.
        progress: called with (done, total) while pictures are compared.
    """
    exact = _exact_pairs(thumbnails, digest_of, sizes)
    if not near:
        return tuple(sorted(exact, key=_place))
    repeats = {pair.second for pair in exact}
    firsts = np.asarray([index for index in range(len(thumbnails)) if index not in repeats], np.int64)
    found = _near_pairs(thumbnails, tints, firsts, turned=turned, progress=progress)
    return tuple(sorted([*exact, *found], key=_place))


def _place(pair: Pair) -> tuple[int, int]:
    return pair.first, pair.second


def _exact_pairs(
    thumbnails: NDArray[np.uint8], digest_of: Callable[[int], str], sizes: Sequence[int] | None
) -> list[Pair]:
    looking_alike: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    for index, thumbnail in enumerate(thumbnails):
        looking_alike[0 if sizes is None else sizes[index], thumbnail.tobytes()].append(index)
    pairs = []
    for members in looking_alike.values():
        first_with: dict[str, int] = {}
        for index in members if len(members) > 1 else ():
            first = first_with.setdefault(digest_of(index), index)
            if first != index:
                pairs.append(Pair(first, index, "exact", 1.0))
    return pairs


def _near_pairs(
    thumbnails: NDArray[np.uint8],
    tints: NDArray[np.float32],
    firsts: NDArray[np.int64],
    *,
    turned: bool,
    progress: Progress | None,
) -> list[Pair]:
    contrasts = thumbnails.std(axis=(1, 2))
    firsts = firsts[contrasts[firsts] >= FLATTEST]
    if len(firsts) < 2:
        return []
    rows, turns = upright_turns(thumbnails[firsts]) if turned else _as_they_stand(len(firsts))
    signatures = difference_signatures(thumbnails[firsts], rows, turns)
    best: dict[tuple[int, int], Pair] = {}
    for one, other in _similar(signatures, tints[firsts[rows], 1], progress):
        (first, turn), (second, other_turn) = sorted(
            [(int(firsts[rows[one]]), int(turns[one])), (int(firsts[rows[other]]), int(turns[other]))]
        )
        if first == second or np.hypot(*(tints[first] - tints[second])) > SAME_TINT:
            continue
        if max(contrasts[first], contrasts[second]) > SAME_CONTRAST * min(contrasts[first], contrasts[second]):
            continue
        likeness = aligned_correlation(
            turn_picture(thumbnails[first], turn), turn_picture(thumbnails[second], other_turn)
        )
        known = best.get((first, second))
        if likeness >= COPY and (known is None or likeness > known.likeness):
            best[first, second] = Pair(first, second, "near", round(likeness, 4), turn != other_turn)
    return list(best.values())


def turn_picture(picture: NDArray[np.uint8], turn: int) -> NDArray[np.uint8]:
    """One of the eight ways to lay a square: `turn % 4` quarter turns, from 4 on mirrored before."""
    return np.rot90(picture[:, ::-1] if turn >= 4 else picture, turn % 4)


def upright_turns(thumbnails: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The turns that lay each picture so that its lightest quarter is top left and the lighter of the next two right.

    So a mirrored or rotated copy is laid as its original is, and pictures are compared once, not eight times. Where
    quarters are about as light, every such turn is given.

    Args:
        thumbnails: uint8 (n, 32, 32).

    Returns:
        int64 (k,) each: the number of a picture, and a turn; every picture occurs.
    """
    half = thumbnails.shape[1] // 2
    quarters = thumbnails.reshape(-1, 2, half, 2, half).mean(axis=(2, 4))
    margin = _UNDECIDED * thumbnails.std(axis=(1, 2))
    fits = []
    for turn in range(8):
        laid = np.rot90(quarters[:, :, ::-1] if turn >= 4 else quarters, turn % 4, axes=(1, 2))
        is_lightest = laid[:, 0, 0] >= laid.max(axis=(1, 2)) - margin
        fits.append(is_lightest & (laid[:, 0, 1] >= laid[:, 1, 0] - margin))
    rows, turns = np.nonzero(np.stack(fits, axis=1))
    return rows.astype(np.int64), turns.astype(np.int64)


def _as_they_stand(num: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return np.arange(num, dtype=np.int64), np.zeros(num, np.int64)


def difference_signatures(
    thumbnails: NDArray[np.uint8], rows: NDArray[np.int64], turns: NDArray[np.int64]
) -> NDArray[np.float32]:
    """How light changes from cell to cell, across and down: the difference hash before it is cut down to bits.

    Args:
        thumbnails: uint8 (n, 32, 32).
        rows: int64 (k,), which picture.
        turns: int64 (k,), how it is laid.

    Returns:
        float32 (k, 128), each of length 1; the product of two is 1 where they differ in brightness and contrast only.
    """
    signatures = np.empty((len(rows), 2 * _SIGNATURE**2), np.float32)
    for place, (row, turn) in enumerate(zip(rows.tolist(), turns.tolist(), strict=True)):
        laid = np.ascontiguousarray(turn_picture(thumbnails[row], turn), np.float32)
        across = cv2.resize(laid, (_SIGNATURE + 1, _SIGNATURE), interpolation=cv2.INTER_AREA)
        down = cv2.resize(laid, (_SIGNATURE, _SIGNATURE + 1), interpolation=cv2.INTER_AREA)
        signatures[place] = np.concatenate([np.diff(across, axis=1).ravel(), np.diff(down, axis=0).ravel()])
    lengths = np.linalg.norm(signatures, axis=1, keepdims=True)
    signatures /= np.maximum(lengths, np.finfo(np.float32).tiny)
    return signatures


def _similar(
    signatures: NDArray[np.float32], blue_yellow: NDArray[np.float32], progress: Progress | None
) -> Iterator[tuple[int, int]]:
    """Every pair of rows whose signatures are alike and whose colours allow it, found by products of matrices.

    Rows are taken in the order of their blue-yellow, so that each block is compared with those within `SAME_TINT` only.
    A signature's main directions are compared first: two that lie too far apart in those are so in all of them, hence
    nothing is missed.
    """
    order = np.argsort(blue_yellow, kind="stable")
    signatures, blue_yellow = signatures[order], blue_yellow[order]
    short = signatures @ np.linalg.eigh(signatures.T @ signatures)[1][:, -_DIRECTIONS:]
    half, ones = (short**2).sum(1, keepdims=True) / 2, np.ones((len(short), 1), np.float32)
    asking, asked = np.hstack([short, -half, ones]), np.hstack([short, ones, -half])  # product: -(distance^2) / 2
    for start in range(0, len(order), _BLOCK):
        stop = min(start + _BLOCK, len(order))
        last = int(np.searchsorted(blue_yellow, blue_yellow[stop - 1] + SAME_TINT, side="right"))
        one, other = np.nonzero(asking[start:stop] @ asked[start:last].T >= ALIKE - 1 - _ROUNDING)
        one, other = one[one < other] + start, other[one < other] + start
        likeness = np.einsum("ij,ij->i", signatures[one], signatures[other])
        chosen = _most_alike(one, likeness)
        yield from zip(order[one[chosen]].tolist(), order[other[chosen]].tolist(), strict=True)
        if progress is not None:
            progress(stop, len(order))


def _most_alike(rows: NDArray[np.int64], likeness: NDArray[np.float32]) -> NDArray[np.int64]:
    """Where the best few of each row stand that are alike at all; rows come in rising order."""
    by_row = np.lexsort((-likeness, rows))
    rank = np.arange(len(rows)) - np.searchsorted(rows, rows[by_row])
    chosen: NDArray[np.int64] = by_row[(rank < _MOST_ALIKE) & (likeness[by_row] >= ALIKE)]
    return chosen


def aligned_correlation(picture: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """The correlation of the middle of one picture with the place in the other where it fits best.

    Shifts of up to a tenth of the edge and zooms of up to a tenth are tried, so a slight crop leaves it high.

    Args:
        picture: uint8 (32, 32).
        other: uint8 (32, 32).

    Returns:
        at most 1; 1 for the same picture, whatever its brightness and contrast.
    """
    soft, other_soft = _blurred(picture), _blurred(other)
    best = -1.0
    for edge in _EDGES:
        zoomed = soft if edge == len(soft) else _zoomed(soft, edge)
        corner = (edge - _TEMPLATE) // 2
        middle = np.ascontiguousarray(zoomed[corner : corner + _TEMPLATE, corner : corner + _TEMPLATE])
        best = max(best, float(cv2.matchTemplate(other_soft, middle, cv2.TM_CCOEFF_NORMED).max()))
        if best < _HOPELESS:
            break
    return min(best, 1.0)


def _blurred(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    return cv2.GaussianBlur(np.ascontiguousarray(picture, np.float32), (0, 0), _BLUR).astype(np.float32, copy=False)


def _zoomed(picture: NDArray[np.float32], edge: int) -> NDArray[np.float32]:
    way = cv2.INTER_AREA if edge < len(picture) else cv2.INTER_CUBIC
    return cv2.resize(picture, (edge, edge), interpolation=way).astype(np.float32, copy=False)
