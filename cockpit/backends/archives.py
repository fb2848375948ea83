"""What lies inside of a file in the channel, read in pieces: a wheel of 4 GB costs two of them.

Every candidate's files have the same names, and only what is inside tells which commit they were
built from; process section 5.7.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from email.parser import HeaderParser

from cockpit.backends.ports import ObjectStorePort
from cockpit.backends.text import clean
from cockpit.release.artifacts import Contents, StoredObject

_PIECE = 64 * 1024
_MOST_READ = 16 * 1024 * 1024
"""Of one file: torch's directory of its own contents is between one and two megabytes."""
_LONGEST_MEMBER = 256 * 1024
_METADATA = re.compile(r"[^/]+\.dist-info/METADATA")
_BUILD_HASH = "libtorch/build-hash"
_GIT_VERSION = re.compile(r"^git_version\s*(?::[^=\n]+)?=\s*[\"']([0-9a-f]{40})[\"']", re.MULTILINE)
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(EOFError, OSError, RuntimeError, ValueError),
)
"""What zipfile raises at archives that are none, or are cut off."""
_SHA = re.compile(r"[0-9a-f]{40}")


class TooMuchToRead(zipfile.BadZipFile):
    """An archive that wants more read than any real one."""


def read_contents(store: ObjectStorePort, stored: StoredObject) -> Contents:
    """The commit and the requirements inside a wheel or a libtorch archive.

    Raises Conflict when the file is replaced meanwhile; a file that is no archive says so.
    """
    try:
        with zipfile.ZipFile(RemoteFile(store, stored)) as archive:
            names = archive.namelist()
            if stored.name.endswith(".whl"):
                return _wheel(archive, names, stored.name.partition("-")[0])
            text = _member(archive, _BUILD_HASH).strip() if _BUILD_HASH in names else ""
            return Contents(git_version=text if _SHA.fullmatch(text) else "")
    except _BROKEN as err:
        return Contents(problem=clean(str(err)) or type(err).__name__)


def _wheel(archive: zipfile.ZipFile, names: list[str], package: str) -> Contents:
    metadata = next((name for name in names if _METADATA.fullmatch(name)), None)
    if metadata is None:
        return Contents(problem="it has no METADATA")
    requires = HeaderParser().parsestr(_member(archive, metadata)).get_all("Requires-Dist", [])
    commit = wheel_commit(archive, package)
    return Contents(commit, tuple(sorted(clean(line) for line in requires)))


def wheel_commit(archive: zipfile.ZipFile, package: str) -> str:
    """The commit that a wheel says it was built from; empty where it names none."""
    module = f"{package}/version.py"
    found = _GIT_VERSION.search(_member(archive, module)) if module in archive.namelist() else None
    return found[1] if found else ""


def _member(archive: zipfile.ZipFile, name: str) -> str:
    if archive.getinfo(name).compress_type not in _COMPRESSIONS:
        raise zipfile.BadZipFile(f"{name} is compressed in a way that no wheel is")
    with archive.open(name) as file:
        return file.read(_LONGEST_MEMBER).decode("utf-8", "replace")


class RemoteFile(io.RawIOBase):
    """An object of the store as a file, whose pieces are fetched when they are read, once."""

    def __init__(self, store: ObjectStorePort, stored: StoredObject) -> None:
        self._store = store
        self._stored = stored
        self._position = 0
        self._read = 0
        self._pieces: list[tuple[int, bytes]] = []

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._stored.size}
        position = base[whence] + offset
        if position < 0:
            raise OSError("before the beginning of the file")
        self._position = position
        return position

    def read(self, size: int = -1) -> bytes:
        """Bytes from where it stands; fetched with what comes after, for the next read."""
        left = self._stored.size - self._position
        wanted = left if size < 0 else min(size, left)
        if wanted <= 0:
            return b""
        start, piece = self._piece(self._position, wanted)
        data = piece[self._position - start :][:wanted]
        self._position += len(data)
        return data

    def _piece(self, start: int, length: int) -> tuple[int, bytes]:
        for begun, piece in self._pieces:
            if begun <= start and start + length <= begun + len(piece):
                return begun, piece
        # The directory of an archive is at its end, so the first piece reaches back from there.
        at = min(start, max(self._stored.size - _PIECE, 0)) if not self._pieces else start
        span = min(max(start + length - at, _PIECE), self._stored.size - at)
        self._read += span
        if self._read > _MOST_READ:
            raise TooMuchToRead(f"reading its contents takes more than {_MOST_READ >> 20} MB")
        piece = self._store.read_range(self._stored, at, span)
        if len(piece) != span:
            raise zipfile.BadZipFile(f"{span} bytes were asked for, {len(piece)} came")
        self._pieces.append((at, piece))
        return at, piece
