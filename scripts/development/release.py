"""Build wheel and sdist, and try them where nothing else is: python scripts/development/release.py.

The wheel is built from the sdist, which proves that the sdist is whole. Then, with every Python
that pyproject.toml names and this machine has, a new environment gets the wheel with its
requirements, and a study is simulated, graded and looked at there. Files are left in `dist`.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "dist"
LARGEST_BYTES = 100_000_000  # of a file, on PyPI
# What a stranger does first, and every public name.
TRIED = """
import sys, monai_amyloid
from pathlib import Path
assert not Path(monai_amyloid.__file__).is_relative_to(sys.argv[1]), "this is the source tree"
for name in dir(monai_amyloid):
    getattr(monai_amyloid, name)
monai_amyloid.simulate("clinic", 1, form="dicom")
result = monai_amyloid.grade("clinic/scans/sub-0001_ses-01")
assert result.status in ("graded", "needs_reader"), result
print("Python", sys.version.split()[0], "grades with", monai_amyloid.__version__)
"""
say = partial(print, flush=True)


def main() -> None:
    """Build, look at what was built, and try it with every Python."""
    version = version_of_source()
    refuse_untold_changes(version)
    wheel = built(version)
    lacking = []
    for name in named_pythons():
        python = started_by(name)
        if python is None:
            lacking.append(name)
        else:
            try_wheel(python, wheel)
    say(f"{version}: {', '.join(path.name for path in sorted(DIST.iterdir()))}")
    if lacking:
        say(f"not tried, for this machine has none: Python {', '.join(lacking)}")


def version_of_source() -> str:
    """The one version that is stated."""
    text = (ROOT / "monai_amyloid" / "version.py").read_text(encoding="utf-8")
    return re.findall(r'__version__ = "(.+)"', text)[0]


def refuse_untold_changes(version: str) -> None:
    """A release tells all its changes: towncrier has put every fragment into the changelog."""
    left = [path.name for path in (ROOT / "changes").glob("*.*.md")]
    if left:
        sys.exit(f"changes/ has {len(left)} fragments: first towncrier build --version {version}")
    if f"## [{version}]" not in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"):
        sys.exit(f"CHANGELOG.md tells nothing of {version}")


def built(version: str) -> Path:
    """Build both files anew, and return the wheel."""
    shutil.rmtree(DIST, ignore_errors=True)
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(DIST), str(ROOT)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    wheel = DIST / f"monai_amyloid-{version}-py3-none-any.whl"
    for path in (wheel, DIST / f"monai_amyloid-{version}.tar.gz"):
        say(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")
        if path.stat().st_size > LARGEST_BYTES:
            sys.exit(f"{path.name} is larger than {LARGEST_BYTES / 1e6:.0f} MB")
    return wheel


def named_pythons() -> list[str]:
    """Versions of Python that pyproject.toml names, such as 3.11."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    label = "Programming Language :: Python :: "
    versions = [each.removeprefix(label) for each in project["classifiers"] if label in each]
    return [each for each in versions if "." in each]


def started_by(name: str) -> list[str] | None:
    """The command of a Python such as 3.11; None where this machine has none."""
    return next((each for each in ([f"python{name}"], ["py", f"-{name}"]) if starts(each)), None)


def starts(command: list[str]) -> bool:
    """Whether a command starts a Python: a name on the path alone proves nothing."""
    try:
        done = subprocess.run([*command, "-c", ""], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def try_wheel(python: list[str], wheel: Path) -> None:
    """Install the wheel into a new environment and grade a study there.

    Args:
        python: Command of the Python.
        wheel: File that is installed, with the versions of constraints.txt.
    """
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        environment = Path(place) / "environment"
        run = partial(subprocess.run, cwd=place, env=clean, check=True)
        run([*python, "-m", "venv", str(environment)])
        found = next(each for each in environment.glob("*/python*") if each.stem == "python")
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
        install += ["--constraint", str(ROOT / "constraints.txt"), f"{wheel}[report]"]
        for arguments in (install, ["-m", "pip", "check"], ["-c", TRIED, str(ROOT)]):
            run([str(found), *arguments])
        command = next(each for each in found.parent.iterdir() if each.stem == "monai-amyloid")
        study = "clinic/scans/sub-0001_ses-01"
        run([command, "infer", study, "--output", "results"])
        if not (Path(place) / "results" / "sub-0001_ses-01" / "report.html").is_file():
            sys.exit("no report was written")


if __name__ == "__main__":
    main()
