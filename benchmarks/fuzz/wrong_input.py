"""Wrong input, and whether it is refused with the right reason.

    python -m benchmarks.fuzz.wrong_input

Develop with seeds below 100; the figures that are reported are those of the default seed. A head
that is mirrored between left and right alone is no case: nothing in a PET tells it.
"""

import argparse
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import torch

from benchmarks.figures import record
from benchmarks.fuzz import wrong_input_brains as brains
from benchmarks.fuzz import wrong_input_maps as maps
from benchmarks.fuzz import wrong_input_objects as objects
from monai_amyloid.brain.normalization import normalize
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study

# What the message has to say, by kind.
REASONS = {
    "fdg": "FDG",
    "tau": "tau tracer",
    "perfusion": "perfusion",
    "raclopride": "raclopride",
    "CT": "CT",
    "MR": "MRI",
    "map of no uptake": "binding potential|image of uptake|no uptake|not negative",
    "attenuation map": "attenuation map",
    "not corrected for attenuation": "attenuation",
    "CT or MR without skull": "CT|MRI",
    "part of a brain": "field of view|in view|use a PET of the whole brain",
    "body region": "needed a head|in the best of 24 orientations|fit it at",
    "phantom": "needed a head|in the best of 24 orientations|FDG or perfusion",
    "no image": "needed a head|no head|orientations|every voxel|offset|below 0|not negative",
    "turned against the header": "turned by .* against its header|upside down",
    "wrong voxel size": "of the usual size along|needed a head of at least|found voxels of",
}


def cases(seed: int, share: float) -> Iterator[tuple[str, str, PetImage | Path]]:
    """Every wrong input: its kind, its name, and the image or a folder that holds it."""

    def of(count: int) -> int:
        return max(1, round(count * share))

    yield from brains.other_tracers(seed, of(12))
    for kind, some in (
        ("CT", brains.computed_tomography(seed, of(5))),
        ("MR", brains.magnetic_resonance(seed, of(6))),
        ("map of no uptake", maps.parametric(seed, of(5))),
        ("attenuation map", maps.attenuation(seed, of(3))),
        ("not corrected for attenuation", maps.not_corrected(seed, of(8))),
        ("CT or MR without skull", maps.without_skull(seed, of(4))),
        ("part of a brain", brains.half_brains(seed, of(5))),
        ("body region", objects.bodies(seed, of(6))),
        ("phantom", objects.phantoms(seed, of(4))),
        ("no image", objects.nothing(seed, of(2))),
    ):
        for name, image in some:
            yield kind, name, image
    yield from brains.lying_headers(seed, of(3))


def main() -> None:
    """Print the table, then what went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seed", type=int, default=904)
    parser.add_argument("--share", type=float, default=1.0, help="of the cases")
    options = parser.parse_args()
    torch.set_num_threads(1)
    started, rows = time.monotonic(), []
    for kind, name, image in cases(options.seed, options.share):
        begun = time.monotonic()
        try:
            normalize(read_study(image) if isinstance(image, Path) else image)
            reason = ""
        except StudyRefused as refusal:
            reason = str(refusal)
        right = bool(reason) and re.search(REASONS[kind], reason) is not None
        rows.append((kind, name, bool(reason), right, reason, time.monotonic() - begun))
    table = pd.DataFrame(rows, columns=["kind", "name", "refused", "right", "reason", "seconds"])
    print("| kind | cases | refused | refused with the right reason | graded (silent failure) |")
    print("|---|---|---|---|---|")
    for kind, part in (*table.groupby("kind", sort=False), ("all", table)):
        refused = int(part.refused.sum())
        print(f"| {kind} | {len(part)} | {refused} | {part.right.sum()} | {len(part) - refused} |")
        record(f"{kind}: wrong inputs", len(part), "inputs")
        record(f"{kind}: refused", refused, "inputs")
        record(f"{kind}: refused with the right reason", part.right.sum(), "inputs")
    seconds = f"{table.seconds.median():.1f} s, at most {table.seconds.max():.1f} s a case"
    print(f"\nmedian {seconds}; {time.monotonic() - started:.0f} s in all\n")
    for row in table[~table.right].itertuples(index=False):
        print(", ".join(map(str, (row.kind, row.name, row.reason or "graded"))))


if __name__ == "__main__":
    main()
