"""Two dimensions of many: maps of a cohort that a person can look at.

References:
    Coifman, Lafon 2006, diffusion maps, doi:10.1016/j.acha.2006.04.006
    McInnes, Healy, Melville 2018, UMAP, doi:10.21105/joss.00861
"""

import warnings
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from monai_amyloid.errors import UserError

Array = NDArray[np.float64]

MAPS = ("umap", "pca", "diffusion")
_NEIGHBOURS = 30
_PASSES = 200  # of UMAP; its own 500 for smaller cohorts change nothing that is seen


def require_umap() -> None:
    """Refuse to begin where UMAP is not installed."""
    if find_spec("umap") is None:
        raise UserError(
            "maps need umap-learn; install it with: pip install 'monai-amyloid[explore]'"
        )


def reduce(axes: Array, order: Array, seed: int = 0) -> dict[str, Array]:
    """Place the scans of a cohort on every map of :data:`MAPS`.

    Args:
        axes: Whitened coordinates of the scans, ``(N, K)``.
        order: Quantity of each scan, ``(N,)``, such as the score on the continuum; it grows to the
            right on every map.
        seed: Seed of UMAP.

    Returns:
        Positions of the scans on each map, ``(N, 2)``, by the map's name.
    """
    maps = {"umap": _umap(axes, seed), "pca": _pca(axes), "diffusion": diffusion_map(axes)}
    return {name: _to_the_right(place, order) for name, place in maps.items()}


def _umap(axes: Array, seed: int) -> Array:
    require_umap()
    with warnings.catch_warnings():
        # It says that a seed makes it use one thread, and what its packages will change.
        warnings.simplefilter("ignore")
        import umap

        neighbours = min(_NEIGHBOURS, len(axes) - 1)
        reducer = umap.UMAP(
            n_neighbors=neighbours, min_dist=0.2, n_epochs=_PASSES, random_state=seed, n_jobs=1
        )
        return np.asarray(reducer.fit_transform(axes), np.float64)


def _pca(axes: Array) -> Array:
    from sklearn.decomposition import PCA

    return np.asarray(PCA(2, svd_solver="full").fit_transform(axes), np.float64)


def diffusion_map(axes: Array, dimensions: int = 2) -> Array:
    """Coordinates in which random walks between alike scans stay distinguishable longest.

    Steps are as likely as the distance in units of both scans' distance to their tenth neighbour
    says, and how many scans lie where is taken out (alpha 1).

    Args:
        axes: Whitened coordinates of the scans, ``(N, K)``.
        dimensions: Number of coordinates to return.

    Returns:
        ``(N, dimensions)``, each of standard deviation 1.
    """
    from sklearn.neighbors import NearestNeighbors

    count = min(_NEIGHBOURS, len(axes) - 1)
    distances, rows = NearestNeighbors(n_neighbors=count + 1).fit(axes).kneighbors(axes)
    near = distances[:, min(10, count)].clip(min=1e-12)
    weights = np.exp(-(distances**2) / (near[:, None] * near[rows]))
    places = np.repeat(np.arange(len(axes)), count + 1)
    graph = sparse.csr_array((weights.ravel(), (places, rows.ravel())), shape=(len(axes),) * 2)
    graph = graph.maximum(graph.T)
    density = sparse.diags_array(1 / graph.sum(axis=1))
    even = density @ graph @ density
    root = sparse.diags_array(1 / np.sqrt(even.sum(axis=1)))
    # Far from singular where the walk is shifted: eigenvalues lie between -1 and 1.
    start = np.random.default_rng(0).normal(size=len(axes))
    values, vectors = sparse.linalg.eigsh(root @ even @ root, dimensions + 1, v0=start)
    order = np.argsort(values)[::-1]
    walk = (root @ vectors)[:, order[1:]] / (root @ vectors)[:, order[:1]]
    return np.asarray(walk / walk.std(axis=0))


def _to_the_right(place: Array, order: Array) -> Array:
    """A map turned and mirrored so that an order grows along its first axis."""
    centred = place - place.mean(axis=0)
    towards = centred.T @ (order - order.mean())
    cosine, sine = towards / max(float(np.linalg.norm(towards)), 1e-12)
    turned = centred @ np.array([[cosine, -sine], [sine, cosine]])
    # Of the two mirror images that are left, one that does not depend on the solver's signs.
    skew = float((turned[:, 1] ** 3).sum())
    return np.asarray(turned * [1, 1 if skew >= 0 else -1])
