"""How a still came about: the pictures that it went through, where they hang too or lie beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from artforge.core.provenance import NodeRecord, Provenance
from artforge.gallery import words
from artforge.gallery.pictures import Picture
from artforge.gallery.pieces import Piece

_SAME_SHAPE = 0.02
_MOST = 6


@dataclass(frozen=True)
class Stage:
    """One picture on the way: `kind` is source, heat, stage or result; `page` where it hangs itself, else empty."""

    kind: str
    label: str
    alt: str
    picture: Picture
    page: str


def stages_of(pieces: Sequence[Piece], sources: Mapping[str, Picture]) -> dict[str, list[Stage]]:
    """The stages of each still that has at least two, its own picture last, by the work's id.

    A still is a stage of another where everything that was done for it was done for the other too, and more.

    Args:
        pieces: all works.
        sources: pictures of ingredients by their SHA-256.
    """
    stills = [piece for piece in pieces if piece.record.kind == "still" and piece.record.branch]
    nodes = {piece.id: node_digests(piece.record.branch) for piece in stills}
    by_end: dict[str, Piece] = {}
    for piece in stills:
        by_end.setdefault(nodes[piece.id][-1], piece)
    found = {}
    for piece in stills:
        earlier = [by_end[node] for node in nodes[piece.id][:-1] if node in by_end]
        stages = [*_sources(piece, sources), *_hung(piece, earlier)]
        if stages:
            own = Stage("result", piece.name_in_series, piece.alt, piece.hung.picture, "")
            found[piece.id] = [*_one_each(stages)[:_MOST], own]
    return found


def node_digests(branch: Sequence[NodeRecord]) -> list[str]:
    """A digest for each step that stands for it and for all that flows into it."""
    digests: dict[str, str] = {}
    for node in branch:
        inputs = {name: digests.get(source, source) for name, source in node.inputs.items()}
        text = json.dumps([node.step, node.version, node.settings, node.seed, inputs], sort_keys=True, default=str)
        digests[node.id] = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return list(digests.values())


def embedded_sources(record: Provenance) -> list[str]:
    """Names of the pictures of the embedded set that a work was made from: `embedded:hand_made/ink_brush/5`."""
    paths = [node.settings.get("path") for node in record.branch]
    return list(dict.fromkeys(path for path in paths if isinstance(path, str) and path.startswith(words.EMBEDDED)))


def _sources(piece: Piece, sources: Mapping[str, Picture]) -> list[Stage]:
    drawn = embedded_sources(piece.record)
    named = [(one.sha256, one.name) for one in piece.record.ingredients if one.role == "picture"]
    named += [(name, words.embedded_words(name)) for name in drawn]
    return [
        Stage("source", name, f"What it was made from: {name}", sources[key], "")
        for key, name in named
        if key in sources and _same_shape(sources[key], piece.hung.picture)
    ]


def _hung(piece: Piece, earlier: Iterable[Piece]) -> list[Stage]:
    return [
        Stage(_kind_of(one.record), one.output_words, one.alt, one.hung.picture, one.address)
        for one in earlier
        if _same_shape(one.hung.picture, piece.hung.picture)
    ]


def _one_each(stages: Sequence[Stage]) -> list[Stage]:
    """Without a second picture of the same file; the source first."""
    by_stem = {stage.picture.stem: stage for stage in reversed(stages)}
    kept = [stage for stage in stages if by_stem[stage.picture.stem] is stage]
    return sorted(kept, key=lambda stage: stage.kind != "source")


def _kind_of(record: Provenance) -> str:
    """The steps that ran tell: nothing asked of a network is a source; heat that met no picture again is heat."""
    if not any("model" in node.settings for node in record.branch):
        return "source"
    return "stage" if any(node.step in ("blend", "overlay") for node in record.branch) else "heat"


def _same_shape(one: Picture, other: Picture) -> bool:
    return abs(one.width / one.height / (other.width / other.height) - 1) <= _SAME_SHAPE
