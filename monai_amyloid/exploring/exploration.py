"""A prepared cohort explored: its scans without their grades, then their grades."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monai_amyloid.cohort.datalist import GRADES, UNKNOWN, CohortError, read_cohort
from monai_amyloid.cohort.folds import check_reference, read_folds
from monai_amyloid.exploring.alignment import out_of_fold
from monai_amyloid.exploring.early import chance_beyond, early_amyloid_chance, early_mark
from monai_amyloid.exploring.features import (
    NETWORK,
    REGIONAL,
    SELF_SUPERVISED,
    Networks,
    florbetaben_suvr,
    network_features,
    regional_features,
)
from monai_amyloid.exploring.groups.patterns import SIDED, Patterns, find_patterns
from monai_amyloid.exploring.label_errors import cross_validated, doubt
from monai_amyloid.exploring.neighbours import nearest_others
from monai_amyloid.exploring.probes import Probe, probe
from monai_amyloid.exploring.reduction import require_umap
from monai_amyloid.exploring.saved_map import SavedMap
from monai_amyloid.exploring.view import View, look, scanned_of
from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.output import remove_partials
from monai_amyloid.work.cluster.choice import LOCAL, Cluster
from monai_amyloid.work.progress import SILENT, Progress

Array = NDArray[np.float64]

VIEW_NAMES = {
    REGIONAL: phrase("view_regional", "regional SUVR"),
    NETWORK: phrase("view_network", "features of the network"),
    SELF_SUPERVISED: phrase("view_self_supervised", "self-supervised features"),
}
_FEWEST = 50  # scans; with fewer neither continuum nor groups can be found


@dataclass(frozen=True, kw_only=True)
class Exploration:
    """What was found in a cohort.

    Attributes:
        cohort: Table with one row for each scan, from
            :func:`~monai_amyloid.cohort.datalist.read_cohort`.
        views: View of the cohort by each kind of features; ``regional`` is always there.
        mark: Score where early amyloid begins; NaN where the cohort has no such score.
        early: Chance of each scan that the amyloid load is that of early amyloid or more, ``(N,)``.
        patterns: Spatial patterns: regions where amyloid leads, and subtypes.
        probabilities: Cross-validated probabilities of the grades, ``(N, 3)``, NaN where a scan has
            no grade; None where a grade is too rare.
        doubt: Evidence against the grade in the table, ``(N,)``; None without ``probabilities``.
        probes: Accuracy with which site and grade are predicted from each view's coordinates, by
            the view's name.

    Examples:
        >>> import monai_amyloid
        >>> found = monai_amyloid.explore("fifty_scans", "explored")
        >>> isinstance(found, monai_amyloid.Exploration), sorted(found.views)
        (True, ['network', 'regional'])
    """

    cohort: pd.DataFrame
    views: Mapping[str, View]
    mark: float
    early: Array
    patterns: Patterns
    probabilities: Array | None
    doubt: Array | None
    probes: Mapping[str, tuple[Probe, ...]]

    @property
    def main(self) -> View:
        """The view by regional SUVR, whose score no grade has touched."""
        return self.views[REGIONAL]

    def summary(self) -> list[Phrase]:
        """What was found, in a few lines."""
        lines = [self._median_scores()]
        if np.isfinite(self.mark):
            bapl1 = (self.cohort["bapl"] == 1).fillna(False).to_numpy(bool)
            lines.append(
                phrase(
                    "found_early",
                    "Early amyloid from a score of {mark:.0f}; more likely than not in {early:d} "
                    "of {scans:d} BAPL 1 scans",
                    mark=self.mark,
                    early=int((self.early[bapl1] > 0.5).sum()),
                    scans=int(bapl1.sum()),
                )
            )
        lines += [
            phrase(
                "found_groups",
                "Groups by {view}: {number}",
                view=VIEW_NAMES[view.name],
                number=view.clusters["gaussian_mixture"].number_text,
            )
            for view in self.views.values()
        ]
        if self.patterns.subtypes is not None:
            number = self.patterns.subtypes.number_text
            lines.append(
                phrase("found_subtypes", "Subtypes where amyloid shows: {number}", number=number)
            )
        farthest = self.cohort.iloc[int(self.main.surroundings.share_as_far.argmin())]
        lines.append(
            phrase(
                "found_unlike",
                "Most unlike the others: {participant} {session}",
                participant=farthest["participant_id"],
                session=farthest["session_id"],
            )
        )
        return lines

    def _median_scores(self) -> Phrase:
        medians = tuple(
            phrase(
                "found_median",
                "BAPL {grade:d}: {score:.0f}",
                grade=grade,
                score=float(np.median(self.main.score[inside])),
            )
            for grade in GRADES
            if (inside := (self.cohort["bapl"] == grade).fillna(False).to_numpy(bool)).any()
        )
        scans = len(self.cohort)
        if not medians:
            return phrase("found_no_grade", "{scans:d} scans; no scan has a grade", scans=scans)
        return phrase(
            "found_scans",
            "{scans:d} scans; median score by grade: {medians}",
            scans=scans,
            medians=medians,
        )

    def nearest_graded(self) -> NDArray[np.int64]:
        """Rows of the graded scans of other participants that each scan is nearest to."""
        graded = np.flatnonzero(self.cohort["bapl"].notna().to_numpy())
        people = self.cohort["participant_id"].to_numpy(str)
        return nearest_others(self.main.axes, people, graded)[0]

    def saved_map(self) -> SavedMap:
        """The map that new scans are placed on."""
        view = self.main
        return SavedMap(
            representation=view.representation,
            continuum=view.continuum,
            early_mark=self.mark,
            axes=view.axes,
            cases={
                "bapl": self.cohort["bapl"].fillna(0).to_numpy(float),
                "centiloid": self.cohort["centiloid"].to_numpy(float),
                "score": view.score,
                "cluster": view.clusters["gaussian_mixture"].labels.astype(float),
                "loneliness": view.surroundings.loneliness,
            },
            maps=view.maps,
        )


def explore(
    prepared: Path,
    networks: Networks,
    output: Path,
    *,
    seed: int = 0,
    name_sites: bool = False,
    doing: Callable[[str], None] = lambda what: None,
    progress: Progress = SILENT,
    cluster: Cluster = LOCAL,
) -> Exploration:
    """Explore a prepared cohort.

    Args:
        prepared: Folder that ``monai-amyloid prepare`` wrote; grades may be missing.
        networks: Networks whose features are explored beside regional SUVR.
        output: Folder in which the features of the networks are kept.
        seed: Seed of everything random.
        name_sites: Whether sites have the names of the table; else they are numbers.
        doing: Function that is called with the name of each step when it begins.
        progress: Shows how many scans the networks have seen.
        cluster: Machines whose networks see them, in place of this process.

    Raises:
        CohortError: If the cohort is not prepared or too small.
        UserError: If weights are missing or of another network, or UMAP is not installed.
    """
    require_umap()
    remove_partials(output / "features")
    cohort = _prepared(prepared, name_sites=name_sites)
    features = {REGIONAL: regional_features(cohort)}
    scanned, read = scanned_of(cohort), florbetaben_suvr(cohort, SIDED)
    folds = _folds(prepared, cohort, len(networks.folds)) if networks.folds else None
    seen = network_features(cohort, networks, output / "features", progress, cluster)
    if folds is not None:
        by_fold = [seen.pop(f"{NETWORK}{fold}") for fold in range(len(networks.folds))]
        seen[NETWORK] = out_of_fold(by_fold, folds)
    for name in (NETWORK, SELF_SUPERVISED):
        if name in seen:
            features[name] = pd.DataFrame(seen[name], index=cohort.index)
    views = {}
    for name, each in features.items():
        doing(f"continuum, maps and groups by {name.replace('_', '-')} features")
        views[name] = look(name, each, scanned, seed)
    main = views[REGIONAL]
    coordinates = main.representation.coordinates(
        features[REGIONAL].to_numpy(float), scanned.acquisition, scanned.sites
    )
    doing("subtypes, doubtful grades and probes")
    mark = early_mark(main.score, cohort["centiloid"].to_numpy(float))
    beyond = chance_beyond(main.continuum, coordinates, mark)
    probabilities, doubts = _doubts(cohort, views, bool(networks.folds), seed)
    bapl = cohort["bapl"].astype(str).replace("<NA>", UNKNOWN)
    kinds = {"site": cohort["site"], "bapl": bapl}
    return Exploration(
        cohort=cohort,
        views=views,
        mark=mark,
        early=early_amyloid_chance(beyond),
        patterns=find_patterns(read, main.score, np.nan_to_num(beyond) > 0.5, seed),
        probabilities=probabilities,
        doubt=doubts,
        probes={
            name: tuple(
                found
                for asked, kind in kinds.items()
                if (found := probe(asked, kind, each, scanned, seed)) is not None
            )
            for name, each in features.items()
        },
    )


def _prepared(folder: Path, *, name_sites: bool) -> pd.DataFrame:
    cohort = read_cohort(folder / "participants.tsv")
    check_reference(cohort, folder)
    if "centiloid" not in cohort or cohort["centiloid"].isna().any() or "tracer" not in cohort:
        raise CohortError(
            f"{folder}: not a prepared cohort (participants.tsv has no Centiloid or tracer of "
            "every scan); make one with `monai-amyloid prepare`"
        )
    if len(cohort) < _FEWEST:
        raise CohortError(
            f"{folder}: found {len(cohort)} scans, needed {_FEWEST} or more to find a continuum"
        )
    if "site" not in cohort:
        cohort["site"] = UNKNOWN
    return cohort if name_sites else cohort.assign(site=numbered_sites(cohort["site"]))


def numbered_sites(sites: "pd.Series[str]") -> "pd.Series[str]":
    """Sites as ``site-1`` on, in the order of their names; an unknown one stays unknown."""
    named = sorted({*sites} - {UNKNOWN, ""})
    numbers = {name: f"site-{number}" for number, name in enumerate(named, start=1)}
    return sites.map(lambda site: numbers.get(site, UNKNOWN))


def _folds(prepared: Path, cohort: pd.DataFrame, networks: int) -> NDArray[np.int64]:
    """The fold that held each scan out; -1 for those that trained no network."""
    folds = read_folds(prepared)
    if folds.max() >= networks:
        raise CohortError(
            f"{prepared}: it has {folds.max() + 1} folds, but the run has networks of {networks}; "
            "name the cross-validation of this cohort with --run"
        )
    return np.asarray(cohort["participant_id"].map(folds).fillna(-1), np.int64)


def _doubts(
    cohort: pd.DataFrame, views: Mapping[str, View], held_out: bool, seed: int
) -> tuple[Array | None, Array | None]:
    """Probabilities of the grades, and the evidence against those in the table."""
    # Features of a network that may have learned from these grades would repeat their errors.
    used = [view for name, view in views.items() if held_out or name != NETWORK]
    known = cohort["bapl"].notna().to_numpy()
    bapl = cohort["bapl"][known].to_numpy(int)
    predicted = cross_validated(
        np.column_stack([view.axes for view in used])[known],
        bapl,
        cohort["participant_id"].to_numpy(str)[known],
        seed,
    )
    if predicted is None:
        return None, None
    probabilities, doubts = np.full((len(cohort), 3), np.nan), np.full(len(cohort), np.nan)
    probabilities[known], doubts[known] = predicted, doubt(predicted, bapl)
    return probabilities, doubts
