"""One file becomes a square of bytes: the fast road and the slow one show the same picture."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageCms

from artforge.core import pictures
from artforge.core.pictures import centre_square, read_picture, resize, to_bytes
from artforge.engine.data import decoding
from artforge.engine.data.decoding import decode_file
from artforge.engine.data.jpeg_header import ordinary_jpeg_size
from tests.support.picture_sets import decoded_square


def scene(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Soft colour with some texture: uint8 (height, width, 3)."""
    rng = np.random.default_rng(seed)
    coarse = cv2.resize(rng.uniform(0, 255, (5, 6, 3)).astype(np.float32), (width, height))
    return np.clip(coarse + rng.normal(0, 6, (height, width, 3)), 0, 255).astype(np.uint8)


def jpeg(pixels: np.ndarray, **options) -> bytes:
    stream = io.BytesIO()
    PillowImage.fromarray(pixels).save(stream, "JPEG", **({"quality": 92} | options))
    return stream.getvalue()


def turned(orientation: int) -> PillowImage.Exif:
    exif = PillowImage.Exif()
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize("size", [(64, 64), (150, 201), (256, 130), (700, 513)])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}], ids=str)
def test_the_fast_road_shows_what_the_slow_one_shows(tmp_path, monkeypatch, size, options):
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(scene(*size), **options))
    fast = decoded_square(path, 30).astype(int)
    monkeypatch.setattr(decoding, "ordinary_jpeg_size", lambda content: None)
    slow = decoded_square(path, 30).astype(int)
    assert fast.shape == (30, 30, 3)
    assert np.abs(fast - slow).max() <= 2


def test_reducing_while_decoding_is_near_the_exact_area_mean(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(scene(512, 640), quality=95, subsampling=0))
    exact = to_bytes(resize(centre_square(read_picture(path)), (32, 32))).astype(int)
    assert np.abs(decoded_square(path, 32) - exact).mean() < 0.6


@pytest.mark.parametrize(("edge", "scale"), [(16, 8), (17, 4), (32, 4), (33, 2), (64, 2), (65, 1), (600, 1)])
def test_the_smallest_scale_that_is_four_times_what_is_needed_is_decoded(monkeypatch, edge, scale):
    asked = []
    real = cv2.imdecode

    def imdecode(content, flags):
        asked.append(real(content, flags).shape[:2])
        return real(content, flags)

    monkeypatch.setattr(decoding.cv2, "imdecode", imdecode)
    decoding._fast_square(jpeg(scene(512, 600)), edge)
    assert asked == [(512 // scale, 600 // scale)]


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (jpeg(scene(30, 50)), (30, 50)),
        (jpeg(scene(30, 50)[..., 0]), (30, 50)),
        (jpeg(scene(30, 50), progressive=True), (30, 50)),
        (jpeg(scene(30, 50), exif=turned(1)), (30, 50)),
        (jpeg(scene(30, 50)) + b"\0" * 20, (30, 50)),
        (jpeg(scene(30, 50), exif=turned(6)), None),
        (jpeg(scene(30, 50), icc_profile=srgb_profile()), None),
        (jpeg(np.zeros((30, 50, 4), np.uint8).copy()[..., :3]).replace(b"\xff\xd9", b""), None),
        (jpeg(scene(30, 50))[:300], None),
        (b"\xff\xd8\xff\xd9", None),
        (b"\xff\xd8\xff" + b"\0" * 40 + b"\xff\xd9", None),
        (b"", None),
    ],
    ids=[
        "colour",
        "grey",
        "progressive",
        "upright",
        "tail",
        "turned",
        "profile",
        "no end",
        "cut",
        "bare",
        "junk",
        "none",
    ],
)
def test_only_an_ordinary_jpeg_has_a_size(content, size):
    assert ordinary_jpeg_size(content) == size


def test_a_cmyk_jpeg_is_not_ordinary():
    stream = io.BytesIO()
    PillowImage.fromarray(scene(20, 20)).convert("CMYK").save(stream, "JPEG")
    assert ordinary_jpeg_size(stream.getvalue()) is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_jpeg_comes_in_upright(tmp_path, orientation):
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(scene(60, 60), exif=turned(orientation)))
    with PillowImage.open(path) as opened:
        upright = PillowImage.Image.transpose
        ways = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # Exif's numbers -> Pillow's transpositions
        expected = opened if orientation == 1 else upright(opened, PillowImage.Transpose(ways[orientation]))
        expected = np.asarray(expected.convert("RGB")).astype(int)
    assert np.abs(decoded_square(path, 60) - expected).max() <= 2


def test_a_grey_jpeg_has_three_equal_channels(tmp_path):
    (tmp_path / "a.jpg").write_bytes(jpeg(scene(60, 40)[..., 1]))
    square = decoded_square(tmp_path / "a.jpg", 32)
    assert square.shape == (32, 32, 3)
    assert (np.ptp(square, axis=-1) == 0).all()


def test_a_tiny_picture_is_enlarged_without_new_extremes(tmp_path):
    (tmp_path / "a.jpg").write_bytes(jpeg(np.repeat(np.repeat(scene(8, 8), 4, 0), 4, 1)))
    square = decoded_square(tmp_path / "a.jpg", 224)
    assert square.shape == (224, 224, 3)
    assert np.abs(cv2.resize(square, (32, 32), interpolation=cv2.INTER_AREA).mean() - scene(8, 8).mean()) < 2


def test_the_hash_is_that_of_the_file_on_both_roads(tmp_path):
    PillowImage.fromarray(scene(40, 40)).save(tmp_path / "a.png")
    (tmp_path / "b.jpg").write_bytes(jpeg(scene(40, 40)))
    for path in sorted(tmp_path.iterdir()):
        assert decode_file(path, 16).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["missing.jpg", "folder.jpg", "cut.jpg", "text.jpg", "empty.jpg"])
def test_a_bad_file_has_a_reason_without_its_path_and_no_pixels(tmp_path, name):
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "cut.jpg").write_bytes(jpeg(scene(200, 200))[:4000])
    (tmp_path / "text.jpg").write_bytes(b"\xff\xd8\xff" + b"no picture" * 20)
    (tmp_path / "empty.jpg").write_bytes(b"")
    decoded = decode_file(tmp_path / name, 16)
    assert decoded.pixels is None
    assert decoded.reason
    assert str(tmp_path) not in decoded.reason


def test_a_giant_jpeg_is_refused_by_its_header(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "MAX_PIXELS", 3000)
    (tmp_path / "a.jpg").write_bytes(jpeg(scene(60, 80)))
    monkeypatch.setattr(decoding.cv2, "imdecode", None)
    assert "pixels" in decode_file(tmp_path / "a.jpg", 16).reason


def test_the_real_photographs_are_the_same_on_both_roads(monkeypatch):
    photos = Path(__file__).parents[4] / "shared" / "data" / "genimage_mini"
    if not photos.is_dir():
        pytest.skip("the real pictures do not lie beside this checkout")
    paths = sorted(photos.rglob("*.jpg"))[::20]
    fast = [decoded_square(path, 96).astype(int) for path in paths]
    monkeypatch.setattr(decoding, "ordinary_jpeg_size", lambda content: None)
    for path, square in zip(paths, fast, strict=True):
        assert np.abs(square - decoded_square(path, 96)).max() <= 3
