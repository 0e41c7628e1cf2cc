"""The two pictures of a run folder, drawn with Pillow: curves over the epochs, and the confusion matrix."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from artforge.core.pictures import to_float
from artforge.core.values import Image

_SCALE = 2  # drawn at twice the size and reduced: Pillow's lines have no smooth edges of their own
_INK, _QUIET, _GRID, _GROUND = (34, 34, 40), (112, 112, 122), (226, 226, 230), (255, 255, 255)
_BLUE, _ORANGE, _GREEN = (31, 92, 153), (214, 96, 22), (34, 132, 92)
_TINT_LOW, _TINT_HIGH = np.asarray((240, 245, 250)), np.asarray((20, 72, 128))

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Curve:
    """One line of a chart; `values` has a number for each epoch."""

    label: str
    values: Sequence[float]
    colour: Colour


def curves_chart(epochs: Sequence[dict[str, float]], *, title: str, best_epoch: int) -> Image:
    """Loss on the left, accuracy on the right, over the epochs; the kept epoch is marked.

    Args:
        epochs: rows of the history.
        title: above both.
        best_epoch: counted from 1.

    Returns:
        float32 (420, 1000, 3).
    """
    chart = _Chart(1000, 420)
    chart.text((32, 18), title, size=19)
    loss = [_curve(epochs, "training", "loss", _BLUE), _curve(epochs, "validation", "val_loss", _ORANGE)]
    accuracy = [
        _curve(epochs, "validation", "val_accuracy", _ORANGE),
        _curve(epochs, "validation, balanced", "val_balanced_accuracy", _GREEN),
    ]
    highest = max(value for curve in loss for value in curve.values)
    lowest = min(value for curve in accuracy for value in curve.values)
    _panel(chart, (72, 92, 476, 366), "loss", loss, (0.0, _round_up(highest)), best_epoch)
    _panel(chart, (560, 92, 964, 366), "accuracy", accuracy, (min(0.9, math.floor(lowest * 10) / 10), 1.0), best_epoch)
    return chart.finish()


def confusion_chart(confusion: NDArray[np.int64], class_names: Sequence[str], *, title: str) -> Image:
    """The confusion matrix as a grid: rows are the true classes, columns what they were taken for.

    Each cell gives the count and its share of the row, and is tinted by that share.

    Args:
        confusion: (classes, classes).
        class_names: of the rows and the columns.

    Returns:
        float32 (H, W, 3); the size grows with the number of classes.
    """
    count = len(class_names)
    cell = max(46, min(150, 900 // count))
    label_size = 16 if cell >= 70 else 12
    widest = round(max(_width(name, label_size) for name in class_names))
    left, top = 64 + min(widest, 260), 110
    row_totals = confusion.sum(axis=1)
    chart = _Chart(max(left + count * cell + 40, round(_width(title, 19)) + 72), top + count * cell + 36)
    chart.text((32, 18), title, size=19)
    chart.text((left + count * cell / 2, top - 40), "taken for", size=14, colour=_QUIET, anchor="mm")
    chart.text((32, top - 16), "is really", size=14, colour=_QUIET, anchor="lm")
    for column, name in enumerate(class_names):
        shown = _shorten(name, label_size, cell - 8)
        chart.text((left + (column + 0.5) * cell, top - 16), shown, size=label_size, anchor="mm")
    for row, name in enumerate(class_names):
        middle = top + (row + 0.5) * cell
        chart.text((left - 14, middle), _shorten(name, label_size, 260), size=label_size, anchor="rm")
        for column in range(count):
            share = confusion[row, column] / row_totals[row] if row_totals[row] else 0.0
            tint = _TINT_LOW + (_TINT_HIGH - _TINT_LOW) * share
            ink = _GROUND if share > 0.5 else _INK
            x, y = left + column * cell, top + row * cell
            chart.box((x + 1.5, y + 1.5, x + cell - 1.5, y + cell - 1.5), _as_colour(tint))
            roomy = cell >= 70
            chart.text(
                (x + cell / 2, middle - (11 if roomy else 0)),
                str(confusion[row, column]),
                size=24 if roomy else 13,
                colour=ink,
                anchor="mm",
            )
            if roomy:
                chart.text((x + cell / 2, middle + 18), f"{share:.1%}", size=14, colour=ink, anchor="mm")
    return chart.finish()


class _Chart:
    """A canvas in layout pixels, drawn larger and reduced at the end."""

    def __init__(self, width: int, height: int) -> None:
        self._picture = PillowImage.new("RGB", (width * _SCALE, height * _SCALE), _GROUND)
        self._draw = ImageDraw.Draw(self._picture)

    def text(self, at: tuple[float, float], text: str, *, size: int, colour: Colour = _INK, anchor: str = "la") -> None:
        place = (at[0] * _SCALE, at[1] * _SCALE)
        self._draw.text(place, text, fill=colour, font=ImageFont.load_default(size * _SCALE), anchor=anchor)

    def line(self, points: Sequence[tuple[float, float]], colour: Colour, width: float) -> None:
        scaled = [(x * _SCALE, y * _SCALE) for x, y in points]
        self._draw.line(scaled, fill=colour, width=round(width * _SCALE), joint="curve")

    def dot(self, at: tuple[float, float], radius: float, colour: Colour) -> None:
        x, y, reach = at[0] * _SCALE, at[1] * _SCALE, radius * _SCALE
        self._draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=colour)

    def box(self, corners: tuple[float, float, float, float], colour: Colour) -> None:
        self._draw.rectangle([value * _SCALE for value in corners], fill=colour)

    def finish(self) -> Image:
        width, height = self._picture.size
        reduced = self._picture.resize((width // _SCALE, height // _SCALE), PillowImage.Resampling.BOX)
        return to_float(np.asarray(reduced))


def _panel(
    chart: _Chart,
    box: tuple[int, int, int, int],
    name: str,
    curves: Sequence[Curve],
    limits: tuple[float, float],
    best_epoch: int,
) -> None:
    left, top, right, bottom = box
    low, high = limits
    count = len(curves[0].values)

    def place(epoch: float, value: float) -> tuple[float, float]:
        across = 0.5 if count == 1 else (epoch - 1) / (count - 1)
        up = min(1.0, max(0.0, (value - low) / (high - low)))
        return left + across * (right - left), bottom - up * (bottom - top)

    chart.text((left, top - 34), name, size=15)
    for share in np.linspace(0, 1, 6):
        value = low + share * (high - low)
        _, y = place(1, value)
        chart.line([(left, y), (right, y)], _GRID, 1)
        chart.text((left - 8, y), f"{value:.2f}", size=12, colour=_QUIET, anchor="rm")
    for epoch in sorted({round(number) for number in np.linspace(1, count, min(count, 6))}):
        chart.text((place(epoch, low)[0], bottom + 14), str(epoch), size=12, colour=_QUIET, anchor="mm")
    chart.text((right, bottom + 34), "epoch", size=12, colour=_QUIET, anchor="rm")
    if 1 <= best_epoch <= count:
        across = place(best_epoch, low)[0]
        chart.line([(across, top), (across, bottom)], _QUIET, 1)
        near_right = across > (left + right) / 2
        chart.text(
            (across + (-6 if near_right else 6), bottom - 12),
            "kept",
            size=12,
            colour=_QUIET,
            anchor="rm" if near_right else "lm",
        )
    legend = float(right)
    for curve in reversed(curves):
        points = [place(epoch, value) for epoch, value in enumerate(curve.values, start=1)]
        if count == 1:
            chart.dot(points[0], 3, curve.colour)
        else:
            chart.line(points, curve.colour, 2)
        chart.text((legend, top - 26), curve.label, size=13, colour=curve.colour, anchor="rm")
        legend -= _width(curve.label, 13) + 18


def _curve(epochs: Sequence[dict[str, float]], label: str, key: str, colour: Colour) -> Curve:
    return Curve(label, [row[key] for row in epochs], colour)


def _round_up(value: float) -> float:
    """The next of 1, 2, 2.5, 5, 10 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(max(value, 1e-6)))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= value * 0.999)


def _width(text: str, size: int) -> float:
    return float(ImageFont.load_default(size).getlength(text))


def _shorten(text: str, size: int, room: float) -> str:
    while len(text) > 2 and _width(text, size) > room:
        text = text.rstrip("…")[:-1] + "…"
    return text


def _as_colour(values: NDArray[np.float64]) -> Colour:
    red, green, blue = (round(float(value)) for value in values)
    return red, green, blue
