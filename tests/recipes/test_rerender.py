"""A work is made again from the file alone: the same bytes, or what differs by name; a stranger's recipe is kept in."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

from artforge.core.errors import PictureError, RecipeError, UsageError
from artforge.core.files import sha256_of
from artforge.core.formats.metadata import read_label
from artforge.core.formats.stills import write_still
from artforge.core.formats.xmp import Label
from artforge.core.pictures import read_picture, write_png
from artforge.core.provenance import Ingredient, Provenance, label_of_work, read_provenance, sidecar_path
from artforge.recipes.cache import Cache
from artforge.recipes.check import check_file
from artforge.recipes.comparison import compare_works
from artforge.recipes.ingredients import find_ingredients
from artforge.recipes.overrides import Overrides, parse_overrides
from artforge.recipes.plan import PREVIEW_SCALE, Planner
from artforge.recipes.render import Renderer
from artforge.recipes.reporting import Reporter
from artforge.recipes.rerender import Request, rerender

BODY = """\
creator: Jane Doe
rights: (c) 2026 Jane Doe
licence: by agreement
timeline: {duration: 4f, fps: 4, loop: true}
steps:
  art:
    - load: {path: $image, long_edge: 256}
  other:
    - load: {path: more/../two.png, long_edge: 256}
  unused:
    - load: {path: spare.png}
  glow:
    - $other
    - blend: {base: $art, opacity: "=intensity/2"}
  tide:
    - $other
    - blend: {base: $art, opacity: {keys: {0%: 0, 50%: 1}}}
sweep:
  intensity: [0.5, 1]
outputs:
  still: {from: $glow, formats: [png, jpeg]}
  sheet: {from: $glow, per: sweep, cell: 48px}
  loop: {from: $tide, per: recipe, formats: [gif, webm]}
  never: {from: $unused, per: recipe}
"""


class Quiet(Reporter):
    """A reporter that does nothing."""


@pytest.fixture
def render(tmp_path, studio, paint):
    """`render(path, scale, **params)` gives the finished files by name without their hash."""
    write_png(studio / "spare.png", paint(4))

    def run(path, scale=1.0, metadata=True, places=None, **params):
        overrides = Overrides(params, places=places or {})
        planner = Planner(check_file(path, overrides), overrides, scale)
        done = Renderer(planner, tmp_path / "out", Cache(tmp_path / "store"), metadata=metadata).render(Quiet())
        return {each.path.name.rsplit("-", 1)[0] + each.path.suffix: each.path for each in done}

    return run


@pytest.fixture
def again(tmp_path, studio):
    """`again(file, *assignments)` makes a work anew with an empty store, from a folder that has the pictures."""

    def run(file, *assignments, places=(studio,), trust_ops=False, **changes):
        request = Request(file, tmp_path / "again", parse_overrides(list(assignments), None), places, trust_ops)
        return rerender(replace(request, **changes), Cache(tmp_path / "empty"), lambda _: None)

    return run


def with_record(path, record):
    """A small picture that carries a record."""
    write_still(path, np.full((8, 8, 3), 0.5, np.float32), "png", label_of_work(record))
    return path


def test_every_kind_of_work_comes_out_byte_for_byte(write_recipe, render, again, studio, tmp_path):
    write_png(studio / "two.png", np.ascontiguousarray(read_picture(studio / "one.png")[::-1]))
    (studio / "more").mkdir()
    files = render(write_recipe(BODY), image=str(studio / "one.png"))
    alone = tmp_path / "alone"
    alone.mkdir()
    for name in ("still-intensity0.5.png", "still-intensity1.jpg", "sheet.png", "loop.gif", "loop.webm"):
        file = alone / name
        shutil.copyfile(files[name], file)
        made = again(file)
        assert made.identical, name
        assert made.path.name == files[name].name
        assert made.differences == ()


def test_previews_and_whatever_was_set_come_back_as_they_were(write_recipe, render, again, studio):
    header = (
        "artforge: 1\ntitle: T\nparams: {image: {type: image, default: gone.png}, m: {type: float, default: 0.1}}\n"
    )
    body = """\
    steps: {art: [{load: {path: $image, long_edge: 64}}, {mat: {margin: $m}}]}
    outputs: {still: {from: $art}}
    """
    recipe = write_recipe(body, header=header)
    files = render(recipe, PREVIEW_SCALE, image=str(studio / "one.png"), m="0.4", places={"title": "Other"})
    assert again(files["still.png"]).identical
    assert read_provenance(files["still.png"]).title == "Other"


def test_pictures_of_a_folder_of_sources_are_made_again_one_by_one(write_recipe, render, again, studio, paint):
    (studio / "many").mkdir()
    for index in (1, 2):
        write_png(studio / "many" / f"{index}.png", paint(index))
    body = "steps: {art: [{load: {path: $image}}]}\noutputs: {still: {from: $art}}\n"
    files = render(write_recipe(body, header="artforge: 1\nparams: {image: {type: image, default: many}}\n"))
    assert again(files["still-2.png"], places=(studio / "many",)).identical


def test_work_is_made_with_another_value_or_picture(write_recipe, render, again, studio, paint):
    files = render(write_recipe(BODY.replace("more/../", "")))
    write_png(studio / "three.png", paint(3))
    louder = again(files["still-intensity1.png"], "intensity=0.5")
    assert not louder.identical
    assert read_provenance(louder.path).params["intensity"] == 0.5
    np.testing.assert_array_equal(read_picture(louder.path), read_picture(files["still-intensity0.5.png"]))
    other = again(files["still-intensity1.png"], f"image={studio / 'three.png'}")
    assert read_provenance(other.path).params["image"] == "three.png"
    assert {one.name for one in read_provenance(other.path).ingredients} == {"three.png", "two.png"}


def test_what_cannot_be_set_is_refused_with_its_reason(write_recipe, render, again):
    file = render(write_recipe(BODY.replace("more/../", "")))["still-intensity1.png"]
    for assignment, expected in (
        ("intensty=1", "did you mean 'intensity'"),
        ("intensity=9", r"outside \[0, 2\]"),
        ("image=none.png", "none.png"),
    ):
        with pytest.raises(UsageError, match=expected):
            again(file, assignment)


def test_missing_ingredient_is_named_and_another_content_is_told(write_recipe, render, again, studio, paint, tmp_path):
    file = render(write_recipe(BODY.replace("more/../", "")))["still-intensity1.png"]
    sha256 = read_provenance(file).ingredients[0].sha256
    with pytest.raises(PictureError, match=rf"not found: one\.png \(picture, sha256 {sha256[:12]}\), .*--ingredients"):
        again(file, places=())
    write_png(studio / "one.png", paint(8))
    made = again(file)
    assert not made.identical
    assert made.same_pixels is False
    assert any("picture one.png has another content" in told for told in made.differences)


def test_versions_that_differ_are_named(write_recipe, render, again, studio):
    file = render(write_recipe(BODY.replace("more/../", "")))["still-intensity1.png"]
    record = read_provenance(file)
    branch = [node.model_copy(update={"version": 99}) for node in record.branch]
    packages = {**record.packages, "numpy": "0.1", "artnet": "7"}
    changed = record.model_copy(update={"artforge": "0.0.1", "branch": branch, "packages": packages})
    write_still(studio / "old.png", read_picture(file), "png", label_of_work(changed))
    made = again(studio / "old.png")
    assert not made.identical
    assert made.same_pixels
    told = "\n".join(made.differences)
    for expected in ("artforge is", "numpy is", "artnet is not installed here, was 7", "step blend is version"):
        assert expected in told


@pytest.mark.parametrize("ending", ["svg", "pdf"])
def test_drawing_in_other_bytes_is_known_for_the_same(write_recipe, render, again, ending):
    body = f"""\
    steps: {{lines: [{{load: {{path: $image}}}}, darkness, normalize, {{isolines: {{num_levels: 3, page: A6}}}}]}}
    outputs: {{still: {{from: $lines, formats: [{ending}]}}}}
    """
    file = render(write_recipe(body), places={"title": "Other"})[f"still.{ending}"]
    assert again(file).identical
    made = again(file, "title=Third")
    assert not made.identical
    assert made.same_pixels
    made = again(file, "steps.lines.isolines.num_levels=2")
    assert not made.same_pixels
    assert made.shown.told[0].startswith("layer '1 #1b1b1f 0.3 mm', ")


def test_work_that_is_damaged_behind_its_record_is_made_anew(write_recipe, render, again, studio):
    file = render(write_recipe(BODY.replace("more/../", "")))["still-intensity1.png"]
    damaged = studio / "damaged.png"
    damaged.write_bytes(file.read_bytes()[:-2000])
    made = again(damaged)
    assert made.path.read_bytes() == file.read_bytes()
    assert (made.identical, made.same_pixels) == (False, None)
    assert "damaged or cut short" in made.differences[0]


def test_where_all_that_is_recorded_is_the_same_an_edit_is_thought_of(write_recipe, render, again, studio):
    file = render(write_recipe(BODY.replace("more/../", "")))["still-intensity1.png"]
    edited = studio / "edited.png"
    edited.write_bytes(file.read_bytes() + b"more")
    made = again(edited)
    assert made.same_pixels
    (told,) = made.differences
    assert "the file was edited since, or made on another machine" in told


def test_sidecar_stands_in_for_a_record_that_was_lost(write_recipe, render, again):
    file = render(write_recipe(BODY.replace("more/../", "")))["still-intensity1.png"]
    expected = read_provenance(file)
    write_png(file, read_picture(file))  # as an editor does that keeps no metadata
    assert read_label(file) == Label()
    assert read_provenance(file) == expected
    assert not again(file).identical


def test_work_never_takes_the_place_of_the_one_it_is_made_from(write_recipe, render, again):
    file = render(write_recipe(BODY.replace("more/../", "")))["still-intensity1.png"]
    before = file.read_bytes()
    with pytest.raises(UsageError, match="stays as it is"):
        again(file, out=file.parent)
    assert file.read_bytes() == before


def test_model_is_found_by_its_weights_whatever_its_folder_is_called_now(tmp_path):
    weights = tmp_path / "nets" / "renamed" / "model.keras"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"weights")
    (tmp_path / "nets" / "mine").mkdir()
    (tmp_path / "nets" / "mine" / "model.keras").write_bytes(b"trained on")
    exact = Ingredient(role="model", name="mine", sha256=sha256_of(weights))
    (found,), missing = find_ingredients([exact], tmp_path, [tmp_path / "nets"])
    assert (found.path, found.exact, missing) == (weights, True, [])
    weights.write_bytes(b"gone")
    (found,), _ = find_ingredients([exact], tmp_path, [tmp_path / "nets"])
    assert (found.path.parent.name, found.exact) == ("mine", False)
    (found,), _ = find_ingredients([exact.model_copy(update={"name": "hand_vs_algo"})], tmp_path, [])
    assert not found.exact


# -- what strangers write --------------------------------------------------------------------------------------------


@pytest.fixture
def stranger(write_recipe, render, studio):
    """`stranger(text, **changes)` is a picture whose record holds a recipe of somebody else."""
    record = read_provenance(render(write_recipe(BODY.replace("more/../", "")))["still-intensity1.png"])

    def make(text, **changes):
        changes = {"recipe_text": text, "output": "still", "variant": {}, "params": {}, "ingredients": [], **changes}
        return with_record(studio / "stranger.png", record.model_copy(update=changes))

    return make


ONE_STEP = "artforge: 1\nsteps: {{art: [{{load: {{path: {}}}}}]}}\noutputs: {{still: {{from: $art}}}}\n"


@pytest.mark.parametrize("path", ["/etc/hostname", "../../../../../../../../etc/hostname", "C:/x.png", "gone.png"])
def test_recipe_of_a_stranger_reads_nothing_that_was_not_laid_out(stranger, again, path):
    with pytest.raises(RecipeError, match=r"stranger\.png: tide\.yaml:\d+:\d+: error: .*(leads out|there is no)"):
        again(stranger(ONE_STEP.format(path)))


def test_recipe_of_a_stranger_runs_python_only_where_it_is_trusted(stranger, again, studio, tmp_path):
    ran = tmp_path / "ran"
    (studio / "ops.py").write_text(
        f"from pathlib import Path\nfrom artforge.core.steps import step\nfrom artforge.core.values import Image\n"
        f"Path({str(ran)!r}).touch()\n"
        "@step('invert', version=1)\n"
        "def invert(image: Image) -> Image:\n    '''Light for dark.'''\n    return 1 - image\n"
    )
    source = "embedded:hand_made/watercolour/3"
    text = (
        "artforge: 1\nops: ops.py\n"
        f"steps: {{art: [{{load: {{path: '{source}'}}}}, invert]}}\noutputs: {{still: {{from: $art}}}}\n"
    )
    with pytest.raises(RecipeError, match="allow it by --trust-ops"):
        again(stranger(text))
    assert not ran.exists()
    assert again(stranger(text), trust_ops=True).path.is_file()
    assert ran.exists()


@pytest.mark.parametrize(
    ("text", "changes", "error", "expected"),
    [
        ("[" * 5000, {}, RecipeError, "nested too deeply"),
        ("- a list", {}, PictureError, "not a mapping"),
        ("artforge: 1", {}, PictureError, "no output 'still'"),
        ("a: 1\na: 2", {}, PictureError, "no output 'still'"),
        (ONE_STEP.format("x"), {"output": "../../x"}, PictureError, "no output"),
        (ONE_STEP.format("x" * 300_000), {}, RecipeError, "at most 200,000"),
        (ONE_STEP.format("/".join([".."] * 40)), {}, UsageError, "40 folders up"),
        (
            ONE_STEP.format("'embedded:hand_made/watercolour/3'")
            + "params: {k: {type: int, default: 0}}\nsweep: {k: {from: 0, to: 4999, count: 5000}}\n",
            {},
            UsageError,
            "variants, and at most",
        ),
    ],
)
def test_recipes_that_lead_nowhere_are_refused_at_once(stranger, again, text, changes, error, expected):
    with pytest.raises(error, match=expected):
        again(stranger(text, **changes))


def test_names_of_ingredients_lead_to_no_other_folder(stranger, again, studio):
    (studio.parent / "secret.png").write_bytes((studio / "one.png").read_bytes())
    for name in ("../secret.png", str(studio / "one.png"), "..", "a\0b", ""):
        wanted = {"role": "picture", "name": name, "sha256": "0" * 64}
        record = Provenance.model_validate({**read_provenance(stranger(ONE_STEP.format("x.png"))).model_dump()})
        changed = Provenance.model_validate({**record.model_dump(), "ingredients": [wanted]})
        with pytest.raises(PictureError, match="not found"):
            again(with_record(studio / "b.png", changed))


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("", "carries no record of artforge"),
        ("[" * 100_000, "not one of artforge"),
        ('{"artforge": "1"}', "not one of artforge"),
        ("{" + '"a": {' * 5000, "not one of artforge"),
        ("\\u0000", "not one of artforge"),
    ],
)
def test_record_that_is_none_is_refused(tmp_path, record, expected):
    path = tmp_path / "a.png"
    write_still(path, np.zeros((4, 4, 3), np.float32), "png", Label(title="x", record=record))
    with pytest.raises(PictureError, match=f"a.png: .*{expected}"):
        read_provenance(path)


def test_record_of_more_than_ten_million_characters_is_not_read(tmp_path):
    write_png(tmp_path / "a.png", np.zeros((4, 4, 3), np.float32))
    sidecar_path(tmp_path / "a.png").write_text(" " * 10_000_001)
    with pytest.raises(PictureError, match="more than the 10,000,000"):
        read_provenance(tmp_path / "a.png")


# -- two works side by side ------------------------------------------------------------------------------------------


def test_two_works_are_told_apart_by_recipe_and_pixels(write_recipe, render):
    files = render(write_recipe(BODY.replace("more/../", "")))
    found = compare_works(files["still-intensity0.5.png"], files["still-intensity1.png"])
    changes = {change.what: (change.before, change.after) for change in found.changes}
    assert changes["param intensity"] == ("0.5", "1")
    assert changes["step glow.blend: opacity"] == ("0.25", "0.5")
    before, after = (read_picture(files[f"still-intensity{name}.png"]) for name in ("0.5", "1"))
    assert found.shown.largest == pytest.approx(np.abs(before - after).max() * 255, rel=1e-5)
    assert found.shown.mean == pytest.approx(np.abs(before - after).mean() * 255, rel=1e-5)
    np.testing.assert_allclose(found.shown.picture, np.abs(before - after) / np.abs(before - after).max(), rtol=1e-5)
    assert found.recipe == []


def test_recipes_are_compared_line_by_line_and_films_frame_by_frame(write_recipe, render):
    body = BODY.replace("more/../", "")
    first = render(write_recipe(body))
    kept = first["loop.webm"].with_name("first.webm")
    shutil.copyfile(first["loop.webm"], kept)
    second = render(write_recipe(body.replace("50%: 1", "50%: 0.5")))
    found = compare_works(kept, second["loop.webm"])
    assert any(line.startswith("-") and "50%: 1" in line for line in found.recipe)
    assert found.shown.largest > 10
    assert compare_works(kept, kept).shown.largest == 0


def test_pictures_of_others_and_of_other_sizes_are_compared_as_far_as_they_can(write_recipe, render, studio, paint):
    file = render(write_recipe(BODY.replace("more/../", "")))["still-intensity1.png"]
    write_png(studio / "foreign.png", paint(5, 20, 30))
    found = compare_works(file, studio / "foreign.png")
    assert found.shown.mean is None
    assert found.shown.sizes[1] == (20, 30)
    assert "carries no record" in found.notes[0]
