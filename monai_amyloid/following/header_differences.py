"""What the headers of two scans of one person say differently: one rule each."""

import re
from collections.abc import Iterator
from typing import Any

from monai_amyloid.findings.finding import Finding, Term, note, warning
from monai_amyloid.following.pair import Pair, differ
from monai_amyloid.pet.dicom.attributes import named
from monai_amyloid.pet.header.statement import words

_METHOD = ("ReconstructionMethod", "ReconMethodName")
_ALGORITHM = ("IterativeReconstructionMethod", "ReconstructionAlgorithm")
_FILTER = ("ConvolutionKernel", "ReconFilterType")
_ATTENUATION = ("AttenuationCorrectionMethod", "AttenuationCorrection")
_MODEL = ("ManufacturerModelName", "ManufacturersModelName")
# By what attenuation was measured; free text, in which protocols and numbers stand too.
_MEANS = {
    "CT": re.compile(r"\b(?:ct|ctac|acct|ldct|petct|computed tomography)\b"),
    "MR": re.compile(r"\b(?:mr|mri|mrac|petmr|dixon|ute|zte)\b"),
    "transmission": re.compile(r"\b(?:transmission|ge 68|68 ge|cs 137|137 cs)\b"),
    "calculated": re.compile(r"\b(?:calculated|chang)\b"),
}
_COUNTS = {
    "iterations": re.compile(r"\b(\d{1,3}) (?:i|it|iter\w*)\b|\biter\w* (\d{1,3})\b"),
    "subsets": re.compile(r"\b(\d{1,3}) (?:s|ss|sub|subsets?)\b|\bsubsets? (\d{1,3})\b"),
}
_COUNTED = {"iterations": "NumberOfIterations", "subsets": "NumberOfSubsets"}


def tracer(pair: Pair) -> Iterator[Finding]:
    """Warn of two tracers, whose Centiloids agree on average and not for one person."""
    one, other = pair.earlier.tracer, pair.later.tracer
    if one and other and one != other:
        yield warning(
            "tracer_differs",
            "the tracer was {earlier}, then {later}: Centiloids of two tracers differ for one "
            "person also without any change of amyloid, and SUVR cannot be compared",
            earlier=Term(one),
            later=Term(other),
        )


def scanner(pair: Pair) -> Iterator[Finding]:
    """Warn of two models of scanners, or two machines; note where a header names none."""
    models = pair.texts(*_MODEL)
    makers = pair.texts("Manufacturer")
    # Of one maker there are many spellings; one model has one maker.
    if differ(models) or (not all(models) and differ(_first_words(makers))):
        yield warning(
            "scanner_differs",
            "the scanner was {earlier}, then {later}: two scanners measure SUVR and Centiloid "
            "differently, which may look like a change or hide one",
            earlier=_scanner_name(makers[0], models[0]),
            later=_scanner_name(makers[1], models[1]),
        )
    elif not all(models):
        yield note(
            "scanner_not_known",
            "the headers do not name the scanner of both scans, so that it is not known whether "
            "it was the same",
        )
    elif differ(pair.texts("device_mark")) or (
        not all(pair.texts("device_mark")) and differ(pair.texts("station_mark"))
    ):
        yield warning(
            "scanner_of_another_machine",
            "both scans are of a {model}, but of two machines, which may be calibrated and set up "
            "differently",
            model=models[1],
        )


def software(pair: Pair) -> Iterator[Finding]:
    """Note another version of the software on scanners of one model."""
    versions = pair.texts("SoftwareVersions")
    if differ(versions) and not differ(pair.texts(*_MODEL)):
        yield note(
            "scanner_software_differs",
            "the software of the scanner was {earlier!r}, then {later!r}, with which the "
            "reconstruction may have changed",
            earlier=versions[0],
            later=versions[1],
        )


def reconstruction(pair: Pair) -> Iterator[Finding]:
    """Warn of two methods, by their free text without the counts in it."""
    for keywords in (_METHOD, _ALGORITHM):
        texts = pair.texts(*keywords)
        methods = (_without_counts(texts[0]), _without_counts(texts[1]))
        if differ(methods):
            yield warning(
                "reconstruction_differs",
                "the reconstruction was {earlier!r}, then {later!r}: another method, a model of "
                "the resolution (PSF) or time of flight changes SUVR at the edge of the cortex",
                earlier=texts[0],
                later=texts[1],
            )
            return


def reconstruction_settings(pair: Pair) -> Iterator[Finding]:
    """Warn of other numbers of iterations or subsets, or of time of flight used in one scan."""
    for name in _COUNTED:
        one, other = (_count(name, image.provenance) for image in (pair.earlier, pair.later))
        if one is not None and other is not None and one != other:
            yield warning(
                "reconstruction_settings_differ",
                "the reconstruction had {earlier:g}, then {later:g} {setting}: the fewer, the "
                "smoother the image and the lower the contrast of the cortex",
                earlier=one,
                later=other,
                setting=Term(name),
            )
    flights = pair.texts("TimeOfFlightInformationUsed")
    if differ(flights):
        yield warning(
            "time_of_flight_differs",
            "time of flight was used in one reconstruction and not in the other, which changes "
            "noise and contrast",
        )


def reconstruction_filter(pair: Pair) -> Iterator[Finding]:
    """Warn of two filters, which smooth differently."""
    filters = pair.texts(*_FILTER)
    sizes = pair.texts("ReconFilterSize")
    if differ(filters) or differ(sizes):
        yield warning(
            "reconstruction_filter_differs",
            "the filter of the reconstruction was {earlier!r}, then {later!r}: more smoothing "
            "mixes cortex and white matter and lowers SUVR of thin cortex",
            earlier=" ".join(filter(None, (filters[0], sizes[0]))),
            later=" ".join(filter(None, (filters[1], sizes[1]))),
        )


def attenuation_correction(pair: Pair) -> Iterator[Finding]:
    """Warn of attenuation that was measured in two ways."""
    texts = pair.texts(*_ATTENUATION)
    means = (_means(texts[0]), _means(texts[1]))
    if all(means) and differ((str(means[0]), str(means[1]))):
        yield warning(
            "attenuation_correction_differs",
            "attenuation was corrected by {earlier}, then by {later}: that shifts the uptake of "
            "cortex and cerebellum differently",
            earlier=Term(means[0]),
            later=Term(means[1]),
        )


def scatter_correction(pair: Pair) -> Iterator[Finding]:
    """Warn of scatter that was corrected by two methods."""
    texts = pair.texts("ScatterCorrectionMethod")
    if differ(texts):
        yield warning(
            "scatter_correction_differs",
            "scatter was corrected by {earlier!r}, then by {later!r}, which shifts the uptake of "
            "the cerebellum and with it every SUVR",
            earlier=texts[0],
            later=texts[1],
        )


def position(pair: Pair) -> Iterator[Finding]:
    """Note a patient who lay differently."""
    texts = pair.texts("PatientPosition")
    if differ(texts):
        yield note(
            "patient_position_differs",
            "the patient lay {earlier}, then {later} ({attribute}): what lies around the "
            "head attenuates differently",
            attribute=named("PatientPosition"),
            earlier=texts[0],
            later=texts[1],
        )


def _first_words(texts: tuple[str, str]) -> tuple[str, str]:
    one, other = (words(text).split(" ")[0] for text in texts)
    return one, other


def _scanner_name(maker: str, model: str) -> str:
    """Maker and model as one text; a model mostly stands alone."""
    return model if model and words(maker) in words(model) else f"{maker} {model}".strip()


def _without_counts(text: str) -> str:
    """A method without its numbers of iterations and subsets, which are compared as numbers."""
    spoken = words(text)
    for count in _COUNTS.values():
        spoken = count.sub("", spoken)
    return " ".join(spoken.split())


def _count(name: str, provenance: Any) -> float | None:
    """Number of iterations or subsets, by its attribute, by BIDS's labels or by the method."""
    stated = provenance.get(_COUNTED[name])
    labels = provenance.get("ReconMethodParameterLabels")
    values = provenance.get("ReconMethodParameterValues")
    if stated is None and isinstance(labels, list) and isinstance(values, list):
        by_label = {words(str(key)): value for key, value in zip(labels, values, strict=False)}
        stated = next((value for key, value in by_label.items() if name[:-1] in key), None)
    if isinstance(stated, (int, float)) and not isinstance(stated, bool):
        return float(stated)
    for keyword in _METHOD:
        found = _COUNTS[name].search(words(str(provenance.get(keyword) or "")))
        if found:
            return float(found[1] or found[2])
    return None


def _means(text: str) -> str:
    """What attenuation was measured by; empty where the text does not say it clearly."""
    spoken = words(text)
    found = [name for name, pattern in _MEANS.items() if pattern.search(spoken)]
    return found[0] if len(found) == 1 else ""
