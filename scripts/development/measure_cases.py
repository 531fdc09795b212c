"""Write the labelled cases that a scan is compared with.

python scripts/development/measure_cases.py PREPARED, where PREPARED is what
`monai-amyloid prepare` made of the simulated cohort `clinic-603`.
"""

import sys
from pathlib import Path

from monai_amyloid.brain.quantities.nearest_cases import COMPARED
from monai_amyloid.brain.template import DATA
from monai_amyloid.cohort.datalist import read_cohort
from monai_amyloid.output import replace_file

if __name__ == "__main__":
    prepared = read_cohort(Path(sys.argv[1]) / "participants.tsv")
    table = prepared.rename(columns={f"suvr_{name}": name for name in COMPARED})
    kept = table[["bapl", "centiloid", *COMPARED]].sort_values(["bapl", "centiloid"])
    text = kept.to_csv(sep="\t", index=False, float_format="%.3f", lineterminator="\n")
    replace_file(DATA / "labelled_cases.tsv", text.encode())
    sys.stdout.write(f"{len(kept)} cases\n")
