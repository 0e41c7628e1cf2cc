"""What a work says of itself: its maker, how it came to be, what went into it; and nothing of the machine."""

from __future__ import annotations

import numpy as np
import pytest

from artforge.core.formats.metadata import read_label
from artforge.core.pictures import write_png
from artforge.core.provenance import Ingredient, NodeRecord, read_provenance, sidecar_path
from artforge.recipes.cache import Cache
from artforge.recipes.check import check_file
from artforge.recipes.overrides import Overrides
from artforge.recipes.plan import Planner
from artforge.recipes.portable import is_absolute
from artforge.recipes.render import Renderer
from artforge.recipes.reporting import Reporter
from artforge.recipes.source_types import VOCABULARY, digital_source_type

BODY = """\
steps:
  art:
    - load: {path: $image}
outputs:
  still: {from: $art, formats: [png, avif]}
"""


class Quiet(Reporter):
    """A reporter that does nothing."""


@pytest.fixture
def render(tmp_path):
    """`render(path, **params)` gives the finished files."""

    def run(path, out="out", metadata=True, places=None, **params):
        overrides = Overrides(params, places=places or {})
        planner = Planner(check_file(path, overrides), overrides)
        renderer = Renderer(planner, tmp_path / out, Cache(tmp_path / "store"), metadata=metadata)
        return [each.path for each in renderer.render(Quiet())]

    return run


def test_maker_rights_and_licence_stand_in_the_file(write_recipe, render):
    path = write_recipe("creator: Jane\nrights: (c) Jane\nlicence: by agreement\n" + BODY)
    for file in render(path, places={"creator": "Joan"}):
        label = read_label(file)
        assert (label.title, label.creator, label.rights, label.licence) == ("Tide", "Joan", "(c) Jane", "by agreement")
        assert label.alt.startswith("Picture “Tide”")
        assert label.source_type == VOCABULARY + "algorithmicallyEnhanced"
        assert label.tool.startswith("artforge ")


def test_without_metadata_nothing_is_told_inside_or_beside(write_recipe, render):
    told, untold = render(write_recipe(BODY)), render(write_recipe(BODY), out="bare", metadata=False)
    for file, bare in zip(told, untold, strict=True):
        assert read_label(file).record
        assert b"artforge" not in bare.read_bytes()
        assert not sidecar_path(bare).exists()


def test_no_path_of_the_machine_stands_in_a_record(write_recipe, render, studio, tmp_path):
    body = BODY + f"params: {{spare: {{type: image, default: {studio}/two.png}}}}\n"
    header = "artforge: 1\n"
    body = body.replace("$image", f'"{studio}/one.png"')
    for file in render(write_recipe(body, header=header)):
        assert str(tmp_path).encode() not in file.read_bytes()
        assert str(tmp_path) not in sidecar_path(file).read_text()
        assert 'path: "one.png"' in read_provenance(file).recipe_text
        assert "default: two.png" in read_provenance(file).recipe_text


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a/b.png", True),
        ("C:\\a.png", True),
        ("C:/a.png", True),
        ("~/a.png", True),
        ("\\\\host\\a", True),
        ("a/b.png", False),
        ("../a.png", False),
        ("embedded:hand_made/watercolour/3", False),
    ],
)
def test_absolute_paths_are_known_on_every_system(path, expected):
    assert is_absolute(path) == expected


def test_source_that_is_one_of_our_works_brings_its_record_along(write_recipe, render, studio):
    made = render(write_recipe(BODY))[0]
    for generation in range(4):
        (studio / f"g{generation}.png").write_bytes(made.read_bytes())
        made = render(write_recipe(BODY), out=f"o{generation}", image=f"{studio}/g{generation}.png")[0]
    record = read_provenance(made)
    names = []
    inner = record.model_dump()
    while inner and inner.get("ingredients"):
        names.append(inner["ingredients"][0]["name"])
        inner = inner["ingredients"][0].get("provenance")
    assert names == ["g3.png", "g2.png", "g1.png"]  # and no further
    assert len(read_label(made).record) < 50_000


def test_source_of_others_brings_none(write_recipe, render):
    assert read_provenance(render(write_recipe(BODY))[0]).ingredients[0].provenance is None


MODEL = Ingredient(role="model", name="net", sha256="0" * 64)
PICTURE = Ingredient(role="picture", name="a.png", sha256="1" * 64)
EMBEDDED = NodeRecord(
    id="a.load", step="load", version=1, settings={"path": "embedded:hand_made/watercolour/3"}, inputs={}
)


def ours(term):
    return PICTURE.model_copy(update={"provenance": {"source_type": VOCABULARY + term}})


@pytest.mark.parametrize(
    ("ingredients", "branch", "term"),
    [
        ([MODEL, PICTURE], [], "compositeWithTrainedAlgorithmicMedia"),
        ([MODEL], [EMBEDDED], "compositeWithTrainedAlgorithmicMedia"),
        ([MODEL], [], "trainedAlgorithmicMedia"),
        ([PICTURE], [], "algorithmicallyEnhanced"),
        ([], [EMBEDDED], "algorithmicMedia"),
        ([], [], "algorithmicMedia"),
        ([ours("trainedAlgorithmicMedia")], [], "compositeWithTrainedAlgorithmicMedia"),
        ([ours("algorithmicMedia")], [], "algorithmicMedia"),
        ([ours("algorithmicMedia"), PICTURE], [], "algorithmicallyEnhanced"),
    ],
)
def test_how_a_work_came_to_be_is_said_in_the_words_of_the_iptc(ingredients, branch, term):
    assert digital_source_type(ingredients, branch) == VOCABULARY + term


def test_damaged_metadata_of_a_source_keeps_no_one_from_using_it(write_recipe, render, studio):
    from PIL import Image as PillowImage
    from PIL import PngImagePlugin

    chunks = PngImagePlugin.PngInfo()
    chunks.add_itxt("XML:com.adobe.xmp", "<!DOCTYPE x><x/>")
    PillowImage.fromarray(np.full((8, 8, 3), 90, np.uint8)).save(studio / "odd.png", pnginfo=chunks)
    assert len(render(write_recipe(BODY), image=str(studio / "odd.png"))) == 2


def test_source_that_changes_is_read_again(write_recipe, render, studio, paint):
    made = render(write_recipe(BODY))[0]
    (studio / "s.png").write_bytes(made.read_bytes())
    first = read_provenance(render(write_recipe(BODY), out="a", image=f"{studio}/s.png")[0])
    write_png(studio / "s.png", paint(7))
    second = read_provenance(render(write_recipe(BODY), out="b", image=f"{studio}/s.png")[0])
    assert first.ingredients[0].provenance is not None
    assert second.ingredients[0].provenance is None
