"""Whatever a picture file holds comes in upright, in sRGB, as float32 [0, 1]; what is broken is named."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageCms, ImageDraw

from artforge.core.errors import PictureError
from artforge.core.pictures import (
    MAX_PIXELS,
    centre_square,
    read_picture,
    resize,
    to_bytes,
    to_float,
    write_png,
)
from artforge.core.values import Kind, array_fault

HEIGHT, WIDTH = 40, 64
CORNERS = {"red": (220, 30, 30), "green": (30, 200, 40), "blue": (40, 50, 230), "yellow": (230, 220, 40)}


@pytest.fixture
def quarters():
    """uint8 (40, 64, 3): red and green above, blue and yellow below; any turn or flip shows."""
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[: HEIGHT // 2, : WIDTH // 2] = CORNERS["red"]
    picture[: HEIGHT // 2, WIDTH // 2 :] = CORNERS["green"]
    picture[HEIGHT // 2 :, : WIDTH // 2] = CORNERS["blue"]
    picture[HEIGHT // 2 :, WIDTH // 2 :] = CORNERS["yellow"]
    return picture


def is_image(image):
    return array_fault(image, Kind.IMAGE) is None


def levels(image):
    return np.rint(image * 255).astype(int)


def test_a_png_comes_in_level_for_level(tmp_path, quarters):
    PillowImage.fromarray(quarters).save(tmp_path / "a.png")
    image = read_picture(tmp_path / "a.png")
    assert is_image(image)
    np.testing.assert_array_equal(image, quarters.astype(np.float32) / np.float32(255))


# how a camera held that way stores an upright picture: the inverse of what the tag asks the viewer to do
STORED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif"])
@pytest.mark.parametrize("orientation", STORED)
def test_every_exif_orientation_comes_in_upright(tmp_path, quarters, orientation, suffix):
    exif = PillowImage.Exif()
    exif[0x0112] = orientation
    stored = np.ascontiguousarray(STORED[orientation](quarters))
    path = tmp_path / f"turned.{suffix}"
    options = {"quality": 95, "subsampling": 0} if suffix == "jpg" else {"lossless": True} if suffix == "webp" else {}
    PillowImage.fromarray(stored).save(path, exif=exif, **options)
    image = read_picture(path)
    assert image.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(levels(image) - quarters).mean() < 2


def test_a_turned_jpeg_keeps_its_shortest_edge_when_read_smaller(tmp_path):
    exif = PillowImage.Exif()
    exif[0x0112] = 6
    PillowImage.fromarray(np.zeros((400, 640, 3), np.uint8)).save(tmp_path / "a.jpg", exif=exif)
    image = read_picture(tmp_path / "a.jpg", shortest_edge=90)
    height, width = image.shape[:2]
    assert height > width
    assert 90 <= width < 400


@pytest.mark.parametrize("shortest_edge", [1, 17, 100, 399, 400, 5000])
def test_reading_smaller_never_goes_below_the_edge_asked_for_nor_above_the_file(tmp_path, shortest_edge):
    PillowImage.fromarray(np.zeros((400, 640, 3), np.uint8)).save(tmp_path / "a.jpg")
    height, width = read_picture(tmp_path / "a.jpg", shortest_edge=shortest_edge).shape[:2]
    assert min(shortest_edge, 400) <= height <= 400
    assert width / height == pytest.approx(1.6, rel=0.02)


def test_plain_cmyk_comes_in_as_its_colours(tmp_path):
    # no ink is white, full cyan has no red, full black is black
    inks = np.zeros((8, 24, 4), np.uint8)
    inks[:, 8:16] = (255, 0, 0, 0)
    inks[:, 16:] = (0, 0, 0, 255)
    for name in ("a.jpg", "a.tif"):
        PillowImage.fromarray(inks, mode="CMYK").save(tmp_path / name, **({"quality": 100} if name == "a.jpg" else {}))
        image = read_picture(tmp_path / name)
        assert is_image(image)
        np.testing.assert_allclose(image[4, 4], [1, 1, 1], atol=0.02)
        np.testing.assert_allclose(image[4, 12], [0, 1, 1], atol=0.02)
        np.testing.assert_allclose(image[4, 20], [0, 0, 0], atol=0.02)


def test_cmyk_with_a_profile_that_does_not_fit_still_comes_in(tmp_path):
    rgb_profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    inks = np.zeros((8, 8, 4), np.uint8)
    inks[..., 1] = 255  # magenta
    PillowImage.fromarray(inks, mode="CMYK").save(tmp_path / "a.tif", icc_profile=rgb_profile)
    np.testing.assert_allclose(read_picture(tmp_path / "a.tif")[4, 4], [1, 0, 1], atol=0.02)


def adobe_rgb_profile():
    """A profile with the primaries of Adobe RGB (1998) and gamma 2.19921875, written by hand (ICC.1:2001)."""

    def s15(value):
        return struct.pack(">i", round(value * 65536))

    def xyz(*values):
        return b"XYZ \0\0\0\0" + b"".join(map(s15, values))

    gamma = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.19921875 * 256)) + b"\0\0"
    text = b"desc\0\0\0\0" + struct.pack(">I", 6) + b"adobe\0" + b"\0" * 78
    tags = [
        (b"desc", text + b"\0" * (-len(text) % 4)),
        (b"wtpt", xyz(0.9505, 1.0, 1.0891)),
        (b"rXYZ", xyz(0.60974, 0.31111, 0.01947)),
        (b"gXYZ", xyz(0.20528, 0.62567, 0.06087)),
        (b"bXYZ", xyz(0.14919, 0.06322, 0.74457)),
        (b"rTRC", gamma),
        (b"gTRC", gamma),
        (b"bTRC", gamma),
    ]
    offset = 128 + 4 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for name, content in tags:
        table += name + struct.pack(">II", offset + len(data), len(content))
        data += content
    header = struct.pack(">I", offset + len(data)) + b"lcms" + struct.pack(">I", 0x02100000) + b"mntrRGB XYZ "
    header += struct.pack(">6H", 1998, 8, 1, 0, 0, 0) + b"acsp" + b"\0" * 28
    header += s15(0.9642) + s15(1.0) + s15(0.8249)
    return header + b"\0" * (128 - len(header)) + table + data


def test_adobe_rgb_comes_in_as_the_srgb_colour_it_stands_for(tmp_path):
    # an independent oracle: D50-adapted matrices and curves, by hand
    adobe = np.array([0.4, 0.6, 0.3])
    to_xyz = np.array([[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]])
    srgb_to_xyz = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
    light = np.linalg.solve(srgb_to_xyz, to_xyz @ adobe**2.19921875)
    expected = 1.055 * light ** (1 / 2.4) - 0.055
    pixels = np.broadcast_to(np.rint(adobe * 255).astype(np.uint8), (8, 8, 3))
    for suffix in ("png", "jpg", "tif"):
        path = tmp_path / f"a.{suffix}"
        options = {"quality": 100, "subsampling": 0} if suffix == "jpg" else {}
        PillowImage.fromarray(np.ascontiguousarray(pixels)).save(path, icc_profile=adobe_rgb_profile(), **options)
        received = read_picture(path)[4, 4]
        np.testing.assert_allclose(received, expected, atol=2.5 / 255)
        assert np.abs(received - adobe).max() > 0.05  # it is not the plain number


def test_a_profile_holds_for_a_transparent_picture_too(tmp_path):
    pixels = np.empty((8, 8, 4), np.uint8)
    pixels[...] = (102, 153, 77, 255)
    PillowImage.fromarray(pixels[..., :3].copy()).save(tmp_path / "opaque.png", icc_profile=adobe_rgb_profile())
    PillowImage.fromarray(pixels).save(tmp_path / "alpha.png", icc_profile=adobe_rgb_profile())
    np.testing.assert_array_equal(read_picture(tmp_path / "alpha.png"), read_picture(tmp_path / "opaque.png"))


def test_a_broken_profile_is_passed_over(tmp_path, quarters):
    PillowImage.fromarray(quarters).save(tmp_path / "a.png", icc_profile=b"this is no profile" * 20)
    np.testing.assert_array_equal(levels(read_picture(tmp_path / "a.png")), quarters)


def test_a_grey_profile_on_a_grey_picture_does_not_fail(tmp_path):
    ramp = np.tile(np.arange(256, dtype=np.uint8), (4, 1))
    PillowImage.fromarray(ramp).save(tmp_path / "a.png", icc_profile=adobe_rgb_profile())
    image = read_picture(tmp_path / "a.png")
    assert is_image(image)
    np.testing.assert_array_equal(levels(image)[0, :, 0], np.arange(256))


def png_chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_file(width, height, depth, color, rows, extra=b""):
    """A PNG by hand, of any bit depth; `rows` are the packed rows without their filter bytes."""
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    return (
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + extra + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")
    )


def test_16_bit_grey_is_a_share_of_65535(tmp_path):
    values = np.array([[0, 257, 32768, 65535]], ">u2")
    (tmp_path / "a.png").write_bytes(png_file(4, 1, 16, 0, [values.tobytes()]))
    image = read_picture(tmp_path / "a.png")
    assert is_image(image)
    np.testing.assert_allclose(image[0, :, 0], [0, 1 / 255, 32768 / 65535, 1], atol=1e-6)
    np.testing.assert_array_equal(image[..., 0], image[..., 2])


@pytest.mark.parametrize("mode", ["I;16", "I;16B"])
def test_a_16_bit_tiff_is_not_blown_out(tmp_path, mode):
    order = ">u2" if mode.endswith("B") else "<u2"
    values = np.linspace(0, 65535, 64).astype(order).reshape(8, 8)
    PillowImage.frombytes(mode, (8, 8), values.tobytes()).save(tmp_path / "a.tif")
    np.testing.assert_allclose(read_picture(tmp_path / "a.tif")[..., 1], values / 65535, atol=1e-5)


def test_16_bit_rgb_comes_in_within_one_level(tmp_path):
    values = np.array([[[0, 30000, 65535], [65535, 1000, 12345]]], ">u2")
    (tmp_path / "a.png").write_bytes(png_file(2, 1, 16, 2, [values.tobytes()]))
    np.testing.assert_allclose(read_picture(tmp_path / "a.png"), values / 65535, atol=1 / 255)


def test_16_bit_rgba_is_laid_over_white(tmp_path):
    values = np.array([[[0, 0, 65535, 65535], [0, 0, 65535, 0]]], ">u2")
    (tmp_path / "a.png").write_bytes(png_file(2, 1, 16, 6, [values.tobytes()]))
    np.testing.assert_allclose(read_picture(tmp_path / "a.png")[0], [[0, 0, 1], [1, 1, 1]], atol=1 / 255)


def test_a_transparent_colour_of_a_16_bit_grey_png_becomes_white(tmp_path):
    values = np.array([[0, 40000]], ">u2")
    transparent = png_chunk(b"tRNS", struct.pack(">H", 0))
    (tmp_path / "a.png").write_bytes(png_file(2, 1, 16, 0, [values.tobytes()], transparent))
    np.testing.assert_allclose(read_picture(tmp_path / "a.png")[0, :, 0], [1, 40000 / 65535], atol=1 / 255)


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_grey_of_few_bits_spans_black_to_white(tmp_path, depth):
    (tmp_path / "a.png").write_bytes(png_file(8 // depth, 1, depth, 0, [bytes([(1 << depth) - 1])]))
    image = read_picture(tmp_path / "a.png")
    assert image[0, -1, 0] == 1
    assert image[0, 0, 0] == 0 or depth == 8


def test_1_bit_pictures_are_black_and_white(tmp_path):
    checks = np.indices((16, 16)).sum(axis=0) % 2 == 0
    for name in ("a.png", "a.bmp", "a.tif", "a.gif"):
        PillowImage.fromarray(checks).save(tmp_path / name)
        image = read_picture(tmp_path / name)
        np.testing.assert_array_equal(image[..., 1], checks.astype(np.float32))


def test_floating_grey_keeps_its_numbers(tmp_path):
    values = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    PillowImage.fromarray(values).save(tmp_path / "a.tif")
    np.testing.assert_allclose(read_picture(tmp_path / "a.tif")[..., 0], values, atol=1e-6)
    PillowImage.fromarray(values * 255).save(tmp_path / "b.tif")
    np.testing.assert_allclose(read_picture(tmp_path / "b.tif")[..., 0], values, atol=1e-6)


def test_floating_grey_with_nan_is_refused(tmp_path):
    values = np.full((8, 8), np.nan, np.float32)
    PillowImage.fromarray(values).save(tmp_path / "a.tif")
    with pytest.raises(PictureError, match="NaN"):
        read_picture(tmp_path / "a.tif")


def test_transparent_pixels_show_white_and_half_transparent_ones_half(tmp_path):
    pixels = np.array([[[200, 0, 0, 255], [200, 0, 0, 0], [200, 0, 0, 128]]], np.uint8)
    expected = [[200, 0, 0], [255, 255, 255], [227, 127, 127]]
    for name, options in (("a.png", {}), ("a.webp", {"lossless": True, "exact": True}), ("a.tif", {})):
        PillowImage.fromarray(pixels).save(tmp_path / name, **options)
        np.testing.assert_allclose(levels(read_picture(tmp_path / name))[0], expected, atol=1)


def test_grey_with_alpha_is_laid_over_white(tmp_path):
    PillowImage.fromarray(np.array([[[10, 255], [10, 0]]], np.uint8), mode="LA").save(tmp_path / "a.png")
    np.testing.assert_array_equal(levels(read_picture(tmp_path / "a.png"))[0, :, 0], [10, 255])


@pytest.mark.parametrize("suffix", ["png", "gif"])
def test_a_transparent_palette_colour_shows_white(tmp_path, suffix):
    picture = PillowImage.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 200, 100, 50])
    picture.putpixel((1, 0), 1)
    picture.save(tmp_path / f"a.{suffix}", transparency=0)
    np.testing.assert_array_equal(levels(read_picture(tmp_path / f"a.{suffix}"))[0], [[255, 255, 255], [200, 100, 50]])


def test_a_palette_with_graded_transparency_is_laid_over_white(tmp_path):
    picture = PillowImage.new("P", (2, 1))
    picture.putpalette([0, 0, 0, 200, 100, 50])
    picture.putpixel((1, 0), 1)
    picture.save(tmp_path / "a.png", transparency=bytes([128, 255]))
    np.testing.assert_allclose(levels(read_picture(tmp_path / "a.png"))[0], [[127] * 3, [200, 100, 50]], atol=1)


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_an_animation_gives_its_first_frame(tmp_path, suffix):
    colors = [(250, 0, 0), (0, 250, 0), (0, 0, 250)]
    first, *others = [PillowImage.new("RGB", (16, 12), color) for color in colors]
    options = {"lossless": True} if suffix == "webp" else {}
    first.save(tmp_path / f"a.{suffix}", save_all=True, append_images=others, duration=100, **options)
    image = read_picture(tmp_path / f"a.{suffix}")
    assert image.shape == (12, 16, 3)
    np.testing.assert_allclose(levels(image)[6, 8], colors[0], atol=1)


def test_a_file_of_another_kind_than_its_ending_still_comes_in(tmp_path, quarters):
    PillowImage.fromarray(quarters).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.jpg")
    np.testing.assert_array_equal(levels(read_picture(tmp_path / "a.jpg")), quarters)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1)])
def test_thin_pictures_come_in(tmp_path, size):
    PillowImage.new("RGB", size, (1, 2, 3)).save(tmp_path / "a.jpg")
    assert read_picture(tmp_path / "a.jpg", shortest_edge=64).shape == (size[1], size[0], 3)


def picture_bytes(suffix):
    """A busy picture as a file: its end can be cut off."""
    canvas = PillowImage.new("RGB", (200, 150), "white")
    draw = ImageDraw.Draw(canvas)
    for x in range(0, 200, 3):
        draw.line([(x, 0), (200 - x, 150)], fill=(x, 255 - x, (7 * x) % 256))
    buffer = io.BytesIO()
    canvas.save(buffer, format=suffix)
    return buffer.getvalue()


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("suffix", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_a_file_cut_short_is_refused_by_name(tmp_path, suffix, kept):
    content = picture_bytes(suffix)
    path = tmp_path / f"cut.{suffix.lower()}"
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(PictureError, match=r"cut\."):
        read_picture(path)


@pytest.mark.parametrize("suffix", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_scrambled_files_either_come_in_whole_or_are_refused(tmp_path, suffix):
    content = picture_bytes(suffix)
    random = np.random.default_rng(3)
    for attempt in range(40):
        scrambled = bytearray(content)
        for at in random.integers(8, len(content), size=6):
            scrambled[at] = random.integers(256)
        path = tmp_path / f"{attempt}.{suffix.lower()}"
        path.write_bytes(bytes(scrambled))
        try:
            image = read_picture(path)
        except PictureError as error:
            assert path.name in str(error)
        else:
            assert is_image(image)


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "empty.png").touch()
    with pytest.raises(PictureError, match=r"empty\.png.*0 bytes"):
        read_picture(tmp_path / "empty.png")


@pytest.mark.parametrize("content", [b"\0" * 4096, b"<html>no picture</html>", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM"])
def test_what_is_no_picture_is_refused(tmp_path, content):
    (tmp_path / "no.png").write_bytes(content)
    with pytest.raises(PictureError, match=r"no\.png"):
        read_picture(tmp_path / "no.png")


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(PictureError, match="no such picture"):
        read_picture(tmp_path / "missing.png")
    with pytest.raises(PictureError, match="is a folder; a picture file is wanted"):
        read_picture(tmp_path)


@pytest.mark.parametrize("size", [(100_000, 100_000), (20_000, 8_925), (MAX_PIXELS + 1, 1)])
def test_a_header_that_claims_too_much_is_refused_before_decoding(tmp_path, size):
    (tmp_path / "bomb.png").write_bytes(png_file(*size, 8, 2, [b"\0" * 30]))
    told = r"bomb\.png: (\d+x\d+ pixels, )?more than the 178 million pixels that are read at most\. Shrink it\.$"
    with pytest.raises(PictureError, match=told):
        read_picture(tmp_path / "bomb.png")


def test_a_large_picture_below_the_limit_is_not_warned_of(tmp_path):
    # Pillow warns from 89 million pixels on, and here a warning is an error; this one only fails for lack of data
    (tmp_path / "large.png").write_bytes(png_file(9_500, 9_500, 8, 2, [b"\0" * 30]))
    with pytest.raises(PictureError, match="damaged or cut short"):
        read_picture(tmp_path / "large.png")


def test_a_compressed_bomb_in_the_text_of_a_png_is_no_way_in(tmp_path):
    bomb = png_chunk(b"zTXt", b"comment\0\0" + zlib.compress(b"\0" * 200_000_000))
    (tmp_path / "text.png").write_bytes(png_file(1, 1, 8, 0, [b"\x80"], bomb))
    try:
        image = read_picture(tmp_path / "text.png")
    except PictureError as error:
        assert "text.png" in str(error)
    else:
        assert image.shape == (1, 1, 3)


def test_bytes_and_floats_are_inverse_over_all_levels():
    every_level = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(to_bytes(to_float(every_level)), every_level)


def test_floats_go_to_the_nearest_level_and_no_further_than_black_and_white():
    image = np.array([[[0.4 / 255, 0.6 / 255, 254.6 / 255], [-0.5, 1.5, 100.49 / 255]]], np.float32)
    np.testing.assert_array_equal(to_bytes(image), [[[0, 1, 255], [0, 255, 100]]])


def test_a_value_a_rounding_above_1_is_told_with_all_its_digits():
    image = np.zeros((2, 2, 3), np.float32)
    image[0, 0, 0] = 1.00001
    assert "received [0, 1.0000100" in array_fault(image, Kind.IMAGE)


@pytest.mark.parametrize("size", [(7, 9), (48, 80), (13, 200), (200, 13)])
def test_resize_gives_the_size_asked_for_and_stays_in_range(size):
    image = np.random.default_rng(0).random((48, 80, 3), dtype=np.float32)
    resized = resize(image, size)
    assert resized.shape == (*size, 3)
    assert is_image(resized)


def test_resize_keeps_a_bright_corner_in_its_corner():
    image = np.zeros((48, 80, 3), np.float32)
    image[:8, -8:] = 1
    for size in ((24, 40), (96, 160), (96, 40)):
        row, column = np.unravel_index(resize(image, size)[..., 0].argmax(), size)
        assert row < size[0] / 4
        assert column > size[1] * 3 / 4


def test_resizing_down_keeps_the_mean():
    image = np.random.default_rng(1).random((64, 64, 3), dtype=np.float32)
    assert resize(image, (16, 16)).mean() == pytest.approx(image.mean(), abs=1e-5)


@pytest.mark.parametrize(("height", "width"), [(5, 9), (9, 5), (6, 6), (1, 4)])
def test_the_centre_square_is_central_and_whole(height, width):
    image = np.random.default_rng(2).random((height, width, 3), dtype=np.float32)
    square = centre_square(image)
    edge = min(height, width)
    assert square.shape == (edge, edge, 3)
    top, left = (height - edge) // 2, (width - edge) // 2
    np.testing.assert_array_equal(square, image[top : top + edge, left : left + edge])


def test_a_written_png_is_read_back_and_always_has_the_same_bytes(tmp_path, quarters):
    write_png(tmp_path / "a.png", to_float(quarters))
    write_png(tmp_path / "b.png", to_float(quarters))
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    np.testing.assert_array_equal(levels(read_picture(tmp_path / "a.png")), quarters)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]  # nothing half-written is left


def test_a_format_that_runs_other_programs_stays_shut_whatever_the_file_is_called(tmp_path, quarters):
    PillowImage.fromarray(quarters).save(tmp_path / "a.jpg", format="EPS")
    with pytest.raises(PictureError, match=r"a\.jpg: not a picture that can be read"):
        read_picture(tmp_path / "a.jpg")


@pytest.mark.parametrize("kind", ["JPEG", "MPO", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "PPM"])
def test_every_kind_that_is_promised_comes_in(tmp_path, quarters, kind):
    picture = PillowImage.fromarray(quarters)
    options = {"save_all": True, "append_images": [picture.rotate(180)]} if kind == "MPO" else {}
    picture.save(tmp_path / "a.jpg", format=kind, **options)
    np.testing.assert_allclose(levels(read_picture(tmp_path / "a.jpg"))[5, 5], CORNERS["red"], atol=16)
