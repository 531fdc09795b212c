"""Every fold of a cross-validation: trained, the held-out scans predicted, and evaluated.

Each training is ``python -m monai.bundle run``, resumed from its checkpoint where it was begun, so
that the same call after a kill at any moment comes to the same results.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from monai_amyloid.crossval import run_record
from monai_amyloid.crossval.epoch_watch import EpochWatch
from monai_amyloid.crossval.fold_process import (
    BundleRun,
    ProcessFailedError,
    attend,
    bundle_command,
)
from monai_amyloid.crossval.jobs import Jobs
from monai_amyloid.crossval.plan import CrossValidation
from monai_amyloid.crossval.time_left import TimeLeft
from monai_amyloid.errors import RunError
from monai_amyloid.evaluation.evaluate import evaluate
from monai_amyloid.evaluation.results import Evaluation
from monai_amyloid.learning.handlers.distributed import run_folder
from monai_amyloid.output import remove_partials, replacing, write_table
from monai_amyloid.output_lock import alone_in
from monai_amyloid.work.cluster.choice import LOCAL, Cluster, engine_for
from monai_amyloid.work.engine import Crash

_MODEL = ("model.pt", "settings.json")


def cross_validate(
    plan: CrossValidation,
    jobs: int | None = None,
    say: Callable[[str], None] = lambda line: None,
    *,
    cluster: Cluster = LOCAL,
) -> Evaluation:
    """Train every fold that is not finished, predict what it holds out, and evaluate.

    Args:
        plan: What, on what, where.
        jobs: Folds trained at the same time; None for what :mod:`.jobs` finds fitting.
        say: Called with a line of progress.
        cluster: Machines that train, a fold a task of a worker; ``jobs`` is for this one alone.

    Returns:
        Evaluation of all folds, as in :func:`~monai_amyloid.evaluation.evaluate.evaluate`.

    Raises:
        UserError: If something cannot be used, or the folder holds results of other settings.
        RunError: If folds failed; the others are trained all the same.
    """
    with alone_in(plan.output_dir, "crossval"):
        remove_partials(plan.output_dir)
        run_record.check_same(plan.output_dir, plan.settings())
        parts = plan.parts()
        if cluster.is_local:
            failed = _train_here(plan, parts, jobs, say)
        else:
            failed = _train_there(plan, parts, cluster, say)
        if failed:
            name, error = next(iter(failed.items()))
            raise RunError(
                f"{len(failed)} of {len(parts)} folds failed, the first because: {name}: {error}; "
                "the same command goes on where this one stopped"
            )
        if plan.tune:
            _write_choices(plan)
        return evaluate(plan.output_dir, plan.dataset_dir)


def _train_here(
    plan: CrossValidation,
    parts: Sequence[tuple[int, int]],
    jobs: int | None,
    say: Callable[[str], None],
) -> dict[str, str]:
    """Complete folds on this machine; why each that failed did, by its name."""
    work = Jobs(len(parts), jobs)
    say(str(work))
    left = TimeLeft(len(parts) * len(plan.candidates()), work.count)
    failed: dict[str, str] = {}

    def one(part: tuple[int, int]) -> None:
        name, error = _complete(_Fold(plan, *part, work=work, left=left, say=say))
        if error is not None:
            failed[name] = error

    work.run(one, parts)
    return failed


def _train_there(
    plan: CrossValidation,
    parts: Sequence[tuple[int, int]],
    cluster: Cluster,
    say: Callable[[str], None],
) -> dict[str, str]:
    """Complete folds on a cluster; why each that failed did, by its name."""
    engine = engine_for(cluster, 0, plan.output_dir, gpu=True)
    failed: dict[str, str] = {}
    say(f"{len(parts)} folds, each a task of a worker, {cluster.cores} threads each")
    make = partial(_complete_alone, plan=plan, threads=cluster.cores)
    with closing(engine.each(make, parts)) as each:
        for number, ended in each:
            if isinstance(ended, Crash):
                fold = _Fold(plan, *parts[number], work=Jobs(1, 1), left=TimeLeft(1, 1), say=say)
                ended = (fold.name, f"its process ended without a word ({ended})", [])
            name, error, lines = ended
            for line in lines:
                say(line)
            if error is not None:
                failed[name] = error
    return failed


def _complete_alone(
    part: tuple[int, int], plan: CrossValidation, threads: int
) -> tuple[str, str | None, list[str]]:
    """Complete one fold in a worker of a cluster: its name, why it failed, and the last lines."""
    lines: list[str] = []
    work = Jobs(1, 1, threads)
    fold = _Fold(plan, *part, work=work, left=TimeLeft(len(plan.candidates()), 1), say=lines.append)
    try:
        name, error = _complete(fold)
    finally:
        work.stop.set()
    return name, error, lines[-1:]


def _complete(fold: "_Fold") -> tuple[str, str | None]:
    """Complete a fold; its name, and why it failed if it did."""
    try:
        fold.complete()
    except ProcessFailedError as error:
        fold.say(f"{fold.name}: failed: {error}; more in {fold.folder / 'log.txt'}")
        return fold.name, str(error)
    return fold.name, None


@dataclass(frozen=True)
class _Fold:
    plan: CrossValidation
    repeat: int
    fold: int
    work: Jobs
    left: TimeLeft
    say: Callable[[str], None]

    @property
    def name(self) -> str:
        fold = f"fold {self.fold}"
        return f"repeat {self.repeat} {fold}" if self.plan.repeats > 1 else fold

    @property
    def folder(self) -> Path:
        return Path(run_folder(str(self.plan.output_dir), self.repeat, self.fold))

    def complete(self) -> None:
        """Do what is not done yet."""
        candidates = self.plan.candidates()
        names = [f"{self.name} candidate {n}" for n in range(len(candidates))]
        if not self.plan.tune:
            names = [self.name]
        if run_record.finished(self.folder):
            for name in names:
                self.left.skip(name)
            self.say(f"{self.name}: finished before")
            return
        values: dict[str, str] = {}
        if self.plan.tune:
            for number, (name, candidate) in enumerate(zip(names, candidates, strict=True)):
                self._try(name, candidate, candidate_dir(self.plan.output_dir, number))
            chosen = _chosen(_scores(self.plan, self.repeat, self.fold))
            values = candidates[chosen]
            source = candidate_dir(self.plan.output_dir, chosen)
            self._adopt(Path(run_folder(str(source), self.repeat, self.fold)))
        # In one process, where nothing is chosen between them.
        runs = ["predicting"] if self.plan.tune else ["training", "predicting"]
        self._run(runs, self.name, self.plan.output_dir, values)
        run_record.finish(self.folder, ["predictions.tsv", *_MODEL])
        self.say(f"{self.name}: held-out scans predicted")

    def _try(self, name: str, candidate: Mapping[str, str], output_dir: Path) -> None:
        folder = Path(run_folder(str(output_dir), self.repeat, self.fold))
        if run_record.finished(folder):
            self.left.skip(name)
            return
        self._run(["training"], name, output_dir, candidate)
        run_record.finish(folder, _MODEL, _best(folder))

    def _adopt(self, source: Path) -> None:
        for name in _MODEL:
            with replacing(self.folder / name) as part:
                part.write_bytes((source / name).read_bytes())

    def _run(
        self, run_ids: Sequence[str], name: str, output_dir: Path, candidate: Mapping[str, str]
    ) -> None:
        folder = Path(run_folder(str(output_dir), self.repeat, self.fold))
        remove_partials(folder)
        watch = EpochWatch(folder) if "training" in run_ids else None

        def look() -> None:
            if watch is not None and (found := watch.look()) is not None:
                remaining = self.left.epoch(name, found.epoch, found.max_epochs, found.seconds)
                self.say(f"{name}: {found}; {remaining}")

        command = bundle_command(
            [self._bundle_run(each, output_dir, candidate) for each in run_ids]
        )
        with self.work.place() as environment:
            attend(command, folder / "log.txt", environment, self.work.stop, look)
        if watch is not None:
            self.left.skip(name)

    def _bundle_run(self, run_id: str, output_dir: Path, candidate: Mapping[str, str]) -> BundleRun:
        plan = self.plan
        # As paths from the root: a name of digits alone would be read as a number.
        values: dict[str, object] = {
            "dataset_dir": plan.dataset_dir.absolute(),
            "output_dir": output_dir.absolute(),
        }
        values |= {"folds": plan.folds, "repeat": self.repeat, "fold": self.fold}
        values |= {**plan.values, **candidate}
        if run_id == "training":
            return BundleRun(run_id, plan.config_files, {**values, "resume": True})
        return BundleRun(run_id, [*plan.config_files, plan.evaluate_file], values)


def candidate_dir(output_dir: Path, number: int) -> Path:
    """Where a candidate is trained, fold by fold."""
    return output_dir / "tuning" / f"candidate{number}"


def _best(folder: Path) -> dict[str, Any]:
    """The best selection score of a training, and its epoch."""
    import torch

    content = torch.load(folder / "checkpoint.pt", map_location="cpu", weights_only=True, mmap=True)
    return {"selection_score": content["best_metric"], "epoch": content["best_metric_epoch"]}


def _scores(plan: CrossValidation, repeat: int, fold: int) -> list[dict[str, Any]]:
    """What each candidate of a fold reached on the part that selects."""
    folders = [
        Path(run_folder(str(candidate_dir(plan.output_dir, n)), repeat, fold))
        for n in range(len(plan.candidates()))
    ]
    return [run_record.finished(folder) or {} for folder in folders]


def _chosen(scores: Sequence[Mapping[str, Any]]) -> int:
    """The best candidate, of equal ones the first."""
    return max(range(len(scores)), key=lambda n: scores[n]["selection_score"])


def _write_choices(plan: CrossValidation) -> None:
    rows = []
    for repeat, fold in plan.parts():
        scores = _scores(plan, repeat, fold)
        for number, (candidate, reached) in enumerate(zip(plan.candidates(), scores, strict=True)):
            row = {"repeat": repeat, "fold": fold, "candidate": number, **candidate}
            row |= {name: reached[name] for name in ("selection_score", "epoch")}
            rows.append(row | {"chosen": number == _chosen(scores)})
    write_table(pd.DataFrame(rows), plan.output_dir / "tuning.tsv")
