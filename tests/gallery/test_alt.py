import pytest

from artforge.core.provenance import NodeRecord
from artforge.gallery.alt import describe

GENERATED = "Picture “Tide”: load (lisa.png); grad cam (last_conv); blend."


def node(step, **settings):
    return NodeRecord(id=step, step=step, version=1, settings=settings, inputs={})


BRANCH = [
    node("load", path="inputs/lisa.png"),
    node("grad_cam", model="m", layer="last_conv", target="hand_made"),
    node("normalize", percentiles=[1, 99]),
    node("colorize", map="crameri:lajolla"),
    node("blend", mode="screen", opacity=0.6),
]


def test_a_print_is_told_as_it_was_made(record):
    assert describe(record(alt=GENERATED, branch=BRANCH)) == (
        "Print of “lisa.png”: Grad-CAM of the last convolution, class hand made, coloured with lajolla, "
        "screened at 60% over the picture."
    )


def test_a_film_moves_and_a_built_in_picture_is_called_so(record):
    branch = [node("load", path="embedded:hand_made/ink/5"), node("blend", mode="hard_light", opacity={"keys": {}})]
    assert describe(record(alt="", kind="film", branch=branch)) == (
        "Film of the built-in picture hand made ink 5: laid as hard light at a changing strength over the picture."
    )


def test_a_contact_sheet_tells_what_its_pictures_differ_in(record):
    told = describe(
        record(
            alt="Contact sheet of 3 pictures “Tide”: load.", kind="sheet", branch=BRANCH, params={"intensity": 0.6},
            sweep=[{"intensity": 0.6}, {"intensity": 0.8}, {"intensity": 1.0}],
        )
    )  # fmt: skip
    assert told.startswith("Contact sheet of 3 pictures, intensity 0.6 to 1: each from “lisa.png”, Grad-CAM")
    assert "60%" not in told


def test_words_that_somebody_wrote_stay(record):
    assert describe(record(alt="A cat on a chair.", branch=BRANCH)) == "A cat on a chair."


@pytest.mark.parametrize("path", ["", None, 7, "a/b\\c"])
def test_an_odd_path_is_no_fault(record, path):
    assert describe(record(alt="", branch=[node("load", path=path)])).startswith("Print of")
