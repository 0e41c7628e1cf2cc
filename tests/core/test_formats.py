"""Every format gives back what went in: the picture, its frames and times, and all the words that it carries."""

from __future__ import annotations

import hashlib
import struct
import zlib
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image as PillowImage

from artforge.core.errors import PictureError
from artforge.core.films import film_info, frame_delays, read_frame
from artforge.core.formats import xmp
from artforge.core.formats.containers import put_into_svg
from artforge.core.formats.known import FILM_FORMATS, FORMATS, STILL_FORMATS
from artforge.core.formats.metadata import read_label
from artforge.core.formats.stills import write_still
from artforge.core.formats.writing import write_film
from artforge.core.formats.xmp import Label, from_packet, to_packet
from artforge.core.pictures import read_picture
from artforge.core.values import Frames

LABEL = Label(
    title="Straße <of> 'tides' & 日本 ✨",
    description="two\nlines",
    alt="A “picture”\twith a tab\r\nand lines",
    creator="Jane Doe",
    rights="© 2026 Jane Doe",
    licence="https://creativecommons.org/licenses/by/4.0/",
    source_type="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
    tool="artforge 0.1",
    record='{"recipe_text": "steps:\\n  art: ]]> <x/> \\u0000 ü"}',
)
LONG = Label(title="long", record='{"recipe_text": "' + "ü<&日" * 40_000 + '"}')
LOSSLESS = {"png", "png16", "tiff", "tiff16", "apng"}
PICTURES = [name for name, info in FORMATS.items() if info.pixels]
READ_STILLS = sorted(name for name in STILL_FORMATS if FORMATS[name].pixels and name != "pdf")  # test_print_files.py
NUM_FRAMES, FPS = 10, 25.0


def glow(index: int, height: int = 49, width: int = 63) -> np.ndarray:
    """A soft light in one of ten places, on levels of 255."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    angle = 2 * np.pi * index / NUM_FRAMES
    light = np.exp(
        -((np.hypot(x / width - 0.5 - 0.3 * np.cos(angle), y / height - 0.5 - 0.3 * np.sin(angle)) / 0.2) ** 2)
    )
    image = np.stack([0.1 + 0.85 * light, 0.1 + 0.5 * light, 0.3 - 0.2 * light], axis=-1)
    return (np.rint(image * 255) / 255).astype(np.float32)


@pytest.fixture
def write(tmp_path):
    """`write(format, label)` writes a still or a film and gives its path."""

    def run(name, label=LABEL, quality=None, stem="a"):
        path = tmp_path / f"{stem}-{name}{FORMATS[name].suffix}"
        if name in FILM_FORMATS:
            write_film(path, Frames(NUM_FRAMES, FPS, glow), name, label=label, quality=quality)
        else:
            write_still(path, glow(3), name, label, quality)
        return path

    return run


@pytest.mark.parametrize("label", [LABEL, LONG], ids=["all-words", "240-kB"])
@pytest.mark.parametrize("name", PICTURES)
def test_words_come_back_from_every_format_as_they_went_in(write, name, label):
    assert read_label(write(name, label)) == label


@pytest.mark.parametrize("name", PICTURES)
def test_a_file_without_a_label_carries_no_words(write, name):
    path = write(name, None)
    assert read_label(path) == Label()
    assert b"rdf:RDF" not in path.read_bytes()


@pytest.mark.parametrize("name", READ_STILLS)
def test_a_still_comes_back_in_its_size_and_colours(write, name):
    image = read_picture(write(name))
    assert image.shape == (49, 63, 3)
    if name in LOSSLESS:
        np.testing.assert_allclose(image, glow(3), atol=1e-6)
    assert np.abs(image - glow(3)).mean() * 255 < 2
    assert np.abs(image - glow(4)).mean() * 255 > 3


@pytest.mark.parametrize("name", READ_STILLS)
def test_a_still_is_opaque(write, name):
    with PillowImage.open(write(name)) as opened:
        assert opened.mode == "RGB"
        assert "transparency" not in opened.info


@pytest.mark.parametrize("name", sorted(FILM_FORMATS))
def test_a_film_comes_back_with_every_frame_in_order(write, name):
    path = write(name)
    even = name in ("mp4", "webm")
    assert film_info(path) == ((64, 50) if even else (63, 49)) + (NUM_FRAMES, pytest.approx(FPS))
    for index in (0, 4, 9):
        frame = read_frame(path, index)[:49, :63]
        errors = [np.abs(frame - glow(other)).mean() for other in range(NUM_FRAMES)]
        assert int(np.argmin(errors)) == index
        assert errors[index] * 255 < (0.001 if name in LOSSLESS else 2.5)


@pytest.mark.parametrize("name", sorted(FILM_FORMATS))
@pytest.mark.parametrize("fps", [60.0, 30000 / 1001, 12.5])
def test_a_film_comes_back_with_its_frames_and_its_length(tmp_path, name, fps):
    path = tmp_path / f"a{FORMATS[name].suffix}"
    told = write_film(path, Frames(NUM_FRAMES, fps, glow), name)
    every = 2 if name == "gif" and fps > 50 else 1  # a GIF shows at most 50 frames a second
    found = film_info(path)
    assert found.num_frames == told.num_frames == NUM_FRAMES / every
    assert found.num_frames / found.fps == pytest.approx(NUM_FRAMES / fps, abs=0.011 if name == "gif" else 0.002)
    assert told.fps == pytest.approx(fps / every, abs=1e-3)


@pytest.mark.parametrize("name", ["animated_webp", "gif", "mp4"])
def test_a_film_is_as_long_as_its_format_is_said_to_hold(tmp_path, name):
    longest = FORMATS[name].longest_edge
    path = tmp_path / f"a{FORMATS[name].suffix}"
    write_film(path, Frames(2, FPS, lambda index: np.full((2, longest, 3), index / 2, np.float32)), name)
    assert film_info(path).width == longest


@pytest.mark.parametrize("name", ["gif", "apng", "animated_webp"])
@pytest.mark.parametrize("fps", [25.0, 30.0, 12.0, 24000 / 1001, 50.0])
def test_frames_stand_for_as_long_as_they_should_and_loop_for_ever(tmp_path, name, fps):
    path = tmp_path / f"a{FORMATS[name].suffix}"
    write_film(path, Frames(NUM_FRAMES, fps, glow), name, label=LABEL)
    delays = frame_delays(path)
    finest = {"gif": 10, "apng": 1e-6, "animated_webp": 1}[name]
    rest = 0.5 if name == "animated_webp" else 0  # the last frame's time is cut to whole milliseconds
    assert len(delays) == NUM_FRAMES
    assert all(abs(delay - 1000 / fps) <= finest for delay in delays)
    assert sum(delays) == pytest.approx(1000 * NUM_FRAMES / fps, abs=finest + rest)
    with PillowImage.open(path) as film:
        assert film.info["loop"] == 0


@pytest.mark.parametrize("name", [name for name in PICTURES if name not in ("mp4", "gif")])  # those: test_films.py
def test_the_same_work_has_the_same_bytes(write, name):
    digests = {hashlib.sha256(write(name, stem=stem).read_bytes()).hexdigest() for stem in "abc"}
    assert len(digests) == 1


@pytest.mark.parametrize("name", [name for name, info in FORMATS.items() if info.quality])
def test_a_lower_quality_is_a_smaller_file(write, name):
    sizes = [write(name, None, quality).stat().st_size for quality in (20, None, 99)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[1] < sizes[2]


def test_every_other_reader_finds_the_packet_where_the_format_has_it(write):
    for name in ("png", "png16", "apng", "jpeg", "webp", "animated_webp", "avif", "tiff", "tiff16"):
        with PillowImage.open(write(name)) as opened:
            packets = {
                **dict.fromkeys(("png", "png16", "apng"), lambda opened: opened.text["XML:com.adobe.xmp"].encode()),
                **dict.fromkeys(("tiff", "tiff16"), lambda opened: opened.tag_v2[700]),
            }
            assert packets.get(name, lambda opened: opened.info["xmp"])(opened) == to_packet(LABEL), name


def test_players_show_title_maker_and_rights_of_a_film(write):
    import av

    for name in ("mp4", "webm"):
        with av.open(str(write(name))) as container:
            tags = {key.lower(): text for key, text in container.metadata.items()}
        assert (tags["title"], tags["artist"], tags["copyright"]) == (LABEL.title, LABEL.creator, LABEL.rights)


def test_a_packet_has_the_fields_of_the_standards():
    root = ElementTree.fromstring(to_packet(LABEL).decode())  # noqa: S314 - our own
    names = {
        "dc": "http://purl.org/dc/elements/1.1/",
        "rights": "http://ns.adobe.com/xap/1.0/rights/",
        "photoshop": "http://ns.adobe.com/photoshop/1.0/",
        "core": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
        "ext": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    }
    expected = {
        "dc:title/rdf:Alt/rdf:li": LABEL.title,
        "dc:creator/rdf:Seq/rdf:li": "Jane Doe",
        "dc:rights/rdf:Alt/rdf:li": LABEL.rights,
        "rights:Marked": "True",
        "rights:WebStatement": LABEL.licence,
        "photoshop:Credit": "Jane Doe",
        "core:AltTextAccessibility/rdf:Alt/rdf:li": LABEL.alt,
        "ext:DigitalSourceType": LABEL.source_type,
    }
    for place, text in expected.items():
        assert root.find(f".//rdf:Description/{place}", names).text == text, place


def test_terms_in_words_are_terms_and_no_address():
    label = Label(licence="by agreement only")
    assert b"WebStatement" not in to_packet(label)
    assert from_packet(to_packet(label)) == label


def test_fields_that_another_program_made_attributes_of_are_read():
    packet = to_packet(Label(tool="x", record='{"a": 1}')).decode()
    packet = packet.replace('<artforge:record>{"a": 1}</artforge:record>', "")
    packet = packet.replace('rdf:about=""', """rdf:about="" artforge:record='{"a": 1}'""", 1)
    assert from_packet(packet.encode()).record == '{"a": 1}'


def test_an_svg_carries_its_words_and_stays_the_same_drawing(tmp_path):
    path = tmp_path / "a.svg"
    drawing = '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0"/></svg>'
    path.write_text(put_into_svg(drawing, to_packet(LABEL), LABEL.title), encoding="utf-8")
    assert read_label(path) == LABEL
    root = ElementTree.parse(path).getroot()  # noqa: S314 - our own
    assert [child.tag.rpartition("}")[2] for child in root] == ["title", "metadata", "path"]
    assert root[0].text == LABEL.title
    for empty in ("no drawing", '<svg xmlns="x"/>'):
        with pytest.raises(PictureError, match="not an SVG"):
            put_into_svg(empty, b"")


# -- what strangers write --------------------------------------------------------------------------------------------


def png_with(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of one pixel with chunks before its pixels."""
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)),
        *chunks,
        (b"IDAT", zlib.compress(bytes(4))),
        (b"IEND", b""),
    ]
    framed = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def xmp_chunk(packet: bytes) -> tuple[bytes, bytes]:
    return b"iTXt", b"XML:com.adobe.xmp\x00\x00\x00\x00\x00" + packet


BILLION_LAUGHS = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>'


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (png_with(xmp_chunk(b"<x")), "its XMP cannot be read"),
        (png_with(xmp_chunk(b"\xff\xfe<\x00x\x00/\x00>\x00")), "its XMP cannot be read"),
        (png_with(xmp_chunk(b"\x00\x00\x00")), "its XMP cannot be read"),
        (png_with(xmp_chunk(BILLION_LAUGHS)), "its XMP declares entities"),
        (png_with((b"zTXt", b"artforge\x00\x00" + zlib.compress(bytes(50_000_000)))), "can be read"),
        (
            png_with((b"iTXt", b"XML:com.adobe.xmp\x00\x01\x00\x00\x00" + zlib.compress(bytes(50_000_000)))),
            "can be read",
        ),
        (png_with()[:30], "can be read"),
        (b"", "can be read"),
        (b"GIF89a", "cut short"),
        (b"GIF89a" + bytes(7) + b"\x21\xff\x0bXMP DataXMP<x", None),
        (b"\x00\x00\x00\x08ftypmp42" + b"\xff" * 40, None),
        (b"\x1aE\xdf\xa3" + b"\xff" * 40, "can be read"),
        (b"<svg><x:xmpmeta>\x00</x:xmpmeta></svg>", "its XMP cannot be read"),
    ],
)
def test_hostile_metadata_is_refused_or_passed_over_and_never_expanded(tmp_path, content, expected):
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    if expected is None:
        assert read_label(path) == Label()
    else:
        with pytest.raises(PictureError, match=f"a.bin: .*{expected}"):
            read_label(path)


def test_more_metadata_than_any_recipe_needs_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(xmp, "MAX_PACKET", 1000)
    write_still(tmp_path / "a.png", glow(0), "png", LABEL)
    with pytest.raises(PictureError, match="bytes of XMP, more than the 1,000 that are read"):
        read_label(tmp_path / "a.png")


@pytest.mark.parametrize("name", PICTURES)
def test_a_file_cut_anywhere_gives_words_or_an_error_and_nothing_else(write, name):
    path = write(name)
    content = path.read_bytes()
    for share in (0.02, 0.1, 0.3, 0.6, 0.9, 0.99):
        path.write_bytes(content[: int(share * len(content))])
        try:
            label = read_label(path)
        except PictureError as error:
            assert str(error).startswith(str(path))
        else:
            assert label in (LABEL, Label())
