"""A staged wheel read whole, as whoever installs it would: nothing in it is taken on trust."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesHeaderParser
from functools import partial
from pathlib import Path
from zipfile import BadZipFile

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag, parse_tag
from packaging.utils import parse_wheel_filename
from wheel.wheelfile import WheelError, WheelFile

from cockpit.backends.archives import wheel_commit
from cockpit.backends.text import clean
from cockpit.release.artifacts import parse_wheel_name
from cockpit.release.inspection import WheelFacts

_CHUNK = 1024 * 1024
_COMPARED = (
    *("Name", "Version", "Requires-Python", "Requires-Dist", "Provides-Extra", "Classifier"),
    "License-Expression",
)
"""What must be the same in every wheel of a package; process section 10.7."""


def read_wheel_facts(path: Path) -> WheelFacts:
    """Everything about a wheel on disk; what is wrong with it is told, not raised."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    try:
        with WheelFile(path) as wheel:
            return _facts(wheel, path, digest)
    except (WheelError, BadZipFile, OSError, KeyError, ValueError, EOFError) as err:
        return WheelFacts(digest, problems=(f"it is no whole wheel: {clean(str(err))}",))


def _facts(wheel: WheelFile, path: Path, digest: str) -> WheelFacts:
    for info in wheel.infolist():
        if not info.is_dir():
            # Reading to the end is what makes the library compare the hash of RECORD.
            with wheel.open(info) as member:
                for _ in iter(partial(member.read, _CHUNK), b""):
                    pass
    metadata = BytesHeaderParser().parsebytes(wheel.read(f"{wheel.dist_info_path}/METADATA"))
    described = BytesHeaderParser().parsebytes(wheel.read(f"{wheel.dist_info_path}/WHEEL"))
    fields = {
        name: tuple(sorted(clean(str(value)) for value in metadata.get_all(name, [])))
        for name in _COMPARED
    }
    problems = (
        *_recorded(wheel),
        *_local_versions(wheel, metadata),
        *_tags(path, described),
        *_python(path, metadata),
        *_checked_by_twine(path),
    )
    package = path.name.partition("-")[0]
    return WheelFacts(digest, fields, wheel_commit(wheel, package), problems)


def _recorded(wheel: WheelFile) -> Iterator[str]:
    present = set(wheel.namelist())
    for name in wheel._file_hashes:
        if name not in present and not name.startswith(wheel.record_path):
            yield f"RECORD lists {clean(name)}, which is not in it"


def _local_versions(wheel: WheelFile, metadata: Message) -> Iterator[str]:
    version = clean(str(metadata["Version"]))
    if "+" in version:
        yield f"its metadata says version {version}"
    if "+" in wheel.dist_info_path:
        yield f"its metadata lies in {clean(wheel.dist_info_path)}"
    for line in metadata.get_all("Requires-Dist", []):
        if "+" in str(line).partition(";")[0]:
            yield f"it requires {clean(str(line))}, which the index can have no file of"


def _tags(path: Path, described: Message) -> Iterator[str]:
    inside: set[Tag] = set()
    for line in described.get_all("Tag", []):
        inside |= parse_tag(str(line))
    _, _, _, named = parse_wheel_filename(path.name)
    if inside != named:
        said = " ".join(sorted(map(str, inside))) or "none"
        yield f"its tags are {clean(said)}, not those of its name"


def _python(path: Path, metadata: Message) -> Iterator[str]:
    name = parse_wheel_name(path.name)
    wanted = str(metadata.get("Requires-Python") or "")
    try:
        allowed = SpecifierSet(wanted)
    except InvalidSpecifier:
        yield f"Requires-Python cannot be read: {clean(wanted)}"
        return
    if name is not None and name.cell.python[:1].isdigit():
        python = name.cell.python.rstrip("t")
        if not allowed.contains(f"{python}.0", prereleases=True):
            yield f"it is for Python {python}, and Requires-Python is {clean(wanted)}"


def _checked_by_twine(path: Path) -> Iterator[str]:
    import rich
    from twine.commands.check import check

    # What it finds it prints; the verdict is what it returns.
    rich.get_console().quiet = True
    logging.getLogger("twine").setLevel(logging.CRITICAL)
    try:
        refused = check([str(path)])
    except Exception as err:  # noqa: BLE001  (twine has no one family of errors for broken metadata)
        yield f"twine cannot read it: {clean(str(err))}"
        return
    if refused:
        yield "twine check refuses its description"
