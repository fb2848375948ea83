"""The rewrites of a branch cut as the release scripts make them, down to the byte.

`sed` reads bytes, so do these: nothing is decoded, line endings and a missing last newline stay,
and a space is a space of the C locale. Source: process section 3.2 and 3.3.
"""

from __future__ import annotations

import re

_AT_MAIN = b"@main"
_TEST_INFRA_REF = re.compile(rb"test-infra-ref:\smain")
_INPUT_OPENS = re.compile(rb"\s*test-infra-ref:\s*")
_INPUT_CLOSES = b"type:"
_DEFAULT_MAIN = b'default: "main"'


def first_per_line(content: bytes, ref: bytes) -> bytes:
    """Rules 1 and 2: the first `@main` and the first `test-infra-ref: main` of every line."""
    return b"\n".join(_line_pointed_at(line, ref) for line in content.split(b"\n"))


def with_input_defaults(content: bytes, ref: bytes) -> bytes:
    """Rules 1 to 3: also the double-quoted default of an input called `test-infra-ref`.

    The input is whatever stands from a line of its name alone to the next line with `type:`, or
    to the end of the file: `sed` looks for the closing line only after the opening one.
    """
    lines = first_per_line(content, ref).split(b"\n")
    inside = False
    for number, line in enumerate(lines):
        if not inside:
            inside = _INPUT_OPENS.fullmatch(line) is not None
            continue
        inside = _INPUT_CLOSES not in line
        lines[number] = line.replace(_DEFAULT_MAIN, b'default: "' + ref + b'"', 1)
    return b"\n".join(lines)


def every_occurrence(content: bytes, ref: bytes) -> bytes:
    """What `apply-release-changes.py` does: every `@main` and every `test-infra-ref: main`.

    That script works on text. A file that is not UTF-8 it leaves alone, and in a file that it
    changes every line ends with a newline afterwards, whatever it ended with before.
    """
    after = content.replace(_AT_MAIN, b"@" + ref)
    after = after.replace(b"test-infra-ref: main", b"test-infra-ref: " + ref)
    if after == content or not _is_utf8(content):
        return content
    return after.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _line_pointed_at(line: bytes, ref: bytes) -> bytes:
    line = line.replace(_AT_MAIN, b"@" + ref, 1)
    return _TEST_INFRA_REF.sub(lambda _: b"test-infra-ref: " + ref, line, count=1)


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
