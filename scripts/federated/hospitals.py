"""Cohorts that are apart: nobody, and no scan, at two hospitals."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from monai_amyloid.cohort.datalist import UNKNOWN, read_cohort
from monai_amyloid.cohort.duplicates import check_duplicates
from monai_amyloid.errors import UserError

# They name folders, and processes of FLARE.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_TAKEN = ("server", "all")


def parse_hospitals(options: Sequence[str]) -> dict[str, Path]:
    """Folders by the hospitals' names, from ``NAME=FOLDER`` each.

    Raises:
        UserError: If a name cannot be used or is used twice, or there are fewer than two.
    """
    found: dict[str, Path] = {}
    for option in options:
        name, _, folder = option.partition("=")
        if not folder or not _NAME.fullmatch(name) or name.lower() in _TAKEN:
            raise UserError(
                f"--site {option}: needed NAME=FOLDER, the name of letters, digits, - _"
            )
        if name in found:
            raise UserError(f"--site {name} is there twice; use another name for each hospital")
        found[name] = Path(folder).resolve()
    if len(found) < 2:
        raise UserError(f"found {len(found)} hospitals, needed 2 or more; add --site NAME=FOLDER")
    return found


def check_apart(hospitals: Mapping[str, Path]) -> None:
    """Prove that what one hospital has no other has, as far as names and files tell.

    A participant is identified by the columns ``site`` and ``participant_id``, because hospitals
    number their own; an image by its content.

    Raises:
        UserError: Naming what two hospitals have.
    """
    owners: dict[object, str] = {}
    cohorts = []
    for name, folder in hospitals.items():
        cohort = read_cohort(folder / "participants.tsv")
        people = cohort.assign(site=cohort.get("site", UNKNOWN))[
            ["site", "participant_id"]
        ].drop_duplicates()
        things: list[Any] = [folder, *people.itertuples(index=False, name=None)]
        for thing in things:
            if (other := owners.setdefault(thing, name)) != name:
                what = folder if thing is folder else "{1} (site {0})".format(*thing)
                raise UserError(
                    f"{what} is at {other} and at {name}, needed cohorts without overlap; keep it "
                    "at one hospital, or, if the people differ, add the column `site` to each table"
                )
        cohorts.append(cohort.assign(participant_id=f"{name}: " + cohort["participant_id"]))
    check_duplicates(pd.concat(cohorts, ignore_index=True))
