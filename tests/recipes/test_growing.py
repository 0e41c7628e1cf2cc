"""Recipes that grow pictures on the shipped models: what is stopped goes on, what is dead is named."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
import pytest

from artforge.core.errors import RecipeError
from artforge.core.pictures import read_picture
from artforge.engine.ascent.run import Run
from artforge.recipes.cache import Cache
from artforge.recipes.check import check_file
from artforge.recipes.plan import Planner
from artforge.recipes.render import Renderer
from artforge.recipes.reporting import Reporter

HEAD = "artforge: 1\nseed: 3\n"


class Listening(Reporter):
    """A reporter that keeps what it is told."""

    def __init__(self):
        self.steps, self.notices = [], []

    def working(self, step, share, told):
        self.steps.append((step, share, told))

    def noticed(self, message):
        self.notices.append(message)


@pytest.fixture
def write(tmp_path):
    def save(body):
        path = tmp_path / "grown.yaml"
        path.write_text(HEAD + textwrap.dedent(body), encoding="utf-8")
        return path

    return save


def render(path: Path, folder: Path, store: str = "store", reporter: Listening | None = None) -> list[Path]:
    renderer = Renderer(Planner(check_file(path)), folder, Cache(path.parent / store))
    return [done.path for done in renderer.render(reporter or Listening())]


PATTERN = """
    steps:
      pattern:
        - ascend: {model: hand_vs_algo, layer: conv3, filter: 2, size: 48, num_steps: 6, num_octaves: OCTAVES}
    outputs:
      print: {from: $pattern, per: recipe, formats: [png]}
    """


class KilledError(Exception):
    pass


@pytest.mark.parametrize("octaves", [1, 2])
def test_a_render_that_was_killed_goes_on_to_the_same_bytes_and_leaves_no_state(write, tmp_path, monkeypatch, octaves):
    path = write(PATTERN.replace("OCTAVES", str(octaves)))
    [expected] = render(path, tmp_path / "undisturbed", "another")
    monkeypatch.setattr("artforge.engine.ascent.checkpoint.Checkpoint.is_due", lambda self: True)
    taken = 0
    take_step = Run.take_step

    def interrupted(self, keeper):
        nonlocal taken
        taken += 1
        if taken == 6 * octaves - 1:
            raise KilledError
        return take_step(self, keeper)

    monkeypatch.setattr(Run, "take_step", interrupted)
    with pytest.raises(KilledError):
        render(path, tmp_path / "out")
    states = list((tmp_path / "store").rglob("*.state*"))
    assert len(states) == octaves
    reporter = Listening()
    [found] = render(path, tmp_path / "out", reporter=reporter)
    assert taken == 6 * octaves + 1
    assert reporter.steps[0][1] == pytest.approx((6 * octaves - 1) / (6 * octaves))
    assert found.read_bytes() == expected.read_bytes()
    assert not list((tmp_path / "store").rglob("*.state*"))


def test_a_damaged_state_is_passed_over(write, tmp_path, monkeypatch):
    path = write(PATTERN.replace("OCTAVES", "1"))
    [expected] = render(path, tmp_path / "undisturbed", "another")
    monkeypatch.setattr("artforge.engine.ascent.checkpoint.Checkpoint.is_due", lambda self: True)
    monkeypatch.setattr(Run, "results", lambda self: (_ for _ in ()).throw(KilledError))
    with pytest.raises(KilledError):
        render(path, tmp_path / "out")
    monkeypatch.undo()
    kept = tmp_path / "store"
    for state in kept.rglob("*.state*"):
        state.write_bytes(state.read_bytes()[:100])
    [found] = render(path, tmp_path / "out")
    assert found.read_bytes() == expected.read_bytes()


def test_a_long_step_says_how_far_it_is(write, tmp_path):
    reporter = Listening()
    render(write(PATTERN.replace("OCTAVES", "1")), tmp_path / "out", reporter=reporter)
    assert [step for step, _, _ in reporter.steps] == ["ascend"] * 7
    np.testing.assert_allclose([share for _, share, _ in reporter.steps], [*np.arange(1, 7) / 6, 1])
    assert reporter.steps[0][2].startswith("step 1/6, value ")


def test_what_happened_is_told_with_its_place(write, tmp_path):
    path = write(
        """
        steps:
          surer:
            - ascend: {model: hand_vs_algo, target: hand_made, size: 48, num_steps: 300, until: 0.9}
        outputs:
          print: {from: $surer, per: recipe, formats: [png]}
        """
    )
    reporter = Listening()
    render(path, tmp_path / "out", reporter=reporter)
    [notice] = reporter.notices
    assert notice.startswith(f"{path}:6:7: warning: ascend: the class hand_made: stopped after ")
    assert "the network is sure of hand_made by 90%" in notice


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("layer: conv3, filter: 48", "48"),
        ("layer: conv3, filters: {3: 1, 99: 0.5}", "99"),
        ("layer: conv3, filter: 1, num_steps: 0", r"ascend\.num_steps: 0 is out of range"),
        ("layer: cnov3, filter: 1", "did you mean 'conv3'"),
        ("target: hand", "did you mean 'hand_made'"),
        ("target: hand_made, preset: lucd", r"'lucd' is not one of: .*did you mean 'lucid'"),
        ("target: hand_made, preset: maco, spectrum: nowhere", "there is no folder 'nowhere'"),
        ("target: hand_made, preset: maco, spectrum: empty", "there are no pictures in the folder 'empty'"),
        ("target: hand_made, penalties: {tvv: 1}", "tvv"),
        ("target: hand_made, penalties: {tv: -1}", "out of range"),
        ("target: hand_made, until: 1.5", "out of range"),
    ],
)
def test_what_can_be_known_before_is_known_before(write, tmp_path, settings, told):
    (tmp_path / "empty").mkdir()
    path = write(
        f"""
        steps:
          pattern:
            - ascend: {{model: hand_vs_algo, {settings}}}
        outputs:
          print: {{from: $pattern, per: recipe, formats: [png]}}
        """
    )
    with pytest.raises(RecipeError, match=told):
        check_file(path)


def test_a_picture_grown_from_one_s_own_folder_has_its_palette(write, tmp_path, paint):
    from artforge.core.pictures import write_png

    reddish, bluish = np.float32([1, 0.3, 0.2]), np.float32([0.2, 0.3, 1])
    found = {}
    for name, tint in (("red", reddish), ("blue", bluish)):
        (tmp_path / name).mkdir()
        for number in range(3):
            write_png(tmp_path / name / f"{number}.png", paint(number, 64, 64) * tint)
        path = write(
            f"""
            steps:
              pattern:
                - ascend: {{model: hand_vs_algo, filter: 5, preset: maco, spectrum: {name}, size: 48, num_steps: 4}}
            outputs:
              print: {{from: $pattern, per: recipe, formats: [png]}}
            """
        )
        [file] = render(path, tmp_path / f"out-{name}")
        found[name] = read_picture(file).mean(axis=(0, 1))
    assert found["red"][0] > found["red"][2] + 0.1
    assert found["blue"][2] > found["blue"][0] + 0.1
