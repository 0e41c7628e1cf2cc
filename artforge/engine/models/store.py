"""Model files: found by name, opened with suspicion, written whole or not at all."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from artforge.core.errors import ChoiceError, ModelError, did_you_mean
from artforge.core.files import atomic_path, sha256_of
from artforge.engine.backend import is_installed, load_keras, no_warnings
from artforge.engine.models.card import ModelCard, has_card, read_card, write_card
from artforge.engine.models.handle import Model, wrap_model

MODEL_FILE = "model.keras"
MODEL_SUFFIXES = (".keras", ".h5", ".hdf5")
MAX_UNPACKED = 8 * 2**30
"""Bytes: an archive that says it unpacks to more is refused before it is opened."""

_SHIPPED = Path(__file__).with_name("shipped")
_SHIPPED_NAMES = ("hand_vs_algo", "digits")
_HDF5_START = b"\x89HDF\r\n\x1a\n"
_WHAT_KERAS_RAISES = (
    *(ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, RuntimeError, OSError, ImportError),
    *(EOFError, MemoryError, zipfile.BadZipFile, zlib.error),
)


def shipped_models() -> tuple[str, ...]:
    """The names of the models that come with artforge."""
    return _SHIPPED_NAMES


def resolve_model(name: str, *, base: Path) -> Path:
    """The model file that `name` stands for.

    Args:
        name: a shipped model's name, a run folder, or a `.keras` or `.h5` file.
        base: the folder that relative paths start from.

    Returns:
        the path of an existing file; it has not been opened.

    Raises:
        ChoiceError: no name, or there is no such model; the shipped ones are named.
        ModelError: what stands there is no model file, or a shipped file is missing.
    """
    if not name.strip():
        raise ChoiceError(
            f"no model is named: expected a run folder, a file that ends in {', '.join(MODEL_SUFFIXES)}, or one that "
            f"comes with artforge ({', '.join(_SHIPPED_NAMES)})"
        )
    if name in _SHIPPED_NAMES:
        shipped = _SHIPPED / name / MODEL_FILE
        if not shipped.is_file():
            raise ModelError(
                f"the model {name!r} belongs to artforge, but its file is missing from this installation. "
                "Install artforge again, or train one with: artforge train"
            )
        return shipped
    path = base / Path(name).expanduser()
    if path.is_dir():
        if not (path / MODEL_FILE).is_file():
            raise ModelError(f"{path}: no {MODEL_FILE} in this folder. Expected the folder of a finished training run.")
        return path / MODEL_FILE
    if path.is_file():
        if path.suffix.lower() not in MODEL_SUFFIXES:
            is_weights = path.suffix.lower() == ".npz"
            hint = f". If it holds weights, start from them: artforge train --weights {path}" if is_weights else ""
            raise ModelError(f"{path}: not a model file, expected one that ends in {', '.join(MODEL_SUFFIXES)}{hint}")
        return path
    raise ChoiceError(
        f"no model {name!r}: it is neither a file, nor a run folder, nor one that comes with artforge "
        f"({', '.join(_SHIPPED_NAMES)}){did_you_mean(name, _SHIPPED_NAMES)}"
    )


def save_model(
    keras_model: Any,
    folder: Path,
    *,
    name: str,
    class_names: Sequence[str],
    input_size: tuple[int, int],
    value_range: tuple[float, float] = (0.0, 1.0),
    scores: Mapping[str, Any] | None = None,
    temperature: float = 1.0,
) -> ModelCard:
    """Write `model.keras` and its card `model.json` into `folder`, each whole or not at all.

    Args:
        keras_model: a functional or Sequential classifier of pictures.
        folder: made where it does not exist.
        name: what the model is called.
        class_names: one for each class, in order.
        input_size: (height, width) it was trained at.
        value_range: (low, high) of the pixel values it expects.
        scores: how well it does, by name of the measure.
        temperature: by which the logits are divided before they become probabilities.

    Raises:
        ModelError: not a classifier of pictures, NaN weights, names that do not fit, or a temperature that is none.
        OutputError: the folder cannot be written to.
    """
    model = wrap_model(
        keras_model,
        class_names=class_names,
        input_size=input_size,
        value_range=value_range,
        name=name,
        temperature=temperature,
    )
    path = folder / MODEL_FILE
    with atomic_path(path) as part, no_warnings():
        keras_model.save(part)
    card = make_card(model).model_copy(update={"sha256": sha256_of(path), "scores": dict(scores or {})})
    write_card(path, card)
    return card


def load_model(path: Path) -> Model:
    """Open a model file and its card, if there is one.

    A file without a card works: its classes are then `class_0`, `class_1`, ..., its input size is read from the
    network, and it is taken to expect pixel values in [0, 1].

    Args:
        path: a `.keras` or `.h5` file, as `resolve_model` gives it.

    Raises:
        ModelError: no model, damaged, weights with NaN, not a classifier of pictures, or with code of its own.
    """
    check_file(path)
    card = read_card(path) if has_card(path) else None
    keras = load_keras()
    try:
        with no_warnings():
            keras_model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except _WHAT_KERAS_RAISES as error:
        raise ModelError(f"{path}: {_reason(error)}") from error
    try:
        return wrap_model(
            keras_model,
            class_names=card.class_names if card else None,
            input_size=card.input_size if card else None,
            value_range=card.value_range if card else (0.0, 1.0),
            name=card.name if card else path.stem,
            sha256=sha256_of(path),
            temperature=card.temperature if card else 1.0,
        )
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def make_card(model: Model) -> ModelCard:
    """The card of a model that came without one."""
    return ModelCard(
        name=model.name,
        class_names=model.class_names,
        input_size=model.input_size,
        value_range=model.value_range,
        flexible_size=model.flexible_size,
        layers=model.layers,
        sha256=model.sha256,
        temperature=model.temperature,
        num_parameters=model.keras_model.count_params(),
    )


def check_file(path: Path) -> None:
    """See that a model file is there, whole at first sight, and what its name says.

    Raises:
        ModelError: it is not.
    """
    if not path.is_file():
        raise ModelError(f"{path}: no such model file")
    if path.stat().st_size == 0:
        raise ModelError(f"{path}: the file is empty (0 bytes)")
    _check_suffix(path)
    if path.suffix.lower() == ".keras":
        try:
            with zipfile.ZipFile(path) as archive:
                unpacked = sum(entry.file_size for entry in archive.infolist())
        except zipfile.BadZipFile as error:
            raise ModelError(
                f"{path}: not a Keras model, or cut short (a .keras file is a zip archive, this is none)"
            ) from error
        if unpacked > MAX_UNPACKED:
            raise ModelError(
                f"{path}: unpacks to {unpacked / 2**30:.0f} GiB, more than {MAX_UNPACKED // 2**30} GiB are not opened"
            )


def _check_suffix(path: Path) -> None:
    """Refuse a file of the one kind under the other's name: Keras goes by the name alone."""
    with path.open("rb") as opened:
        is_hdf5 = opened.read(len(_HDF5_START)) == _HDF5_START
    kind, suffix = ("an HDF5 file", ".h5") if is_hdf5 else ("a .keras archive", ".keras")
    if (is_hdf5 or zipfile.is_zipfile(path)) and (path.suffix.lower() == ".keras") == is_hdf5:
        raise ModelError(f"{path}: is {kind}, whatever its name says: rename it to {path.with_suffix(suffix).name}")


def _reason(error: BaseException) -> str:
    text = str(error)
    if "lambda" in text.lower() or "unsafe" in text.lower():
        return (
            "the model carries Python code of its own (a Lambda layer), which could do anything on this machine, so it "
            "is not opened. Rebuild it with ordinary layers in place of the Lambda and save it again."
        )
    if "keras_hub" in text and not is_installed("keras_hub"):
        return "is made of layers of KerasHub, which is not installed. Install it with: pip install 'artforge[hub]'"
    if "No model config" in text:
        return "holds weights but no network. Save the whole model (model.save), not only its weights."
    if "Could not locate" in text or "Unknown layer" in text:
        missing = _first_line(text)
        return (
            f"needs a layer that Keras does not have ({missing}). Only models of ordinary Keras layers can be opened. "
            "Or open it yourself, where its code is known (keras.saving.load_model), and hand it to wrap_model."
        )
    return f"not a Keras model that can be opened, or damaged ({_first_line(text) or type(error).__name__})"


def _first_line(text: str) -> str:
    line = text.strip().partition("\n")[0]
    return line if len(line) <= 200 else line[:197] + "..."
