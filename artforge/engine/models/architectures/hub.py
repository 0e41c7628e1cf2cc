"""What the networks built with KerasHub share: the library, which is an extra, and how they are declared.

A network built with it is taken apart into ordinary Keras layers, and needs it no longer: its file opens wherever Keras
does.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

from artforge.core.errors import ModelError
from artforge.engine.backend import is_installed, load_keras, muted, no_warnings
from artforge.engine.models.architectures.architecture import Architecture

EXTRA = "hub"
MODULE = "keras_hub"
_INSTALL = f"Install it with: pip install 'artforge[{EXTRA}]'"


def check_hub() -> None:
    """See that KerasHub is there without importing anything.

    Raises:
        ModelError: it is not installed.
    """
    if not is_installed(MODULE):
        raise ModelError(f"this network is built with KerasHub, which is not installed. {_INSTALL}")


def load_hub() -> ModuleType:
    """The `keras_hub` module, on the backend of `load_keras`; takes seconds the first time.

    Raises:
        ModelError: it is not installed.
    """
    check_hub()
    load_keras()
    try:
        with muted(), no_warnings():
            return importlib.import_module(MODULE)
    except ImportError as error:
        raise ModelError(
            f"this network is built with KerasHub, which cannot be imported here ({error}). {_INSTALL}"
        ) from error


def declare(
    name: str, title: str, num_parameters: int, build: Callable[..., Any], *, paper: tuple[str, str], **more: Any
) -> Architecture:
    """A network of KerasHub's, for pictures of 224x224.

    Args:
        name: as it is asked for.
        title: what it is, in one line.
        num_parameters: of the network for two classes.
        build: as `Architecture` has it, with the network's `name` besides.
        paper: who and when, and an address.
        more: further fields of `Architecture`.
    """
    return Architecture(
        name=name,
        title=title,
        origin=paper[0],
        source=f"{', '.join(paper)}; layers by KerasHub",
        build=partial(build, name=name),
        num_parameters=num_parameters,
        image_size=224,
        extra=EXTRA,
        **more,
    )
