"""The edits of release-only changes, in bytes; every one leaves alone what it has done before."""

from __future__ import annotations

import re

from cockpit.release.versions import Line, Version

_ANY_VERSION = re.compile(rb"(\d+)\.(\d+)\.(\d+)(a0)?")
_TRUNK_VERSION = re.compile(rb"(\d+)\.(\d+)\.0a0")


class Impossible(Exception):
    """An edit finds nothing to hold on to; the text says what is missing."""


def next_trunk_version(line: Line) -> str:
    """What the trunk's version file says once a line has been cut."""
    return f"{line.major}.{line.minor + 1}.0a0"


def assigned(text: bytes, constant: str, value: str) -> bytes:
    """The first assignment of a text or of None to a constant, with another value."""
    assignment = re.compile(
        rb"^(%b\b[^=\n]*=[ \t]*)(?:None\b|\"[^\"\n]*\"|'[^'\n]*')" % re.escape(constant.encode()),
        re.MULTILINE,
    )
    found = assignment.search(text)
    if found is None:
        raise Impossible(f"it sets no {constant}")
    if found[0].removeprefix(found[1])[1:-1] == value.encode():
        return text
    return text[: found.end(1)] + b'"%b"' % value.encode() + text[found.end() :]


def pinned_to(text: bytes, key: str, version: str | None) -> bytes:
    """Every address that ends in a key names a version of it; those that name one stay.

    Without a version at hand, only what is pinned already is fine.
    """
    # Only a slash begins a key: `.pytorch-slow-tests.json` is another file.
    named = re.compile(rb"(?<=/)%b(?![\w.-])(\?versionId=)?" % re.escape(key.encode()))
    found = named.findall(text)
    if not found:
        raise Impossible(f"it reads no {key}")
    if all(found):
        return text
    if version is None:
        raise Impossible(f"the bucket has no version of {key}")
    pin = b"?versionId=" + version.encode()
    return named.sub(lambda match: match[0] if match[1] else match[0] + pin, text)


def replaced(text: bytes, old: bytes, new: bytes) -> bytes:
    """The first `old` of every line; a line that has `new` is done."""
    lines = text.split(b"\n")
    if not any(old in line or new in line for line in lines):
        raise Impossible(f"it holds neither “{old.decode()}” nor “{new.decode()}”")
    return b"\n".join(line if new in line else line.replace(old, new, 1) for line in lines)


def versioned(text: bytes, version: Version) -> bytes:
    """A version file of the same line, at an earlier version or at the trunk's."""
    found = _ANY_VERSION.fullmatch(text.strip())
    if found is None or Line(int(found[1]), int(found[2])) != version.line:
        raise Impossible(f"it says {_said(text)}, which is not of the line {version.line}")
    if int(found[3]) > version.patch and found[4] is None:
        raise Impossible(f"it says {_said(text)}, which is later than {version}")
    return f"{version}\n".encode()


def bumped(text: bytes, line: Line) -> bytes:
    """A trunk's version file from this line to the next; one that is further stays."""
    found = _TRUNK_VERSION.fullmatch(text.strip())
    if found is None or Line(int(found[1]), int(found[2])) < line:
        raise Impossible(f"it says {_said(text)}, not {line}.0a0")
    if Line(int(found[1]), int(found[2])) > line:
        return text
    return f"{next_trunk_version(line)}\n".encode()


def _said(text: bytes) -> str:
    words = text.decode("utf-8", "backslashreplace").strip()[:40]
    return "".join(char if char.isprintable() else "?" for char in words) or "nothing"


def with_argument(text: bytes, call: bytes, argument: bytes) -> bytes:
    """Every call gets the argument unless it names it already, with whatever value."""
    name = argument.partition(b"=")[0].strip()
    for start, end in reversed(calls(text, call)):
        given = text[start:end]
        if re.search(rb"\b%b\b" % re.escape(name), given):
            continue
        kept = given.rstrip()
        comma = b"" if not kept or kept.endswith(b",") else b","
        space = b" " if kept else b""
        text = text[:start] + kept + comma + space + argument + given[len(kept) :] + text[end:]
    return text


def calls(text: bytes, call: bytes) -> list[tuple[int, int]]:
    """Where the arguments of each call begin and end; one that is never closed is none."""
    spans = []
    for found in re.finditer(rb"(?<![\w.])%b\(" % re.escape(call), text):
        end = _closing(text, found.end())
        if end is not None:
            spans.append((found.end(), end))
    return spans


def _closing(text: bytes, start: int) -> int | None:
    """The parenthesis that closes the one before `start`; those in quotes do not count."""
    depth, quote = 1, 0
    for position in range(start, len(text)):
        char = text[position]
        if quote:
            quote = 0 if char == quote else quote
        elif char in b"\"'":
            quote = char
        elif char in b"([{":
            depth += 1
        elif char in b")]}":
            depth -= 1
            if depth == 0:
                return position
    return None
