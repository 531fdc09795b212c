"""A study, what its name and header say, and how surely it is of a row."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from monai_amyloid.cohort.matching.name_words import Name, read_name
from monai_amyloid.cohort.matching.person_in_name import Place, find_id
from monai_amyloid.cohort.matching.study_identity import Identity, study_identity
from monai_amyloid.cohort.matching.study_list import name_of

# From the surest to the least sure.
MatchedBy = Literal["path", "name", "header", "words of the name"]
_SURENESS: tuple[MatchedBy, ...] = ("path", "name", "header", "words of the name")


class Study:
    """A study in the folder, and what its name and its header say.

    Args:
        path: Folder or file of the study.
        name: Name without extensions; that of a visit's folder follows its person's.
    """

    def __init__(self, path: Path, name: str | None = None) -> None:
        self.path = path
        self.name = name if name is not None else name_of(path)

    @cached_property
    def words(self) -> Name:
        """Its name in words."""
        return read_name(self.name)

    @cached_property
    def identity(self) -> Identity:
        """Whose it is by its header."""
        return study_identity(self.path)

    @cached_property
    def owner(self) -> frozenset[tuple[str, ...]]:
        """People of its header after whom it is named."""
        return frozenset(p for p in self.identity.people if find_id(self.words, p))


@dataclass(frozen=True)
class Match:
    """A study that may be of a row.

    Attributes:
        study: Study that may be of the row.
        by: What tells so.
        place: Place of the row's id in the name of the study.
    """

    study: Study
    by: MatchedBy
    place: Place | None = None

    def rank(self) -> tuple[int, int]:
        """The lower, the surer."""
        return _SURENESS.index(self.by), -(self.place.count if self.place else 0)
