"""What is known of whose a scan is: by a table, by its headers, by the names of BIDS."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from monai_amyloid.cohort.spellings import words_of
from monai_amyloid.following.bids_days import BidsLabels
from monai_amyloid.pet.files.fingerprint import NOTHING
from monai_amyloid.pet.scan_moment import ScanHeaders

# Words of an id; of a table the label that it bears without a prefix such as ``sub-``.
Words = tuple[str, ...]
# What anonymisers write for everybody: it says of nobody who they are.
_NOBODY = re.compile(
    r"anon(?:ymous|ymi[sz]ed?)?|de ?identified|unknown|none|null|nil|n ?a|no ?(?:id|name|patient)"
    r"|removed|deleted|hidden|empty|x+|0+|test|dummy|patient|patient ?id|pid|id|subject|name|익명"
)


@dataclass(frozen=True, kw_only=True)
class Owner:
    """What is known of whose a scan is.

    Attributes:
        path: Path of the study, as the user or a list names it.
        series: Name of the image that is taken of it; None where the study decides.
        participant: Participant of a table; empty where none names one.
        table: Table that names the participant.
        labels: Labels of BIDS in the path.
        headers: What the headers of the PET images say.
        identity: What all headers of the study say of the person, by DICOM keyword.
        content: Fingerprint of the study's files.
    """

    path: Path
    series: str | None = None
    participant: str = ""
    table: Path | None = None
    labels: BidsLabels = field(default_factory=BidsLabels)
    headers: ScanHeaders = field(default_factory=ScanHeaders)
    identity: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: str = NOTHING

    @property
    def ids(self) -> frozenset[Words]:
        """Words of each PatientID that is one."""
        texts = self.headers.patients or values_of(self.identity, "PatientID")
        return frozenset(words for text in texts if (words := id_words(text)))

    @property
    def issuers(self) -> frozenset[Words]:
        """Words of each issuer of a PatientID."""
        return frozenset(
            words
            for text in values_of(self.identity, "IssuerOfPatientID")
            if (words := id_words(text))
        )

    @property
    def is_known(self) -> bool:
        """Whether anything says whose the scan is."""
        return bool(self.participant or self.ids or self.labels.participant)

    @property
    def spellings(self) -> frozenset[Words]:
        """Words of all that a table may call the person by."""
        names = (self.participant, self.labels.participant)
        return self.ids | {words for name in names if (words := id_words(name))}

    @property
    def label(self) -> str:
        """What the person may be called, before that is checked for privacy."""
        if self.participant:
            return self.participant
        if self.labels.participant:
            return f"sub-{self.labels.participant}"
        return min(self.headers.patients, default="")


def id_words(text: str) -> Words:
    """Words of an id in any of its spellings.

    Args:
        text: PatientID, or participant of a table.

    Returns:
        Words without the prefix ``sub-`` of BIDS; none of what anonymisers write for everybody.
    """
    words = words_of(text)
    words = words[1:] if len(words) > 1 and words[0] == "sub" else words
    return () if _NOBODY.fullmatch(" ".join(words)) else words


def person_keys(owners: Sequence[Owner]) -> list[tuple[object, ...] | None]:
    """What the visits of one person have in common.

    Args:
        owners: What is known of each scan.

    Returns:
        The participant of a table, else that of a BIDS dataset, else the PatientID, with its issuer
        where one number has several; None where nothing says whose a scan is, or its own headers
        name several people.
    """
    issuers: dict[Words, set[frozenset[Words]]] = defaultdict(set)
    for owner in owners:
        for words in owner.ids:
            issuers[words] |= {owner.issuers} - {frozenset()}
    return [
        _key(owner, {words for words, found in issuers.items() if len(found) > 1})
        for owner in owners
    ]


def _key(owner: Owner, of_several_issuers: set[Words]) -> tuple[object, ...] | None:
    if owner.participant:
        return "table", owner.table, id_words(owner.participant) or owner.participant
    if owner.labels.folder is not None:  # headers of a dataset may have ids of another kind
        return "bids", owner.labels.folder.parent.absolute(), owner.labels.participant
    if len(owner.ids) == 1:
        words = min(owner.ids)
        return "id", words, owner.issuers if words in of_several_issuers else frozenset()
    if not owner.ids and owner.labels.participant:
        return "name", owner.path.parent.absolute(), owner.labels.participant
    return None


def values_of(identity: Mapping[str, str], keyword: str) -> frozenset[str]:
    """Values of one attribute in all headers of a study.

    Args:
        identity: What :func:`~monai_amyloid.pet.identity.identity_of` gives.
        keyword: DICOM keyword of the attribute.
    """
    return frozenset(identity.get(keyword, "").splitlines())
