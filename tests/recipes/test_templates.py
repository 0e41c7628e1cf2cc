"""Text templates fill in known names and nothing else."""

from __future__ import annotations

import pytest

from artforge.recipes.templates import fill_template, template_fault


def test_names_are_filled_in_with_their_format():
    assert (
        fill_template("at {intensity:.2f} of {layer} {{}}", {"intensity": 0.5, "layer": "conv4"})
        == "at 0.50 of conv4 {}"
    )


@pytest.mark.parametrize(
    "text", ["{layr}", "{layer.__class__}", "{layer[0]}", "{layer!r}", "{layer:{width}}", "{", "{}", "{0}"]
)
def test_anything_but_a_known_name_is_refused(text):
    assert template_fault(text, {"layer": "conv4", "width": 3}) is not None


def test_misspelt_name_is_answered_with_the_nearest():
    assert "did you mean 'layer'" in str(template_fault("{layr}", {"layer": "conv4"}))


@pytest.mark.parametrize("text", ["{word:.2f}", "{width:zz}", "{width:999999999}", "{width:.99999999f}"])
def test_format_that_does_not_suit_or_would_fill_the_memory_is_refused(text):
    assert template_fault(text, {"word": "plain", "width": 3}) is not None
