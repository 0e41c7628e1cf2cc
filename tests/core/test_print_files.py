"""A still tells its resolution and its colours, and holds 16 bits where the format can: read by other programs."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pikepdf
import pytest
import tifffile
from PIL import Image as PillowImage
from PIL import ImageCms

from artforge.core import banded_images, memory
from artforge.core.banded_images import laid_on
from artforge.core.errors import OutputError, PictureError
from artforge.core.formats import stills
from artforge.core.formats.known import FORMATS, STILL_FORMATS
from artforge.core.formats.medium import Medium
from artforge.core.formats.profiles import read_profile, srgb_profile
from artforge.core.formats.stills import write_still
from artforge.core.memory import check_memory, needed_memory
from artforge.core.papers import Page
from artforge.core.pictures import read_picture, to_bytes
from artforge.core.print_sizes import PrintSize

WHITE = np.ones(3, np.float32)
BY_PILLOW = sorted(name for name in STILL_FORMATS if FORMATS[name].pixels and name != "pdf")
LOSSLESS = ("png", "png16", "tiff", "tiff16")


def matrix_profile(*, swapped: bool = True) -> bytes:
    """sRGB with red and green in each other's place: any picture that is converted to it shows them swapped."""
    profile = bytearray(srgb_profile())
    if swapped:
        entries = [slice(132 + 12 * at, 136 + 12 * at) for at in range(int.from_bytes(profile[128:132], "big"))]
        red, green = (next(at for at in entries if bytes(profile[at]) == tag) for tag in (b"rXYZ", b"gXYZ"))
        profile[red], profile[green] = b"gXYZ", b"rXYZ"
    return bytes(profile)


@pytest.fixture
def write(tmp_path, paint):
    """`write(format, medium)` writes a picture of 45x70 and gives its path."""

    def run(name, medium=None, image=None):
        path = tmp_path / f"a{FORMATS[name].mark}{FORMATS[name].suffix}"
        write_still(path, paint(4, 45, 70) if image is None else image, name, medium=medium)
        return path

    return run


def resolution_of(path) -> float | None:
    """Pixels in an inch as another program reads them."""
    with PillowImage.open(path) as opened:
        exif = opened.getexif()
        if "dpi" in opened.info:
            return float(opened.info["dpi"][0])
        return float(exif[282]) if 282 in exif and exif[296] == 2 else None


@pytest.mark.parametrize("name", BY_PILLOW)
@pytest.mark.parametrize("dpi", [72, 300, 1200])
def test_every_format_tells_its_resolution(write, name, dpi):
    assert resolution_of(write(name, Medium(dpi))) == pytest.approx(dpi, abs=0.02)


@pytest.mark.parametrize(("name", "most"), [("webp", 16_383), ("jpeg", 65_500), ("avif", 16_384)])
def test_a_still_longer_than_its_format_holds_is_refused_before_it_is_written(write, name, most):
    image = np.full((1, most + 1, 3), 0.25, np.float32)
    with pytest.raises(OutputError, match=f"{name} holds at most {most} pixels .*{most + 1}: take tiff, png or pdf"):
        write(name, image=image)
    with PillowImage.open(write(name, image=image[:, 1:])) as opened:
        assert opened.size == (most, 1)


@pytest.mark.parametrize("name", BY_PILLOW)
def test_a_picture_for_the_screen_claims_no_resolution(write, name):
    told = resolution_of(write(name))
    assert told is None or told == 1  # TIFF wants a number: 1, without a unit


@pytest.mark.parametrize("name", BY_PILLOW)
def test_every_format_carries_srgb_unless_told_otherwise(write, name):
    with PillowImage.open(write(name)) as opened:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(opened.info["icc_profile"]))
    assert "sRGB" in ImageCms.getProfileDescription(profile)


def test_the_profile_of_srgb_tells_no_time_and_is_left_out_of_the_way():
    assert srgb_profile()[24:36] == bytes([7, 228, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0])
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    profile = ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile()))
    seen = ImageCms.profileToProfile(PillowImage.fromarray(levels), profile, ImageCms.createProfile("sRGB"))
    np.testing.assert_array_equal(np.asarray(seen), levels)


@pytest.mark.parametrize("name", [name for name in BY_PILLOW if FORMATS[name].bits == 8])
def test_colours_are_converted_to_a_profile_and_come_back_by_it(tmp_path, write, name, paint):
    (tmp_path / "swapped.icc").write_bytes(matrix_profile())
    path = write(name, Medium(profile=read_profile(tmp_path / "swapped.icc")))
    with PillowImage.open(path) as opened:
        assert opened.info["icc_profile"] == matrix_profile()
        stored = np.asarray(opened).astype(np.float32) / 255
    image = paint(4, 45, 70)
    assert np.abs(stored - image[..., [1, 0, 2]]).mean() < 0.02
    assert np.abs(read_picture(path) - image).mean() < 0.02
    assert np.abs(stored - image).mean() > 0.1


@pytest.mark.parametrize("name", ["png16", "tiff16"])
def test_16_bits_come_back_level_for_level(write, name):
    rng = np.random.default_rng(3)
    levels = rng.integers(0, 65536, (45, 70, 3), dtype=np.uint16)
    levels[0, 0], levels[44, 69] = 0, 65535
    path = write(name, Medium(300), (levels / np.float32(65535)).astype(np.float32))
    seen = tifffile.imread(path) if name == "tiff16" else cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1]
    assert seen.dtype == np.uint16
    np.testing.assert_array_equal(seen, levels)
    np.testing.assert_array_equal(np.rint(read_picture(path) * 65535), levels)


def test_more_pixels_than_a_tiff_reaches_over_make_a_big_one(write, monkeypatch, paint):
    with tifffile.TiffFile(write("tiff16")) as file:
        assert not file.is_bigtiff
    monkeypatch.setattr(stills, "_CLASSIC_TIFF_MOST", 6 * 45 * 70 - 1)
    with tifffile.TiffFile(write("tiff16", Medium(300))) as file:
        assert file.is_bigtiff
    np.testing.assert_allclose(read_picture(write("tiff16")), paint(4, 45, 70), atol=1e-5)
    assert resolution_of(write("tiff16", Medium(300))) == 300


def test_16_bits_of_others_are_read_over_white_where_they_are_clear(tmp_path):
    pixels = np.zeros((2, 3, 4), np.uint16)
    pixels[..., :3], pixels[..., 3] = 1000, [65535, 0, 32768]
    cv2.imwrite(str(tmp_path / "a.png"), pixels)
    image = read_picture(tmp_path / "a.png")
    expected = [1000 / 65535, 1.0, 1000 / 65535 * 0.5 + 0.5]
    np.testing.assert_allclose(image[0, :, 0], expected, atol=1e-4)


def test_a_16_bit_picture_cut_short_is_refused_before_opencv_writes_on_the_screen(write, capfd):
    for name in ("png16", "tiff16"):
        path = write(name)
        path.write_bytes(path.read_bytes()[:-9000])
        with pytest.raises(PictureError, match="damaged or cut short"):
            read_picture(path)
        assert "OpenCV" not in capfd.readouterr().err


# -- PDF -------------------------------------------------------------------------------------------------------------


def picture_in(path) -> tuple[np.ndarray, bytes]:
    """The pixels and the colour profile of the picture on a page."""
    with pikepdf.open(path) as pdf:
        assert pdf.check_pdf_syntax() == []
        image = pdf.pages[0].Resources.XObject.Picture
        assert image.ColorSpace[0] == pikepdf.Name.ICCBased
        return np.asarray(pikepdf.PdfImage(image).as_pil_image()), image.ColorSpace[1].read_bytes()


def boxes_in(path) -> dict[str, list[float]]:
    with pikepdf.open(path) as pdf:
        page = pdf.pages[0]
        return {name: [float(edge) for edge in page[f"/{name}"]] for name in ("MediaBox", "BleedBox", "TrimBox")}


def test_a_pdf_keeps_every_pixel_on_a_page_of_the_exact_size(write, paint):
    size = PrintSize(100, 150, dpi=72, bleed=3)
    picture = laid_on(paint(4, 45, 70), size.sheet(45, 70), WHITE)
    expected = to_bytes(picture.whole())
    path = write("pdf", Medium(72, page=size.page(picture.height, picture.width)), picture)
    pixels, _ = picture_in(path)
    np.testing.assert_array_equal(pixels, expected)
    boxes, point = boxes_in(path), 72 / 25.4
    np.testing.assert_allclose(boxes["MediaBox"], [0, 0, 156 * point, 106 * point], atol=1e-4)
    np.testing.assert_allclose(boxes["TrimBox"], [3 * point, 3 * point, 153 * point, 103 * point], atol=1e-4)
    assert boxes["BleedBox"] == boxes["MediaBox"]


def test_a_pdf_of_pixels_alone_has_the_size_that_its_dpi_gives(write):
    np.testing.assert_allclose(boxes_in(write("pdf", Medium(72)))["TrimBox"], [0, 0, 70, 45], atol=1e-4)
    np.testing.assert_allclose(boxes_in(write("pdf"))["TrimBox"], [0, 0, 70 * 0.24, 45 * 0.24], atol=1e-4)


@pytest.mark.parametrize(
    ("page", "points"), [(Page(5080, 90), None), (Page(5080, 90, bleed=50), 2), (Page(90, 60_000), 12)]
)
def test_a_page_longer_than_200_inches_has_larger_units(write, page, points):
    path = write("pdf", Medium(page=page))
    with pikepdf.open(path) as pdf:
        unit = pdf.pages[0].get("/UserUnit")
        assert unit == points
        placed = pikepdf.parse_content_stream(pdf.pages[0])[1].operands
    media, trim = (np.asarray(boxes_in(path)[name]) * (points or 1) / 72 * 25.4 for name in ("MediaBox", "TrimBox"))
    assert max(boxes_in(path)["MediaBox"]) <= 14_400
    np.testing.assert_allclose(media[2:], [page.width + 2 * page.bleed, page.height + 2 * page.bleed], atol=1e-3)
    np.testing.assert_allclose(trim[2:] - trim[:2], [page.width, page.height], atol=1e-3)
    np.testing.assert_allclose([float(placed[0]), float(placed[3])], boxes_in(path)["MediaBox"][2:], atol=1e-4)


def test_a_pdf_carries_the_profile_that_its_pixels_are_written_in(write, paint):
    pixels, profile = picture_in(write("pdf", Medium(profile=matrix_profile())))
    assert np.abs(pixels / 255 - paint(4, 45, 70)[..., [1, 0, 2]]).mean() < 0.02
    assert profile == matrix_profile()


def test_a_picture_fills_the_page_of_its_pdf(write):
    with pikepdf.open(write("pdf", Medium(page=Page(100, 50)))) as pdf:
        operators = {str(each.operator): each.operands for each in pikepdf.parse_content_stream(pdf.pages[0])}
    point = 72 / 25.4
    np.testing.assert_allclose([float(n) for n in operators["cm"]], [100 * point, 0, 0, 50 * point, 0, 0], atol=1e-4)


@pytest.mark.parametrize("name", ["png", "png16", "tiff16", "pdf"])
def test_a_file_made_of_many_bands_holds_the_same_picture(write, monkeypatch, name, paint):
    monkeypatch.setattr(banded_images, "BAND_PIXELS", 700)  # ten rows
    path = write(name)
    image = picture_in(path)[0] / 255 if name == "pdf" else read_picture(path)
    np.testing.assert_allclose(image, paint(4, 45, 70), atol=0.51 / 255)


# -- profiles and memory ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "there is no ICC profile"),
        (b"", "not an ICC profile"),
        (b"\x00" * 200, "not an ICC profile"),
        (matrix_profile(swapped=False).replace(b"RGB ", b"CMYK", 1), "a profile of CMYK colours: .* take one of RGB"),
        (matrix_profile(swapped=False)[:200], "cannot be converted|not an ICC profile"),
    ],
)
def test_a_profile_that_cannot_be_used_is_told(tmp_path, content, expected):
    path = tmp_path / "a.icc"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PictureError, match=expected):
        read_profile(path)


def test_a_print_beyond_the_memory_is_told_with_what_it_needs(monkeypatch):
    needed = needed_memory("png", (40_000, 30_000))
    monkeypatch.setattr(memory, "total_memory", lambda: needed)
    check_memory("wall", "png", (40_000, 30_000))
    monkeypatch.setattr(memory, "total_memory", lambda: needed - 10**8)
    told = rf"'wall': 30000x40000 pixels as png need about {needed / 1e9:.1f} GB .* has {needed / 1e9 - 0.1:.1f} GB"
    with pytest.raises(OutputError, match=told):
        check_memory("wall", "png", (40_000, 30_000))


def test_more_pixels_need_more_memory_and_an_a0_stays_below_6_gb():
    for name in FORMATS:
        if FORMATS[name].pixels and not FORMATS[name].film:
            small, large = needed_memory(name, (1000, 1000)), needed_memory(name, (14_043, 9_933))
            assert small < large < 6e9, name


@pytest.mark.parametrize("name", sorted(name for name in STILL_FORMATS if FORMATS[name].pixels and name != "png16"))
def test_a_print_is_encoded_without_the_floats_that_it_was_made_from(write, paint, name):
    image = paint(4, 45, 70)
    picture = banded_images.BandedImage(45, 70, lambda top, bottom: image[top:bottom])
    write(name, image=picture)
    with pytest.raises(AssertionError, match="rows 0 to 45 are drawn of a picture that was let go"):
        picture.whole()


def test_what_a_print_is_made_from_counts_while_its_levels_are_packed():
    size = (14_043, 9_933)
    pixels = size[0] * size[1]
    for name in LOSSLESS:
        assert needed_memory(name, size, 12 * pixels) - needed_memory(name, size) == 12 * pixels
    assert needed_memory("avif", size, 12 * pixels) == needed_memory("avif", size)
    assert needed_memory("avif", size, 50 * pixels) == needed_memory("avif", size) + 18 * pixels
