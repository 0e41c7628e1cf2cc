"""The foot of a contact sheet tells what its cells share and between what they differ."""

from __future__ import annotations

import pytest

from artforge.core.pictures import read_picture
from artforge.recipes.artifacts import plan_artifacts
from artforge.recipes.cache import Cache
from artforge.recipes.check import check_file
from artforge.recipes.overrides import Overrides
from artforge.recipes.plan import Planner
from artforge.recipes.provenance import build_provenance
from artforge.recipes.render import Renderer
from artforge.recipes.reporting import Reporter
from artforge.recipes.sheet_legend import legend_of

MATTED = """\
params:
  image: {type: image, default: one.png}
  edge:  {type: float, default: 0.1}
  color: {type: colour, default: ivory}
seed: 7
sweep: SWEEP
steps:
  art: [load: {path: $image}, mat: {margin: $edge, color: $color}]
outputs:
  sheet: {from: $art, per: sweep, formats: [png], cell: 64px}
"""
SEEN = """\
params:
  layer: {type: layer, default: conv1}
sweep: {layer: [conv1, conv2]}
steps:
  art: [load: {path: "embedded:hand_made/ink_brush/7", long_edge: 40}]
  seen: [grad_cam: {model: net, image: $art, layer: $layer}, normalize, colorize]
outputs:
  sheet: {from: $seen, per: sweep, formats: [png]}
"""


class Listening(Reporter):
    """A reporter that keeps what it is told."""

    def __init__(self):
        self.notices = []

    def noticed(self, message):
        self.notices.append(message)


def planner_of(path, **places):
    overrides = Overrides({}, places=places)
    return Planner(check_file(path, overrides), overrides)


def legend(path):
    planner = planner_of(path)
    [artifact] = plan_artifacts(planner)
    return legend_of(build_provenance(planner, artifact, (1, 1)))


@pytest.mark.parametrize(
    ("sweep", "told"),
    [
        ("{edge: [0, 0.25, 1]}", ("edge", "0, 0.25, 1")),
        ("{edge: {from: 0.5, to: 0, count: 5}}", ("edge", "0 to 0.5 in 5 steps")),
        ("{color: [ivory, tomato]}", ("color", "ivory, tomato")),
        ("{color: [ivory, tomato, teal, navy]}", ("color", "4 values")),
    ],
)
def test_few_values_are_named_numbers_span_a_range_and_others_are_counted(write_recipe, sweep, told):
    path = write_recipe(MATTED.replace("SWEEP", sweep), header="artforge: 1\ntitle: Tide\n")
    entries = legend(path)
    assert entries[:-1] == [("picture", "one.png"), ("seed", "7")]
    assert entries[-1] == told


def test_what_varies_is_not_told_as_common(write_recipe):
    path = write_recipe(
        MATTED.replace("SWEEP", "{seed: [3, 4], image: [one.png, two.png]}"), header="artforge: 1\ntitle: Tide\n"
    )
    assert legend(path) == [("seed", "3, 4"), ("image", "one.png, two.png")]
    drawn = "{image: ['embedded:hand_made/ink_brush/7', 'embedded:algorithmic/truchet/3']}"
    path = write_recipe(MATTED.replace("SWEEP", drawn), header="artforge: 1\ntitle: Tide\n")
    assert [name for name, _ in legend(path)] == ["seed", "image"]


def test_network_and_embedded_picture_are_named(write_recipe):
    path = write_recipe(SEEN, header="artforge: 1\ntitle: Tide\n")
    assert legend(path) == [
        ("model", "net"),
        ("picture", "hand_made/ink_brush/7"),
        ("seed", "0"),
        ("layer", "conv1, conv2"),
    ]


def test_a_sheet_without_labels_has_no_legend_and_one_with_another_seed_another_name(write_recipe, tmp_path):
    path = write_recipe(MATTED.replace("SWEEP", "{edge: [0, 0.5]}"), header="artforge: 1\ntitle: Tide\n")

    def sheet(**places):
        [done] = Renderer(planner_of(path, **places), tmp_path / "out", Cache(tmp_path / "store")).render(Listening())
        return done.path

    told, untold = sheet(), sheet(**{"outputs.sheet.labels": "false"})
    assert read_picture(told).shape[0] > read_picture(untold).shape[0] + 30
    assert sheet(seed="8").name != told.name


def test_letters_that_no_font_has_are_told_with_the_place_of_the_sheet(write_recipe, tmp_path):
    path = write_recipe(MATTED.replace("SWEEP", "{edge: [0, 0.5]}"), header="artforge: 1\ntitle: 日本 Tide\n")
    listening = Listening()
    Renderer(planner_of(path), tmp_path / "out", Cache(tmp_path / "store")).render(listening)
    [notice] = listening.notices
    line = next(number for number, text in enumerate(path.read_text().splitlines(), 1) if "sheet:" in text)
    assert notice.startswith(f"{path}:{line}:")
    assert "warning: output 'sheet': '日本 Tide': neither EB Garamond nor DejaVu Sans has 日 本; left out" in notice
