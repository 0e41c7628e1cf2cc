"""The colours of the embedded set: curated palettes, one ground and its inks per picture, shared by both classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artforge.core.light import luma


@dataclass(frozen=True)
class Palette:
    """A ground and the inks that sit well on it, hex RGB; the first ink is the one with the most contrast."""

    name: str
    ground: str
    inks: tuple[str, ...]


@dataclass(frozen=True)
class Colours:
    """What one picture is drawn with.

    Attributes:
        ground: float32 (3,), sRGB, [0, 1].
        inks: float32 (num_inks, 3), sRGB, [0, 1]; row 0 has the most contrast with the ground.
    """

    ground: NDArray[np.float32]
    inks: NDArray[np.float32]

    @property
    def dark_ground(self) -> bool:
        """Whether inks must cover the ground to be seen, as chalk does, rather than stain it."""
        return float(luma(self.ground)) < 0.45


PALETTES: tuple[Palette, ...] = (
    Palette("sumi", "f3eee3", ("1c1b1a", "4b4843", "8c867b", "a8321f")),
    Palette("sanguine", "efe4d0", ("7a2e1d", "a84f32", "4a2018", "c98a63")),
    Palette("indigo_vat", "f0ebdf", ("1d2b4f", "3d5a8a", "7d9cbf", "c7852f")),
    Palette("kraft", "c6a883", ("2a211b", "f5ecdb", "8a3a24", "3f5a5a")),
    Palette("blue_hour", "1b2740", ("e9dfc7", "f0a65e", "6f8fb8", "c65b4e")),
    Palette("blackboard", "23292a", ("eeeae0", "d9b45b", "7fa7a0", "c9705f")),
    Palette("terracotta", "f1e0cb", ("5b2a1e", "c2623f", "e0a070", "3b5b59", "8f8a5c")),
    Palette("riviera", "f6efe0", ("16324f", "1f7a8c", "e3a23b", "d95d39", "8fb8b0")),
    Palette("moss_garden", "e6e4d0", ("22301f", "4f6b3a", "8c9a5b", "b5803b", "c9c08e")),
    Palette("persimmon", "f4ead8", ("2d2a32", "d9572b", "e99b52", "6d7c74", "b9bfa9")),
    Palette("nordic_sea", "dfe4e2", ("1e2e38", "3f6674", "7f9fa5", "c26a4a", "e2b58a")),
    Palette("rose_madder", "f5e8e2", ("4a1526", "b23a54", "e08a8f", "5c5f7e", "d9b36c")),
    Palette("night_garden", "14211d", ("ded9bd", "7fa36b", "d98f5c", "4c7a6f", "b84c4c")),
    Palette("ochre_field", "e2c78f", ("2d2318", "8b4a1f", "f4ead0", "4d6a62", "b8792c")),
    Palette("bauhaus", "f2ead9", ("1a1a1c", "c8322b", "e7b52c", "21508f")),
    Palette("riso_pink", "f5f0e6", ("27326b", "f0637a", "3aa6a0", "f2b84b")),
    Palette("lapis", "27406f", ("f2e6c9", "e0b04f", "8fb3d9", "d9694e")),
    Palette("plum_dusk", "3a2438", ("f0dcc8", "e08a5f", "a86a8d", "6d7fa8", "e8bf6a")),
    Palette("celadon", "cfd9c8", ("26352f", "527a67", "f4f0e0", "a8583f", "88a592")),
    Palette("graphite", "dcdad5", ("252628", "55565a", "8b8c8e", "f7f5f0")),
    Palette("burnt_sienna", "8a4a2f", ("f3e3c8", "2a1a16", "e2a25c", "c9c0a0")),
    Palette("harbour", "e9e2d3", ("2a3b4a", "b5442e", "5f7f8c", "d8a94a", "a3b0a8")),
    Palette("saffron_monk", "f0d9a8", ("5a1f14", "c4501f", "8a2f3a", "e0932f", "3f4a4a")),
    Palette("mineral", "b9b7ac", ("22302f", "f2eee2", "3f6f73", "9c4f33", "6c7a68")),
    Palette("hokusai", "efe6cf", ("17294d", "2f5f93", "86a9bf", "d3a46a", "7d2f28")),
    Palette("orchard", "f2eddb", ("33402a", "b83a2e", "7e9b4d", "e4b34a", "d98c73")),
    Palette("aubergine", "ece3e0", ("2c1a33", "6a3a66", "a5728f", "cf9f5c", "6c8580")),
    Palette("tidal", "0f2e38", ("eaf0e3", "57b3a8", "e5b567", "e2755b", "3a7385")),
    Palette("oxide", "5b6b66", ("f2ead8", "1d2322", "d9824b", "b9c4b4", "8c3f2f")),
    Palette("cornfield", "f7eccb", ("3a3a4a", "d99a2b", "7b8f5a", "4f79a0", "b9552f")),
    Palette("charcoal_rose", "2b2829", ("ecdcd3", "d98c8c", "a7a39d", "c9a35f")),
    Palette("ice_fjord", "e6edf0", ("1f3a52", "4f86a6", "9cc2cf", "e08a6d", "5a5f70")),
    Palette("verdigris", "2f5d57", ("f1e8d0", "e3a857", "14302d", "a8cdbd", "c9573f")),
    Palette("sand_and_ink", "e8dcc4", ("20242c", "6f6a60", "b28a5a", "3c5570")),
)


def rgb(hex_colour: str) -> NDArray[np.float32]:
    """`"1c1b1a"` as float32 (3,), sRGB, [0, 1]."""
    return np.array([int(hex_colour[start : start + 2], 16) / 255 for start in (0, 2, 4)], np.float32)


def choose_colours(rng: np.random.Generator) -> Colours:
    """One palette, all its inks or a few: the same draw for both classes, so colour says nothing about the marks."""
    palette = PALETTES[rng.integers(len(PALETTES))]
    main, *others = [rgb(ink) for ink in palette.inks]
    num_others = int(rng.integers(0, len(others) + 1))
    chosen = [others[index] for index in rng.permutation(len(others))[:num_others]]
    ground, inks = rgb(palette.ground), np.stack([main, *chosen])
    # Inks are thinned by a different amount in each picture: full strength would tell flat tools from soft ones.
    thinning = np.float32(rng.uniform(0, 0.13))
    return Colours(ground, inks + (ground - inks) * thinning)


def tint_of(colours: Colours, rng: np.random.Generator) -> NDArray[np.float32]:
    """A tone between the ground and one of the inks, near enough to the ground for the first ink to stand on."""
    share = np.float32(rng.uniform(0.2, 0.6) if len(colours.inks) > 1 else rng.uniform(0.12, 0.35))
    ink = colours.inks[-1] if len(colours.inks) == 1 else colours.inks[rng.integers(1, len(colours.inks))]
    return np.asarray(colours.ground + (ink - colours.ground) * share, np.float32)
