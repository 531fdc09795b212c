"""What the node's one config file can say, and what of it fits together."""

import difflib
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from monai_amyloid.errors import UserError
from monai_amyloid.findings.catalogue import ENGLISH, languages
from monai_amyloid.node.machines import NAME, TITLE, Destination, Prior, Remote
from monai_amyloid.node.page.settings import Page
from monai_amyloid.pet.header.tracer_names import tracer_label

Duty = Literal["receive", "grade", "send"]
DUTIES: tuple[Duty, ...] = get_args(Duty)
# With fewer results nothing can be compared with a reference.
LEAST_REFERENCE = 20


@dataclass(frozen=True, kw_only=True)
class Inbox:
    """A watched folder.

    Attributes:
        folder: Folder that is looked into, with all folders in it.
        remove: Whether files are removed there once they are kept here.
        settle_s: Seconds for which a file must not change before it is read.
    """

    folder: Path
    remove: bool = False
    settle_s: float = 5.0


@dataclass(frozen=True, kw_only=True)
class Orthanc:
    """An Orthanc that receives for the node.

    Attributes:
        url: Address of its REST interface.
        user: User name; empty where it asks for none.
        password_file: File with the password.
        ca_file: Certificates (PEM) of a hospital that sign the server's own.
        poll_s: Seconds between looks at its changes.
        calling_titles: Titles of the machines whose studies are graded; all where there is none.
    """

    url: str
    user: str = ""
    password_file: Path | None = None
    ca_file: Path | None = None
    poll_s: float = 1.0
    calling_titles: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What is done with some studies; the first rule that fits a study counts.

    Attributes:
        modality: Modality that the study has; empty for any.
        tracer: BIDS label or name of the tracer of its result; empty for any.
        description: Pattern of its descriptions, with ``*`` and ``?``; empty for any.
        calling_title: Pattern of the title that sent it; empty for any.
        send_to: Destinations of its result; None for all, an empty list for none.
        priority: Priority; those of a higher one go first.
        ignore: Whether it is not graded.
        use_tracer: Tracer that it is graded with where it names none.
    """

    modality: str = ""
    tracer: str = ""
    description: str = ""
    calling_title: str = ""
    send_to: tuple[str, ...] | None = None
    priority: int = 0
    ignore: bool = False
    use_tracer: str = ""

    def __post_init__(self) -> None:
        for name in filter(None, (self.tracer, self.use_tracer)):
            if tracer_label(name) is None:
                raise UserError(f"found tracer {name!r}, needed one such as 18FFBB or florbetaben")
        if self.ignore and self.tracer:
            raise UserError("the tracer is known after grading; ignore goes without it")


@dataclass(frozen=True, kw_only=True)
class Complete:
    """When a study is complete.

    Attributes:
        study_quiet_s: Seconds without an image of the study.
        series_quiet_s: Seconds without an image of any of its PET series, while others still come.
        longest_wait_s: Seconds after which a person is asked.
        ask_s: Seconds between questions to the source.
        counts: Machine that is asked how many images the study has; None where none is.
    """

    study_quiet_s: float = 60.0
    series_quiet_s: float = 120.0
    longest_wait_s: float = 3600.0
    ask_s: float = 10.0
    counts: Remote | None = None


@dataclass(frozen=True, kw_only=True)
class Grading:
    """How studies are graded.

    Attributes:
        bundle: Folder of the trained classifier; None for the one that comes with the program.
        require_bundle: SHA-256 of the only bundle that may grade; empty for any.
        tracer: Tracer of studies that name none; empty to refuse them.
        device: ``cpu`` or ``cuda``; empty for the bundle's own choice.
        workers: Number of processes.
        attempts: Number of times that a study is tried on which its process ends.
        timeout_s: Seconds after which a process that does not end is ended.
        language: Language that reports show first.
        identify: Whether reports name the patient although nothing is sent.
    """

    bundle: Path | None = None
    require_bundle: str = ""
    tracer: str = ""
    device: str = ""
    workers: int = 1
    attempts: int = 2
    timeout_s: float = 1800.0
    language: str = ENGLISH
    identify: bool = False

    def __post_init__(self) -> None:
        if self.language not in languages():
            raise UserError(f"found language {self.language!r}, needed {' or '.join(languages())}")
        if self.tracer and tracer_label(self.tracer) is None:
            raise UserError(f"found tracer {self.tracer!r}, needed one such as 18FFBB")


@dataclass(frozen=True, kw_only=True)
class Sending:
    """What is sent without a person.

    Attributes:
        graded: What becomes of results that need no reader.
        needs_reader: What becomes of results that a reader has to look at.
        refused: What becomes of refusals.
    """

    graded: Literal["send", "hold", "keep"] = "send"
    needs_reader: Literal["send", "hold", "keep"] = "hold"
    refused: Literal["send", "hold", "keep"] = "hold"


@dataclass(frozen=True, kw_only=True)
class Drift:
    """When an alarm is raised that results are no longer like those of the reference.

    Attributes:
        reference: Number of the first results of a bundle that are the reference; 0 for no alarm.
        first_study: Number of the study with which the reference begins, raised after a change
            that is to last.
        years: Years from one false alarm to the next on average, or more.
    """

    reference: int = 100
    first_study: int = 1
    years: float = 5.0

    def __post_init__(self) -> None:
        if 0 < self.reference < LEAST_REFERENCE:
            raise UserError(f"found reference {self.reference}, needed {LEAST_REFERENCE} or more")
        if self.years <= 0:
            raise UserError(f"found years {self.years:g}, needed more than 0")


@dataclass(frozen=True, kw_only=True)
class Retention:
    """When images and results are removed.

    Attributes:
        days: Days after which the images of finished studies are removed; 0 for never.
        most_share: Share of the disk above which the oldest are removed; 1 for never.
        least_free_mb: Megabytes of room under which nothing is taken.
    """

    days: float = 0.0
    most_share: float = 0.9
    least_free_mb: int = 1024


@dataclass(frozen=True, kw_only=True)
class Log:
    """The log.

    Attributes:
        size_mb: Megabytes after which a file of the log is put aside.
        kept: Number of files that are kept.
    """

    size_mb: float = 10.0
    kept: int = 10


@dataclass(frozen=True, kw_only=True)
class NodeSettings:
    """A whole config.

    Attributes:
        data: Folder of everything that the node keeps.
        name: Name of the node, which no other node of the same queue has.
        title: Application entity title of the node.
        duties: What it does, of several nodes that share a queue and a data folder.
        database: URL of PostgreSQL or SQLite; empty for a file in ``data``.
        lease_s: Seconds without a sign of life after which other nodes take over.
        commitment_host: Address at which answers about storage commitment are awaited.
        commitment_port: Port of that; 0 to take them on the same association alone.
        inbox: Watched folder; None for none.
        orthanc: Orthanc that receives; None for none.
        complete: When a study is complete.
        grading: How it is graded.
        sending: What is sent without a person.
        prior: Machine that has earlier studies; None where no change is told.
        destination: Machines that results are sent to.
        rule: What is done with some studies.
        retention: When images are removed.
        log: Size of the log.
        drift: When an alarm is raised that results changed.
        page: Page in the browser; None for none.
    """

    data: Path
    name: str = field(default_factory=socket.gethostname)
    title: str = "MONAI_AMYLOID"
    duties: tuple[Duty, ...] = DUTIES
    database: str = ""
    lease_s: float = 60.0
    commitment_host: str = "127.0.0.1"
    commitment_port: int = 0
    inbox: Inbox | None = None
    orthanc: Orthanc | None = None
    complete: Complete = Complete()
    grading: Grading = Grading()
    sending: Sending = Sending()
    prior: Prior | None = None
    destination: tuple[Destination, ...] = ()
    rule: tuple[Rule, ...] = ()
    retention: Retention = Retention()
    log: Log = Log()
    drift: Drift = Drift()
    page: Page | None = None

    def __post_init__(self) -> None:
        if NAME.fullmatch(self.name) is None:
            raise UserError(f"found name {self.name!r}, needed letters, digits, '.', '-' or '_'")
        if TITLE.fullmatch(self.title) is None:
            raise UserError(f"found title {self.title!r}, needed at most 16 characters")
        if "receive" in self.duties and self.inbox is None and self.orthanc is None:
            raise UserError("found neither [inbox] nor [orthanc], needed one of them to receive")
        names = [each.name for each in self.destination]
        for name in names:
            if names.count(name) > 1:
                raise UserError(f"found two destinations named {name!r}; give each its own name")
        for number, rule in enumerate(self.rule, 1):
            for name in rule.send_to or ():
                if name not in names:
                    raise UserError(
                        f"[[rule]] {number}: send_to has {name!r}, needed the name of a "
                        f"[[destination]]{nearest(name, names)}"
                    )
        inside = self.inbox is not None and self.data.resolve().is_relative_to(
            self.inbox.folder.resolve()
        )
        if inside:
            raise UserError("data is inside the inbox, and would be received; choose another")


def nearest(name: str, names: Iterable[str]) -> str:
    """A question that names the most similar of some names; empty where none is."""
    found = difflib.get_close_matches(name, [*names], 1)
    return f"; is {found[0]!r} meant?" if found else ""
