"""From DICOM files to images: a series each, or what a de-identifier made of one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from monai_amyloid.checksum import sha256
from monai_amyloid.findings.finding import Finding, StudyRefused, Term, phrase, refusal
from monai_amyloid.pet.dicom.attributes import named, unreadable
from monai_amyloid.pet.dicom.header import Header, open_header
from monai_amyloid.pet.dicom.membership.strays import without_strays
from monai_amyloid.pet.dicom.series import read_series
from monai_amyloid.pet.dicom.values import text_of
from monai_amyloid.pet.frames.series import FrameSeries
from monai_amyloid.pet.image import MIN_VOXELS

_MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"  # DICOMDIR: lists files, holds no image
_DIGITS = 6  # of a series' number: two of twenty series share one in 1 of 5000 studies
# A file, and its copy in another folder.
_MOST_OF_EACH = 2
# What all slices of one series say, whatever a de-identifier made of its UIDs.
_DESCRIBING = (
    *("SOPClassUID", "Modality", "SeriesDescription", "ProtocolName"),
    *("SeriesDate", "SeriesTime", "ImageType", "SeriesType", "Units", "CorrectedImage"),
    *("DecayCorrection", "ReconstructionMethod", "ConvolutionKernel", "Manufacturer"),
    *("Rows", "Columns", "PixelSpacing", "ImageOrientationPatient"),
)


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """Files of one image.

    Attributes:
        key: Name of the image for a person: a number made of its Series Instance UID.
        headers: Headers of the files that hold it, at least one.
        files: These files, and those that lie in its series without being of it.
        warnings: Warnings of what was left out or put together.
        of_each: Whether its slices have a Series Instance UID each.
        frames: Number of series that are its time frames; 1 for a series as it was sent.
    """

    key: Term
    headers: tuple[Header, ...]
    files: frozenset[Path]
    warnings: tuple[Finding, ...] = ()
    of_each: bool = False
    frames: int = 1

    def read(self) -> FrameSeries:
        """Read its time frames; see :func:`monai_amyloid.pet.dicom.series.read_series`.

        Raises:
            StudyRefused: If the files do not make up one image.
        """
        try:
            series = read_series(self.headers, several_series=self.frames > 1)
        except StudyRefused as refused:
            if not self.of_each:
                raise
            reason = refusal(
                "dicom_series_uid_for_each_file",
                "each of {count} files has its own {attribute}, as a de-identifier leaves it, and "
                "together they are no image; needed the series with one UID, or with the UIDs that "
                "it had",
                where=self.headers[0].file.parent,
                attribute=named("SeriesInstanceUID"),
                count=len(self.headers),
            )
            raise StudyRefused.of([reason, *refused.findings]) from refused
        return replace(series, warnings=(*self.warnings, *series.warnings))


def gather(files: Iterable[Path]) -> list[Gathered]:
    """Sort files into DICOM images.

    Args:
        files: Files of a study, DICOM or not.

    Returns:
        One for each series, in the order of the files. Where a de-identifier gave each slice of a
        series its own UID, the slices that say the same of themselves are one.

    Raises:
        StudyRefused: If a DICOM file is broken or names no series.
    """
    series: dict[str, list[Header]] = {}
    for file in files:
        header = open_header(file)
        if header is None or _is_media_directory(header):
            continue
        uid = header.text("SeriesInstanceUID")
        if not uid:
            raise unreadable(
                file, phrase("dicom_without_series", "no Series Instance UID (0020,000E)")
            )
        series.setdefault(uid, []).append(header)
    of_each = _of_each(list(series.values()))
    joined = {uid for uids in of_each for uid in uids}
    groups = [[uid] for uid in series if uid not in joined] + of_each
    return [
        _gathered(
            series_number(min(uids)), [header for uid in uids for header in series[uid]], len(uids)
        )
        for uids in groups
    ]


def series_number(uid: str) -> Term:
    """Give a series a short number, which leads to nobody and stays when others are added.

    Args:
        uid: Series Instance UID (0020,000E).
    """
    return Term(f"{int(sha256(uid), 16) % 10**_DIGITS:0{_DIGITS}d}")


def _gathered(key: Term, headers: Sequence[Header], series: int) -> Gathered:
    """Put the files of one image together, without what else lies among them."""
    kept, warnings = without_strays(headers)
    return Gathered(
        key=key,
        headers=tuple(kept),
        files=frozenset(header.file for header in headers),
        warnings=tuple(warnings),
        of_each=series > 1,
    )


def _is_media_directory(header: Header) -> bool:
    kind = header.text("SOPClassUID") or text_of(
        header.dataset.file_meta, "MediaStorageSOPClassUID", header.file
    )
    return kind == _MEDIA_DIRECTORY


def _of_each(series: Sequence[Sequence[Header]]) -> list[list[str]]:
    """Find slices that have a series each and say the same of what they are of."""
    small = [headers for headers in series if len(headers) <= _MOST_OF_EACH]
    alike: dict[tuple[str, ...], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    if len(small) >= MIN_VOXELS:
        for headers in small:
            try:
                description = tuple(map(headers[0].text, _DESCRIBING))
                number = headers[0].text("SeriesNumber")
            except StudyRefused:  # judged when it is read
                continue
            alike[description][number].append(headers[0].text("SeriesInstanceUID"))
    found: list[list[str]] = []
    for numbers in alike.values():
        # A program that renews the UIDs may renew the number of the series too.
        is_numbered = min(map(len, numbers.values())) >= MIN_VOXELS
        found += (
            numbers.values()
            if is_numbered
            else [[uid for uids in numbers.values() for uid in uids]]
        )
    return [uids for uids in found if len(uids) >= MIN_VOXELS]
