"""Studies with a text that can be known again in every place that can hold one.

Each place has a text of its own: a made-up word, by which the place is known; the digits of a UID;
or a day.
"""

import gzip
import json
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import SimpleITK as sitk  # noqa: N813
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import UID

from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study

WORD, DIGITS, DAY = "Zorblax", "777000333", "19480229"
_LETTERS = "abcdefghjkmnpqrtuvwyz"  # without what could make the word a part of another
# Public attributes of every kind that holds text; those that decide whether a scan can be graded
# (Units, Radiopharmaceutical, Corrected Image …) have studies of their own below.
_TEXTS = {
    "CS": ("BodyPartExamined", "PatientSex"),
    "SH": ("AccessionNumber", "StudyID", "StationName", "TimezoneOffsetFromUTC"),
    "LO": (
        *("PatientID", "SeriesDescription", "StudyDescription", "ProtocolName", "Manufacturer"),
        *("ManufacturerModelName", "InstitutionName", "DeviceSerialNumber", "SoftwareVersions"),
        *("ReconstructionMethod", "AttenuationCorrectionMethod", "ScatterCorrectionMethod"),
        *("IssuerOfPatientID", "InstitutionalDepartmentName", "AdmittingDiagnosesDescription"),
    ),
    "PN": ("PatientName", "ReferringPhysicianName", "OperatorsName", "PerformingPhysicianName"),
    "ST": ("InstitutionAddress", "DerivationDescription"),
    "LT": ("PatientComments", "ImageComments", "AdditionalPatientHistory"),
    "UT": ("LongCodeValue",),
    "UC": ("StrainDescription",),
    "UR": ("RetrieveURL",),
    "AE": ("ScheduledStationAETitle", "RetrieveAETitle"),
}
_DAYS = ("PatientBirthDate", "StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate")
_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "SOPInstanceUID")


@dataclass
class Garden:
    """The texts that were planted.

    Attributes:
        places: Where each word was planted, by the word.
    """

    places: dict[str, str] = field(default_factory=dict)

    def word(self, place: str) -> str:
        """A word for a place; the same for the same place."""
        for word, known in self.places.items():
            if known == place:
                return word
        number = len(self.places)
        word = WORD + _LETTERS[number // len(_LETTERS)] + _LETTERS[number % len(_LETTERS)]
        self.places[word] = place
        return word

    def also(self, place: str) -> None:
        """Count a place that holds digits or a day."""
        self.places[f"{place} "] = place


def plant_dicom(source: Path, target: Path, garden: Garden) -> Path:
    """A DICOM study with a text in every attribute that takes one, and in its names."""
    target = (
        target / f"{garden.word('folder of a study')} {DAY}" / garden.word("folder of a series")
    )
    target.mkdir(parents=True)
    for number, file in enumerate(sorted(source.iterdir())):
        dataset = pydicom.dcmread(file)
        _plant_texts(dataset, garden)
        for keyword in _UIDS:
            tail = f"{number + 1}" if keyword == "SOPInstanceUID" else f"{len(keyword)}"
            setattr(dataset, keyword, UID(f"1.2.826.0.1.{DIGITS}.{tail}"))
            garden.also(keyword)
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.file_meta.SourceApplicationEntityTitle = garden.word("file meta, AE")
        dataset.file_meta.PrivateInformationCreatorUID = UID(f"1.2.826.{DIGITS}")
        dataset.file_meta.PrivateInformation = garden.word("file meta, private").encode() + b" "
        dataset.preamble = garden.word("preamble").encode().ljust(128, b"\0")
        dataset.save_as(target / f"{garden.word('name of a DICOM file')}_{number}.dcm")
    return target


def _plant_texts(dataset: Dataset, garden: Garden) -> None:
    for kind, keywords in _TEXTS.items():
        for keyword in keywords:
            word = garden.word(f"{keyword} ({kind})")
            described = f"PET AC {word}" if keyword == "SeriesDescription" else word
            setattr(dataset, keyword, described.upper() if kind == "CS" else described)
    for keyword in _DAYS:
        if keyword in ("PatientBirthDate", "ContentDate"):
            setattr(dataset, keyword, DAY)
            garden.also(keyword)
    dataset.ConvolutionKernel = ["OSEM", garden.word("ConvolutionKernel, one of several")]
    request = Dataset()
    request.RequestedProcedureDescription = garden.word("in a sequence")
    request.ReasonForTheRequestedProcedure = garden.word("in a sequence, a reason")
    inner = Dataset()
    inner.CodeValue, inner.CodingSchemeDesignator = "1", "99X"
    inner.CodeMeaning = garden.word("CodeMeaning in two sequences")
    request.RequestedProcedureCodeSequence = [inner]
    dataset.RequestAttributesSequence = [request]
    other = Dataset()
    other.PatientID = garden.word("another ID, in a sequence")
    dataset.OtherPatientIDsSequence = [other]
    block = dataset.private_block(0x0029, garden.word("private creator"), create=True)
    for element, kind in enumerate(("LO", "LT", "UN", "OB", "PN", "UT"), start=1):
        word = garden.word(f"private {kind}")
        block.add_new(element, kind, word.encode().ljust(10) if kind in ("UN", "OB") else word)


def plant_refused(good: Path, target: Path, garden: Garden) -> list[Path]:
    """DICOM studies that are refused for a text, each quoting what it is refused for."""
    changes: dict[str, Callable[[Dataset, str], None]] = {
        "Radiopharmaceutical": lambda d, w: setattr(
            d.RadiopharmaceuticalInformationSequence[0], "Radiopharmaceutical", f"[18F]{w}"
        ),
        "TracerCode": _other_code,
        "AttenuationCorrectionMethod": lambda d, w: d.update(
            {"AttenuationCorrectionMethod": f"none, {w}", "CorrectedImage": ["DECY", w.upper()]}
        ),
        "SeriesDescriptionOfMap": lambda d, w: setattr(d, "SeriesDescription", f"z-score {w}"),
        "Units": lambda d, w: setattr(d, "Units", w.upper()),
        "Modality": lambda d, w: setattr(d, "Modality", w.upper()),
        "PhotometricInterpretation": lambda d, w: setattr(
            d, "PhotometricInterpretation", w.upper()
        ),
        "SeriesType": lambda d, w: setattr(d, "SeriesType", ["GATED", w.upper()]),
        "PixelSpacing": lambda d, w: d["PixelSpacing"].__setattr__("_value", w),
    }
    made = []
    for place, change in changes.items():
        word = garden.word(f"{place}, for which a study is refused")
        folder = target / word
        folder.mkdir()
        for file in _slices(good)[:12]:
            dataset = pydicom.dcmread(file)
            change(dataset, word)
            dataset.save_as(folder / file.name)
        made.append(folder)
    twice = target / garden.word("two images to choose from")
    for name in ("A", "B"):
        (twice / name).mkdir(parents=True)
        for number, file in enumerate(_slices(good)[:12]):
            dataset = pydicom.dcmread(file)
            word = garden.word(f"SeriesDescription of two, {name}")
            dataset.SeriesDescription, dataset.ReconstructionMethod = f"PET {word}", f"OSEM {word}"
            dataset.SeriesInstanceUID = UID(f"1.2.826.0.1.{DIGITS}.9.{ord(name)}")
            dataset.SOPInstanceUID = UID(f"{dataset.SeriesInstanceUID}.{number}")
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            dataset.save_as(twice / name / f"{number}.dcm")
    broken = target / garden.word("folder of a broken file")
    broken.mkdir()
    content = _slices(good)[0].read_bytes()
    (broken / f"{garden.word('name of a broken file')}.dcm").write_bytes(content[:-900])
    return [*made, twice, broken]


def _slices(study: Path) -> list[Path]:
    """Files of a planted study from one end to the other."""
    return sorted(study.iterdir(), key=lambda file: int(file.stem.rpartition("_")[2]))


def _other_code(dataset: Dataset, word: str) -> None:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = word, word[:16], word
    isotope = dataset.RadiopharmaceuticalInformationSequence[0]
    isotope.Radiopharmaceutical = ""
    isotope.RadiopharmaceuticalCodeSequence = [code]


def plant_archives(good: Path, target: Path, garden: Garden) -> list[Path]:
    """A zip and a tar whose names, comments and owners tell; both lack slices and are refused."""
    files = _slices(good)[:9]
    packed = target / f"{garden.word('name of a zip')}.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.comment = garden.word("comment of a zip").encode()
        for number, file in enumerate(files):
            name = f"{garden.word('folder in a zip')}/{garden.word('name in a zip')}{number}.dcm"
            entry = zipfile.ZipInfo(name)
            entry.comment = garden.word("comment of a file in a zip").encode()
            archive.writestr(entry, file.read_bytes())
    tarred = target / f"{garden.word('name of a tar')}.tar.gz"
    with tarfile.open(tarred, "w:gz") as tar:
        for number, file in enumerate(files):
            info = tar.gettarinfo(file, f"{garden.word('name in a tar')}/{number}.dcm")
            info.uname = info.gname = garden.word("owner in a tar")
            with file.open("rb") as content:
                tar.addfile(info, content)
    broken = target / f"{garden.word('name of a broken zip')}.zip"
    broken.write_bytes(packed.read_bytes()[:-400])
    return [packed, tarred, broken]


def plant_files(good: Path, target: Path, garden: Garden) -> list[Path]:
    """Image files of one scan, with texts in their headers, sidecars and names."""
    image = read_study(good)
    return [
        _nifti(image, target, garden),
        *_itk(image, target, garden),
        _mgh(image, target, garden),
        _picture(target, garden),
    ]


def _nifti(image: PetImage, target: Path, garden: Garden) -> Path:
    stored = nib.Nifti1Image(image.data, image.affine)
    for key in ("descrip", "aux_file", "intent_name", "db_name"):
        stored.header[key] = garden.word(f"NIfTI {key}").encode()
    text = garden.word("NIfTI extension").encode()
    stored.header.extensions.append(nib.nifti1.Nifti1Extension("comment", text))
    name = garden.word("name of a NIfTI file")
    nib.save(stored, target / f"{name}.nii.gz")
    keys = ("PatientName", "SeriesDescription", "InstitutionName", "TracerName2", "ReconMethodName",
            "ManufacturersModelName", "BodyPart", "ReconFilterType", "Comment")  # fmt: skip
    sidecar: dict[str, object] = {key: garden.word(f"sidecar {key}") for key in keys}
    sidecar |= {"TracerName": "florbetaben", "nested": {"deep": garden.word("sidecar, nested")}}
    (target / f"{name}.json").write_text(json.dumps(sidecar))
    return target / f"{name}.nii.gz"


def _itk(image: PetImage, target: Path, garden: Garden) -> list[Path]:
    made = []
    for suffix in (".nrrd", ".mha"):
        stored = sitk.GetImageFromArray(image.data[:24, :24, :24].T.copy())
        stored.SetMetaData("note", garden.word(f"key of a {suffix} file"))
        path = target / f"{garden.word(f'name of a {suffix} file')}{suffix}"
        sitk.WriteImage(stored, path)
        content = path.read_bytes()
        if suffix == ".nrrd":
            comment = f"# {garden.word('comment of a NRRD file')}\ncontent: ".encode()
            content = content.replace(b"\n", b"\n" + comment + garden.word("NRRD content").encode()
                                      + b"\n", 1)  # fmt: skip
        else:
            comment = f"Comment = {garden.word('comment of a MetaImage file')}\nNDims".encode()
            content = content.replace(b"NDims", comment, 1)
        path.write_bytes(content)
        made.append(path)
    return made


def _mgh(image: PetImage, target: Path, garden: Garden) -> Path:
    path = target / f"{garden.word('name of an MGH file')}.mgz"
    stored = nib.MGHImage(image.data[:24, :24, :24].astype(np.float32), image.affine)
    with gzip.open(path, "wb") as file:
        file.write(stored.to_bytes() + garden.word("end of an MGH file").encode())
    return path


def _picture(target: Path, garden: Garden) -> Path:
    picture = Image.new("L", (182, 218), 128)
    exif = picture.getexif()
    exif[0x010E], exif[0x013B] = garden.word("EXIF description"), garden.word("EXIF artist")
    path = target / f"{garden.word('name of a picture')}.jpg"
    picture.save(path, exif=exif, comment=garden.word("comment of a JPEG").encode())
    return path
