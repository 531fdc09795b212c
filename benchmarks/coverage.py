"""What the tests reach of the package, and which files they reach less than 90 % of.

    make coverage

runs all tests under coverage.py and calls ``python -m benchmarks.coverage .coverage.json``. What
processes reach that a test starts anew, such as the two of a training by ``torchrun``, counts
where coverage.py can follow them.
"""

import argparse
import json
from pathlib import Path

from benchmarks.figures import record

ENOUGH = 90.0


def main() -> None:
    """Print the share of all statements, and each file under the mark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("report", type=Path, help="what `coverage json` wrote")
    report = json.loads(parser.parse_args().report.read_text(encoding="utf-8"))
    files = {name: each["summary"] for name, each in report["files"].items()}
    below = {name: each for name, each in files.items() if each["percent_covered"] < ENOUGH}
    total = report["totals"]["percent_covered"]
    print(f"{total:.1f} % of {report['totals']['num_statements']} statements in {len(files)} files")
    record("statements that the tests reach", total, "%")
    record(f"files under {ENOUGH:g} %", len(below), f"of {len(files)}")
    if below:
        print(f"\n| file, under {ENOUGH:g} % | statements | not reached | % |\n|---|---|---|---|")
    for name, each in sorted(below.items(), key=lambda item: item[1]["percent_covered"]):
        figures = (each["num_statements"], each["missing_lines"], each["percent_covered"])
        print("| {} | {} | {} | {:.0f} |".format(name, *figures))
        record(f"{name}: statements that the tests reach", each["percent_covered"], "%")


if __name__ == "__main__":
    main()
