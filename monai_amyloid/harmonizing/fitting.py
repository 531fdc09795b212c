"""A harmonisation fitted to the scans of several sites, and how sure it is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.cohort.datalist import CohortError, some_of
from monai_amyloid.harmonizing.covariates import Covariates
from monai_amyloid.harmonizing.model import LONGEST_NAME, Harmonization, as_sites
from monai_amyloid.harmonizing.scans import Scans, is_unknown
from monai_amyloid.harmonizing.site_lines import fit_site_lines

# A site of fewer scans says nothing of its camera. Where fewer than three of its people were
# scanned elsewhere too, it takes more: with seven scans a site two cameras came out 10 Centiloid
# wrong, for people differ by 20 within a grade.
FEWEST_SCANS, FEWEST_ALONE, FEWEST_ELSEWHERE = 5, 20, 3
# Centiloid: a difference whose standard error is larger is hardly known; cameras differ by 2 to 6.
_UNSURE = 2.0
# A difference between sites that is less than this many standard errors may be chance.
_SURE_ERRORS = 1.96


@dataclass(frozen=True)
class SiteOffset:
    """What a site reads of people alike, in Centiloid.

    Attributes:
        site: Name of the site.
        scans: Number of its scans.
        elsewhere: Number of its people who were scanned at another site too.
        offset: Mean Centiloid above that of all sites, after matching and before harmonising.
        error: Standard error of it.
        scale: Change of Centiloid that it reads for a true change of 1.
    """

    site: str
    scans: int
    elsewhere: int
    offset: float
    error: float
    scale: float

    @property
    def may_be_chance(self) -> bool:
        """Whether the offset is hardly known, or too small to be known from chance."""
        return self.error > _UNSURE or abs(self.offset) < _SURE_ERRORS * self.error

    def in_words(self) -> str:
        """The offset as a line for a person."""
        line = (
            f"{self.site}: {self.scans} scans, {self.elsewhere} people scanned elsewhere too; "
            f"{self.offset:+.1f} Centiloid against all sites (standard error {self.error:.1f}), "
            f"scale {self.scale:.2f}"
        )
        return f"{line}; may be chance" if self.may_be_chance else line


def check_sites(scans: Scans) -> None:
    """Refuse a cohort that no harmonisation can be fitted to.

    Raises:
        CohortError: If it has one site, a site of few scans or without a usable name, a person of
            two sexes, or a measure that is the same in all scans.
    """
    counts = scans.table[scans.site].value_counts()
    if len(counts) < 2:
        raise CohortError(
            f"{scans.file}: found one {scans.site}, {counts.index[0]}; needed two or more, for "
            "there is nothing to harmonise within one"
        )
    if long := [site for site in counts.index if len(site) > LONGEST_NAME]:
        raise CohortError(
            f"{scans.file}: found a {scans.site} of {len(long[0])} letters, {long[0][:40]}…; "
            f"needed a name of at most {LONGEST_NAME}"
        )
    linked = dict(zip(scans.sites, _linked(*_places(scans)), strict=True))
    for fewest, advice in (
        (FEWEST_SCANS, "add scans"),
        (FEWEST_ALONE, f"scan {FEWEST_ELSEWHERE} of its people or more at another site too"),
    ):
        few = [
            f"{site} ({count})"
            for site, count in sorted((str(name), count) for name, count in counts.items())
            if count < fewest and (fewest == FEWEST_SCANS or linked[site] < FEWEST_ELSEWHERE)
        ]
        if few:
            raise CohortError(
                f"{scans.file}: found fewer than {fewest} scans of {some_of(few)}; take them out "
                f"of the table, or {advice}"
            )
    if "sex" in scans.table:
        known = scans.table[~is_unknown(scans.table["sex"])]
        sexes = known["sex"].str.casefold().groupby(known["participant_id"]).nunique()
        if (two := sexes.index[sexes > 1].tolist()) != []:
            raise CohortError(
                f"{scans.file}: {some_of(two)} has two sexes; if sites number their people alike, "
                "put the site's name into participant_id"
            )
    values = scans.values()
    if (same := np.ptp(values, axis=0) == 0).any():
        raise CohortError(
            f"{scans.file}: {scans.measured[int(np.argmax(same))]} is the same in every scan"
        )


def fit_harmonization(
    scans: Scans, covariates: Covariates, common_mm: float
) -> tuple[Harmonization, list[SiteOffset]]:
    """Fit what each site's camera adds.

    Args:
        scans: Scans at one resolution, see :func:`check_sites`.
        covariates: What is known of their people.
        common_mm: The resolution, in mm.

    Raises:
        CohortError: If nothing tells the cameras' effects from who was scanned where, or a site
            reads what no camera does.
    """
    names = scans.sites
    sites, people = _places(scans)
    linked = _linked(sites, people)
    elsewhere = _scanned_elsewhere(sites, people)
    used = np.ones(len(sites), bool)
    if not covariates.tell_amyloid:
        _require_links(scans, sites, people, elsewhere)
        used = elsewhere
    lines = fit_site_lines(
        scans.values()[used],
        sites[used],
        np.unique(people[used], return_inverse=True)[1],
        covariates.design[used],
    )
    counts = np.bincount(sites, minlength=len(names)).tolist()
    model = Harmonization(
        site_column=scans.site,
        tracer=scans.tracer,
        reference=scans.reference,
        fwhm_mm=common_mm,
        covariates=covariates.names,
        sites=as_sites(names, counts, scans.measured, lines.shift, lines.scale),
    )
    load = scans.measured.index("centiloid")
    mean = float(lines.harmonized(scans.values()[used], sites[used])[:, load].mean())
    offsets = lines.shift[:, load] + (lines.scale[:, load] - 1) * mean
    return model, [
        SiteOffset(
            name,
            counts[place],
            linked[place],
            float(offsets[place]),
            float(lines.error[place, load]),
            float(lines.scale[place, load]),
        )
        for place, name in enumerate(names)
    ]


def _places(scans: Scans) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Number of the site and of the person of each scan."""
    names = np.array(scans.sites)
    return np.searchsorted(names, scans.table[scans.site].to_numpy(str)), scans.people


def _linked(sites: NDArray[np.intp], people: NDArray[np.intp]) -> list[int]:
    """How many people of each site were scanned at another one too."""
    elsewhere = _scanned_elsewhere(sites, people)
    return [len(np.unique(people[elsewhere & (sites == n)])) for n in range(sites.max() + 1)]


def _scanned_elsewhere(sites: NDArray[np.intp], people: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which scans are of people who were scanned at two sites or more."""
    pairs = np.unique(np.stack([people, sites]), axis=1)
    return np.asarray(np.bincount(pairs[0], minlength=people.max() + 1)[people] > 1)


def _require_links(
    scans: Scans, sites: NDArray[np.intp], people: NDArray[np.intp], elsewhere: NDArray[np.bool_]
) -> None:
    """Without a covariate of amyloid, people scanned at both link sites; else refuse."""
    reached = {0}
    while True:
        who = np.isin(people, people[np.isin(sites, list(reached)) & elsewhere])
        more = reached | set(sites[who & elsewhere].tolist())
        if more == reached:
            break
        reached = more
    if len(reached) <= sites.max() or min(_linked(sites, people)) < FEWEST_ELSEWHERE:
        raise CohortError(
            f"{scans.file}: nothing tells what a camera adds from who was scanned there: name a "
            "covariate that says how much amyloid people have (--covariate bapl, or their "
            f"diagnosis), or scan {FEWEST_ELSEWHERE} people or more of each site at another, "
            "under one participant_id"
        )


def doubts(offsets: Sequence[SiteOffset]) -> list[str]:
    """What to know before the harmonised numbers are used, a line each."""
    alone = [each.site for each in offsets if not each.elsewhere and each.may_be_chance]
    if not alone:
        return []
    return [
        f"what {some_of(alone)} adds may be chance, and harmonising may then add more than it "
        "removes; scan eight people at two sites, which says more than a hundred others"
    ]
