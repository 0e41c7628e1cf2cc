"""Several drawings on one sheet, each in its own pens."""

from __future__ import annotations

from artforge.core.drawings import Drawing, same_page
from artforge.core.steps import step


@step("overprint", version=1)
def overprint(drawing: Drawing, over: Drawing) -> Drawing:
    """Draw one drawing over another on the same sheet; each keeps its pens, and an SVG has a layer for each of them.

    Args:
        drawing: is drawn first; its paper stays.
        over: is drawn over it, on a page of the same size.

    Returns:
        a drawing with the layers of both.

    Raises:
        ShapeError: their pages have different sizes.
    """
    same_page([drawing, over])
    return drawing.with_layers([*drawing.layers, *over.layers])
