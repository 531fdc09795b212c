"""What a bundle says of itself to a person: model card, licences, what is too large for git."""

import json
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

import pandas as pd

from monai_amyloid.bundle.files import CALIBRATION
from monai_amyloid.bundle.integrity import bundle_sha256
from monai_amyloid.bundle.run import TrainedRun
from monai_amyloid.checksum import sha256_of_file
from monai_amyloid.cohort.datalist import GRADES
from monai_amyloid.evaluation.deciding.decision import Decision
from monai_amyloid.evaluation.deciding.decision_file import read_decision
from monai_amyloid.evaluation.readers import MEASURED, READERS
from monai_amyloid.installed import licences

# Of a file in git, by the rules of MONAI's Model Zoo.
LARGE_BYTES = 25 * 1000 * 1000
CARD = "docs/README.md"
_TEMPLATE = Path(__file__).parent / "data" / "card.md"
_MEASURES = ("accuracy", "macro_f1", "bapl2_recall", "bapl2_f1", "quadratic_kappa")


def write_documents(
    bundle: Path,
    metadata: Mapping[str, Any],
    settings: Mapping[str, Any],
    measured: str,
) -> None:
    """Write the card and the licences.

    Args:
        bundle: The bundle's folder, with all that decides a grade.
        metadata: The bundle's finished metadata.
        settings: The values trained with, by their name at the top of the config.
        measured: What was measured on held-out scans, in Markdown: :func:`measured_text`.
    """
    for name, text in licences().items():
        (bundle / name).write_text(text, encoding="utf-8", newline="\n")
    calibration = bundle / CALIBRATION
    learned_from = json.loads(calibration.read_text(encoding="utf-8"))
    card = _card(bundle, metadata, settings, measured, read_decision(calibration), learned_from)
    (bundle / CARD).write_text(card, encoding="utf-8", newline="\n")
    (bundle / "docs" / "data_license.txt").write_text(
        f"Trained on: {metadata['data_source']}\n\n"
        "These scans are no part of the bundle. Simulated scans of monai-amyloid derive from the\n"
        "ICBM 152 template, the Desikan-Killiany atlas and, for a quarter of the heads, label\n"
        "maps of six donors of the Allen Human Brain Atlas: NOTICE says on what terms. A\n"
        "hospital's own scans keep their own terms.\n",
        encoding="utf-8",
        newline="\n",
    )


def write_large_files(bundle: Path, full_size: Path | None) -> None:
    """Write ``large_files.yml`` where there is something to list.

    Args:
        bundle: Folder of the bundle, with its weights.
        full_size: Weights of a larger network of the same recipe that are not stored in it.
    """
    listed = [bundle / "models" / "model.pt"]
    large = [path for path in listed if path.stat().st_size > LARGE_BYTES]
    if not large and full_size is None:
        return
    lines = [
        "# Weights that are too large for git, published nowhere. made_by names a command of",
        "# monai-amyloid's repository. Whoever publishes some adds their url, for MONAI's",
        "# download_large_files.",
    ]
    lines += ["large_files:" if large else "large_files: []"]
    for path in large:
        lines += _entry(path, path.relative_to(bundle).as_posix())
    if full_size is not None:
        lines += ["full_size:", *_entry(full_size, "models/model_full_size.pt")]
        lines += ['    made_by: "make weights WIDTH=1.0"']
    (bundle / "large_files.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _entry(path: Path, name: str) -> list[str]:
    return [
        f'  - path: "{name}"',
        f'    hash_val: "{sha256_of_file(path)}"',
        '    hash_type: "sha256"',
        f"    bytes: {path.stat().st_size}",
    ]


def _card(
    bundle: Path,
    metadata: Mapping[str, Any],
    settings: Mapping[str, Any],
    measured: str,
    decision: Decision,
    learned_from: Mapping[str, Any],
) -> str:
    image = metadata["network_data_format"]["inputs"]["image"]
    values = {
        **metadata,
        "input_shape": " x ".join(map(str, [image["num_channels"], *image["spatial_shape"]])),
        "measured": measured,
        "bundle_sha256": bundle_sha256(bundle),
        "scans": learned_from["scans"],
        "folds": ", ".join(map(str, learned_from["folds"])),
        "temperature": f"{decision.temperature:.3f}",
        "positive": f"{decision.positive_threshold:.3f}",
        "settings": json.dumps(settings),
        "packages": ", ".join(
            f"{name} {number}" for name, number in metadata["required_packages_version"].items()
        ),
    }
    for grade in GRADES:
        least, (low, high) = decision.least_probable[grade - 1], decision.usual_centiloid[grade - 1]
        values[f"grade_{grade}"] = metadata["grade_names"][grade - 1]
        values[f"alone_{grade}"] = f"from {least:.1%} on" if least <= 1 else "never"
        values[f"centiloid_{grade}"] = f"{low:.0f} to {high:.0f}"
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(values)


def measured_text(run: TrainedRun) -> str:
    """The network and its baselines on held-out scans, as the card shows them, in Markdown."""
    measured, alone = run.measured(), run.measured_alone()
    names = " | ".join(name.replace("_", " ") for name in _MEASURES)
    lines = [
        *_against_readers(measured),
        "With 95 % intervals over participants. The first row is this very network on the scans "
        "that it",
        "never saw; the others are graded each by a network or baseline that did not learn from "
        "them.",
        "",
        f"| model | scans | {names} |",
        f"|---|---|{'---|' * len(_MEASURES)}",
        _row("this network", alone),
    ]
    lines += [_row(str(row["model"]), row) for row in measured.to_dict("records")]
    if measured.empty:
        lines += ["", "Its baselines were not evaluated: `monai-amyloid evaluate` does."]
    return "\n".join(lines)


def _against_readers(measured: pd.DataFrame) -> list[str]:
    """Figures against readers who were not asked before, where their readings are known."""
    if f"readers_{MEASURED[0]}" not in measured:
        return []
    lines = [
        f"Against {READERS} readers who were not asked before; in parentheses the share of what "
        "an observer",
        "reaches who knows the true uptake of the simulated scans:",
        "",
        f"| model | {' | '.join(name.replace('_', ' ') for name in MEASURED)} |",
        f"|---|{'---|' * len(MEASURED)}",
    ]
    for row in measured.to_dict("records"):
        cells = [str(row["model"])]
        for name in MEASURED:
            value, low, high = (row[f"readers_{name}{end}"] for end in ("", "_low", "_high"))
            share = row.get(f"{name}_of_ceiling")
            of_ceiling = f" ({share:.0%})" if share is not None and not pd.isna(share) else ""
            cells.append(f"{value:.2f} [{low:.2f}, {high:.2f}]{of_ceiling}")
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, "", "Against the one grade that each scan has:", ""]


def _row(model: str, row: Mapping[Any, Any]) -> str:
    cells = [model, str(int(row["n"]))]
    for name in _MEASURES:
        value, low, high = (row.get(f"{name}{end}") for end in ("", "_low", "_high"))
        known = not any(pd.isna(number) for number in (value, low, high))
        cells.append(f"{value:.2f} [{low:.2f}, {high:.2f}]" if known else "n/a")
    return f"| {' | '.join(cells)} |"
