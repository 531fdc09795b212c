"""A bundle fitted to a hospital's own scans: a new version of it, and whether it is worth using."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from monai.bundle import ConfigParser

from monai_amyloid.bundle.card import CARD, write_documents, write_large_files
from monai_amyloid.bundle.files import CALIBRATION, METADATA, MODEL
from monai_amyloid.bundle.integrity import ExportedBundle, Trust, read_bundle
from monai_amyloid.bundle.networks.trained import TrainedNetwork
from monai_amyloid.bundle.prepared_scans import answers_of, batches
from monai_amyloid.bundle.refresh import measured_on_card
from monai_amyloid.checksum import sha256_of_file
from monai_amyloid.cohort.datalist import GRADES, read_cohort
from monai_amyloid.cohort.folds import check_reference
from monai_amyloid.cohort.pictures import VOLUME
from monai_amyloid.errors import UserError
from monai_amyloid.evaluation.deciding.adapting import Adaptation, adapted, judge
from monai_amyloid.evaluation.deciding.decision_file import decision_of, write_decision
from monai_amyloid.findings.bounds import TRIED_FWHM_MM, TRIED_NOISE_CV
from monai_amyloid.findings.rules import FEATURES_APART
from monai_amyloid.learning.handlers.settings import settings_of_training
from monai_amyloid.learning.network.statistics import learn_features, with_statistics_of
from monai_amyloid.output import check_writable, refuse_link
from monai_amyloid.output_lock import alone_beside
from monai_amyloid.strict_json import read_object
from monai_amyloid.work.progress import SILENT, Progress

# Fewer graded scans, or one grade alone, teach nothing that would hold for the next scan.
LEAST_GRADED = 20
REPORT = "docs/adaptation.md"
_TRIED = {"fwhm_mm": ("resolution, mm", TRIED_FWHM_MM), "noise_cv": ("noise", TRIED_NOISE_CV)}


@dataclass(frozen=True)
class Adapted:
    """A bundle that was fitted to a hospital's scans.

    Attributes:
        folder: Folder of the new bundle.
        judged: What it changes on the hospital's own graded scans.
        report: What changed and whether it is worth using, in Markdown.
    """

    folder: Path
    judged: Adaptation
    report: str


def adapt(
    bundle: Path,
    dataset_dir: Path,
    output: Path,
    *,
    device: str | None = None,
    trust: Trust | None = None,
    progress: Progress = SILENT,
) -> Adapted:
    """Fit a bundle to a prepared cohort of one hospital.

    The decision is fitted to the graded scans. The statistics of the network's batch norms are
    measured on all scans, graded or not, and kept where the graded ones show that they help.

    Args:
        bundle: Folder of the bundle; not changed.
        dataset_dir: Folder of the prepared cohort; ``bapl`` may be known of some scans only.
        output: Folder of the new bundle, which must not exist.
        device: ``"cuda"``, ``"cpu"`` or None for the bundle's own choice.
        trust: How far the bundle is trusted; None for what export writes.
        progress: Is told of each scan.

    Raises:
        UserError: If the cohort cannot be used or has too few graded scans, the bundle is one of
            pictures, or ``output`` is there already.
        RunError: If a file of the bundle is missing or was changed.
    """
    check_writable(output)
    if output.exists():
        raise UserError(f"{output}: is there already; choose another --output")
    checked = read_bundle(bundle, trust or Trust())
    trained = TrainedNetwork(checked, device, trust=trust or Trust())
    if trained.kind != VOLUME:
        raise UserError(f"{bundle}: grades pictures, needed a bundle that grades scans")
    cohort = read_cohort(dataset_dir / "participants.tsv")
    check_reference(cohort, dataset_dir)
    graded = cohort["bapl"].notna().to_numpy()
    _check_graded(cohort[graded], dataset_dir)
    shipped = decision_of(checked.content[CALIBRATION], bundle / CALIBRATION)

    chances, apart = answers_of(trained, cohort, progress)
    own, shift = with_statistics_of(trained.network, batches(trained, cohort))
    learn_features(own, batches(trained, cohort))
    unchanged, trained.network = trained.network, own
    changed, changed_apart = answers_of(trained, cohort)
    chances, changed, scans = chances[graded], changed[graded], cohort[graded]
    measured = scans.assign(**{FEATURES_APART: apart[graded]})
    measured_anew = scans.assign(**{FEATURES_APART: changed_apart[graded]})
    truth = cohort.loc[graded, "bapl"].to_numpy(int)
    people = cohort.loc[graded, "participant_id"].to_numpy(str)
    judged = judge(shipped, chances, truth, people, measured)
    with_own = judge(shipped, chances, truth, people, measured, changed, measured_anew)
    keeps_own = with_own.difference.high < 0 and with_own.after.value < judged.after.value
    if keeps_own:
        judged, chances = with_own, changed
    decision = adapted(shipped, chances, truth)

    version = next_version(str(checked.metadata["version"]))
    counts = {grade: int((truth == grade).sum()) for grade in GRADES}
    summary = (
        f"fitted to {len(truth)} graded scans of {judged.people} people "
        f"({', '.join(f'{counts[grade]} of grade {grade}' for grade in GRADES)})"
        + (f" and the statistics of {len(cohort)} scans" if keeps_own else "")
    )
    report = _report(checked, version, summary, judged, keeps_own, shift, cohort)
    state = (own if keeps_own else unchanged).state_dict()
    facts = {
        "from_version": checked.metadata["version"],
        "from_bundle_sha256": checked.sha256,
        "graded_scans": counts,
        "scans": len(cohort),
        "network_statistics": keeps_own,
    }
    learned = {
        "model": "network",
        "learned_from": f"the bundle's own numbers, {summary}",
        "scans": len(truth),
        "folds": [],
    }
    refuse_link(output)
    partial = output.with_name(f".{output.name}.partial")
    with alone_beside(output, "adapt"):
        shutil.rmtree(partial, ignore_errors=True)
        try:
            shutil.copytree(bundle, partial, ignore=shutil.ignore_patterns("large_files.yml"))
            if keeps_own:
                _save(state, checked, partial / MODEL)
            write_large_files(partial, None)
            write_decision(decision, partial / CALIBRATION, learned)
            (partial / REPORT).write_text(report, encoding="utf-8", newline="\n")
            _describe(partial, checked.metadata, version, summary, facts)
            partial.rename(output)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return Adapted(output, judged, report)


def next_version(version: str) -> str:
    """The version after one: its last number is one higher."""
    head, dot, last = version.rpartition(".")
    return f"{head}{dot}{int(last) + 1}" if last.isdecimal() else f"{version}.1"


def _check_graded(graded: pd.DataFrame, dataset_dir: Path) -> None:
    count, kinds = len(graded), graded["bapl"].nunique()
    if count < LEAST_GRADED or kinds < 2:
        raise UserError(
            f"{dataset_dir}: found {count} graded scans of {kinds} grades, needed {LEAST_GRADED} "
            "of at least two, better 20 of each; add grades to the column bapl"
        )


def _save(state: Mapping[str, torch.Tensor], checked: ExportedBundle, path: Path) -> None:
    """Write weights as exactly as the bundle has them: in 16 bits where it does."""
    import io

    stored = torch.load(io.BytesIO(checked.content[MODEL]), weights_only=True)
    torch.save({name: state[name].to("cpu", value.dtype) for name, value in stored.items()}, path)


def _describe(
    bundle: Path,
    metadata: Mapping[str, Any],
    version: str,
    summary: str,
    facts: Mapping[str, Any],
) -> None:
    """Write the new bundle's metadata and card."""
    written = dict(metadata)
    written["version"] = version
    written["changelog"] = {version: summary, **metadata.get("changelog", {})}
    written["adapted"] = dict(facts)
    written["sha256"] = {name: sha256_of_file(bundle / name) for name in metadata["sha256"]}
    text = json.dumps(written, indent=4, ensure_ascii=False) + "\n"
    (bundle / METADATA).write_text(text, encoding="utf-8", newline="\n")
    training = ConfigParser(read_object((bundle / "configs" / "train.json").read_bytes()))
    measured = (
        f"**This version is {summary}; see `{REPORT}`. What follows is of the version before.**\n\n"
        + measured_on_card(bundle / CARD)
    )
    write_documents(bundle, written, settings_of_training(training), measured)


def _report(
    checked: ExportedBundle,
    version: str,
    summary: str,
    judged: Adaptation,
    keeps_own: bool,
    shift: float,
    cohort: pd.DataFrame,
) -> str:
    """What changed, and whether it is worth using, in Markdown."""
    before, after, difference = judged.before, judged.after, judged.difference
    rows = [
        f"| {checked.metadata['grade_names'][int(row['bapl']) - 1]} | {row['n']:.0f} | "
        + " | ".join(
            "n/a" if np.isnan(row[f"{name}_{when}"]) else f"{row[f'{name}_{when}']:.0%}"
            for name in ("coverage", "graded", "wrong")
            for when in ("before", "after")
        )
        + " |"
        for row in judged.table.to_dict("records")
    ]
    kept = "kept" if keeps_own else "not kept, for the graded scans do not show that it helps"
    lines = [
        f"# {checked.metadata['name']} {checked.metadata['version']} to {version}",
        "",
        f"**{judged.verdict()}**",
        "",
        f"{summary[0].upper()}{summary[1:]}. Each figure is of scans of people that were not "
        "learnt from.",
        "",
        f"Log loss {before.value:.3f} before, {after.value:.3f} after: {difference.value:+.3f} "
        f"(95 % interval {difference.low:+.3f} to {difference.high:+.3f}; below 0 is better).",
        "",
        "| grade | scans | in the set, before | after | graded without a reader, before | after | "
        "wrong of those told it, before | after |",
        "|---|---|---|---|---|---|---|---|",
        *rows,
        "",
        f"Statistics of the network's features: these scans lie {shift:.2f} standard deviations "
        f"from those of the training, on average over all features; measuring them anew was "
        f"{kept}.",
    ]
    for name, (words, tried) in _TRIED.items():
        if name in cohort:
            values = pd.to_numeric(cohort[name], errors="coerce").dropna()
            if len(values):
                lines += [
                    "",
                    f"Of your scans the {words} is {values.median():.2g} in the middle, and "
                    f"{(values > tried).mean():.0%} are beyond {tried:.2g}, up to which the "
                    "program was tried.",
                ]
    return "\n".join(lines) + "\n"
