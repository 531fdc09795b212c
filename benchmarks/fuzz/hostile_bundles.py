"""Bundles that somebody changed: all of it is noticed, and nothing of it runs.

    python -m benchmarks.fuzz.hostile_bundles

Exports a bundle of a tiny network with random weights and changes one thing of it at a time: every
number of what decides a grade, every file, and, at every place of every config, an expression or a
component that would write a file when it is evaluated (a share of them). Each is tried as it is and
with checksums that its maker made anew; with those, `require_bundle` must refuse it. Takes five
minutes on a core.
"""

import json
import os
import pickle
import random
import resource
import shutil
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from benchmarks.figures import record
from benchmarks.untrained import write_untrained_run
from monai_amyloid.bundle.export import export
from monai_amyloid.bundle.files import CALIBRATION, INFERENCE, LISTED, METADATA, MODEL
from monai_amyloid.bundle.integrity import bundle_sha256
from monai_amyloid.bundle.verify import verify
from monai_amyloid.checksum import sha256_of_file
from monai_amyloid.errors import UserError
from monai_amyloid.grading.grader import Grader

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
FILES = [CONFIGS / "train.json", CONFIGS / "resnet50_3d.json"]
JSON = tuple(name for name in (*LISTED, METADATA) if name.endswith(".json"))
Change = Callable[[Path], object]
MODULE = "planted_module"
READ = ("name", "version", "grade_names", "sha256", "network_data_format")
HOSTILE: tuple[Any, ...] = (
    *(None, [], {}, "", "x" * 5000, "\u202ereversed", "a\nb", True, -1, 0, 1e308, 10**40),
    *("../../../../etc/passwd", "/dev/zero", "@bundle_root", "@network_def", [[1]], {"a": 1}),
)


def make_bundle(folder: Path) -> Path:
    """A bundle of a network of a few hundred thousand weights, which mean nothing."""
    run = write_untrained_run(folder / "fold0", FILES, {"spacing_mm": 8.0, "widen_factor": 0.0625})
    return export(run, FILES, folder / "bundle")


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every value of a config, and where it stands."""
    yield place, value
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(each, (*place, key))


def with_value(config: Any, place: tuple[Any, ...], value: Any) -> Any:
    """A config with another value at one place."""
    if not place:
        return value
    copy = dict(config) if isinstance(config, dict) else list(config)
    copy[place[0]] = with_value(copy[place[0]], place[1:], value)
    return copy


def number_changes(config: Any) -> Iterator[Any]:
    """The config with each of its numbers another one."""
    for place, value in places(config):
        if isinstance(value, bool):
            yield with_value(config, place, not value)
        elif isinstance(value, int | float):
            yield with_value(config, place, value + 1)
            yield with_value(config, place, value * 1.01 + 0.001)


def planted(config: Any, canary: Path) -> Iterator[Any]:
    """The config with something that runs at each of its places."""
    touch = f"__import__('pathlib').Path({str(canary)!r}).touch()"
    component = {"_target_": "pathlib.Path.write_text", "self": f"$__import__('pathlib').Path({str(canary)!r})", "data": "x"}  # fmt: skip  # noqa: E501
    texts = (f"${touch}", f"$import {MODULE}", f"$from {MODULE} import x", "%planted.json::x")
    targets = (f"{MODULE}.x", "os.system", "builtins.exec", "monai.bundle.run", "torch.load")
    for place, value in places(config):
        if "sha256" in place:  # made anew when the checksums are
            continue
        for text in texts:
            yield with_value(config, place, text) if place else {**value, "planted": text}
        yield with_value(config, place, component) if place else {**value, "planted": component}
        if isinstance(value, dict):
            for target in targets:
                yield with_value(config, place, {**value, "_target_": target})
            for key in ("_requires_", "_disabled_", "_mode_", "planted", "+imports", "imports"):
                yield with_value(config, place, {**value, key: [f"${touch}"]})
            yield with_value(config, place, {**value, f"train#planted#{touch}": "x"})
            yield with_value(config, place, {**value, "network_def#_target_": f"{MODULE}.x"})
            yield with_value(config, place, {**value, f"${touch}": "x"})
        if isinstance(value, list):
            yield with_value(config, place, [*value, f"${touch}"])
            yield with_value(config, place, [component, *value])


def file_changes(bundle: Path, outside: Path, canary: Path) -> Iterator[tuple[str, Change]]:
    """Each file of the bundle missing, cut, swapped, linked; and files beside them."""
    for name in (*LISTED, METADATA):
        other = CALIBRATION if name != CALIBRATION else INFERENCE
        yield f"{name} missing", lambda b, n=name: (b / n).unlink()
        yield f"{name} empty", lambda b, n=name: (b / n).write_bytes(b"")
        yield f"{name} cut", lambda b, n=name: (b / n).write_bytes((b / n).read_bytes()[:-2])
        yield f"{name} longer", lambda b, n=name: (b / n).write_bytes((b / n).read_bytes() + b"\n")
        yield f"{name} swapped", lambda b, n=name, o=other: shutil.copyfile(b / o, b / n)
        yield f"{name} linked out", lambda b, n=name: link(b / n, outside / n)
        yield f"{name} endless", lambda b, n=name: link(b / n, Path("/dev/zero"))
        yield f"{name} a folder", lambda b, n=name: ((b / n).unlink(), (b / n).mkdir())
        yield f"{name} a pipe", lambda b, n=name: pipe(b / n)
    code = f"import pathlib\npathlib.Path({str(canary)!r}).touch()\nx = print\n"
    names = ("planted_module", "torchvision", "nibabel", "sitecustomize", "itk", "monai_amyloid")
    for folder in ("configs", "models"):
        for name in names:
            yield f"{folder}/{name}.py", lambda b, p=f"{folder}/{name}.py": (b / p).write_text(code)
        for name in ("inference.yaml", "model.ts", "other.pt", "planted.json"):
            yield f"{folder}/{name}", lambda b, p=f"{folder}/{name}": (b / p).write_text("x: 1")


def link(path: Path, to: Path) -> None:
    """Put a link in the place of a file."""
    path.unlink()
    path.symlink_to(to)


def pipe(path: Path) -> None:
    """Put a pipe in the place of a file."""
    path.unlink()
    os.mkfifo(path)


def weights_of_others(canary: Path) -> Iterator[tuple[str, Change]]:
    """Files in the place of the weights."""

    class Runs:
        def __reduce__(self) -> Any:
            return exec, (f"import pathlib; pathlib.Path({str(canary)!r}).touch()",)

    def bomb(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("archive/data.pkl", b"\0" * 300_000_000)

    def changed(change: Callable[[dict[str, Any]], Any]) -> Change:
        return lambda b: torch.save(change(torch.load(b / MODEL, weights_only=True)), b / MODEL)

    yield "a pickle", lambda b: (b / MODEL).write_bytes(pickle.dumps(Runs()))
    yield "a pickle in an archive", lambda b: torch.save({"fc.weight": Runs()}, b / MODEL)
    yield "a bomb", lambda b: bomb(b / MODEL)
    yield "a whole network", lambda b: torch.save(torch.nn.Linear(2, 2), b / MODEL)
    yield "one number for many", changed(lambda s: s | {"fc.weight": torch.zeros(1).expand(10**9)})
    yield "no number", changed(lambda s: s | {"fc.bias": s["fc.bias"] * torch.nan})
    yield "one missing", changed(lambda s: {k: v for k, v in s.items() if k != "fc.bias"})
    yield "one more", changed(lambda s: s | {"more": torch.zeros(2)})
    yield "texts", changed(lambda s: s | {"fc.bias": "x"})
    yield "a list", changed(lambda s: list(s))
    yield "without memory", changed(lambda s: s | {"fc.bias": torch.zeros(2, device="meta")})
    yield "sparse", changed(lambda s: s | {"fc.weight": s["fc.weight"].to_sparse()})


class Tries:
    """Tries changes of a bundle, and counts what came of them."""

    def __init__(self, bundle: Path, canary: Path) -> None:
        self.bundle, self.canary = bundle, canary
        self.good = {name: (bundle / name).read_bytes() for name in (*LISTED, METADATA)}
        self.sha256 = bundle_sha256(bundle)
        self.counts: dict[str, Counter[str]] = {}
        self.failures: list[str] = []
        self.looked = 0

    def restore(self) -> None:
        """The bundle as it was exported."""
        for folder in ("configs", "models"):
            shutil.rmtree(self.bundle / folder)
            (self.bundle / folder).mkdir()
        for name, content in self.good.items():
            (self.bundle / name).write_bytes(content)

    def seal(self) -> None:
        """Checksums anew, as whoever changes a file can make them."""
        path = self.bundle / METADATA
        try:
            metadata = json.loads(path.read_text(encoding="utf-8"))
            metadata["sha256"] = {n: sha256_of_file(self.bundle / n) for n in metadata["sha256"]}
            path.write_text(json.dumps(metadata), encoding="utf-8")
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return

    def attempt(self, kind: str, what: str, change: Change, *, look: bool = False) -> None:
        """One change, as it is and with checksums made anew."""
        counts = self.counts.setdefault(kind, Counter())
        change(self.bundle)
        counts["tried"] += 1
        if counts["tried"] % 100 == 1:
            print(f"{kind} {counts['tried']}", flush=True)
        # What is planted is tried with checksums made anew alone: without them it is a change.
        first = "refused" if kind == "planted" else self._grade(None)
        # With checksums made anew a longer file is a bundle as good as another.
        looked = self._look() if look and kind == "files" else ""
        files = (
            path for folder in ("configs", "models") for path in (self.bundle / folder).iterdir()
        )
        if all(path.is_file() or path.is_dir() for path in files):
            self.seal()
        second = self._grade(None)
        pinned = self._grade(self.sha256)
        if look and kind != "files":
            looked = self._look()
        added = what.startswith("beside")
        # The metadata cannot hold its own checksum: what is required is noticed alone there.
        own = what.startswith(METADATA)
        noticed = (first == "refused" or added or own) and (pinned == "refused" or added)
        if look and not own:
            noticed &= looked == "refused"
        counts["noticed"] += noticed
        counts["refused though sealed"] += second == "refused"
        ended = [each for each in (first, second, pinned, looked) if each.startswith("traceback")]
        counts["tracebacks"] += bool(ended)
        counts["canaries"] += self.canary.exists() or MODULE in sys.modules
        if not noticed or ended or self.canary.exists():
            self.failures.append(f"{kind}: {what}: {first} | {second} | {pinned} | {looked}")
        self.canary.unlink(missing_ok=True)
        self.restore()

    def _grade(self, required: str | None) -> str:
        try:
            Grader(self.bundle, "cpu", require_bundle=required)
        except UserError as error:
            return "refused" if "\n" not in str(error) else f"traceback {error!r}"
        except Exception as error:  # whatever else is what is looked for
            return f"traceback {type(error).__name__}: {error}"[:300]
        return "loaded"

    def _look(self) -> str:
        """What verify says; of every twentieth to its end, of the others to the first fault."""
        self.looked += 1
        whole = self.looked % 20 == 0
        try:
            checks = (each.wrong for each in verify(self.bundle))
            wrong = any([*checks]) if whole else any(checks)
        except Exception as error:
            return f"traceback {type(error).__name__}: {error}"[:300]
        return "refused" if wrong else "passed"


def write(name: str, config: Any) -> Change:
    """The change that writes a config."""
    text = json.dumps(config, ensure_ascii=False)
    return lambda bundle: (bundle / name).write_text(text, encoding="utf-8")


def raw_changes(content: bytes) -> Iterator[tuple[str, bytes]]:
    """JSON as no export writes it."""
    text = content.decode("utf-8").rstrip().rstrip("}").rstrip()
    yield "a key twice", (text + ', "name": "x", "name": "y"}').encode()
    yield "deep", (text + ', "x": ' + "[" * 100_000 + "]" * 100_000 + "}").encode()
    yield "rather deep", (text + ', "x": ' + "[" * 50 + "]" * 50 + "}").encode()
    yield "not finite", (text + ', "x": NaN}').encode()
    yield "beyond numbers", (text + ', "x": 1e999}').encode()
    yield "many digits", (text + ', "x": ' + "9" * 6000 + "}").encode()
    yield "UTF-16", content.decode("utf-8").encode("utf-16")
    yield "no text", b"\xff\xfe\x00" + content
    yield "a list", b"[1]"
    yield "large", (text + ', "x": "' + "x" * 5_000_000 + '"}').encode()


def try_values(tries: Tries, outside: Path, share: float) -> None:
    """Every number of what decides a grade; of other values a share."""
    chosen = random.Random(0)  # noqa: S311 (a choice of tries)
    for name in (INFERENCE, CALIBRATION, METADATA):
        config = json.loads(tries.good[name])
        for number, changed in enumerate(number_changes(config)):
            if name != METADATA or number % 10 == 0:
                tries.attempt("numbers", f"{name} {number}", write(name, changed))
        for number, (place, _) in enumerate(list(places(config))[1:]):
            if name == METADATA and place[0] not in READ and number % 10:
                continue
            for value in HOSTILE:
                if chosen.random() >= share / 2:
                    continue
                changed = with_value(config, place, value)
                tries.attempt("values", f"{name} {place} {value!r:.30}", write(name, changed))
        for what, content in raw_changes(tries.good[name]):
            tries.attempt("values", f"{name} {what}", lambda b, n=name, c=content: (b / n).write_bytes(c))  # noqa: E501  # fmt: skip


def try_files(tries: Tries, outside: Path, share: float) -> None:
    """Every file, and fifty bytes of the weights."""
    chosen = random.Random(0)  # noqa: S311 (a choice of tries)
    for position in chosen.sample(range(len(tries.good[MODEL])), 50):

        def flip(bundle: Path, position: int = position) -> None:
            content = bytearray(tries.good[MODEL])
            content[position] ^= 1
            (bundle / MODEL).write_bytes(content)

        tries.attempt("files", f"{MODEL} byte {position}", flip)
    for what, change in file_changes(tries.bundle, outside, tries.canary):
        beside = "" if what.startswith((*LISTED, METADATA)) else "beside "
        tries.attempt("files", beside + what, change, look=True)
    for what, change in weights_of_others(tries.canary):
        tries.attempt("weights", what, change, look=True)


def try_planted(tries: Tries, outside: Path, share: float) -> None:
    """Of what would run, at every place of every config, a share."""
    chosen = random.Random(0)  # noqa: S311 (a choice of tries)
    for name in JSON:
        if name == CALIBRATION:
            continue
        for number, changed in enumerate(planted(json.loads(tries.good[name]), tries.canary)):
            if chosen.random() < (share if name == INFERENCE else share / 5):
                tries.attempt("planted", f"{name} {number}", write(name, changed), look=True)


KINDS = {"files": try_files, "planted": try_planted, "values": try_values}


def main() -> None:
    """Make the bundle, try all, and say what was noticed."""
    import argparse

    parser = argparse.ArgumentParser()
    parser.add_argument("--share", type=float, default=0.5, help="of values and of what is planted")
    parser.add_argument("--only", choices=KINDS, help="one kind of changes; default: all")
    options = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        bundle = make_bundle(folder)
        outside = shutil.copytree(bundle, folder / "outside")
        (folder / f"{MODULE}.py").write_text("x = print\n")
        sys.path.insert(0, str(folder))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        tries = Tries(bundle, folder / "canary")
        for name, attempts in KINDS.items():
            if options.only in (None, name):
                attempts(tries, outside, options.share)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    for failure in tries.failures:
        print(failure)
    total = sum(tries.counts.values(), Counter())
    for kind, counts in tries.counts.items():
        print(f"{kind:10}", dict(counts))
    print(f"{dict(total)}, {total['canaries']} canaries, {total['tracebacks']} tracebacks")
    print(f"in {time.perf_counter() - began:.0f} s, {grown:.0f} MB more memory")
    record("hostile bundles tried", total["tried"], "changes")
    record("hostile bundles noticed", total["noticed"], f"of {total['tried']}")
    record("hostile bundles: canaries written", total["canaries"], f"of {total['tried']}")
    record("hostile bundles: tracebacks", total["tracebacks"], f"of {total['tried']}")
    record("hostile bundles: growth of memory", grown, "MB")


if __name__ == "__main__":
    main()
