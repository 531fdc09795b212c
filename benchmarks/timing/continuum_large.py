"""Time and memory of exploring a large cohort.

    python -m benchmarks.timing.continuum_large PREPARED [--scans 10000] [--looked 100]

Everything that sees the whole cohort at once is run on so many scans: rows of PREPARED drawn
again with their regional SUVR varied a little. What is done scan by scan (networks, means of the
groups, pictures) is run on a few of PREPARED's own, and stated a scan.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd

from benchmarks.figures import record
from monai_amyloid.cohort.datalist import read_cohort
from monai_amyloid.cohort.prepared_volume import load_suvr
from monai_amyloid.exploring import exploration as room
from monai_amyloid.exploring.exploration import explore
from monai_amyloid.exploring.features import Networks, network_features
from monai_amyloid.exploring.groups.subtype_maps import mean_suvr
from monai_amyloid.exploring.tables import write_tables
from monai_amyloid.installed import shipped_bundle
from monai_amyloid.pictures.thumbnails import thumbnail
from monai_amyloid.report.explore import page as explore_page


def timed(what: str, act: Callable[[], Any], scans: int = 0) -> Any:
    """Do it, and print what it took."""
    start = time.perf_counter()
    made = act()
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    each = f"{seconds / scans:.3f} s a scan" if scans else f"{seconds:.1f} s"
    print(f"| {what} | {each} | {peak:.2f} GB |", flush=True)
    record(what, seconds / (scans or 1), "s/scan" if scans else "s")
    record(f"{what}: peak memory so far", peak, "GB")
    return made


def write_large(prepared: Path, folder: Path, scans: int) -> None:
    """A table of so many scans."""
    table = pd.read_csv(prepared / "participants.tsv", sep="\t", keep_default_na=False)
    random = np.random.default_rng(0)
    rows = table.iloc[random.integers(0, len(table), scans)].reset_index(drop=True)
    for name in rows.columns[rows.columns.str.startswith("suvr_")]:
        rows[name] = rows[name].astype(float) + random.normal(0, 0.02, scans)
    rows["participant_id"] = [f"sub-{number:05d}" for number in range(scans)]
    rows["path"] = [str((prepared / path).resolve()) for path in rows["path"]]
    rows.to_csv(folder / "participants.tsv", sep="\t", index=False)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("prepared", type=Path)
    parser.add_argument("--scans", type=int, default=10_000)
    parser.add_argument("--looked", type=int, default=100)
    options = parser.parse_args()
    networks = Networks(shipped_bundle())
    print("| step | time | peak memory so far |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "seen").mkdir()
        few = read_cohort(options.prepared / "participants.tsv").head(options.looked)
        timed(
            "the bundle's network",
            lambda: network_features(few, networks, folder / "seen"),
            len(few),
        )
        write_large(options.prepared, folder, options.scans)
        random = np.random.default_rng(1)
        features = random.normal(size=(options.scans, 1024)).astype(np.float32)
        # Its features are measured above; here they are numbers of the same shape.
        with patch.object(room, "network_features", lambda *args: {"network": features}):
            found = timed(
                f"exploring {options.scans} scans, two kinds of features",
                lambda: explore(folder, networks, folder),
            )
        timed("tables", lambda: write_tables(found, folder))
        groups = [found.main.clusters["gaussian_mixture"]]
        timed("mean SUVR of the groups", lambda: mean_suvr(few, groups), len(few))
        drawn = thumbnail(load_suvr(Path(few["path"][0])))
        timed(
            "pictures",
            lambda: [thumbnail(load_suvr(Path(path))) for path in few["path"]],
            len(few),
        )
        with (
            patch.object(explore_page, "load_suvr", lambda path: None),
            patch.object(explore_page, "thumbnail", lambda volume: drawn),
        ):
            page = timed(
                "the page, pictures aside",
                lambda: explore_page.write_explore_page(found, folder / "explore.html"),
            )
        print(f"\npage: {page.stat().st_size / 1e6:.1f} MB")
        record("page", page.stat().st_size / 1e6, "MB")


if __name__ == "__main__":
    main()
