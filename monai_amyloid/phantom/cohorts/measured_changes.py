"""Simulated changes as the program measures them, beside the true ones."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any

import pandas as pd

from monai_amyloid.brain.normalization import BrainPet, normalize
from monai_amyloid.brain.quantities.atrophy import thinning_effect
from monai_amyloid.brain.quantities.references import over_references
from monai_amyloid.brain.registration.register import one_thread
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.following.change_errors import Causes
from monai_amyloid.following.joint import join
from monai_amyloid.pet.tracers import FLORBETABEN
from monai_amyloid.phantom.cohorts.four_visits import KINDS, SimulatedVisit, four_visits

# Measures of quality that errors depend on.
_QUALITY = ("noise_cv", "fwhm_mm", "registration", "asymmetry", "amyloid_load")


def measured_changes(seed: int, numbers: Sequence[int], workers: int) -> Iterator[pd.DataFrame]:
    """Simulate people and measure their changes, person by person.

    Args:
        seed: Seed of the people.
        numbers: Number of each person, from 1.
        workers: Number of processes.

    Yields:
        A row for each later visit of a person. Of both visits (``_0`` the first, ``_1`` the later)
        it holds the ``site``, the Centiloid of the amyloid alone (``true``) and of the scan without
        noise (``clean``), the ``plain`` and the ``joint`` Centiloid, the ``effect`` of thinning on
        both, the Centiloid ``over`` each reference, measures of quality and what was ``drawn``; of
        the pair ``number``, ``kind``, ``years``, ``treated``, and the change of each region's SUVR
        (``suvr_*``). ``three`` is the joint Centiloid of the first, the unchanged and the changed
        visit, measured together. A refused visit has no row.
    """
    one = partial(changes_of, seed=seed)
    if workers == 1:
        yield from (pd.DataFrame(one(number)) for number in numbers)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from (pd.DataFrame(rows) for rows in pool.map(one, numbers))


@one_thread()
def changes_of(number: int, seed: int) -> list[dict[str, Any]]:
    """The changes of one person, see :func:`measured_changes`."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    found: dict[str, tuple[SimulatedVisit, BrainPet]] = {}
    for visit in four_visits(number, seed):
        try:
            found[visit.kind] = visit, normalize(visit.image)
        except StudyRefused:
            continue
    if KINDS[0] not in found:
        return []
    rows = {
        kind: {"number": number, **_change(found[KINDS[0]], found[kind])}
        for kind in KINDS[1:]
        if kind in found
    }
    for kind, row in rows.items():
        row["three_0"] = row["three_1"] = float("nan")
        if kind == "changed" and "unchanged" in rows:
            three = join([found[name][1] for name in ("first", "unchanged", "changed")])
            row["three_0"], _, row["three_1"] = three.centiloids
    return list(rows.values())


def causes_of(row: dict[str, Any], other_scanner: bool) -> Causes:
    """What the error of a row's change depends on."""
    earlier, later = ({name: row.get(f"{name}_{place}") for name in _QUALITY} for place in (0, 1))
    return Causes(
        loads=(row["joint_0"], row["joint_1"]),
        earlier=earlier,
        later=later,
        other_scanner=other_scanner,
        tracer=FLORBETABEN,
        years=float(row["years"]),
    )


def _change(
    first: tuple[SimulatedVisit, BrainPet], later: tuple[SimulatedVisit, BrainPet]
) -> dict[str, Any]:
    joint = join([first[1], later[1]])
    row: dict[str, Any] = {
        "kind": later[0].kind,
        "years": later[0].years,
        "treated": later[0].treated,
    }
    for place, (visit, brain) in enumerate((first, later)):
        row |= {
            f"site_{place}": visit.site,
            f"true_{place}": visit.of_amyloid,
            f"clean_{place}": visit.centiloid,
            f"plain_{place}": brain.centiloid,
            f"joint_{place}": joint.centiloids[place],
            f"effect_{place}": thinning_effect(joint.suvr[place], FLORBETABEN),
            f"plain_effect_{place}": thinning_effect(brain.suvr, FLORBETABEN),
            **{
                f"over_{name}_{place}": each.centiloid
                for name, each in over_references(brain.suvr, FLORBETABEN).items()
            },
            **{f"drawn_{name}_{place}": value for name, value in visit.drawn.items()},
            **{f"{name}_{place}": brain.quality[name] for name in _QUALITY},
        }
    before, after = joint.regions
    return row | {f"suvr_{name}": after[name] - before[name] for name in before}
