"""Features of several networks in one space: of each scan, by a network that never saw it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import orthogonal_procrustes

Features = NDArray[np.float32]

# Directions of a network's features that are kept: the grades and patterns need far fewer, and
# rotations of more directions could fit what does not matter.
_DIRECTIONS = 16


def out_of_fold(features: Sequence[Features], fold: NDArray[np.int64]) -> Features:
    """Take each scan's features from the network that did not learn from it.

    Every network has axes of its own. Their principal directions are turned onto those of the
    first, by the rotation (and one scale) that brings the scans of the cohort closest; that is
    the same for all scans, and no grade is used.

    Args:
        features: Features of all scans by the network of each fold, ``(N, F)``.
        fold: Fold that held each scan out, ``(N,)``; -1 for scans that trained no network, which
            get the mean of all networks.

    Returns:
        Features in one space, ``(N, D)`` with D at most 16.

    Raises:
        ValueError: If a fold has no network.
    """
    if fold.max(initial=-1) >= len(features):
        raise ValueError(f"fold {fold.max()} has no network: there are {len(features)}")
    parts = [_directions(each) for each in features]
    first = parts[0]
    turned = [first]
    for part in parts[1:]:
        rotation, _ = orthogonal_procrustes(part, first)
        rotated = part @ rotation
        scale = float((rotated * first).sum() / (rotated**2).sum())
        turned.append(rotated * scale)
    every = np.stack(turned)
    own = every[fold.clip(min=0), np.arange(len(fold))]
    return np.asarray(np.where(fold[:, None] >= 0, own, every.mean(axis=0)), np.float32)


def _directions(features: Features) -> NDArray[np.float64]:
    from sklearn.decomposition import PCA

    count = min(_DIRECTIONS, features.shape[1], len(features) - 1)
    kept = PCA(count, svd_solver="full" if len(features) < 2000 else "randomized", random_state=0)
    return np.asarray(kept.fit_transform(features), np.float64)
