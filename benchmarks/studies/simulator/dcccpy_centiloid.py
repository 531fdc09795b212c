"""Simulated scans through an independent Centiloid program.

    python -m benchmarks.studies.simulator.dcccpy_centiloid --dcccpy DCCC/bin/dcccpy COHORT OUT.tsv

dcccpy (PyPI, with dcccpy-linux-runtime) puts a PET into template space and gives its Centiloid by
networks that were trained on thousands of real scans. Its licence forbids commercial use: install
it in an environment of its own; nothing here depends on it. It takes 15 to 30 s a scan, with its
default options. COHORT is a folder of `monai-amyloid simulate`, as NIfTI. OUT.tsv gets a row a
finished scan; the same command again goes on where it stopped.
"""

import argparse
import hashlib
import os
import re
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.figures import record

COLUMNS = ("participant_id", "session_id", "scan_sha256", "dcccpy")
KEYS = ["participant_id", "session_id"]
# What the program calls the tracers that it has a line for, by their BIDS labels.
TRACER_NAMES = {
    "18FFBB": "FBB",
    "18FAV45": "FBP",
    "18FFMM": "FMM",
    "18FNAV4694": "NAV",
    "11CPIB": "PiB",
}
LONGEST_SECONDS = 600


def measure(program: Path, scan: Path, tracer: str) -> float:
    """Run the program on one scan; not a number where it gives up."""
    # The program uses every core that it sees.
    environment = os.environ | {"OMP_NUM_THREADS": "1", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1"}
    with tempfile.TemporaryDirectory() as scratch:
        normalised = Path(scratch) / "normalised.nii.gz"
        done = subprocess.run(
            [program, "centiloid", "--input", scan, "--output", normalised],
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            env=environment,
        )
    found = re.search(rf"^\s*{TRACER_NAMES[tracer]}:\s*(\S+)", done.stdout, re.MULTILINE)
    if found is None:
        print(f"{scan.name}: no Centiloid: {(done.stdout + done.stderr).strip()[-300:]}")
        return float("nan")
    return float(found.group(1))


def digest_of(scan: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(scan.read_bytes()).hexdigest()


def run(program: Path, cohort: Path, output: Path) -> None:
    """Measure every scan that has no row yet, and add its row at once."""
    finished: set[str] = set()
    if output.is_file():
        # By its bytes, so that a cohort that was made anew is measured anew.
        finished = set(pd.read_csv(output, sep="\t").dropna().scan_sha256)
    else:
        output.write_text("\t".join(COLUMNS) + "\n", encoding="utf-8")
    table = pd.read_csv(cohort / "participants.tsv", sep="\t")
    for number, row in enumerate(table.itertuples(index=False), start=1):
        scan = cohort / str(row.path)
        digest = digest_of(scan)
        if digest in finished:
            continue
        value = measure(program, scan, str(row.tracer))
        with output.open("a", encoding="utf-8") as file:
            file.write(f"{row.participant_id}\t{row.session_id}\t{digest}\t{value}\n")
        print(f"{number} of {len(table)}: {row.participant_id} {value:.1f}", flush=True)


def line_through(pairs: pd.DataFrame) -> tuple[float, float, float]:
    """Share of the variance that the truth explains, slope and intercept; NaN of too few scans."""
    truth, found = pairs.centiloid.to_numpy(), pairs.dcccpy.to_numpy()
    if len(pairs) <= 2:
        return (float("nan"),) * 3
    slope, intercept = np.polyfit(truth, found, 1)
    return float(np.corrcoef(truth, found)[0, 1] ** 2), float(slope), float(intercept)


def agreement(pairs: pd.DataFrame) -> str:
    """One row of the table: the program against the truth."""
    truth, error = pairs.centiloid, pairs.dcccpy - pairs.centiloid
    cells = [str(len(pairs)), f"{truth.min():.0f} to {truth.max():.0f}"]
    cells += [
        "" if np.isnan(value) else f"{value:.{digits}f}"
        for value, digits in zip(line_through(pairs), (3, 3, 1), strict=True)
    ]
    return " | ".join([*cells, f"{error.mean():.1f}", f"{error.abs().mean():.1f}"])


def report(cohort: Path, output: Path) -> None:
    """Print the agreement of all scans, and of each site's."""
    people = pd.read_csv(cohort / "participants.tsv", sep="\t")[[*KEYS, "path", "site"]]
    people["scan_sha256"] = [digest_of(cohort / path) for path in people.pop("path")]
    truth = pd.read_csv(cohort / "truth.tsv", sep="\t")[[*KEYS, "centiloid"]]
    found = pd.read_csv(output, sep="\t").drop_duplicates("scan_sha256", keep="last")
    pairs = people.merge(truth, on=KEYS).merge(found, on=[*KEYS, "scan_sha256"])
    failed = pairs[pairs.dcccpy.isna()].participant_id.tolist()
    pairs = pairs.dropna(subset="dcccpy")
    if pairs.empty:
        raise SystemExit(f"{output}: no scan of {cohort} has a Centiloid")
    print("| site | n | true Centiloid | R² | slope | intercept | mean bias | mean abs. error |")
    print("|---|---|---|---|---|---|---|---|")
    print(f"| all | {agreement(pairs)} |")
    error = pairs.dcccpy - pairs.centiloid
    if len(pairs) > 2:
        explained, slope, _ = line_through(pairs)
        record("dcccpy against the truth: R²", explained)
        record("dcccpy against the truth: slope", slope)
    record("dcccpy against the truth: bias", error.mean(), "Centiloid")
    record("dcccpy against the truth: mean absolute error", error.abs().mean(), "Centiloid")
    for site, part in pairs.groupby("site"):
        print(f"| {site} | {agreement(part)} |")
    worst = pairs.assign(error=pairs.dcccpy - pairs.centiloid).nlargest(3, "error", keep="all")
    least = pairs.assign(error=pairs.dcccpy - pairs.centiloid).nsmallest(3, "error", keep="all")
    print("\nfarthest off:")
    for row in pd.concat([worst, least]).drop_duplicates(KEYS).itertuples(index=False):
        print(f"  {row.participant_id} {row.site}: {row.centiloid:.1f}, found {row.dcccpy:.1f}")
    print(f"without a Centiloid: {len(failed)} {failed or ''}")


def main() -> None:
    """Measure what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--dcccpy", type=Path, required=True, help="the program")
    parser.add_argument("cohort", type=Path, help="folder of a simulated cohort, as NIfTI")
    parser.add_argument("output", type=Path, help="table that is continued")
    given = parser.parse_args()
    if not (given.cohort / "truth.tsv").is_file():
        parser.error(f"{given.cohort}: no truth.tsv; give the folder of a finished cohort")
    run(given.dcccpy, given.cohort, given.output)
    report(given.cohort, given.output)


if __name__ == "__main__":
    main()
