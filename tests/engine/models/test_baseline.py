"""The baseline: scikit-learn finds it, Keras computes it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from artforge.core.errors import ChoiceError, DatasetError
from artforge.engine.attention.methods import METHODS
from artforge.engine.models.architectures import ARCHITECTURES, build_architecture, output_bias
from artforge.engine.models.architectures.baseline import fit_baseline
from artforge.engine.models.handle import wrap_model
from artforge.engine.models.store import load_model, save_model

EDGE = 12
SEED = 5


def pictures_of(num_classes, count=120, channels=3):
    """Pictures with a bright bar in a place of their class, in noise of their own."""
    rng = np.random.default_rng(num_classes)
    labels = rng.integers(0, num_classes, count)
    images = rng.integers(0, 140, (count, EDGE, EDGE + 2, channels))
    for image, label in zip(images, labels, strict=True):
        image[2 + 3 * label : 4 + 3 * label, 1:8] += 50
    return images.astype(np.uint8), labels


def two_columns(seen):
    return np.concatenate([1 - seen, seen], axis=1) if seen.shape[1] == 1 else seen


def in_floats(images):
    return images.astype(np.float32) / np.float32(255)


@pytest.mark.parametrize(("num_classes", "channels"), [(2, 3), (3, 1)])
@pytest.mark.parametrize("weighed", [False, True])
def test_the_network_gives_the_probabilities_of_scikit_learn(num_classes, channels, weighed):
    images, labels = pictures_of(num_classes, channels=channels)
    chosen = np.arange(0, 120, 2)
    weights = np.linspace(0.5, 3, num_classes).astype(np.float32) if weighed else None
    network = fit_baseline("pca_10", images, labels, chosen, num_classes=num_classes, seed=SEED, class_weights=weights)
    pixels = in_floats(images).reshape(120, -1) - 0.5
    oracle = make_pipeline(
        PCA(10, whiten=True, svd_solver="randomized", random_state=SEED), LogisticRegression(max_iter=5000)
    )
    own = None if weights is None else weights[labels[chosen]]
    oracle.fit(pixels[chosen], labels[chosen], logisticregression__sample_weight=own)
    seen = two_columns(network.predict_on_batch(in_floats(images)))
    np.testing.assert_allclose(seen, oracle.predict_proba(pixels), atol=1e-5)
    assert (seen.argmax(axis=1) == labels)[1::2].mean() > 0.9


def test_where_pixels_tell_nothing_the_weights_of_the_classes_decide():
    images, _ = pictures_of(2)
    labels = np.random.default_rng(0).permutation(np.arange(120) % 2)
    network = fit_baseline(
        "pca_2", images, labels, np.arange(120), num_classes=2, seed=0, class_weights=np.float32([1, 9])
    )
    assert network.predict_on_batch(in_floats(images)).mean() == pytest.approx(0.9, abs=0.02)


def test_batch_by_batch_it_finds_nearly_the_same_and_asks_for_few_pictures_at_once():
    images, labels = pictures_of(2, count=300)
    asked = []

    class Lent:
        shape = images.shape

        def __len__(self):
            return len(images)

        def __getitem__(self, indices):
            asked.append(len(indices))
            return images[indices]

    told = []
    row = 4 * EDGE * (EDGE + 2) * 3
    network = fit_baseline(
        "pca_5",
        Lent(),
        labels,
        np.arange(290),
        num_classes=2,
        seed=0,
        most_in_memory=80 * row,
        progress=lambda done, total: told.append((done, total)),
    )
    assert max(asked) == 40
    assert told[-1] == (290, 290)
    seen = network.predict_on_batch(in_floats(images))[:, 0]
    whole = fit_baseline("pca_5", images, labels, np.arange(290), num_classes=2, seed=0)
    assert np.corrcoef(seen, whole.predict_on_batch(in_floats(images))[:, 0])[0, 1] > 0.95
    assert ((seen > 0.5) == labels).mean() > 0.9


def test_attention_methods_of_pixels_work_on_a_saved_baseline(tmp_path):
    images, labels = pictures_of(2)
    network = fit_baseline("pca_10", images, labels, np.arange(120), num_classes=2, seed=0)
    save_model(network, tmp_path, name="b", class_names=("low", "high"), input_size=(EDGE, EDGE + 2))
    model = load_model(tmp_path / "model.keras")
    [raw] = METHODS["saliency"].batch([in_floats(images[0])], model=model, targets="high")
    # the bars of the two classes lie in rows 2 to 6, columns 1 to 7
    assert np.abs(raw)[2:7, 1:8].mean() > 2 * np.abs(raw)[8:].mean()


def test_an_unfitted_baseline_has_the_layers_of_a_fitted_one():
    images, labels = pictures_of(2)
    fitted = fit_baseline("pca_20", images, labels, np.arange(120), num_classes=2, seed=0)
    built = build_architecture(
        "pca_20", 2, picture_shape=images.shape[1:], dropout=0.2, output_bias=output_bias(np.array([1, 2]))
    )
    assert [layer.name for layer in fitted.layers] == [layer.name for layer in built.layers]
    assert [one.shape for one in fitted.weights] == [one.shape for one in built.weights]
    assert wrap_model(fitted).input_size == (EDGE, EDGE + 2)


def test_all_baselines_are_declared_as_fitted_at_once():
    assert [name for name, one in ARCHITECTURES.items() if one.trained_by == "fit"] == [
        f"pca_{count}" for count in (2, 5, 10, 20, 50, 100)
    ]


def test_fewer_pictures_than_components_are_too_few():
    images, labels = pictures_of(2)
    with pytest.raises(DatasetError, match=r"pca_100 needs at least 100 training pictures .*, received 99 .*fewer"):
        fit_baseline("pca_100", images, labels, np.arange(99), num_classes=2, seed=0)


def test_a_class_without_pictures_is_named():
    images, labels = pictures_of(2)
    with pytest.raises(DatasetError, match="no training pictures of class number 2"):
        fit_baseline("pca_2", images, labels, np.arange(99), num_classes=3, seed=0)


def test_another_number_of_components_is_answered_with_those_there_are():
    images, labels = pictures_of(2)
    with pytest.raises(ChoiceError, match=r"'pca_25' is not one of: pca_2, .*did you mean 'pca_"):
        fit_baseline("pca_25", images, labels, np.arange(99), num_classes=2, seed=0)
