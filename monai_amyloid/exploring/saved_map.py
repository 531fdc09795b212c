"""A cohort's map on disk, and where a new scan stands on it.

The file holds numbers of each case and no name: neither participants nor files.
"""

import io
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.brain.quantities.centiloid import florbetaben_line
from monai_amyloid.brain.quantities.suvr import region_labels
from monai_amyloid.errors import UserError, one_line
from monai_amyloid.exploring.continuum import Continuum
from monai_amyloid.exploring.early import chance_beyond, early_amyloid_chance
from monai_amyloid.exploring.neighbours import nearest, share_as_far
from monai_amyloid.exploring.reduction import MAPS
from monai_amyloid.exploring.representation import ACQUISITION, Representation
from monai_amyloid.numbers_archive import read_arrays
from monai_amyloid.output import replace_file

Array = NDArray[np.float64]

FORMAT = "monai-amyloid-map/1"
# Bytes, of some 300 a scan.
_LARGEST = 256_000_000
_CONTINUUM = ("places", "whitening", "density", "about")
_REPRESENTATION = ("mean", "scale", "usual_acquisition", "of_acquisition", "axes")
_CASES = ("bapl", "centiloid", "score", "cluster", "loneliness")


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Where a scan stands on a map.

    Attributes:
        score: Score on the continuum, 0 to 100.
        interval: Interval of the score that holds 90 %.
        early_amyloid_chance: Chance that the load is that of early amyloid or more; None where the
            cohort has no such mark.
        position: Position ``[x, y]`` on each map, by the map's name.
        cluster: Group that most of the nearest scans are in, from 0; None for none.
        share_as_far: Share of the cohort's scans that are at least as far from others, 0 to 1;
            small for a rare scan.
        neighbours: The nearest labelled cases: ``bapl``, ``centiloid``, ``score`` and ``distance``
            (in standard deviations about the continuum), nearest first.
    """

    score: float
    interval: tuple[float, float]
    early_amyloid_chance: float | None
    position: Mapping[str, tuple[float, float]]
    cluster: int | None
    share_as_far: float
    neighbours: tuple[Mapping[str, float], ...]

    def as_content(self) -> dict[str, Any]:
        """Content for ``result.json``."""
        content = asdict(self)
        return content | {"neighbours": [dict(each) for each in self.neighbours]}


@dataclass(frozen=True, kw_only=True)
class SavedMap:
    """A cohort's map by regional SUVR.

    Attributes:
        representation: Representation that turns regional SUVR into coordinates.
        continuum: Continuum through those coordinates.
        early_mark: Score where early amyloid begins; NaN where the cohort has no such score.
        axes: Whitened coordinates of the cohort's scans, ``(N, K)``.
        cases: Columns ``bapl`` (0 where unknown), ``centiloid``, ``score``, ``cluster`` (-1 for
            none) and ``loneliness``, each ``(N,)``.
        maps: Positions on each map, ``(N, 2)``, by the map's name.
    """

    representation: Representation
    continuum: Continuum
    early_mark: float
    axes: Array
    cases: Mapping[str, Array]
    maps: Mapping[str, Array]

    def place(
        self, regions: Mapping[str, float], quality: Mapping[str, float], tracer: str
    ) -> Placed:
        """Find where a new scan stands; the map stays as it is.

        Args:
            regions: Regional SUVR from :func:`~monai_amyloid.brain.quantities.suvr.regional_suvr`.
            quality: Quality of the normalisation of the same scan.
            tracer: BIDS label of the tracer.
        """
        slope, intercept = florbetaben_line(tracer)
        suvr = np.array([[regions[name] for name in self.representation.names]])
        acquisition = np.array([[float(quality.get(name, np.nan)) for name in ACQUISITION]])
        coordinates = self.representation.coordinates(slope * suvr + intercept, acquisition)
        own = coordinates @ self.continuum.axes
        rows, distances, loneliness = (each[0] for each in nearest(own, self.axes))
        weights = 1 / (distances**2 + 1e-6)
        graded = np.flatnonzero(self.cases["bapl"] > 0)
        beyond = chance_beyond(self.continuum, coordinates, self.early_mark)
        early = float(early_amyloid_chance(beyond)[0])
        low, high = self.continuum.interval(coordinates)[0]
        near = self.cases["cluster"][rows].astype(int)
        most = int(np.bincount(near + 1).argmax()) - 1
        return Placed(
            score=float(self.continuum.score(coordinates)[0]),
            interval=(float(low), float(high)),
            early_amyloid_chance=early if np.isfinite(early) else None,
            position={
                name: tuple(np.average(place[rows], axis=0, weights=weights).tolist())
                for name, place in self.maps.items()
            },
            cluster=most if most >= 0 else None,
            share_as_far=float(share_as_far(loneliness[None], self.cases["loneliness"])[0]),
            neighbours=self._cases(own, graded) if len(graded) else (),
        )

    def _cases(self, own: Array, graded: NDArray[np.intp]) -> tuple[Mapping[str, float], ...]:
        rows, distances, _ = (each[0] for each in nearest(own, self.axes[graded]))
        return tuple(
            {
                "bapl": int(self.cases["bapl"][graded[row]]),
                "centiloid": float(self.cases["centiloid"][graded[row]]),
                "score": float(self.cases["score"][graded[row]]),
                "distance": float(distance),
            }
            for row, distance in zip(rows, distances, strict=True)
        )


def write_map(saved: SavedMap, path: Path) -> None:
    """Write a map as one file of numbers."""
    sites = saved.representation.of_site
    content: dict[str, Any] = {
        "format": np.array(FORMAT),
        "names": np.array(saved.representation.names),
        "sites": np.array(list(sites), dtype=str),
        "of_site": np.array(list(sites.values())),
        "early_mark": np.array(saved.early_mark),
        "case_axes": saved.axes,
    }
    content |= {name: getattr(saved.representation, name) for name in _REPRESENTATION}
    content |= {name: getattr(saved.continuum, name) for name in _CONTINUUM}
    content |= {f"case_{name}": saved.cases[name] for name in _CASES}
    content |= {f"map_{name}": place for name, place in saved.maps.items()}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **content)
    replace_file(path, buffer.getvalue())


def read_map(path: Path) -> SavedMap:
    """Read a map; nothing in it is run.

    Raises:
        UserError: If it is missing or no map.
    """
    if not path.is_file():
        raise UserError(f"no map at {path}: make one with `monai-amyloid explore`")
    try:
        content = read_arrays(path, _LARGEST)
        if str(content["format"]) != FORMAT:
            raise ValueError(f"format {str(content['format'])[:40]!r}")
        sites = content["sites"].astype(str).tolist()
        of_site = dict(zip(sites, content["of_site"], strict=True))
        representation = Representation(
            names=tuple(content["names"].astype(str).tolist()),
            **{name: content[name] for name in _REPRESENTATION},
            of_site=of_site,
        )
        return _consistent(
            SavedMap(
                representation=representation,
                continuum=Continuum(**{name: content[name] for name in _CONTINUUM}),
                early_mark=float(content["early_mark"]),
                axes=content["case_axes"],
                cases={name: content[f"case_{name}"] for name in _CASES},
                maps={name: content[f"map_{name}"] for name in MAPS},
            )
        )
    except (
        *(OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, EOFError),
        *(RuntimeError, BadZipFile, zlib.error),
    ) as error:
        raise UserError(
            f"{path}: no map that `monai-amyloid explore` of this version wrote "
            f"({one_line(error)[:120]}); make it again"
        ) from error


def _consistent(saved: SavedMap) -> SavedMap:
    """The same map, if its parts fit each other and are such as exploring finds."""
    axes, curve = saved.representation.axes, saved.continuum
    features, directions = axes.shape
    places, scans = len(curve.places), len(saved.axes)
    shapes = {
        (features, directions): [axes],
        (features,): [saved.representation.mean, saved.representation.scale],
        (len(ACQUISITION),): [saved.representation.usual_acquisition],
        (len(ACQUISITION), features): [saved.representation.of_acquisition],
        (places, directions): [curve.places],
        (places, directions, directions): [curve.whitening],
        (places,): [curve.density],
        (directions, directions): [curve.about],
        (scans, directions): [saved.axes],
        (scans,): list(saved.cases.values()),
        (scans, 2): list(saved.maps.values()),
    }
    if any(array.shape != shape for shape, arrays in shapes.items() for array in arrays) or not (
        scans and places and len(saved.representation.names) == features
    ):
        raise ValueError("its parts do not fit each other")
    # A cohort need not have measured everything; what is placed by must be numbers.
    unknown = [saved.representation.usual_acquisition, *saved.cases.values()]
    for array in (array for arrays in shapes.values() for array in arrays):
        if array.dtype.kind != "f":
            raise ValueError(f"found {array.dtype}, needed numbers with a point")
        if np.isinf(array).any() or (
            np.isnan(array).any() and not any(array is each for each in unknown)
        ):
            raise ValueError("some of its numbers are not finite")
    _check_cases(saved.cases, scans)
    if not {*saved.representation.names} <= region_labels().keys():
        raise ValueError("names of regions that are not known")
    return saved


def _check_cases(cases: Mapping[str, Array], scans: int) -> None:
    for name, least, most in (("bapl", 0, 3), ("cluster", -1, scans)):
        values = cases[name]
        if not (np.isin(values, np.arange(least, most + 1))).all():
            raise ValueError(f"found {name} other than whole numbers from {least} to {most}")
