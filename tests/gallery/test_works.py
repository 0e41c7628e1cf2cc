import shutil
from pathlib import Path

import numpy as np
import pytest

from artforge.core.formats.stills import write_still
from artforge.core.provenance import label_of_work, sidecar_path
from artforge.gallery.works import SITE_MARKER, Artifact, find_artifacts, group_works, natural_key


def names_of(works):
    return [[artifact.path.name for artifact in work.artifacts] for work in works]


def test_works_are_found_in_nested_folders_and_in_natural_order(tmp_path, render):
    for name in ["b/still-10.png", "b/still-9.png", "a/deep/film.mp4"]:
        render(tmp_path / name)
    artifacts, warnings = find_artifacts(tmp_path)
    assert [artifact.path.name for artifact in artifacts] == ["film.mp4", "still-9.png", "still-10.png"]
    assert warnings == []


def test_hidden_files_and_sites_of_ours_are_no_sources(tmp_path, render):
    render(tmp_path / "work.png")
    for name in [".cache/work.png", ".part-x.png", "gallery/media/copy.png"]:
        render(tmp_path / name)
    (tmp_path / "gallery" / SITE_MARKER).touch()
    artifacts, warnings = find_artifacts(tmp_path)
    assert [artifact.path.name for artifact in artifacts] == ["work.png"]
    assert warnings == []


@pytest.mark.parametrize(
    ("content", "expected"), [(None, "no sidecar beside the work"), ("{}", "not a sidecar"), ("\0{", "not a sidecar")]
)
def test_a_file_without_a_readable_record_is_named(tmp_path, render, content, expected):
    lone = render(tmp_path / "deep" / 'odd "name" #1.png')
    sidecar_path(lone).unlink()
    if content is not None:
        sidecar_path(lone).write_text(content)
    artifacts, warnings = find_artifacts(tmp_path)
    assert artifacts == []
    assert len(warnings) == 1
    assert """deep/odd "name" #1.png""" in warnings[0]
    assert expected in warnings[0]


def test_a_work_whose_sidecar_is_lost_hangs_by_the_record_inside_it(tmp_path, record):
    own = record(title="Inside", format="png")
    write_still(tmp_path / "a.png", np.full((8, 12, 3), 0.5, np.float32), "png", label_of_work(own))
    artifacts, warnings = find_artifacts(tmp_path)
    assert warnings == []
    assert [artifact.provenance for artifact in artifacts] == [own]


def test_a_damaged_sidecar_is_told_and_the_record_inside_the_work_counts(tmp_path, record):
    own = record(title="Inside", format="png")
    write_still(tmp_path / "a.png", np.full((8, 12, 3), 0.5, np.float32), "png", label_of_work(own))
    sidecar_path(tmp_path / "a.png").write_text("{half")
    artifacts, warnings = find_artifacts(tmp_path)
    assert [artifact.provenance for artifact in artifacts] == [own]
    (warning,) = warnings
    assert "a.png.json: not a sidecar" in warning
    assert "skipped" not in warning


def test_files_that_are_no_works_are_told_together(tmp_path, render):
    render(tmp_path / "work.png")
    render(tmp_path / "gone.png").unlink()
    (tmp_path / "gallery.yaml").touch()
    for name in ["notes.txt", "odd \n.psd", *(f"{index}.bin" for index in range(9))]:
        (tmp_path / name).touch()
    artifacts, warnings = find_artifacts(tmp_path)
    assert len(artifacts) == 1
    assert warnings == [
        "skipped '0.bin', '1.bin', '2.bin', '3.bin', '4.bin' and 7 more: neither a work nor a sidecar of one"
    ]


def artifact(record, name, sha="0", **changes):
    return Artifact(Path(name), sha * 64, record(**changes))


def test_a_film_in_two_formats_is_one_work_and_shows_the_mp4(record):
    works = group_works(
        [artifact(record, "loop.gif", "a", kind="film"), artifact(record, "loop.mp4", "b", kind="film")]
    )
    assert names_of(works) == [["loop.mp4", "loop.gif"]]


def test_an_exact_copy_hangs_once_and_another_content_by_itself(record):
    works = group_works(
        [artifact(record, "a.png", "a"), artifact(record, "b.png", "b"), artifact(record, "copy.png", "a")]
    )
    assert sorted(names_of(works)) == [["a.png"], ["b.png"]]
    assert works[0].sha256 != works[1].sha256


def test_variants_hang_by_size_behind_films_and_sheets(record):
    stills = [artifact(record, f"{value}.png", variant={"intensity": value}) for value in (10, 9.5, 0)]
    sheet = artifact(record, "sheet.png", kind="sheet", output="sheet")
    film = artifact(record, "film.mp4", kind="film", output="tide")
    earlier = artifact(record, "earlier.png", recipe_name="Arc")
    works = group_works([*stills, sheet, film, earlier])
    assert names_of(works) == [["earlier.png"], ["film.mp4"], ["sheet.png"], ["0.png"], ["9.5.png"], ["10.png"]]


def test_variants_of_mixed_kinds_can_be_ordered(record):
    values = ["b10", "b9", 3, [1, 2], None, True]
    works = group_works([artifact(record, f"{index}.png", variant={"x": value}) for index, value in enumerate(values)])
    assert [work.provenance.variant["x"] for work in works][:2] == [True, 3]
    assert names_of(works).index(["1.png"]) < names_of(works).index(["0.png"])


@pytest.mark.parametrize(("first", "second"), [("a9", "a10"), ("A2", "b1"), ("x²", "x³"), ("", "a")])
def test_natural_order_counts(first, second):
    assert natural_key(first) < natural_key(second)


def test_links_to_folders_are_not_followed(tmp_path, render):
    render(tmp_path / "out" / "work.png")
    (tmp_path / "out" / "loop").symlink_to(tmp_path / "out", target_is_directory=True)
    assert len(find_artifacts(tmp_path / "out")[0]) == 1


def test_a_copied_folder_hangs_once(tmp_path, render):
    render(tmp_path / "one" / "work.png")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    assert len(group_works(find_artifacts(tmp_path)[0])) == 1
