"""Whether a config can work, tried before the night in which it has to."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from monai_amyloid.bundle.integrity import Trust, read_bundle
from monai_amyloid.errors import UserError, one_line
from monai_amyloid.grading.options import OutputOptions
from monai_amyloid.installed import shipped_bundle
from monai_amyloid.node.page.checking import check_page
from monai_amyloid.node.queue.database import Database, shown_url
from monai_amyloid.node.receiving.orthanc import check_orthanc
from monai_amyloid.node.sending.sender import transport_to
from monai_amyloid.node.service import QUEUE_FILE, database_url
from monai_amyloid.node.settings import NodeSettings
from monai_amyloid.output import check_writable


@dataclass(frozen=True)
class CheckedPart:
    """What a part of a config was found to be.

    Attributes:
        well: Whether it works.
        text: What was tried, or why it does not work.
    """

    well: bool
    text: str


def findings_of(settings: NodeSettings) -> Iterator[CheckedPart]:
    """Try everything that a config names, one after the other.

    Args:
        settings: Config of the node.
    """
    yield _tried(f"data {settings.data} can be written", lambda: check_writable(settings.data))
    if settings.database or (settings.data / QUEUE_FILE).exists():
        yield _tried("the queue's database opens", lambda: _open(settings))
    if settings.inbox is not None:
        yield _tried(f"inbox {settings.inbox.folder} can be read", lambda: _look(settings))
    if settings.orthanc is not None:
        orthanc = settings.orthanc
        yield _tried(f"Orthanc at {orthanc.url} answers", lambda: check_orthanc(orthanc))
    if "grade" in settings.duties:
        yield _tried("the bundle is whole", lambda: _bundle(settings))
        yield _tried("reports can be written", lambda: _options(settings))
    if settings.page is not None:
        page = settings.page
        text = f"the page can be served at {page.host}:{page.port}"
        yield _tried(text, lambda: check_page(page, settings.data))
    for each in settings.destination:
        transport = transport_to(each, settings.title, lambda uid, kept: None)
        yield _tried(f"destination {each.name} answers", transport.check)


def _tried(text: str, act: Callable[[], object]) -> CheckedPart:
    try:
        act()
    except (UserError, OSError) as error:
        return CheckedPart(False, one_line(error))
    return CheckedPart(True, text)


def _open(settings: NodeSettings) -> str:
    database = Database(database_url(settings), upgrade=False)
    database.close()
    return shown_url(database.url)


def _look(settings: NodeSettings) -> None:
    assert settings.inbox is not None  # noqa: S101 (asked before)
    if not settings.inbox.folder.is_dir():
        raise UserError(f"inbox: found no folder {settings.inbox.folder}; make it, or name another")
    next(settings.inbox.folder.iterdir(), None)


def _bundle(settings: NodeSettings) -> None:
    required = Trust.of(settings.grading.require_bundle or None)
    read_bundle(settings.grading.bundle or shipped_bundle(), required)


def _options(settings: NodeSettings) -> None:
    dicom = bool(settings.destination)
    OutputOptions(language=settings.grading.language, identify=dicom, dicom=dicom)
