"""What a still is made for: the numbers that say how large and in which colours it is shown or printed."""

from __future__ import annotations

from dataclasses import dataclass, field

from artforge.core.formats.profiles import srgb_profile
from artforge.core.papers import Page
from artforge.core.print_sizes import DEFAULT_DPI, page_of_pixels


@dataclass(frozen=True)
class Medium:
    """What a still is made for.

    Attributes:
        dpi: pixels in an inch; None where it is made for a screen, and the file says nothing of it.
        profile: the ICC profile whose numbers are written, and which the file carries.
        page: the sheet of paper; None where the picture's own pixels and the dpi say how large it is.
    """

    dpi: float | None = None
    profile: bytes = field(default_factory=srgb_profile)
    page: Page | None = None

    def page_of(self, height: int, width: int) -> Page:
        """The page of a picture of (height, width) pixels."""
        return self.page or page_of_pixels(height, width, self.dpi or DEFAULT_DPI)
