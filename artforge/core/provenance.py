"""What a finished work says of itself: the record that travels inside a file and beside it as `<file>.json`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from artforge.core.errors import PictureError
from artforge.core.files import write_text

SIDECAR_SUFFIX = ".json"


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Ingredient(_Record):
    """A file or a folder of pictures that went into the work, by base name and content."""

    role: Literal["picture", "folder", "model"]
    name: str
    sha256: str


class NodeRecord(_Record):
    """One step that ran for this work: its settings as resolved, its version and its seed."""

    id: str
    step: str
    version: int
    settings: dict[str, Any]
    inputs: dict[str, str]
    seed: int | None = None


class Provenance(_Record):
    """Everything needed to know, and to make again, one work. No absolute path ever stands in it."""

    artforge: str
    schema_version: int = 1
    title: str
    description: str = ""
    alt: str
    kind: Literal["still", "sheet", "film"]
    recipe_name: str
    recipe_text: str
    recipe_sha256: str
    output: str
    params: dict[str, Any]
    variant: dict[str, Any]
    sweep: list[dict[str, Any]] = []
    seed: int
    preview: bool = False
    branch: list[NodeRecord]
    ingredients: list[Ingredient]
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
        return Provenance.model_validate_json(path.read_bytes())
    except OSError as error:
        raise PictureError(f"{path.name}: no sidecar beside the work ({error.strerror})") from error
    except ValidationError as error:
        raise PictureError(f"{path.name}: not a sidecar of artforge ({error.error_count()} faults)") from error
