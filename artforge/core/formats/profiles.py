"""Colour profiles: what the numbers of a file stand for, sRGB or what a printer asks for.

Source: ICC.1:2010 (Profile version 4.3), https://www.color.org/specification/ICC1v43_2010-12.pdf
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageCms

from artforge.core.errors import PictureError
from artforge.core.formats.matrix_profiles import convert_floats, matrix_profile
from artforge.core.values import Image

MAX_PROFILE = 16_000_000
"""Bytes of a profile that are read at most."""

NO_FLOATS = (
    "16 bits a colour are converted to profiles of a matrix and curves, and this is none: take a format of 8 bits"
)
_DATE = slice(24, 36)
_COLOR_SPACE = slice(16, 20)
_SIGNATURE = slice(36, 40)
_MADE = (2020, 1, 1, 0, 0, 0)
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.NOCACHE


@cache
def srgb_profile() -> bytes:
    """The profile of sRGB; always the same bytes, without the time at which they were made."""
    content = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    content[_DATE] = b"".join(part.to_bytes(2, "big") for part in _MADE)
    return bytes(content)


def read_profile(path: Path) -> bytes:
    """A profile's file, which must be one that colours of three numbers (RGB) can be converted to.

    Raises:
        PictureError: no such file, no profile, too large, or one of other colours.
    """
    if not path.is_file():
        raise PictureError(f"there is no ICC profile {str(path)!r}")
    with path.open("rb") as file:
        content = file.read(MAX_PROFILE + 1)
    if len(content) > MAX_PROFILE or content[_SIGNATURE] != b"acsp":
        raise PictureError(f"{path.name} is not an ICC profile")
    space = content[_COLOR_SPACE].decode("ascii", "replace").strip()
    if space != "RGB":
        raise PictureError(f"{path.name} is a profile of {space} colours: works are written in RGB, so take one of RGB")
    try:
        _transform(content)
    except (ImageCms.PyCMSError, OSError) as error:
        raise PictureError(f"{path.name}: pictures cannot be converted to this ICC profile ({error})") from error
    return content


def convert(pixels: NDArray[np.uint8], profile: bytes) -> NDArray[np.uint8]:
    """sRGB pixels as the numbers of another profile (relative colorimetric, with black point compensation).

    Args:
        pixels: uint8 (h, w, 3), sRGB.
        profile: as `read_profile` gives it.
    """
    if profile == srgb_profile():
        return pixels
    return np.asarray(ImageCms.applyTransform(PillowImage.fromarray(pixels), _transform(profile)))


def converts_floats(profile: bytes) -> bool:
    """Whether `convert_image` knows this profile: one of curves and a matrix, as most of RGB are."""
    return profile == srgb_profile() or matrix_profile(profile) is not None


def convert_image(image: Image, profile: bytes) -> Image:
    """The same for numbers in [0, 1], which lose nothing; of profiles that `converts_floats` knows.

    Args:
        image: float32 (h, w, 3), sRGB, [0, 1].
        profile: as `read_profile` gives it.

    Raises:
        PictureError: it is none of these.
    """
    if profile == srgb_profile():
        return image
    source, target = matrix_profile(srgb_profile()), matrix_profile(profile)
    if source is None or target is None:
        raise PictureError(NO_FLOATS)
    return convert_floats(image, source, target)


@cache
def _transform(profile: bytes) -> ImageCms.ImageCmsTransform:
    source, target = (ImageCms.ImageCmsProfile(io.BytesIO(content)) for content in (srgb_profile(), profile))
    return ImageCms.buildTransform(source, target, "RGB", "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC, flags=_FLAGS)
