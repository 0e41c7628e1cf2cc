"""Pictures from files and from the embedded set."""

import numpy as np
import pytest
from PIL import Image as PillowImage

from artforge.core.errors import ChoiceError, PictureError, UsageError
from artforge.core.pictures import read_picture, resize
from artforge.core.values import Kind, array_fault
from artforge.engine.data.families import FAMILIES
from artforge.ops.embedded import parse_embedded
from artforge.ops.load import load

FAMILY = FAMILIES["algorithmic"][0]


@pytest.fixture
def photo(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8)
    PillowImage.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_a_file_comes_in_pixel_for_pixel(photo):
    np.testing.assert_array_equal(load(path=str(photo)), read_picture(photo))


@pytest.mark.parametrize(("long_edge", "expected"), [(45, (30, 45)), (90, (60, 90)), (180, (120, 180)), (16, (11, 16))])
def test_the_long_edge_is_as_asked_for_and_the_shape_stays(photo, long_edge, expected):
    assert load(path=str(photo), long_edge=long_edge).shape == (*expected, 3)


def test_the_name_of_a_file_may_be_a_path(photo):
    np.testing.assert_array_equal(load(path=photo), load(path=str(photo)))


def test_the_long_edge_of_an_upright_picture_is_its_height(tmp_path):
    PillowImage.new("RGB", (400, 1600)).save(tmp_path / "tall.jpg")
    assert load(path=str(tmp_path / "tall.jpg"), long_edge=200).shape == (200, 50, 3)


def test_a_large_jpeg_keeps_its_fine_lines_when_it_is_read_smaller(tmp_path):
    lines = np.zeros((800, 1600, 3), np.uint8)
    lines[:, ::8] = lines[:, 1::8] = lines[:, 2::8] = lines[:, 3::8] = 255
    PillowImage.fromarray(lines).save(tmp_path / "lines.jpg", quality=98, subsampling=0)
    whole = resize(read_picture(tmp_path / "lines.jpg"), (400, 800))
    assert np.abs(load(path=str(tmp_path / "lines.jpg"), long_edge=800) - whole).mean() < 0.02


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(PictureError, match=r"missing\.jpg"):
        load(path=str(tmp_path / "missing.jpg"))


def test_an_embedded_picture_is_drawn_square_and_always_the_same():
    source = f"embedded:algorithmic/{FAMILY}/7"
    drawn = load(path=source, long_edge=64)
    assert drawn.shape == (64, 64, 3)
    assert array_fault(drawn, Kind.IMAGE) is None
    np.testing.assert_array_equal(drawn, load(path=source, long_edge=64))
    assert (drawn != load(path=f"embedded:algorithmic/{FAMILY}/8", long_edge=64)).any()


def test_an_embedded_picture_is_1024_pixels_where_no_size_is_asked_for():
    assert load(path=f"embedded:algorithmic/{FAMILY}/7").shape == (1024, 1024, 3)


@pytest.mark.parametrize("class_name", sorted(FAMILIES))
def test_every_family_has_a_name_that_can_be_written(class_name):
    for family in FAMILIES[class_name]:
        assert parse_embedded(f"embedded:{class_name}/{family}/0") == (class_name, family, 0)


@pytest.mark.parametrize("source", ["photo.png", "inputs/embedded:x.png", "", "Embedded:a/b/1"])
def test_anything_else_is_a_file(source):
    assert parse_embedded(source) is None


@pytest.mark.parametrize(
    "source",
    [
        "embedded:",
        "embedded:algorithmic",
        f"embedded:algorithmic/{FAMILY}",
        f"embedded:algorithmic/{FAMILY}/7/8",
        "embedded://7",
    ],
)
def test_a_name_of_another_form_is_refused_with_the_form(source):
    with pytest.raises(UsageError, match="embedded:CLASS/FAMILY/SEED"):
        parse_embedded(source)


@pytest.mark.parametrize("seed", ["x", "-1", "1.5", "", " 7", "٣", "²", "9" * 30])
def test_a_seed_that_is_no_number_is_refused(seed):
    with pytest.raises(UsageError, match="embedded:CLASS/FAMILY/SEED"):
        parse_embedded(f"embedded:algorithmic/{FAMILY}/{seed}")


def test_an_unknown_class_or_family_is_refused_with_the_nearest():
    with pytest.raises(ChoiceError, match="did you mean 'algorithmic'"):
        parse_embedded(f"embedded:algoritmic/{FAMILY}/7")
    with pytest.raises(ChoiceError, match=f"did you mean '{FAMILY}'"):
        parse_embedded(f"embedded:algorithmic/{FAMILY}x/7")
