"""Ways to climb that are known by name: those of the notebooks and papers that this field grew from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from artforge.core.errors import check_choice
from artforge.engine.ascent.deprocess import Finish
from artforge.engine.ascent.fourier import Fourier
from artforge.engine.ascent.maco import Maco
from artforge.engine.ascent.optimisers import Adam, PlainStep, RmsProp
from artforge.engine.ascent.pixels import Pixels
from artforge.engine.ascent.regularisers import LpNorm, TotalVariation
from artforge.engine.ascent.settings import Ascent
from artforge.engine.ascent.spectrum import Spectrum, natural_spectrum
from artforge.engine.ascent.transforms import Crop, Jitter, Noise, Pad, Rotate, Scale

PresetName = Literal["lucid", "maco", "chollet", "keras_vis", "deepdream"]

LEVELS = 255
"""Steps and noise of the old notebooks are in grey levels."""


def chollet(*, num_steps: int = 40) -> Ascent:
    """Grey and a little noise, and steps of one grey level along the gradient at root mean square 1.

    Source: Chollet, How convolutional neural networks see the world (2016),
    https://blog.keras.io/how-convolutional-neural-networks-see-the-world.html
    """
    return Ascent(
        parameterisation=Pixels(mean=138 / LEVELS, spread=10 / LEVELS),
        optimiser=PlainStep(1 / LEVELS, "rms"),
        num_steps=num_steps,
        finish=Finish("contrast", 0.1),
    )


def keras_vis(
    *, value_range: tuple[float, float], num_steps: int = 200, tv_weight: float = 10.0, lp_weight: float = 10.0
) -> Ascent:
    """Grey and noise, total variation and the L6 norm held against it, RMSProp without a learning rate.

    Weights count for pixels in the network's own range, as there.

    Args:
        value_range: (low, high) of the pixel values that the network expects.
        num_steps: how many.
        tv_weight: of the total variation; the notebook on digits goes from 0.125 to 16.
        lp_weight: of the norm.

    Source: Kotikalapudi and contributors, keras-vis (2017), https://raghakot.github.io/keras-vis/
    """
    span = value_range[1] - value_range[0]
    return Ascent(
        parameterisation=Pixels(mean=0.5, spread=0.05, noise_kind="normal"),
        # there an Lp norm is that of the values in the network's own range
        regularisers=(TotalVariation(tv_weight * span**2), LpNorm(lp_weight * span, 6, middle=-value_range[0] / span)),
        optimiser=RmsProp(1 / span),
        num_steps=num_steps,
        finish=Finish("contrast", 0.1),
    )


def lucid(*, num_steps: int = 256) -> Ascent:
    """Waves in decorrelated colours, and a picture that must survive shifts, turns and another size.

    Lucid itself takes 512 steps; half of them look much the same and take half the time.

    Source: Olah et al., Feature Visualization (2017), https://doi.org/10.23915/distill.00007
    """
    return Ascent(
        parameterisation=Fourier(),
        transforms=(Pad(12), Jitter(4), Scale(0.9, 1.1), Rotate(10), Jitter(2)),
        optimiser=Adam(0.05),
        num_steps=num_steps,
    )


def maco(*, num_steps: int = 128, spectrum: Spectrum | None = None) -> Ascent:
    """Only phases move; crops of many sizes must all please.

    Args:
        num_steps: how many.
        spectrum: strength of every wave, and colours; None is what photographs of the world share.

    Source: Fel et al., MAgnitude Constrained Optimization (2023), https://arxiv.org/abs/2306.06805. There 256 steps of
    32 crops; 6 crops and half as many steps look much the same here.
    """
    return Ascent(
        parameterisation=Maco(spectrum or natural_spectrum()),
        transforms=(Crop(0.35, 0.9, views=6, spread=0.25), Noise(0.05)),
        optimiser=Adam(0.12, nesterov=True),
        num_steps=num_steps,
    )


def deepdream(*, num_steps: int = 10) -> Ascent:
    """Steps of one and a half grey levels at mean size 1, for a picture that is shifted about; meant for octaves.

    Source: Mordvintsev et al., Inceptionism (2015), https://github.com/google/deepdream
    """
    return Ascent(
        parameterisation=Pixels(),
        transforms=(Jitter(32),),
        optimiser=PlainStep(1.5 / LEVELS, "mean_abs"),
        num_steps=num_steps,
        edges="wrap",
    )


_PRESETS: dict[PresetName, Callable[..., Ascent]] = {
    "lucid": lucid,
    "maco": maco,
    "chollet": chollet,
    "keras_vis": keras_vis,
    "deepdream": deepdream,
}


def find_preset(
    name: PresetName,
    *,
    value_range: tuple[float, float] = (0.0, 255.0),
    num_steps: int | None = None,
    spectrum: Spectrum | None = None,
) -> Ascent:
    """A preset by name.

    Args:
        name: which.
        value_range: that of the network, for `keras_vis`.
        num_steps: how many; None takes the preset's own.
        spectrum: for `maco`.

    Raises:
        ChoiceError: no such preset, or a number of steps below 1.
    """
    check_choice("preset", name, list(_PRESETS))
    settings: dict[str, object] = {} if num_steps is None else {"num_steps": num_steps}
    if name == "keras_vis":
        settings["value_range"] = value_range
    if name == "maco":
        settings["spectrum"] = spectrum
    return _PRESETS[name](**settings)
