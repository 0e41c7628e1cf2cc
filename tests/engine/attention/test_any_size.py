"""Networks that take any size see rectangles as they are: nothing transposed, nothing squeezed, whatever the method."""

from __future__ import annotations

import numpy as np
import pytest

from artforge.core.steps import find_step
from artforge.engine.attention import map_sizes
from artforge.engine.attention.evidence import gather_evidence, gather_evidence_of_layers
from artforge.engine.attention.feature_maps import feature_maps
from artforge.engine.attention.methods import METHODS
from artforge.engine.models.handle import wrap_model
from artforge.recipes.steps import load_steps

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
load_steps()

CNN_METHODS = [name for name in METHODS if name != "self_attention_rollout"]
ON_TOKENS = [name for name in METHODS if METHODS[name].looks_at_layer]
FEW = {"rise": {"num_masks": 40}, "smooth_grad": {"num_samples": 4}, "integrated_gradients": {"num_steps": 8}}


def filled(network, scale=0.4):
    rng = np.random.default_rng(0)
    for variable in network.trainable_variables:
        variable.assign(rng.normal(0, scale, variable.shape).astype(np.float32))
    return network


@pytest.fixture(scope="module", params=[True, False], ids=["class token", "mean of patches"])
def tokens(keras, request):
    """A vision transformer for pictures of any size, in patches of 4 pixels, without places of its own."""
    layers, class_token = keras.layers, request.param

    class First(layers.Layer):
        """Puts the class token before the patches."""

        def build(self, shape):
            self.token = self.add_weight(shape=(1, 1, shape[-1]), name="token")

        def call(self, rows):
            return keras.ops.concatenate([keras.ops.repeat(self.token, keras.ops.shape(rows)[0], axis=0), rows], axis=1)

        def compute_output_spec(self, rows):
            length = None if rows.shape[1] is None else rows.shape[1] + 1
            return keras.KerasTensor((rows.shape[0], length, rows.shape[2]), dtype=rows.dtype)

    picture = keras.Input((None, None, 3))
    rows = layers.Reshape((-1, 12), name="row")(layers.Conv2D(12, 4, strides=4, name="patches")(picture))
    rows = First(name="first")(rows) if class_token else rows
    for index in range(2):
        normed = layers.LayerNormalization(name=f"norm{index}")(rows)
        rows = layers.Add()([rows, layers.MultiHeadAttention(2, 6, name=f"attention{index}")(normed, normed)])
    rows = layers.LayerNormalization()(rows)
    last = rows[:, 0] if class_token else layers.GlobalAveragePooling1D()(rows)
    return wrap_model(filled(keras.Model(picture, layers.Dense(3)(last))), input_size=(16, 16), name="tokens")


@pytest.fixture(scope="module")
def light(keras):
    """A network for pictures of any size whose one layer sees what is bright, in cells of 4 pixels."""
    picture = keras.Input((None, None, 3))
    maps = keras.layers.Conv2D(2, 4, strides=4, activation="relu", name="conv")(picture)
    network = keras.Model(picture, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(maps)))
    for variable, value in zip(network.variables, (1.0, -20.0, 1.0, 0.0), strict=True):
        variable.assign(np.full(variable.shape, value, np.float32))
    return wrap_model(network, input_size=(48, 48))


def patchwork(height=16, width=48):
    """Patches of 4x4 pixels, each of one colour."""
    cells = np.random.default_rng(3).random((height // 4, width // 4, 3), dtype=np.float32)
    return cells.repeat(4, axis=0).repeat(4, axis=1)


def assert_close(actual, expected, tolerance):
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * np.abs(expected).max())


# tokens


def test_a_patch_of_a_wide_picture_keeps_its_place(tokens):
    picture = patchwork()
    dark = picture.copy()
    dark[4:8, 36:40] = 0
    maps, darker = (feature_maps(one, model=tokens, layer="norm0") for one in (picture, dark))
    assert maps.shape == (4, 12, 12)
    difference = np.abs(maps - darker).sum(axis=-1)
    assert np.argwhere(difference > 1e-4).tolist() == [[1, 9]]


@pytest.mark.parametrize("name", [*ON_TOKENS, "self_attention_rollout"])
def test_turning_the_picture_turns_the_map_of_its_tokens(tokens, name):
    """Patches of one colour each, and no places: the network cannot tell where a patch stands, nor how it lies.

    But the masks of Score-CAM fade from patch to patch, and how a patch that fades lies its convolution can tell.
    """
    picture = patchwork()
    tall = np.ascontiguousarray(picture.transpose(1, 0, 2)[::-1])
    [wide], [turned] = (METHODS[name].batch([one], model=tokens, targets=1) for one in (picture, tall))
    assert wide.shape == (4, 12)
    assert wide.std() > 0
    assert_close(turned, wide.T[::-1], 2e-2 if name == "score_cam" else 1e-4)


@pytest.mark.parametrize("name", [*ON_TOKENS, "self_attention_rollout"])
def test_tokens_of_pictures_of_several_sizes_are_what_each_gives_alone(tokens, name):
    images = [patchwork(), patchwork(32, 16), patchwork(), patchwork(16, 16)]
    together = METHODS[name].batch(images, model=tokens, targets=[0, 1, 2, 0])
    assert [one.shape for one in together] == [(4, 12), (8, 4), (4, 12), (4, 4)]
    for image, target, heatmap in zip(images, [0, 1, 2, 0], together, strict=True):
        assert_close(heatmap, METHODS[name].batch([image], model=tokens, targets=target)[0], 1e-6)


def test_the_evidence_of_tokens_has_the_pictures_own_grid(tokens):
    [evidence] = gather_evidence([patchwork(16, 40)], model=tokens, layer="norm0")
    assert evidence.feature_maps.shape == evidence.gradients.shape == (4, 10, 12)


def test_the_size_of_maps_is_worked_out_once_a_size(tokens, monkeypatch):
    for _ in range(2):
        gather_evidence_of_layers([patchwork(16, 24)], model=tokens, layers=["norm0", "norm1"])
        monkeypatch.setattr(map_sizes, "shapes_at", lambda *_: pytest.fail("worked out again"))
        monkeypatch.setattr(map_sizes, "layers_to_look_at", lambda *_: pytest.fail("worked out again"))


# maps


@pytest.mark.parametrize("corner", ["top right", "bottom left"])
@pytest.mark.parametrize(
    "name", [*CNN_METHODS, "layer_cam_fusion", "fine_cam", "feature_map", "strongest_per_layer", "classical_filter"]
)
def test_a_bright_corner_of_a_rectangle_is_found_where_it_is(light, name, corner):
    image = np.full((48, 80, 3), 0.1, np.float32)
    rows, columns = (slice(0, 8), slice(72, 80)) if corner == "top right" else (slice(40, 48), slice(0, 8))
    image[rows, columns] = 1
    settings = {
        "rise": {"num_masks": 400},
        "feature_map": {"channel": 1},
        "classical_filter": {"filter": "sobel_x"},
    }.get(name, FEW.get(name, {}))
    model = {} if name == "classical_filter" else {"model": light}
    found = np.abs(find_step(name).function(image, **model, **settings))
    heatmap = found[..., 0] if name == "strongest_per_layer" else found
    cell = 48 / heatmap.shape[0]
    peak = (np.asarray(np.unravel_index(heatmap.argmax(), heatmap.shape)) + 0.5) * cell
    reach = 14 if name in ("rise", "occlusion") else 5  # as coarse as their masks and covers
    assert rows.start - reach <= peak[0] <= rows.stop + reach
    assert columns.start - reach <= peak[1] <= columns.stop + reach


@pytest.mark.parametrize("name", CNN_METHODS)
def test_pictures_of_several_sizes_are_what_each_gives_alone(residual, pictures, name):
    targets = ["blue", None, 0, "green"]
    for layer in ("early", "inner", "late") if METHODS[name].looks_at_layer else (None,):
        where = {"layer": layer} if layer else {}
        together = METHODS[name].batch(pictures, model=residual, targets=targets, **where, **FEW.get(name, {}))
        for image, target, heatmap in zip(pictures, targets, together, strict=True):
            [alone] = METHODS[name].batch([image], model=residual, targets=[target], **where, **FEW.get(name, {}))
            assert_close(heatmap, alone, 1e-6)
