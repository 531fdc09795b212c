"""A harmonisation as a file: what each known site's camera adds, in plain numbers."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.errors import UserError, one_line
from monai_amyloid.harmonizing.resolution import COARSEST_MM
from monai_amyloid.harmonizing.scans import MEASURED, Scans
from monai_amyloid.output import as_bytes, replace_file
from monai_amyloid.strict_json import read_object
from monai_amyloid.version import __version__

SCHEMA = "monai-amyloid-harmonization/1"
MODEL = "harmonization.json"
_KEYS = {"schema", "version", "site_column", "tracer", "reference", "fwhm_mm"} | {
    *("covariates", "sites")
}
# A cohort of a thousand sites has 3 MB.
_MOST_BYTES = 16 * 2**20
LONGEST_NAME = 200
# Beyond, it is no camera: SUVR are below 5, and Centiloid below 300.
_LEAST_SCALE, _MOST_SCALE, _MOST_SHIFT = 0.3, 3.0, 1000.0


@dataclass(frozen=True)
class SiteLine:
    """What a site reads of each region: ``value = shift + scale * true``.

    Attributes:
        scans: Number of scans that it was learnt from.
        shift: Shift by measured column, in the unit of the column.
        scale: Scale by measured column, dimensionless.
    """

    scans: int
    shift: Mapping[str, float]
    scale: Mapping[str, float]


@dataclass(frozen=True)
class Harmonization:
    """A fitted harmonisation.

    Attributes:
        site_column: Column that named the sites.
        tracer: BIDS label of the tracer.
        reference: Reference region of the SUVR.
        fwhm_mm: Resolution that scans were brought to before.
        covariates: Columns whose effects were kept.
        sites: Line of each known site, by its name.
        version: Version of the program that fitted it.
    """

    site_column: str
    tracer: str
    reference: str
    fwhm_mm: float
    covariates: tuple[str, ...]
    sites: Mapping[str, SiteLine]
    version: str = __version__

    @property
    def measured(self) -> tuple[str, ...]:
        """Columns that are harmonised, in their order."""
        return tuple(next(iter(self.sites.values())).shift)

    def check(self, scans: Scans) -> None:
        """Refuse scans that it was not fitted for.

        Raises:
            CohortError: If their tracer, reference region, measures or one of their sites is
                another.
        """
        for name in ("tracer", "reference"):
            theirs, ours = getattr(scans, name), getattr(self, name)
            if theirs != ours:
                raise CohortError(
                    f"{scans.file}: found {name} {theirs}, and the model is of {ours}; harmonise "
                    "them by a model of their own"
                )
        if missing := [name for name in self.measured if name not in scans.measured]:
            raise CohortError(
                f"{scans.file}: found no column {missing[0]}, which the model harmonises; prepare "
                "these scans by the same version as those of the model"
            )
        if unknown := [site for site in scans.sites if site not in self.sites]:
            raise CohortError(
                f"{scans.file}: the model does not know {', '.join(unknown)}; it knows "
                f"{', '.join(self.sites)}: what another camera adds is not seen on single scans. "
                "Prepare scans of all sites together and fit a model again, best with some people "
                "scanned at both"
            )

    def harmonized(self, scans: Scans) -> NDArray[np.float64]:
        """Values of :attr:`measured` as all sites together read them, ``(N, R)``.

        Args:
            scans: Scans at the resolution of the model, see :meth:`check`.
        """
        lines = [self.sites[site] for site in scans.table[scans.site]]
        values = scans.table[list(self.measured)].to_numpy(float)
        shift = np.array([[line.shift[name] for name in self.measured] for line in lines])
        scale = np.array([[line.scale[name] for name in self.measured] for line in lines])
        return np.asarray((values - shift) / scale)

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        content = {
            "schema": SCHEMA,
            "version": self.version,
            "site_column": self.site_column,
            "tracer": self.tracer,
            "reference": self.reference,
            "fwhm_mm": self.fwhm_mm,
            "covariates": list(self.covariates),
            "sites": {
                name: {"scans": line.scans, "shift": dict(line.shift), "scale": dict(line.scale)}
                for name, line in self.sites.items()
            },
        }
        text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
        replace_file(path, as_bytes(text))


def read_harmonization(path: Path) -> Harmonization:
    """Read a harmonisation that somebody else may have written.

    Raises:
        UserError: If the file is not there, or anything in it is not what :meth:`write` writes.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError(f"larger than {_MOST_BYTES >> 20} MB")
        return _from_content(read_object(path.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path}: no harmonisation that can be used ({one_line(error)[:200]}); name the "
            f"{MODEL} that `monai-amyloid harmonize` wrote"
        ) from error


def _from_content(found: Mapping[str, Any]) -> Harmonization:
    if found.get("schema") != SCHEMA:
        raise ValueError(f"schema {str(found.get('schema'))[:60]!r}, needed {SCHEMA!r}")
    _check_keys(found, _KEYS)
    sites = {_name(name): _site_line(line) for name, line in _object(found["sites"]).items()}
    if not sites:
        raise ValueError("no site")
    columns = {tuple(sorted(line.shift)) for line in sites.values()}
    if len(columns) != 1 or not next(iter(columns)):
        raise ValueError("sites of different columns, or of none")
    covariates = found["covariates"]
    if not isinstance(covariates, list):
        raise ValueError("covariates that are no list")
    return Harmonization(
        site_column=_name(found["site_column"]),
        tracer=_name(found["tracer"]),
        reference=_name(found["reference"]),
        fwhm_mm=_number(found["fwhm_mm"], 0.0, COARSEST_MM),
        covariates=tuple(map(_name, covariates)),
        sites=sites,
        version=_name(found["version"]),
    )


def _site_line(found: Any) -> SiteLine:
    line = _object(found)
    _check_keys(line, {"scans", "shift", "scale"})
    shift, scale = _object(line["shift"]), _object(line["scale"])
    if shift.keys() != scale.keys():
        raise ValueError("shift and scale of different columns")
    if other := [name for name in shift if not MEASURED.fullmatch(name)]:
        raise ValueError(f"a column {other[0][:80]!r}")
    return SiteLine(
        int(_number(line["scans"], 1, 1e9)),
        {name: _number(value, -_MOST_SHIFT, _MOST_SHIFT) for name, value in shift.items()},
        {name: _number(value, _LEAST_SCALE, _MOST_SCALE) for name, value in scale.items()},
    )


def _check_keys(found: Mapping[str, Any], needed: set[str]) -> None:
    if found.keys() != needed:
        other = sorted(found.keys() ^ needed)
        raise ValueError(f"{other[0][:80]!r} missing or not known")


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"a {type(value).__name__}, needed an object")
    return value


def _name(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME:
        raise ValueError("a name that is none")
    return value


def _number(value: Any, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"a {type(value).__name__}, needed a number")
    if not (math.isfinite(value) and least <= value <= most):
        raise ValueError(f"{value:g}, needed {least:g} to {most:g}")
    return float(value)


def as_sites(
    names: Sequence[str],
    counts: Sequence[int],
    measured: Sequence[str],
    shift: NDArray[np.float64],
    scale: NDArray[np.float64],
) -> dict[str, SiteLine]:
    """Lines by the names of sites and columns.

    Args:
        names: Names of the sites.
        counts: Number of scans of each site.
        measured: Names of the columns.
        shift: Shift by site and column, ``(S, R)``.
        scale: Scale by site and column, ``(S, R)``.

    Raises:
        CohortError: If a scale is that of no camera.
    """
    for row, name in enumerate(names):
        wrong = (scale[row] < _LEAST_SCALE) | (scale[row] > _MOST_SCALE)
        wrong |= np.abs(shift[row]) > _MOST_SHIFT
        if wrong.any():
            column = int(np.argmax(wrong))
            raise CohortError(
                f"{name} reads {measured[column]} {scale[row, column]:.2f} times as large as the "
                "others, which no camera does; look at its scans"
            )
    return {
        name: SiteLine(
            count,
            dict(zip(measured, map(float, shift[row]), strict=True)),
            dict(zip(measured, map(float, scale[row]), strict=True)),
        )
        for row, (name, count) in enumerate(zip(names, counts, strict=True))
    }
