"""Who may use the page: names, roles and hashed passwords in a file that only commands write."""

import json
import re
import threading
import unicodedata
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from monai_amyloid.checksum import sha256
from monai_amyloid.errors import RunError, UserError
from monai_amyloid.node.page.access.roles import Role
from monai_amyloid.output import OWN, replace_file
from monai_amyloid.output_lock import alone_beside
from monai_amyloid.strict_json import read_object

# Below the node's data.
USERS_FILE = "users.json"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
SHORTEST, LONGEST = 12, 256


@dataclass(frozen=True)
class User:
    """A person who may use the page.

    Attributes:
        name: Name to log in with, and in the audit trail.
        role: What the person may do.
        password: Argon2 hash of the password; empty where a reverse proxy knows the person.
    """

    name: str
    role: Role
    password: str = ""

    @property
    def stamp(self) -> str:
        """Changes with everything about the person: sessions of an earlier one end."""
        return sha256(f"{self.name}\n{self.role}\n{self.password}")


class BusyError(Exception):
    """Too many passwords wait to be verified."""


class Users:
    """The people of a node, as their file is now.

    Args:
        file: File of the people; it need not be there.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._seen: tuple[int, ...] = ()
        self._users: dict[str, User] = {}

    def all(self) -> list[User]:
        """Everybody, by name.

        Raises:
            RunError: If the file cannot be read.
        """
        with self._lock:
            self._read()
            return sorted(self._users.values(), key=lambda each: each.name)

    def find(self, name: str) -> User | None:
        """A person by name; None where there is none.

        Raises:
            RunError: If the file cannot be read.
        """
        with self._lock:
            self._read()
            return self._users.get(name)

    def verified(self, name: str, password: str) -> User | None:
        """The person whose name and password these are; None where they are nobody's.

        It takes as long for a name that is not there. Passwords are verified one at a time: each
        takes 64 MiB of memory.

        Args:
            name: Name that somebody typed.
            password: Password that somebody typed.

        Raises:
            BusyError: If several passwords wait to be verified.
        """
        user = self.find(name)
        known = user.password if user is not None and user.password else _nobody()
        if not _WAITING.acquire(blocking=False):
            raise BusyError
        with ExitStack() as held:
            held.callback(_WAITING.release)
            held.enter_context(_ONE_AT_A_TIME)
            right = False
            with suppress(Argon2Error, InvalidHashError):
                right = _hasher().verify(known, _normal(password)[:LONGEST])
        return user if right and user is not None and user.password else None

    def keep(self, name: str, role: Role, password: str | None) -> None:
        """Add a person, or change one; who was logged in logs in again.

        Args:
            name: Name of the person.
            role: What the person may do.
            password: New password; None to leave that of a person who is there, or for one whom a
                reverse proxy knows.

        Raises:
            UserError: If the name is none, or the password is too short or too long.
            RunError: If the file cannot be read or written.
        """
        if NAME.fullmatch(name) is None:
            raise UserError(
                f"found name {name!r}, needed at most 64 letters a-z, digits, '.', '-', '_' or '@'"
            )
        hashed = None
        if password is not None:
            plain = _normal(password)
            if not SHORTEST <= len(plain) <= LONGEST:
                raise UserError(
                    f"found a password of {len(plain)} letters, needed {SHORTEST} to {LONGEST}; "
                    "some words in a row are good"
                )
            hashed = _hasher().hash(plain)
        with alone_beside(self._file, "node user"), self._lock:
            self._read()
            before = self._users.get(name, User(name, role))
            changed = replace(before, role=role, password=hashed or before.password)
            self._write({**self._users, name: changed})

    def remove(self, name: str) -> None:
        """Remove a person, whose sessions end.

        Raises:
            UserError: If there is none of this name.
            RunError: If the file cannot be read or written.
        """
        with alone_beside(self._file, "node user"), self._lock:
            self._read()
            if name not in self._users:
                raise UserError(f"found no user {name!r}; `node user CONFIG` lists them")
            self._write({key: user for key, user in self._users.items() if key != name})

    def _write(self, users: dict[str, User]) -> None:
        content = {"users": {name: {"role": user.role, "password": user.password}
                             for name, user in sorted(users.items())}}  # fmt: skip
        replace_file(self._file, json.dumps(content, indent=1).encode(), OWN)

    def _read(self) -> None:
        try:
            found = self._file.stat()
        except FileNotFoundError:
            self._seen, self._users = (), {}
            return
        seen = (found.st_mtime_ns, found.st_size, found.st_ino)
        if seen != self._seen:
            try:
                content = read_object(self._file.read_bytes())
                self._users = {name: _user(name, each) for name, each in content["users"].items()}
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                raise RunError(
                    f"{self._file}: cannot be read as a list of users; remove it, and add them "
                    "again by `node user`"
                ) from error
            self._seen = seen


def _user(name: str, content: dict[str, Any]) -> User:
    return User(name, Role(content["role"]), str(content["password"]))


def _normal(password: str) -> str:
    """A password as every keyboard types it: Hangul in syllables, not in letters."""
    return unicodedata.normalize("NFC", password)


# The others who ask for a page must not wait for those who try passwords.
_ONE_AT_A_TIME, _WAITING = threading.Lock(), threading.BoundedSemaphore(4)


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody() -> str:
    return _hasher().hash("of nobody")
