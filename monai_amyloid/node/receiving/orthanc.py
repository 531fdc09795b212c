"""An Orthanc that receives: its log of changes is followed from a stored number."""

import json
from pathlib import Path
from typing import Any

import requests

from monai_amyloid.errors import UserError
from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.queue.arrived import Arrived, Position
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.receiving.images import (
    NotDicomError,
    NotWholeError,
    OwnObjectError,
    printable,
    read_image,
)
from monai_amyloid.node.settings import Orthanc
from monai_amyloid.node.web import session_for

_CHANGES, _PAGE = 200, 1000
_TIMEOUT_S = 60.0
_NEW = "NewInstance"
# Titles of senders by series, of the newest series.
_MOST_TITLES = 1000


class OrthancAwayError(UserError):
    """The Orthanc that receives does not answer, or answers with an error."""


class OrthancReceiver:
    """Follows the changes of an Orthanc, and never misses an image.

    The number of the last change is kept in the transaction of the images, with what that change
    was. Where it is no longer there, or is another (the log was wiped, the server was set up anew,
    the study was deleted), every image that the server has and the queue has not is fetched.

    Args:
        settings: Address and credentials.
        queue: Queue of the node's studies.
        data: Folder of the node's data.
        log: Log of the node.
    """

    def __init__(self, settings: Orthanc, queue: Queue, data: Path, log: Log) -> None:
        self._queue, self._data, self._log = queue, data, log
        self.source = settings.url.rstrip("/")
        self._session = session_for(
            settings.user, settings.password_file, _TIMEOUT_S, settings.ca_file
        )
        self._titles: dict[str, str] = {}
        self._known = frozenset(settings.calling_titles)

    def step(self) -> int:
        """Take what changed since the last step.

        Returns:
            Number of images that were new.

        Raises:
            OrthancAwayError: If it does not answer; the next step goes on where this one stopped.
        """
        position = self._queue.arrivals.position(self.source)
        if not self._still_there(position):
            self._log.warning("orthanc_log_began_anew")
            return self._take_all()
        new, done = 0, False
        while not done:
            answer = self._get(f"/changes?since={position.sequence}&limit={_CHANGES}")
            changes, done = list(answer["Changes"]), bool(answer["Done"])
            if not changes:
                break
            keys = [change["ID"] for change in changes if change["ChangeType"] == _NEW]
            position = Position(int(changes[-1]["Seq"]), _anchor(changes[-1]))
            new += self._keep(self._fetch(keys), position)
        return new

    def _still_there(self, position: Position) -> bool:
        """Whether the last change that was taken still stands where it stood."""
        if position.sequence == 0:
            return True
        found = self._get(f"/changes?since={position.sequence - 1}&limit=1")["Changes"]
        return bool(found) and (int(found[0]["Seq"]), _anchor(found[0])) == (
            position.sequence,
            position.anchor,
        )

    def _take_all(self) -> int:
        """Take every image that the queue has not; the position first: what comes now is later."""
        last = self._get("/changes?last")
        changes = last["Changes"]
        position = (
            Position(int(changes[-1]["Seq"]), _anchor(changes[-1])) if changes else Position(0)
        )
        new, since = 0, 0
        while keys := self._get(f"/instances?since={since}&limit={_PAGE}"):
            since += len(keys)
            known = self._queue.arrivals.known_keys(keys)
            missing = [key for key in keys if key not in known]
            for begin in range(0, len(missing), _CHANGES):
                new += self._keep(self._fetch(missing[begin : begin + _CHANGES]), None)
        self._keep([], position)
        return new

    def _fetch(self, keys: list[str]) -> list[Arrived]:
        images = []
        for key in keys:
            content = self._content(f"/instances/{key}/file")
            if content is None:  # deleted meanwhile
                continue
            try:
                image = read_image(content, self._data, self.source, key, "")
            except OwnObjectError:
                self._log.info("own_result_ignored")
                continue
            except (NotDicomError, NotWholeError) as error:
                self._log.warning("orthanc_image_left_out", error=type(error).__name__)
                continue
            images.append((key, image))
        own = self._queue.arrivals.own(image.sop_uid for _, image in images)
        titled = [self._with_title(key, image) for key, image in images if image.sop_uid not in own]
        return [image for image in titled if self._may_join(image)]

    def _may_join(self, image: Arrived) -> bool:
        """Whether an image may be one of its study: none of a stranger's in another's study."""
        if not self._known or image.calling_title in self._known:
            return True
        begun_by = self._queue.arrivals.title_of(image.study_uid)
        if begun_by in (None, image.calling_title):
            return True  # a study of its own, which is ignored
        self._log.warning("image_of_unknown_title_left_out")
        return False

    def _with_title(self, key: str, image: Arrived) -> Arrived:
        """An image with the title of the machine that sent it, asked for once a series."""
        if image.series_uid not in self._titles:
            answer = self._content(f"/instances/{key}/metadata/RemoteAET")
            if len(self._titles) >= _MOST_TITLES:
                self._titles.clear()
            self._titles[image.series_uid] = printable((answer or b"").decode("ascii", "replace"))
        return Arrived(**{**vars(image), "calling_title": self._titles[image.series_uid]})

    def _keep(self, images: list[Arrived], position: Position | None) -> int:
        return self._queue.arrivals.add(images, source=self.source, position=position)

    def _get(self, path: str) -> Any:
        content = self._content(path)
        if content is None:
            raise OrthancAwayError(f"{self.source}{path}: found nothing there; is it an Orthanc?")
        try:
            return json.loads(content)
        except ValueError as error:
            raise OrthancAwayError(f"{self.source}: the answer is no JSON") from error

    def _content(self, path: str) -> bytes | None:
        try:
            answer = self._session.get(f"{self.source}{path}")
            if answer.status_code == requests.codes.not_found:
                return None
            answer.raise_for_status()
            return answer.content
        except requests.RequestException as error:
            raise OrthancAwayError(
                f"{self.source}: does not answer ({type(error).__name__}); see to the server, its "
                "address and the password"
            ) from error


def check_orthanc(settings: Orthanc) -> None:
    """Prove that an Orthanc answers.

    Args:
        settings: Address and credentials.

    Raises:
        OrthancAwayError: If it does not, or is another program.
    """
    session = session_for(settings.user, settings.password_file, _TIMEOUT_S, settings.ca_file)
    url = settings.url.rstrip("/")
    try:
        answer = session.get(f"{url}/changes?last")
        answer.raise_for_status()
        found = answer.json()["Last"]
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        raise OrthancAwayError(
            f"orthanc {url}: does not answer as one ({type(error).__name__}); see to the server, "
            "its address, user and password"
        ) from error
    if not isinstance(found, int):
        raise OrthancAwayError(f"orthanc {url}: is another program")


def _anchor(change: dict[str, Any]) -> str:
    return f"{change['ChangeType']} {change['ID']} {change['Date']}"
