"""The algorithmic families: exact, machine-made marks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from artforge.engine.data.procedural.algorithmic.cellular_automaton import cellular_automaton
from artforge.engine.data.procedural.algorithmic.circle_packing import circle_packing
from artforge.engine.data.procedural.algorithmic.escape_time import escape_time
from artforge.engine.data.procedural.algorithmic.flow_field import flow_field
from artforge.engine.data.procedural.algorithmic.harmonograph import harmonograph
from artforge.engine.data.procedural.algorithmic.hatch_grid import hatch_grid
from artforge.engine.data.procedural.algorithmic.isolines import isolines
from artforge.engine.data.procedural.algorithmic.l_system import l_system
from artforge.engine.data.procedural.algorithmic.moire import moire
from artforge.engine.data.procedural.algorithmic.nested_squares import nested_squares
from artforge.engine.data.procedural.algorithmic.phyllotaxis import phyllotaxis
from artforge.engine.data.procedural.algorithmic.reaction_diffusion import reaction_diffusion
from artforge.engine.data.procedural.algorithmic.ridge_lines import ridge_lines
from artforge.engine.data.procedural.algorithmic.spirograph import spirograph
from artforge.engine.data.procedural.algorithmic.strange_attractor import strange_attractor
from artforge.engine.data.procedural.algorithmic.subdivision import subdivision
from artforge.engine.data.procedural.algorithmic.truchet import truchet
from artforge.engine.data.procedural.algorithmic.voronoi import voronoi
from artforge.engine.data.procedural.canvas import Canvas

DRAWERS: dict[str, Callable[[Canvas, np.random.Generator], None]] = {
    drawer.__name__: drawer
    for drawer in (
        flow_field, truchet, escape_time, l_system, moire, voronoi,
        cellular_automaton, strange_attractor, reaction_diffusion, circle_packing, subdivision, spirograph,
        phyllotaxis, hatch_grid, nested_squares, ridge_lines, harmonograph, isolines,
    )
}  # fmt: skip
"""Family name -> what draws it."""
