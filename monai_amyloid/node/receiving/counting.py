"""How many PET images the source of a study has, by C-FIND or QIDO-RS."""

from collections.abc import Collection, Iterable
from typing import Any

import requests
from pydicom.dataset import Dataset

from monai_amyloid.node.dimse import found_by
from monai_amyloid.node.machines import AwayError, Remote
from monai_amyloid.node.web import dicomweb_client

_COUNT, _SERIES_UID, _MODALITY = "NumberOfSeriesRelatedInstances", "SeriesInstanceUID", "Modality"


def expected_pet_images(
    remote: Remote, study_uid: str, title: str, without: Collection[str] = ()
) -> int | None:
    """Ask a machine how many PET images a study has there.

    Args:
        remote: Machine that is asked.
        study_uid: Study Instance UID.
        title: Title of the node.
        without: Series Instance UIDs of the node's own results, which may be there too.

    Returns:
        The number; None where it does not answer, does not know the study or does not count.
    """
    ask = _find if remote.kind == "dimse" else _qido
    series = ask(remote, study_uid, title)
    if not series:
        return None
    counts = [
        _number(one.get(_COUNT))
        for one in series
        if one.get(_MODALITY) == "PT" and one.get(_SERIES_UID) not in without
    ]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _find(remote: Remote, study_uid: str, title: str) -> list[dict[str, Any]]:
    query = Dataset()
    query.QueryRetrieveLevel, query.StudyInstanceUID = "SERIES", study_uid
    query.SeriesInstanceUID = query.Modality = ""
    query.NumberOfSeriesRelatedInstances = None
    try:
        return _named(found_by(remote, title, query, name="the source"))
    except AwayError:
        return []


def _qido(remote: Remote, study_uid: str, title: str) -> list[dict[str, Any]]:
    try:
        answers = dicomweb_client(remote).search_for_series(study_uid, fields=[_COUNT, _MODALITY])
    except (requests.RequestException, ValueError):
        return []
    return _named(Dataset.from_json(answer) for answer in answers)


def _named(answers: Iterable[Dataset]) -> list[dict[str, Any]]:
    return [{name: one.get(name) for name in (_SERIES_UID, _MODALITY, _COUNT)} for one in answers]


def _number(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
