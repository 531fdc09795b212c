"""How many PET images the source of a study has, by C-FIND or QIDO-RS."""

from collections.abc import Collection, Iterable
from typing import Any

import requests
from dicomweb_client.api import DICOMwebClient
from pydicom.dataset import Dataset
from pynetdicom import AE
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StudyRootQueryRetrieveInformationModelFind,
)

from monai_amyloid.node.machines import Remote
from monai_amyloid.node.web import session_for

_PENDING = (0xFF00, 0xFF01)  # PS3.4 C.4.1.1.4
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
    entity = AE(ae_title=title)
    entity.add_requested_context(StudyRootQueryRetrieveInformationModelFind)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = remote.timeout_s
    entity.connection_timeout = remote.timeout_s
    query = Dataset()
    query.QueryRetrieveLevel, query.StudyInstanceUID = "SERIES", study_uid
    query.SeriesInstanceUID = query.Modality = ""
    query.NumberOfSeriesRelatedInstances = None
    association = entity.associate(remote.host, remote.port, ae_title=remote.title)
    if not association.is_established:
        return []
    try:
        answers = association.send_c_find(query, StudyRootQueryRetrieveInformationModelFind)
        return _named(
            answer for status, answer in answers if status and status.Status in _PENDING and answer
        )
    finally:
        association.release()


def _qido(remote: Remote, study_uid: str, title: str) -> list[dict[str, Any]]:
    session = session_for(remote.user, remote.password_file, remote.timeout_s, remote.ca_file)
    client = DICOMwebClient(remote.url, session=session)
    client.set_http_retry_params(retry=False)
    try:
        answers = client.search_for_series(study_uid, fields=[_COUNT, _MODALITY])
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
