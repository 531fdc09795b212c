"""A person's earlier PET from a PACS: by C-FIND and C-GET or C-MOVE, or QIDO-RS and WADO-RS."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import requests
from pydicom.dataset import Dataset
from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    EnhancedPETImageStorage,
    LegacyConvertedEnhancedPETImageStorage,
    PositronEmissionTomographyImageStorage,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

from monai_amyloid.node.dimse import Context, associated, found_by
from monai_amyloid.node.machines import AwayError, Prior
from monai_amyloid.node.receiving.images import is_uid
from monai_amyloid.node.web import dicomweb_client

_GET = StudyRootQueryRetrieveInformationModelGet
_MOVE = StudyRootQueryRetrieveInformationModelMove
_PET = tuple(
    map(
        str,
        (
            PositronEmissionTomographyImageStorage,
            EnhancedPETImageStorage,
            LegacyConvertedEnhancedPETImageStorage,
        ),
    )
)
_IMAGES: list[Context] = [(each, ALL_TRANSFER_SYNTAXES) for each in _PET]
_PENDING, _DONE = (0xFF00, 0xFF01), (0x0000, 0xB000)
# What stands for other texts in a query (PS3.4 C.2.2.2.4), or parts several.
_WILD = frozenset("*?\\")
_NAME = "the machine of [prior]"
Keep = Callable[[Dataset], None]


@dataclass(frozen=True)
class EarlierStudy:
    """An earlier study of a person, as a machine tells of it.

    Attributes:
        study_uid: Study Instance UID.
        date: Day of the study, its StudyDate.
        description: Text of its StudyDescription.
    """

    study_uid: str
    date: str
    description: str


def earlier_studies(
    remote: Prior, title: str, patient_id: str, before: str, without: str
) -> list[EarlierStudy]:
    """Ask for the PET studies of a person before a day, the newest first.

    Args:
        remote: Machine that is asked.
        title: Title of the node.
        patient_id: PatientID, which must be that of one person.
        before: Day, as DICOM writes it.
        without: Study Instance UID that is left out.

    Returns:
        The studies, at most as many as the config says; none where PatientID or day are missing.

    Raises:
        AwayError: If the machine does not answer.
    """
    if not patient_id or _WILD & {*patient_id} or len(before) != 8 or not before.isdigit():
        return []
    ask = _find if remote.kind == "dimse" else _qido
    asked_for = {"PatientID": patient_id, "ModalitiesInStudy": "PT", "StudyDate": f"-{before}"}
    found = []
    for one in ask(remote, title, "STUDY", asked_for, ("StudyInstanceUID", "StudyDescription")):
        texts = {name: str(one.get(name) or "") for name in
                 ("PatientID", "StudyInstanceUID", "StudyDate", "StudyDescription")}  # fmt: skip
        earlier = EarlierStudy(
            texts["StudyInstanceUID"], texts["StudyDate"], texts["StudyDescription"]
        )
        # A machine that cannot match by a day, or a person, answers with more than was asked for.
        theirs = texts["PatientID"] in ("", patient_id) and earlier.study_uid != without
        theirs &= is_uid(earlier.study_uid)
        if theirs and "" < earlier.date < before and _fits(remote, earlier):
            found.append(earlier)
    newest = sorted(found, key=lambda each: (each.date, each.study_uid), reverse=True)
    return newest[: remote.most]


def retrieve(remote: Prior, title: str, earlier: EarlierStudy, keep: Keep) -> None:
    """Fetch the PET series of a study.

    Args:
        remote: Machine that has it.
        title: Title of the node.
        earlier: Study that is fetched.
        keep: Called with each image.

    Raises:
        AwayError: If the machine does not answer, or does not send all.
    """
    ask = _find if remote.kind == "dimse" else _qido
    of_study = {"StudyInstanceUID": earlier.study_uid}
    for one in ask(remote, title, "SERIES", {**of_study, "Modality": "PT"}, ("SeriesInstanceUID",)):
        uid = str(one.get("SeriesInstanceUID") or "")
        if str(one.get("Modality")) != "PT" or not is_uid(uid):
            continue
        if remote.kind == "dicomweb":
            _wado(remote, earlier.study_uid, uid, keep)
        else:
            _by_dimse(remote, title, {**of_study, "SeriesInstanceUID": uid}, keep)


def _fits(remote: Prior, earlier: EarlierStudy) -> bool:
    pattern = remote.description.lower()
    return not pattern or fnmatchcase(earlier.description.lower(), pattern)


def _find(
    remote: Prior, title: str, level: str, asked_for: dict[str, str], more: Sequence[str]
) -> Iterator[Dataset]:
    query = Dataset()
    query.QueryRetrieveLevel = level
    for name, value in {**dict.fromkeys(more, ""), **asked_for}.items():
        setattr(query, name, value)
    yield from found_by(remote, title, query, name=_NAME)


def _qido(
    remote: Prior, title: str, level: str, asked_for: dict[str, str], more: Sequence[str]
) -> Iterator[Dataset]:
    client, filters = dicomweb_client(remote), dict(asked_for)
    try:
        if level == "STUDY":
            answers = client.search_for_studies(search_filters=filters, fields=[*more])
        else:
            uid = filters.pop("StudyInstanceUID")
            answers = client.search_for_series(uid, search_filters=filters, fields=[*more])
        yield from map(Dataset.from_json, answers)
    except (requests.RequestException, ValueError) as error:
        raise _away(error) from error


def _wado(remote: Prior, study_uid: str, series_uid: str, keep: Keep) -> None:
    try:
        for image in dicomweb_client(remote).iter_series(study_uid, series_uid):
            keep(image)
    except (requests.RequestException, ValueError) as error:
        raise _away(error) from error


def _by_dimse(remote: Prior, title: str, asked_for: dict[str, str], keep: Keep) -> None:
    query = Dataset()
    query.QueryRetrieveLevel = "SERIES"
    for name, value in asked_for.items():
        setattr(query, name, value)
    store = _Store(keep)
    get = remote.retrieve == "get"
    contexts: list[Context] = [(str(_GET if get else _MOVE), None), *(_IMAGES if get else [])]
    listening: AbstractContextManager[Any] = nullcontext()
    if not get:
        listening = _listening(remote, title, store)
    with (
        listening,
        associated(
            remote,
            title,
            contexts,
            name=_NAME,
            handlers=[(evt.EVT_C_STORE, store)] if get else [],
            receives=_PET if get else (),
        ) as association,
    ):
        answers = (
            association.send_c_get(query, _GET)
            if get
            else association.send_c_move(query, title, _MOVE)
        )
        codes = [status.get("Status") if status else None for status, _ in answers]
    final = next((code for code in codes if code not in _PENDING), None)
    if store.error is not None:
        raise store.error
    if final != 0x0000:
        answer = "did not answer in time" if final is None else f"answered with status {final:04X}"
        raise AwayError(f"{_NAME} {answer} when an earlier study was fetched")


class _Store:
    """Takes images, one at a time; an error of whoever keeps them refuses the rest."""

    def __init__(self, keep: Keep) -> None:
        self._keep, self._lock = keep, threading.Lock()
        self.error: Exception | None = None

    def __call__(self, event: Any) -> int:
        with self._lock:
            if self.error is not None:
                return 0xA700
            try:
                image = event.dataset
                image.file_meta = event.file_meta
                self._keep(image)
            except Exception as error:
                self.error = error
                return 0xA700
        return 0x0000


def _listening(remote: Prior, title: str, store: _Store) -> AbstractContextManager[Any]:
    entity = AE(ae_title=title)
    entity.require_called_aet = True
    entity.add_supported_context(Verification)
    for abstract, transfer in _IMAGES:
        entity.add_supported_context(abstract, [*(transfer or ())])
    address = (remote.store_host, remote.store_port)
    try:
        server = entity.start_server(address, block=False, evt_handlers=[(evt.EVT_C_STORE, store)])
    except OSError as error:
        raise AwayError(
            f"store_port {remote.store_port}: cannot be listened at ({error.strerror}); name a "
            "free one"
        ) from error
    return closing(_Closing(server))


class _Closing:
    """A server of pynetdicom that ends by ``close``."""

    def __init__(self, server: Any) -> None:
        self.close = server.shutdown


def _away(error: Exception) -> AwayError:
    return AwayError(
        f"{_NAME} does not answer as DICOMweb ({type(error).__name__}); see to its url, user and "
        "password"
    )
