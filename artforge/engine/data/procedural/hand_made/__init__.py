"""The hand-made families: simulated gestures in simulated media, not scans of anyone's drawings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from artforge.engine.data.procedural.canvas import Canvas
from artforge.engine.data.procedural.hand_made.asemic_script import asemic_script
from artforge.engine.data.procedural.hand_made.blind_contour import blind_contour
from artforge.engine.data.procedural.hand_made.botanical import botanical
from artforge.engine.data.procedural.hand_made.charcoal import charcoal
from artforge.engine.data.procedural.hand_made.crayon import crayon
from artforge.engine.data.procedural.hand_made.cross_hatching import cross_hatching
from artforge.engine.data.procedural.hand_made.dry_brush import dry_brush
from artforge.engine.data.procedural.hand_made.enso import enso
from artforge.engine.data.procedural.hand_made.gouache import gouache
from artforge.engine.data.procedural.hand_made.hand_grid import hand_grid
from artforge.engine.data.procedural.hand_made.ink_brush import ink_brush
from artforge.engine.data.procedural.hand_made.marker import marker
from artforge.engine.data.procedural.hand_made.pastel import pastel
from artforge.engine.data.procedural.hand_made.pencil_hatching import pencil_hatching
from artforge.engine.data.procedural.hand_made.scribble import scribble
from artforge.engine.data.procedural.hand_made.still_life import still_life
from artforge.engine.data.procedural.hand_made.stippling import stippling
from artforge.engine.data.procedural.hand_made.watercolour import watercolour

DRAWERS: dict[str, Callable[[Canvas, np.random.Generator], None]] = {
    drawer.__name__: drawer
    for drawer in (
        pencil_hatching, ink_brush, watercolour, asemic_script, charcoal, still_life,
        marker, cross_hatching, gouache, crayon, blind_contour, stippling,
        dry_brush, scribble, botanical, pastel, enso, hand_grid,
    )
}  # fmt: skip
"""Family name -> what draws it."""
