"""A fold as training and predicting leave it, with random weights: its grades mean nothing."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from monai.bundle import ConfigParser


def write_untrained_run(run: Path, files: Sequence[Path], settings: Mapping[str, Any]) -> Path:
    """Write weights, settings and held-out predictions of thirty people, ten a grade.

    Args:
        run: Folder of the fold, made if missing.
        files: Configs that the network is described in.
        settings: Values of these configs that are others.
    """
    run.mkdir(parents=True, exist_ok=True)
    parser = ConfigParser()
    parser.read_config([str(path) for path in files])
    parser.update(dict(settings))
    torch.manual_seed(0)
    torch.save(parser.get_parsed_content("network_def").state_dict(), run / "model.pt")
    (run / "settings.json").write_text(json.dumps(dict(settings)))
    rows = ["participant_id\tsession_id\tfold\tbapl\tp_bapl1\tp_bapl2\tp_bapl3\tpredicted"]
    for number in range(30):
        grade, sure = 1 + number % 3, 0.5 + number / 100
        chances = [(1 - sure) / 2] * 3
        chances[grade - 1] = sure
        cells = [f"sub-{number:04d}", "ses-01", 0, grade, *chances, grade]
        rows.append("\t".join(map(str, cells)))
    (run / "predictions.tsv").write_text("\n".join(rows) + "\n")
    return run
