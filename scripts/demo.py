"""The demo: python scripts/demo.py [FOLDER].

First a simulated DICOM study is graded with the bundle that comes along, and the page to open is
named. Then the way from a cohort to a bundle of one's own: simulate, prepare, train, evaluate,
export, grade. Each command is shown as it can be typed. Nothing is downloaded, and all is written
into FOLDER, by default `demo`.
"""

import shlex
import shutil
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# The 3D network, which is the faster one and grades better: README, "Networks".
CONFIGS = "configs/train.json", "configs/resnet50_3d.json"
REFUSED = 1  # some scans were refused, each with its reason, and the others are there

# In its place also where what the commands print goes to a file.
say = partial(print, flush=True)


def run(typed: str, *, refusing: bool = False) -> None:
    """Show a command and run it; end the demo where it fails.

    Args:
        typed: A command of ``python`` or ``monai-amyloid``, those of this environment.
        refusing: Whether the demo goes on where some scans were refused.
    """
    say(f"$ {typed}")
    name, *arguments = shlex.split(typed)
    program = shutil.which("monai-amyloid", path=str(Path(sys.executable).parent))
    if program is None:
        sys.exit("monai-amyloid is not installed for this Python; README.md says how")
    start = [program] if name == "monai-amyloid" else [sys.executable, "-W", "ignore"]
    status = subprocess.run([*start, *arguments], cwd=ROOT, check=False).returncode
    if status != 0 and not (refusing and status == REFUSED):
        sys.exit(status)


def listed(*configs: str) -> str:
    """Configs as ``python -m monai.bundle`` takes several of them."""
    return '"[' + ",".join(f"'{config}'" for config in configs) + ']"'


def first_report(demo: str) -> None:
    """Grade a study that nobody has seen with the bundle that comes along."""
    say("== 1/6 a first report: a simulated DICOM study, graded by the included bundle")
    run(f"monai-amyloid simulate {demo}/clinic --participants 1 --seed 1 --as dicom")
    study = f"{demo}/clinic/scans/sub-0001_ses-01"
    run(f"python scripts/infer_bundle.py {study} --output {demo}/first", refusing=True)


def own_bundle(demo: str) -> None:
    """Make a cohort, a network and a bundle, and grade DICOM studies with it."""
    say("== 2/6 a cohort: 240 simulated people, normalised: registration, SUVR, Centiloid")
    run(f"monai-amyloid simulate {demo}/cohort --participants 240 --seed 0")
    run(f"monai-amyloid prepare {demo}/cohort --output {demo}/prepared", refusing=True)
    say("== 3/6 train")
    where = f"--dataset_dir {demo}/prepared --output_dir {demo}/run"
    bundle_run = "python -m monai.bundle run"
    run(f"{bundle_run} training --config_file {listed(*CONFIGS)} {where} --max_epochs 4")
    say("== 4/6 evaluate on the scans that were held out")
    evaluating = listed(*CONFIGS, "configs/evaluate.json")
    run(f"{bundle_run} evaluating --config_file {evaluating} {where}")
    say("== 5/6 export a bundle")
    bundle = f"{demo}/bundles/amyloid_pet_bapl_classification"
    configs = " ".join(f"--config-file {config}" for config in CONFIGS)
    learnt = '"192 simulated 18F-florbetaben scans; no patient\'s scan"'
    run(f"monai-amyloid export {demo}/run/fold0 --output {bundle} {configs} --trained-on {learnt}")
    say("== 6/6 grade DICOM studies with it")
    run(f"monai-amyloid simulate {demo}/clinic --participants 3 --seed 1 --as dicom")
    graded = f"{demo}/clinic/scans --bundle {bundle} --output {demo}/results"
    run(f"python scripts/infer_bundle.py {graded}", refusing=True)


def main() -> None:
    """Run the demo and say where everything is."""
    demo = Path(sys.argv[1]).absolute().as_posix() if len(sys.argv) > 1 else "demo"
    quoted = f'"{demo}"' if " " in demo else demo
    began = time.monotonic()
    first_report(quoted)
    page = f"{demo}/first/sub-0001_ses-01/report.html"
    say(f"\nYour first report, after {time.monotonic() - began:.0f} seconds: open {page}\n")
    own_bundle(quoted)
    say(
        f"""
All is done, after {(time.monotonic() - began) / 60:.1f} minutes.
A few BAPL 2 scans calibrated this bundle, too few to leave that grade out: most studies need a
reader. The bundle that comes along was calibrated on 602 scans.
First report:     {page}
By your bundle:   {demo}/results/summary.html, and results.csv beside it
Evaluation:       {demo}/run/fold0/evaluation.tsv
Bundle:           {demo}/bundles/amyloid_pet_bapl_classification
TensorBoard:      tensorboard --logdir {quoted}/run"""
    )


if __name__ == "__main__":
    main()
