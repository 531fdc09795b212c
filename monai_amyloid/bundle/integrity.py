"""A whole bundle: its one SHA-256, and its files as they were when they were checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai_amyloid.bundle.files import (
    DECIDING,
    INFERENCE,
    LISTED,
    METADATA,
    check_stated,
    exported_metadata,
    file_content,
    read_metadata,
)
from monai_amyloid.checksum import sha256
from monai_amyloid.errors import RunError, UserError


@dataclass(frozen=True)
class Trust:
    """How far a bundle is trusted.

    Attributes:
        required: SHA-256 of the only bundle that may be used; None for any.
        config: Whether expressions and components of its config that export never wrote may run.
    """

    required: str | None = None
    config: bool = False

    @classmethod
    def of(cls, required: str | None, config: bool = False) -> "Trust":
        """Trust as a person writes it.

        Raises:
            UserError: If ``required`` is no whole SHA-256.
        """
        digest = None if required is None else required.strip().lower()
        if digest is not None and (len(digest) != 64 or not {*digest} <= {*"0123456789abcdef"}):
            raise UserError(
                f"found {required!r} for the bundle that is required, needed its whole SHA-256, 64 "
                "digits; `monai-amyloid verify BUNDLE` prints it"
            )
        return cls(digest, config)


ANY = Trust()


@dataclass(frozen=True)
class ExportedBundle:
    """A bundle whose files are those that were exported.

    Attributes:
        folder: The bundle's folder.
        sha256: SHA-256 of the bundle, see :func:`whole_sha256`.
        metadata: Content of its ``metadata.json``.
        content: Bytes of the files that decide a grade, by name: those that were checked.
        unlisted: Files whose SHA-256 its metadata lacks, so that a change was not noticed.
    """

    folder: Path
    sha256: str
    metadata: Mapping[str, Any]
    content: Mapping[str, bytes]
    unlisted: tuple[str, ...]


def whole_sha256(digests: Mapping[str, str]) -> str:
    """SHA-256 of a bundle, as anybody can compute it.

    That of the lines which ``sha256sum`` writes of the files that decide a grade
    (:data:`~monai_amyloid.bundle.files.DECIDING`), in the order of their names. ``metadata.json``
    is one of them and lists the SHA-256 of the others, so that nothing of ``configs`` and
    ``models`` changes without it.

    Args:
        digests: SHA-256 of those files by name.
    """
    return sha256("".join(f"{digests[name]}  {name}\n" for name in DECIDING))


def bundle_sha256(bundle: Path) -> str:
    """:func:`whole_sha256` of a bundle as it is, whether or not that is as it was exported.

    Args:
        bundle: The bundle's folder.

    Raises:
        RunError: If a file is missing.
    """
    return whole_sha256({name: sha256(file_content(bundle, name)) for name in DECIDING})


def read_bundle(bundle: Path, trust: Trust = ANY) -> ExportedBundle:
    """Read what grades, once, and check it: whoever uses the bytes uses what was checked.

    Args:
        bundle: Folder that ``monai-amyloid export`` wrote.
        trust: How far it is trusted.

    Raises:
        RunError: If a file is missing or was changed, a link leads out of the folder, or it is
            another bundle than the one required.
    """
    if not (bundle / METADATA).is_file():
        exported_metadata(bundle)  # says what is needed
    content = {name: file_content(bundle, name) for name in DECIDING}
    digests = {name: sha256(each) for name, each in content.items()}
    found = whole_sha256(digests)
    if trust.required not in (None, found):
        raise RunError(
            f"{bundle}: its SHA-256 is {found}, needed {trust.required}: another bundle, or one "
            "that was changed; name the one that is required"
        )
    metadata = read_metadata(content[METADATA], bundle / METADATA)
    stated = metadata["sha256"]
    for name in {*DECIDING, *stated} - {METADATA}:
        # Exports of earlier versions listed what was learned alone.
        if name in stated or name != INFERENCE:
            digest = digests.get(name) or sha256(file_content(bundle, name))
            check_stated(bundle, name, digest, stated)
    unlisted = tuple(name for name in LISTED if name not in stated)
    return ExportedBundle(bundle, found, metadata, content, unlisted)
