"""Picture files at the edge: whatever the file holds comes in as an Image, and an Image goes out as 8-bit sRGB."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageCms, ImageOps, UnidentifiedImageError

from artforge.core.bands import row_bands
from artforge.core.errors import PictureError
from artforge.core.files import atomic_path
from artforge.core.formats.profiles import srgb_profile
from artforge.core.values import Image

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff", ".ppm"})

MAX_PIXELS = 178_000_000
"""Larger pictures are refused from their header, before anything is decoded (Pillow stops at 179 million)."""

_TOO_LARGE = f"more than the {MAX_PIXELS // 10**6} million pixels that are read at most. Shrink it."

_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "PPM")  # JPEG reads the MPO of phones as well
"""Pillow's names of `PICTURE_SUFFIXES`. Its other readers stay shut, whatever a file is called: that of EPS runs
Ghostscript."""
_ORIENTATION = 0x0112
_WHITE = (255, 255, 255, 255)
# what Pillow's readers raise on broken files; RuntimeError comes from the AVIF decoder
_CORRUPT = (OSError, SyntaxError, ValueError, IndexError, EOFError, MemoryError, RuntimeError)


def read_picture(path: Path, *, shortest_edge: int | None = None) -> Image:
    """Read any picture file upright, in sRGB, over white where it is transparent.

    CMYK, 16-bit, grey, palette and colour-managed files are converted; of an animation the first frame is read.

    Args:
        path: the file.
        shortest_edge: where a smaller picture is enough, JPEG files are decoded straight to a smaller scale
            that keeps the shortest edge at least this long (pixels); the result is still not resized exactly.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        PictureError: no such file, a folder, no picture, damaged, or more than `MAX_PIXELS` pixels.
    """
    read = _read(path, shortest_edge)
    return to_float(read) if read.dtype == np.uint8 else read


def read_pixels(path: Path, *, shortest_edge: int | None = None) -> NDArray[np.uint8]:
    """As `read_picture`, in 8 bits: what a large file needs a quarter of the memory for.

    Returns:
        uint8 (H, W, 3), sRGB.

    Raises:
        PictureError: as `read_picture`.
    """
    read = _read(path, shortest_edge)
    return read if read.dtype == np.uint8 else to_bytes(read)


def read_levels(path: Path) -> NDArray[np.uint8 | np.uint16]:
    """As `read_picture`, as finely as the file has it: two pictures can be told apart by their last bit.

    Returns:
        (H, W, 3), sRGB: uint8 [0, 255] from a file of 8 bits a colour, uint16 [0, 65535] from one of more.

    Raises:
        PictureError: as `read_picture`.
    """
    read = _read(path, None)
    return read if read.dtype == np.uint8 else to_deep(read)


def _read(path: Path, shortest_edge: int | None) -> NDArray[Any]:
    """uint8 [0, 255] from a file of 8 bits, else float32 [0, 1]: (H, W, 3)."""
    if path.is_dir():
        raise PictureError(f"{path}: is a folder; a picture file is wanted")
    if not path.is_file():
        raise PictureError(f"{path}: no such picture file")
    if path.stat().st_size == 0:
        raise PictureError(f"{path}: the file is empty (0 bytes)")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd metadata and big files; both are dealt with here
            with PillowImage.open(path, formats=_FORMATS) as opened:
                width, height = opened.size
                if width * height > MAX_PIXELS:
                    raise PictureError(f"{path}: {width}x{height} pixels, {_TOO_LARGE}")
                if shortest_edge is not None:
                    opened.draft(None, _draft_size(width, height, shortest_edge))
                deep = _deep_pixels(path, opened)
                return _to_srgb(opened) if deep is None else deep
    except PictureError:
        raise
    except PillowImage.DecompressionBombError as error:
        raise PictureError(f"{path}: {_TOO_LARGE}") from error
    except UnidentifiedImageError as error:
        raise PictureError(
            f"{path}: not a picture that can be read (is it really a {path.suffix or 'picture'} file?)"
        ) from error
    except _CORRUPT as error:
        raise PictureError(f"{path}: damaged or cut short ({error})") from error


def _deep_pixels(path: Path, opened: PillowImage.Image) -> Image | None:
    """Colours of 16 bits, which Pillow cuts down to 8, from an upright sRGB file; None of any other."""
    is_deep = opened.format in ("PNG", "TIFF") and opened.mode in ("RGB", "RGBA") and "16" in _stored_mode(opened)
    is_plain = opened.info.get("icc_profile") in (None, srgb_profile()) and opened.getexif().get(_ORIENTATION, 1) == 1
    if not is_deep or not is_plain or "transparency" in opened.info:
        return None
    opened.load()  # raises where the file is damaged, before OpenCV writes of it on the screen
    levels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if levels is None or levels.dtype != np.uint16 or levels.ndim != 3:
        return None
    deep = levels[..., 2::-1].astype(np.float32)
    deep /= np.float32(65535)
    if levels.shape[2] == 4:
        opacity = levels[..., 3:].astype(np.float32) / np.float32(65535)
        deep = deep * opacity + (1 - opacity)  # the white underneath
    return deep


def _stored_mode(opened: PillowImage.Image) -> str:
    """How the file has its pixels, such as RGB;16B."""
    tiles = getattr(opened, "tile", [])
    return str(tiles[0].args) if tiles else ""


def _draft_size(width: int, height: int, shortest_edge: int) -> tuple[int, int]:
    scale = shortest_edge / min(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _to_srgb(opened: PillowImage.Image) -> NDArray[Any]:
    ImageOps.exif_transpose(opened, in_place=True)  # without a copy of what is upright already, as most are
    picture = opened
    if picture.mode in ("I", "I;16", "I;16B", "I;16L", "F"):
        transparent = picture.info.get("transparency")
        return _grey_to_image(np.asarray(picture), floating=picture.mode == "F", transparent=transparent)
    profile = picture.info.get("icc_profile")
    if profile == srgb_profile():
        profile = None
    if picture.mode in ("P", "PA", "LA", "La", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
    if picture.mode == "RGBA":
        ground = PillowImage.new("RGBA", picture.size, _WHITE)
        picture = PillowImage.alpha_composite(ground, picture).convert("RGB")
    if profile and picture.mode in ("RGB", "CMYK", "L"):
        picture = _apply_profile(picture, profile)
    return np.asarray(picture if picture.mode == "RGB" else picture.convert("RGB"))


def _grey_to_image(grey: NDArray[np.generic], *, floating: bool, transparent: int | None = None) -> Image:
    """16-bit grey is a share of 65535; floating grey is taken as [0, 1] where it fits, else as [0, 255]."""
    values = grey.astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError("some of its pixels are NaN or infinite")
    fits_unit = values.max(initial=0) <= 1
    full = 65535.0 if not floating else 1.0 if fits_unit else 255.0
    shares = np.clip(values / full, 0, 1)
    if transparent is not None:
        shares[grey == transparent] = 1  # the white underneath
    return np.repeat(shares[..., None], 3, axis=2)


def _apply_profile(picture: PillowImage.Image, profile: bytes) -> PillowImage.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return picture  # a broken or mismatched profile: the colours as they are stand closer than none
    return converted if converted is not None else picture


def to_float(pixels: NDArray[np.uint8]) -> Image:
    """uint8 [0, 255] -> float32 [0, 1]."""
    return pixels.astype(np.float32) / np.float32(255)


def to_bytes(image: Image) -> NDArray[np.uint8]:
    """float32 [0, 1] -> uint8 [0, 255], rounded to the nearest level; `to_float` of it gives the level back."""
    levels = np.empty(image.shape, np.uint8)
    for rows in row_bands(image):
        band = np.clip(image[rows], 0, 1)
        band *= np.float32(255)
        levels[rows] = np.rint(band, out=band)
    return levels


def to_deep(image: Image) -> NDArray[np.uint16]:
    """float32 [0, 1] -> uint16 [0, 65535], rounded to the nearest level."""
    levels = np.clip(image, 0, 1)
    levels *= np.float32(65535)
    return np.rint(levels, out=levels).astype(np.uint16)


def resize(image: Image, size: tuple[int, int]) -> Image:
    """Resize to (height, width): by area where it shrinks (no aliasing), by cubic curves where it grows."""
    height, width = size
    if image.shape[:2] == (height, width):
        return image
    shrinks = height * width < image.shape[0] * image.shape[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    resized: Image = np.asarray(cv2.resize(image, (width, height), interpolation=way), np.float32)
    return np.clip(resized, 0, 1, out=resized)  # cubic curves overshoot


def pictures_in(folder: Path) -> list[Path]:
    """The picture files in a folder and the folders below, by name."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file())


def centre_square(image: Image) -> Image:
    """The largest square in the middle of the picture."""
    height, width = image.shape[:2]
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    return image[top : top + edge, left : left + edge]


def write_png(path: Path, image: Image) -> None:
    """Write an 8-bit sRGB PNG, whole or not at all; the same pixels always give the same bytes.

    Raises:
        OutputError: the folder cannot be written to.
    """
    with atomic_path(path) as part:
        PillowImage.fromarray(to_bytes(image)).save(part, format="PNG", compress_level=6)
