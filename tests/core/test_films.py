"""Films decode back to what went in: every frame, its size, its colour, its time."""

import hashlib

import numpy as np
import pytest
from PIL import Image as PillowImage

from artforge.core import films
from artforge.core.errors import OutputError, PictureError, ShapeError
from artforge.core.films import FilmInfo, film_info, read_frame
from artforge.core.formats.animations import write_animated_webp, write_apng
from artforge.core.formats.gif import gif_delays, write_gif
from artforge.core.formats.video import write_mp4, write_webm
from artforge.core.formats.xmp import Label
from artforge.core.pictures import to_bytes, to_float, write_png
from artforge.core.values import Frames, Kind, array_fault


def moving_glow(index, num_frames, height, width):
    """A soft warm light that travels once around; every frame differs from every other."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    angle = 2 * np.pi * index / num_frames
    distance = np.hypot(
        x / width - 0.5 - 0.3 * np.cos(angle),
        y / height - 0.5 - 0.3 * np.sin(angle),
    )
    light = np.exp(-((distance / 0.2) ** 2))
    return np.stack([0.1 + 0.85 * light, 0.1 + 0.5 * light, 0.3 - 0.2 * light], axis=-1).astype(np.float32)


def glow_film(num_frames=12, fps=25.0, height=64, width=96):
    return Frames(num_frames, fps, lambda index: moving_glow(index, num_frames, height, width))


def still_film(color, num_frames=3, size=(48, 64)):
    picture = np.full((*size, 3), color, np.float32)
    return Frames(num_frames, 25.0, lambda _: picture)


def decibels(one, other):
    return -10 * np.log10(np.mean((one.astype(np.float64) - other) ** 2))


WRITERS = [write_mp4, write_gif, write_webm, write_apng, write_animated_webp]


def name_of(write):
    """`a.mp4` for `write_mp4`."""
    return f"a.{write.__name__.rpartition('_')[2]}"


@pytest.mark.parametrize("fps", [1, 12.5, 24, 25, 30, 60, 30000 / 1001])
def test_an_mp4_holds_every_frame_at_its_rate(tmp_path, fps):
    write_mp4(tmp_path / "a.mp4", glow_film(fps=fps))
    assert film_info(tmp_path / "a.mp4")[:3] == (96, 64, 12)
    assert film_info(tmp_path / "a.mp4").fps == pytest.approx(fps, rel=1e-4)


@pytest.mark.parametrize("index", [0, 1, 7, 11])
def test_a_frame_of_an_mp4_is_close_to_what_went_in(tmp_path, index):
    film = glow_film()
    write_mp4(tmp_path / "a.mp4", film)
    frame = read_frame(tmp_path / "a.mp4", index)
    assert array_fault(frame, Kind.IMAGE) is None
    errors = [decibels(frame, film.draw(other)) for other in range(len(film))]
    assert errors[index] > 40
    assert int(np.argmax(errors)) == index  # frames come in the order in which they were drawn


@pytest.mark.parametrize(("height", "width"), [(64, 96), (63, 96), (64, 95), (63, 95), (1, 1)])
def test_odd_sizes_are_padded_by_their_edge_and_never_stretched(tmp_path, height, width):
    film = glow_film(height=height, width=width)
    write_mp4(tmp_path / "a.mp4", film)
    info = film_info(tmp_path / "a.mp4")
    assert (info.height, info.width) == (height + height % 2, width + width % 2)
    frame = read_frame(tmp_path / "a.mp4", 5)
    original = film.draw(5)
    assert decibels(frame[:height, :width], original) > 30
    np.testing.assert_allclose(frame[-1, :width], original[-1], atol=0.08)
    np.testing.assert_allclose(frame[:height, -1], original[:, -1], atol=0.08)


COLORS = {
    "red": (1, 0, 0),
    "green": (0, 1, 0),
    "blue": (0, 0, 1),
    "grey": (0.5, 0.5, 0.5),
    "black": (0, 0, 0),
    "white": (1, 1, 1),
    "ochre": (0.8, 0.5, 0.15),
}


@pytest.mark.parametrize("color", COLORS.values(), ids=list(COLORS))
def test_colours_come_back_within_a_few_levels(tmp_path, color):
    write_mp4(tmp_path / "a.mp4", still_film(color))
    frame = read_frame(tmp_path / "a.mp4", 1)
    assert np.abs(frame - np.array(color)).max() * 255 <= 3


def test_a_film_is_neither_darker_nor_lighter_than_what_went_in(tmp_path):
    film = glow_film(height=128, width=160)
    write_mp4(tmp_path / "a.mp4", film)
    drift = (read_frame(tmp_path / "a.mp4", 6) - film.draw(6)).mean(axis=(0, 1)) * 255
    assert np.abs(drift).max() < 0.4


def test_the_stored_numbers_are_those_of_bt709_and_tagged_so(tmp_path):
    import av

    write_mp4(tmp_path / "a.mp4", still_film((1, 0, 0)))
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        frame = next(container.decode(stream))
        tags = (context.color_primaries, context.color_trc, context.colorspace, context.color_range)
        assert (context.name, context.pix_fmt, context.profile) == ("h264", "yuv420p", "High")
    assert tags == (1, 1, 1, 1)
    planes = frame.to_ndarray()
    # by hand: Y = 16 + 219 * 0.2126, Cb = 128 + 224 * (0 - 0.2126) / 1.8556, Cr = 128 + 224 * (1 - 0.2126) / 1.5748
    for received, expected in zip((planes[0, 0], planes[48, 0], planes[60, 0]), (62.56, 102.3, 240.0), strict=True):
        assert abs(float(received) - expected) <= 1


def test_the_index_stands_in_front_so_that_a_browser_can_start_at_once(tmp_path):
    write_mp4(tmp_path / "a.mp4", glow_film())
    content = (tmp_path / "a.mp4").read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")


def test_the_same_film_always_has_the_same_bytes(tmp_path):
    # x264 left to itself gives another file in one of four runs at this size
    digests = set()
    for index in range(12):
        write_mp4(tmp_path / "a.mp4", glow_film(num_frames=40), label=Label(title="y", record='{"a": 1}'))
        digests.add(hashlib.sha256((tmp_path / "a.mp4").read_bytes()).hexdigest())
        if index < 2:
            write_gif(tmp_path / "a.gif", glow_film(num_frames=8), label=Label(title="y", record='{"a": 1}'))
            digests.add(hashlib.sha256((tmp_path / "a.gif").read_bytes()).hexdigest())
    assert len(digests) == 2


@pytest.mark.parametrize("write", WRITERS)
def test_frames_are_counted_in_order_while_they_are_written(tmp_path, write):
    seen = []
    write(tmp_path / name_of(write), glow_film(), on_frame=seen.append)
    assert seen == list(range(12))


@pytest.mark.parametrize("write", WRITERS)
def test_a_film_of_one_frame_is_a_film(tmp_path, write):
    path = tmp_path / name_of(write)
    write(path, glow_film(num_frames=1))
    assert film_info(path).num_frames == 1
    assert decibels(read_frame(path), glow_film(num_frames=1).draw(0)) > 30


@pytest.mark.parametrize("write", WRITERS)
def test_a_frame_of_another_size_is_named_and_nothing_is_left_behind(tmp_path, write):
    film = Frames(6, 25.0, lambda index: np.zeros((32 + 2 * (index == 3), 32, 3), np.float32))
    with pytest.raises(ShapeError, match=r"frame 3 is 32x34.*32x32"):
        write(tmp_path / name_of(write), film)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", WRITERS)
def test_a_film_that_breaks_off_leaves_the_old_one_in_place(tmp_path, write):
    path = tmp_path / name_of(write)
    path.write_bytes(b"the old film")

    def draw(index):
        if index == 4:
            raise KeyboardInterrupt
        return moving_glow(index, 8, 32, 32)

    with pytest.raises(KeyboardInterrupt):
        write(path, Frames(8, 25.0, draw))
    assert path.read_bytes() == b"the old film"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(("num_frames", "fps"), [(0, 25.0), (3, 0.0), (3, -1.0), (3, float("nan")), (3, 5000.0)])
def test_films_without_frames_or_rate_are_refused(tmp_path, write, num_frames, fps):
    path = tmp_path / name_of(write)
    with pytest.raises(OutputError, match=r"a\."):
        write(path, Frames(num_frames, fps, lambda _: np.zeros((8, 8, 3), np.float32)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", WRITERS)
def test_a_place_that_cannot_be_written_is_named(tmp_path, write):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputError, match="file"):
        write(tmp_path / "file" / name_of(write), glow_film())


def stored_delays(path):
    """Milliseconds of each stored frame, as another reader has them."""
    with PillowImage.open(path) as film:
        delays = []
        for index in range(film.n_frames):
            film.seek(index)
            delays.append(film.info["duration"])
        return delays, film.info.get("loop")


@pytest.mark.parametrize(
    ("fps", "expected"),
    [
        (25.0, [40] * 12),
        (50.0, [20] * 12),
        (30.0, [30, 40, 30] * 4),
        (10.0, [100] * 12),
        (60.0, [30, 40, 30, 30, 40, 30]),
    ],
)
def test_a_gif_keeps_the_time_of_the_film(tmp_path, fps, expected):
    write_gif(tmp_path / "a.gif", glow_film(fps=fps))
    delays, loop = stored_delays(tmp_path / "a.gif")
    assert delays == expected
    assert sum(delays) / 1000 == pytest.approx(12 / fps, abs=0.011)
    assert loop == 0


@pytest.mark.parametrize("fps", [1, 7, 24, 25, 29.97, 30, 33, 48, 50])
def test_delays_add_up_to_the_length_of_the_film(fps):
    delays = gif_delays(300, fps)
    assert len(delays) == 300
    assert min(delays) >= 2
    assert sum(delays) == pytest.approx(100 * 300 / fps, abs=1)


def test_frames_that_stand_still_keep_their_time_in_a_gif(tmp_path):
    film = Frames(10, 25.0, lambda index: moving_glow(index // 5, 2, 32, 32))
    write_gif(tmp_path / "a.gif", film)
    delays, _ = stored_delays(tmp_path / "a.gif")
    assert sum(delays) == 400


@pytest.mark.parametrize("index", [0, 5, 11])
def test_a_frame_of_a_gif_is_close_to_what_went_in(tmp_path, index):
    film = glow_film()
    write_gif(tmp_path / "a.gif", film)
    frame = read_frame(tmp_path / "a.gif", index)
    assert frame.shape == film.draw(index).shape
    assert decibels(frame, film.draw(index)) > 33


def test_a_small_glow_keeps_its_colour_beside_a_large_meadow(tmp_path):
    meadow = np.random.default_rng(0).random((96, 128, 3), dtype=np.float32) * [0.2, 0.5, 0.2] + [0.2, 0.4, 0.1]
    picture = meadow.astype(np.float32)
    picture[40:48, 60:68] = (0.95, 0.1, 0.15)
    write_gif(tmp_path / "a.gif", Frames(4, 25.0, lambda _: picture))
    np.testing.assert_allclose(
        read_frame(tmp_path / "a.gif")[40:48, 60:68].mean(axis=(0, 1)), (0.95, 0.1, 0.15), atol=0.03
    )


def test_a_still_background_does_not_flicker_in_a_gif(tmp_path):
    def draw(index):
        picture = moving_glow(3, 12, 64, 96)
        picture[:8, :8] = index / 6
        return picture

    write_gif(tmp_path / "a.gif", Frames(6, 25.0, draw))
    first = read_frame(tmp_path / "a.gif", 0)
    for index in range(1, 6):
        np.testing.assert_array_equal(read_frame(tmp_path / "a.gif", index)[8:], first[8:])


def test_what_stands_still_is_stored_once_in_a_gif(tmp_path):
    background = np.random.default_rng(1).random((64, 96, 3), dtype=np.float32)

    def draw(index):
        picture = background.copy()
        picture[:2, :2] = picture[-2:, -2:] = index / 12  # two far corners: cutting out what changes does not help
        return picture

    write_gif(tmp_path / "one.gif", Frames(1, 25.0, draw))
    write_gif(tmp_path / "many.gif", Frames(12, 25.0, draw))
    assert (tmp_path / "many.gif").stat().st_size < 3 * (tmp_path / "one.gif").stat().st_size


def test_one_colour_makes_a_gif(tmp_path):
    write_gif(tmp_path / "a.gif", still_film((0.2, 0.4, 0.6)))
    assert np.abs(to_bytes(read_frame(tmp_path / "a.gif")).astype(int) - (51, 102, 153)).max() <= 2


def test_a_frame_past_the_end_is_refused(tmp_path):
    write_mp4(tmp_path / "a.mp4", glow_film())
    with pytest.raises(PictureError, match=r"no frame 12; it has 12"):
        read_frame(tmp_path / "a.mp4", 12)
    with pytest.raises(PictureError, match=r"no frame -1"):
        read_frame(tmp_path / "a.mp4", -1)


@pytest.mark.parametrize("read", [read_frame, film_info])
def test_what_is_no_film_is_refused_by_name(tmp_path, read):
    write_png(tmp_path / "still.png", moving_glow(0, 1, 16, 16))
    PillowImage.fromarray(to_bytes(moving_glow(0, 1, 16, 16))).save(tmp_path / "still.jpg")
    (tmp_path / "text.mp4").write_text("title: no film\n" * 50)
    (tmp_path / "empty.mp4").touch()
    for name in ("still.png", "still.jpg", "text.mp4", "empty.mp4", "missing.mp4"):
        with pytest.raises(PictureError, match=name):
            read(tmp_path / name)


def test_a_film_cut_short_is_refused(tmp_path):
    write_mp4(tmp_path / "a.mp4", glow_film(num_frames=30))
    content = (tmp_path / "a.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(content[: len(content) // 3])
    with pytest.raises(PictureError, match=r"cut\.mp4"):
        read_frame(tmp_path / "cut.mp4", 29)


def test_reading_a_film_gives_levels_of_255(tmp_path):
    write_mp4(tmp_path / "a.mp4", glow_film())
    frame = read_frame(tmp_path / "a.mp4")
    np.testing.assert_array_equal(to_float(to_bytes(frame)), frame)


@pytest.mark.parametrize(
    ("write", "fps", "expected"),
    [
        (write_mp4, 25.0, FilmInfo(82, 136, 12, 25.0)),
        (write_gif, 25.0, FilmInfo(81, 135, 12, 25.0)),
        (write_gif, 60.0, FilmInfo(81, 135, 6, 30.0)),
    ],
)
def test_the_writer_tells_what_is_in_the_file(tmp_path, write, fps, expected):
    path = tmp_path / name_of(write)
    assert write(path, glow_film(height=135, width=81, fps=fps)) == expected
    assert film_info(path)[:3] == expected[:3]


@pytest.mark.parametrize("read", [read_frame, film_info])
def test_a_playlist_called_a_film_opens_no_other_file(tmp_path, read):
    write_mp4(tmp_path / "other.mp4", glow_film())
    (tmp_path / "list.mp4").write_text("ffconcat version 1.0\nfile other.mp4\n")
    with pytest.raises(PictureError, match=r"list\.mp4: not a film, expected an MP4"):
        read(tmp_path / "list.mp4")


def test_a_still_in_the_boxes_of_a_film_is_none(tmp_path):
    PillowImage.fromarray(to_bytes(moving_glow(0, 1, 16, 16))).save(tmp_path / "a.avif")
    with pytest.raises(PictureError, match=r"a\.avif: not a film"):
        read_frame(tmp_path / "a.avif")


def test_a_webm_film_comes_in(tmp_path):
    import av

    with av.open(str(tmp_path / "a.webm"), "w") as container:
        stream = container.add_stream("libvpx-vp9", rate=10)
        stream.width, stream.height = 32, 16
        for index in range(3):
            picture = av.VideoFrame.from_ndarray(to_bytes(moving_glow(index, 3, 16, 32)), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    assert film_info(tmp_path / "a.webm")[:3] == (32, 16, 3)
    assert decibels(read_frame(tmp_path / "a.webm", 2), moving_glow(2, 3, 16, 32)) > 20


@pytest.mark.parametrize("write", WRITERS)
def test_a_film_of_too_many_pixels_is_refused_before_it_is_decoded(tmp_path, monkeypatch, write):
    path = tmp_path / name_of(write)
    write(path, glow_film())
    monkeypatch.setattr(films, "MAX_PIXELS", 96 * 64)
    assert read_frame(path).shape == (64, 96, 3)
    monkeypatch.setattr(films, "MAX_PIXELS", 96 * 64 - 1)
    with pytest.raises(PictureError, match="96x64 pixels; at most"):
        read_frame(path)
