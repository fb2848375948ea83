"""A wheel of the channel made into the one that the index gets; process section 10.4.

Only what names the version changes: the folder of the metadata and the texts in it. Every other
member is carried over as it is compressed, so a wheel of a gigabyte costs as long as copying it,
little memory, and the same input gives the same bytes.
"""

from __future__ import annotations

import base64
import copy
import struct
from pathlib import Path
from typing import IO, Any, cast
from zipfile import BadZipFile, ZipInfo

from wheel.wheelfile import WheelError, WheelFile

from cockpit.backends.text import clean
from cockpit.errors import CockpitError
from cockpit.release.index_rules import bare_name

_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_HAS_DESCRIPTOR = 0x08
_ZIP64_EXTRA = 1
_COPY = 1024 * 1024
_CLASSIFIER = b"Classifier: Programming Language :: Python :: "


def repack(source: Path, folder: Path, version: str, pre_releases: tuple[str, ...]) -> Path:
    """The wheel for the index, in `folder`; the source itself where nothing has to change.

    Raises CockpitError when it is no wheel, or another version is inside.
    """
    try:
        with WheelFile(source) as wheel:
            return _Repacking(wheel, version, pre_releases).into(source, folder)
    except (WheelError, BadZipFile, struct.error, OSError, KeyError) as err:
        raise CockpitError(
            f"{source.name} cannot be read as a wheel", clean(str(err)), "release-cockpit artifacts"
        ) from err


class _Repacking:
    def __init__(self, wheel: WheelFile, version: str, pre_releases: tuple[str, ...]) -> None:
        self._wheel = wheel
        self._bare = version
        self._full = wheel.dist_info_path.removesuffix(".dist-info").partition("-")[2]
        self._dropped = tuple(_CLASSIFIER + name.rstrip("t").encode() for name in pre_releases)

    def into(self, source: Path, folder: Path) -> Path:
        old, record = self._wheel.dist_info_path, self._wheel.record_path
        if self._full.partition("+")[0] != self._bare:
            raise CockpitError(
                f"{source.name} is another version",
                f"its metadata is of {clean(self._full)}, not of {self._bare}",
                "stage from the channel that holds this release",
            )
        changed = self._changed_texts(old, record)
        if self._full == self._bare and not changed:
            return source
        target = folder / bare_name(source.name, self._bare)
        if target == source:
            raise ValueError(f"{folder} holds the wheel that is repacked")
        with _NewWheel(target, self._wheel.getinfo(record)) as made:
            for info in self._wheel.infolist():
                if info.filename in (record, f"{record}.jws", f"{record}.p7s"):
                    continue
                name = info.filename
                if name.startswith(f"{old}/"):
                    name = f"{made.dist_info_path}/{name.removeprefix(f'{old}/')}"
                if info.filename in changed:
                    made.writestr(_as(info, name), changed[info.filename])
                else:
                    made.carry_over(self._wheel, info, name)
        return target

    def _changed_texts(self, dist_info: str, record: str) -> dict[str, bytes]:
        """The members beside RECORD that name the full version or a Python of tomorrow."""
        found: dict[str, bytes] = {}
        for info in self._wheel.infolist():
            inside = info.filename.startswith(f"{dist_info}/") and not info.is_dir()
            if not inside or info.filename.startswith(record):
                continue
            old = self._wheel.read(info)
            new = old.replace(self._full.encode(), self._bare.encode())
            if info.filename == f"{dist_info}/METADATA":
                new = self._without_classifiers(new)
            if new != old:
                found[info.filename] = new
        return found

    def _without_classifiers(self, text: bytes) -> bytes:
        head, gap, description = text.partition(b"\n\n")
        lines = [line for line in head.split(b"\n") if line.rstrip() not in self._dropped]
        return b"\n".join(lines) + gap + description


class _NewWheel(WheelFile):  # type: ignore[misc]  # the library tells no types
    """A wheel that is written member by member; the library makes its RECORD when it is closed."""

    start_dir: int

    def __init__(self, path: Path, record: ZipInfo) -> None:
        super().__init__(path, "w")
        self._record_like = record

    def writestr(
        self,
        zinfo_or_arcname: str | ZipInfo,
        data: Any,
        compress_type: int | None = None,
    ) -> None:
        """Write a member whole; RECORD, which the library itself adds, as old as the source's."""
        info = zinfo_or_arcname
        if isinstance(info, str):
            info = _as(self._record_like, info)
        super().writestr(info, data, compress_type)

    def carry_over(self, source: WheelFile, info: ZipInfo, name: str) -> None:
        """Add a member of another wheel without unpacking it."""
        held = cast("IO[bytes]", source.fp)
        held.seek(info.header_offset)
        header = _LOCAL_HEADER.unpack(held.read(_LOCAL_HEADER.size))
        held.seek(header[9] + header[10], 1)
        made = _as(info, name)
        made.CRC, made.compress_size, made.file_size = info.CRC, info.compress_size, info.file_size
        made.flag_bits = info.flag_bits & ~_HAS_DESCRIPTOR
        out = cast("IO[bytes]", self.fp)
        out.seek(self.start_dir)
        made.header_offset = out.tell()
        out.write(made.FileHeader())
        _copy(held, out, info.compress_size)
        self.start_dir = out.tell()
        self._didModify = True
        self.filelist.append(made)
        self.NameToInfo[name] = made
        algorithm, digest = source._file_hashes.get(info.filename, (None, None))
        if not info.is_dir():
            if digest is None:
                raise WheelError(f"No hash found for file {info.filename!r}")
            coded = base64.urlsafe_b64encode(cast("bytes", digest)).rstrip(b"=").decode()
            self._file_hashes[name] = algorithm, coded
            self._file_sizes[name] = info.file_size


def _as(info: ZipInfo, name: str) -> ZipInfo:
    """The same member under another name, with nothing said of its place and length."""
    made = copy.copy(info)
    made.filename = made.orig_filename = name
    made.extra = _without_zip64(info.extra)
    return made


def _without_zip64(extra: bytes) -> bytes:
    """Extra fields but the long sizes, which zipfile writes by itself where they are needed."""
    kept = b""
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        if kind != _ZIP64_EXTRA:
            kept += extra[: 4 + length]
        extra = extra[4 + length :]
    return kept


def _copy(source: IO[bytes], target: IO[bytes], length: int) -> None:
    while length:
        piece = source.read(min(length, _COPY))
        if not piece:
            raise BadZipFile("it ends in the middle of a member")
        target.write(piece)
        length -= len(piece)
