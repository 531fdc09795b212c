"""The participants of a table, and whether name and header of a study are of two of them."""

from collections import defaultdict
from collections.abc import Iterable

from monai_amyloid.cohort.matching.match import Match, Study
from monai_amyloid.cohort.matching.person_in_name import find_id
from monai_amyloid.cohort.spellings import words_of

# Words that may stand before the number of a person, in a table or in a name.
_BEFORE_NUMBERS = frozenset(("sub", "subj", "subject", "patient", "pt", "pat", "id", "pid", "case"))


def spellings(participant: str) -> list[tuple[str, ...]]:
    """The words of an id, and those without the word before its number."""
    words = words_of(participant)
    bare = words[1:] if len(words) > 1 and words[0] in _BEFORE_NUMBERS else words
    return list(dict.fromkeys((words, bare)))


class People:
    """The participants of a table.

    Args:
        ids: Words of each id, in each of its spellings.
    """

    def __init__(self, ids: Iterable[tuple[str, ...]]) -> None:
        self.ids = {each for each in ids if each}
        self._by_word: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        for each in self.ids:
            self._by_word[each[0]].add(each)

    def named_in(self, study: Study) -> set[tuple[str, ...]]:
        """The participants whose ids stand in a study's name."""
        words = {word.text for word in study.words.words}
        likely = {each for word in words for each in self._by_word.get(word, ())}
        return {p for p in likely if (place := find_id(study.words, p)) and place.is_sure}

    def contradict(self, match: Match, own: set[tuple[str, ...]]) -> bool:
        """Whether a study is another participant's by its header, or by its name.

        Headers may have ids of another kind, such as the hospital's beside research numbers. So
        an id of a header counts if it is one of the table, or stands in the name too.

        Args:
            match: Study that may be of a row.
            own: Spellings of the row's participant.
        """
        header = match.study.identity.people
        if match.by == "header":
            named = self.named_in(match.study)
            return bool(named) and not own & named
        of_header = header & self.ids
        if match.by == "words of the name":
            of_header |= match.study.owner
        return not own & header and bool(of_header)
