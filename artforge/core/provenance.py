"""What a finished work says of itself: the record that travels inside a file and beside it as `<file>.json`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from artforge.core.errors import PictureError
from artforge.core.files import write_text
from artforge.core.formats.metadata import read_label
from artforge.core.formats.xmp import Label

SIDECAR_SUFFIX = ".json"
MAX_RECORD = 10_000_000
"""Characters of a record that are read at most."""


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Ingredient(_Record):
    """A file or a folder of pictures that went into the work, by base name and content; or its colour profile."""

    role: Literal["picture", "folder", "model", "profile"]
    name: str
    sha256: str
    provenance: dict[str, Any] | None = None
    """The record that the picture itself carries, if it is one of ours; its own ingredients' records, if need be."""


class NodeRecord(_Record):
    """One step that ran for this work: its settings as resolved, its version and its seed."""

    id: str
    step: str
    version: int
    settings: dict[str, Any]
    inputs: dict[str, str]
    seed: int | None = None


class Reading(_Record):
    """How sure a network is of each class, in [0, 1]: seeing the picture that the work began with, and the work."""

    model: str
    before: dict[str, float] = {}
    after: dict[str, float]


class Provenance(_Record):
    """Everything needed to know, and to make again, one work. No absolute path ever stands in it."""

    artforge: str
    schema_version: int = 1
    title: str
    description: str = ""
    creator: str = ""
    rights: str = ""
    licence: str = ""
    source_type: str = ""
    alt: str
    kind: Literal["still", "sheet", "film"]
    recipe_name: str
    recipe_text: str
    recipe_sha256: str
    output: str
    format: str = ""
    params: dict[str, Any]
    variant: dict[str, Any]
    sweep: list[dict[str, Any]] = []
    seed: int
    preview: bool = False
    branch: list[NodeRecord]
    ingredients: list[Ingredient]
    readings: list[Reading] = []
    packages: dict[str, str]
    width: int
    height: int
    num_frames: int = 1
    fps: float | None = None
    key: str


def sidecar_path(artifact: Path) -> Path:
    """Where the record of `artifact` stands: `print.png` -> `print.png.json`."""
    return artifact.with_name(artifact.name + SIDECAR_SUFFIX)


def write_sidecar(artifact: Path, provenance: Provenance) -> None:
    """Write the record beside the work, whole or not at all."""
    write_text(sidecar_path(artifact), provenance.model_dump_json(indent=1) + "\n")


def read_sidecar(artifact: Path) -> Provenance:
    """The record beside `artifact`.

    Raises:
        PictureError: there is none, or it is not one of ours.
    """
    path = sidecar_path(artifact)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_RECORD + 1)
    except OSError as error:
        raise PictureError(f"{path.name}: no sidecar beside the work ({error.strerror})") from error
    return parse_record(content, f"{path.name}: not a sidecar of artforge")


def label_of_work(provenance: Provenance) -> Label:
    """The words that a work carries inside its file, the whole record among them."""
    return Label(
        title=provenance.title,
        description=provenance.description,
        alt=provenance.alt,
        creator=provenance.creator,
        rights=provenance.rights,
        licence=provenance.licence,
        source_type=provenance.source_type,
        tool=f"artforge {provenance.artforge}",
        record=provenance.model_dump_json(),
    )


def read_provenance(artifact: Path) -> Provenance:
    """The record of a work: the one inside the file, or else the one beside it.

    Raises:
        PictureError: there is neither, or it is not one of ours, or the file is damaged.
    """
    label = read_label(artifact)
    if label.record:
        return parse_record(label.record, f"{artifact}: its record is not one of artforge")
    if sidecar_path(artifact).is_file():
        return read_sidecar(artifact)
    by = f" (it was made by {label.tool})" if label.tool else ""
    raise PictureError(
        f"{artifact}: carries no record of artforge, and there is no {sidecar_path(artifact).name} beside it{by}"
    )


def parse_record(text: str | bytes, what: str) -> Provenance:
    """A record from JSON that a stranger may have written.

    Raises:
        PictureError: it is none; `what` is how the message begins.
    """
    if len(text) > MAX_RECORD:
        raise PictureError(f"{what} ({len(text):,} characters, more than the {MAX_RECORD:,} that are read)")
    try:
        return Provenance.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        told = f"{place}: {first['msg']}" if place else str(first["msg"])
        raise PictureError(f"{what} ({told})") from error
