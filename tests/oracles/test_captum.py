"""captum sees the same as artforge, signs and scale included: it gives its maps raw, as artforge does."""

from __future__ import annotations

import captum.attr as captum
import numpy as np
import pytest
import torch
from twins import as_tensor, assert_different, assert_same, ours, questions, twins

from artforge.core.seeds import derive_seed, generator
from artforge.engine.attention.feature_maps import feature_maps
from artforge.engine.attention.grad_cam import grad_cam_batch

pytestmark = [
    pytest.mark.filterwarnings("ignore:Setting forward, backward hooks:UserWarning"),  # captum, of its own hooks
    pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU:UserWarning"),
    pytest.mark.filterwarnings("ignore:Input Tensor 0 did not already require gradients:UserWarning"),
]

LEVELS = {"black": 0.0, "grey": 0.5, "white": 1.0}


def as_map(attribution):
    """(1, colours, height, width) -> the signed sum of the colours, (height, width)."""
    return attribution[0].sum(dim=0).detach().numpy()


def baseline(fill, image):
    if fill == "mean":
        return torch.from_numpy(image.mean(axis=(0, 1)))[None, :, None, None].expand(as_tensor(image).shape)
    return LEVELS[fill]


# at a layer


def test_feature_maps_are_captums_layer_activations(pair, pictures):
    model, twin = pair
    for layer in twin.layers:
        for image in pictures:
            theirs = captum.LayerActivation(twin, getattr(twin, layer)).attribute(as_tensor(image))[0]
            assert_same(
                feature_maps(image, model=model, layer=layer).transpose(2, 0, 1), theirs.detach().numpy(), layer
            )


def test_grad_cam_is_captums(pair, pictures):
    model, twin = pair
    for layer in twin.layers:
        method = captum.LayerGradCam(twin, getattr(twin, layer))
        for image, target in questions(pictures, twin):
            theirs = as_map(method.attribute(as_tensor(image), target=target))
            assert_same(ours("grad_cam", image, model, layer=layer, targets=target), theirs, layer, target)


def test_grad_cam_of_a_batch_is_captums(pair, pictures):
    model, twin = pair
    targets = [target for _, target in questions(pictures, twin)]
    batch = torch.cat([as_tensor(image) for image in pictures])
    theirs = captum.LayerGradCam(twin, twin.relu2).attribute(batch, target=targets)[:, 0].detach().numpy()
    for here, there in zip(grad_cam_batch(pictures, model=model, layer="relu2", targets=targets), theirs, strict=True):
        assert_same(here, there)


def test_hires_cam_is_captums_gradient_times_activation(pair, pictures):
    model, twin = pair
    for layer in twin.layers:
        method = captum.LayerGradientXActivation(twin, getattr(twin, layer))
        for image, target in questions(pictures, twin):
            theirs = as_map(method.attribute(as_tensor(image), target=target))
            assert_same(ours("hires_cam", image, model, layer=layer, targets=target), theirs, layer, target)


# at the picture itself


def test_saliency_is_captums(pair, pictures):
    model, twin = pair
    for image, target in questions(pictures, twin):
        theirs = captum.Saliency(twin).attribute(as_tensor(image), target=target, abs=False)[0].numpy()
        assert_same(ours("saliency", image, model, targets=target), np.abs(theirs).max(axis=0), target)
        assert_same(ours("saliency", image, model, targets=target, colours="sum"), theirs.sum(axis=0), target)


def test_smooth_grad_without_noise_is_captums_saliency(pair, pictures):
    model, twin = pair
    method = captum.NoiseTunnel(captum.Saliency(twin))
    for image, target in questions(pictures, twin):
        theirs = method.attribute(as_tensor(image), target=target, nt_samples=3, stdevs=0.0, abs=False)
        here = ours("smooth_grad", image, model, targets=target, num_samples=3, noise=0.0, colours="sum")
        assert_same(here, as_map(theirs), target)


def test_smooth_grad_is_captums_noise_tunnel_with_the_same_noise(pair, pictures, monkeypatch):
    """captum's Saliency takes |gradient| before the mean unless told not to; the paper averages gradients."""
    model, twin = pair
    image, target, num_samples, noise, seed = pictures[1], 1, 21, 0.2, 5  # more samples than go into one batch
    spread = noise * (image.max() - image.min())
    drawn = generator(derive_seed(seed, "smooth_grad")).standard_normal((num_samples, *image.shape), dtype=np.float32)
    noisy = torch.from_numpy(image + spread * drawn).permute(0, 3, 1, 2).contiguous()
    monkeypatch.setattr(captum.NoiseTunnel, "_add_noise_to_input", staticmethod(lambda *_: noisy))
    method = captum.NoiseTunnel(captum.Saliency(twin))
    theirs = method.attribute(as_tensor(image), target=target, nt_samples=num_samples, abs=False)[0].detach().numpy()
    settings = {"num_samples": num_samples, "noise": noise, "seed": seed, "targets": target}
    assert_same(ours("smooth_grad", image, model, **settings, colours="sum"), theirs.sum(axis=0))
    assert_same(ours("smooth_grad", image, model, **settings), np.abs(theirs).max(axis=0))
    sizes = method.attribute(as_tensor(image), target=target, nt_samples=num_samples)[0].detach().numpy()
    assert_different(ours("smooth_grad", image, model, **settings), sizes.max(axis=0))


@pytest.mark.parametrize("fill", [*LEVELS, "mean"])
def test_integrated_gradients_are_captums_by_the_same_rule(pair, pictures, fill):
    model, twin = pair
    for image, target in questions(pictures, twin):
        theirs = captum.IntegratedGradients(twin).attribute(
            as_tensor(image), baselines=baseline(fill, image), target=target, n_steps=24, method="riemann_middle"
        )
        here = ours("integrated_gradients", image, model, targets=target, num_steps=24, baseline=fill)
        assert_same(here, as_map(theirs), target)


def test_guided_backpropagation_is_captums(pair, pictures):
    model, twin = pair
    num_told = 0
    for image in pictures:
        for target in range(twin.num_classes):
            theirs = captum.GuidedBackprop(twin).attribute(as_tensor(image), target=target)[0].detach().numpy()
            here = ours("guided_backprop", image, model, targets=target)
            if theirs.any():
                num_told += 1
                assert_same(here, np.abs(theirs).max(axis=0), target)
                here = ours("guided_backprop", image, model, targets=target, colours="sum")
                assert_same(here, theirs.sum(axis=0), target)
            else:  # no path from this class to the picture is positive all the way
                assert not here.any()
    assert num_told >= len(pictures)


@pytest.mark.parametrize("fill", [*LEVELS, "mean"])
@pytest.mark.parametrize(("cover", "hop"), [(4, 4), (4, 2)])
def test_occlusion_is_captums_where_the_covers_fill_the_picture_evenly(pair, pictures, cover, hop, fill):
    model, twin = pair
    for image, target in questions(pictures, twin):
        theirs = captums_occlusion(twin, image, target, cover=cover, hop=hop, fill=fill)
        settings = {"patch": cover / 20, "stride": hop / cover, "fill": fill}  # shares: the short edge is 20
        assert_same(ours("occlusion", image, model, targets=target, **settings), theirs, target)


def captums_occlusion(twin, image, target, *, cover, hop, fill):
    theirs = captum.Occlusion(twin).attribute(
        as_tensor(image),
        target=target,
        sliding_window_shapes=(3, cover, cover),
        strides=(3, hop, hop),
        baselines=baseline(fill, image),
    )
    return theirs[0, 0].detach().numpy()  # alike for every colour: a cover hides all three


def test_occlusion_differs_only_where_captums_last_covers_hang_over_the_edge(pair, pictures):
    """Every third of 24 rows and 20 columns: captum's last cover is cut off, artforge's lies flush with the edge."""
    model, twin = pair
    cover, hop = 4, 3
    theirs = captums_occlusion(twin, pictures[0], 1, cover=cover, hop=hop, fill="grey")
    here = ours("occlusion", pictures[0], model, targets=1, patch=cover / 20, stride=hop / cover, fill="grey")
    inside = np.s_[: 24 - cover, : 20 - cover]  # what no cover at the edge touches
    assert_same(here[inside], theirs[inside])
    assert_different(here, theirs)


# whatever the network calls black and white


def test_a_network_that_wants_other_values_gives_captums_maps_of_its_own_values(pictures):
    model, twin = twins("residual", value_range=(-1.0, 1.0))
    image, target = pictures[2], 2
    there = as_tensor(image) * 2 - 1
    method = captum.Saliency(twin)
    # ours is per unit of [0, 1], which is two units of the network's
    assert_same(
        ours("saliency", image, model, targets=target, colours="sum"),
        2 * as_map(method.attribute(there, target=target, abs=False)),
    )
    black = {"baselines": -1.0, "target": target}
    shared = captum.IntegratedGradients(twin).attribute(there, **black, n_steps=24, method="riemann_middle")
    assert_same(ours("integrated_gradients", image, model, targets=target, num_steps=24), as_map(shared))
    covered = captum.Occlusion(twin).attribute(there, **black, sliding_window_shapes=(3, 4, 4), strides=(3, 4, 4))
    here = ours("occlusion", image, model, targets=target, patch=0.2, stride=1.0, fill="black")
    assert_same(here, covered[0, 0].detach().numpy())
