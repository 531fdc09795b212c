"""The read itself: positive or negative, each region's score, and where the numbers part."""

from collections.abc import Sequence
from dataclasses import dataclass

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.findings.bounds import MOST_LEFT_OUT
from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.findings.rules import POSITIVE_GRADES, grades_named
from monai_amyloid.report.study.charts import Bar, read_bars
from monai_amyloid.report.study.regions import cortex_shares, region_name
from monai_amyloid.report.words import named
from monai_amyloid.result.result import Result

# A score that the network holds for nearly sure, where the region's SUVR tells otherwise.
_SURE_SCORE = 0.8
_LEAST_SHOWN = 0.001
_ALMOST_SURE = 0.99
_ANY_SCORE = named("1\N{EN DASH}3")


def percent(share: float) -> str:
    """A probability as a text; no grade has one of none or all."""
    if share < _LEAST_SHOWN:
        return f"<{_LEAST_SHOWN:.1%}"
    return f">{1 - _LEAST_SHOWN:.1%}" if share > 1 - _LEAST_SHOWN else f"{share:.1%}"


def answer_in_words(result: Result) -> Phrase:
    """What stands below "Needs a reader": every grade that is likely; none where it is one.

    One grade in large letters is taken for the answer, whatever stands beside it: its reasons and
    the probabilities name it.

    Args:
        result: A result that needs a reader.
    """
    if len(result.prediction_set or ()) > 1:
        return phrase("answer_several", "Likely: {grades}", grades=result.answer)
    return phrase("answer_open", "The grade is open")


def called(result: Result) -> tuple[Phrase, Phrase] | None:
    """The word positive or negative, and the probability and threshold that it comes from.

    Args:
        result: A result; None where nothing is called, as in one of an earlier version.
    """
    if result.positive is None or result.grade is None:
        return None
    chance, threshold = result.positive["chance"], result.positive["threshold"]
    why = phrase(
        "called_why",
        "{grades}: {chance}; called positive from {threshold:.0%} on",
        grades=grades_named(result.grade_names, POSITIVE_GRADES),
        chance=percent(chance),
        threshold=threshold,
    )
    return _word(result), why


def _word(result: Result) -> Phrase:
    """Positive or negative, where a reader may not find the other."""
    if result.called is None:
        return phrase("called_open", "Positive or negative: open")
    if result.status == "needs_reader":
        if result.called:
            return phrase("called_positive_in_doubt", "Positive, in doubt")
        return phrase("called_negative_in_doubt", "Negative, in doubt")
    if result.called:
        return phrase("called_positive", "Amyloid positive")
    return phrase("called_negative", "Amyloid negative")


@dataclass(frozen=True, kw_only=True)
class Score:
    """The uptake score of one side of a region.

    Attributes:
        likeliest: The likeliest score (RCTU), 1 to 3.
        likely: Every score as probable as a grade that is never left out, ascending.
        scores: The likely scores in words.
        chances: Probabilities of the likely scores, in the same order.
    """

    likeliest: int
    likely: tuple[int, ...]
    scores: Phrase
    chances: str


def region_scores(result: Result) -> list[tuple[Phrase, Score, Score]]:
    """Each read region with its likely uptake scores (RCTU), left and right.

    Args:
        result: A result; empty where the network has not learnt scores.
    """
    if not result.region_scores:
        return []
    cells = {key: _score(chances) for key, chances in result.region_scores.items()}
    return [
        (region_name(name), cells[f"{name}_left"], cells[f"{name}_right"]) for name in READ_REGIONS
    ]


def _score(chances: Sequence[float]) -> Score:
    likeliest = max(range(len(chances)), key=chances.__getitem__)
    likely = tuple(
        number
        for number, chance in enumerate(chances)
        if number == likeliest or chance >= MOST_LEFT_OUT
    )
    numbers = tuple(number + 1 for number in likely)
    return Score(
        likeliest=likeliest + 1,
        likely=numbers,
        scores=_ANY_SCORE if len(numbers) == len(chances) else _scores(numbers),
        chances=", ".join(_rounded(chances[number]) for number in likely),
    )


def _rounded(chance: float) -> str:
    """A score's probability, of which whole percents are enough."""
    return f">{_ALMOST_SURE:.0%}" if chance > _ALMOST_SURE else f"{chance:.0%}"


def _scores(numbers: tuple[int, ...]) -> Phrase:
    return phrase("likely_scores", "{scores:or}", scores=numbers)


def grade_by_scores(result: Result) -> Phrase | None:
    """The grade that the scores make by the label's rule, which is the highest of any region.

    Args:
        result: A result; None where it has no scores, or grades that are not BAPL.
    """
    scores = [score for _, *sides in region_scores(result) for score in sides]
    if not scores or result.bapl is None:
        return None
    least = max(min(score.likely) for score in scores)
    most = max(max(score.likely) for score in scores)
    made = tuple(range(least, most + 1))
    grades = grades_named(result.grade_names, made)
    if set(made).isdisjoint(result.prediction_set or (result.grade,)):
        return phrase(
            "scores_make_other",
            "By the label's rule, the highest score of any region, the scores make {grades}, which "
            "is not the program's answer: look at the regions.",
            grades=grades,
        )
    return phrase(
        "scores_make",
        "By the label's rule, the highest score of any region, the scores make {grades}.",
        grades=grades,
    )


def cortex_and_regions(result: Result) -> list[Phrase]:
    """How the cortex's value, from which Centiloid comes, relates to the regions'.

    Args:
        result: A result; empty where SUVR or the negatives of its tracer are not known.
    """
    bars = [bar for bar in read_bars(result) if bar.z is not None]
    cortex = [bar for bar in bars if bar.region == "cortex"]
    sides = [bar for bar in bars if bar.region != "cortex"]
    if not cortex or not sides:
        return []
    highest, lowest = max(sides, key=_z), min(sides, key=_z)
    values: dict[str, Phrase] = {"cortex": _measured(cortex[0]), "highest": _place(highest)}
    count = sum(bar.is_high for bar in sides)
    if cortex[0].is_high:
        sentence = _of_high_cortex(values, _place(lowest), count, len(sides))
    elif count:
        sentence = phrase(
            "focal",
            "Focal: {count} of {sides} sides of the regions lie above most negatives, the highest "
            "{highest}, while the cortex as a whole does not ({cortex}). Centiloid is measured in "
            "the whole cortex, which a small area hardly raises: {region} makes up {share:.0%} of "
            "it.",
            count=count,
            sides=len(sides),
            **values,
            region=highest.name,
            share=cortex_shares()[highest.region],
        )
    else:
        sentence = phrase(
            "nothing_high",
            "Neither the cortex as a whole ({cortex}) nor any of the regions lies above most "
            "negatives; the highest is {highest}.",
            **values,
        )
    return [sentence, *_parted(result, sides)]


def _of_high_cortex(values: dict[str, Phrase], lowest: Phrase, count: int, sides: int) -> Phrase:
    if count == sides:
        return phrase(
            "all_high",
            "The cortex as a whole ({cortex}) and all {sides} sides of the regions lie above most "
            "negatives; the highest is {highest}.",
            **values,
            sides=sides,
        )
    if count:
        return phrase(
            "some_high",
            "The cortex as a whole ({cortex}) and {count} of {sides} sides of the regions lie "
            "above most negatives; the highest is {highest}, the lowest {lowest}.",
            **values,
            lowest=lowest,
            count=count,
            sides=sides,
        )
    return phrase(
        "cortex_alone_high",
        "The cortex as a whole ({cortex}) lies above most negatives, though none of the regions "
        "does; the highest is {highest}. {rest:.0%} of its volume lies outside them.",
        **values,
        rest=1 - sum(cortex_shares().values()),
    )


def _parted(result: Result, sides: Sequence[Bar]) -> list[Phrase]:
    """Where the network's score and the region's SUVR tell different things."""
    chances = result.region_scores or {}
    lower, higher = list[Bar](), list[Bar]()
    for bar in sides:
        of_one = chances.get(f"{bar.region}_{bar.side}", (0.5,))[0]
        if bar.is_high and of_one >= _SURE_SCORE:
            lower.append(bar)
        elif not bar.is_high and of_one <= 1 - _SURE_SCORE:
            higher.append(bar)
    found = []
    if lower:
        found.append(
            phrase(
                "scored_lower",
                "Scored 1, though SUVR lies above most negatives: {regions}.",
                regions=_by_region(lower),
            )
        )
    if higher:
        found.append(
            phrase(
                "scored_higher",
                "Scored 2 or 3, though SUVR does not lie above most negatives: {regions}.",
                regions=_by_region(higher),
            )
        )
    return found


def _by_region(bars: Sequence[Bar]) -> tuple[Phrase, ...]:
    """Each region once; with its side where it is one."""
    sides: dict[str, list[Bar]] = {}
    for bar in bars:
        sides.setdefault(bar.region, []).append(bar)
    return tuple(each[0].name if len(each) > 1 else _side(each[0]) for each in sides.values())


def _z(bar: Bar) -> float:
    return bar.z or 0.0


def _measured(bar: Bar) -> Phrase:
    return phrase("suvr_and_z", "SUVR {suvr:.2f}, z {z:+.1f}", suvr=bar.suvr, z=_z(bar))


def _side(bar: Bar) -> Phrase:
    if bar.side == "left":
        return phrase("region_on_left", "{region} on the left", region=bar.name)
    return phrase("region_on_right", "{region} on the right", region=bar.name)


def _place(bar: Bar) -> Phrase:
    return phrase("place_and_value", "{place} ({value})", place=_side(bar), value=_measured(bar))


SCORES_NOTE = phrase(
    "scores_note",
    "What readers would most likely score, by the network: 1 no, 2 moderate, 3 pronounced "
    "uptake; every score with a probability of {least:.0%} or more is shown. Learnt from simulated "
    "readers.",
    least=MOST_LEFT_OUT,
)
