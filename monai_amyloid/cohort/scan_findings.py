"""What was found of each scan while a cohort was prepared, as codes and values beside the table."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from monai_amyloid.findings.finding import Finding
from monai_amyloid.output import replace_file

FINDINGS = "findings.json"
# By participant and session.
Findings: TypeAlias = Mapping[tuple[str, str], tuple[Finding, ...]]


def write_findings(findings: Findings, prepared: Path) -> None:
    """Write :data:`FINDINGS` of a prepared cohort.

    Args:
        findings: Refusals and warnings of each scan that has any.
        prepared: Folder of the prepared cohort.
    """
    rows = [
        {
            "participant_id": participant,
            "session_id": session,
            "findings": [each.as_content() for each in found],
        }
        for (participant, session), found in findings.items()
    ]
    content = json.dumps(rows, indent=1, ensure_ascii=False)
    replace_file(prepared / FINDINGS, content.encode())


def read_findings(prepared: Path) -> Findings:
    """What :func:`write_findings` wrote; nothing where an earlier version prepared the cohort.

    Args:
        prepared: Folder of the prepared cohort.
    """
    file = prepared / FINDINGS
    if not file.is_file():
        return {}
    return {
        (row["participant_id"], row["session_id"]): tuple(
            map(Finding.from_content, row["findings"])
        )
        for row in json.loads(file.read_text(encoding="utf-8"))
    }
