"""People and cameras of numbers alone, whose truth is known."""

from pathlib import Path

import numpy as np
import pandas as pd

from monai_amyloid.harmonizing.scans import Scans

# What two cameras make of a true value of each of three regions.
SHIFT = np.array([[0.10, -0.05, 0.0], [-0.10, 0.15, 0.0]])
SCALE = np.array([[1.10, 1.05, 1.0], [0.90, 0.95, 1.0]])


def people(count: int, positive: np.ndarray, seed: int = 0) -> np.ndarray:
    """True values of three regions of each person, which positives have more of."""
    random = np.random.default_rng(seed)
    load = 0.5 * positive + random.normal(0, 0.1, count)
    return 1.2 + load[:, None] * [1.0, 0.8, 0.4] + random.normal(0, 0.02, (count, 3))


def read_by(true: np.ndarray, sites: np.ndarray, seed: int = 1) -> np.ndarray:
    """The values that each person's camera reads."""
    noise = np.random.default_rng(seed).normal(0, 0.01, true.shape)
    return SHIFT[sites] + SCALE[sites] * true + noise


def scans(values: np.ndarray, sites: np.ndarray, **columns: object) -> Scans:
    """A cohort's table of such values: the cortex, another region, and Centiloid."""
    measured = ("suvr_cortex", "suvr_frontal", "centiloid")
    table = pd.DataFrame(values, columns=list(measured))
    table["site"] = [f"site {'AB'[site]}" for site in sites]
    table["participant_id"] = [f"sub-{n}" for n in range(len(table))]
    table["session_id"] = "ses-01"
    for name, column in columns.items():
        table[name] = column
    return Scans(table, Path("participants.tsv"), "site", "18FFBB", "whole_cerebellum", measured)
