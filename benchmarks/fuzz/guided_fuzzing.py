"""Fuzzing by coverage: python -m benchmarks.fuzz.guided_fuzzing enhanced --runs 5000.

Atheris (libFuzzer) changes one file of a study so that new lines of the reader, of pydicom or of
nibabel are reached; what comes of it is judged as in fuzzing.py. Needs ``atheris``. A find goes
into ``--finds``; it is repeated by giving that file as ``--repeat``.
"""

import argparse
import hashlib
import logging
import resource
import sys
import tempfile
from collections import Counter
from pathlib import Path

import atheris

TESTS = Path(__file__).resolve().parents[2] / "tests"
LONGEST_SECONDS = 10
ADDRESS_SPACE = 4 * 2**30
# Studies of which one file is worth it.
STUDIES = (
    *("classic", "classic JPEG", "classic JPEG 2000", "enhanced", "legacy converted"),
    *("NIfTI", "ECAT", "zip", "DICOMDIR"),
)


def main() -> None:
    """Run libFuzzer, which ends the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", choices=STUDIES)
    parser.add_argument("--runs", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--finds", type=Path, default=Path("finds"))
    parser.add_argument("--repeat", type=Path)
    options = parser.parse_args()
    sys.path.insert(0, str(TESTS))
    packages = ["monai_amyloid.pet", "pydicom", "nibabel", "zipfile"]
    with atheris.instrument_imports(include=packages, enable_loader_override=False):
        from pet.mutations import Mutant, seed
        from pet.mutations.judge import FINDS, judge, read

    study = seed(options.study)
    name = study.path if study.path in study.files else sorted(study.files)[0]
    right = read(study, study.files)
    outcomes: Counter[str] = Counter()
    logging.disable(logging.CRITICAL)

    def one(data: bytes) -> None:
        verdict = judge(Mutant("guided", 0, study, {**study.files, name: data}), right)
        outcomes[verdict.outcome] += 1
        if verdict.outcome in FINDS:
            options.finds.mkdir(parents=True, exist_ok=True)
            last = [line for line in verdict.words.splitlines() if line][-1]
            digest = hashlib.sha256(data).hexdigest()[:12]
            (options.finds / digest).write_bytes(data)
            print(f"{options.study}: {digest}: {verdict.outcome}: {last[:300]}", flush=True)
        if sum(outcomes.values()) == options.runs:
            print(f"{options.study} ({name}): {options.runs} inputs, {dict(outcomes)}", flush=True)

    if options.repeat is not None:
        print(
            judge(
                Mutant("guided", 0, study, {**study.files, name: options.repeat.read_bytes()}),
                right,
            )
        )
        return
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    with tempfile.TemporaryDirectory() as corpus:
        (Path(corpus) / "right").write_bytes(study.files[name])
        longest = 2 * len(study.files[name])
        flags = [f"-runs={options.runs}", f"-seed={options.seed}", f"-max_len={longest}"]
        flags += [f"-timeout={LONGEST_SECONDS}", "-rss_limit_mb=2048", "-verbosity=0"]
        atheris.Setup([sys.argv[0], *flags, corpus], one, enable_python_coverage=True)
        atheris.Fuzz()  # ends the process


if __name__ == "__main__":
    main()
