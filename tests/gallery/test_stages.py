"""The pictures that a still went through are found among the works and beside them."""

import re
import shutil

import numpy as np
import pytest
from gallery_pages import Tags

from artforge.core.errors import ChoiceError
from artforge.core.files import sha256_of
from artforge.core.pictures import write_png
from artforge.core.provenance import Ingredient, NodeRecord
from artforge.gallery.site import build_site
from artforge.gallery.stages import node_digests


def node(name, step, inputs=None, **settings):
    return NodeRecord(id=name, step=step, version=1, settings=settings, inputs=inputs or {})


LOAD = node("art.load", "load", path="lisa.png")
CAM = node("heat.grad_cam", "grad_cam", {"image": "art.load"}, model="m", layer="conv3")
COLOR = node("heat.colorize", "colorize", {"heatmap": "heat.grad_cam"}, map="magma")


def blend(opacity):
    return node("glow.blend", "blend", {"base": "art.load", "overlay": "heat.colorize"}, opacity=opacity)


def stages_on(page):
    """Kind and caption of each stage on a page."""
    found = re.search(r'<section class="stages".*?</section>', page.read_text(), re.DOTALL)
    return (
        re.findall(r'data-stage="(\w+)".*?<figcaption dir="auto">(.*?)</figcaption>', found[0], re.DOTALL)
        if found
        else []
    )


@pytest.fixture
def out(tmp_path, render):
    folder = tmp_path / "out"
    render(folder / "heat.png", output="heat", branch=[LOAD, CAM, COLOR], shade=0.2)
    for index, opacity in enumerate((0.5, 1.0)):
        render(
            folder / f"glow-{index}.png", output="glow", branch=[LOAD, CAM, COLOR, blend(opacity)], shade=opacity,
            variant={"opacity": opacity},
        )  # fmt: skip
    return folder


def page_of(site, stem):
    (page,) = (site / "works").glob(f"{stem}*")
    return page


def test_the_heat_of_a_blend_is_its_stage_and_leads_to_its_page(tmp_path, out):
    site = build_site(out, tmp_path / "site").folder
    page = page_of(site, "tide-opacity-0-5")
    assert stages_on(page) == [("heat", "Heat"), ("result", "opacity 0.5")]
    links = [link["href"] for link in Tags(page).all("a")]
    heat = re.search(r'data-stage="heat"><figure><a href="(.*?)"', page.read_text())[1]
    assert heat in links
    assert stages_on(site / heat.removeprefix("../")) == []


def test_the_source_comes_first_where_it_lies_beside_the_works(tmp_path, out, render):
    source = tmp_path / "inputs" / "lisa.png"
    image = np.random.default_rng(3).random((64, 96, 3)).astype(np.float32)  # of the shape of the works
    write_png(source, image)
    lisa = Ingredient(role="picture", name="lisa.png", sha256=sha256_of(source))
    render(
        out / "print.png",
        output="glow",
        branch=[LOAD, CAM, COLOR, blend(0.7)],
        ingredients=[lisa],
        key="p",
        title="Print",
    )
    site = build_site(out, tmp_path / "site").folder
    page = page_of(site, "print")
    assert [kind for kind, _ in stages_on(page)] == ["source", "heat", "result"]
    assert 'class="series ingredients"' in page.read_text()
    write_png(source, image * 0.5)  # another picture of the name is another picture
    assert [kind for kind, _ in stages_on(page_of(build_site(out, tmp_path / "site").folder, "print"))] == [
        "heat",
        "result",
    ]


def test_a_picture_that_is_no_file_is_drawn_once(tmp_path, render):
    asked = []

    def draw(name):
        asked.append(name)
        if "odd" in name:
            raise ChoiceError("no such picture")
        return np.full((32, 48, 3), 0.4, np.float32)

    names = ["embedded:hand_made/ink/5", "embedded:odd"]
    branch = [node(f"load{place}", "load", path=name) for place, name in enumerate(names)]
    render(tmp_path / "out" / "a.png", branch=branch)
    for _ in range(2):
        site = build_site(tmp_path / "out", tmp_path / "site", draw=draw).folder
    (page,) = (site / "works").iterdir()
    assert [kind for kind, _ in stages_on(page)] == ["source", "result"]
    assert stages_on(page)[0][1] == "hand made ink 5"
    made_from = re.search(r'<section class="series ingredients">.*?</section>', page.read_text(), re.DOTALL)[0]
    assert re.findall(r"<span[^>]*>(.*?)</span>", made_from)[1:] == ["hand made ink 5", "odd"]
    assert asked.count(names[0]) == 1


def test_sources_are_not_published_where_the_artist_says_so(tmp_path, out, render):
    shutil.copyfile(out / "heat.png", tmp_path / "lisa.png")
    lisa = Ingredient(role="picture", name="lisa.png", sha256=sha256_of(tmp_path / "lisa.png"))
    for path in out.iterdir():
        path.unlink()
    render(out / "print.png", ingredients=[lisa])
    assert len(list((build_site(out, tmp_path / "site").folder / "thumbs").iterdir())) == 4
    (out / "gallery.yaml").write_text("ingredients: false")
    assert len(list((build_site(out, tmp_path / "site").folder / "thumbs").iterdir())) == 2


def test_a_work_made_from_another_work_leads_to_it(tmp_path, out, render):
    heat = Ingredient(role="picture", name="heat.png", sha256=sha256_of(out / "heat.png"))
    render(out / "print.png", output="glow", ingredients=[heat], key="p", title="Print")
    page = page_of(build_site(out, tmp_path / "site").folder, "print")
    made_from = re.search(r'<section class="series ingredients">.*?</section>', page.read_text(), re.DOTALL)[0]
    assert re.search(r'<a href="\.\./works/tide-[0-9a-f]{8}\.html">', made_from)


def test_another_shape_is_no_stage(tmp_path, out, render):
    render(out / "heat.png", size=(48, 48), output="heat", branch=[LOAD, CAM, COLOR])
    assert stages_on(page_of(build_site(out, tmp_path / "site").folder, "tide-opacity-1")) == []


@pytest.mark.parametrize("name", ["../lisa.png", "/etc/passwd", "", "..", "a\0b"])
def test_a_name_that_leads_elsewhere_is_not_looked_for(tmp_path, render, name):
    render(tmp_path / "lisa.png")
    (tmp_path / "lisa.png.json").unlink()
    lisa = Ingredient(role="picture", name=name, sha256=sha256_of(tmp_path / "lisa.png"))
    render(tmp_path / "out" / "a.png", ingredients=[lisa], shade=0.9)
    assert len(list((build_site(tmp_path / "out", tmp_path / "site").folder / "thumbs").iterdir())) == 2


def test_a_step_stands_for_all_that_flows_into_it():
    other = [LOAD.model_copy(update={"settings": {"path": "other.png"}}), CAM, COLOR]
    one, two = node_digests([LOAD, CAM, COLOR]), node_digests(other)
    assert len(set(one + two)) == 6
    assert node_digests([LOAD, CAM]) == one[:2]
