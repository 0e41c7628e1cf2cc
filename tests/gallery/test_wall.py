"""What the settings say shows; the wall goes on over as many pages as it needs; the works are there as data."""

import json
import re

import pytest
from gallery_pages import Tags

from artforge.core.errors import UsageError
from artforge.core.provenance import Reading
from artforge.gallery import hanging
from artforge.gallery.site import build_site
from artforge.gallery.works import find_artifacts, group_works

HOSTILE = "</script><script>alert(1)</script> \u2028 ' \" & <b>"


@pytest.fixture
def out(tmp_path, render):
    folder = tmp_path / "out"
    for index in range(3):
        render(folder / f"tide-{index}.png", shade=index / 3, variant={"step": index})
        render(folder / f"arc-{index}.png", shade=index / 3, variant={"step": index}, recipe_name="arc", title="Arc")
    return folder


def data_of(site):
    text = (site / "works.js").read_text(encoding="utf-8")
    return json.loads(re.fullmatch(r"window\.artforgeWorks = (.*);\n", text, re.DOTALL)[1])


def cards(page):
    return [tag["data-work"] for tag in Tags(page).all("li") if "data-work" in tag]


def build(tmp_path, out, settings):
    (out / "gallery.yaml").write_text(settings, encoding="utf-8")
    return build_site(out, tmp_path / "site")


def id_of(out, name):
    (found,) = [work.id for work in group_works(find_artifacts(out)[0]) if work.artifacts[0].path.name == name]
    return found


def test_recipes_and_works_that_are_named_hang_first(tmp_path, out):
    last = id_of(out, "tide-2.png")
    build(tmp_path, out, f"order: [tide, {last}]")
    assert [tag["data-recipe"] for tag in Tags(tmp_path / "site" / "index.html").all("section")[1:]] == ["tide", "arc"]
    build(tmp_path, out, f"order: ['{last[:8]}', tide]")
    assert cards(tmp_path / "site" / "index.html")[0] == last


def test_what_is_hidden_is_nowhere_in_the_site(tmp_path, out):
    hidden = id_of(out, "arc-1.png")
    build(tmp_path, out, f"hidden: [tide, '{hidden}']")
    assert len(cards(tmp_path / "site" / "index.html")) == 2
    assert len(list((tmp_path / "site" / "media").iterdir())) == 2
    assert hidden not in (tmp_path / "site" / "works.js").read_text()


def test_hiding_everything_is_told(tmp_path, out):
    with pytest.raises(UsageError, match=r"every work in .* is hidden"):
        build(tmp_path, out, "hidden: [tide, arc]")


def test_titles_captions_and_alternative_texts_are_those_of_the_artist(tmp_path, out):
    work = id_of(out, "arc-0.png")
    words = {"titles": "Nocturne", "captions": "First.\n\nSecond.", "alt": "A dark field."}
    build(tmp_path, out, json.dumps({key: {work[:7]: text} for key, text in words.items()}))
    wall = Tags(tmp_path / "site" / "index.html")
    assert "Nocturne" in wall.text
    assert "Arc" in wall.text
    (address,) = [one["page"] for one in data_of(tmp_path / "site")["works"] if one["id"] == work]
    page = Tags(tmp_path / "site" / address)
    assert "Nocturne" in page.text
    assert "First." in page.text
    assert page.all("img")[0]["alt"] == "A dark field."


def test_maker_and_licence_of_the_gallery_stand_where_a_work_says_none(tmp_path, out, render):
    render(out / "own.png", creator="Ada", key="own")
    build(tmp_path, out, "creator: Jane\nlicence: CC BY 4.0")
    creators = [
        re.search(r'By</th><td dir="auto">(\w+)', page.read_text())[1] for page in (tmp_path / "site/works").iterdir()
    ]
    assert sorted(creators) == ["Ada", *["Jane"] * 6]


def test_colours_of_the_theme_come_last_in_the_style_sheet(tmp_path, out):
    build(tmp_path, out, "theme: {ground: ivory, dark: {ink: '#abcdef'}}")
    theme = (tmp_path / "site" / "style.css").read_text().rpartition(":root")[2]
    assert "--ground: light-dark(#fffff0, var(--night-ground))" in theme
    assert "--ink: light-dark(var(--day-ink), #abcdef)" in theme


def test_a_faulty_settings_file_leaves_the_old_site_whole(tmp_path, out):
    build(tmp_path, out, "title: Good")
    with pytest.raises(UsageError, match=r"gallery\.yaml:1:1"):
        build(tmp_path, out, "titel: Bad")
    assert "<title>Good</title>" in (tmp_path / "site" / "index.html").read_text()


def test_the_wall_goes_on_over_pages_and_each_work_leads_back_to_its_own(tmp_path, out, monkeypatch):
    monkeypatch.setattr(hanging, "PAGE_SIZE", 2)
    build_site(out, tmp_path / "site")
    walls = [tmp_path / "site" / name for name in ("index.html", "page-2.html", "page-3.html")]
    hung = [cards(wall) for wall in walls]
    assert [len(each) for each in hung] == [2, 2, 2]
    assert len({one for each in hung for one in each}) == 6
    ways = [[link["href"] for link in Tags(wall).all("a") if link.get("rel") == "next"] for wall in walls]
    assert ways == [["page-2.html"], ["page-3.html"], []]
    assert [section["id"] for section in Tags(walls[1]).all("section")[1:]] == ["arc", "tide"]
    assert "continued" in Tags(walls[1]).text
    for page in (tmp_path / "site" / "works").iterdir():
        (up,) = [link["href"] for link in Tags(page).all("a") if link.get("rel") == "up"]
        address, _, anchor = up.removeprefix("../").partition("#")
        assert anchor.removeprefix("w-") in cards(tmp_path / "site" / address)


def test_the_data_names_every_work_and_its_files(tmp_path, out, render):
    render(out / "loop.mp4", recipe_name="film", title="Film", branch=[
        {"id": "cam", "step": "grad_cam", "version": 1, "settings": {"target": "hand_made"}, "inputs": {}}
    ], readings=[Reading(model="m", before={"hand_made": 0.2}, after={"hand_made": 0.9, "algo": 0.1})])  # fmt: skip
    build_site(out, tmp_path / "site")
    works = data_of(tmp_path / "site")["works"]
    hung = cards(tmp_path / "site" / "index.html")
    assert [work["id"] for work in works] == hung
    for work in works:
        assert (tmp_path / "site" / work["page"]).is_file()
        assert re.fullmatch("#[0-9a-f]{6}", work["tone"])
        for width, _ in work["thumbs"]["sizes"]:
            for file_format in data_of(tmp_path / "site")["thumbFormats"]:
                assert (tmp_path / "site" / f"{work['thumbs']['stem']}-{width}.{file_format}").is_file()
    (film,) = [work for work in works if work["kind"] == "film"]
    assert (tmp_path / "site" / film["film"]).is_file()
    assert (film["classes"], film["probability"], film["seconds"]) == (["hand_made"], 0.9, 0.6)


def test_what_the_network_saw_stands_before_and_after(tmp_path, render):
    readings = [
        Reading(model="hand_vs_algo", before={"hand": 0.25, "algo": 0.75}, after={"hand": 0.995, "algo": 0.005})
    ]
    render(tmp_path / "out" / "a.png", readings=readings)
    build_site(tmp_path / "out", tmp_path / "site")
    (page,) = (tmp_path / "site" / "works").iterdir()
    rows = re.search(r'<section class="readings">.*?</section>', page.read_text(), re.DOTALL)[0]
    told = [re.sub("<[^>]*>", "", cell) for cell in re.findall(r"<td>(.*?)</td>", rows, re.DOTALL)]
    assert told == ["25%", "&gt;99%", "75%", "&lt;1%"]


def test_hostile_words_end_no_script(tmp_path, render):
    render(tmp_path / "out" / "a.png", title=HOSTILE, description=HOSTILE, creator=HOSTILE, licence=HOSTILE)
    (tmp_path / "out" / "gallery.yaml").write_text(json.dumps({"title": HOSTILE, "statement": HOSTILE}))
    build_site(tmp_path / "out", tmp_path / "site", base_url="https://example.org")
    assert data_of(tmp_path / "site")["works"][0]["title"] == HOSTILE
    for page in (tmp_path / "site").rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert text.count("<script") == 2
        told = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)[1])
        assert told["name"].startswith(HOSTILE.strip())


def test_the_steps_on_the_way_change_no_name_in_a_series(tmp_path, render):
    for output in ("source", "heat"):
        render(tmp_path / "out" / f"{output}.png", output=output, shade=len(output) / 9)
    render(tmp_path / "out" / "glow.png", output="glow", variant={"step": 1}, shade=0.3)
    names = {work["name"] for work in data_of(build_site(tmp_path / "out", tmp_path / "site").folder)["works"]}
    assert names == {"Print: heat", "Print: source", "step 1"}


def test_works_of_two_outputs_have_names_that_tell_them_apart(tmp_path, render):
    for output in ("dream", "cloth"):
        for step in range(2):
            render(tmp_path / "out" / f"{output}{step}.png", shade=step, output=output, variant={"step": step})
    render(tmp_path / "out" / "dream2.png", output="dream", variant={"step": 2}, shade=0.7)
    site = build_site(tmp_path / "out", tmp_path / "site").folder
    names = {work["name"] for work in data_of(site)["works"]}
    assert names == {"Dream, step 0", "Dream, step 1", "Cloth, step 0", "Cloth, step 1", "Dream, step 2"}
