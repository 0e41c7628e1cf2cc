"""A poster: a picture, its title, and a legend at the foot of the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from pydantic import Field

from artforge.core.errors import check_choice
from artforge.core.steps import step
from artforge.core.values import Color, Image
from artforge.engine.attention.settings import check_range
from artforge.ops.layout import blank, color_to_rgb
from artforge.ops.legend import Entry, legend_lines, write_legend
from artforge.ops.line_breaks import break_lines
from artforge.ops.texts import check_legend, check_text
from artforge.ops.type_metrics import CAPITAL_HEIGHT, Type
from artforge.ops.typography import QUIET, write

Sheet = Literal["a", "a_across", "two_to_three", "three_to_four", "four_to_five", "square", "close"]
"""The shape of the page: that of A4 and its kin, upright or across, or as close round its content as can be."""

_ASPECTS: dict[Sheet, float] = {
    "a": 2**-0.5,
    "a_across": 2**0.5,
    "two_to_three": 2 / 3,
    "three_to_four": 3 / 4,
    "four_to_five": 4 / 5,
    "square": 1.0,
}
"""Width over height."""
_SUBTITLE = 0.42  # of the title's size
_LEGEND = 0.27
_TITLE_LEADING = 1.06
_GAP = 0.75  # from the picture to the tops of the title's capitals, in its ems
_MOST_TITLE_LINES, _MOST_SUBTITLE_LINES = 3, 4


@step("poster", version=1)
def poster(
    image: Image,
    *,
    title: str,
    subtitle: str = "",
    legend: dict[str, str | int | float] | None = None,
    sheet: Sheet | None = None,
    type_size: Annotated[float, Field(gt=0, le=0.5)] = 0.1,
    margin: Annotated[float, Field(ge=0, le=1)] = 0.11,
    background: Color = "#f4f0e8",
    ink: Color = "#26221d",
) -> Image:
    """Set a picture on a poster: title and subtitle under it, a small legend at the foot of the page.

    The picture keeps its pixels; the page grows round it to the shape asked for. All lengths are shares of the
    picture's short edge, so that a small poster is the large one seen from afar.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1].
        title: at most three lines as wide as the picture; may hold `{names}` and line breaks.
        subtitle: at most four lines in italics; may hold `{names}` and line breaks.
        legend: names and values, such as {network: "{model}", seed: "{seed}"}.
        sheet: shape of the page; `close` leaves no more room than the margins. Left out, it is that of A4, as the
            picture stands or lies, and `close` for one that is more than twice as long as it is short.
        type_size: of the title's type (its em), (0, 0.5]; all other type follows from it.
        margin: round everything, [0, 1].
        background: colour of the paper, as `#rrggbb` or a CSS name.
        ink: colour of the type, as `#rrggbb` or a CSS name.

    Returns:
        float32 (H', W', 3), sRGB, [0, 1].

    Raises:
        ChoiceError: no such sheet or colour, a length out of range, or texts that are none.
    """
    check_text("title", title)
    check_text("subtitle", subtitle)
    check_legend(legend)
    sheet = sheet or _sheet_for(image)
    check_choice("sheet", sheet, get_args(Sheet))
    check_range("type_size", type_size, "(0, 0.5]")
    check_range("margin", margin, "[0, 1]")
    color_to_rgb(ink)
    height, width = image.shape[:2]
    short_edge = min(height, width)
    block = _Block.of(title, subtitle, legend or {}, type_size * short_edge, width)
    edge = margin * short_edge
    page_height, page_width = page_size((height + block.height, width), edge, _ASPECTS.get(sheet))
    page = blank(round(page_height), round(page_width), background)
    top, left = round(edge), round((page_width - width) / 2)
    page[top : top + height, left : left + width] = image
    block.set_on(page, (top + height, left), page_height - edge, ink)
    return page


def _sheet_for(image: Image) -> Sheet:
    height, width = image.shape[:2]
    if max(height, width) > 2 * min(height, width):
        return "close"
    return "a_across" if width > 1.2 * height else "a"


def page_size(content: tuple[float, float], edge: float, aspect: float | None) -> tuple[float, float]:
    """(height, width) of the smallest page of a shape that holds the content and a margin round it.

    Args:
        content: (height, width) of what it holds.
        edge: the margin.
        aspect: width over height of the page; None for no other shape than the content needs.
    """
    height, width = content[0] + 2 * edge, content[1] + 2 * edge
    if aspect is None:
        return height, width
    return max(height, width / aspect), max(width, height * aspect)


@dataclass(frozen=True)
class _Block:
    """The type under the picture, in lines that are as wide as the picture at most."""

    titles: list[str]
    subtitles: list[str]
    legend: list[list[Entry]]
    title: Type
    subtitle: Type
    small: Type

    @classmethod
    def of(cls, title: str, subtitle: str, legend: dict[str, str | int | float], em: float, width: int) -> _Block:
        large, small = Type(em), Type(_LEGEND * em, "small")
        italic = Type(_SUBTITLE * em, "italic")
        told = [(name, f"{value:g}" if isinstance(value, float) else str(value)) for name, value in legend.items()]
        return cls(
            break_lines(title, large, width, most=_MOST_TITLE_LINES),
            break_lines(subtitle, italic, width, most=_MOST_SUBTITLE_LINES),
            legend_lines(told, small, width),
            large,
            italic,
            small,
        )

    @property
    def _title_leading(self) -> float:
        return _TITLE_LEADING * self.title.size

    @property
    def height(self) -> float:
        """From the picture's lower edge to the last baseline, with the legend close under the subtitle."""
        titles = (_GAP + CAPITAL_HEIGHT) * self.title.size + (len(self.titles) - 1) * self._title_leading
        subtitles = 0.3 * self.subtitle.size + len(self.subtitles) * self.subtitle.leading if self.subtitles else 0
        legend = 0.9 * self.title.size + len(self.legend) * self.small.leading if self.legend else 0
        return (titles if self.titles else 0.0) + subtitles + legend

    def set_on(self, page: Image, corner: tuple[float, float], foot: float, ink: Color) -> None:
        """Set it under the picture whose lower left corner is given; the legend's last baseline is the foot."""
        bottom, left = corner
        baseline = bottom + (_GAP + CAPITAL_HEIGHT) * self.title.size - self._title_leading
        for line in self.titles:
            baseline += self._title_leading
            write(page, line, self.title, (baseline, left), ink=ink)
        baseline += 0.3 * self.subtitle.size
        for line in self.subtitles:
            baseline += self.subtitle.leading
            write(page, line, self.subtitle, (baseline, left), ink=ink, strength=QUIET)
        first = foot - (len(self.legend) - 1) * self.small.leading
        write_legend(page, self.legend, self.small, (first, left), ink=ink)
