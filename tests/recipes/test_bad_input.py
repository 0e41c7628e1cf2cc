"""Hostile and hopeless recipes: each is refused in a moment, at its line, with the way out."""

from __future__ import annotations

import re
import time

import pytest

from artforge.core.errors import RecipeError
from artforge.recipes.check import check_file, check_recipe
from artforge.recipes.trust import Trust
from artforge.recipes.variants import count_variants, expand_variants, spread_variants

GOOD = """\
artforge: 1
params:
  share: {type: float, min: 0, max: 1, default: 0.5}
steps:
  art: [{load: {path: one.png}}]
  mix: [$art, {blend: {base: $art, opacity: $share}}]
outputs: {still: {from: $mix}}
"""


@pytest.fixture
def told(studio):
    """`told(text)` is what is said of a recipe, which must be said within two seconds."""

    def check(text: str, trust: Trust | None = None) -> str:
        started = time.process_time()
        with pytest.raises(RecipeError) as caught:
            check_recipe(text, str(studio / "r.yaml"), trust=trust)
        assert time.process_time() - started < 2
        return str(caught.value)

    return check


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("=9**9**9", "an exponent of 387420489"),
        ("=2**1000000", "an exponent of 1000000"),
        ("=1e308*10", "is not finite"),
        ("=share.real", "only numbers, names"),
        ("=().__class__.__mro__", "only numbers, names"),
        ("=__import__('os')", "unknown function '__import__'"),
        ("=share[0]", "only numbers, names"),
        ("=[i for i in (1,2)]", "only numbers, names"),
        ("=(lambda: 1)()", "only numbers, names"),
        ("='a'*999999", "only numbers, names"),
        ("=" + "-" * 300 + "1", "at most 40 operations inside each other"),
        ("=" + "1+" * 400 + "1", "at most 500 are read"),
        ("=" + "9" * 400 + "**9", ""),
        ("=max(" * 60 + "1,1" + ",1)" * 60, ""),
        ("=1//0", "has no value"),
        ("=sqrt(-1)", "has no value"),
        ("=0x7f and 1", "only numbers, names"),
        ("=true", "unknown name 'true'"),
        ("=True", "a truth is not a number"),
        ("=1j", "only numbers, names"),
        ("=share if share else 1", "only numbers, names"),
    ],
)
def test_expression_that_would_never_end_or_reaches_out_is_refused_at_its_place(told, expression, message):
    quoted = expression.replace('"', "'")
    found = told(GOOD.replace("opacity: $share", f'opacity: "{quoted}"'))
    assert re.search(r"r\.yaml:6:\d+: error: ", found)
    assert message in found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("$art, {blend", "$mix, {blend"), "6:3: error: a circle: mix -> mix"),
        (GOOD.replace("$art, {blend", "$lost, {blend"), "6:9: error: unknown reference '$lost'"),
        (GOOD + "params: {}\n", "8:1: error: 'params' stands here twice (first on line 2)"),
        (GOOD.replace("  art:", "\tart:"), "5:1: error: not YAML"),
        (GOOD.replace("  art:", "\tart:"), "indent with spaces, not tabs"),
        (
            GOOD.replace("outputs: {still: {from: $mix}}", "outputs: {still: {from: $mix, size: 0px}}"),
            "7:37: error: size is",
        ),
        (GOOD.replace("from: $mix", "from: $mix, size: 100000px"), "a long edge from 16px to 32768px"),
        (GOOD.replace("from: $mix", "from: $mix, size: 0"), "7:37: error: size is 'native' or a long edge"),
        (GOOD.replace("from: $mix", "from: $mix, size: -5px"), "7:37: error: size is 'native' or a long edge"),
        (
            GOOD.replace("path: one.png", "path: one.png, long_edge: 0"),
            "load.long_edge: 0 is out of range",
        ),
        (
            GOOD.replace("path: one.png", "path: one.png, long_edge: 100000"),
            "load.long_edge: 100000 is out",
        ),
        (GOOD.replace("0.5}", ".nan}"), "3:49: error"),
        (GOOD + "timeline: {duration: 1e9s}\n", "8:22: error: duration is seconds"),
        (GOOD + "timeline: {duration: 4s, fps: 1e9}\n", "fps is a number above 0, at most 240"),
        (GOOD + "seed: -1\n", "8:7: error: seed is a whole number"),
        (GOOD + "seed: 99999999999999999999999\n", "8:7: error: seed is a whole number"),
        (GOOD + "sweep: {share: {from: 0, to: 1, count: 2000000}}\n", "count is a whole number from 2 to 1000000"),
        (
            GOOD + "sweep: {share: {from: 0, to: 1, count: 9999}, seed: {count: 9999}}\n",
            "99,980,001 variants; at most 10,000,000",
        ),
        (GOOD + "sweep: {seed: {from: 0, to: 9000000000}}\n", "9,000,000,001 seeds"),
        (GOOD + "sweep: {seed: {from: 5, to: 2}}\n", "to is a whole number from 5"),
        (GOOD + "sweep: {}\n", "a sweep names at least one param"),
        (GOOD + "sweep: {mode: zip}\n", "a sweep names at least one param"),
        (GOOD + "ops: 3\n", "8:6: error: ops names Python files"),
        (GOOD + "ops: ./lost.py\n", "8:6: error: there is no file './lost.py'"),
        ("[" * 5000, "nested too deeply"),
        (GOOD + "description: " + "[" * 60 + "]" * 60 + "\n", "nested too deeply"),
        ("{a: " * 900 + "}" * 900, "nested too deeply"),
        (
            "a: &a [1]\nb: &b [*a, *a]\n" + "".join(f"c{n}: &c{n} [*b, *b, *b]\n" for n in range(300)),
            "anchors and aliases",
        ),
        ("artforge: 1\nsteps: !!python/object/apply:os.system ['true']\n", "2:8: error: the tag"),
        ("artforge: 1\n? [a, b]\n: 1\n", "a key must be a plain word"),
        ("%YAML 1.1\n---\nartforge: 1\n--- \nb: 2\n", "not YAML"),
    ],
)
def test_recipe_that_cannot_be_is_told_at_its_line(told, text, message):
    assert message in told(text)


def test_recipe_of_ten_megabytes_is_refused_without_being_read(studio):
    path = studio / "large.yaml"
    path.write_text(GOOD + "# " + "x" * 10_000_000 + "\n")
    started = time.process_time()
    with pytest.raises(RecipeError, match=r"a recipe of 10,000,[0-9]+ bytes: at most 200,000 are read"):
        check_file(path)
    assert time.process_time() - started < 0.2


def test_recipe_that_is_a_folder_or_a_pipe_is_no_recipe(studio):
    with pytest.raises(RecipeError, match="no such recipe file"):
        check_file(studio / "net")


def test_recipe_of_hundreds_of_faults_is_not_looked_at_to_the_end(told):
    many = "".join(f"  x{number}: [$nope{number}]\n" for number in range(400))
    faults = told(GOOD.replace("outputs:", f"{many}outputs:"))
    assert faults.count(": error: ") == 200
    assert faults.endswith("200 faults; more are sought once these are mended")


MILLION = GOOD.replace("outputs:", "sweep: {share: {from: 0, to: 1, count: 1000}, seed: {from: 1, to: 1000}}\noutputs:")


def test_a_million_variants_are_counted_and_checked_by_a_spread_in_a_moment(studio):
    from artforge.recipes.overrides import Overrides

    started = time.process_time()
    recipe = check_recipe(MILLION, str(studio / "r.yaml")).recipe
    assert count_variants(recipe, Overrides()) == 1_000_000
    spread = spread_variants(recipe, Overrides())
    assert time.process_time() - started < 2
    assert len(spread) < 1000
    assert {variant.params["share"] for variant in spread} >= {0.0, 1.0}
    assert {variant.seed for variant in spread} >= {1, 1000}
    assert count_variants(recipe, Overrides(seed=4)) == 1000
    assert count_variants(recipe, Overrides({"share": 0.5}, seed=4)) == 1


def test_a_fault_at_the_end_of_a_very_long_axis_is_found(told):
    assert "outside [0, 1]" in told(MILLION.replace("to: 1, count: 1000", "to: 2, count: 1000"))
    assert "blend.opacity: 2 is out" in told(
        MILLION.replace("max: 1", "max: 2").replace("to: 1, count: 1000", "to: 2, count: 1000")
    )


def test_number_of_variants_is_that_of_the_variants(studio):
    from artforge.recipes.overrides import Overrides

    text = GOOD + "sweep: [{share: [0, 1], seed: [1, 2, 3]}, {mode: zip, share: [0.2, 0.4], seed: [8, 9]}]\n"
    recipe = check_recipe(text, str(studio / "r.yaml")).recipe
    variants = expand_variants(recipe, Overrides())
    assert count_variants(recipe, Overrides()) == len(variants) == 8
    assert [(variant.params["share"], variant.seed) for variant in variants[-2:]] == [(0.2, 8), (0.4, 9)]


@pytest.mark.parametrize(
    ("sweep", "seeds"),
    [("[3, 1]", [3, 1]), ("{from: 2, to: 4}", [2, 3, 4]), ("{from: 2, count: 2}", [2, 3]), ("{count: 2}", [0, 1])],
)
def test_seeds_are_swept_as_a_list_a_range_or_a_number(studio, sweep, seeds):
    from artforge.recipes.overrides import Overrides

    recipe = check_recipe(GOOD + f"sweep: {{seed: {sweep}}}\n", str(studio / "r.yaml")).recipe
    assert [variant.seed for variant in expand_variants(recipe, Overrides())] == seeds


# -- a recipe from a picture ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (GOOD.replace("one.png", "../one.png"), "5:23"),
        (GOOD.replace("one.png", "/etc/passwd"), "5:23"),
        (GOOD.replace("one.png", "'C:\\\\x.png'"), "5:23"),
        (GOOD.replace("one.png", "'..\\\\..\\\\x.png'"), "5:23"),
        (GOOD.replace("steps:", "  image: {type: image, default: ../..}\nsteps:"), "4:33"),
        (GOOD.replace("steps:", "  image: {type: folder, default: ..}\nsteps:"), "4:34"),
        (GOOD.replace("steps:", "  net: {type: model, default: ../net/model.keras}\nsteps:"), "4:31"),
        (GOOD + "extends: ../other.yaml\n", "8:10"),
        (GOOD + "ops: ../my_ops.py\n", "8:6"),
    ],
)
def test_path_that_leaves_the_project_is_refused_in_a_stranger_s_recipe_at_its_line(told, studio, text, place):
    found = told(text, Trust.of_stranger(studio, ops=True))
    assert f"r.yaml:{place}: error: " in found
    assert "leads out of the project" in found or "no picture" in found


def test_stranger_s_recipe_runs_no_python_unless_it_may(told, studio):
    (studio / "own.py").write_text("raise SystemExit('it ran')\n")
    found = told(GOOD + "ops: own.py\n", Trust.of_stranger(studio))
    assert "8:6: error: own.py is Python that a recipe from a picture wants to run: allow it by --trust-ops" in found


def test_stranger_s_recipe_within_the_project_is_good(studio):
    check_recipe(GOOD, str(studio / "r.yaml"), trust=Trust.of_stranger(studio))


def test_link_that_leads_out_of_the_project_is_refused(told, studio, tmp_path_factory, paint):
    from artforge.core.pictures import write_png

    outside = tmp_path_factory.mktemp("outside") / "secret.png"
    write_png(outside, paint(3))
    (studio / "link.png").symlink_to(outside)
    assert "leads out of the project" in told(GOOD.replace("one.png", "link.png"), Trust.of_stranger(studio))


def test_of_a_line_of_many_characters_only_those_around_the_fault_are_shown(told):
    many = ", ".join(f"key{number}: {number}" for number in range(5000))
    said = told(GOOD.replace("base: $art", f"base: $nix, {many}"))
    first, line, carets = said.splitlines()[:3]
    assert "unknown reference '$nix'" in first
    assert len(line) < 200
    assert line.endswith("…")
    assert line[carets.index("^") : carets.rindex("^") + 1] == "$nix"
    behind = told(GOOD.replace("base: $art", f"base: {' ' * 5000}$nix"))
    _, line, carets = behind.splitlines()[:3]
    assert "… " in line
    assert line[carets.index("^") : carets.rindex("^") + 1] == "$nix"
