"""The names of the embedded picture set, without what draws it."""

from __future__ import annotations

CLASS_NAMES: tuple[str, str] = ("algorithmic", "hand_made")
"""In the order of the labels 0 and 1."""

VERSION: int = 1
"""Bumped when pixels change; it enters cache keys."""

FAMILIES: dict[str, tuple[str, ...]] = {
    "algorithmic": (
        "flow_field", "truchet", "escape_time", "l_system", "moire", "voronoi",
        "cellular_automaton", "strange_attractor", "reaction_diffusion", "circle_packing", "subdivision", "spirograph",
        "phyllotaxis", "hatch_grid", "nested_squares", "ridge_lines", "harmonograph", "isolines",
    ),
    "hand_made": (
        "pencil_hatching", "ink_brush", "watercolour", "asemic_script", "charcoal", "still_life",
        "marker", "cross_hatching", "gouache", "crayon", "blind_contour", "stippling",
        "dry_brush", "scribble", "botanical", "pastel", "enso", "hand_grid",
    ),
}  # fmt: skip
"""Class name -> names of the families of pictures in it, in the order in which a set goes round them."""

NUM_FAMILIES = sum(map(len, FAMILIES.values()))
