"""The demo: python scripts/demo.py [FOLDER].

First three simulated DICOM studies are graded with the bundle that comes along, and the page to
open is named. Then the way from a cohort to a bundle of one's own: simulate, prepare, train,
evaluate, export, grade. Each command is shown as it can be typed. Nothing is downloaded, and all is
written into FOLDER, by default `demo`.
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
CONFIGS = ("configs/train.json", "configs/resnet50_3d.json")
REFUSED = 1  # some scans were refused, each with its reason, and the others are there

# In its place also where what the commands print goes to a file.
say = partial(print, flush=True)


def run(*arguments: str | Path, fine: tuple[int, ...] = (0,)) -> None:
    """Show a command and run it; end the demo where it fails.

    Args:
        arguments: ``python`` or ``monai-amyloid``, those of this environment, and what follows.
        fine: Exit statuses with which the demo goes on.
    """
    typed = [str(each) for each in arguments]
    say(f"$ {shlex.join(typed)}")
    program = {
        "python": [sys.executable, "-W", "ignore"],
        "monai-amyloid": [shutil.which("monai-amyloid", path=str(Path(sys.executable).parent))],
    }[typed[0]]
    if program[0] is None:
        sys.exit("monai-amyloid is not installed here; see README.md, `make install`")
    status = subprocess.run([*program, *typed[1:]], cwd=ROOT, check=False).returncode
    if status not in fine:
        sys.exit(status)


def first_report(folder: Path) -> None:
    """Grade studies that nobody has seen with the bundle that comes along."""
    say("== 1/6 a first report: three simulated DICOM studies, by the included bundle")
    run(
        "monai-amyloid",
        "simulate",
        folder / "clinic",
        "--participants",
        "3",
        "--seed",
        "1",
        "--as",
        "dicom",
    )
    graded = ("python", "scripts/infer_bundle.py", folder / "clinic" / "scans")
    run(*graded, "--output", folder / "first", fine=(0, REFUSED))


def own_bundle(folder: Path) -> None:
    """Make a cohort, a network and a bundle, and grade the same studies with it."""
    prepared, trained = folder / "prepared", folder / "run"
    bundle = folder / "bundles" / "amyloid_pet_bapl_classification"
    where = ("--dataset_dir", prepared, "--output_dir", trained)
    say("== 2/6 a cohort: 240 simulated people, normalised: registration, SUVR, Centiloid")
    run("monai-amyloid", "simulate", folder / "cohort", "--participants", "240", "--seed", "0")
    run("monai-amyloid", "prepare", folder / "cohort", "--output", prepared, fine=(0, REFUSED))
    say("== 3/6 train")
    training = ("python", "-m", "monai.bundle", "run", "training", "--config_file", _list(*CONFIGS))
    run(*training, *where, "--max_epochs", "4")
    say("== 4/6 evaluate on the scans that were held out")
    evaluating = ("python", "-m", "monai.bundle", "run", "evaluating")
    run(*evaluating, "--config_file", _list(*CONFIGS, "configs/evaluate.json"), *where)
    say("== 5/6 export a bundle")
    configs = [each for config in CONFIGS for each in ("--config-file", config)]
    learnt = "192 simulated 18F-florbetaben scans; no patient's scan"
    run(
        "monai-amyloid",
        "export",
        trained / "fold0",
        "--output",
        bundle,
        *configs,
        "--trained-on",
        learnt,
    )
    say("== 6/6 grade the DICOM studies with it")
    graded = ("python", "scripts/infer_bundle.py", folder / "clinic" / "scans", "--bundle", bundle)
    run(*graded, "--output", folder / "results", fine=(0, REFUSED))


def _list(*configs: str) -> str:
    return str(list(configs)).replace(" ", "")


def main() -> None:
    """Run the demo and say where everything is."""
    folder = Path(sys.argv[1]).absolute() if len(sys.argv) > 1 else Path("demo")
    began = time.monotonic()
    first_report(folder)
    page = folder / "first" / "summary.html"
    say(f"\nAfter {time.monotonic() - began:.0f} seconds there is a first report: open {page}\n")
    own_bundle(folder)
    say(
        f"""
After {(time.monotonic() - began) / 60:.1f} minutes all is done.
A few BAPL 2 scans calibrated this bundle, too few to leave that grade out: most studies need a
reader. The bundle that comes along was calibrated on 602 scans.
First report:     {folder / "first" / "summary.html"}
By your bundle:   {folder / "results" / "summary.html"} and results.csv beside it
Evaluation:       {folder / "run" / "fold0" / "evaluation.tsv"}
Bundle:           {folder / "bundles" / "amyloid_pet_bapl_classification"}
TensorBoard:      tensorboard --logdir {folder / "run"}"""
    )


if __name__ == "__main__":
    main()
