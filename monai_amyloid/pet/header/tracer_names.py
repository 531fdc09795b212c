"""Which tracer a text names, however it is spelled."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from monai_amyloid.pet.tracers import TRACERS


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


# What headers write for tracers that do not show amyloid, or not on a known Centiloid line; in
# lower case, without spaces, punctuation and radionuclide.
OTHER_TRACERS: frozenset[str] = frozenset().union(
    # glucose; sugars
    _listed("fdg fluorodeoxyglucose fludeoxyglucose deoxyglucose fds"),
    # amyloid without a Centiloid line here
    _listed("florapronol alzavue fc119s fddnp azd2184 sb13 florbetazine 알자뷰 플로라프로놀"),
    # tau
    _listed(
        "flortaucipir tauvid av1451 t807 t808 av680 mk6240 florquinitau pi2620 ro948 ro6958948 "
        "gtp1 jnj067 jnj64326067 jnj311 jnj64349311 jnj069 apn1607 pmpbb3 pbb3 florzolotau "
        "mni960 thk5351 thk5317 thk5117 thk5105 thk523 snft1"
    ),
    # synapses
    _listed("ucbj ucba ucbh synvest1 synvest2 sdm8 sdm2 sdm16 mni1126"),
    # inflammation
    _listed(
        "pk11195 pbr28 pbr06 pbr111 dpa714 dpa713 fepppa ge180 flutriciclamide er176 smbt1 deprenyl"
    ),
    # serotonin
    _listed("dasb way100635 altanserin mdl100907 cimbi36 az10419369 mppf sb207145 gsk215083"),
    # dopamine
    _listed(
        "fdopa dopa fluorodopa fluoroldopa fpcit ioflupane raclopride fallypride dmfp "
        "desmethoxyfallypride pe2i fepe2i dtbz av133 fpdtbz tetrabenazine flubatine sch23390 "
        "nnc112 phno flb457 nmsp"
    ),
    # other receptors and enzymes
    _listed("feobv carfentanil diprenorphine flumazenil iomazenil abp688 fpeb omar mpdx verapamil"),
    # tumours
    _listed(
        "psma psma11 psma1007 piflufolastat pylarify fet fluoroethyltyrosine fluorethyltyrosin "
        "methionine fluciclovine axumin facbc flt fluorothymidine thymidine fmiso "
        "fluoromisonidazole faza choline fluorocholine dotatate dotatoc dotanoc fapi fes "
        "fluoroestradiol pentixafor"
    ),
    # bone, blood flow
    _listed(
        "acetate sodiumfluoride naf na18f rubidium ammonia nh3 water h2o hmpao ecd flurpiridaz"
    ),
)
# These words mean something else in a description: filtered back-projection, MR water images.
_ONLY_WHERE_TRACERS_STAND = _listed(
    "fbp nav flut av1 water h2o fes fet flt naf dopa choline acetate ammonia nh3 rubidium ecd "
    "fds methionine thymidine"
)
# Words that stand beside a tracer's name, or in place of one.
_SAYS_NO_TRACER = _listed(
    "fluorine fluor fluoro fluoride fluorinated carbon gallium nuclide radionuclide isotope "
    "radioisotope solution injection injectable injected inj iv bolus infusion sterile saline "
    "dose vial syringe activity product agent compound drug ligand label labeled labelled "
    "radiolabeled radioligand radiotracer radiopharmaceutical pharmaceutical "
    "tracer pet ct mr positron "
    "mri spect scan image imaging study brain head neuro amyloid amyloidosis abeta beta "
    "plaque β dementia alzheimer late static unknown other none na n a not no specified "
    "unspecified available applicable defined undefined provided recorded reported given "
    "entered empty null nil tbd default generic custom user new test research clinical "
    "routine standard protocol anonymized anonymised anonymous deidentified removed redacted "
    "xxx xxxx the of for and by with to or is see text emitting emitter nuclear diagnostic "
    "주사 주사액 주 아밀로이드 방사성의약품 추적자 동위원소 뇌 기타 없음 미상 불명"
)
_ELEMENTS = {"f": "18", "c": "11", "ga": "68", "cu": "64", "zr": "89", "o": "15", "n": "13"}
_ELEMENTS |= {"rb": "82", "fluorine": "18", "fluor": "18", "fluoride": "18", "carbon": "11"}
_NUCLIDES = frozenset(
    {element + mass for element, mass in _ELEMENTS.items()}
    | {mass + element for element, mass in _ELEMENTS.items()}
)
_MASSES = frozenset({"18", "11"})
_UNITS = "mbq|kbq|gbq|bq|mci|uci|µci|μci|ci|ml|cc|mg|ug|µg|μg|kg|g|min|mins|minutes|h|hr|hrs|s|sec"
_AMOUNT = re.compile(rf"\d*({_UNITS})|\d+")
_GLUED_DOSE = re.compile(r"(?<=[^\W\d_])(?=\d+(?:mbq|mci)\b)")  # FBB300MBq
# The number of a compound, such as X-123; a number with a unit is a dose.
_NUMBERED = re.compile(rf"\b[^\W\d_] \d{{2,}}\b(?! ?(?:{_UNITS})\b)")
_MOST_PARTS = 5  # "JNJ-64 326 067"
# A name of so many letters may stand within a longer word: "florbetabenF18", "뉴라체크주사".
_LONG_NAME, _LONG_KOREAN_NAME = 8, 3


def _plain(name: str) -> str:
    """A name without spaces, punctuation and case."""
    return re.sub(r"[\W_]", "", name).casefold()


def tracer_label(text: str) -> str | None:
    """Find the amyloid tracer that a header, a table or a user names.

    Args:
        text: Name of a tracer, such as ``"Florbetaben F^18^"``, ``"[18F]AV-45"``, ``"18FFBB"`` or
            ``"NeuraCeq"``. Case, punctuation, dose and radionuclide do not count.

    Returns:
        The BIDS label, or None where the text names no amyloid tracer, or several.
    """
    found = amyloid_labels(text)
    return next(iter(found)) if len(found) == 1 else None


# A header's few texts are asked for again and again, and a cohort's headers have the same ones.
_remembered = lru_cache(maxsize=1024)


@_remembered
def amyloid_labels(text: str, *, described: bool = False) -> frozenset[str]:
    """Find every amyloid tracer that a text names.

    Args:
        text: Name of a tracer, or a description of an image.
        described: Whether it is a description, where some short names mean something else.
    """
    labels = {
        _plain(name): label
        for label, tracer in TRACERS.items()
        for name in (label, tracer.name, *tracer.aliases)
    }
    return frozenset(labels[name] for name in _names_in(text, labels, described))


@_remembered
def names_other_tracer(text: str, *, described: bool = False) -> bool:
    """Tell whether a text names a known tracer that is not graded here.

    Args:
        text: Name of a radiopharmaceutical, such as ``"FDG -- fluorodeoxyglucose"``, or a
            description of an image.
        described: Whether it is a description, where some short names mean something else.

    Returns:
        False also for a text that names no tracer, such as ``"Solution"`` or ``"F-18"``.
    """
    amyloid = amyloid_labels(text, described=described)
    return not amyloid and bool(_names_in(text, OTHER_TRACERS, described))


@_remembered
def names_no_tracer(text: str) -> bool:
    """Tell whether a text in the place of a tracer's name says nothing of the tracer.

    Args:
        text: What a header says there, such as ``"F-18"``, ``"Solution"`` or ``"300 MBq"``.

    Returns:
        False for a name, whether it is known or not.
    """
    parts = [part for part in _parts(text) if part not in _SAYS_NO_TRACER]
    rest = [part for part in parts if not _AMOUNT.fullmatch(part)]
    return all(len(part) == 1 for part in rest) and not _NUMBERED.search(" ".join(parts))


def _parts(text: str) -> list[str]:
    """The words of a text in lower case, without the radionuclides among them."""
    # Superscript and full-width letters are plain ones; florbétabène has no accents.
    letters = unicodedata.normalize("NFKD", text)
    plain = "".join(each for each in letters if not unicodedata.combining(each))
    # <sup>18</sup>F and ^18^F.
    text = re.sub(r"<[^>]*>|\^", "", unicodedata.normalize("NFC", plain)).casefold()
    text = _GLUED_DOSE.sub(" ", text)
    found: list[str] = []
    for part in re.findall(r"[^\W_]+", text):
        if found and found[-1] + part in _NUCLIDES:
            found.pop()
        elif part not in _NUCLIDES:
            found.append(part)
    return found


def _names_in(text: str, names: Iterable[str], described: bool) -> set[str]:
    """The names that stand in a text as words, glued to a radionuclide or in several parts."""
    parts = _parts(text)
    ends = [(first, end + 1) for first in range(len(parts)) for end in range(first, len(parts))]
    joined = {"".join(parts[first:end]) for first, end in ends if end - first <= _MOST_PARTS}
    spelled = joined | {bare for each in joined for bare in _bare(each)}
    whole = "".join(parts)
    found = {
        name
        for name in names
        if name in spelled
        or (name in whole and len(name) >= (_LONG_NAME if name.isascii() else _LONG_KOREAN_NAME))
    }
    return found - _ONLY_WHERE_TRACERS_STAND if described else found


def _bare(word: str) -> Iterator[str]:
    """A word without the radionuclide before or after it: ``18FFBB`` and ``18FBB`` are ``FBB``."""
    for nuclide in _NUCLIDES:
        if word.endswith(nuclide):
            yield word.removesuffix(nuclide)
    for nuclide in (*_NUCLIDES, *_MASSES):
        if word.startswith(nuclide):
            yield word.removeprefix(nuclide)
