"""What must hold between the settings of `ascend`: which of them ask for something only together, or never together."""

from __future__ import annotations

from artforge.core.errors import ChoiceError
from artforge.core.values import PictureFolder
from artforge.engine.ascent.chosen import alone_is_of_a_filter, one_to_grow, output_is_of_a_class
from artforge.engine.ascent.deprocess import FinishName
from artforge.engine.ascent.gradient_scale import GradientScale
from artforge.engine.ascent.presets import PresetName, find_preset
from artforge.engine.ascent.tuning import with_steps
from artforge.engine.attention.targets import ClassTarget


def spectrum_is_for_maco(*, preset: PresetName, like: int, spectrum: PictureFolder | None) -> None:
    """Raise unless a grain and palette of one's own goes to the preset that takes it, and is said once.

    Args:
        preset, spectrum: as `ascend`.
        like: whether there is a picture.

    Raises:
        ChoiceError: the preset is another, or both are given.
    """
    asked = [name for name, given in (("like", like), ("spectrum", spectrum is not None)) if given]
    if asked and preset != "maco":
        raise ChoiceError(f"{asked[0]} is for the preset maco; the preset is {preset}")
    if len(asked) > 1:
        raise ChoiceError("like and spectrum both say whose grain and palette it gets; leave one of them out")


def gradient_is_for_plain_steps(*, preset: PresetName, gradient: GradientScale | None) -> None:
    """Raise unless a scale of the gradient goes to a preset that takes one.

    Raises:
        ChoiceError: its optimiser finds the scale by itself.
    """
    if gradient is not None:
        with_steps(find_preset(preset), gradient, None)


def budget_is_from_a_start(*, start_image: int, budget: float | None, finish: FinishName | None) -> None:
    """Raise unless a budget has a picture that it is the distance from, and that distance is shown.

    Args:
        start_image: whether there is one.
        budget, finish: as `ascend`.

    Raises:
        ChoiceError: there is no start image, or the finish goes further.
    """
    if budget is not None and finish in ("contrast", "stretch"):
        raise ChoiceError(
            f"a picture that is held to a budget is shown as it is: finish: {finish} would take it further from its "
            "start. Leave finish out, or budget"
        )
    if budget is not None and not start_image:
        raise ChoiceError("a budget is the distance from a start image: let one flow in, or leave budget out")


def until_is_of_one_class(*, until: float | None, target: ClassTarget | None) -> None:
    """Raise unless there is one class where the network is to be sure of it.

    Raises:
        ChoiceError: there is none, or several.
    """
    if until is not None and not isinstance(target, str):
        raise ChoiceError("until is the probability of one class: say which as target")


def octaves_are_from_noise(*, start_image: int, num_octaves: int) -> None:
    """Raise unless what grows through several sizes begins with noise.

    Args:
        start_image: whether there is one.
        num_octaves: as `ascend`.

    Raises:
        ChoiceError: it begins with a picture.
    """
    if num_octaves > 1 and start_image:
        raise ChoiceError("num_octaves grows a picture from noise: from a picture, use the step dream")


def limits_have_the_whole_way(*, budget: float | None, until: float | None, num_octaves: int, at: float) -> None:
    """Raise unless what ends an ascent early, or begins it small, is asked of one ascent and all of it.

    Raises:
        ChoiceError: only a part is shown, or octaves, which are several ascents, come with another limit.
    """
    asked = (("budget", budget is not None), ("until", until is not None), ("num_octaves", num_octaves > 1))
    limits = [name for name, given in asked if given]
    if limits and (at < 1 or (len(limits) > 1 and "num_octaves" in limits)):
        need = "need" if len(limits) > 1 else "needs"
        raise ChoiceError(f"{' and '.join(limits)} {need} the whole way of one ascent: leave out the others, and at")


ASCENT_RULES = (
    one_to_grow,
    alone_is_of_a_filter,
    output_is_of_a_class,
    spectrum_is_for_maco,
    gradient_is_for_plain_steps,
    budget_is_from_a_start,
    until_is_of_one_class,
    octaves_are_from_noise,
    limits_have_the_whole_way,
)
