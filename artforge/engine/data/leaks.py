"""Whether something other than what a picture shows gives its class away: a forest tries it on plain features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artforge.core.seeds import derive_seed, generator

MOST_PICTURES = 4000
"""A forest is grown on so many at most, drawn by chance: its score is then known to a hundredth."""
FEWEST_PICTURES = 10
"""Of each class, for a score that says anything."""
NUM_FOLDS = 5
_NUM_TREES = 100
_WORTH_THREADS = 500


@dataclass(frozen=True)
class Leak:
    """How well a forest tells the classes from a few plain features.

    Attributes:
        balanced_accuracy: mean over the folds of the mean recall of the classes, [0, 1].
        spread: standard deviation over the folds.
        chance: what guessing scores.
        num_folds: into which the pictures were divided, by group.
        num_pictures: that were used.
        importances: (feature, share of the forest's decisions) in falling order; the shares add up to 1.
    """

    balanced_accuracy: float
    spread: float
    chance: float
    num_folds: int
    num_pictures: int
    importances: tuple[tuple[str, float], ...]

    @property
    def strength(self) -> float:
        """How much of the way from guessing to knowing it goes: 0 is chance, 1 is always right."""
        return max(0.0, (self.balanced_accuracy - self.chance) / (1 - self.chance))

    @property
    def is_real(self) -> bool:
        """Whether it stands out from chance by more than its spread twice."""
        return self.balanced_accuracy - 2 * self.spread > self.chance


@dataclass(frozen=True)
class NotMeasured:
    """Why a forest was not grown."""

    reason: str


def measure_leak(
    features: NDArray[np.float32],
    names: Sequence[str],
    labels: NDArray[np.int64],
    groups: Sequence[str],
    *,
    seed: int = 0,
) -> Leak | NotMeasured:
    """Let a forest guess classes; what it is tested on, and its whole group, it has never seen.

    Args:
        features: float32 (n, k).
        names: k names of the features.
        labels: int64 (n,).
        groups: n names; pictures of one group stand in one fold.
        seed: of the draw, the folds and the forest.

    Returns:
        NotMeasured where a class has too few pictures or only one group.

    Source: Breiman, Random Forests (2001).
    """
    chosen = _drawn(len(labels), seed)
    features, labels, own_groups = features[chosen], labels[chosen], np.asarray(groups, object)[chosen]
    _, labels = np.unique(labels, return_inverse=True)
    num_classes = int(labels.max(initial=-1)) + 1
    if num_classes < 2:
        return NotMeasured("there is one class only")
    fewest = int(np.bincount(labels).min())
    if fewest < FEWEST_PICTURES:
        return NotMeasured(
            f"the smallest class has {fewest} pictures; a forest needs at least {FEWEST_PICTURES} of each class"
        )
    num_folds = min(NUM_FOLDS, *(len(set(own_groups[labels == label])) for label in range(num_classes)))
    if num_folds < 2:
        return NotMeasured("all pictures of a class are of one group, so none can be held back for a test")
    scores, importances = _score_folds(features, labels, own_groups, num_folds, seed)
    if not scores:
        return NotMeasured("groups and classes are so tangled that no test holds every class")
    order = np.argsort(-importances, kind="stable").tolist()
    return Leak(
        balanced_accuracy=float(np.mean(scores)),
        spread=float(np.std(scores)),
        chance=1 / num_classes,
        num_folds=len(scores),
        num_pictures=len(labels),
        importances=tuple((names[index], float(importances[index])) for index in order),
    )


def _score_folds(
    features: NDArray[np.float32], labels: NDArray[np.int64], groups: NDArray[np.object_], num_folds: int, seed: int
) -> tuple[list[float], NDArray[np.float64]]:
    """A score for each fold whose two sides both hold every class, and the mean importance of the features."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.model_selection import StratifiedGroupKFold

    num_classes = int(labels.max()) + 1
    _, group_numbers = np.unique(groups.astype(str), return_inverse=True)
    folds = StratifiedGroupKFold(num_folds, shuffle=True, random_state=derive_seed(seed, "folds") % 2**32)
    scores, importances = [], []
    for training, test in folds.split(features, labels, group_numbers):
        if min(len(set(labels[side].tolist())) for side in (training, test)) < num_classes:
            continue
        forest = RandomForestClassifier(
            _NUM_TREES,
            class_weight="balanced",
            min_samples_leaf=2,
            n_jobs=2 if len(labels) > _WORTH_THREADS else 1,
            random_state=derive_seed(seed, "forest") % 2**32,
        )
        forest.fit(features[training], labels[training])
        scores.append(float(balanced_accuracy_score(labels[test], forest.predict(features[test]))))
        importances.append(forest.feature_importances_)
    return scores, np.mean(importances, axis=0) if scores else np.zeros(features.shape[1])


def _drawn(num: int, seed: int) -> NDArray[np.int64]:
    if num <= MOST_PICTURES:
        return np.arange(num, dtype=np.int64)
    chosen = generator(derive_seed(seed, "drawn")).choice(num, MOST_PICTURES, replace=False)
    return np.sort(chosen).astype(np.int64)
